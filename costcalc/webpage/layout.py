"""Where the boxes of a graph go: in ranks from top to bottom, with few crossings.

The method of Sugiyama, Tagawa and Toda ("Methods for Visual Understanding of Hierarchical
System Structures", 1981): ranks by the longest path; a point in each rank that an arrow
crosses; an order in each rank by the mean place of neighbours, of which the best is kept;
then places across that are near those of neighbours, without changing the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from costcalc.records import NamedTuple

Arrow: TypeAlias = tuple[int, int]

Route: TypeAlias = tuple[tuple[int, int], ...]
"""The corners of an arrow, vertical at its ends."""

ACROSS, DOWN = 18, 26
"""The space between two boxes in a rank, and between two ranks."""

PORT = 10
"""How far from the corner of a box an arrow meets it at the least."""

SWEEPS = 8
"""How often the order in the ranks is improved from the top and from the bottom."""

STEPS, NEAR = 30, 0.2
"""How often the places across are, at the most, and the move in pixels that ends it."""


class Extent2D(NamedTuple):
    """A width and a height."""

    width: int
    height: int


class Placed(NamedTuple):
    """Boxes by their centres, and arrows as polylines, in the order of the arrows."""

    width: int
    height: int
    centres: tuple[tuple[int, int], ...]
    sizes: tuple[Extent2D, ...]
    """Those of the boxes; a bus is as wide as what it joins."""
    routes: tuple[Route, ...]
    """Straight where two corners have the same place across, else curved."""
    crossings: int
    """How many pairs of arrows cross."""


class _Point(NamedTuple):
    """A box, or the place where the arrows from one box cross a rank on their way."""

    box: int
    rank: int
    is_box: bool


def layout(
    sizes: Sequence[Extent2D], arrows: Sequence[Arrow], buses: frozenset[int] = frozenset()
) -> Placed:
    """Places boxes.

    Args:
        sizes: of the boxes, those that are read before those that read them.
        arrows: from box to box; one that goes back to an earlier box is drawn upwards.
        buses: boxes that may be widened to what they join.
    """
    forward = [(min(pair), max(pair)) for pair in arrows]
    ranks = _ranks(len(sizes), forward)
    graph = _Layers(sizes, ranks, forward)
    crossings = graph.order()
    across = graph.place()
    heights = [
        max((sizes[point.box].height for point in row if point.is_box), default=0)
        for row in graph.rows
    ]
    tops = [0]
    for height in heights[:-1]:
        tops.append(tops[-1] + height + DOWN)
    wide = dict(enumerate(sizes))
    for bus in buses:
        wide[bus] = _spanning(graph, across, bus)
    left = min(
        (across[point] - (wide[point.box].width if point.is_box else 0) / 2 for point in across),
        default=0,
    )
    places = {point: round(place - left) for point, place in across.items()}
    centres = tuple(
        (places[_Point(box, rank, True)], tops[rank] + heights[rank] // 2)
        for box, rank in enumerate(ranks)
    )
    routes = []
    for (source, _), (upper, lower) in zip(arrows, forward, strict=True):
        route = _route(graph, places, tops, heights, centres, wide, upper, lower)
        routes.append(route if source == upper else route[::-1])
    right = max(
        (places[point] + (wide[point.box].width + 1) // 2 * point.is_box for point in places),
        default=0,
    )
    return Placed(
        right,
        tops[-1] + heights[-1] if heights else 0,
        centres,
        tuple(wide[box] for box in range(len(sizes))),
        tuple(routes),
        crossings,
    )


def _ranks(boxes: int, arrows: Sequence[Arrow]) -> list[int]:
    """Each box below all that it reads; one that reads nothing just above its first reader."""
    ranks = [0] * boxes
    for source, target in sorted(arrows, key=lambda arrow: arrow[1]):
        ranks[target] = max(ranks[target], ranks[source] + 1)
    first: dict[int, int] = {}
    for source, target in arrows:
        first[source] = min(first.get(source, ranks[target]), ranks[target])
    for source in {source for source, _ in arrows} - {target for _, target in arrows}:
        ranks[source] = first[source] - 1
    return ranks


class _Layers:
    """The ranks of a graph, their points from left to right, and the links between them."""

    def __init__(
        self, sizes: Sequence[Extent2D], ranks: Sequence[int], arrows: Sequence[Arrow]
    ) -> None:
        self.sizes = sizes
        self.ranks = ranks
        self.rows: list[list[_Point]] = [[] for _ in range(max(ranks, default=-1) + 1)]
        self.above: dict[_Point, list[_Point]] = {}
        self.below: dict[_Point, list[_Point]] = {}
        for box, rank in enumerate(ranks):
            self._point(_Point(box, rank, True))
        for source, target in arrows:
            before = _Point(source, ranks[source], True)
            for rank in range(ranks[source] + 1, ranks[target] + 1):
                is_there = rank == ranks[target]
                point = _Point(target, rank, True) if is_there else _Point(source, rank, False)
                self._point(point)
                if point not in self.below[before]:
                    self.below[before].append(point)
                    self.above[point].append(before)
                before = point

    def _point(self, point: _Point) -> None:
        if point not in self.above:
            self.above[point], self.below[point] = [], []
            self.rows[point.rank].append(point)

    def order(self) -> int:
        """Orders the ranks; returns how many pairs of links cross."""
        best, fewest = self.rows, -1
        for near in (self.below, self.above):
            self.rows = self._together(near)
            for sweep in range(2 * SWEEPS):
                crossings = self.crossings()
                if fewest < 0 or crossings < fewest:
                    best, fewest = [list(row) for row in self.rows], crossings
                if not fewest:
                    break
                self._sweep(is_down=sweep % 2 == 0)
        self.rows = best
        return fewest

    def _together(self, near: Mapping[_Point, list[_Point]]) -> list[list[_Point]]:
        """An order in which what follows the same points stands together: depth first."""
        ends = [point for row in self.rows for point in row]
        waiting = ends if near is self.above else ends[::-1]
        done: dict[_Point, int] = {}
        while waiting:
            point = waiting.pop()
            if point not in done:
                done[point] = len(done)
                waiting += reversed(near[point])
        return [sorted(row, key=done.__getitem__) for row in self.rows]

    def _places(self) -> dict[_Point, int]:
        return {point: place for row in self.rows for place, point in enumerate(row)}

    def _sweep(self, is_down: bool) -> None:
        """Sorts each rank by the mean place of neighbours before it, then swaps where it helps."""
        places = self._places()
        near = self.above if is_down else self.below
        for row in self.rows if is_down else reversed(self.rows):
            means = {
                point: sum(places[other] for other in near[point]) / len(near[point])
                if near[point]
                else places[point]
                for point in row
            }
            row.sort(key=means.__getitem__)
            places.update((point, place) for place, point in enumerate(row))
        while any(self._swap(row, places) for row in self.rows):
            pass

    def _swap(self, row: list[_Point], places: dict[_Point, int]) -> bool:
        """Swaps neighbours in a rank if fewer links cross so; returns whether it did."""
        has_swapped = False
        for place in range(len(row) - 1):
            one, other = row[place : place + 2]
            gain = sum(
                _crossed(near[one], near[other], places) - _crossed(near[other], near[one], places)
                for near in (self.above, self.below)
            )
            if gain > 0:
                row[place : place + 2] = other, one
                places[one], places[other] = place + 1, place
                has_swapped = True
        return has_swapped

    def crossings(self) -> int:
        """How many pairs of links between two ranks cross."""
        places = self._places()
        total = 0
        for row in self.rows:
            ends = [sorted(places[other] for other in self.below[point]) for point in row]
            flat = [end for part in ends for end in part]
            total += sum(
                1 for index, end in enumerate(flat) for other in flat[index + 1 :] if other < end
            )
        return total

    def place(self) -> dict[_Point, float]:
        """Places across, each near those of its neighbours."""
        places: dict[_Point, float] = {}
        for row in self.rows:
            at = 0.0
            for point in row:
                at += self.half(point)
                places[point] = at
                at += self.half(point) + ACROSS
        for step in range(STEPS):
            before = dict(places)
            for row in self.rows if step % 2 == 0 else reversed(self.rows):
                self._settle(row, places)
            if all(abs(places[point] - before[point]) < NEAR for point in places):
                break
        self._straighten(places)
        return places

    def _straighten(self, places: dict[_Point, float]) -> None:
        """Puts each point right below the only one that it follows, if there is space.

        Then, from the bottom, each right above the only one that follows it.
        """
        for rows, near, back in (
            (self.rows, self.above, self.below),
            (self.rows[::-1], self.below, self.above),
        ):
            for row in rows:
                for number, point in enumerate(row):
                    (other, *more) = _followed(point, near) or [point, point]
                    if not more and len(_followed(other, back)) == 1:
                        self._move(row, number, places[other], places)

    def _move(
        self, row: Sequence[_Point], number: int, aim: float, places: dict[_Point, float]
    ) -> None:
        """Moves a point of a rank to a place, if there is space for it between its neighbours."""
        point = row[number]
        for other in (*row[max(number - 1, 0) : number], *row[number + 1 : number + 2]):
            space = self.half(point) + ACROSS + self.half(other)
            is_left = places[point] < places[other]
            if (places[other] - aim if is_left else aim - places[other]) < space:
                return
        places[point] = aim

    def half(self, point: _Point) -> float:
        """Half of a point's width."""
        return self.sizes[point.box].width / 2 if point.is_box else 0.0

    def _settle(self, row: Sequence[_Point], places: dict[_Point, float]) -> None:
        """Moves a rank to where its links pull it, as near as the order and the space allow.

        Least squares under an order: the neighbours that would overlap move together.
        """
        groups: list[tuple[float, float, int]] = []  # the sum of weighted aims, of weights, points
        offset, offsets = 0.0, []
        for number, point in enumerate(row):
            if number:
                offset += self.half(row[number - 1]) + ACROSS + self.half(point)
            offsets.append(offset)
            aim, weight = self._aim(point, places)
            groups.append(((aim - offset) * weight, weight, 1))
            while len(groups) > 1 and groups[-2][0] * groups[-1][1] > groups[-1][0] * groups[-2][1]:
                pulled, weight, points = groups.pop()
                before = groups.pop()
                groups.append((before[0] + pulled, before[1] + weight, before[2] + points))
        number = 0
        for pulled, weight, points in groups:
            for _ in range(points):
                places[row[number]] = pulled / weight + offsets[number]
                number += 1

    def _aim(self, point: _Point, places: Mapping[_Point, float]) -> tuple[float, float]:
        """The weighted mean of a point's neighbours, and how strongly they pull."""
        pulled, total = 0.0, 0.0
        for upper, lower in (
            *((other, point) for other in self.above[point]),
            *((point, other) for other in self.below[point]),
        ):
            other = upper if lower is point else lower
            if len(self.below[upper]) == len(self.above[lower]) == 1:
                weight = _ALONE
            else:
                weight = _AMONG if upper.is_box and lower.is_box else _PASSING
            pulled += places[other] * weight
            total += weight
        return (pulled / total, total) if total else (places[point], _PASSING)


