"""The arguments of a step, taken one by one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from costcalc.errors import Mark, Problems
from costcalc.kinds.base import PARAMS
from costcalc.records import NamedTuple
from costcalc.spec.document import ALL, Argument, Common, Expression
from costcalc.spec.keys import refuse_others
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given
from costcalc.spec.values import Values, constant

COMMON: Mapping[str, str] = {
    "name": "its name, for 'from' and for reports; by default its kind with a number",
    "from": "the names of its inputs; by default the step above",
    "when": "a condition: if it does not hold, there is no such step",
    "repeat": "how often it stands in a row",
    "first_only": "arguments that apply only to the first of its repeats",
    "input": "the shape of its input as the paper prints it, which is checked",
    "output": "the shape of its output as the paper prints it, which is checked",
    "gate": "layers that read its input, and decide whether it runs",
    "execute": "the probability that it runs",
    "shares": "a word: steps with the same one use the params of the first of them",
    "borrows": "params that are counted with another layer: {biases: 64}, or 'all'",
}
"""Arguments that every step may have, and what they state."""

OF_PARAMS: Mapping[str, tuple[str, str]] = {
    "shares": ("share", "on a layer or on a block"),
    "borrows": ("borrow", "on a layer"),
}
"""Those of them that only steps with params have: what such a step does, and where they stand."""

NOT_OF_BLOCKS = ("borrows",)
"""Those of them that blocks and networks cannot have; structures can have no :data:`OF_PARAMS`."""

FUNCTIONAL: Mapping[str, str] = {
    "functional": "whether the implementation calls a function or an operator, not a module",
    "functional_act": "the same of its activation",
}
"""Arguments of a layer or a join that the implementation calls without a module."""

FUSED: Mapping[str, str] = {
    "norm": "the norm after it, written on its line",
    "act": "the activation after it, written on its line",
    "filter": "its filter's shape as the paper prints it, 3 x 3 x 32 x 64, which is checked",
    "patch": "kernel and stride in one, 7x7/2, as GoogLeNet's Table 1 prints them",
    **FUNCTIONAL,
}
"""Arguments of a layer besides its kind's attributes."""


class StructureKind(NamedTuple):
    """A step that contains other steps."""

    does: str
    arguments: Mapping[str, str]
    """Its own arguments, and what they state."""


STRUCTURES: Mapping[str, StructureKind] = {
    "sequence": StructureKind("layers in a row, as one step", {"layers": "the layers in a row"}),
    "residual": StructureKind(
        "layers, and a shortcut around them",
        {
            "layers": "the layers of the branch beside the shortcut",
            "shortcut": "the layers of the shortcut; none by default",
            "act": "the activation after the addition",
            "only_if": "a condition: if it does not hold, there is no shortcut",
            **FUNCTIONAL,
        },
    ),
    "table": StructureKind(
        "layers as the rows of a paper's table",
        {
            "layer": "what every row is: a layer kind or a block; or a column 'layer' says so",
            "columns": "the arguments that the cells are; 'n: repeat' if the paper heads it n",
            "first_only": "columns that apply only to the first of a row's repeats",
            "rows": "lists with a cell for each column, or {repeat: times, rows: [...]}",
        },
    ),
}
"""Steps that contain other steps, by their names."""

JOIN: Mapping[str, str] = {
    "branches": "two or more branches of the same input, each a list of layers",
    "act": "the activation after it",
    **FUNCTIONAL,
}
"""Arguments of a layer that joins branches, besides its kind's attributes."""

BRANCH: Mapping[str, str] = {
    "layers": "its layers, in their order",
    "when": "a condition: if it does not hold, there is no such branch",
    "repeat": "how many of it there are, side by side",
}
"""What a branch states that has more than layers."""

ROWS: Mapping[str, str] = {"rows": "rows that repeat together"}
"""Arguments of a group of a table's rows, besides those of every step."""

STEP_NAME = re.compile(r"[A-Za-z0-9_][\w.\-]*", re.ASCII)
"""Valid names of layers and branches."""


class WrittenArgument(NamedTuple):
    """An argument as written, with the reader of its values."""

    key: Scalar
    node: Node
    values: Values


