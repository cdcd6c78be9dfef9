"""Answers about small random spaces equal a list of their networks, priced by arithmetic here."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise, product
from math import ceil, prod
from random import Random

import pytest

import costcalc
from costcalc.spec.reader import read

SIDE = 12
COSTS = ("mult_adds", "params")


class Chain:
    """Convolutions in a row, some of which are left out; widths and kernels fixed or chosen.

    Attributes:
        axes: the values of each parameter that is chosen, its default first.
        layers: of each its width, kernel and stride, and the depth from which on it is there.
    """

    def __init__(self, seed):
        self.random = Random(seed)
        self.axes = {}
        self.layers = [self.layer(0) for _ in range(self.random.randint(1, 3))]
        if self.random.random() < 0.8:
            self.axes["d"] = [2, 1, 3]
            self.layers += [self.layer(2), self.layer(3)]
        if self.random.random() < 0.4:
            self.axes["unused"] = [1, 2]
        self.side = self.random.choice(["side", "res"])
        if self.random.random() < 0.3:
            self.axes[self.side] = [SIDE, 9]

    def layer(self, depth):
        width, kernel = self.chosen("w", [4, 8, 12]), self.chosen("k", [1, 3, 5])
        return width, kernel, self.random.choice([1, 1, 2]), depth

    def chosen(self, letter, values):
        """One of some values, a parameter of another layer, or one of its own."""
        known = [name for name in self.axes if name[0] == letter]
        kind = self.random.random()
        if kind < 0.4:
            return self.random.choice(values)
        if known and kind < 0.6:
            return self.random.choice(known)
        name = f"{letter}{len(self.axes)}"
        self.axes[name] = self.random.sample(values, self.random.randint(2, 3))
        return name

    @property
    def space(self):
        parameters = {"d": 1, self.side: SIDE} | {
            name: values[0] for name, values in self.axes.items()
        }
        lines = [f"input: [3, {self.side}, {self.side}]", "parameters:"]
        lines += [f"  {name}: {default}" for name, default in parameters.items()]
        lines += ["layers:"]
        for width, kernel, stride, depth in self.layers:
            when = f", when: d >= {depth}" if depth else ""
            lines.append(f"  - conv: {{out: {width}, kernel: {kernel}, stride: {stride}{when}}}")
        document = read("\n".join(lines).encode(), "chain.yaml", lambda name: None)
        return costcalc.space(document, **self.axes)

    def networks(self):
        """The first setting of each network, with its costs, in the order of the settings.

        What a setting is of is told by the values that layers take: those of layers that are
        left out are of no network.
        """
        found = {}
        for values in product(*self.axes.values()):
            setting = dict(zip(self.axes, values, strict=True))
            layers = [layer for layer in self.layers if setting.get("d", 1) >= layer[3]]
            used = {"d", self.side} | {
                name for width, kernel, *_ in layers for name in (width, kernel)
            }
            key = tuple(setting[name] for name in self.axes if name in used)
            found.setdefault((len(layers), key), {**setting, **self.costs(setting, layers)})
        return [*found.values()]

    def costs(self, setting, layers):
        params, mult_adds, channels, side = 0, 0, 3, setting.get(self.side, SIDE)
        for width, kernel, stride, _ in layers:
            out, size = setting.get(width, width), setting.get(kernel, kernel)
            weights, side = size * size * channels * out, ceil(side / stride)
            params, mult_adds = params + weights, mult_adds + weights * side * side
            channels = out
        return {"params": params, "mult_adds": mult_adds}

    def condition(self, networks):
        """Comparisons that Python reads as costcalc does."""
        texts = [self.comparison(networks) for _ in range(self.random.randint(1, 3))]
        text = texts[0]
        for other in texts[1:]:
            text = f"({text}) {self.random.choice(['and', 'and', 'or'])} ({other})"
        return f"not ({text})" if self.random.random() < 0.2 else text

    def comparison(self, networks):
        one, sign = self.random.choice(networks), self.random.choice(["<=", "<", ">", ">=", "=="])
        first, second = self.random.sample(COSTS, 2)
        name = self.random.choice([*self.axes])
        off = self.random.choice([-1, 0, 0, 1])
        return self.random.choice(
            [
                f"{first} {sign} {one[first] + off}",
                f"{one[first] + off} {sign} {first}",
                f"2 * {first} + 3 * {second} {sign} {2 * one[first] + 3 * one[second] + off}",
                f"{first} - 70 * {second} {sign} {one[first] - 70 * one[second] + off}",
                f"{first} {sign} {name} * {one[first] // one[name]}",
                f"{name} {sign} {one[name]}",
                f"{name} != {one[name]}",
            ]
        )


def choices(chain, network):
    return {name: network[name] for name in chain.axes}


def listed(rows):
    return [({**row.settings}, row.costs["params"], row.costs["mult_adds"]) for row in rows]


def by_hand(chain, networks):
    return [(choices(chain, one), one["params"], one["mult_adds"]) for one in networks]


def check(seed):
    """All answers for a random space, without a condition and with some."""
    chain = Chain(seed)
    if not chain.axes:
        return False
    space, every = chain.space, chain.networks()
    count = space.count().count
    assert count.low == count.high == count.of == len(every)
    assert count.settings == prod(map(len, chain.axes.values()))
    for one in every:
        assert space.totals(choices(chain, one)) == {name: one[name] for name in space.metrics}
    for where in (None, *(chain.condition(every) for _ in range(3))):
        wanted = [one for one in every if where is None or eval(where, {}, one)]
        check_numbers(space, where, wanted, chain.random)
        check_networks(space, where, wanted, chain)
    return True


def check_numbers(space, where, wanted, random):
    count = space.count(where).count
    assert count.low == count.high == len(wanted)
    metric = random.choice(COSTS)
    if not wanted:
        with pytest.raises(costcalc.SpecError, match="no network"):
            space.quantiles(metric, where=where)
        return
    costs = sorted(one[metric] for one in wanted)
    shares = [0, Fraction(1, 7), Fraction(1, 2), Fraction(9, 10), 1]
    data = space.quantiles(metric, shares, where).data()
    # The least cost so that a share of the networks, one at least, cost no more.
    assert [(one["at_least"], one["at_most"]) for one in data["quantiles"]] == [
        (costs[max(1, ceil(share * len(costs))) - 1],) * 2 for share in shares
    ]
    bins = space.histogram(metric, random.choice([1, 7, 20]), where).data()["bins"]
    assert [(one["at_least"], one["at_most"]) for one in bins] == [
        (sum(one["from"] <= cost < one["below"] for cost in costs),) * 2 for one in bins
    ]
    assert sum(one["at_least"] for one in bins) == len(costs)
    assert all(a["below"] == b["from"] for a, b in pairwise(bins))


def check_networks(space, where, wanted, chain):
    metric, sign = chain.random.choice(COSTS), chain.random.choice([1, -1])
    ranked = sorted(wanted, key=lambda one: -sign * one[metric])  # stable: in the order of rows
    for most in (1, 5, len(wanted) + 1):
        by = metric if sign > 0 else f"-{metric}"
        assert listed(space.top(most, by, where).rows) == by_hand(chain, ranked[:most])
    points = Counter(tuple(one[name] for name in COSTS) for one in wanted)
    front = [
        (point, points[point])
        for point in sorted(points)
        if not any(o != point and o[0] <= point[0] and o[1] <= point[1] for o in points)
    ]
    rows = space.pareto(COSTS, where).rows
    assert [(tuple(row.costs[name] for name in COSTS), row.networks) for row in rows] == front
    first = {tuple(one[name] for name in COSTS): one for one in reversed(wanted)}
    assert [{**row.settings} for row in rows] == [
        choices(chain, first[point]) for point, _ in front
    ]
    drawn = listed(space.sample(len(wanted) + 5, 1, where).rows)
    order = list(map(str, by_hand(chain, wanted)))
    assert sorted(map(str, drawn)) == sorted(order)


@pytest.mark.parametrize("first", range(0, 24, 8))
def test_random_spaces(first):
    assert sum(map(check, range(first, first + 8))) >= 6


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 1400, 40))
def test_more_random_spaces(first):
    assert sum(map(check, range(first, first + 40))) >= 30
