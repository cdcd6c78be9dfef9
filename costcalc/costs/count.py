"""What each layer of a graph costs under a convention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from costcalc.costs.convention import Convention
from costcalc.costs.names import LayerNames
from costcalc.costs.rules import COUNTS, Rule
from costcalc.errors import ConventionError, refuse
from costcalc.formulas.algebra import Size, quotient
from costcalc.graph.layer import NETWORK_INPUT, Computation, Layer, LayerGraph
from costcalc.records import NamedTuple
from costcalc.spec.numbers import ExpressionError, is_number


class LayerCost(NamedTuple):
    """A layer and its cost, in the convention's unit; 0 for a layer unknown to costcalc."""

    layer: Layer
    mult_adds: Size
    params: Size
    is_free: bool
    """Whether the convention counts neither."""
    is_of_weights: bool = False
    """Whether it computes on stored numbers alone, which the convention does not count."""


_Cost: TypeAlias = tuple[Size, Size, bool]


def count(graph: LayerGraph, convention: Convention) -> tuple[LayerCost, ...]:
    """The cost of every layer, in the graph's order.

    Raises:
        ConventionError: the convention does not define some layer's kind, or its
            rule has no value there.
    """
    rules = rules_by_kind(graph, convention)
    alone = graph.weights_alone if convention.weights_alone == "free" else frozenset()
    counted: dict[tuple[Computation, Computation | None, str | None], _Cost] = {}
    costs = []
    for index, layer in enumerate(graph.layers):
        first = layer.inputs[0] if layer.inputs else NETWORK_INPUT
        before = graph.layers[first] if first != NETWORK_INPUT else None
        key = (layer.computation, before.computation if before else None, layer.functional)
        cost = counted.get(key)
        if cost is None or layer.borrows:
            cost = layer_cost(LayerNames(layer, before), rules, convention)
            if not layer.borrows:
                counted[key] = cost
        mult_adds, params, is_free = cost
        own_params = 0 if layer.shares is not None else params
        if index in alone and layer.inputs and layer.kind.is_counted:
            costs.append(LayerCost(layer, 0, own_params, is_free or not layer.is_learned, True))
        else:
            costs.append(LayerCost(layer, mult_adds, own_params, is_free))
    return tuple(costs)


def layer_cost(
    names: LayerNames, rules: Mapping[str, tuple[Rule, ...]], convention: Convention
) -> _Cost:
    """Mult-adds and params of a layer, its own or shared, and whether both are free.

    Raises:
        ConventionError: a rule has no value there.
    """
    kind = names.layer.kind
    if not kind.is_counted:
        return 0, 0, False
    mult_adds, params = rules[kind.name]
    is_free = mult_adds.expression is None and params.expression is None
    operations = _value(mult_adds, names, convention)
    if convention.factor != convention.divisor:
        operations = quotient(operations * convention.factor, convention.divisor)
    return operations, _value(params, names, convention), is_free


def rules_by_kind(graph: LayerGraph, convention: Convention) -> dict[str, tuple[Rule, ...]]:
    """The rules for every kind of the graph, in the order of the metrics.

    Raises:
        ConventionError: with every kind that the convention does not define.
    """
    rules: dict[str, tuple[Rule, ...]] = {}
    undefined = []
    for layer in graph.layers:
        name = layer.kind.name
        if name in rules or not layer.kind.is_counted:
            continue
        kind_rules = []
        for metric in COUNTS:
            try:
                kind_rules.append(convention.rule(metric, layer.kind))
            except ConventionError as error:
                undefined += [
                    problem._replace(found=f"layer '{layer.name}'") for problem in error.problems
                ]
        rules[name] = tuple(kind_rules)
    if undefined:
        raise ConventionError(undefined)
    return rules


def _value(rule: Rule, names: LayerNames, convention: Convention) -> Any:
    """The value of a rule at a layer.

    Raises:
        ConventionError: it divides by zero there, or is not a number.
    """
    if rule.expression is None:
        return 0
    try:
        value = rule.expression.evaluate(names)
        if is_number(value):
            return value
        reason = "it is not a number"
    except ZeroDivisionError:
        reason = "it divides by zero"
    except ExpressionError as error:
        reason = error.message
    except (AttributeError, IndexError):
        reason = "it uses a window or an input that the layer does not have"
    refuse(
        rule.expression.mark,
        f"convention '{convention.name}' has no value for layer '{names.layer.name}': {reason}",
        found=f"'{rule.text}'",
        hint=f"a rule for '{names.layer.kind.name}' of its own",
        error=ConventionError,
    )
