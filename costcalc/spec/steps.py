"""The layers of a spec: every item of a list becomes a step."""

from __future__ import annotations

from collections.abc import Iterable

from costcalc.errors import Mark, Problems
from costcalc.kinds import KINDS
from costcalc.kinds.base import MATRICES, Kind
from costcalc.spec.arguments import (
    BRANCH,
    COMMON,
    FUNCTIONAL,
    FUSED,
    JOIN,
    NOT_OF_BLOCKS,
    OF_PARAMS,
    STRUCTURES,
    Arguments,
    WrittenArgument,
    refuse_unfit_first_only,
    step_name,
)
from costcalc.spec.defaults import Defaults, Headers
from costcalc.spec.document import (
    Argument,
    BlockStep,
    Branch,
    Common,
    Expression,
    JoinStep,
    LayerStep,
    PrintedShape,
    SequenceStep,
    Step,
)
from costcalc.spec.keys import refuse_others
from costcalc.spec.limits import EXPRESSION
from costcalc.spec.networks import MissingNetwork, NetworkParameters
from costcalc.spec.numbers import PATCH
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given
from costcalc.spec.values import Values

_ELSEWHERE = {
    "use": "'use: [network: mobilenet_v2]' beside 'layers:', and a layer '- mobilenet_v2'",
}
"""Keys of a spec, written as layers."""


