"""One layer's cost written out: the formula, the numbers in it, the result.

The layer's events and the convention's rule are computed once more, over numbers
that keep their formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from costcalc.costs.count import LayerCost, count
from costcalc.costs.rules import COUNTS, UNITS, Convention
from costcalc.errors import did_you_mean, refuse
from costcalc.formulas import algebra
from costcalc.formulas.algebra import product
from costcalc.graph.layer import Layer, LayerGraph
from costcalc.graph.layouts import channel_axes
from costcalc.kinds.base import Shape
from costcalc.kinds.naming import is_depthwise, type_name
from costcalc.names import paths
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, number, ratio
from costcalc.render.page import Column, Equations, Page, Row, Table
from costcalc.reporting.phrases import at_settings
from costcalc.symbolic.formula import (
    ASCII,
    LATEX,
    Name,
    Node,
    Number,
    Style,
    names,
    prose,
    spellings,
    substituted,
    written,
)
from costcalc.symbolic.formula_number import FormulaNumber, formula
from costcalc.symbolic.notation import Symbol, title


class ExplainedCount(NamedTuple):
    """One count of a layer, from rule to result."""

    metric: str
    rule: str
    """The convention's rule, in the names of events; ``free`` if it counts nothing."""
    formula: Node
    numbers: Node
    """The formula with each symbol replaced by its value."""
    value: int


class LayerExplanation(NamedTuple):
    """A layer's cost, written out."""

    name: str
    type: str
    is_free: bool
    shares: str | None
    """The layer whose params it shares; they are counted there."""
    symbols: tuple[tuple[Symbol, Any], ...]
    """The symbols in its formulas and their values."""
    steps: tuple[ExplainedCount, ...]
    """Empty for a layer that costcalc cannot count."""

    @property
    def counted(self) -> list[ExplainedCount]:
        """The counts that are not free."""
        return [step for step in self.steps if step.rule != "free"]

    @property
    def remark(self) -> str:
        """What follows its type: that it is free, or whose params it has."""
        if self.is_free:
            return ", which the convention declares free"
        return f", whose params are those of {self.shares}" if self.shares else ""


