"""Published search spaces: their networks against released ones, and against arithmetic."""

from collections import Counter as Tally
from itertools import product
from math import prod
from random import Random

import numpy as np
import pytest

import costcalc
from costcalc import opening
from costcalc.grid.select import Condition
from costcalc.spaces.counting import count, networks

UNITS, LAYERS = range(1, 6), range(1, 5)

OFA_595M = {  # the released configuration's kernels and expansions, unit by unit
    "k": ([3, 5, 3], [5, 5, 3, 5], [7, 5, 3, 5], [3, 5, 7, 3], [3, 3, 5, 3]),
    "e": ([3, 4, 3], [4, 4, 6, 3], [6, 6, 3, 4], [6, 6, 6, 4], [6, 6, 6, 3]),
}

OFA_PROXYLESS = {  # the released configurations' kernels and expansions, unit by unit
    "ofa_1080ti_12ms": {
        "k": ([3, 3], [3, 5, 5], [5, 5, 7], [3, 7, 3, 3], [7, 5, 7, 5], [3]),
        "e": ([3, 3], [6, 4, 4], [6, 3, 3], [4, 3, 6, 4], [6, 4, 3, 3], [6]),
    },
    "ofa_tx2_35ms": {
        "k": ([3, 3], [3, 7], [5, 5], [5, 3], [5, 3], [5]),
        "e": ([4, 3], [6, 6], [6, 3], [3, 4], [6, 4], [4]),
    },
    "ofa_tx2_96ms": {
        "k": ([3, 3, 3], [7, 5], [3, 5, 5, 5], [5, 7, 7, 3], [3, 3, 5, 3], [5]),
        "e": ([3, 4, 6], [3, 4], [4, 4, 4, 3], [4, 3, 3, 6], [6, 6, 6, 4], [3]),
    },
}
RESOLUTIONS = {"ofa_1080ti_12ms": 128, "ofa_tx2_35ms": 128, "ofa_tx2_96ms": 172}

PROXYLESS = {  # Figure 5: stage by stage kernel and expansion; the blocks left out are Zero
    "Mobile": ("53 33", "73 33 53 53", "76 53 53 53", "56 53 53 53", "76 76 73 73", "76"),
    "CPU": ("36 33 33 33", "36 33 33 53", "36 33", "56 33 33 33", "56 53 53 33", "56"),
    "GPU": ("53", "73 33", "76 53", "56 33 53", "76 76 76 56", "76"),
}
PROXYLESS["Mobile-14"] = PROXYLESS["Mobile"]

FBNET_C = """
    k3_e1 k3_e6 skip k3_e1 k3_e1 k5_e6 k5_e3 k5_e6 k3_e6 k5_e6 k5_e3 k5_e6 k5_e6
    k5_e6 k5_e6 k5_e6 k5_e3 k5_e6 k5_e6 k5_e6 k5_e6 k3_e6
"""

MNASNET_A1 = {
    "op2": "mbconv3", "k2": 5, "se2": 0.25, "F2": 40, "F3": 80, "se4": 0.25, "F4": 112, "N4": 2,
    "k5": 5, "se5": 0.25,
}  # fmt: skip


def numbered(blocks):
    return {f"b{number}": block for number, block in enumerate(blocks, 1)}


def proxyless(platform):
    """The candidate of each of the 21 blocks."""
    for stage, layers in zip(PROXYLESS[platform], (4, 4, 4, 4, 4, 1), strict=True):
        found = [f"{k}x{k}_MBConv{e}" for k, e in stage.split()]
        yield from found + ["Zero"] * (layers - len(found))


def ofa(unit_by_unit):
    """The settings of kernels and expansions, and the depths that they have."""
    settings = {f"d{unit}": len(unit_by_unit["k"][unit - 1]) for unit in UNITS}
    for letter, units in unit_by_unit.items():
        for unit, values in enumerate(units, 1):
            settings |= {f"{letter}{unit}{layer}": value for layer, value in enumerate(values, 1)}
    return settings


