"""Where boxes go: nothing overlaps, arrows go down, and few of them cross."""

from itertools import combinations, pairwise, permutations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costcalc.webpage.layout import ACROSS, DOWN, Extent2D, layout
from tests.webpage.test_levels import drawn

BOX = Extent2D(100, 36)


@st.composite
def graphs(draw):
    """Boxes, each of which but the first reads some before it."""
    count = draw(st.integers(1, 12))
    sizes = [Extent2D(draw(st.integers(10, 200)), draw(st.integers(10, 60))) for _ in range(count)]
    arrows = [
        (source, target)
        for target in range(1, count)
        for source in sorted(draw(st.sets(st.integers(0, target - 1), max_size=3)))
    ]
    return sizes, arrows


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_boxes_do_not_overlap_and_are_in_the_picture(graph):
    sizes, arrows = graph
    placed = layout(sizes, arrows)
    frames = [
        (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        for (x, y), (width, height) in zip(placed.centres, placed.sizes, strict=True)
    ]
    for a, b in combinations(frames, 2):
        # Rounding may take a pixel of the space at each side.
        is_apart = a[2] + ACROSS - 2 <= b[0] or b[2] + ACROSS - 2 <= a[0]
        assert is_apart or a[3] + DOWN - 2 <= b[1] or b[3] + DOWN - 2 <= a[1]
    for left, top, right, bottom in frames:
        assert left >= -1
        assert right <= placed.width + 1
        assert top >= -1
        assert bottom <= placed.height + 1


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_arrows_lead_down_from_box_to_box_past_the_others(graph):
    sizes, arrows = graph
    placed = layout(sizes, arrows)
    for (source, target), route in zip(arrows, placed.routes, strict=True):
        for box, (x, y), side in ((source, route[0], 1), (target, route[-1], -1)):
            middle, centre = placed.centres[box]
            width, height = placed.sizes[box]
            assert y == centre + side * (height // 2)
            assert abs(x - middle) <= width / 2
        assert all(upper[1] <= lower[1] for upper, lower in pairwise(route))
        for (x, top), (x2, bottom) in pairwise(route):
            for box, ((middle, centre), (width, height)) in enumerate(
                zip(placed.centres, placed.sizes, strict=True)
            ):
                is_beside = bottom <= centre - height // 2 or top >= centre + height // 2
                is_past = x == x2 and abs(x - middle) > width / 2
                assert is_beside or is_past or box in (source, target)


def test_a_chain_is_straight():
    placed = layout([BOX, Extent2D(40, 20), Extent2D(120, 36)], [(0, 1), (1, 2)])
    assert len({x for x, _ in placed.centres}) == 1
    tops = [y - size.height // 2 for (_, y), size in zip(placed.centres, placed.sizes, strict=True)]
    assert tops == [0, 36 + DOWN, 36 + DOWN + 20 + DOWN]


def test_a_shortcut_passes_by_a_straight_residual():
    placed = layout([BOX] * 4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    assert len({x for x, _ in placed.centres}) == 1
    across = placed.routes[3][2][0]
    assert abs(across - placed.centres[0][0]) >= 50 + ACROSS - 1


def test_a_bus_is_as_wide_as_what_it_joins():
    placed = layout([BOX] * 5, [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)], frozenset({4}))
    for route in placed.routes[3:]:
        (start, _), (end, _) = route
        assert start == end
    assert placed.sizes[4].width > 200


def test_an_arrow_back_to_an_earlier_box_is_drawn_upwards():
    placed = layout([BOX] * 3, [(0, 1), (1, 2), (2, 1)])
    assert placed.routes[2][0][1] > placed.routes[2][-1][1]


def test_two_that_must_cross():
    # Each of three boxes is read by each of three others: K3,3 in two ranks has 9 crossings.
    arrows = [(one, other) for one in range(3) for other in range(3, 6)]
    assert layout([BOX] * 6, arrows).crossings == 9


@pytest.mark.parametrize("network", ["googlenet", "mobilenet_v2", "resnet50", "densenet121"])
def test_levels_that_can_be_drawn_without_crossings_are(network):
    for level in drawn(network)[2].levels:
        assert layout([BOX] * len(level.boxes), level.arrows).crossings == 0


def test_all_layers_of_googlenet_in_one_picture_do_not_cross():
    graph, _, _ = drawn("googlenet")
    hosts = {index: number for number, line in enumerate(graph.lines, 1) for index in line.layers}
    arrows = [
        (hosts.get(source, 0), number)
        for number, line in enumerate(graph.lines, 1)
        for source in graph.layers[line.host].inputs
    ]
    assert len(graph.lines) > 80
    assert layout([BOX] * (len(graph.lines) + 1), arrows).crossings == 0


def test_no_boxes_at_all():
    placed = layout([], [])
    assert (placed.width, placed.height, placed.centres, placed.routes) == (0, 0, (), ())


def test_few_more_arrows_cross_than_must():
    ranks = [range(0, 4), range(4, 8), range(8, 11)]
    least = drawn_so = 0
    for seed in range(24):
        chance = Random(seed)
        arrows = [
            (one, other)
            for upper, lower in pairwise(ranks)
            for other in lower
            for one in sorted(chance.sample(list(upper), chance.randint(1, 2)))
        ]
        drawn_so += layout([BOX] * 11, arrows).crossings
        least += min(
            crossed(arrows, {box: at for row in order for at, box in enumerate(row)})
            for order in product(*(permutations(row) for row in ranks))
        )
    assert least == 19
    assert drawn_so <= 22


def crossed(arrows, places):
    """How many arrows cross in an order of the ranks: each pair looked at."""
    return sum(
        (places[a] - places[c]) * (places[b] - places[d]) < 0
        for (a, b), (c, d) in combinations(arrows, 2)
        if (a < 4) == (c < 4)  # both between the same ranks
    )
