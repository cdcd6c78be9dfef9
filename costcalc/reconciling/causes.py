"""The difference between two conventions, split into causes that add up to it exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from costcalc.costs.count import LayerCost
from costcalc.costs.names import SIZES
from costcalc.costs.rules import UNITS, Convention
from costcalc.graph.layer import Layer
from costcalc.kinds.base import MATRICES, Events


class Cause(NamedTuple):
    """One reason why a convention counts more, or less, than another."""

    what: str
    """Layers of one kind, biases, or the unit."""
    each: str
    """How much each of them makes: ``4 per element``; empty where ``what`` says it."""
    layers: int
    difference: Any


class _Measure(NamedTuple):
    """A size of a layer that a difference may be a multiple of."""

    each: str
    size: Callable[[Layer, Events], Any]


def _n_in(layer: Layer) -> Any:
    return SIZES["n_in"].compute(layer, None)


def _n_out(layer: Layer) -> Any:
    return SIZES["n_out"].compute(layer, None)


def _both(layer: Layer) -> Any:
    """Inputs and outputs together, where their numbers differ."""
    inputs, outputs = _n_in(layer), _n_out(layer)
    return inputs + outputs if inputs != outputs else 0


_MEASURES = {
    "mult_adds": (
        _Measure("per element", lambda layer, events: _n_out(layer)),
        _Measure("per input element", lambda layer, events: _n_in(layer)),
        _Measure("per input and output element", lambda layer, events: _both(layer)),
        _Measure("for each of its params", lambda layer, events: events.norm_params),
        _Measure("for each of its params", lambda layer, events: events.other_params),
    ),
    "params": (
        _Measure("gamma and beta", lambda layer, events: events.norm_params),
        _Measure("running mean and variance", lambda layer, events: events.buffers),
        _Measure(
            "gamma, beta, running mean and variance",
            lambda layer, events: events.norm_params + events.buffers,
        ),
        _Measure("slopes", lambda layer, events: events.other_params),
        _Measure("weights", lambda layer, events: events.weights),
        _Measure("weights and biases", lambda layer, events: events.weights + events.biases),
    ),
}

_BIASES: dict[str, Callable[[Events], Any]] = {
    "mult_adds": lambda events: events.additions,
    "params": lambda events: events.biases,
}


def causes(
    metric: str,
    before: tuple[Convention, Sequence[LayerCost]],
    after: tuple[Convention, Sequence[LayerCost]],
) -> tuple[Cause, ...]:
    """What makes the second count of a network differ from the first, the largest first.

    The differences of all causes add up to that of the totals.  Where the units
    differ, the first count is converted, and the conversion is a cause of its own.
    """
    (first, first_costs), (second, second_costs) = before, after
    factor = _factor(first, second) if metric == "mult_adds" else Fraction(1)
    parts = [] if factor == 1 else [_unit(factor, [getattr(cost, metric) for cost in first_costs])]
    groups: dict[str, list[tuple[Layer, Events, Any]]] = {}
    for one, other in zip(first_costs, second_costs, strict=True):
        difference = getattr(other, metric) - factor * getattr(one, metric)
        if difference:
            layer = one.layer
            events = layer.events()
            groups.setdefault(_what(metric, layer, events, difference), []).append(
                (layer, events, difference)
            )
    for what, members in groups.items():
        each = "" if what == "biases" else _each(metric, members, first, second)
        total = sum(difference for _, _, difference in members)
        parts.append(Cause(what, each, len(members), _whole(total)))
    return tuple(sorted(parts, key=lambda cause: -abs(cause.difference)))


def unseen(
    convention: Convention, costs: Sequence[LayerCost], as_modules: Sequence[LayerCost]
) -> Iterator[str]:
    """What the convention would count more if the implementation used modules, in words."""
    groups: dict[tuple[str, str], Any] = {}
    for cost, module in zip(costs, as_modules, strict=True):
        more = module.mult_adds - cost.mult_adds
        if more:
            key = (cost.layer.kind.title, cost.layer.functional or "")
            groups[key] = groups.get(key, 0) + more
    for (title, called), more in groups.items():
        yield (
            f"{convention.name}: {title} is {_article(called)} here; "
            f"as a module it would count {abs(more):,} {'more' if more > 0 else 'less'}."
        )


def _article(called: str) -> str:
    return "an operator or a method" if called == "operator" else f"a {called}"


def _factor(first: Convention, second: Convention) -> Fraction:
    return Fraction(UNITS[second.unit].operations, UNITS[first.unit].operations)


def _unit(factor: Fraction, counts: Sequence[Any]) -> Cause:
    what = (
        f"{factor} operations for each multiply-accumulate"
        if factor > 1
        else f"one multiply-accumulate for {1 / factor} operations"
    )
    difference = _whole((factor - 1) * sum(counts))
    return Cause(what, "", sum(1 for count in counts if count), difference)


def _what(metric: str, layer: Layer, events: Events, difference: Any) -> str:
    """The group that a layer's difference belongs to."""
    if layer.kind.family in MATRICES and abs(difference) == _BIASES[metric](events):
        return "biases"
    if layer.functional is None:
        return layer.kind.title
    return f"{layer.kind.title}, {_article(layer.functional)}"


def _each(
    metric: str,
    members: Sequence[tuple[Layer, Events, Any]],
    first: Convention,
    second: Convention,
) -> str:
    """How much each layer of a group makes; the rules themselves where nothing simpler is true."""
    exact = []
    for measure in _MEASURES[metric]:
        sizes = [measure.size(layer, events) for layer, events, _ in members]
        if not all(sizes):
            continue
        ratios = {abs(Fraction(d) / size) for (_, _, d), size in zip(members, sizes, strict=True)}
        ratio = ratios.pop()
        if not ratios and ratio.denominator == 1:
            exact.append((ratio, measure.each))
    if exact:
        ratio, each = min(exact, key=lambda pair: pair[0])
        return each if metric == "params" and ratio == 1 else f"{ratio} {each}"
    kind = members[0][0].kind
    rules = [convention.rule(metric, kind).text for convention in (first, second)]
    return rules[1] if rules[0] == "free" else f"{rules[1]} instead of {rules[0]}"


def _whole(value: Any) -> Any:
    fraction = Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else fraction
