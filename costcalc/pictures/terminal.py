"""The figures of :mod:`.plots` as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from math import ceil, floor, log10

from costcalc.pictures.accuracies import Accuracies
from costcalc.pictures.data import Arena, HeatMap, Series, Shares, amount
from costcalc.pictures.timing import Roofline, Timeline
from costcalc.render.formatting import (
    counted,
    milliseconds,
    scaled,
    share,
    significant,
    stated,
)
from costcalc.render.layout import bar, text_width, wrapped

_BAR, _LEAST_BAR = 40, 6
_SHADES = "·░▒▓█"
"""From the least cost to the largest, on a logarithmic scale."""

_WIDTH = 200
"""The width of a heat map for a pipe."""

_ROWS = 16
"""The rows of an arena."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The largest tensors, from the first on."""

_LINES, _EVERY, _COLUMNS = 25, 4, 120
"""The lines and the most columns of a scatter, and how many lines each has its accuracy."""

_SCALE = 8
"""The columns of its scale."""

_SEVERAL = "*"
"""Several networks in one place."""

_REST, _FREE = "▒", "·"
"""Any other tensor, and memory that nothing is in."""

_BEYOND = "x"
"""Beyond a budget."""


def along(series: Series, width: int | None = None) -> str:
    """A bar for each layer, for each metric; lines fit ``width`` if there is one."""
    parts = [f"{series.title}\n"]
    for title, costs in series.costs.items():
        lines = [(name, cost, scaled(cost)) for name, cost in zip(series.names, costs, strict=True)]
        parts.append(f"{title}\n{_bars(lines, max(costs, default=0), width)}")
    return "\n".join(parts)


def arena(memory: Arena, width: int | None = None) -> str:
    """A bar for each step; then the arena: steps across, addresses up, a letter for each tensor."""
    head = f"{memory.title}, {memory.storage}: {memory.amount(memory.peak)} by {memory.planner}"
    bound = f", {memory.amount(memory.bound)} alive at once" if memory.fullest is not None else ""
    lines = [
        (name, alive, memory.amount(alive))
        for name, alive in zip(memory.steps, memory.alive, strict=True)
    ]
    parts = ["\n".join(wrapped(head + bound, width)) + "\n"]
    parts.append(f"alive\n{_bars(lines, max(memory.alive, default=0), width)}")
    if memory.blocks and memory.steps:
        parts.append(_addresses(memory, width))
    return "\n".join(parts)


