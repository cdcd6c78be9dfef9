"""The formulas of a page: each worked out and printed once, for all layers that share it.

Layers whose shapes and attributes are the same symbols share a formula, unless the formula
depends on the values of the symbols; then each layer has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from costcalc.costs.convention import Convention
from costcalc.costs.count import LayerCost, layer_cost, rules_by_kind
from costcalc.costs.names import LayerNames
from costcalc.costs.rules import Rule
from costcalc.formulas.algebra import Size
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.records import NamedTuple
from costcalc.symbolic.explain import LayerExplanation, explained, explained_layers
from costcalc.symbolic.formula import Node, Number
from costcalc.symbolic.formula_number import UNKNOWN, FormulaNumber, NoFormulaError, formula
from costcalc.symbolic.notation import Symbol
from costcalc.symbolic.symbolic_layer import SymbolicLayer
from costcalc.tape.number import TapeNumber
from costcalc.webpage.mathml import mathml

_Formulas: TypeAlias = tuple[Node, Node]
"""Of mult-adds and of params."""


class FormulaBook:
    """The formulas of a convention, for layers over numbers of a tape."""

    def __init__(self, convention: Convention) -> None:
        self.convention = convention
        self._known: dict[tuple[Any, ...], _Formulas | None] = {}
        """By all that a formula depends on; None if it also depends on values."""

    def explained(
        self, graph: LayerGraph, costs: Sequence[LayerCost], axes: Mapping[int, int]
    ) -> Mapping[str, LayerExplanation]:
        """The explanations of the layers that the convention counts, by their names.

        A layer whose formula would hold numbers of the tape is left out.

        Args:
            graph: a network.
            costs: the cost of each of its layers.
            axes: the axis of each tensor's channels.
        """
        rules = rules_by_kind(graph, self.convention)
        found = {}
        for index, cost in enumerate(costs):
            layer = graph.layers[index]
            if cost.is_free or not layer.kind.is_counted:
                continue
            symbolic = SymbolicLayer(layer, index, axes)
            first = layer.inputs[0] if layer.inputs else NETWORK_INPUT
            before = graph.layers[first] if first != NETWORK_INPUT else None
            formulas = self._formulas(symbolic, before, cost, rules)
            if formulas is None:
                # What no symbol stands for is a number in a formula: none of the tape's is.
                with suppress(NoFormulaError):
                    (found[layer.name],) = explained_layers(graph, [index], self.convention)
            else:
                found[layer.name] = explained(symbolic, formulas, cost, graph, self.convention)
        return found

    def _formulas(
        self,
        symbolic: SymbolicLayer,
        before: Layer | None,
        cost: LayerCost,
        rules: Mapping[str, tuple[Rule, ...]],
    ) -> _Formulas | None:
        """The formulas of a layer, if all layers with its symbols share them."""
        layer = symbolic.layer
        if layer.borrows:
            return None
        key = (
            layer.kind.name,
            _replaced(tuple(_attributes(layer)), _name),
            _replaced((layer.input_shapes, layer.output), _name),
            before and (before.kind.name, getattr(before.operation, "bias", None)),
            layer.functional,
            cost.is_of_weights,
            layer.shares is not None,
        )
        if key not in self._known:
            self._known[key] = self._worked_out(layer, before, cost, rules)
        return self._known[key]

    def _worked_out(
        self,
        layer: Layer,
        before: Layer | None,
        cost: LayerCost,
        rules: Mapping[str, tuple[Rule, ...]],
    ) -> _Formulas | None:
        unvalued = layer.computing(
            operation=_replaced(_attributes(layer), _unvalued),
            input_shapes=_replaced(layer.input_shapes, _unvalued),
            output=_replaced(layer.output, _unvalued),
        )
        try:
            operations, params, _ = layer_cost(LayerNames(unvalued, before), rules, self.convention)
            return (
                Number(0) if cost.is_of_weights else formula(operations),
                Number(0) if layer.shares is not None else formula(params),
            )
        except NoFormulaError:
            return None


def _attributes(layer: Layer) -> Any:
    """A layer's attributes without its width, which formulas take from the output's shape."""
    operation: Any = layer.operation
    width = layer.kind.width
    if not width or isinstance(getattr(operation, width), FormulaNumber):
        return operation
    return operation._replace(**{width: UNKNOWN})


def _replaced(value: Any, replace: Callable[[Any], Any]) -> Any:
    """A value with all numbers in it replaced; tuples keep their class."""
    if not isinstance(value, tuple):
        return replace(value)
    parts = [_replaced(part, replace) for part in value]
    return value._make(parts) if hasattr(value, "_make") else tuple(parts)


def _name(value: Any) -> Any:
    """The part of a number that formulas depend on: its symbol, or its value if it has none."""
    if isinstance(value, FormulaNumber):
        return value.node
    return None if value is UNKNOWN or isinstance(value, TapeNumber) else value


def _unvalued(value: Any) -> Any:
    """A number without the values that a formula must not depend on."""
    if isinstance(value, FormulaNumber):
        return FormulaNumber(value.node, UNKNOWN)
    return UNKNOWN if isinstance(value, TapeNumber) else value


class PrintedFormula(NamedTuple):
    """A formula and the meaning of its symbols."""

    metric: str
    rule: str
    """The convention's rule, in the names of events."""
    symbols: tuple[Symbol, ...]
    mathml: str


class FormulaUse(NamedTuple):
    """A formula with the numbers of a layer."""

    formula: int
    """The formula's number on the sheet."""
    values: tuple[Size, ...]
    """The values of the formula's symbols, in their order."""
    value: Size
    """The result."""


class FormulaSheet:
    """The formulas of some layers.

    Attributes:
        formulas: in the order in which they were first used.
    """

    def __init__(self) -> None:
        self.formulas: list[PrintedFormula] = []
        self._numbers: dict[tuple[str, str, tuple[Symbol, ...], Node], int] = {}

    def uses(self, layer: LayerExplanation) -> tuple[FormulaUse, ...]:
        """The formulas of a layer's counts, except plain numbers."""
        return tuple(
            FormulaUse(
                self._number(step.metric, step.rule, layer, step.formula),
                tuple(value for _, value in layer.symbols),
                step.value,
            )
            for step in layer.counted
            if not isinstance(step.formula, Number)
        )

    def _number(self, metric: str, rule: str, layer: LayerExplanation, node: Node) -> int:
        symbols = tuple(symbol for symbol, _ in layer.symbols)
        key = (metric, rule, symbols, node)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.formulas)
            self.formulas.append(PrintedFormula(metric, rule, symbols, mathml(node)))
        return number
