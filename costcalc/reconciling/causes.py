"""The difference between two conventions, split into causes that add up to it exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from costcalc.costs.count import LayerCost
from costcalc.costs.names import SIZES
from costcalc.costs.rules import UNITS, Convention
from costcalc.formulas.algebra import whole
from costcalc.graph.layer import Layer
from costcalc.kinds.base import MATRICES, Events


class Cause(NamedTuple):
    """One reason why a convention counts more or less than another."""

    what: str
    """Layers of a kind, biases, or the unit."""
    each: str
    """How much each layer contributes: ``4 per element``; empty if ``what`` says it."""
    layers: int
    difference: Any


class _Measure(NamedTuple):
    """A size of a layer that a difference may be a multiple of."""

    words: str
    size: Callable[[Layer, Events], Any]


def _n_in(layer: Layer) -> Any:
    return SIZES["n_in"].compute(layer, None)


def _n_out(layer: Layer) -> Any:
    return SIZES["n_out"].compute(layer, None)


def _n_in_and_out(layer: Layer) -> Any:
    """Input and output elements together; 0 if there are as many of each."""
    inputs, outputs = _n_in(layer), _n_out(layer)
    return inputs + outputs if inputs != outputs else 0


_MEASURES = {
    "mult_adds": (
        _Measure("per element", lambda layer, events: _n_out(layer)),
        _Measure("per input element", lambda layer, events: _n_in(layer)),
        _Measure("per input and output element", lambda layer, events: _n_in_and_out(layer)),
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
    """Why the second count of a network differs from the first, largest causes first.

    The causes add up to the difference of the totals.  If the units differ, the
    first count is converted, and the conversion is a cause of its own.
    """
    (first, first_costs), (second, second_costs) = before, after
    factor = _factor(first, second) if metric == "mult_adds" else Fraction(1)
    counts = [getattr(cost, metric) for cost in first_costs]
    parts = [] if factor == 1 else [_conversion(factor, counts)]
    groups: dict[str, list[tuple[Layer, Events, Any]]] = {}
    for one, other in zip(first_costs, second_costs, strict=True):
        difference = getattr(other, metric) - factor * getattr(one, metric)
        if difference:
            layer = one.layer
            events = layer.events()
            group = groups.setdefault(_group(metric, layer, events, difference), [])
            group.append((layer, events, difference))
    for what, members in groups.items():
        each = "" if what == "biases" else _per_layer(metric, members, first, second)
        total = sum(difference for _, _, difference in members)
        parts.append(Cause(what, each, len(members), whole(total)))
    return tuple(sorted(parts, key=lambda cause: -abs(cause.difference)))


def unseen(
    convention: Convention, costs: Sequence[LayerCost], as_modules: Sequence[LayerCost]
) -> Iterator[str]:
    """Notes on what the convention would count in addition if functions were modules."""
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


def _conversion(factor: Fraction, counts: Sequence[Any]) -> Cause:
    what = (
        f"{factor} operations for each multiply-accumulate"
        if factor > 1
        else f"one multiply-accumulate for {1 / factor} operations"
    )
    difference = whole((factor - 1) * sum(counts))
    return Cause(what, "", sum(1 for count in counts if count), difference)


def _group(metric: str, layer: Layer, events: Events, difference: Any) -> str:
    """The name of the group that a layer's difference belongs to."""
    if layer.kind.family in MATRICES and abs(difference) == _BIASES[metric](events):
        return "biases"
    if layer.functional is None:
        return layer.kind.title
    return f"{layer.kind.title}, {_article(layer.functional)}"


def _per_layer(
    metric: str,
    members: Sequence[tuple[Layer, Events, Any]],
    first: Convention,
    second: Convention,
) -> str:
    """How much each layer of a group contributes; the rules themselves if no measure fits."""
    fitting = []
    for measure in _MEASURES[metric]:
        sizes = [measure.size(layer, events) for layer, events, _ in members]
        if not all(sizes):
            continue
        ratios = {abs(Fraction(d) / size) for (_, _, d), size in zip(members, sizes, strict=True)}
        ratio = ratios.pop()
        if not ratios and ratio.denominator == 1:
            fitting.append((ratio, measure.words))
    if fitting:
        ratio, words = min(fitting, key=lambda pair: pair[0])
        return words if metric == "params" and ratio == 1 else f"{ratio} {words}"
    kind = members[0][0].kind
    rules = [convention.rule(metric, kind).text for convention in (first, second)]
    return rules[1] if rules[0] == "free" else f"{rules[1]} instead of {rules[0]}"