_ALONE, _AMONG, _PASSING = 8.0, 1.0, 0.02
"""How strongly a link pulls: the only one of both its ends; one of several between boxes; an
end of an arrow that passes boxes by, which bends so that what it passes is straight."""


def _followed(point: _Point, near: Mapping[_Point, list[_Point]]) -> list[_Point]:
    """A point's neighbours without those where an arrow only begins or ends to pass by.

    If it has no others, those.
    """
    alike = [other for other in near[point] if other.is_box == point.is_box]
    return alike or near[point]


def _crossed(left: Sequence[_Point], right: Sequence[_Point], places: Mapping[_Point, int]) -> int:
    """How many links of two neighbours cross if one is left of the other."""
    return sum(places[one] > places[other] for one in left for other in right)


def _spanning(graph: _Layers, across: dict[_Point, float], bus: int) -> Extent2D:
    """The size of a bus above which all that it joins can go straight down; it may move."""
    point = _Point(bus, graph.ranks[bus], True)
    row = graph.rows[point.rank]
    number = row.index(point)
    half = graph.sizes[bus].width / 2
    ends = [across[other] for other in graph.above[point]] or [across[point]]
    left = min(min(ends) - ACROSS, across[point] - half)
    right = max(max(ends) + ACROSS, across[point] + half)
    if number:
        before = row[number - 1]
        left = max(left, across[before] + graph.half(before) + ACROSS)
    if number + 1 < len(row):
        after = row[number + 1]
        right = min(right, across[after] - graph.half(after) - ACROSS)
    across[point] = (left + right) / 2
    return Extent2D(round(right - left), graph.sizes[bus].height)


