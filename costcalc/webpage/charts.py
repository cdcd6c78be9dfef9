"""Small charts as SVG: memory over steps, layers under a roof, accuracy against cost.

Axes stay as they are when the settings change, so that what moves is the network.  Python
draws a chart at the page's first settings, and ``charts.js`` moves its marks by the same
rules: :meth:`ChartAxis.at`, :func:`stairs` and :func:`radius`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import ceil, floor, log10, sqrt

from costcalc.escaping import html
from costcalc.pictures.accuracies import Accuracies, Point
from costcalc.records import NamedTuple
from costcalc.render.formatting import prefixed, scaled
from costcalc.webpage.drawing import fitted, text_width

LEFT, TOP, WIDTH, HEIGHT, BELOW = 84, 12, 600, 260, 40
"""A chart: the margins at the left and above, the sides of its plane, the margin below."""

STEP = 1000
"""The height of the largest bar over steps, in a unit of its own."""

LARGE, SMALL = 18, 3
"""The radius of the largest bubble beyond that of one without area."""

_GAP, _LINE = 3, 14
"""The space around a label, and from one line of them to the next."""


class ChartAxis(NamedTuple):
    """Values along a side of a plane, which goes from one pixel to another."""

    low: float
    high: float
    start: int
    end: int
    is_log: bool = True

    def at(self, value: float) -> float:
        """Where a value stands: at an end of the axis if it is beyond it."""
        low, high = (log10(end) if self.is_log else end for end in (self.low, self.high))
        kept = min(max(value, self.low), self.high)
        part = ((log10(kept) if self.is_log else kept) - low) / (high - low)
        return self.start + part * (self.end - self.start)

    @property
    def data(self) -> str:
        """What ``charts.js`` knows of it."""
        kind = "log" if self.is_log else "linear"
        return f"{kind} {self.low:.12g} {self.high:.12g} {self.start} {self.end}"

    def ticks(self) -> list[float]:
        """Round numbers to label: powers of ten, with 2 and 5 times them if they are few."""
        if not self.is_log:
            step = 10 ** floor(log10(self.high - self.low))
            step *= next(
                part for part in (0.1, 0.2, 0.5, 1, 2) if (self.high - self.low) / step / part <= 8
            )
            return [n * step for n in range(ceil(self.low / step), floor(self.high / step) + 1)]
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        steps = (1, 2, 5) if self.high < 100 * self.low else (1,)
        return [
            step * 10.0**power
            for power in powers
            for step in steps
            if self.low <= step * 10.0**power <= self.high
        ]


def _across(low: float, high: float) -> ChartAxis:
    return ChartAxis(low, high, LEFT, LEFT + WIDTH)


def _upwards(low: float, high: float, is_log: bool = True) -> ChartAxis:
    return ChartAxis(low, high, TOP + HEIGHT, TOP, is_log)


def radius(part: float) -> float:
    """The radius of a bubble whose area is a part of the largest; even the smallest is seen."""
    return SMALL + LARGE * sqrt(min(max(part, 0), 1))


def stairs(values: Sequence[int]) -> str:
    """The outline of bars, one for each value and one wide, as the ``d`` of a path.

    The largest is :data:`STEP` high, on a base line at that place.

    >>> stairs([1, 2, 2])
    'M0 1000V500H1V0H2V0H3V1000z'
    """
    most = max(values, default=0)
    path = f"M0 {STEP}"
    for number, value in enumerate(values, 1):
        height = (2 * STEP * value + most) // (2 * most) if most else 0
        path += f"V{STEP - height}H{number}"
    return f"{path}V{STEP}z"


def over_steps(
    title: str, names: Sequence[str], values: Sequence[int], amount: Callable[[int], str]
) -> str:
    """The bytes alive in each step, as ``drawSteps`` of ``charts.js`` draws them.

    Args:
        title: what is drawn, for those who do not see it.
        names: of the steps.
        values: the bytes.
        amount: bytes as text.
    """
    most = max(values, default=0)
    fullest = values.index(most) if values else 0
    words = f"{title}: {amount(most)} in {names[fullest]}" if names else title
    x = LEFT + round(WIDTH * (2 * fullest + 1) / (2 * max(len(values), 1)))
    anchor = (
        "start" if 3 * (x - LEFT) < WIDTH else "end" if 3 * (x - LEFT) > 2 * WIDTH else "middle"
    )
    return "".join(
        [
            _opening("steps", words, TOP + 16, f' data-title="{html(title)}"'),
            f'<svg class="plane" x="{LEFT}" y="{TOP + 16}" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {max(len(values), 1)} {STEP}" preserveAspectRatio="none">',
            f'<path class="bars" d="{stairs(values)}"/>',
            f'<path class="fullest" d="M{fullest} {STEP}V0h1V{STEP}z"/></svg>',
            _frame(TOP + 16),
            _text(LEFT - 6, TOP + 20, amount(most), "end", "most"),
            _text(LEFT - 6, TOP + 16 + HEIGHT, "0", "end"),
            f'<text class="where" text-anchor="{anchor}" x="{x}" y="{TOP + 8}">'
            f"{html(_short(names[fullest]) if names else '')}</text>",
            _text(LEFT + WIDTH // 2, TOP + 16 + HEIGHT + 20, "steps, from input to output"),
            "</svg>",
        ]
    )


class RoofPoint(NamedTuple):
    """A layer under a roof, which is an estimate."""

    name: str
    row: int
    """Of the table of layers."""
    intensity: Fraction
    """Operations a byte."""
    speed: Fraction
    """Operations a second."""
    share: Fraction
    """Of the time."""


def under_roof(
    title: str, operations: Fraction, bandwidth: Fraction, points: Sequence[RoofPoint]
) -> str:
    """A roofline, as ``drawRoof`` of ``charts.js`` draws it.

    Args:
        title: what is drawn, for those who do not see it.
        operations: the device's peak, a second.
        bandwidth: bytes a second.
        points: the layers.
    """
    ridge = float(operations / bandwidth)
    shown = [point for point in points if point.intensity and point.speed]
    intensities = [ridge, *(float(point.intensity) for point in shown)]
    speeds = [float(operations), *(float(point.speed) for point in shown)]
    x = _across(_decade(min(intensities) / 4, floor), _decade(max(intensities) * 4, ceil))
    y = _upwards(_decade(min(speeds) / 4, floor), _decade(float(operations) * 1.5, ceil))
    roof = [
        (x.low, x.low * float(bandwidth)),
        (ridge, float(operations)),
        (x.high, float(operations)),
    ]
    corners = " ".join(f"{x.at(across):.1f},{y.at(up):.1f}" for across, up in roof)
    parts = [
        _opening(
            "roof", title, data=f' data-x="{x.data}" data-y="{y.data}" data-ridge="{ridge:.12g}"'
        ),
        *_grid(x, lambda value: f"{value:,g}"),
        *_grid(y, lambda value: prefixed(Fraction(value), "OP/s", 1), is_up=True),
        _frame(),
        f'<polyline class="limit" points="{corners}"/>',
        _text(LEFT + WIDTH // 2, TOP + HEIGHT + 34, "operations a byte"),
    ]
    for point in points:
        side = "memory" if point.intensity < operations / bandwidth else "compute"
        across, up = x.at(float(point.intensity)), y.at(float(point.speed))
        size = radius(float(point.share)) if point.intensity and point.speed else 0.0
        parts.append(
            f'<circle class="{side}" data-rows="{point.row}" cx="{across:.1f}" cy="{up:.1f}" '
            f'r="{size:.1f}"><title>{html(point.name)}</title></circle>'
        )
    return "".join([*parts, "</svg>"])


def bubbles(title: str, accuracies: Accuracies, now: Sequence[tuple[str, int]]) -> str:
    """Published accuracies against mult-adds, and where the networks are at these settings.

    Args:
        title: what is drawn, for those who do not see it.
        accuracies: the networks with a published accuracy.
        now: each network of the page, and its mult-adds, which ``drawNow`` of ``charts.js``
            moves.
    """
    points = accuracies.points
    costs = [*(point.mult_adds for point in points), *(cost for _, cost in now)]
    counted = [cost for cost in costs if cost] or [1]
    x = _across(min(counted) / 2, max(counted) * 2)
    tops = [point.top1 for point in points]
    room = max(1.0, (max(tops) - min(tops)) / 4)
    y = _upwards(min(tops) - room, max(tops) + room, is_log=False)
    largest = max(point.params for point in points) or 1
    series = {name: number for number, name in enumerate(accuracies.by_series())}
    circles = [
        (x.at(point.mult_adds), y.at(point.top1), radius(point.params / largest))
        for point in points
    ]
    parts = [
        _opening("bubbles", title, TOP, f' data-x="{x.data}"', _LINE * len(now)),
        *_grid(x, lambda value: scaled(round(value))),
        *_grid(y, lambda value: f"{value:g} %", is_up=True),
        _frame(),
        _text(LEFT + WIDTH // 2, TOP + HEIGHT + 34, f"{accuracies.counted}; area: params"),
    ]
    for number, (name, cost) in enumerate(now):
        at = x.at(cost)
        anchor = "end" if at > LEFT + WIDTH / 2 else "start"
        parts.append(
            f'<g class="now" data-network="{number}" transform="translate({at:.1f})">'
            f'<path d="M0 {-_LINE * number}V{TOP + HEIGHT}"/><text class="where" '
            f'text-anchor="{anchor}" y="{-_LINE * number}">{html(_short(name))}</text></g>'
        )
    # The largest first, so that it does not hide smaller ones.
    for point, (across, up, size) in sorted(
        zip(points, circles, strict=True), key=lambda pair: -pair[1][2]
    ):
        words = f"{point.label}: {point.top1:g} %, {accuracies.amount(point)}, "
        words += f"{scaled(point.params)} params"
        parts.append(
            f'<circle fill="{_SERIES[series[point.series] % len(_SERIES)]}" cx="{across:.1f}" '
            f'cy="{up:.1f}" r="{size:.1f}"><title>{html(words)}</title></circle>'
        )
    parts += _labels(points, circles, len(series) > 1)
    return "".join([*parts, "</svg>"])


_SERIES = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#f0e442")
"""The colours of networks, which are Okabe and Ito's, before they begin again."""


