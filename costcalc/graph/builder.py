"""Builds the layers of the graph from steps and the tensors that they read."""

from __future__ import annotations

from collections.abc import Container, Mapping
from copy import copy
from types import MappingProxyType
from typing import Any

from costcalc.errors import Mark, Problems, Refusal, did_you_mean
from costcalc.graph.attributes import AttributeReader
from costcalc.graph.bindings import Bindings, LastResults, StepScope, Tensor, UnknownShape
from costcalc.graph.checks import evaluate
from costcalc.graph.layer import Computation, Layer
from costcalc.graph.printed_shapes import check_filter
from costcalc.graph.sharing import Sharing
from costcalc.graph.widths import WidthOrigin
from costcalc.kinds import KINDS
from costcalc.kinds.base import NONE, Kind, Operation, Shape, ShapeError, shape_text
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.document import ALL, Argument, Expression, JoinStep, LayerStep
from costcalc.spec.numbers import exact

NOTHING: Mapping[str, Any] = MappingProxyType({})


class _LineValues(NamedTuple):
    """A layer's line, evaluated."""

    operation: Operation
    functional: str | None
    borrows: Mapping[str, Any]
    fused: tuple[tuple[Kind, Operation, str | None], ...]
    """The norm and the activation, with how the implementation calls them."""


class WrittenWidth(NamedTuple):
    """The argument that gives a layer its width, with its reader and its scope."""

    reader: AttributeReader
    argument: Argument
    here: StepScope

    @property
    def origin(self) -> WidthOrigin:
        """Where the width comes from."""
        return self.reader.origin(self.argument, self.here)


