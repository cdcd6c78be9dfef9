"""Labels next to points, without overlaps if there is room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

_SIDES = (
    (1, 0, "left", "center"),
    (-1, 0, "right", "center"),
    (0, 1, "center", "bottom"),
    (0, -1, "center", "top"),
    (1, 1, "left", "bottom"),
    (1, -1, "left", "top"),
    (-1, 1, "right", "bottom"),
    (-1, -1, "right", "top"),
)
_DISTANCES = (3, 9, 16, 26, 38, 52, 68)
"""Distances between a bubble's edge and its label to try, in points."""


def place_labels(
    figure: Any,
    panel: Any,
    points: Sequence[tuple[str, float, float]],
    areas: Sequence[float],
    line: Sequence[tuple[float, float]] = (),
    *,
    is_optional: bool = False,
) -> None:
    """Places each label where it covers neither a bubble nor another label, if possible.

    Args:
        figure: the figure, in its final size.
        panel: the axes with the points.
        points: each label with the coordinates of its point.
        areas: the areas of the bubbles, in square points.
        line: the corners of a line that labels keep off, too.
        is_optional: whether labels without room are left out; then the first come first.
    """
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    scale = figure.dpi / 72
    occupied = []
    for (_, x, y), area in zip(points, areas, strict=True):
        centre = panel.transData.transform((x, y))
        radius = (area / 3.14159) ** 0.5 * scale
        occupied.append(Bbox([centre - radius, centre + radius]))
    for start, end in pairwise(panel.transData.transform(corner) for corner in line):
        occupied += _along(start, end, scale)
    labels: list[Any] = []
    frame = panel.get_window_extent(renderer)
    named = [pair for pair in zip(points, areas, strict=True) if pair[0][0]]
    for (label, x, y), area in named if is_optional else sorted(named, key=_height):
        radius = (area / 3.14159) ** 0.5
        best: tuple[float, Any, Any] | None = None
        for distance, (right, up, across, level) in product(_DISTANCES, _SIDES):
            reach = radius + distance if not (right and up) else 0.7 * radius + distance
            text = panel.annotate(
                label,
                (x, y),
                xytext=(right * reach, up * reach),
                textcoords="offset points",
                ha=across,
                va=level,
                fontsize=7.5,
                arrowprops={"arrowstyle": "-", "color": "#777777", "linewidth": 0.5}
                if distance > _DISTANCES[0]
                else None,
            )
            text.set_in_layout(False)  # a layout that makes room for it would move the points
            text.update_positions(renderer)
            box = Text.get_window_extent(text, renderer)  # without the line to the point
            centre = panel.transData.transform((x, y))
            middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
            leader = _along(centre, middle, scale) if text.arrow_patch else []
            covered = sum(_overlap(box, other) for other in occupied)
            covered += sum(_overlap(piece, other) for piece in leader for other in labels)
            outside = box.width * box.height - _overlap(box, frame)
            if best is None or covered + outside < best[0]:
                if best is not None:
                    best[1].remove()
                best = (covered + outside, text, [box, *leader])
            else:
                text.remove()
            if best[0] == 0:
                break
        if best is not None and is_optional and best[0] > 0:
            best[1].remove()
        elif best is not None:
            occupied += best[2]
            labels.append(best[2][0])


def _along(start: Any, end: Any, scale: float) -> list[Any]:
    """Small boxes along a line from one place to another, in pixels."""
    from matplotlib.transforms import Bbox

    (x0, y0), (x1, y1) = start, end
    pieces = max(2, int(max(abs(x1 - x0), abs(y1 - y0)) / (4 * scale)))
    reach = 1.5 * scale
    boxes = []
    for piece in range(pieces + 1):
        part = piece / pieces
        x, y = x0 + part * (x1 - x0), y0 + part * (y1 - y0)
        boxes.append(Bbox([[x - reach, y - reach], [x + reach, y + reach]]))
    return boxes


def _height(named: tuple[tuple[str, float, float], float]) -> float:
    return named[0][2]


def _overlap(a: Any, b: Any) -> float:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return float(width * height) if width > 0 and height > 0 else 0.0
