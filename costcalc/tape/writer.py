"""A program as data, which ``webpage/tape.js`` reads.

    parameters  [name, low, high, whether it is whole], the first nodes
    choices     the names of the choices
    constants   numbers, those that a float cannot hold as text; ~n stands for the nth of them
    operations  a letter for each node after the parameters, of :data:`LETTERS`
    operands    two for each of them: how many nodes before it, or 0 or less for a constant
    branches    three for each branch: a node, and where its outcomes 0 and 1 lead
    trees       the choices' values as text, and where the settings with these lead

A branch leads to the leaf n, to the branch -n - 2, or to -1, where nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costcalc.spec.numbers import exact
from costcalc.tape.number import Branch, TapeNumber
from costcalc.tape.program import PrintedNumber, Program, Tree
from costcalc.tape.tape import Operation, Parameter, Rational

LETTERS = {
    "+": "+",
    "-": "-",
    "*": "*",
    "//": "f",
    "/": "/",
    "max": "M",
    "min": "m",
    "<": "<",
    "=": "=",
    "gcd": "g",
}
"""The operations of a tape as they are written."""

_SAFE = 2**53 - 1
"""The largest whole number up to which a float holds every one."""


class Writer:
    """Writes what some numbers of a program are computed from, and nothing else."""

    def __init__(self, program: Program[Any]) -> None:
        self.program = program
        self._cells: dict[int, int] = {}
        """The nodes and the constants that are written, by their nodes on the tape."""
        self._constants: list[Rational] = []
        self._operations: list[str] = []
        self._operands: list[int] = []
        for node, _ in enumerate(program.tape.parameters):
            self._cells[node] = node

    def cell(self, number: Any) -> int:
        """Where a number is written: a node, or ~n for the constant n."""
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
            "operations": "".join(self._operations),
            "operands": list(self._operands),
            "branches": branches,
            "trees": [
                [[_chosen(value) for value in chosen], place(tree)]
                for chosen, tree in self.program.trees.items()
            ],
        }

    def _cell(self, node: int) -> int:
        """Where a node is written, after those that it is computed from."""
        cells, nodes = self._cells, self.program.tape.nodes
        waiting = [node]
        while waiting:
            number = waiting[-1]
            content = nodes[number].content
            if number in cells:
                waiting.pop()
            elif not isinstance(content, Operation):
                assert not isinstance(content, Parameter), "parameters are written first"
                cells[number] = ~len(self._constants)
                self._constants.append(content)
            else:
                missing = [operand for operand in content[1:] if operand not in cells]
                if missing:
                    waiting += missing
                else:
                    self._write(number, content)
        return cells[node]

    def _write(self, node: int, operation: Operation) -> None:
        cell = len(self.program.tape.parameters) + len(self._operations)
        self._cells[node] = cell
        self._operations.append(LETTERS[operation.name])
        for operand in operation[1:]:
            before = self._cells[operand]
            self._operands.append(cell - before if before >= 0 else before + 1)


def _number(value: Rational) -> Any:
    """A number as JSON that no reader rounds."""
    is_safe = isinstance(value, int) and -_SAFE <= value <= _SAFE
    return value if is_safe else f"{value}"


def _chosen(value: Any) -> str:
    """The value of a choice as text; '' for none."""
    return "" if value is None else exact(value)
