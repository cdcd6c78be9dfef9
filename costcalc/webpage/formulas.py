"""The formulas of a page: each printed once, with the layers that cost by it."""

from __future__ import annotations

from costcalc.formulas.algebra import Size
from costcalc.records import NamedTuple
from costcalc.symbolic.explain import LayerExplanation
from costcalc.symbolic.formula import Node, Number
from costcalc.symbolic.notation import Symbol
from costcalc.webpage.mathml import mathml


class PrintedFormula(NamedTuple):
    """A formula, and what its symbols mean."""

    metric: str
    rule: str
    """The convention's rule, in the names of events."""
    symbols: tuple[Symbol, ...]
    mathml: str


class FormulaUse(NamedTuple):
    """A formula at the sizes of a layer."""

    formula: int
    """Its number on the sheet."""
    values: tuple[Size, ...]
    """Of the formula's symbols, in their order."""
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
        """The formulas of a layer's counts, without those that are plain numbers or free."""
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