def _labels(
    points: Sequence[Point], circles: Sequence[tuple[float, float, float]], are_several: bool
) -> Iterator[str]:
    """A label beside each bubble that has room for one, the most accurate first."""
    taken = [(x - r, y - r, x + r, y + r) for x, y, r in circles]
    ordered = sorted(zip(points, circles, strict=True), key=lambda pair: -pair[0].top1)
    for point, (x, y, r) in ordered:
        text = _short(point.label if are_several else point.variant)
        half = text_width(text) * 0.55
        for dx, dy in ((1, 0), (-1, 0), (0, -1), (0, 1)):
            middle = x + dx * (r + half + _GAP)
            if not dx:  # above and below, it need not be in the middle
                middle = min(max(middle, LEFT + half + 1), LEFT + WIDTH - half - 1)
            centre = y + dy * (r + 8 + _GAP)
            box = (middle - half, centre - 7, middle + half, centre + 7)
            is_inside = box[0] > LEFT and box[2] < LEFT + WIDTH and TOP < box[1] < TOP + HEIGHT - 14
            if is_inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                at = middle - dx * half
                anchor = {1: "start", -1: "end", 0: ""}[dx]
                yield _text(round(at), round(centre) + 4, text, anchor, "label")
                break


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _decade(value: float, towards: Callable[[float], int]) -> float:
    return float(10.0 ** towards(log10(value)))


