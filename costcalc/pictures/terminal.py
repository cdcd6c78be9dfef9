"""The figures of :mod:`.plots` as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.pictures.data import HeatMap, Point, Series, Shares
from costcalc.render.formatting import scaled, share
from costcalc.render.layout import bar, text_width

_BAR = 40
_SHADES = "·░▒▓█"
"""From the least cost to the largest, on a logarithmic scale."""


def along(series: Series) -> str:
    """A bar for each layer, for each metric."""
    parts = [f"{series.title}\n"]
    for title, costs in series.costs.items():
        lines = [(name, cost, scaled(cost)) for name, cost in zip(series.names, costs, strict=True)]
        parts.append(f"{title}\n{_bars(lines, max(costs, default=0))}")
    return "\n".join(parts)


def stacked(shares: Shares) -> str:
    """A bar for each type of layer, for each network."""
    parts = [f"share of {shares.counted}\n"]
    for network, part in zip(shares.networks, shares.parts, strict=True):
        total = sum(part.values())
        ordered = sorted(part.items(), key=lambda item: -item[1])
        lines = [(name, cost, f"{share(cost, total, 1)} %") for name, cost in ordered]
        parts.append(f"{network}\n{_bars(lines, total)}")
    return "\n".join(parts)


def bubbles(points: Sequence[Point]) -> str:
    """A line for each network, the most accurate first: accuracy, mult-adds, params."""
    ordered = sorted(points, key=lambda point: -point.top1)
    most = max(point.mult_adds for point in points)
    lines = [
        (
            f"{point.top1:5.1f} %  {point.label}",
            point.mult_adds,
            f"{scaled(point.mult_adds)} mult-adds, {scaled(point.params)} params",
        )
        for point in ordered
    ]
    return f"ImageNet top-1\n{_bars(lines, most)}"


def heat(costs: HeatMap) -> str:
    """A character for each setting: darker for more mult-adds, ``x`` beyond a budget."""
    valid = [cost for line in costs.mult_adds for cost in line if cost is not None]
    least, most = min(valid, default=1), max(valid, default=1)
    head = f"{costs.title}: mult-adds from {scaled(least)} ({_SHADES[0]}) to {scaled(most)}"
    lines = [f"{head} ({_SHADES[-1]})"]
    lines += [
        f"x: more than {scaled(int(limit))} {name.replace('_', '-')}"
        for name, limits in costs.budgets.items()
        for limit in limits
    ]
    name, values = costs.down
    width = max(len(f"{value:g}") for value in values)
    lines.append("")
    for row, value in reversed(list(enumerate(values))):
        shades = "".join(
            _shade(costs, row, column, least, most) for column in range(len(costs.across[1]))
        )
        lines.append(f"{name} {value:>{width}g}  {shades}")
    across, sides = costs.across
    lines.append(" " * (len(name) + width + 3) + f"{across} {sides[0]:g} to {sides[-1]:g}")
    return "\n".join(lines) + "\n"


def _shade(costs: HeatMap, row: int, column: int, least: int, most: int) -> str:
    cost = costs.mult_adds[row][column]
    if cost is None:
        return " "
    for metric, limits in costs.budgets.items():
        value = getattr(costs, metric)[row][column]
        if any(value > limit for limit in limits):
            return "x"
    index, ceiling = 0, len(_SHADES)
    # Compares cost / least with (most / least) ** ((index + 1) / ceiling), in integers.
    while index < ceiling - 1 and cost**ceiling >= least ** (ceiling - index - 1) * most ** (
        index + 1
    ):
        index += 1
    return _SHADES[index]


def _bars(lines: Sequence[tuple[str, int, str]], largest: int) -> str:
    names = [name for name, _, _ in lines]
    width = max(map(text_width, names), default=0)
    drawn = [
        f"{name}{' ' * (width - text_width(name))}  {bar(cost, largest, _BAR):<{_BAR}} {shown}"
        for name, (_, cost, shown) in zip(names, lines, strict=True)
    ]
    return "\n".join(drawn) + "\n"
