"""Unfolds a document into a layer graph: blocks, repeats and tables written out.

Every size may be a number of any algebra: what is decided here is decided by
comparisons alone, so that the same unfolding serves integers, arrays of
settings and symbols.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Mark, Problems, did_you_mean
from costcalc.graph.attributes import AttributeReader, ValueProblem, evaluate
from costcalc.graph.frame import CHANNEL_NAMES, Frame, Here, Tensor, UnknownShape
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.graph.parameters import Resolved, resolve
from costcalc.graph.scope import Scope
from costcalc.graph.statements import check_filter, check_shape
from costcalc.kinds import KINDS
from costcalc.kinds.base import Kind, Shape, ShapeError
from costcalc.spec import limits
from costcalc.spec.document import (
    Argument,
    BlockStep,
    Document,
    Expression,
    JoinStep,
    LayerStep,
    SequenceStep,
    Statement,
    Step,
)


def expand(document: Document, settings: Mapping[str, Any]) -> LayerGraph:
    """The layer graph of a document at some settings of its parameters.

    Raises:
        SpecError: with every problem that the settings bring to light.
    """
    problems = Problems()
    resolved = resolve(document, settings, problems)
    problems.raise_any()
    expander = _Expander(document, resolved, problems)
    layers = expander.unfold()
    problems.raise_any()
    return LayerGraph(
        name=_title(document.name, resolved.values),
        file=document.file,
        source=document.source,
        parameters=resolved.values,
        input=resolved.input,
        layers=tuple(layers),
        blocks=expander.blocks,
    )


def _title(name: str, values: Mapping[str, Any]) -> str:
    """The network's name, ``{parameter}`` replaced by its value."""
    for parameter, value in values.items():
        name = name.replace(f"{{{parameter}}}", str(value))
    return name


class _TooManySteps(Exception):
    """The limit on steps was met; unfolding stops here."""