class LayerBuilder:
    """Builds layers one after another; errors go to ``problems``."""

    def __init__(
        self,
        reader: AttributeReader,
        kept: Container[str],
        is_default: bool,
        problems: Problems,
    ) -> None:
        self.reader = reader
        self.kept = kept
        """The names of the layers whose widths are not scaled."""
        self.is_default = is_default
        self.problems = problems
        self.layers: list[Layer] = []
        self.widths: dict[int, WrittenWidth] = {}
        """The widths of layers, by their indexes."""
        self.computations: dict[tuple[Any, ...], Computation] = {}
        self.line_values: LastResults[_LineValues] = LastResults()
        self.sharing = Sharing(problems)

    def reading(self, reader: AttributeReader) -> LayerBuilder:
        """A builder of the same layers that reads widths in another network's way."""
        builder = copy(self)
        builder.reader, builder.is_default = reader, False
        builder.line_values = LastResults()
        return builder

    def layer(
        self, step: LayerStep, sources: tuple[Tensor, ...], bindings: Bindings, path: str
    ) -> Tensor:
        """Adds a layer, then the norm and the activation that its line names."""
        here = StepScope(bindings, sources[0])
        line = self.line_values.at(step, here) if path not in self.kept else None
        if line is None:
            try:
                line = self._read(step, here, path)
            except UnknownShape:
                return sources[0].unknown
            except Refusal as error:
                self.problems.note(error.problem(subject=f"layer '{path}'"))
                return sources[0].unknown
            if path not in self.kept:
                self.line_values.keep(step, here, line)
        mark = step.common.mark
        reads = () if _reads_nothing(step) else sources
        host = self._host(reads) if step.common.is_hosted else None
        if step.kind.width in step.arguments:
            width = WrittenWidth(self.reader, step.arguments[step.kind.width], here)
            self.widths[len(self.layers)] = width
        result = self.append(
            step.kind, line.operation, reads, path, mark, host, line.functional, line.borrows
        )
        if step.filter is not None and result.shape is not None and self.is_default:
            check_filter(step.filter, self.layers[result.layer], here, self.problems)
        host = result.layer
        for kind, operation, functional in line.fused:
            name = f"{path}.{kind.name}"
            result = self.append(kind, operation, (result,), name, mark, host, functional)
        return result

    def _read(self, step: LayerStep, here: StepScope, path: str) -> _LineValues:
        """A step's line, evaluated.

        Raises:
            UnknownShape: some of it could not be read; the problems are noted.
            Refusal: the line is invalid.
        """
        norm = self.fused(step.norm, here, "norm")
        act = self.fused(step.act, here, "activation")
        values = self.attributes(step, here, path, norm)
        functional, functional_act = implementation_calls(step, here)
        borrows = {
            name: self.reader.borrowed(count, here) for name, count in step.common.borrows.items()
        }
        fused: list[tuple[Kind, Operation, str | None]] = []
        if norm is not None:
            fused.append((norm, operation_of(norm, NOTHING), None))
        if act is not None:
            fused.append((act, operation_of(act, NOTHING), functional_act))
        return _LineValues(operation_of(step.kind, values), functional, borrows, tuple(fused))

    def _host(self, reads: tuple[Tensor, ...]) -> int | None:
        """The host of the line that a layer reads from; None after a problem."""
        before = reads[0].layer
        if not 0 <= before < len(self.layers):
            return None
        host = self.layers[before].host
        return before if host is None else host

    def fused(self, expression: Expression | None, here: StepScope, family: str) -> Kind | None:
        """The norm or activation that a line names.

        Raises:
            Refusal: there is no such kind.
        """
        word = evaluate(expression, here) if expression else None
        if expression is None or word is None or word == "none":
            return None
        for name in (str(word), f"{word}_norm"):
            kind = KINDS.get(name)
            if kind is None or kind.family != family:
                continue
            if kind.required:
                raise Refusal(
                    f"'{kind.name}' needs {' and '.join(kind.required)}, "
                    "which cannot be set on another layer's line",
                    hint=f"a layer of its own: - {kind.name}: ...",
                    mark=expression.mark,
                )
            return kind
        known = [
            kind.name.removesuffix("_norm")
            for kind in KINDS.values()
            if kind.family == family and not kind.required
        ]
        raise Refusal(
            f"unknown {family} '{word}'",
            expected="none, or one of " + ", ".join(dict.fromkeys(known)),
            hint=did_you_mean(str(word), known),
            mark=expression.mark,
        )

    def append(
        self,
        kind: Kind,
        operation: Operation,
        sources: tuple[Tensor, ...],
        path: str,
        mark: Mark,
        host: int | None = None,
        functional: str | None = None,
        borrows: Mapping[str, Any] = NOTHING,
    ) -> Tensor:
        """Adds a layer; returns its output, whose shape is unknown after a problem."""
        index = len(self.layers)
        inputs = tuple([source.shape for source in sources if source.shape is not None])
        if len(inputs) < len(sources):
            return Tensor(index, None)
        try:
            computation = self.computation(kind, operation, inputs)
        except ShapeError as error:
            self.problems.note(error.problem(mark, f"layer '{path}'"))
            return Tensor(index, None)
        indexes = tuple([source.layer for source in sources])
        layer = Layer(path, computation, indexes, mark, host, functional)
        if borrows:
            layer = self._borrowing(layer, borrows)
        self.layers.append(self.sharing.owned(layer, self.layers))
        return Tensor(index, computation.output)

    def computation(
        self, kind: Kind, operation: Operation, inputs: tuple[Shape, ...]
    ) -> Computation:
        """A layer's computation: the same object for every equal layer of the graph.

        Raises:
            ShapeError: the inputs do not fit.
        """
        key = (kind.name, operation, inputs)
        try:
            known = self.computations.get(key)
        except TypeError:
            # Grid numbers and symbols are equal only under conditions: they cannot be keys.
            return _computation(kind, operation, inputs)
        if known is None:
            known = self.computations[key] = _computation(kind, operation, inputs)
        return known

    def _borrowing(self, layer: Layer, borrows: Mapping[str, Any]) -> Layer:
        """The layer with the params that it borrows, which cannot be more than it has."""
        events = layer.events()
        counts = {
            name: getattr(events, name) if count == ALL else count
            for name, count in borrows.items()
        }
        for name, count in counts.items():
            if count > getattr(events, name):
                self.problems.add(
                    layer.mark,
                    f"layer '{layer.name}' borrows more {name} than it has",
                    expected=f"at most {getattr(events, name)}",
                    found=f"{count}",
                )
        return layer._replace(borrows=counts)

    def attributes(
        self, step: LayerStep | JoinStep, here: StepScope, path: str, norm: Kind | None = None
    ) -> dict[str, Any]:
        """The values of the layer's attributes.

        Raises:
            UnknownShape: some could not be read; the problems are noted.
        """
        values: dict[str, Any] = {}
        annotations, width = step.kind.attributes, step.kind.width
        is_complete = True
        for name, argument in step.arguments.items():
            try:
                if name == width:
                    values[name] = self.reader.width(argument, here, path in self.kept)
                else:
                    values[name] = self.reader.read(annotations[name], argument, here)
            except Refusal as error:
                self.problems.note(error.problem(subject=f"layer '{path}'"))
                is_complete = False
        if not is_complete:
            raise UnknownShape
        if norm is not None and "bias" in annotations and "bias" not in values:
            values["bias"] = False
        return values


