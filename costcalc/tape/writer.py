"""A program as data, which ``webpage/tape.js`` reads.

    parameters  [name, low, high, whether it is whole], the first nodes
    choices     the names of the choices
    constants   numbers, those that a float cannot hold as text
    code        the other nodes, operands before operations: a letter of :data:`LETTERS` takes
                the last two, ``C`` is the next constant, a number in base 36 an earlier node
    branches    three for each branch: a node, and where its outcomes 0 and 1 lead
    trees       the choices' values as text, and where the settings with these lead

A branch leads to the leaf n, to the branch -n - 2, or to -1, where nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, digits
from typing import Any

from costcalc.spec.numbers import exact
from costcalc.tape.number import Branch, TapeNumber
from costcalc.tape.program import PrintedNumber, Program, Tree
from costcalc.tape.tape import Operation, Parameter, Rational

LETTERS = {
    "+": "+",
    "-": "-",
    "*": "*",
    "//": "F",
    "/": "/",
    "max": "U",
    "min": "L",
    "<": "B",
    "=": "=",
    "gcd": "G",
}
"""The operations of a tape as they are written."""

_CONSTANT = "C"

_SAFE = 2**53 - 1
"""The largest whole number up to which a float holds every one."""


class Writer:
    """Writes what some numbers of a program are computed from, and nothing else."""

    def __init__(self, program: Program[Any]) -> None:
        self.program = program
        self._cells: dict[int, int] = {}
        """The nodes that are written, by their nodes on the tape."""
        self._constants: list[Rational] = []
        self._code: list[str] = []
        for node, _ in enumerate(program.tape.parameters):
            self._cells[node] = node

    def cell(self, number: Any) -> int:
        """The node of a number as it is written."""
        tape = self.program.tape
        return self._cell(number.node if isinstance(number, TapeNumber) else tape.constant(number))

    def text(self, parts: Sequence[str | PrintedNumber]) -> list[Any]:
        """A text with numbers, as texts and pairs of a cell and a format."""
        return [
            part if isinstance(part, str) else [self._cell(part.node), part.form]
            for part in parts
            if part
        ]

    def data(self) -> dict[str, Any]:
        """All that is written, with the branches of the program."""
        numbers: dict[Branch, int] = {}
        waiting = list(self.program.trees.values())
        while waiting:
            tree = waiting.pop()
            if isinstance(tree, Branch):
                numbers[tree] = len(numbers)
                waiting += tree.sides

        def place(tree: Tree) -> int:
            if isinstance(tree, Branch):
                return -numbers[tree] - 2
            return -1 if tree is None else tree.index

        branches = [
            part
            for branch in numbers
            for part in (self._cell(branch.node), *map(place, branch.sides))
        ]
        return {
            "parameters": [
                [
                    parameter.name,
                    _number(parameter.low),
                    _number(parameter.high),
                    parameter.is_whole,
                ]
                for parameter in self.program.tape.parameters
            ],
            "choices": list(self.program.choices),
            "constants": [_number(value) for value in self._constants],
            "code": "".join(self._code),
            "branches": branches,
            "trees": [
                [[_chosen(value) for value in chosen], place(tree)]
                for chosen, tree in self.program.trees.items()
            ],
        }

    def _cell(self, node: int) -> int:
        """Where a node is written, after those that it is computed from."""
        cells, nodes = self._cells, self.program.tape.nodes
        waiting = [] if node in cells else [(node, False)]
        while waiting:
            number, has_operands = waiting.pop()
            content = nodes[number].content
            if number in cells:
                self._refer(cells[number])
            elif not isinstance(content, Operation):
                assert not isinstance(content, Parameter), "parameters are written first"
                self._constants.append(content)
                self._write(number, _CONSTANT)
            elif has_operands:
                self._write(number, LETTERS[content.name])
            else:
                left, right = content[1:]
                waiting += (number, True), (right, False), (left, False)
        return cells[node]

    def _write(self, node: int, letter: str) -> None:
        self._cells[node] = len(self._cells)
        self._code.append(letter)

    def _refer(self, cell: int) -> None:
        word = base36(cell)
        has_number_before = bool(self._code) and self._code[-1][-1] in _DIGITS
        self._code.append(f" {word}" if has_number_before else word)


_DIGITS = digits + ascii_lowercase


def base36(number: int) -> str:
    """A number as JavaScript's ``parseInt(text, 36)`` reads it.

    >>> base36(0), base36(35), base36(36)
    ('0', 'z', '10')
    """
    word = ""
    while True:
        number, digit = divmod(number, 36)
        word = _DIGITS[digit] + word
        if not number:
            return word


def _number(value: Rational) -> Any:
    """A number as JSON that no reader rounds."""
    is_safe = isinstance(value, int) and -_SAFE <= value <= _SAFE
    return value if is_safe else f"{value}"


def _chosen(value: Any) -> str:
    """The value of a choice as text; '' for none."""
    return "" if value is None else exact(value)