class Arguments:
    """The arguments of the step ``key: body``; a bare value is the argument ``main``."""

    def __init__(self, key: Scalar, body: Node, main: str, values: Values) -> None:
        self.key = key
        self.values = values
        self.problems: Problems = values.problems
        self.entries: dict[str, WrittenArgument] = {}
        if isinstance(body, MapNode):
            self.entries = {
                name.text: WrittenArgument(name, value, values) for name, value in body.entries
            }
        elif given(body) is not None:
            if main:
                self.entries = {main: WrittenArgument(Scalar(main, False, body.mark), body, values)}
            else:
                self.problems.add(
                    body.mark,
                    f"'{key.text}' takes no value by itself",
                    expected="its arguments as a mapping",
                    found=str(body),
                )

    def take(self, name: str) -> Node | None:
        """Removes an argument; returns its node, or None if it is left out."""
        entry = self.entries.pop(name, None)
        return None if entry is None else given(entry.node)

    def expression(self, name: str) -> Expression | None:
        """Removes an argument; returns it as an expression, or None if it is left out."""
        entry = self.entries.get(name)
        node = self.take(name)
        return None if entry is None or node is None else entry.values.expression(node)

    def common(self) -> Common:
        """Removes the arguments that every step may have, and returns them."""
        name, sources, first_only = self.take("name"), self.take("from"), self.take("first_only")
        input, output = self.take("input"), self.take("output")
        shares, borrows = self.take("shares"), self.take("borrows")
        return Common(
            self.key.mark,
            name=step_name(name, "a layer", self.problems) if name is not None else "",
            sources=self._words(sources, "from", "names layers") if sources is not None else None,
            when=self.expression("when"),
            repeat=self.expression("repeat"),
            first_only=self._words(first_only, "first_only", "names arguments")
            if first_only is not None
            else (),
            input=self.values.shape(input) if input is not None else None,
            output=self.values.shape(output) if output is not None else None,
            execute=self.expression("execute"),
            shares=step_name(shares, "a layer", self.problems) if shares is not None else "",
            borrows=self._borrows(borrows) if borrows is not None else {},
        )

    def read(
        self,
        allowed: Collection[str],
        required: Iterable[str],
        others: Iterable[str],
        what: str,
        annotations: Mapping[str, Any] = MappingProxyType({}),
        choices: Mapping[str, Collection[Any]] = MappingProxyType({}),
    ) -> dict[str, Argument]:
        """The remaining arguments, all of which must be in ``allowed``.

        ``annotations`` are those of a kind's attributes, ``choices`` those of a block's parameters.
        """
        phrase = f"{what} has no argument"
        refuse_others(
            (entry.key for name, entry in self.entries.items() if name not in allowed),
            (*allowed, *others),
            phrase,
            self.problems,
        )
        arguments = {}
        missing = []
        for name in allowed:
            entry = self.entries.get(name)
            node = self.take(name)
            if entry is not None and node is not None:
                argument = entry.values.read(annotations.get(name), node, choices.get(name, ()))
                if argument is not None:
                    arguments[name] = argument
            elif name in required:
                missing.append(name)
        if missing:
            self.problems.add(
                self.key.mark,
                f"{what} lacks " + " and ".join(f"'{name}'" for name in missing),
                hint=f"{self.key.text}: {{{', '.join(f'{name}: ...' for name in missing)}}}",
            )
        return arguments

    def _borrows(self, node: Node) -> dict[str, Expression]:
        """Params counted with another layer, by the name of their event."""
        counts: dict[str, Expression] = {}
        if not isinstance(node, MapNode):
            self.problems.add(
                node.mark,
                "'borrows' states how many params belong to another layer",
                expected="a mapping such as {biases: 64}",
                found=str(node),
            )
            return counts
        refuse_others(node.keys, PARAMS, "'borrows' has no", self.problems)
        for key, value in node.entries:
            is_all = isinstance(value, Scalar) and value.text == ALL
            count = constant(ALL, ALL, value.mark) if is_all else self.values.size(value)
            if key.text in PARAMS and count is not None:
                counts[key.text] = count
        return counts

    def _words(self, node: Node, key: str, does: str) -> tuple[tuple[str, Mark], ...]:
        words: list[tuple[str, Mark]] = []
        for item in node.items if isinstance(node, ListNode) else (node,):
            if isinstance(item, Scalar) and item.text:
                words.append((item.text, item.mark))
            else:
                self.problems.add(
                    item.mark,
                    f"'{key}' {does}",
                    expected="a name or a list of names",
                    found=str(item),
                )
        return tuple(words)


def step_name(node: Node, of: str, problems: Problems) -> str:
    """The name of a layer or a branch; '' after a problem."""
    if isinstance(node, Scalar) and STEP_NAME.fullmatch(node.text):
        return node.text
    problems.add(
        node.mark,
        f"this cannot be {of}'s name",
        expected="letters, digits, '_', '-' and '.'",
        found=str(node),
    )
    return ""


def refuse_unfit_first_only(
    common: Common,
    arguments: Collection[str],
    required: Iterable[str],
    problems: Problems,
) -> None:
    """Notes ``first_only`` arguments that are not set here, or that have no default."""
    for name, mark in common.first_only:
        if name not in arguments:
            problems.add(
                mark,
                f"'first_only' names '{name}', which is not set here",
                expected="one of " + ", ".join(arguments) if arguments else "",
            )
        elif name in required:
            problems.add(mark, f"'{name}' has no default for the repeats after the first")