@dataclass(frozen=True, repr=False)
class Explanation(Answer):
    """The cost of a layer, or of a block as the sum of its layers."""

    network: str
    name: str
    block: str | None
    """The kind of block, or None for a layer."""
    convention: str
    unit: str
    parameters: Mapping[str, Any]
    layers: tuple[LayerExplanation, ...]
    kinds: frozenset[str]
    """The names of the network's layer kinds."""

    def total(self, metric: str) -> int:
        """The sum of the layers' costs."""
        return sum(
            step.value for layer in self.layers for step in layer.steps if step.metric == metric
        )

    def page(self) -> Page:
        """Each layer's symbols and counts, then the sum if it is a block."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """The JSON object described in docs/formulas.md."""
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "convention": self.convention,
            "unit": self.unit,
            "parameters": {name: number(value) for name, value in self.parameters.items()},
            "explained": self.name,
            "block": self.block,
            "totals": {metric: self.total(metric) for metric in ("params", "mult_adds")},
            "layers": [_layer_data(layer) for layer in self.layers],
        }


def explain(graph: LayerGraph, layer: str, convention: Convention) -> Explanation:
    """How a layer's params and mult-adds are computed.

    Args:
        graph: the network.
        layer: a layer's name or a block's path, as in the report.
        convention: how its costs are counted.

    Raises:
        CostcalcError: the network has no such layer, or the convention lacks a rule.
    """
    chosen = _chosen(graph, layer)
    is_block = layer not in (other.name for other in graph.layers)
    return Explanation(
        network=graph.name,
        name=layer,
        block=graph.blocks.get(layer, "block") if is_block else None,
        convention=convention.name,
        unit=UNITS[convention.unit].title,
        parameters=graph.parameters,
        layers=explained_layers(graph, chosen, convention),
        kinds=frozenset(layer.kind.name for layer in graph.layers),
    )


def explained_layers(
    graph: LayerGraph, chosen: Iterable[int], convention: Convention
) -> tuple[LayerExplanation, ...]:
    """How the params and mult-adds of some layers are computed.

    Sizes may be numbers of another algebra, in which the values are then.

    Raises:
        ConventionError: the convention lacks a rule.
    """
    axes = channel_axes(graph)
    symbolic = {index: _SymbolicLayer(graph.layers[index], index, axes) for index in chosen}
    layers = tuple(
        symbolic[index].layer if index in symbolic else layer
        for index, layer in enumerate(graph.layers)
    )
    costs = count(graph._replace(layers=layers), convention)
    return tuple(
        _explained(each, costs[index], graph, convention) for index, each in symbolic.items()
    )


def _chosen(graph: LayerGraph, name: str) -> list[int]:
    """The indices of the layer of that name, or of the layers in that block.

    Raises:
        SpecError: there is neither.
    """
    exact = [index for index, layer in enumerate(graph.layers) if layer.name == name]
    if exact:
        return exact
    inside = [
        index for index, layer in enumerate(graph.layers) if layer.name.startswith(f"{name}/")
    ]
    if inside:
        return inside
    layers = [layer.name for layer in graph.layers]
    blocks = {block for layer in layers for block in paths(layer)}
    refuse(
        None,
        f"{graph.name} has no layer '{name}'",
        expected="a layer or a block, as the report names it",
        hint=did_you_mean(name, [*layers, *blocks]) or f"one of {', '.join(layers[:5])}, ...",
    )


def _explained(
    symbolic: _SymbolicLayer, cost: LayerCost, graph: LayerGraph, convention: Convention
) -> LayerExplanation:
    layer = symbolic.plain
    steps = []
    for metric in COUNTS if layer.kind.is_counted else ():
        total = getattr(cost, metric)
        node = formula(total)
        steps.append(
            ExplainedCount(
                metric=metric,
                rule="free: it computes on stored numbers alone"
                if cost.is_of_weights and metric == "mult_adds"
                else convention.rule(metric, layer.kind).text,
                formula=node,
                numbers=substituted(node, symbolic.values),
                value=total.value if isinstance(total, FormulaNumber) else total,
            )
        )
    used = frozenset(name for step in steps for name in names(step.formula))
    return LayerExplanation(
        name=layer.name,
        type=type_name(layer.kind, layer.operation, layer.input_shapes),
        is_free=cost.is_free,
        shares=graph.layers[layer.shares].name if layer.shares is not None else None,
        symbols=tuple(
            (symbol, symbolic.values[name])
            for name, symbol in symbolic.symbols.items()
            if name in used
        ),
        steps=tuple(steps),
    )


class _SymbolicLayer:
    """A layer with symbols for its sizes.

    Attributes:
        plain: the layer itself.
        layer: the layer over formula numbers.
        symbols: the symbols by name.
        values: their values by name.
    """

    def __init__(self, layer: Layer, index: int, axes: Mapping[int, int]) -> None:
        self.plain = layer
        self.symbols: dict[str, Symbol] = {}
        self.values: dict[str, Any] = {}
        operation: Any = layer.operation
        changed = {
            name: self._attribute(name, getattr(operation, name))
            for name in layer.kind.attributes
            if name in _ATTRIBUTES
        }
        inputs, output = self._shapes(layer, index, axes)
        if is_depthwise(layer.kind, layer.operation, layer.input_shapes):
            changed["groups"] = inputs[0][0]
            if layer.output[0] == layer.input_shapes[0][0]:
                output = (inputs[0][0], *output[1:])
        self.layer = layer.computing(
            operation=operation._replace(**changed), input_shapes=inputs, output=output
        )

    def _shapes(
        self, layer: Layer, index: int, axes: Mapping[int, int]
    ) -> tuple[tuple[Shape, ...], Shape]:
        """The shapes of a layer's inputs and output in symbols."""
        if layer.kind.name == "attention":
            return self._attention(layer)
        tensors = (*zip(layer.input_shapes, layer.inputs, strict=True), (layer.output, index))
        if all(axes.get(tensor) == len(shape) - 1 for shape, tensor in tensors):
            shapes = [shape for shape, _ in tensors]
            if _are_tokens(shapes):
                *read, output = self._tokens(shapes)
                return tuple(read), output
        inputs = tuple(
            self._shape(shape, "M", "I", f"input {n + 1}" if n else "input", n, axes.get(source, 0))
            for n, (shape, source) in enumerate(zip(layer.input_shapes, layer.inputs, strict=True))
        )
        return inputs, self._shape(layer.output, "N", "F", "output", 0, axes.get(index, 0))

    def _tokens(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Matrices of tokens in the symbols of Vaswani et al.: n rows of width d, in G groups.

        Args:
            shapes: those of the inputs, and the output's.
        """
        places = [("in", "input")]
        places += [(f"in{number}", f"input {number}") for number in range(2, len(shapes))]
        places.append(("out", "output"))
        sides = []
        for axis, (symbol, what, alone) in enumerate(_OF_TOKENS[len(shapes[0])]):
            values = [shape[axis] for shape in shapes]
            if _are_equal(values):
                sides.append([self._side(symbol, value, alone) for value in values])
                continue
            sides.append(
                [
                    self._side(f"{symbol}_{place}", value, f"{what} of the {words}")
                    for (place, words), value in zip(places, values, strict=True)
                ]
            )
        return [tuple(shape) for shape in zip(*sides, strict=True)]

    def _attention(self, layer: Layer) -> tuple[tuple[Shape, ...], Shape]:
        """The shapes of an attention in the symbols of Vaswani et al.: n tokens, h heads.

        Heads that all have one width are parts of tokens of width d; others have queries
        and keys of width d_k, values of width d_v.  Tokens that attend only to those of
        their own group, such as a window, are in G groups.
        """
        (*groups, heads), (n, width) = layer.output[:-2] or (1,), layer.output[-2:]
        keys = layer.input_shapes[1]
        of_group = " of a group" if groups else ""
        h = self._side("h", heads, "heads")
        tokens = self._side("n", n, f"tokens{of_group}")
        others = tokens if keys[-2] == n else self._side("m", keys[-2], f"keys{of_group}")
        if keys[-1] == width:
            d = self._symbol("d", heads * width, "width of the tokens")
            d_k = d_v = algebra.quotient(d, h)
        else:
            d_k = self._symbol("d_k", keys[-1], "width of a head's queries and keys")
            d_v = self._symbol("d_v", width, "width of a head's values")
        count = self._side("G", product(groups), "groups of tokens")
        stack = (*([count] if groups else []), *([h] if layer.output[:-2] else []))
        inputs = ((*stack, tokens, d_k), (*stack, others, d_k), (*stack, others, d_v))
        return (*inputs, *layer.input_shapes[3:]), (*stack, tokens, d_v)

    def _shape(
        self,
        shape: Shape,
        channels: str,
        side: str,
        of: str,
        index: int,
        axis: int = 0,
        *,
        are_tokens: bool = False,
    ) -> Shape:
        """A shape in symbols, its channels at ``axis``.

        Sides of 1, which vanish in a product, stay numbers.
        """
        if not shape:
            return ()
        if axis:
            channels_first = (shape[axis], *shape[:axis], *shape[axis + 1 :])
            new, *others = self._shape(
                channels_first, channels, side, of, index, are_tokens=len(shape) == 2
            )
            return (*others[:axis], new, *others[axis:])
        number = str(index + 1) if index else ""
        latex = f"{channels}_{number}" if number else channels
        first = self._symbol(f"{channels}{number}", shape[0], f"{of} channels", latex)
        sides = shape[1:]
        if _are_equal(sides) and not are_tokens:
            common = self._side(f"D_{side}{number}", sides[0], f"side of the {of}")
            return (first, *(common for _ in sides))
        names = [(f"D{n}", f"side {n}") for n in range(1, len(sides) + 1)]
        if are_tokens and len(sides) == 1:
            names = [("L", "tokens")]
        elif len(sides) == 2 and not are_tokens:
            names = [("H", "height"), ("W", "width")]
        return (
            first,
            *(
                self._side(f"{letter}_{side}{number}", value, f"{word} of the {of}")
                for (letter, word), value in zip(names, sides, strict=True)
            ),
        )

    def _side(self, name: str, value: Any, meaning: str) -> Any:
        return value if _is_one(value) else self._symbol(name, value, meaning)

    def _attribute(self, name: str, value: Any) -> Any:
        """An attribute in symbols; 1 and None stay as they are."""
        symbol, meaning = _ATTRIBUTES[name]
        if isinstance(value, tuple):
            if _are_equal(value):
                return (self._attribute(name, value[0]),) * len(value)
            return tuple(
                self._side(f"{symbol}{n + 1}", side, f"{meaning}, axis {n + 1}")
                for n, side in enumerate(value)
            )
        if value is None or _is_one(value):
            return value
        return self._symbol(symbol, value, meaning)

    def _symbol(self, name: str, value: Any, meaning: str, latex: str = "") -> FormulaNumber:
        latex = latex or name
        stem, _, index = latex.partition("_")
        node = Name(name, name, name, f"{stem}_{{{index}}}" if len(index) > 1 else latex)
        self.symbols[name] = Symbol(node, meaning)
        self.values[name] = value
        return FormulaNumber(node, value)


def _is_one(value: Any) -> bool:
    """Whether a size is 1 at all settings."""
    return isinstance(value, int) and value == 1


def _are_equal(sizes: Sequence[Any]) -> bool:
    """Whether there are sizes, and all are the same."""
    return bool(sizes) and all(size == sizes[0] for size in sizes[1:])


_WIDTH = ("d", "width", "width of the tokens")
_OF_TOKENS = {
    2: (("n", "tokens", "tokens"), _WIDTH),
    3: (
        ("G", "groups of tokens", "groups of tokens"),
        ("n", "tokens of a group", "tokens of a group"),
        _WIDTH,
    ),
}
"""Tokens, and those in groups: symbols of their axes, what they are of one tensor and of all."""


def _are_tokens(shapes: Sequence[Shape]) -> bool:
    """Whether tensors whose channels are last are tokens, and not a map, which is mostly square."""
    (axes, *others) = {len(shape) for shape in shapes}
    if others or axes not in _OF_TOKENS:
        return False
    return axes == 2 or any(shape[0] != shape[1] for shape in shapes)


_ATTRIBUTES = {
    "kernel": ("D_K", "side of the kernel"),
    "groups": ("g", "groups"),
    "size": ("n", "size"),
    "hidden": ("d", "hidden units"),
    "rows": ("V", "rows of the table"),
}
"""The attributes that formulas use: their symbols and meanings."""


def _page(explanation: Explanation) -> Page:
    def paragraphs(style: Style) -> Iterator[str]:
        settings = at_settings(explanation.parameters, explanation.kinds)
        if settings:
            yield settings
        for layer in explanation.layers:
            yield _layer_text(layer, explanation, style)
        if explanation.block is not None:
            yield _sum_text(explanation)

    what = f" ({explanation.block})" if explanation.block else ""
    title = f"{explanation.name}{what} of {explanation.network}, "
    title += f"convention {explanation.convention}"
    text = prose(paragraphs, _latex(explanation))
    return Page(title, (), (), listing=_table(explanation), prose=text)


def _table(explanation: Explanation) -> Table:
    """One row per count of a layer, for scripts."""
    keys = ("layer", "type", "metric", "rule", "formula", "numbers", "value")
    rows = tuple(
        Row(
            (
                layer.name,
                layer.type,
                step.metric,
                step.rule,
                written(step.formula, ASCII),
                written(step.numbers, ASCII),
                step.value,
            )
        )
        for layer in explanation.layers
        for step in layer.steps
    )
    return Table("Counts", tuple(Column(key, key) for key in keys), rows)


def _latex(explanation: Explanation) -> Iterator[str | Equations]:
    """Each layer's name, followed by its equations if it costs anything."""
    yield from at_settings(explanation.parameters, explanation.kinds).splitlines()
    for layer in explanation.layers:
        lines = []
        for step in layer.counted:
            label = rf"\text{{{title(step.metric, explanation.unit)}}}"
            for left, node in ((label, step.formula), ("", step.numbers)):
                lines.append(f"{left} &= {written(node, LATEX)}")
            if not isinstance(step.numbers, Number):
                lines.append(f" &= {step.value}")
        yield f"{layer.name} ({layer.type}){layer.remark}"
        if lines:
            yield Equations(tuple(lines))


def _layer_text(layer: LayerExplanation, explanation: Explanation, style: Style) -> str:
    lines = [f"{layer.name}: {layer.type}{layer.remark}"]
    width = max((len(symbol.name.name) for symbol, _ in layer.symbols), default=0)
    digits = max((len(counted(value)) for _, value in layer.symbols), default=0)
    for symbol, value in layer.symbols:
        lines.append(
            f"  {style.name(symbol.name):<{width}} = {counted(value):>{digits}}  {symbol.meaning}"
        )
    for step in layer.counted:
        label = title(step.metric, explanation.unit)
        lines.append(f"  {label:<9} = {step.rule}")
        shown = [written(step.formula, style), written(step.numbers, style)]
        if isinstance(step.numbers, Number):
            shown = []
        lines += [f"  {'':<9} = {text}" for text in dict.fromkeys([*shown, counted(step.value)])]
    return "\n".join(lines)


def _sum_text(explanation: Explanation) -> str:
    """The block's totals as sums over the layers that cost anything."""
    lines = ["together:"]
    for metric in ("mult_adds", "params"):
        steps = [
            step for layer in explanation.layers for step in layer.steps if step.metric == metric
        ]
        terms = " + ".join(counted(step.value) for step in steps if step.value) or "0"
        label = title(metric, explanation.unit)
        total = counted(explanation.total(metric))
        lines.append(f"  {label:<9} = {terms}")
        if terms != total:
            lines.append(f"  {'':<9} = {total}")
    unknown = [layer.name for layer in explanation.layers if not layer.steps]
    if unknown:
        lines.append(f"  not counted: {', '.join(unknown)}")
    return "\n".join(lines)


def _layer_data(layer: LayerExplanation) -> dict[str, Any]:
    return {
        "name": layer.name,
        "type": layer.type,
        "free": layer.is_free,
        "shares": layer.shares,
        "symbols": [
            {"name": symbol.name.name, "meaning": symbol.meaning, "value": ratio(value)}
            for symbol, value in layer.symbols
        ],
        **{
            step.metric: {
                "rule": step.rule,
                **spellings(step.formula),
                "numbers": written(step.numbers, ASCII),
                "value": step.value,
            }
            for step in layer.steps
        },
    }
