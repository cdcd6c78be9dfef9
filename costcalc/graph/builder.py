"""Layers of the graph, each from the step that writes it and the tensors that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Mark, Problems, did_you_mean
from costcalc.graph.attributes import AttributeReader, ValueProblem, evaluate
from costcalc.graph.frame import Frame, Here, Tensor, UnknownShape
from costcalc.graph.layer import Layer
from costcalc.graph.sharing import Sharing
from costcalc.graph.statements import check_filter
from costcalc.kinds import KINDS
from costcalc.kinds.base import Kind, Shape, ShapeError, shape_text
from costcalc.spec import limits
from costcalc.spec.document import Expression, JoinStep, LayerStep


class LayerBuilder:
    """Builds layers one after another; what is wrong with one goes to ``problems``."""

    def __init__(
        self,
        reader: AttributeReader,
        classifier: LayerStep | None,
        is_default: bool,
        problems: Problems,
    ) -> None:
        self.reader = reader
        self.classifier = classifier
        self.is_default = is_default
        self.problems = problems
        self.layers: list[Layer] = []
        self.sharing = Sharing(problems)

    def layer(
        self, step: LayerStep, sources: tuple[Tensor, ...], frame: Frame, path: str
    ) -> Tensor:
        """A layer, then the norm and the activation that its line names."""
        here = Here(frame, sources[0])
        try:
            norm = self.fused(step.norm, here, "norm")
            act = self.fused(step.act, here, "activation")
            values = self._attributes(step, here, norm, path)
            called, called_act = called_as(step, here)
        except UnknownShape:
            return sources[0].unknown
        except ValueProblem as error:
            self.problems.note(error.of_layer(path))
            return sources[0].unknown
        mark = step.common.mark
        result = self.append(step.kind, values, sources, path, mark, functional=called)
        if step.filter is not None and result.shape is not None and self.is_default:
            check_filter(step.filter, self.layers[result.layer], here, self.problems)
        host = result.layer
        for kind, how in ((norm, None), (act, called_act)):
            if kind is not None:
                name = f"{path}.{kind.name}"
                result = self.append(kind, {}, (result,), name, mark, host, how)
        return result

    def fused(self, expression: Expression | None, here: Here, family: str) -> Kind | None:
        """The norm or activation that a line names.

        Raises:
            ValueProblem: there is no such kind.
        """
        word = evaluate(expression, here) if expression else None
        if expression is None or word is None or word == "none":
            return None
        for name in (str(word), f"{word}_norm"):
            kind = KINDS.get(name)
            if kind is None or kind.family != family:
                continue
            if kind.required:
                raise ValueProblem(
                    expression.mark,
                    f"'{kind.name}' needs {' and '.join(kind.required)}, "
                    "which have no place beside another layer",
                    hint=f"a layer of its own: - {kind.name}: ...",
                )
            return kind
        known = [
            kind.name.removesuffix("_norm")
            for kind in KINDS.values()
            if kind.family == family and not kind.required
        ]
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
        inputs = tuple(source.shape for source in sources if source.shape is not None)
        if len(inputs) < len(sources):
            return sources[0].unknown
        operation = kind.operation(**kind.given, **values)
        try:
            _check_inputs(kind, inputs)
            if kind.becomes:
                operation = operation.resolve(inputs)
                kind = KINDS[kind.becomes]
            output = operation.output_shape(inputs)
            _check_output(output)
        except ShapeError as error:
            self.problems.add(
                mark, f"layer '{path}': {error.message}", error.expected, error.found, error.hint
            )
            return sources[0].unknown
        indexes = tuple(source.layer for source in sources)
        layer = Layer(path, kind, operation, indexes, inputs, output, mark, host, functional)
        self.layers.append(self.sharing.owned(layer, self.layers))
        return Tensor(len(self.layers) - 1, output)

    def _attributes(
        self, step: LayerStep, here: Here, norm: Kind | None, path: str
    ) -> dict[str, Any]:
        """The values of the layer's attributes.

        Raises:
            UnknownShape: some could not be read; the problems are noted.
        """
        values: dict[str, Any] = {}
        annotations = step.kind.attributes
        is_complete = True
        for name, argument in step.arguments.items():
            try:
                if name == "out" and step is self.classifier:
                    values[name] = self.reader.count(argument, here)
                else:
                    values[name] = self.reader.read(annotations[name], argument, here)
            except ValueProblem as error:
                self.problems.note(error.of_layer(path))
                is_complete = False
        if not is_complete:
            raise UnknownShape
        if norm is not None and "bias" in annotations and "bias" not in values:
            values["bias"] = False
        return values


def called_as(step: LayerStep | JoinStep, here: Here) -> tuple[str | None, str | None]:
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


def _check_inputs(kind: Kind, inputs: tuple[Shape, ...]) -> None:
    """A kind joins several inputs, or reads one.

    Raises:
        ShapeError: there are too few or too many.
    """
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


def _check_output(output: Shape) -> None:
    """Sizes stay within :data:`.limits.SIZE`.

    Raises:
        ShapeError: one does not.
    """
    if any(side > limits.SIZE for side in output):
        raise ShapeError(
            "its output is too large",
            expected=f"sides of at most {limits.SIZE:,}",
            found=shape_text(output),
        )
