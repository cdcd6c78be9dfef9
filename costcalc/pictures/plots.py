"""Costs as figures: legible in print, in colours that colour-blind readers can distinguish."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import cycle, product
from typing import Any

from costcalc.errors import refuse, warn
from costcalc.metrics import METRICS
from costcalc.pictures.accuracies import Accuracies, Point
from costcalc.pictures.data import (
    Arena,
    HeatMap,
    PlacedTensor,
    Series,
    Shares,
)
from costcalc.pictures.labels import place_labels
from costcalc.render.formatting import prefixed, scaled
from costcalc.storing.storage import UNITS

# Okabe and Ito, "Color Universal Design" (2008), without black and in an order that
# keeps neighbours apart; grey is for the rest.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442")
_HATCHES = ("", "///", "...", "\\\\\\", "xx", "---", "++")
REST = "#999999"
WIDTH = 7.0
"""The text width of a paper, in inches."""

_AT_PEAK, _OTHERS = "#E69F00", "#56B4E9"
"""What is alive in the fullest step, and what is not."""

_LABELLED = 40
"""The most tensors with their names."""

_EDGES = 130
"""Points for the white edges of all steps together, so that those of thousands hide nothing."""

_NO_GLYPH = re.compile(r"Glyph .* missing from")
"""How matplotlib says that its font lacks a character."""

_CONTOURS = ("solid", "dashed", "dotted", "dashdot")
"""The lines of budgets."""

_TICKS = 12
"""The most labels on an axis."""

_LARGE, _SMALL = 1200, 220
"""The area of the largest bubble in square points, and where there are many."""

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
"""Shapes of bubbles, each in all colours before the next."""

_LEGEND = 4
"""Columns of a legend."""

_NAMED = 60
"""The most layers with room for their names."""


def drawn(figure: Any, kind: str) -> bytes:
    """A figure as a file, without dates: the same figure gives the same bytes."""
    file = io.BytesIO()
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure.savefig(file, format=kind, dpi=200, metadata=dates.get(kind), bbox_inches="tight")
    if kind != "svg" and any(_NO_GLYPH.match(str(warning.message)) for warning in caught):
        warn(
            None,
            "the font lacks characters of some names, which are drawn as boxes",
            hint="-o FILE.svg, which keeps them as text",
        )
    return file.getvalue()


def along(series: Series) -> Any:
    """Bars for each layer, in a panel for each metric, coloured by type of layer."""
    plot = pyplot()
    count = len(series.costs)
    height = 2.2 + 1.2 * count
    figure, columns = plot.subplots(
        count, 1, figsize=(WIDTH, height), sharex=True, layout="constrained", squeeze=False
    )
    panels = columns[:, 0]
    colours = palette(series.types)
    places = range(len(series.names))
    for panel, (title, costs) in zip(panels, series.costs.items(), strict=True):
        shown = [colours.get(type_, REST) for type_ in series.types]
        panel.bar(places, costs, color=shown, width=0.8, edgecolor="#333333", linewidth=0.3)
        panel.set_ylabel(title)
        _engineering(panel.yaxis)
        panel.margins(x=0.01)
    name_places(panels[-1], series.names, "layers, from input to output")
    handles = [plot.Rectangle((0, 0), 1, 1, color=colour) for colour in colours.values()]
    names = list(colours)
    if set(series.types) - set(colours):
        handles.append(plot.Rectangle((0, 0), 1, 1, color=REST))
        names.append("others")
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False)
    figure.suptitle(series.title)
    return figure


def arena(memory: Arena) -> Any:
    """Bytes alive in each step; below them the tensors, as rectangles of steps and addresses."""
    plot = pyplot()
    shapes = {"height_ratios": (1, 2.2)} if memory.blocks else {}
    figure, columns = plot.subplots(
        2 if memory.blocks else 1,
        1,
        figsize=(WIDTH, 6.4 if memory.blocks else 3.6),
        sharex=True,
        layout="constrained",
        squeeze=False,
        gridspec_kw=shapes,
    )
    panels = columns[:, 0]
    top = panels[0]
    colours = [_AT_PEAK if step == memory.fullest else _OTHERS for step in range(len(memory.alive))]
    places = range(len(memory.alive))
    is_dense = len(places) > _NAMED
    edge = 0 if is_dense else 0.3
    top.bar(places, memory.alive, color=colours, width=1.0, edgecolor="white", linewidth=edge)
    if is_dense and memory.fullest is not None:  # its bar may be narrower than a pixel
        top.vlines(memory.fullest, 0, memory.bound, color=_AT_PEAK, linewidth=1.2)
    top.axhline(memory.peak, color="#333333", linewidth=0.9, linestyle="dashed")
    top.set_ylabel(f"alive, {memory.unit}")
    top.set_xlim(-0.5, max(len(memory.alive), 1) - 0.5)
    if memory.blocks:
        _draw_blocks(panels[1], memory)
    for panel in panels:
        panel.set_ylim(0, max(memory.peak, 1) * 1.04)
        _in_units(panel.yaxis, UNITS[memory.unit])
    name_places(panels[-1], memory.steps, "steps, from input to output")
    handles = [plot.Line2D([], [], color="#333333", linewidth=0.9, linestyle="dashed")]
    names = [f"{memory.planner}: {memory.amount(memory.peak)}"]
    if memory.fullest is not None:
        handles.append(plot.Rectangle((0, 0), 1, 1, color=_AT_PEAK))
        names.append(f"alive in {memory.steps[memory.fullest]}: {memory.amount(memory.bound)}")
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(f"{memory.title}, {memory.storage}")
    if memory.blocks:
        _label_blocks(figure, panels[1], memory.blocks)
    return figure


def _draw_blocks(panel: Any, memory: Arena) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    patches = [
        Rectangle((block.first - 0.5, block.offset), block.last - block.first + 1, block.bytes)
        for block in memory.blocks
    ]
    colours = [_AT_PEAK if memory.is_at_peak(block) else _OTHERS for block in memory.blocks]
    width = min(0.6, _EDGES / max(len(memory.steps), 1))
    panel.add_collection(
        PatchCollection(patches, facecolors=colours, edgecolors="white", linewidths=width)
    )
    panel.set_ylabel(f"address, {memory.unit}")


def _label_blocks(figure: Any, panel: Any, blocks: Sequence[PlacedTensor]) -> None:
    """Writes the names of the largest tensors into their rectangles, where there is room.

    Rectangles never overlap, so neither do names inside them.
    """
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    for block in blocks[:_LABELLED]:
        corners = panel.transData.transform(
            [(block.first - 0.5, block.offset), (block.last + 0.5, block.offset + block.bytes)]
        )
        width, height = corners[1] - corners[0]
        text = panel.text(
            (block.first + block.last) / 2,
            block.offset + block.bytes / 2,
            block.name,
            ha="center",
            va="center",
            fontsize=6.5,
        )
        for turn in (0, 90):
            text.set_rotation(turn)
            box = text.get_window_extent(renderer)
            if box.width <= width and box.height <= height:
                break
        else:
            text.remove()


def name_places(panel: Any, names: Sequence[str], title: str) -> None:
    """Names below bars if there is room for them, else what they are."""
    if len(names) <= _NAMED:
        panel.set_xticks(list(range(len(names))), names, rotation=90, fontsize=6.5)
    else:
        panel.set_xlabel(title)


def stacked(shares: Shares) -> Any:
    """A bar of 100 % for each network, with its types of layer stacked."""
    plot = pyplot()
    height = 1.3 + 0.45 * len(shares.networks)
    figure, panel = plot.subplots(figsize=(WIDTH, height), layout="constrained")
    weight: dict[str, float] = {}
    for part in shares.parts:
        total = sum(part.values())
        for name, cost in part.items():
            weight[name] = weight.get(name, 0) + cost / total
    ordered = sorted(weight, key=lambda name: -weight[name])
    named = ordered[: len(_COLOURS)]
    places = list(range(len(shares.networks)))
    lefts = [0.0] * len(places)
    for name in [*named, *(["others"] if len(ordered) > len(named) else [])]:
        widths = []
        for part in shares.parts:
            kept = part.get(name, 0)
            if name == "others":
                kept = sum(cost for other, cost in part.items() if other not in named)
            widths.append(100 * kept / sum(part.values()) if part else 0.0)
        index = named.index(name) if name in named else None
        panel.barh(
            places,
            widths,
            left=lefts,
            height=0.7,
            label=name,
            color=REST if index is None else _COLOURS[index],
            hatch="" if index is None else _HATCHES[index],
            edgecolor="white",
            linewidth=0.5,
        )
        for place, width, left in zip(places, widths, lefts, strict=True):
            if width >= 8:
                # On white, to be legible on hatches and colours.
                panel.text(
                    left + width / 2,
                    place,
                    f"{width:.0f} %",
                    ha="center",
                    va="center",
                    fontsize=8,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
                )
        lefts = [left + width for left, width in zip(lefts, widths, strict=True)]
    panel.set_yticks(places, shares.networks)
    panel.set_ylim(len(places) - 0.4, -0.6)
    panel.set_xlim(0, 100)
    panel.set_xlabel(f"share of {shares.counted}, %")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return figure


def bubbles(accuracies: Accuracies) -> Any:
    """Accuracy against mult-adds on a logarithmic scale; areas are params.

    The variants of a network are joined by a line.  Where there are many, labels are short and
    stand where there is room, and a legend names the networks.
    """
    plot = pyplot()
    points, series = accuracies.points, accuracies.by_series()
    is_crowded = accuracies.is_crowded
    size = (WIDTH, 6.6 + 0.17 * -(-len(series) // _LEGEND)) if is_crowded else (WIDTH, 4.6)
    figure, panel = plot.subplots(figsize=size, layout="constrained")
    largest = max(point.params for point in points)
    areas = {point: _area(point, largest, _SMALL if is_crowded else _LARGE) for point in points}
    looks = dict(zip(series, product(_MARKERS, _COLOURS), strict=False))
    for name, members in series.items():
        _, colour = looks.get(name, ("o", REST))
        costs = [accuracies.place(point) for point in members]
        tops = [point.top1 for point in members]
        panel.plot(costs, tops, color=colour, linewidth=0.9, alpha=0.6, zorder=1)
    # The largest first, so that it does not hide smaller ones.
    for point in sorted(points, key=lambda point: -point.params):
        marker, colour = looks.get(point.series, ("o", REST))
        panel.scatter(
            accuracies.place(point),
            point.top1,
            s=areas[point],
            marker=marker,
            color=colour,
            alpha=0.75,
            edgecolor="#333333",
            linewidth=0.6,
            zorder=2,
        )
    panel.set_xscale("log")
    panel.margins(0.06 if is_crowded else 0.18)
    if accuracies.device:
        in_digits(panel.xaxis, "")
    else:
        _engineering(panel.xaxis)
    panel.grid(alpha=0.3)
    panel.set_axisbelow(True)
    panel.set_xlabel(accuracies.counted)
    panel.set_ylabel("ImageNet top-1, %")
    panel.set_title(f"area: params, {scaled(largest)} the largest", fontsize=9)
    if is_crowded:
        _legend(figure, series, looks)
    named = sorted(points, key=lambda point: -point.top1) if is_crowded else points
    place_labels(
        figure,
        panel,
        [
            (point.variant if is_crowded else point.label, accuracies.place(point), point.top1)
            for point in named
        ],
        [areas[point] for point in named],
        is_optional=is_crowded,
        size=6 if is_crowded else 7.5,
    )
    return figure


def _legend(
    figure: Any, series: Mapping[str, Sequence[Point]], looks: Mapping[str, tuple[str, str]]
) -> None:
    """The networks with their years, in columns below the figure."""
    from matplotlib.lines import Line2D

    handles = []
    for name, members in series.items():
        marker, colour = looks.get(name, ("o", REST))
        year = members[0].year
        handles.append(
            Line2D(
                [],
                [],
                color=colour,
                marker=marker,
                markersize=5,
                markeredgecolor="#333333",
                markeredgewidth=0.6,
                linewidth=0.9,
                label=f"{name}, {year}" if year else name,
            )
        )
    figure.legend(
        handles=handles, loc="outside lower center", ncols=_LEGEND, frameon=False, fontsize=7
    )


def heat(costs: HeatMap) -> Any:
    """A metric over two parameters, with the budgets as contours."""
    import numpy

    plot = pyplot()
    from matplotlib.colors import LogNorm

    figure, panel = plot.subplots(figsize=(WIDTH, 4.6), layout="constrained")
    down, across = costs.down[1], costs.across[1]
    values = numpy.array(costs.costs[costs.metric], dtype=float)
    mesh = panel.pcolormesh(across, down, values, norm=LogNorm(), cmap="cividis", shading="nearest")
    bar = figure.colorbar(mesh, ax=panel)
    bar.set_label(costs.counted)
    if METRICS[costs.metric].is_timed:
        in_digits(bar.ax.yaxis, "")
    else:
        _engineering(bar.ax.yaxis)
    for (metric, limits), style in zip(costs.budgets.items(), cycle(_CONTOURS), strict=False):
        if not limits or min(len(down), len(across)) < 2:
            continue
        field = numpy.array(costs.costs[metric], dtype=float)
        texts = {float(limit): costs.limit(metric, limit) for limit in limits}
        lines = panel.contour(
            across,
            down,
            field,
            levels=sorted(texts),
            colors="white",
            linestyles=style,
            linewidths=1.6,
        )
        for text in panel.clabel(lines, fmt=texts, fontsize=8):
            text.set_bbox({"facecolor": "black", "edgecolor": "none", "alpha": 0.7, "pad": 1.2})
    for ticks, (name, sizes) in ((panel.xaxis, costs.across), (panel.yaxis, costs.down)):
        ticks.set_label_text(name)
        shown = _apart(sizes)
        ticks.set_ticks(shown, [f"{size:g}" for size in shown])
    panel.set_title(costs.title)
    return figure


def _apart(sizes: Sequence[float]) -> list[float]:
    """The values of a grid, in order, that have room for a label beside each other."""
    least = (sizes[-1] - sizes[0]) / _TICKS
    shown = [sizes[0]]
    for size in sizes[1:-1]:
        if size - shown[-1] >= least and sizes[-1] - size >= least:
            shown.append(size)
    return [*shown, sizes[-1]]


def _area(point: Point, largest: int, most: int) -> float:
    """The area of a bubble in square points; even the smallest is visible."""
    return most * point.params / largest + 12


def palette(names: Sequence[str]) -> dict[str, str]:
    """A colour for each of the most frequent names."""
    ordered = sorted(dict.fromkeys(names), key=lambda name: -list(names).count(name))
    return dict(zip(ordered, _COLOURS, strict=False))


def _engineering(axis: Any) -> None:
    """Labels an axis with ``1.50 M``, also between powers of ten if it shows few of them."""
    from matplotlib.ticker import FuncFormatter

    low, high = axis.get_view_interval()
    first = {"1", "2", "5"} if low > 0 and high < 30 * low else {"1"}

    def between(value: float, _: object) -> str:
        return scaled(round(value)) if f"{value:e}"[0] in first else ""

    axis.set_major_formatter(FuncFormatter(lambda value, _: scaled(round(value))))
    axis.set_minor_formatter(FuncFormatter(between))


def in_digits(axis: Any, unit: str) -> None:
    """Labels a logarithmic axis with ``10``, or with a unit ``1 GOP/s``."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    low, high = axis.get_view_interval()
    first = {"1", "2", "5"} if low > 0 and high < 100 * low else {"1"}

    def text(value: float, _: object) -> str:
        if not unit:
            return f"{value:,g}"
        number, _, prefix = prefixed(Fraction(value), unit).partition(" ")
        return f"{float(number.replace(',', '')):g} {prefix}" if value else ""

    def between(value: float, _: object) -> str:
        return text(value, _) if f"{value:e}"[0] in first else ""

    axis.set_major_formatter(FuncFormatter(text))
    axis.set_minor_formatter(FuncFormatter(between) if len(first) > 1 else NullFormatter())