class _Expander:
    def __init__(self, document: Document, resolved: Resolved, problems: Problems) -> None:
        self.document = document
        self.resolved = resolved
        self.problems = problems
        self.reader = AttributeReader(resolved.values["alpha"], document.rounding)
        self.layers: list[Layer] = []
        self.blocks: dict[str, str] = {}
        self.steps_taken = 0
        self.classifier = _classifier(document.steps)
        self.channel_names = _channel_names(document)

    def unfold(self) -> list[Layer]:
        scope = Scope("")
        start = Tensor(NETWORK_INPUT, self.resolved.input)
        scope.tensors["input"] = start
        scope.recent = (start,)
        frame = Frame(self.resolved.values, self.channel_names)
        try:
            self.run(self.document.steps, start, frame, scope)
        except _TooManySteps:
            pass
        return self.layers

    def run(self, steps: tuple[Step, ...], here: Tensor, frame: Frame, scope: Scope) -> Tensor:
        for step in steps:
            here = self.repeated(step, here, frame, scope)
        return here

    def repeated(self, step: Step, here: Tensor, frame: Frame, scope: Scope) -> Tensor:
        """One step, as often as it says; each repeat reads the one before."""
        common = step.common
        try:
            sources = self.sources(step, here, scope)
            start = Here(frame, sources[0])
            if common.when is not None and not self.truth(common.when, start):
                return here
            times = int(self.reader.offset(common.repeat, start)) if common.repeat else 1
        except UnknownShape:
            return Tensor(here.index, None)
        except ValueProblem as error:
            self.add(error)
            return Tensor(here.index, None)
        if times == 0:
            return here
        self.count_steps(times, common.mark)
        if common.input is not None:
            first = self.stated(common.input, sources[0], f"{_word(step)} is said to read", frame)
            sources = (first, *sources[1:])
        if common.name and scope.is_taken(common.name):
            self.problems.add(
                common.mark, f"the name '{common.name}' stands twice", hint="another name"
            )
        result = sources[0]
        for index in range(times):
            name = scope.name(common.name or _word(step), bool(common.name), times > 1)
            result = self.once(step, sources, frame, scope, name, is_first=index == 0)
            sources = (result, *sources[:-1])
            scope.gave(result)
        if common.name:
            scope.tensors[common.name] = result
        if common.output is not None:
            result = self.stated(common.output, result, f"{_word(step)} is said to give", frame)
        return result

    def once(
        self,
        step: Step,
        sources: tuple[Tensor, ...],
        frame: Frame,
        scope: Scope,
        name: str,
        is_first: bool,
    ) -> Tensor:
        if isinstance(step, LayerStep):
            return self.layer(step, sources, frame, scope, name)
        if isinstance(step, BlockStep):
            return self.block(step, sources, frame, scope, name, is_first)
        if isinstance(step, SequenceStep):
            return self.sequence(step, sources, frame, scope, name)
        return self.join(step, sources[0], frame, scope, name)

    def sequence(
        self,
        step: SequenceStep,
        sources: tuple[Tensor, ...],
        frame: Frame,
        scope: Scope,
        name: str,
    ) -> Tensor:
        """The steps; without a name, as if they stood where the sequence stands."""
        path = scope.full(name) if step.common.name else scope.path
        inside = Scope(path, scope)
        if step.common.name:
            self.blocks[path] = "sequence"
        inside.recent = sources if step.common.sources else scope.recent
        result = self.run(step.steps, sources[0], frame, inside)
        if not step.common.name:
            scope.recent = inside.recent
        return result

    def layer(
        self, step: LayerStep, sources: tuple[Tensor, ...], frame: Frame, scope: Scope, name: str
    ) -> Tensor:
        """A layer, then the norm and the activation that its line names."""
        here = Here(frame, sources[0])
        path = scope.full(name)
        try:
            norm = self.fused(step.norm, here, "norm")
            act = self.fused(step.act, here, "activation")
            values = self.attributes(step, here, norm)
            called, called_act = _called(step, here)
        except UnknownShape:
            return Tensor(sources[0].index, None)
        except ValueProblem as error:
            self.add(error, path)
            return Tensor(sources[0].index, None)
        mark = step.common.mark
        result = self.append(step.kind, values, sources, path, mark, functional=called)
        if step.filter is not None and result.shape is not None and self.resolved.is_default:
            check_filter(step.filter, self.layers[result.index], frame.values, self.problems)
        host = result.index
        for kind, how in ((norm, None), (act, called_act)):
            if kind is not None:
                suffix = f"{path}.{kind.name}"
                result = self.append(kind, {}, (result,), suffix, mark, host, how)
        return result

    def attributes(self, step: LayerStep, here: Here, norm: Kind | None) -> dict[str, Any]:
        """The values of the layer's attributes.

        Raises:
            ValueProblem: of the first that is wrong; the others are noted.
        """
        values: dict[str, Any] = {}
        failed: ValueProblem | None = None
        annotations = step.kind.attributes
        for name, argument in step.arguments.items():
            try:
                if name == "out" and step is self.classifier:
                    values[name] = self.reader.count(argument, here)
                else:
                    values[name] = self.reader.read(annotations[name], argument, here)
            except ValueProblem as error:
                if failed is not None:
                    self.add(failed)
                failed = error
        if failed is not None:
            raise failed
        if norm is not None and "bias" in annotations and "bias" not in values:
            values["bias"] = False
        return values

    def fused(self, expression: Expression | None, here: Here, family: str) -> Kind | None:
        """The norm or activation that a layer's line names.

        Raises:
            ValueProblem: there is no such kind.
        """
        word = evaluate(expression, here) if expression else None
        if expression is None or word is None or word == "none":
            return None
        for name in (str(word), f"{word}_norm"):
            kind = KINDS.get(name)
            if kind is not None and kind.family == family:
                if kind.required:
                    raise ValueProblem(
                        expression.mark,
                        f"'{kind.name}' needs {' and '.join(kind.required)}, and has no place for it here",
                        hint=f"a layer of its own: - {kind.name}: ...",
                    )
                return kind
        known = [kind.name for kind in KINDS.values() if kind.family == family]
        raise ValueProblem(
            expression.mark,
            f"unknown {family} '{word}'",
            expected="none, or one of " + ", ".join(dict.fromkeys(known)),
            hint=did_you_mean(str(word), known),
        )

    def append(
        self,
        kind: Kind,
        values: Mapping[str, Any],
        sources: tuple[Tensor, ...],
        path: str,
        mark: Mark,
        host: int | None = None,
        functional: str | None = None,
    ) -> Tensor:
        """Adds a layer to the graph; a problem with its shapes leaves its own open."""
        shapes: list[Shape] = []
        for source in sources:
            if source.shape is None:
                return Tensor(source.index, None)
            shapes.append(source.shape)
        inputs = tuple(shapes)
        operation = kind.operation(**kind.given, **values)
        try:
            if kind.several and len(inputs) < 2:
                raise ShapeError(
                    f"'{kind.name}' joins two inputs or more",
                    expected="from: [one, other]",
                    found=f"{len(inputs)}",
                )
            if not kind.several and len(inputs) > 1:
                raise ShapeError(
                    f"'{kind.name}' reads one input", expected="from: name", found=f"{len(inputs)}"
                )
            if kind.becomes:
                operation = operation.resolve(inputs)
                kind = KINDS[kind.becomes]
            output = operation.output_shape(inputs)
        except ShapeError as error:
            self.problems.add(
                mark, f"layer '{path}': {error.message}", error.expected, error.found, error.hint
            )
            return Tensor(sources[0].index, None)
        indexes = tuple(source.index for source in sources)
        self.layers.append(
            Layer(path, kind, operation, indexes, inputs, output, mark, host, functional)
        )
        return Tensor(len(self.layers) - 1, output)

    def block(
        self,
        step: BlockStep,
        sources: tuple[Tensor, ...],
        frame: Frame,
        scope: Scope,
        name: str,
        is_first: bool,
    ) -> Tensor:
        block = self.document.blocks[step.block]
        if len(sources) != len(block.inputs):
            self.problems.add(
                step.common.mark,
                f"block '{block.name}' reads {len(block.inputs)} inputs",
                expected="from: [" + ", ".join(block.inputs) + "]",
                found=f"{len(sources)}",
            )
            return Tensor(sources[0].index, None)
        arguments = {
            key: argument
            for key, argument in step.arguments.items()
            if is_first or key not in step.first_only
        }
        path = scope.full(name)
        try:
            inner = self.bound(step, arguments, Here(frame, sources[0]))
        except UnknownShape:
            return Tensor(sources[0].index, None)
        except ValueProblem as error:
            self.add(error, path)
            return Tensor(sources[0].index, None)
        self.blocks[path] = block.name
        inside = Scope(path)
        inside.tensors.update(zip(block.inputs, sources, strict=True))
        inside.recent = sources
        return self.run(block.steps, sources[0], inner, inside)

    def bound(self, step: BlockStep, arguments: Mapping[str, Argument], here: Here) -> Frame:
        """The block's parameters with the values that this call gives them.

        Raises:
            ValueProblem: a width is not one.
        """
        block = self.document.blocks[step.block]
        values = dict(self.resolved.values)
        channel_names = set(self.channel_names)
        for name, parameter in block.parameters.items():
            argument, where = arguments.get(name), here
            if argument is None:
                argument = parameter.default
                inner = Frame(values, frozenset(channel_names))
                where = Here(inner, here.tensor)
            if argument is None:
                raise ValueProblem(
                    step.common.mark,
                    f"after the first repeat, block '{block.name}' lacks '{name}'",
                    hint=f"a default for '{name}' in the block's parameters",
                )
            if parameter.is_width:
                values[name] = self.reader.width(argument, where)
                channel_names.add(name)
                continue
            values[name] = _plain_value(argument, where)
            if not _names(argument).isdisjoint(where.frame.channel_names):
                channel_names.add(name)
            else:
                channel_names.discard(name)
        return Frame(values, frozenset(channel_names))

    def join(self, step: JoinStep, here: Tensor, frame: Frame, scope: Scope, name: str) -> Tensor:
        """The branches, each from the same input, and the layer that joins them."""
        branches = step.branches
        try:
            if step.only_if is not None and not self.truth(step.only_if, Here(frame, here)):
                branches = branches[-1:]
            act = self.fused(step.act, Here(frame, here), "activation")
            called, called_act = _called(step, Here(frame, here))
        except UnknownShape:
            return Tensor(here.index, None)
        except ValueProblem as error:
            self.add(error, scope.full(name))
            return Tensor(here.index, None)
        ends = []
        for branch, steps in branches:
            inside = Scope(scope.full(branch) if branch else scope.path, scope)
            inside.recent = (here,)
            ends.append(self.run(steps, here, frame, inside))
        mark, path = step.common.mark, scope.full(name)
        joined, host = ends[0], None
        if len(ends) > 1:
            joined = self.append(step.kind, {}, tuple(ends), path, mark, functional=called)
            host = joined.index
        if act is None:
            return joined
        return self.append(act, {}, (joined,), f"{path}.{act.name}", mark, host, called_act)

    def sources(self, step: Step, here: Tensor, scope: Scope) -> tuple[Tensor, ...]:
        """What the step reads: the layers that it names, or the steps before it.

        A block of several inputs reads as many steps, the last one first.

        Raises:
            UnknownShape: a name means nothing here; the problem is noted.
        """
        named = step.common.sources
        if not named:
            if isinstance(step, BlockStep):
                return scope.recent[: len(self.document.blocks[step.block].inputs)]
            return (here,)
        found = []
        for name, mark in named:
            tensor = scope.find(name)
            if tensor is None:
                self.problems.add(
                    mark,
                    f"no layer above is named '{name}'",
                    expected="the name of a layer that stands before this one, or 'input'",
                    hint=scope.hint(name) or self.cycle_hint(name),
                )
            else:
                found.append(tensor)
        if len(found) < len(named):
            raise UnknownShape
        return tuple(found)

    def cycle_hint(self, name: str) -> str:
        """Says so where the name stands below: reading it would close a cycle."""
        below = _named(self.document.steps, name)
        if below is None:
            return ""
        return f"'{name}' stands below, on line {below.line}: a cycle, unless it moves above"

    def truth(self, expression: Expression, here: Here) -> bool:
        return bool(evaluate(expression, here))

    def count_steps(self, steps: int, mark: Mark) -> None:
        """Bounds the work before it is done.

        Raises:
            _TooManySteps: the limit is met; the problem is noted.
        """
        self.steps_taken += steps
        if self.steps_taken > limits.STEPS:
            self.problems.add(
                mark,
                "the spec unfolds to too many layers",
                expected=f"at most {limits.STEPS:,}, repeats and blocks written out",
                found=f"{self.steps_taken:,} or more",
                hint="a smaller repeat",
            )
            raise _TooManySteps

    def stated(self, statement: Statement, tensor: Tensor, what: str, frame: Frame) -> Tensor:
        """The tensor, after a look at the shape that the paper prints for it.

        Printed shapes speak of the network as printed, so that they are
        compared at the default settings alone.
        """
        if tensor.shape is None or not self.resolved.is_default:
            return tensor
        shape = check_shape(statement, tensor.shape, what, frame.values, self.problems)
        return Tensor(tensor.index, shape)

    def add(self, error: ValueProblem, path: str = "") -> None:
        message = f"layer '{path}': {error.message}" if path else error.message
        self.problems.add(error.mark, message, error.expected, error.found, error.hint)


