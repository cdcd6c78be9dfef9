"""The points that no other point dominates, in any number of costs: a Pareto front.

In lexicographic order no point comes before one that dominates it.  Each half of the points is
searched by itself; then points of the second half that one of the first half dominates are
dropped, for which the first cost no longer matters (H. T. Kung, F. Luccio and F. P. Preparata,
"On finding the maxima of a set of vectors", 1975).
"""

from __future__ import annotations

import numpy

from costcalc.grid.bounded import Array

FEW = 64
"""Points that are compared pair by pair."""


def undominated(points: Array, weighed: int | None = None) -> Array:
    """The indexes of the points that no other point dominates, in lexicographic order.

    A point dominates another if it is lower in one cost and not higher in the others.  Equal
    points are kept or dropped together.

    Args:
        points: an array of whole numbers, shape (points, costs).
        weighed: how many of the first costs a dominating point has to be lower in one of; by
            default all.
    """
    weighed = points.shape[1] if weighed is None else weighed
    order = numpy.lexsort(points.T[::-1])
    points = points[order]
    is_new = numpy.ones(len(points), bool)
    is_new[1:] = (points[1:, :weighed] != points[:-1, :weighed]).any(axis=1)
    groups = numpy.cumsum(is_new)
    kept = numpy.ones(len(points), bool)
    _drop(points[:, 1:], groups, numpy.arange(len(points)), kept)
    return order[kept]


def _drop(points: Array, groups: Array, own: Array, kept: Array) -> None:
    """Drops the points that a point of an earlier group is nowhere above.

    Args:
        points: what is compared, without the first cost.
        groups: the number of each point's group, ascending.
        own: the points to look at, ascending.
        kept: False where a point is dropped.
    """
    if points.shape[1] == 1 and len(own):
        _drop_by_one(points[:, 0], groups, own, kept)
        return
    if len(own) <= FEW:
        here = points[own]
        is_below = (here[:, None, :] <= here[None, :, :]).all(axis=2)
        is_before = groups[own][:, None] < groups[own][None, :]
        kept[own[(is_below & is_before).any(axis=0)]] = False
        return
    middle = int(numpy.searchsorted(groups[own], groups[own[len(own) // 2]]))
    if middle == 0:
        middle = int(numpy.searchsorted(groups[own], groups[own[0]], "right"))
    if middle == len(own):
        return  # all are equal in what is weighed
    first, second = own[:middle], own[middle:]
    _drop(points, groups, first, kept)
    _drop(points, groups, second, kept)
    first, second = first[kept[first]], second[kept[second]]
    kept[second[_above(points[second], points[first])]] = False


def _drop_by_one(costs: Array, groups: Array, own: Array, kept: Array) -> None:
    """The same where one cost is left: the least of all earlier groups decides."""
    least = numpy.minimum.accumulate(costs[own])
    starts = numpy.searchsorted(groups[own], groups[own])
    inside = starts > 0
    kept[own[inside]] = costs[own[inside]] < least[starts[inside] - 1]


def _above(points: Array, others: Array) -> Array:
    """Whether each point is at least as high as one of the others in every cost."""
    answer: Array = numpy.zeros(len(points), bool)
    if not len(points) or not len(others):
        return answer
    if points.shape[1] < 2:
        answer[:] = (points >= others.min(axis=0)).all(axis=1)
    elif points.shape[1] == 2:
        order = numpy.argsort(others[:, 0], kind="stable")
        least = numpy.minimum.accumulate(others[order, 1])
        at = numpy.searchsorted(others[order, 0], points[:, 0], "right")
        answer[:] = (at > 0) & (points[:, 1] >= least[at - 1])
    elif len(points) * len(others) <= FEW * FEW:
        answer[:] = (others[:, None, :] <= points[None, :, :]).all(axis=2).any(axis=0)
    else:
        values = numpy.unique(others[:, 0])
        middle = values[len(values) // 2]
        is_high, are_high = points[:, 0] >= middle, others[:, 0] >= middle
        answer[~is_high] = _above(points[~is_high], others[~are_high])
        # The first cost of the lower half is below that of the upper one.
        answer[is_high] = _above(points[is_high, 1:], others[~are_high, 1:])
        left = is_high & ~answer
        upper = others[are_high]
        if len(values) == 1:
            answer[left] = _above(points[left, 1:], upper[:, 1:])
        else:
            answer[left] = _above(points[left], upper)
    return answer