@pytest.mark.parametrize(
    ("space", "settings", "network"),
    [
        ("ofa_mbv3_space", {**ofa(OFA_595M), "alpha": 1.2, "res": 236}, "ofa_mbv3"),
        *(
            ("ofa_proxyless_space", {**ofa(units), "res": RESOLUTIONS[network]}, network)
            for network, units in OFA_PROXYLESS.items()
        ),
        *(
            ("proxylessnas_space", {**numbered(proxyless(name)), "platform": name}, network)
            for name, network in [
                ("Mobile", "proxylessnas_mobile"),
                ("Mobile-14", "proxylessnas_mobile_14"),
                ("CPU", "proxylessnas_cpu"),
                ("GPU", "proxylessnas_gpu"),
            ]
        ),
        ("fbnet_space", numbered(FBNET_C.split()), "fbnet"),
        ("mnasnet_space", MNASNET_A1, "mnasnet_a1"),
        ("mnasnet_space", {}, "mobilenet_v2"),
    ],
)
@pytest.mark.parametrize("convention", ["paper", "paper-with-norm"])
def test_released_alikeare_alikeof_their_space(space, settings, network, convention):
    found = costcalc.totals(space, convention=convention, **settings)
    assert found == costcalc.totals(network, convention=convention)


class Counter:
    """Weights and multiply-accumulates, added up convolution by convolution."""

    def __init__(self, stem=16, side=224):
        self.weights = self.macs = 0
        self.side, self.channels = side, 3
        self.conv(stem, 3, stride=2)

    def conv(self, out, kernel, stride=1, groups=1):
        self.side //= stride
        weights = kernel * kernel * self.channels * out // groups
        self.weights += weights
        self.macs += weights * self.side**2
        self.channels = out

    def bottleneck(self, out, kernel, ratio, stride=1, groups=1, squeeze=0, expands=True):
        if expands:
            self.conv(ratio * self.channels, 1, groups=groups)
        self.conv(self.channels, kernel, stride, groups=self.channels)
        self.excite(squeeze)
        self.conv(out, 1, groups=groups)

    def excite(self, squeeze):
        self.weights += 2 * self.channels * squeeze
        self.macs += 2 * self.channels * squeeze

    def head(self, *widths):
        """1 x 1 convolutions of the map and of what is pooled from it, and the classes."""
        first, *pooled = widths
        self.conv(first, 1)
        self.side = 1
        for width in (*pooled, 1000):
            self.conv(width, 1)
        return self.macs, self.weights


def eighths(width):
    """The nearest multiple of 8, or the next one if that loses more than a tenth."""
    near = (width + 4) // 8 * 8
    return near if 10 * near >= 9 * width else near + 8