def _addresses(memory: Arena, width: int | None) -> str:
    marks = {block: _LETTERS[index] for index, block in enumerate(memory.blocks[: len(_LETTERS)])}
    sides = [memory.amount(memory.peak * row // _ROWS) for row in range(_ROWS)]
    first = max(map(len, sides))
    columns = _thinned(len(memory.steps), (width or _WIDTH) - first - 2)
    wide = max(1, min(4, ((width or _WIDTH) - first - 2) // len(columns)))
    lines = ["arena"]
    for row in reversed(range(_ROWS)):
        # The middle of a band of addresses, twice, to stay whole.
        at = memory.peak * (2 * row + 1)
        cells = (
            next(
                (
                    marks.get(block, _REST)
                    for block in memory.blocks
                    if block.first <= step <= block.last
                    and 2 * _ROWS * block.offset <= at < 2 * _ROWS * (block.offset + block.bytes)
                ),
                _FREE,
            )
            for step in columns
        )
        lines.append(f"{sides[row]:>{first}}  {''.join(cell * wide for cell in cells)}")
    if len(columns) < len(memory.steps):
        lines += wrapped(f"{len(columns)} of {counted(len(memory.steps))} steps.", width)
    lines.append("")
    for block, mark in marks.items():
        span = memory.steps[block.first]
        if block.last > block.first:
            span += f" to {memory.steps[min(block.last, len(memory.steps) - 1)]}"
        lines += wrapped(f"{mark}  {block.name}, {memory.amount(block.bytes)}, {span}", width)
    others = len(memory.blocks) - len(marks)
    if others:
        lines += wrapped(f"{_REST}  {counted(others)} others, none larger", width)
    return "\n".join(lines) + "\n"


def stacked(shares: Shares, width: int | None = None) -> str:
    """A bar for each type of layer, for each network."""
    parts = [f"share of {shares.counted}\n"]
    for network, part in zip(shares.networks, shares.parts, strict=True):
        total = sum(part.values())
        ordered = sorted(part.items(), key=lambda item: -item[1])
        lines = [(name, cost, f"{share(cost, total, 1)} %") for name, cost in ordered]
        parts.append(f"{network}\n{_bars(lines, total, width)}")
    return "\n".join(parts)


def bubbles(accuracies: Accuracies, width: int | None = None) -> str:
    """A line for each network, the most accurate first: accuracy, mult-adds, params.

    Of many networks, a letter for each, where its accuracy and its cost put it.
    """
    points = accuracies.points
    if accuracies.is_crowded:
        return _scattered(accuracies, width or _WIDTH)
    ordered = sorted(points, key=lambda point: -point.top1)
    most = max(map(accuracies.cost, points))
    lines = [
        (
            f"{point.top1:5.1f} %  {point.label}",
            accuracies.cost(point),
            f"{accuracies.amount(point)}, {scaled(point.params)} params",
        )
        for point in ordered
    ]
    return f"ImageNet top-1\n{_bars(lines, most, width)}{_without(accuracies, width)}"


def _without(accuracies: Accuracies, width: int | None) -> str:
    """The networks without an accuracy, below a picture; empty if there are none."""
    notes = [line for reason in accuracies.left_out for line in wrapped(f"Without {reason}", width)]
    return "\n".join(["", *notes, ""]) if notes else ""


def _scattered(accuracies: Accuracies, width: int) -> str:
    """Accuracy upwards, cost to the right on a logarithmic scale; what each letter is."""
    series = accuracies.by_series()
    marks = dict(zip(series, _LETTERS + _LETTERS.lower(), strict=False))
    columns = min(max(width - _SCALE - 3, 1), _COLUMNS)  # the last cost is centred below the end
    costs = [log10(accuracies.place(point)) for point in accuracies.points]
    tops = [point.top1 for point in accuracies.points]
    left, right = min(costs), max(costs)
    low, high = floor(min(tops)), ceil(max(tops))
    cells = [[" "] * columns for _ in range(_LINES)]
    for point, cost in zip(accuracies.points, costs, strict=True):
        row = round((high - point.top1) / ((high - low) or 1) * (_LINES - 1))
        column = round((cost - left) / ((right - left) or 1) * (columns - 1))
        mark = marks.get(point.series, _REST)
        cells[row][column] = mark if cells[row][column] in (" ", mark) else _SEVERAL
    lines = wrapped(f"ImageNet top-1, %, and {accuracies.counted}", width)
    for row, line in enumerate(cells):
        side = high - (high - low) * row / (_LINES - 1)
        start = f"{side:{_SCALE - 2}.1f}" if row % _EVERY == 0 else " " * (_SCALE - 2)
        lines.append(f"{start} │{''.join(line)}".rstrip())
    lines += [
        " " * (_SCALE - 1) + "└" + "─" * columns,
        _costs(accuracies, left, right, columns),
        "",
    ]
    for name, members in series.items():
        year = f", {members[0].year}" if members[0].year else ""
        each = "; ".join(
            f"{'' if point.variant == name else point.variant + ' '}"
            f"{point.top1:.1f} %, {accuracies.short(point)}"
            for point in members
        )
        first, *rest = wrapped(f"{name}{year}: {each}", width - 3)
        lines += [f"{marks.get(name, _REST)}  {first}", *(f"   {line}" for line in rest)]
    lines += [f"{_SEVERAL}  several networks"] if any(_SEVERAL in line for line in cells) else []
    return "\n".join(lines) + "\n" + _without(accuracies, width)


def _costs(accuracies: Accuracies, left: float, right: float, columns: int) -> str:
    """The axis of costs: 1, 2 and 5 of each power of ten, where there is room."""
    line = ""
    for power in range(floor(left), ceil(right) + 1):
        for first in (1, 2, 5):
            cost = first * 10**power
            column = round((log10(cost) - left) / ((right - left) or 1) * (columns - 1))
            text = f"{cost:g}" if accuracies.device else scaled(int(cost))
            start = _SCALE + column - len(text) // 2
            if left <= log10(cost) <= right and start > len(line):
                line = f"{line:<{start}}{text}"
    return line


def roof(data: Roofline, width: int | None = None) -> str:
    """A line for each point, the least intensity first: speed, intensity, share of the time."""
    ridge = f"ridge at {significant(data.ridge)} operations a byte"
    roof = f"peak {stated(data.peak, 'OP/s')}, {stated(data.bandwidth, 'B/s')}, {ridge}"
    lines = [
        (
            point.label,
            round(point.speed),
            f"{stated(point.speed, 'OP/s')} at {significant(point.intensity)} a byte, "
            f"{share(round(point.share * 10**6), 10**6, 1)} % of the time",
        )
        for point in sorted(data.points, key=lambda point: point.intensity)
    ]
    head = [*wrapped(data.title, width), *wrapped(roof, width), ""]
    return "\n".join(head) + "\n" + _bars(lines, round(data.peak), width) + _notes(data, width)


def times(data: Timeline, width: int | None = None) -> str:
    """A bar for each step, with what limits it."""
    most = max((bar.time for bar in data.bars), default=Fraction(0))
    lines = [
        (bar.name, round(bar.time * 10**9), f"{milliseconds(bar.time / 1000)}, {bar.limit}")
        for bar in data.bars
    ]
    texts = (data.title, *data.words())
    head = [*(line for text in texts for line in wrapped(text, width)), ""]
    drawn = _bars(lines, round(most * 10**9), width)
    return "\n".join(head) + "\n" + drawn + _notes(data, width)


def _notes(data: Roofline | Timeline, width: int | None) -> str:
    """What is left out, below a picture; empty if nothing is."""
    notes = [line for sentence in data.left_out for line in wrapped(sentence, width)]
    return "\n".join(["", *notes, ""]) if notes else ""


def heat(costs: HeatMap, width: int | None = None) -> str:
    """A number for each setting, and its shade; of many columns, those that there is room for."""
    drawn = costs.costs[costs.metric]
    valid = [cost for line in drawn for cost in line if cost is not None]
    least, most = min(valid, default=1), max(valid, default=1)
    number = partial(_number, costs.metric)
    span = f"from {number(least)} ({_SHADES[0]}) to {number(most)} ({_SHADES[-1]})"
    lines = wrapped(f"{costs.title}: {costs.counted} {span}", width)
    for name, limits in costs.budgets.items():
        for limit in limits:
            lines += wrapped(f"{_BEYOND}: more than {costs.limit(name, limit)}", width)
    (down, ups), (across, sides) = costs.down, costs.across
    rows = range(len(ups) - 1, -1, -1)
    names = [across, *(f"{down} {ups[row]:g}" for row in rows)]
    first = max(map(text_width, names))
    cell = max(map(len, [f"{side:g}" for side in sides] + [number(cost) for cost in valid]))
    columns = _thinned(len(sides), ((width or _WIDTH) - first) // (cell + 4))
    cells = [
        [f"{sides[column]:g}".rjust(cell) + "  " for column in columns],
        *(
            [
                f"{number(drawn[row][column]):>{cell}} {_shade(costs, row, column, least, most)}"
                for column in columns
            ]
            for row in rows
        ),
    ]
    lines.append("")
    for name, line in zip(names, cells, strict=True):
        gap = " " * (first - text_width(name) + 2)
        lines.append(f"{name}{gap}{'  '.join(line)}".rstrip())
    if len(columns) < len(sides):
        note = f"{len(columns)} of {len(sides)} values of {across}; 'costcalc sweep' lists all."
        lines += ["", *wrapped(note, width)]
    return "\n".join(lines) + "\n"


def _thinned(count: int, most: int) -> list[int]:
    """At most ``most`` of the indexes below ``count``, evenly spread, the ends among them.

    >>> _thinned(5, 9), _thinned(9, 5), _thinned(9, 1)
    ([0, 1, 2, 3, 4], [0, 2, 4, 6, 8], [0, 8])
    """
    most = max(most, 2)
    if count <= most:
        return list(range(count))
    return [index * (count - 1) // (most - 1) for index in range(most)]


def _number(metric: str, cost: int | Fraction | None) -> str:
    return "-" if cost is None else amount(metric, cost)


def _shade(
    costs: HeatMap, row: int, column: int, least: int | Fraction, most: int | Fraction
) -> str:
    cost = costs.costs[costs.metric][row][column]
    if cost is None:
        return " "
    for metric, limits in costs.budgets.items():
        value = costs.costs[metric][row][column]
        if value is not None and any(value > limit for limit in limits):
            return _BEYOND
    index, ceiling = 0, len(_SHADES)
    # Compares cost / least with (most / least) ** ((index + 1) / ceiling), exactly.
    while index < ceiling - 1 and cost**ceiling >= least ** (ceiling - index - 1) * most ** (
        index + 1
    ):
        index += 1
    return _SHADES[index]


def _bars(lines: Sequence[tuple[str, int, str]], largest: int, width: int | None) -> str:
    """A line each: name, bar and number; where that is too wide, the name on a line above."""
    names = max((text_width(name) for name, _, _ in lines), default=0)
    numbers = max((text_width(shown) for _, _, shown in lines), default=0)
    room = _BAR if width is None else min(width - names - numbers - 3, _BAR)
    drawn = []
    if room >= _LEAST_BAR:
        for name, cost, shown in lines:
            gap = " " * (names - text_width(name) + 2)
            drawn.append(f"{name}{gap}{bar(cost, largest, room):<{room}} {shown}")
    else:
        room = max(min((width or 0) - numbers - 3, _BAR), _LEAST_BAR)
        for name, cost, shown in lines:
            drawn += [*wrapped(name, width), f"  {bar(cost, largest, room):<{room}} {shown}"]
    return "\n".join(drawn) + "\n"