def _called(step: LayerStep | JoinStep, here: Here) -> tuple[str | None, str | None]:
    """How the implementation calls the step's layer, and the activation of its line.

    Raises:
        ValueProblem: it is neither true, false nor an operator.
    """
    words = {None: None, False: None, True: "function", "operator": "operator"}
    found = []
    for expression in (step.functional, step.functional_act):
        value = evaluate(expression, here) if expression else None
        if expression is not None and value not in words:
            raise ValueProblem(
                expression.mark,
                f"'{expression.text}' does not say how the layer is called",
                expected="true, false or operator",
                found=f"{value}",
            )
        found.append(words[value])
    return found[0], found[1]


def _word(step: Step) -> str:
    """What a step is called where it has no name of its own."""
    if isinstance(step, LayerStep | JoinStep):
        return step.kind.name
    return step.block if isinstance(step, BlockStep) else "sequence"


def _classifier(steps: tuple[Step, ...]) -> LayerStep | None:
    """The fully connected layer that ends a network: its outputs are classes, not width."""
    for step in reversed(steps):
        if not isinstance(step, LayerStep):
            return _classifier(step.steps) if isinstance(step, SequenceStep) else None
        if step.kind.family == "dense":
            return step
        if "out" in step.kind.attributes:
            return None
    return None


def _channel_names(document: Document) -> frozenset[str]:
    """The built-in names of channels, and the parameters computed from them."""
    names = set(CHANNEL_NAMES)
    for name, parameter in document.parameters.items():
        if parameter.default is not None and not parameter.default.names.isdisjoint(names):
            names.add(name)
    return frozenset(names)


def _named(steps: tuple[Step, ...], name: str) -> Mark | None:
    """Where a step of that name stands."""
    for step in steps:
        if step.common.name == name:
            return step.common.mark
        inner: tuple[Step, ...] = ()
        if isinstance(step, SequenceStep):
            inner = step.steps
        elif isinstance(step, JoinStep):
            inner = tuple(each for _, branch in step.branches for each in branch)
        found = _named(inner, name)
        if found is not None:
            return found
    return None


def _plain_value(argument: Argument, here: Here) -> Any:
    if isinstance(argument, Expression):
        return evaluate(argument, here)
    return tuple(_plain_value(item, here) for item in argument.items)


def _names(argument: Argument) -> frozenset[str]:
    if isinstance(argument, Expression):
        return argument.names
    return frozenset().union(*(_names(item) for item in argument.items))
