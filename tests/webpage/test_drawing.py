"""Where a level is drawn: boxes apart and in the picture, arrows from box to box."""

import re
from itertools import combinations

import pytest

from costcalc.webpage.drawing import (
    BUS,
    HEIGHT,
    MARGIN,
    MOST,
    TENSOR,
    WIDEST,
    fitted,
    is_too_large,
    look,
    picture,
    shortened,
    text_width,
)
from costcalc.webpage.levels import LevelBox, NetworkLevel
from tests.collection import specs
from tests.webpage.test_levels import drawn

HOSTILE = "</text><script>alert('1')</script>\"&'\u202e\n"


def box_at(seen, number):
    """The left, the top, the right and the bottom of a box."""
    x, y, *own = seen.boxes[number]
    width, height = (*own, *(seen.common, HEIGHT)[len(own) :])[:2]
    left, top = x - width // 2, y - height // 2
    return left, top, left + width, top + height


def ends(path):
    """Where each arrow of a path begins and ends."""
    for arrow in re.findall(r"M[^M]+", path):
        start, *lines = re.findall(r"([Mvc])([-\d ]+)", arrow.replace("l-3 6m6 0l-3-6", "z"))
        x, y = first = tuple(map(int, start[1].split()))
        for letter, numbers in lines:
            over, down = (0, numbers) if letter == "v" else numbers.split()[-2:]
            x, y = x + int(over), y + int(down)
        assert arrow[-1] == "z" or arrow.endswith("l-3 6m6 0l-3-6")
        yield first, (x, y)


@pytest.mark.parametrize("network", specs())
def test_boxes_are_apart_and_arrows_join_them(network):
    for level in drawn(network)[2].levels:
        if is_too_large(level):
            continue
        seen = picture(look(level))
        boxes = [box_at(seen, number) for number in range(len(level.boxes))]
        for one, other in combinations(boxes, 2):
            assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
        for left, top, right, bottom in boxes:
            assert left >= 0
            assert top >= 0
            assert right <= seen.width - 2 * MARGIN
            assert bottom <= seen.height - 2 * MARGIN
        joined = set()
        for (x, y), (x2, y2) in ends(seen.arrows):
            (source,) = (
                number
                for number, (left, _, right, bottom) in enumerate(boxes)
                if bottom == y and left <= x <= right
            )
            targets = [
                number
                for number, (left, top, right, _) in enumerate(boxes)
                if top == y2 and left <= x2 <= right
            ]
            joined.add((source, targets[0] if targets else None))
        read = {source for source, _ in level.arrows}
        leaving = {
            (number, None)
            for number, box in enumerate(level.boxes)
            if box.rows and number not in read
        }
        assert joined == {*level.arrows} | leaving


def test_a_box_says_only_what_is_not_usual():
    level = NetworkLevel(
        (
            LevelBox((), "input", ""),
            LevelBox((4,), "conv1", "Conv 3x3"),
            LevelBox((5,), "concat1", "Concat", is_bus=True),
        ),
        ((0, 1), (1, 2), (0, 2)),
    )
    seen = picture(look(level))
    tensor, usual, bus = seen.boxes
    assert tensor[3] == TENSOR
    assert len(usual) == 2
    assert bus[3] == BUS
    assert bus[2] > seen.common
    assert shortened(level, seen) == {}


def test_levels_of_other_words_look_the_same():
    near = NetworkLevel((LevelBox((1,), "a", "AB"), LevelBox((2,), "b", "CD")), ((0, 1),))
    far = NetworkLevel((LevelBox((1,), "c", "EF"), LevelBox((7,), "d", "GH", opens=0)), ((0, 1),))
    longer = NetworkLevel((LevelBox((1,), "a", "A" * 20), LevelBox((2,), "b", "B")), ((0, 1),))
    assert look(near) == look(far)
    assert look(near) != look(longer)


def test_words_that_are_too_long_lose_their_middle():
    boxes = (LevelBox((0,), HOSTILE, HOSTILE), LevelBox((1,), "x" * 5000, "y" * 5000))
    level = NetworkLevel(boxes, ((0, 1),))
    seen = picture(look(level))
    assert seen.common == WIDEST
    for title, type_ in shortened(level, seen).values():
        assert text_width(title) <= WIDEST - 16
        assert text_width(type_) < text_width(title)
        assert (title + type_).isprintable()
    assert {*shortened(level, seen)} == {0, 1}


def test_a_level_may_be_too_large():
    boxes = tuple(LevelBox((row,), f"conv{row}", "Conv 3x3") for row in range(MOST + 1))
    assert is_too_large(NetworkLevel(boxes, ()))
    assert not is_too_large(NetworkLevel(boxes[1:], ()))


@pytest.mark.parametrize("text", ["W" * 90, "i" * 90, "層" * 40, "a/b/c" * 20, "ab", ""])
@pytest.mark.parametrize("width", [40, 90, 200])
def test_a_shortened_text_fits_and_keeps_both_its_ends(text, width):
    shown = fitted(text, width)
    if text_width(text) <= width:
        assert shown == text
        return
    assert text_width(shown) <= width
    start, end = shown.split("…")
    assert text.startswith(start)
    assert text.endswith(end)