def ofa_by_hand(settings):
    counter = Counter(16)
    counter.bottleneck(16, 3, 1, expands=False)
    widths, strides, squeezed = (24, 40, 80, 112, 160), (2, 2, 2, 1, 2), (0, 1, 0, 1, 1)
    for unit, width, stride, has_se in zip(UNITS, widths, strides, squeezed, strict=True):
        for layer in range(1, settings[f"d{unit}"] + 1):
            kernel, ratio = settings[f"k{unit}{layer}"], settings[f"e{unit}{layer}"]
            squeeze = eighths(ratio * counter.channels // 4) if has_se else 0
            counter.bottleneck(width, kernel, ratio, stride if layer == 1 else 1, 1, squeeze)
    return counter.head(960, 1280)


def ofa_proxyless_by_hand(settings):
    counter = Counter(40)  # 1.3 of the channels, in eighths
    counter.bottleneck(24, 3, 1, expands=False)
    for unit, width, stride in zip(
        range(1, 7), (32, 56, 104, 128, 248, 416), (2, 2, 2, 1, 2, 1), strict=True
    ):
        for layer in range(1, settings.get(f"d{unit}", 1) + 1):
            kernel, ratio = settings[f"k{unit}{layer}"], settings[f"e{unit}{layer}"]
            counter.bottleneck(width, kernel, ratio, stride if layer == 1 else 1)
    return counter.head(1664)


def proxyless_by_hand(settings):
    counter = Counter(32)
    counter.bottleneck(16, 3, 1, expands=False)
    number = 0
    for width, stride, layers in zip(
        (24, 40, 80, 96, 192, 320), (2, 2, 2, 1, 2, 1), (4, 4, 4, 4, 4, 1), strict=True
    ):
        for layer in range(layers):
            number += 1
            block = settings[f"b{number}"]
            if block != "Zero":
                counter.bottleneck(width, int(block[0]), int(block[-1]), 1 if layer else stride)
    return counter.head(1280)


def fbnet_by_hand(settings):
    counter = Counter(16)
    number = 0
    for width, layers, stride in [
        (16, 1, 1), (24, 4, 2), (32, 4, 2), (64, 4, 2), (112, 4, 1), (184, 4, 2), (352, 1, 1),
    ]:  # fmt: skip
        for layer in range(layers):
            number += 1
            block, step = settings[f"b{number}"], 1 if layer else stride
            if block != "skip":
                kernel, ratio = int(block[1]), int(block[4])
                counter.bottleneck(width, kernel, ratio, step, 2 if "g2" in block else 1)
            elif (counter.channels, 1) != (width, step):
                counter.conv(width, 1, step)
    return counter.head(1984)


def mnasnet_by_hand(settings):
    counter = Counter(32)
    counter.bottleneck(16, 3, 1, expands=False)
    for number, stride in enumerate((2, 2, 2, 1, 2), 1):
        op, kernel, ratio = (settings[f"{name}{number}"] for name in ("op", "k", "se"))
        width = settings[f"F{number}"]
        for layer in range(settings[f"N{number}"]):
            step, squeeze = 1 if layer else stride, int(ratio * counter.channels)
            if op == "conv":
                counter.conv(width, kernel, step)
                counter.excite(squeeze)
            else:
                expansion = {"dconv": 1, "mbconv3": 3, "mbconv6": 6}[op]
                is_wider = expansion > 1
                counter.bottleneck(width, kernel, expansion, step, 1, squeeze, is_wider)
    counter.bottleneck(320, 3, 6)
    return counter.head(1280)


BY_HAND = {
    "ofa_mbv3_space": ofa_by_hand,
    "ofa_proxyless_space": ofa_proxyless_by_hand,
    "proxylessnas_space": proxyless_by_hand,
    "fbnet_space": fbnet_by_hand,
    "mnasnet_space": mnasnet_by_hand,
}
SIZES = {
    # Settings, and networks: a unit of Once-for-All has nine choices in each layer that it has.
    "ofa_mbv3_space": ((3 * 9**4) ** 5, (9**2 + 9**3 + 9**4) ** 5),
    "ofa_proxyless_space": ((3 * 9**4) ** 5 * 9, (9**2 + 9**3 + 9**4) ** 5 * 9),
    "proxylessnas_space": (6**6 * 7**15,) * 2,
    "fbnet_space": (9**22,) * 2,
    "mnasnet_space": (432**5,) * 2,
}


def choices(name):
    """The space that the spec declares."""
    space = opening.opened(name).document.space
    return {parameter: declared.values for parameter, declared in space.items()}


def by_hand(name, settings):
    return BY_HAND[name](settings)


@pytest.mark.parametrize("name", BY_HAND)
def test_alikedrawn_from_a_space_equal_arithmetic(name):
    space, random = choices(name), Random(1)
    for _ in range(40):
        settings = {key: random.choice(values) for key, values in space.items()}
        totals = costcalc.totals(name, **settings)
        assert (totals.mult_adds, totals.params) == by_hand(name, settings)


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in BY_HAND if name != "mnasnet_space"),
        pytest.param("mnasnet_space", marks=pytest.mark.slow),
    ],
)
def test_tables_of_a_space_add_up_to_its_networks(name):
    space, random = costcalc.space(name), Random(2)
    values = choices(name)
    assert (space.size, networks(space.tables)) == SIZES[name]
    for _ in range(40):
        settings = {key: random.choice(own) for key, own in values.items()}
        totals = space.totals(settings)
        assert (totals["mult_adds"], totals["params"]) == by_hand(name, settings)


def everywhere(name, **values):
    """The same value for all parameters whose names begin alike."""
    return {
        parameter: next(value for start, value in values.items() if parameter.startswith(start))
        for parameter in choices(name)
    }


# Where channels nearly double on one map, groups of two cost less than the convolution of skip.
FEWEST_OF_FBNET = {"b14": "k3_e1_g2", "b22": "k3_e1_g2"}


@pytest.mark.parametrize(
    ("name", "fewest", "most"),
    [
        ("ofa_mbv3_space", {"k": 3, "e": 3, "d": 2}, {"k": 7, "e": 6, "d": 4}),
        ("ofa_proxyless_space", {"k": 3, "e": 3, "d": 2}, {"k": 7, "e": 6, "d": 4}),
        ("proxylessnas_space", {"b": "Zero"}, {"b": "7x7_MBConv6"}),
        ("fbnet_space", {"b": "skip"}, {"b": "k5_e6"}),
    ],
)
def test_no_network_of_a_space_is_beyond_its_smallest_and_its_largest(name, fewest, most):
    fewest, most = everywhere(name, **fewest), everywhere(name, **most)
    if name == "fbnet_space":
        fewest |= FEWEST_OF_FBNET
    if name == "proxylessnas_space":  # the first of a stage is not left out
        fewest |= dict.fromkeys(("b1", "b5", "b9", "b13", "b17", "b21"), "3x3_MBConv3")
    tables = costcalc.space(name).tables
    (low, _), (high, _) = by_hand(name, fewest), by_hand(name, most)
    for settings in (fewest, most):
        totals = costcalc.totals(name, **settings)
        assert (totals.mult_adds, totals.params) == by_hand(name, settings)
    within = count(tables, Condition(f"mult_adds >= {low} and mult_adds <= {high}"))
    assert within.low == within.high == SIZES[name][1]
    inside = count(tables, Condition(f"mult_adds > {low} and mult_adds < {high}"))
    assert inside.high < SIZES[name][1]
    beyond = count(tables, Condition(f"mult_adds < {low} or mult_adds > {high}"))
    assert beyond.high == 0


