"""Time as figures: layers under a roofline, and the time of each layer by what limits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from costcalc.performance.roofline import Limit
from costcalc.pictures.labels import place_labels
from costcalc.pictures.plots import (
    REST,
    WIDTH,
    in_digits,
    name_places,
    palette,
    pyplot,
)
from costcalc.pictures.timing import Roofline, Timeline
from costcalc.render.formatting import milliseconds, significant, stated
from costcalc.render.layout import wrapped

_LABELLED = 12
"""The most points with their names."""

_LIMITS: Mapping[Limit, tuple[str, str]] = {
    "compute": ("#0072B2", ""),
    "memory": ("#E69F00", "////"),
}
"""The colour and the hatch of each limit, apart in print too."""

_DARK = "#333333"


def roof(data: Roofline) -> Any:
    """The roof of a device, and steps as points on it: their area is their share of the time."""
    plot = pyplot()
    figure, panel = plot.subplots(figsize=(WIDTH, 4.6), layout="constrained")
    peak, ridge, bandwidth = float(data.peak), float(data.ridge), float(data.bandwidth)
    intensities = [float(point.intensity) for point in data.points]
    low, high = min([*intensities, ridge]) / 3, max([*intensities, ridge]) * 4
    roof_line = [(low, low * bandwidth), (ridge, peak), (high, peak)]
    panel.plot(*zip(*roof_line, strict=True), color=_DARK, linewidth=1.4)
    panel.axvline(ridge, color=_DARK, linewidth=0.7, linestyle="dotted")
    colours = palette([point.type for point in data.points])
    markers = dict(zip(colours, "osD^vPX", strict=False))
    for point in data.points:  # the largest first, so that it does not hide smaller ones
        panel.scatter(
            float(point.intensity),
            float(point.speed),
            s=_area(float(point.share)),
            color=colours.get(point.type, REST),
            marker=markers.get(point.type, "o"),
            alpha=0.8,
            edgecolor=_DARK,
            linewidth=0.6,
            zorder=3,
        )
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(low, high)
    speeds = [float(point.speed) for point in data.points]
    panel.set_ylim(min([*speeds, peak / 4]) / 4, peak * 4)
    panel.set_xlabel("operations a byte")
    panel.set_ylabel("attainable operations a second")
    in_digits(panel.xaxis, "")
    in_digits(panel.yaxis, "OP/s")
    panel.grid(alpha=0.3)
    panel.set_axisbelow(True)
    panel.set_title(
        f"peak {stated(data.peak, 'OP/s')}, {stated(data.bandwidth, 'B/s')}, "
        f"ridge at {significant(data.ridge)}; area: share of the time",
        fontsize=9,
    )
    figure.suptitle(data.title)
    names = [*colours, *(["others"] if any(p.type not in colours for p in data.points) else [])]
    handles = [
        plot.Line2D(
            [],
            [],
            linestyle="",
            marker=markers.get(name, "o"),
            color=colours.get(name, REST),
            markeredgecolor=_DARK,
            markeredgewidth=0.6,
        )
        for name in names
    ]
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False)
    if data.left_out:
        panel.set_xlabel("\n".join(["operations a byte", *_lines(data.left_out, 90)]))
    place_labels(
        figure,
        panel,
        [
            (point.label if index < _LABELLED else "", float(point.intensity), float(point.speed))
            for index, point in enumerate(data.points)
        ],
        [_area(float(point.share)) for point in data.points],
        roof_line,
        is_optional=True,
    )
    return figure


def times(data: Timeline) -> Any:
    """A bar for each step: the time of its limit, and above it, hollow, what that hides."""
    plot = pyplot()
    figure, panel = plot.subplots(figsize=(WIDTH, 3.8), layout="constrained")
    places = list(range(len(data.bars)))
    for limit, (colour, hatch) in _LIMITS.items():
        shown = [place for place in places if data.bars[place].limit == limit]
        panel.bar(
            shown,
            [float(data.bars[place].time) for place in shown],
            color=colour,
            hatch=hatch,
            width=0.8,
            edgecolor="white" if hatch else _DARK,
            linewidth=0.3,
        )
    panel.bar(
        places,
        [float(bar.hidden) for bar in data.bars],
        bottom=[float(bar.time) for bar in data.bars],
        width=0.8,
        facecolor="none",
        edgecolor="#888888",
        linewidth=0.6,
    )
    panel.set_ylabel("ms, estimates")
    panel.margins(x=0.01)
    name_places(panel, [bar.name for bar in data.bars], "steps, from input to output")
    words = {"compute": "computing limits", "memory": "memory limits"}
    handles = [
        plot.Rectangle((0, 0), 1, 1, facecolor=colour, hatch=hatch, edgecolor="white")
        for colour, hatch in _LIMITS.values()
    ]
    names = [f"{words[limit]}: {milliseconds(data.time(limit) / 1000)}" for limit in _LIMITS]
    handles.append(plot.Rectangle((0, 0), 1, 1, facecolor="none", edgecolor="#888888"))
    names.append("hidden in the roofline, added in serial")
    figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle(data.title)
    panel.set_title("\n".join(["; ".join(data.words()), *_lines(data.left_out, 110)]), fontsize=8)
    return figure


def _lines(sentences: Iterable[str], width: int) -> list[str]:
    return [line for sentence in sentences for line in wrapped(sentence, width)]


def _area(share: float) -> float:
    """The area of a point in square points; even the smallest is visible."""
    return 1500 * share + 14