def _in_units(axis: Any, scale: int) -> None:
    """Labels an axis of bytes with multiples of a unit, at round numbers of it."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    class InUnits(MaxNLocator):
        def tick_values(self, vmin: float, vmax: float) -> Any:
            ticks = super().tick_values(vmin / scale, vmax / scale)
            return [tick * scale for tick in ticks]

    axis.set_major_locator(InUnits(nbins=6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / scale:,g}"))


def pyplot() -> Any:
    """Matplotlib, set up to draw only to files.

    Raises:
        SpecError: it is not installed.
    """
    try:
        import matplotlib
    except ImportError:
        refuse(
            None,
            "figures need the package 'matplotlib', which is not installed",
            hint="pip install 'costcalc[plot]'",
        )
    matplotlib.rcdefaults()  # black on white, whatever a style of the user's is
    matplotlib.use("agg")
    warnings.filterwarnings("ignore", _NO_GLYPH.pattern)  # said once, when a figure is written
    matplotlib.rcParams.update(
        {
            "font.size": 9,
            "svg.hashsalt": "costcalc",
            "svg.fonttype": "none",
            "pdf.fonttype": 42,
            "text.parse_math": False,  # a dollar in a name is a dollar
        }
    )
    from matplotlib import pyplot

    pyplot.close("all")
    return pyplot