def _opening(kind: str, title: str, top: int = TOP, data: str = "", above: int = 0) -> str:
    width, height = LEFT + WIDTH + 16, above + top + HEIGHT + BELOW
    return (
        f'<svg class="chart {kind}" viewBox="0 {-above} {width} {height}" width="{width}" '
        f'height="{height}" text-anchor="middle" role="img" aria-label="{html(title)}"{data}>'
    )


def _frame(top: int = TOP) -> str:
    return f'<path class="frame" d="M{LEFT} {top}v{HEIGHT}h{WIDTH}"/>'


def _grid(axis: ChartAxis, text: Callable[[float], str], is_up: bool = False) -> Iterator[str]:
    """Lines at the round numbers of an axis, with their labels."""
    lines = []
    for value in axis.ticks():
        at = round(axis.at(value))
        if is_up:
            lines.append(f"M{LEFT} {at}h{WIDTH}")
            yield _text(LEFT - 6, at + 4, text(value), "end")
        else:
            lines.append(f"M{at} {TOP}v{HEIGHT}")
            yield _text(at, TOP + HEIGHT + 16, text(value))
    yield f'<path class="grid" d="{"".join(lines)}"/>'


def _text(x: int, y: int, text: str, anchor: str = "", kind: str = "") -> str:
    """Text, whose middle is at x, or its start or end."""
    words = f' class="{kind}"' * bool(kind) + f' text-anchor="{anchor}"' * bool(anchor)
    return f'<text{words} x="{x}" y="{y}">{html(text)}</text>'


def _short(name: str) -> str:
    return fitted(name, 180)