class StepReader:
    """Reads steps, which may use some names, blocks and defaults."""

    def __init__(
        self,
        known: frozenset[str],
        blocks: Headers,
        defaults: Defaults,
        problems: Problems,
    ) -> None:
        self.values = Values(known, problems)
        self.blocks = blocks
        self.defaults = defaults
        self.problems = problems

    def steps(self, node: Node | None) -> tuple[Step, ...]:
        """The steps of a list; an invalid item is noted and left out."""
        node = given(node)
        if node is None:
            return ()
        if not isinstance(node, ListNode):
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
        if isinstance(node, MapNode) and len(node.entries) == 1:
            return self.step(*node.entries[0])
        if isinstance(node, MapNode):
            self.problems.add(
                node.mark,
                "a layer is one kind with its arguments",
                expected="one key, as in '- conv: {out: 32, kernel: 3}'",
                found=", ".join(f"'{key.text}'" for key in node.keys) or "none",
                hint="indent the arguments below the kind" if node.entries else "",
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
        """The step ``key: body``."""
        name = key.text
        if name in self.blocks:
            is_missing = isinstance(self.blocks[name], MissingNetwork)
            return None if is_missing else self._block(key, body)
        if name == "table":
            from costcalc.spec.tables import table

            return table(self, key, body)
        if name == "residual":
            return self._residual(key, body)
        if name == "sequence":
            return self._sequence(key, body)
        kind = KINDS.get(name)
        if kind is None:
            from costcalc.kinds.lookup import hint
            from costcalc.spec.library import shipped_blocks

            self.problems.add(
                key.mark,
                f"unknown layer kind '{name}'",
                expected="a layer kind, a block of this spec, or "
                + ", ".join(f"'{word}'" for word in STRUCTURES),
                hint=_ELSEWHERE.get(name)
                or hint(name, (*self.blocks, *STRUCTURES), shipped_blocks()),
            )
            return None
        if kind.joins and (
            isinstance(body, ListNode)
            or (isinstance(body, MapNode) and body.get("branches") is not None)
        ):
            return self._join(kind, key, body)
        return self._layer(kind, key, body)

    def _layer(self, kind: Kind, key: Scalar, body: Node) -> LayerStep:
        arguments = Arguments(key, body, kind.main, self.values)
        common = self.common(arguments)
        self.defaults.of_kind(kind, arguments)
        self._patch(kind, arguments)
        norm, act = arguments.expression("norm"), arguments.expression("act")
        functional = [arguments.expression(name) for name in FUNCTIONAL]
        printed = arguments.take("filter")
        shape = self.values.sides(printed) if printed is not None else None
        implied = _implied(kind, shape) if shape is not None else {}
        required = tuple(name for name in kind.required if name not in implied)
        values = arguments.read(
            kind.attributes, required, (*COMMON, *FUSED), f"'{kind.name}'", kind.attributes
        )
        refuse_unfit_first_only(common, values, required, self.problems)
        return LayerStep(common, kind, {**implied, **values}, norm, act, shape, *functional)

    def _patch(self, kind: Kind, arguments: Arguments) -> None:
        """``7x7/2``: kernel and stride in one, as GoogLeNet's Table 1 prints them."""
        node = arguments.take("patch")
        if node is None:
            return
        text = node.text if isinstance(node, Scalar) and len(node.text) <= EXPRESSION else ""
        patch = PATCH.fullmatch(text)
        if patch is None or not {"kernel", "stride"} <= {*kind.attributes}:
            self.problems.add(
                node.mark,
                f"'patch' does not set the kernel and the stride of '{kind.name}'",
                expected="a kind with both, and a patch such as 7x7/2",
                found=str(node),
            )
            return
        for name, value in zip(("kernel", "stride"), patch.groups(), strict=True):
            word = Scalar(name, False, node.mark)
            size = Scalar(value, False, node.mark)
            arguments.entries[name] = WrittenArgument(word, size, self.values)

    def _block(self, key: Scalar, body: Node) -> BlockStep:
        parameters = self.blocks[key.text]
        is_network = isinstance(parameters, NetworkParameters)
        main = "to" if is_network else next(iter(parameters), "")
        arguments = Arguments(key, body, main, self.values)
        to = self._last(arguments) if is_network else None
        common = self.without(NOT_OF_BLOCKS, self.common(arguments), key)
        self.defaults.of_block(key.text, arguments)
        required = tuple(
            name for name, parameter in parameters.items() if parameter.default is None
        )
        what, others = ("network", ("to", *COMMON)) if is_network else ("block", COMMON)
        values = arguments.read(
            tuple(parameters),
            required,
            others,
            f"{what} '{key.text}'",
            choices={name: parameter.choices for name, parameter in parameters.items()},
        )
        refuse_unfit_first_only(common, values, required, self.problems)
        return BlockStep(common, key.text, values, to)

    def _last(self, arguments: Arguments) -> tuple[str, Mark] | None:
        """Removes ``to``, the name of a network's last layer, taken literally."""
        node = arguments.take("to")
        if node is not None and not isinstance(node, Scalar):
            self.problems.add(node.mark, "'to' names a layer", expected="to: name", found=str(node))
        return (node.text, node.mark) if isinstance(node, Scalar) else None

    def _sequence(self, key: Scalar, body: Node) -> SequenceStep:
        arguments = Arguments(key, body, "layers", self.values)
        common = self.without(OF_PARAMS, self.common(arguments), key)
        steps = self._inner_layers(key, arguments)
        arguments.read((), (), (*STRUCTURES["sequence"].arguments, *COMMON), "'sequence'")
        refuse_unfit_first_only(common, (), (), self.problems)
        return SequenceStep(common, steps)

    def _residual(self, key: Scalar, body: Node) -> JoinStep:
        arguments = Arguments(key, body, "layers", self.values)
        common = self.without(OF_PARAMS, self.common(arguments), key)
        steps = self._inner_layers(key, arguments)
        shortcut = self.steps(arguments.take("shortcut"))
        act, only_if = arguments.expression("act"), arguments.expression("only_if")
        functional, functional_act = (arguments.expression(name) for name in FUNCTIONAL)
        others = (*STRUCTURES["residual"].arguments, *COMMON)
        arguments.read((), (), others, "'residual'")
        refuse_unfit_first_only(common, (), (), self.problems)
        branches = (Branch("", shortcut, only_if), Branch("", steps))
        return JoinStep(common, KINDS["add"], branches, act, functional, functional_act)

    def common(self, arguments: Arguments) -> Common:
        """The arguments that every step may have, including the steps of its gate."""
        gate = arguments.take("gate")
        common = arguments.common()
        return common if gate is None else common._replace(gate=self._one_or_more(gate))

    def without(self, unfit: Iterable[str], common: Common, key: Scalar) -> Common:
        """Notes arguments of params on a step that cannot have them."""
        for name in unfit:
            if getattr(common, name):
                does, where = OF_PARAMS[name]
                self.problems.add(
                    key.mark, f"'{key.text}' cannot {does} params", expected=f"'{name}' {where}"
                )
        return common

    def _inner_layers(self, key: Scalar, arguments: Arguments) -> tuple[Step, ...]:
        """The layers inside a structure, which needs at least one."""
        node = arguments.take("layers")
        if node is None or (isinstance(node, ListNode) and not node.items):
            self.problems.add(
                key.mark, f"'{key.text}' contains no layers", expected="'layers:' and a list"
            )
        return self.steps(node)

    def _join(self, kind: Kind, key: Scalar, body: Node) -> JoinStep:
        arguments = Arguments(key, body, "branches", self.values)
        common = self.without(OF_PARAMS, self.common(arguments), key)
        node = arguments.take("branches")
        act = arguments.expression("act")
        functional, functional_act = (arguments.expression(name) for name in FUNCTIONAL)
        others = (*JOIN, *COMMON)
        values = arguments.read(
            kind.attributes, kind.required, others, f"'{kind.name}'", kind.attributes
        )
        refuse_unfit_first_only(common, (), (), self.problems)
        branches: tuple[Branch, ...] = ()
        if isinstance(node, MapNode):
            branches = tuple(
                self._branch(step_name(name, "a branch", self.problems), branch)
                for name, branch in node.entries
            )
        elif isinstance(node, ListNode):
            branches = tuple(self._branch("", branch) for branch in node.items)
        if len(branches) < 2 and not any(branch.repeat for branch in branches):
            self.problems.add(
                node.mark if node is not None else key.mark,
                f"'{kind.name}' joins branches, but has {'only one' if branches else 'none'}",
                expected="a list of two or more branches, each a list of layers",
                found=str(node),
            )
        return JoinStep(common, kind, branches, act, functional, functional_act, values)

    def _branch(self, name: str, node: Node) -> Branch:
        """A branch: its layers, or ``{layers: [...], when: condition, repeat: number}``."""
        if not isinstance(node, MapNode) or node.get("layers") is None or "layers" in self.blocks:
            return Branch(name, self._one_or_more(node))
        refuse_others(node.keys, BRANCH, "a branch has no", self.problems)
        key = Scalar("branch", False, node.mark)
        arguments = Arguments(key, node, "layers", self.values)
        when, repeat = arguments.expression("when"), arguments.expression("repeat")
        return Branch(name, self.steps(arguments.take("layers")), when, repeat)

    def _one_or_more(self, node: Node) -> tuple[Step, ...]:
        if isinstance(node, ListNode) or given(node) is None:
            return self.steps(node)
        step = self.item(node)
        return () if step is None else (step,)


def _implied(kind: Kind, printed: PrintedShape) -> dict[str, Argument]:
    """The arguments that a printed filter implies, ``3 x 3 x 32 x 64``.

    Kernel, input channels and width, as MobileNetV1's Table 1 prints them.
    """
    sides = list(printed.sides)
    arguments: dict[str, Argument] = {}
    if kind.family in MATRICES:
        if "out" in kind.attributes and sides:
            arguments["out"] = sides.pop()
        if sides:
            sides.pop()
    if "kernel" in kind.attributes and sides:
        text = " x ".join(side.text for side in sides)
        arguments["kernel"] = _tuple_of(sides, text, printed.mark)
    return arguments


def _tuple_of(sides: list[Expression], text: str, mark: Mark) -> Expression:
    """An expression for the tuple of several expressions' values."""
    names = frozenset[str]().union(*(side.names for side in sides))
    return Expression(
        text, lambda scope: tuple(side.evaluate(scope) for side in sides), names, mark
    )