def _route(
    graph: _Layers,
    places: Mapping[_Point, int],
    tops: Sequence[int],
    heights: Sequence[int],
    centres: Sequence[tuple[int, int]],
    sizes: Mapping[int, Extent2D],
    upper: int,
    lower: int,
) -> Route:
    """The corners of an arrow: out of a box, past the ranks between, and into another."""
    between: list[tuple[int, int]] = []
    for rank in range(graph.ranks[upper] + 1, graph.ranks[lower]):
        x = places[_Point(upper, rank, False)]
        between += [(x, tops[rank]), (x, tops[rank] + heights[rank])]

    def port(box: int, towards: int) -> int:
        """Where an arrow meets a box: in the middle, or as near as it can to where it passes."""
        middle = centres[box][0]
        is_bus = sizes[box].width != graph.sizes[box].width
        if not between and not is_bus:
            return middle
        reach = max(sizes[box].width // 2 - PORT, 0)
        return min(max(towards, middle - reach), middle + reach)

    first = port(upper, between[0][0] if between else centres[lower][0])
    last = port(lower, between[-1][0] if between else first)
    above, below = graph.ranks[upper], graph.ranks[lower]
    corners = [
        (first, centres[upper][1] + sizes[upper].height // 2),
        (first, tops[above] + heights[above]),  # past higher boxes of its rank
        *between,
        (last, tops[below]),
        (last, centres[lower][1] - sizes[lower].height // 2),
    ]
    return tuple(dict.fromkeys(corners))