def operation_of(kind: Kind, values: Mapping[str, Any]) -> Operation:
    """A kind's operation with these attributes, and defaults for the others."""
    operation: Operation = kind.operation(**kind.given, **values)
    return operation


def implementation_calls(
    step: LayerStep | JoinStep, here: StepScope
) -> tuple[str | None, str | None]:
    """How the implementation calls the step's layer, and the activation on its line.

    Raises:
        Refusal: an argument is not true, false or ``operator``.
    """
    return _call(step.functional, here), _call(step.functional_act, here)


def _call(expression: Expression | None, here: StepScope) -> str | None:
    """How a layer is called: as a ``function``, an ``operator``, or None for a module.

    Raises:
        Refusal: the expression's value is not true, false or ``operator``.
    """
    if expression is None:
        return None
    value = evaluate(expression, here)
    if value is None or isinstance(value, bool):
        return "function" if value else None
    if not isinstance(value, str) or value != "operator":
        raise Refusal(
            f"'{expression.text}' is not a way to call a layer",
            expected="true, false or operator",
            found=exact(value),
            mark=expression.mark,
        )
    return value


def _reads_nothing(step: LayerStep) -> bool:
    """Whether a step is a source, or states that it reads nothing."""
    sources = step.common.sources
    return sources == () or (sources is None and step.kind.arity == NONE)


def _computation(kind: Kind, operation: Any, inputs: tuple[Shape, ...]) -> Computation:
    """The computation of an operation on some shapes, with the kind that it becomes.

    Raises:
        ShapeError: the inputs do not fit.
    """
    _check_inputs(kind, inputs)
    if kind.becomes:
        operation = operation.resolve(inputs)
        kind = KINDS[kind.becomes]
    output = operation.output_shape(inputs)
    _check_output(output)
    return Computation(kind, operation, inputs, output)


def _check_inputs(kind: Kind, inputs: tuple[Shape, ...]) -> None:
    """Checks the number of inputs against the kind's arity.

    Raises:
        ShapeError: there are too few or too many.
    """
    if kind.arity.admits(len(inputs)):
        return
    expected = "from: [one, other]" if kind.joins else "from: name" if kind.arity != NONE else ""
    raise ShapeError(
        f"'{kind.name}' {'joins' if kind.joins else 'reads'} {kind.arity}",
        expected=expected,
        found=f"{len(inputs)}",
    )


def _check_output(output: Shape) -> None:
    """Checks the sides of an output against :data:`.limits.SIZE`.

    Raises:
        ShapeError: one exceeds it.
    """
    for side in output:
        if side > limits.SIZE:
            raise ShapeError(
                "its output is too large",
                expected=f"sides of at most {limits.SIZE:,}",
                found=shape_text(output),
            )
