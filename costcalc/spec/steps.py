"""The layers of a spec: each item of a list to a step."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from typing import Any

from costcalc.errors import Mark, Problems, did_you_mean
from costcalc.kinds import KINDS
from costcalc.kinds.base import Kind
from costcalc.spec.document import (
    Argument,
    BlockStep,
    Common,
    Expression,
    JoinStep,
    LayerStep,
    Parameter,
    SequenceStep,
    Statement,
    Step,
)
from costcalc.spec.tree import Mapping, Node, Scalar, Sequence
from costcalc.spec.values import Values, constant

COMMON = ("name", "from", "when", "repeat", "input", "output")
"""What any step may say."""

FUNCTIONAL = ("functional", "functional_act")
"""What a layer or a join may say of the implementation: which parts of it are no modules."""

FUSED = ("norm", "act", "filter", "patch", *FUNCTIONAL)
"""What a layer may say besides its kind's attributes."""

STRUCTURES = ("sequence", "residual", "table")
"""Steps that hold other steps."""

_STEP_NAME = re.compile(r"[A-Za-z0-9_][\w.\-]*")
_PATCH = re.compile(r"(\d+)\s*[x×]\s*(\d+)\s*/\s*(\d+)")


class StepReader:
    """Reads steps where some names, blocks and defaults are in force."""

    def __init__(
        self,
        known: frozenset[str],
        blocks: MappingOf[str, MappingOf[str, Parameter]],
        defaults: MappingOf[str, MappingOf[str, Node]],
        problems: Problems,
    ) -> None:
        self.values = Values(known, problems)
        self.blocks = blocks
        self.defaults = defaults
        self.problems = problems

    def steps(self, node: Node | None) -> tuple[Step, ...]:
        """Every item of a list; items that are wrong are noted and left out."""
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return ()
        if not isinstance(node, Sequence):
            self.problems.add(
                node.mark,
                "layers are a list",
                expected="a list of layers, each '- kind: arguments'",
                found=str(node),
            )
            return ()
        steps = (self.item(item) for item in node.items)
        return tuple(step for step in steps if step is not None)

    def item(self, node: Node) -> Step | None:
        """One item: ``kind``, or ``kind: arguments``."""
        if isinstance(node, Scalar):
            return self.step(node, Scalar("", False, node.mark))
        if isinstance(node, Mapping) and len(node.entries) == 1:
            return self.step(*node.entries[0])
        if isinstance(node, Mapping):
            keys = ", ".join(f"'{key.text}'" for key, _ in node.entries)
            self.problems.add(
                node.mark,
                "a layer is one kind with its arguments",
                expected="one key, as in '- conv: {out: 32, kernel: 3}'",
                found=keys or "none",
                hint="indent the arguments below the kind" if len(node.entries) > 1 else "",
            )
        else:
            self.problems.add(
                node.mark,
                "a layer is a kind, not a list",
                expected="'- kind' or '- kind: arguments'",
                hint="'- sequence: [...]' groups layers",
            )
        return None

    def step(self, key: Scalar, body: Node) -> Step | None:
        """The step that ``key: body`` writes."""
        name = key.text
        if name in self.blocks:
            return self._block(key, body)
        if name == "table":
            from costcalc.spec.tables import table

            return table(self, key, body)
        if name == "residual":
            return self._residual(key, body)
        if name == "sequence":
            return self._sequence(key, body)
        kind = KINDS.get(name)
        if kind is None:
            known = [*KINDS, *self.blocks, *STRUCTURES]
            self.problems.add(
                key.mark,
                f"unknown layer kind '{name}'",
                expected="a layer kind, a block of this spec, or "
                + ", ".join(f"'{word}'" for word in STRUCTURES),
                hint=did_you_mean(name, known),
            )
            return None
        if kind.several and (isinstance(body, Sequence) or _has(body, "branches")):
            return self._join(kind, key, body)
        return self._layer(kind, key, body)

    def _layer(self, kind: Kind, key: Scalar, body: Node) -> LayerStep:
        entries = self._entries(key, body, kind.main)
        common = self.common(key, entries)
        for name, node in self._defaults(kind).items():
            entries.setdefault(name, (Scalar(name, False, node.mark), node))
        patch = entries.pop("patch", None)
        if patch is not None:
            self._patch(kind, *patch, entries)
        norm, act = self._fused(entries, "norm"), self._fused(entries, "act")
        functional = [self._fused(entries, name) for name in FUNCTIONAL]
        printed = entries.pop("filter", None)
        arguments = self._arguments(
            key, f"'{kind.name}'", entries, tuple(kind.attributes), (*COMMON, *FUSED)
        )
        statement = None
        if printed is not None:
            statement = self.values.sides(printed[1])
            if statement is not None:
                self._filter(kind, statement, arguments)
        self._check_required(key, kind.name, kind.required, arguments, entries)
        return LayerStep(common, kind, arguments, norm, act, statement, *functional)

    def _fused(self, entries: dict[str, tuple[Scalar, Node]], name: str) -> Expression | None:
        entry = entries.pop(name, None)
        return self.values.expression(entry[1]) if entry else None

    def _defaults(self, kind: Kind) -> dict[str, Node]:
        """The spec's defaults for a kind: its own, then those of what it becomes."""
        allowed = {*kind.attributes, *FUSED}
        found = dict(self.defaults.get(kind.name, {}))
        for name, node in self.defaults.get(kind.becomes, {}).items():
            if name in allowed:
                found.setdefault(name, node)
        return found

    def _patch(
        self, kind: Kind, key: Scalar, node: Node, entries: dict[str, tuple[Scalar, Node]]
    ) -> None:
        """``7x7/2``: kernel and stride in one, as GoogLeNet's Table 1 prints them."""
        match = _PATCH.fullmatch(node.text) if isinstance(node, Scalar) else None
        if match is None or "kernel" not in kind.attributes or "stride" not in kind.attributes:
            self.problems.add(
                node.mark,
                f"'patch' gives a '{kind.name}' no kernel and stride",
                expected="a kind with both, and a patch such as 7x7/2",
                found=str(node),
            )
            return
        height, width, stride = match.groups()
        entries["kernel"] = (key, Scalar(f"{height}x{width}", False, node.mark))
        entries["stride"] = (key, Scalar(stride, False, node.mark))

    def _filter(self, kind: Kind, statement: Statement, arguments: dict[str, Argument]) -> None:
        """``3 x 3 x 32 x 64``: kernel, input channels and width, as MobileNetV1 prints them."""
        sides = list(statement.sides)
        if kind.family in ("convolution", "transposed_convolution", "dense"):
            if "out" in kind.attributes and sides:
                arguments.setdefault("out", sides.pop())
            if sides:
                sides.pop()
        if "kernel" in kind.attributes and sides:
            text = " x ".join(side.text for side in sides)
            arguments.setdefault("kernel", _tuple_of(sides, text, statement.mark))

    def _block(self, key: Scalar, body: Node) -> BlockStep:
        parameters = self.blocks[key.text]
        main = next(iter(parameters), "")
        entries = self._entries(key, body, main)
        common = self.common(key, entries)
        first_only = self._first_only(entries, parameters)
        others = (*COMMON, "first_only")
        arguments = self._arguments(key, f"block '{key.text}'", entries, tuple(parameters), others)
        required = tuple(name for name, p in parameters.items() if p.default is None)
        self._check_required(key, key.text, required, arguments, entries)
        return BlockStep(common, key.text, arguments, first_only)

    def _first_only(
        self, entries: dict[str, tuple[Scalar, Node]], parameters: MappingOf[str, Parameter]
    ) -> frozenset[str]:
        """The arguments that hold for the first of several repeats alone."""
        if "first_only" not in entries:
            return frozenset()
        _, node = entries.pop("first_only")
        items = node.items if isinstance(node, Sequence) else (node,)
        names = [item.text for item in items if isinstance(item, Scalar)]
        if len(names) < len(items) or not parameters.keys() >= set(names):
            self.problems.add(
                node.mark,
                "'first_only' names parameters of the block",
                expected="some of " + ", ".join(parameters),
                found=", ".join(names) or str(node),
            )
        return frozenset(names)

    def _sequence(self, key: Scalar, body: Node) -> SequenceStep | None:
        entries = self._entries(key, body, "layers")
        common = self.common(key, entries)
        _, layers = entries.pop("layers", (key, None))
        self.refuse(key, "'sequence'", entries, ("layers", *COMMON))
        return SequenceStep(common, self.steps(layers))

    def _residual(self, key: Scalar, body: Node) -> JoinStep | None:
        entries = self._entries(key, body, "layers")
        common = self.common(key, entries)
        _, layers = entries.pop("layers", (key, None))
        _, shortcut = entries.pop("shortcut", (key, None))
        act, only_if = self._fused(entries, "act"), self._fused(entries, "only_if")
        functional = [self._fused(entries, name) for name in FUNCTIONAL]
        allowed = ("layers", "shortcut", "act", "only_if", *FUNCTIONAL, *COMMON)
        self.refuse(key, "'residual'", entries, allowed)
        branches = (("", self.steps(shortcut)), ("", self.steps(layers)))
        return JoinStep(common, KINDS["add"], branches, act, only_if, *functional)

    def _join(self, kind: Kind, key: Scalar, body: Node) -> JoinStep | None:
        entries = self._entries(key, body, "branches")
        common = self.common(key, entries)
        _, node = entries.pop("branches")
        act = self._fused(entries, "act")
        functional = [self._fused(entries, name) for name in FUNCTIONAL]
        self.refuse(key, f"'{kind.name}'", entries, ("branches", "act", *FUNCTIONAL, *COMMON))
        if isinstance(node, Mapping):
            branches = tuple((name.text, self._branch(branch)) for name, branch in node.entries)
        elif isinstance(node, Sequence):
            branches = tuple(("", self._branch(branch)) for branch in node.items)
        else:
            branches = ()
        if len(branches) < 2:
            self.problems.add(
                node.mark,
                f"'{kind.name}' joins branches, and here is {'one' if branches else 'none'}",
                expected="a list of two or more branches, each a list of layers",
                found=str(node),
            )
        return JoinStep(common, kind, branches, act, None, *functional)

    def _branch(self, node: Node) -> tuple[Step, ...]:
        if isinstance(node, Sequence) or (isinstance(node, Scalar) and node.is_null):
            return self.steps(node)
        step = self.item(node)
        return () if step is None else (step,)

    def _entries(self, key: Scalar, body: Node, main: str) -> dict[str, tuple[Scalar, Node]]:
        """The arguments by name; a value alone is the main one's."""
        if isinstance(body, Mapping):
            return {name.text: (name, value) for name, value in body.entries}
        if isinstance(body, Scalar) and body.is_null:
            return {}
        if not main:
            self.problems.add(
                body.mark,
                f"'{key.text}' takes no value by itself",
                expected="its arguments as a mapping",
                found=str(body),
            )
            return {}
        return {main: (Scalar(main, False, body.mark), body)}

    def common(self, key: Scalar, entries: dict[str, tuple[Scalar, Node]]) -> Common:
        """What any step may say, taken out of ``entries``."""
        found: dict[str, Any] = {}
        for word in COMMON:
            entry = entries.pop(word, None)
            if entry is None or (isinstance(entry[1], Scalar) and entry[1].is_null):
                continue
            node = entry[1]
            if word == "name":
                found["name"] = self._name(node)
            elif word == "from":
                found["sources"] = self._sources(node)
            elif word in ("input", "output"):
                found[word] = self.values.shape(node)
            else:
                found[word] = self.values.expression(node)
        return Common(key.mark, **found)

    def _name(self, node: Node) -> str:
        if isinstance(node, Scalar) and _STEP_NAME.fullmatch(node.text):
            return node.text
        self.problems.add(
            node.mark,
            "this cannot be a layer's name",
            expected="letters, digits, '_', '-' and '.'",
            found=str(node),
        )
        return ""

    def _sources(self, node: Node) -> tuple[tuple[str, Mark], ...]:
        items = node.items if isinstance(node, Sequence) else (node,)
        sources = []
        for item in items:
            if isinstance(item, Scalar) and item.text:
                sources.append((item.text, item.mark))
            else:
                self.problems.add(
                    item.mark,
                    "'from' names layers",
                    expected="a name or a list of names",
                    found=str(item),
                )
        return tuple(sources)

    def _arguments(
        self,
        key: Scalar,
        what: str,
        entries: dict[str, tuple[Scalar, Node]],
        allowed: tuple[str, ...],
        others: tuple[str, ...],
    ) -> dict[str, Argument]:
        arguments = {}
        for name in [name for name in entries if name in allowed]:
            node = entries[name][1]
            if isinstance(node, Scalar) and node.is_null:
                del entries[name]
                continue
            argument = self.values.argument(node)
            if argument is not None:
                arguments[name] = argument
        unknown = {name: entry for name, entry in entries.items() if name not in allowed}
        self.refuse(key, what, unknown, (*allowed, *others))
        return arguments

    def refuse(
        self,
        key: Scalar,
        what: str,
        entries: MappingOf[str, tuple[Scalar, Node]],
        allowed: tuple[str, ...],
    ) -> None:
        """Notes every entry as an argument that ``what`` does not have."""
        for name, (word, _) in entries.items():
            self.problems.add(
                word.mark,
                f"{what} has no argument '{name}'",
                expected="one of " + ", ".join(allowed),
                hint=did_you_mean(name, allowed),
            )

    def _check_required(
        self,
        key: Scalar,
        what: str,
        required: tuple[str, ...],
        arguments: MappingOf[str, Argument],
        entries: MappingOf[str, tuple[Scalar, Node]],
    ) -> None:
        missing = [name for name in required if name not in arguments and name not in entries]
        if missing:
            self.problems.add(
                key.mark,
                f"'{what}' lacks " + " and ".join(f"'{name}'" for name in missing),
                hint=f"{key.text}: {{{', '.join(f'{name}: ...' for name in missing)}}}",
            )


def _tuple_of(sides: list[Expression], text: str, mark: Mark) -> Expression:
    """Several expressions as one whose value is the tuple of theirs."""
    names = frozenset().union(*(side.names for side in sides))
    if not names:
        return constant(tuple(side.evaluate({}) for side in sides), text, mark)
    return Expression(
        text, lambda scope: tuple(side.evaluate(scope) for side in sides), names, mark
    )


def _has(body: Node, key: str) -> bool:
    return isinstance(body, Mapping) and body.get(key) is not None
