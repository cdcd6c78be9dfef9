"""What each layer of a graph costs under a convention."""

from __future__ import annotations

from typing import Any, NamedTuple

from costcalc.costs.convention import Convention
from costcalc.costs.names import LayerNames
from costcalc.costs.rules import METRICS, Rule
from costcalc.errors import ConventionError, Problem
from costcalc.formulas.algebra import Size, quotient
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.spec.numbers import ExpressionError


class LayerCost(NamedTuple):
    """A layer and its cost, in the convention's unit; nothing for what no convention counts."""

    layer: Layer
    mult_adds: Size
    params: Size
    is_free: bool
    """Whether the convention counts neither."""


def count(graph: LayerGraph, convention: Convention) -> tuple[LayerCost, ...]:
    """The cost of every layer, in the graph's order.

    Raises:
        ConventionError: the convention does not define some layer's kind, or its
            rule has no value there.
    """
    rules = _rules(graph, convention)
    costs = []
    for layer in graph.layers:
        if not layer.kind.is_counted:
            costs.append(LayerCost(layer, 0, 0, False))
            continue
        mult_adds, params = rules[layer.kind.name]
        if mult_adds.expression is None and params.expression is None:
            costs.append(LayerCost(layer, 0, 0, True))
            continue
        first = layer.inputs[0] if layer.inputs else NETWORK_INPUT
        names = LayerNames(layer, graph.layers[first] if first != NETWORK_INPUT else None)
        weighed = _weigh(mult_adds, names, convention)
        if convention.factor != convention.divisor:
            weighed = quotient(weighed * convention.factor, convention.divisor)
        learned = 0 if layer.shares is not None else _weigh(params, names, convention)
        costs.append(LayerCost(layer, weighed, learned, False))
    return tuple(costs)


def _rules(graph: LayerGraph, convention: Convention) -> dict[str, tuple[Rule, ...]]:
    """The rules for every kind of the graph, in the order of the metrics.

    Raises:
        ConventionError: the convention does not define some of them; all are named.
    """
    rules: dict[str, tuple[Rule, ...]] = {}
    undefined = []
    for layer in graph.layers:
        name = layer.kind.name
        if name in rules or not layer.kind.is_counted:
            continue
        found = []
        for metric in METRICS:
            try:
                found.append(convention.rule(metric, layer.kind))
            except ConventionError as error:
                undefined += [
                    problem._replace(found=f"layer '{layer.name}'") for problem in error.problems
                ]
        rules[name] = tuple(found)
    if undefined:
        raise ConventionError(undefined)
    return rules


def _weigh(rule: Rule, names: LayerNames, convention: Convention) -> Any:
    """What a rule gives at a layer.

    Raises:
        ConventionError: it divides by zero there, or gives no number.
    """
    if rule.expression is None:
        return 0
    try:
        value = rule.expression.evaluate(names)
        if not isinstance(value, str | bool | tuple | None):
            return value
        reason = "it gives no number"
    except ZeroDivisionError:
        reason = "it divides by zero"
    except ExpressionError as error:
        reason = error.message
    except (AttributeError, IndexError):
        reason = "it speaks of a window or of an input, and the layer has none"
    raise ConventionError(
        [
            Problem(
                rule.expression.mark,
                f"convention '{convention.name}' has no value for layer '{names.layer.name}': "
                + reason,
                found=f"'{rule.text}'",
                hint=f"a rule for '{names.layer.kind.name}' of its own",
            )
        ]
    )