def ofa_units():
    """For each unit of Once-for-All how many of its networks have so many weights and MACs."""
    counter = Counter(16)
    counter.bottleneck(16, 3, 1, expands=False)
    rows = zip((24, 40, 80, 112, 160), (2, 2, 2, 1, 2), (0, 1, 0, 1, 1), strict=True)
    for width, stride, has_se in rows:
        layers = []
        for step in (stride, 1):
            costs = Tally()
            for kernel, ratio in product((3, 5, 7), (3, 4, 6)):
                one = Counter()
                one.weights, one.macs, one.side, one.channels = 0, 0, counter.side, counter.channels
                squeeze = eighths(ratio * one.channels // 4) if has_se else 0
                one.bottleneck(width, kernel, ratio, step, 1, squeeze)
                costs[one.weights, one.macs] += 1
            layers.append(costs)
            counter.side, counter.channels = one.side, one.channels
        first, later = layers
        depths = [joined(first, later)]
        depths += [joined(depths[-1], later)]
        depths += [joined(depths[-1], later)]
        yield sum(depths, Tally())


def joined(some, others):
    """How many networks have the sums of two parts' costs."""
    sums = Tally()
    for (weights, macs), alike in some.items():
        for (more, costly), times in others.items():
            sums[weights + more, macs + costly] += alike * times
    return sums


@pytest.mark.slow
def test_three_units_within_budgets_are_counted_one_by_one():
    """Units 1 and 2 at their smallest; 7371^3 networks of the others, unit 5 in a loop."""
    fixed = {f"d{unit}": [2] for unit in (1, 2)}
    fixed |= {
        f"{letter}{unit}{layer}": [3] for letter in "ke" for unit in (1, 2) for layer in LAYERS
    }
    names = [f"{letter}{unit}{layer}" for unit in (3, 4, 5) for layer in LAYERS for letter in "ke"]
    free = {name: [3, 5, 7] if name[0] == "k" else [3, 4, 6] for name in names}
    depths = {f"d{unit}": [2, 3, 4] for unit in (3, 4, 5)}
    space = costcalc.space("ofa_mbv3_space", **fixed, **depths, **free)
    result = space.count("mult_adds <= 260M and params <= 5M").count
    smallest = {
        f"{letter}{unit}{layer}": 3 for letter in "ke" for unit in UNITS for layer in LAYERS
    }
    macs, weights = ofa_by_hand({**smallest, **dict.fromkeys((f"d{unit}" for unit in UNITS), 2)})
    third, fourth, fifth = (
        [*map(list, zip(*unit.items(), strict=True))] for unit in [*ofa_units()][2:]
    )
    for costs, _ in (third, fourth, fifth):
        weights -= min(cost for cost, _ in costs)
        macs -= min(cost for _, cost in costs)
    sums = np.array(third[0])[:, None] + np.array(fourth[0])[None]
    times = np.multiply.outer(third[1], fourth[1]).ravel()
    sums = sums.reshape(-1, 2)
    truth = 0
    for (own, costly), alike in zip(*fifth, strict=True):
        fits = (sums[:, 0] <= 5_000_000 - weights - own) & (
            sums[:, 1] <= 260_000_000 - macs - costly
        )
        truth += alike * int(times[fits].sum())
    assert 0 < truth < 7371**3 == result.of
    assert result.low == result.high == truth


@pytest.mark.slow
def test_once_for_all_within_the_budgets_of_a_phone():
    """Counted by a program of its own, from the costs of :func:`ofa_units`.

    For each network of unit 2, in the order of MACs, sums of units 3 and 4 enter a Fenwick tree
    over their weights, and sums of units 1 and 5 ask it how many of them are left room for.
    """
    result = costcalc.space("ofa_mbv3_space").count("mult_adds <= 300M and params <= 5M").count
    assert result.low == result.high == 395_785_484_257_000_009
    assert result.of == 7371**5 == prod(sum(unit.values()) for unit in ofa_units())
