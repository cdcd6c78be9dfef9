"""Labels next to points, without overlaps if there is room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any, NamedTuple

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

_GAP = 2.5
"""The space between two labels in a row, in points."""

_BEFORE = {"left": 0, "bottom": 0, "center": 0.5, "right": 1, "top": 1}
"""The part of a label that is left of, or below, the place that it is aligned with."""


class Box(NamedTuple):
    """A rectangle on the canvas, in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float

    def padded(self, gap: float) -> Box:
        """With a gap on its left and its right, so that labels in a row do not run together."""
        return self._replace(x0=self.x0 - gap, x1=self.x1 + gap)

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2


def place_labels(
    figure: Any,
    panel: Any,
    points: Sequence[tuple[str, float, float]],
    areas: Sequence[float],
    line: Sequence[tuple[float, float]] = (),
    *,
    is_optional: bool = False,
    size: float = 7.5,
) -> None:
    """Places each label where it covers neither a bubble nor another label, if possible.

    Args:
        figure: the figure, in its final size.
        panel: the axes with the points.
        points: each label with the coordinates of its point.
        areas: the areas of the bubbles, in square points.
        line: the corners of a line that labels keep off, too.
        is_optional: whether labels without room are left out; then the first come first.
        size: of the letters, in points.
    """
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    scale = figure.dpi / 72
    occupied = []
    for (_, x, y), area in zip(points, areas, strict=True):
        across, up = panel.transData.transform((x, y))
        radius = (area / 3.14159) ** 0.5 * scale
        occupied.append(Box(across - radius, up - radius, across + radius, up + radius))
    for start, end in pairwise(panel.transData.transform(corner) for corner in line):
        occupied += _along(start, end, scale)
    labels: list[Box] = []
    extent = panel.get_window_extent(renderer)
    frame = Box(extent.x0, extent.y0, extent.x1, extent.y1)
    named = [pair for pair in zip(points, areas, strict=True) if pair[0][0]]
    for (label, x, y), area in named if is_optional else sorted(named, key=_height):
        text = panel.text(x, y, label, fontsize=size)
        text.set_in_layout(False)  # a layout that makes room for it would move the points
        written = text.get_window_extent(renderer)
        radius = (area / 3.14159) ** 0.5
        centre = panel.transData.transform((x, y))
        best: tuple[float, _Place, list[Box]] | None = None
        for distance, side in product(_DISTANCES, _SIDES):
            right, up, _, _ = side
            reach = radius + distance if not (right and up) else 0.7 * radius + distance
            place = _Place((right * reach, up * reach), side, distance > _DISTANCES[0])
            box = place.box(centre, scale, written.width, written.height)
            leader = _along(centre, box.middle, scale) if place.has_leader else []
            covered = sum(_overlap(box, other) for other in occupied)
            covered += sum(_overlap(piece, other) for piece in leader for other in labels)
            outside = written.width * written.height - _overlap(box, frame)
            if best is None or covered + outside < best[0]:
                best = (covered + outside, place, [box, *leader])
            if best[0] == 0:
                break
        text.remove()
        if best is None or (is_optional and best[0] > 0):
            continue
        best[1].write(panel, label, (x, y), size)
        box, *leader = best[2]
        occupied += [box.padded(_GAP * scale), *leader]
        labels.append(box)


class _Place(NamedTuple):
    """Where a label may stand, from its point."""

    offset: tuple[float, float]
    """In points."""
    side: tuple[int, int, str, str]
    has_leader: bool
    """Whether a line leads to its point."""

    def box(self, centre: Any, scale: float, width: float, height: float) -> Box:
        """What the label covers there."""
        _, _, across, level = self.side
        left = centre[0] + self.offset[0] * scale - _BEFORE[across] * width
        bottom = centre[1] + self.offset[1] * scale - _BEFORE[level] * height
        return Box(left, bottom, left + width, bottom + height)

    def write(self, panel: Any, label: str, point: tuple[float, float], size: float) -> None:
        """Writes the label there."""
        _, _, across, level = self.side
        text = panel.annotate(
            label,
            point,
            xytext=self.offset,
            textcoords="offset points",
            ha=across,
            va=level,
            fontsize=size,
            arrowprops={"arrowstyle": "-", "color": "#777777", "linewidth": 0.5}
            if self.has_leader
            else None,
        )
        text.set_in_layout(False)


def _along(start: Any, end: Any, scale: float) -> list[Box]:
    """Small boxes along a line from one place to another, in pixels."""
    (x0, y0), (x1, y1) = start, end
    pieces = max(2, int(max(abs(x1 - x0), abs(y1 - y0)) / (4 * scale)))
    reach = 1.5 * scale
    boxes = []
    for piece in range(pieces + 1):
        part = piece / pieces
        x, y = x0 + part * (x1 - x0), y0 + part * (y1 - y0)
        boxes.append(Box(x - reach, y - reach, x + reach, y + reach))
    return boxes


def _height(named: tuple[tuple[str, float, float], float]) -> float:
    return named[0][2]


def _overlap(a: Box, b: Box) -> float:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return width * height if width > 0 and height > 0 else 0.0
