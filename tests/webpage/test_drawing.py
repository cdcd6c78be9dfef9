"""A level as SVG: well formed, with every text made safe, and what ``drawing.js`` fills in."""

import re
from xml.etree import ElementTree

import pytest

from costcalc.webpage.drawing import MOST, WIDEST, BoxFigures, fitted, graph, svg, text_width
from costcalc.webpage.levels import LevelBox, Levels, LevelSheet, NetworkLevel
from tests.collection import networks
from tests.webpage.test_levels import drawn

HOSTILE = "</text><script>alert('1')</script>\"&'\u202e\n"


def figures(rows):
    return BoxFigures("12.8 M" if rows[0] % 2 else "", "56×56×64", 100 * (rows[0] % 3))


def elements(text):
    """The elements of a picture, as XML, which HTML's parser takes in the same way."""
    return list(ElementTree.fromstring(text).iter())


@pytest.mark.parametrize("network", networks())
def test_every_level_is_well_formed(network):
    for level in drawn(network)[2].levels:
        found = elements(svg(level, "A level", figures))
        root = found[0]
        assert root.get("role") == "img"
        _, _, width, height = map(int, root.get("viewBox").split())
        assert (root.get("width"), root.get("height")) == (str(width), str(height))
        boxes = [each for each in found if each.tag == "g" and not each.get("class")]
        assert len(boxes) == sum(bool(box.rows) for box in level.boxes)
        heads = next(each for each in found if each.get("class") == "heads").get("d")
        # Every box that is read has a head above it, and every other one below it.
        assert heads.count("z") >= len(level.boxes) - sum(not box.rows for box in level.boxes)
        for each in found:
            assert "style" not in each.attrib  # which the page's policy does not allow
            assert not any(name.startswith("on") for name in each.attrib)
            if each.tag == "rect":
                assert float(each.get("x")) + float(each.get("width")) <= width
                assert float(each.get("y")) + float(each.get("height")) <= height


def test_what_is_shown_of_a_box():
    level = NetworkLevel(
        (
            LevelBox((), "input", ""),
            LevelBox((4,), "conv1", "Conv 3x3"),
            LevelBox((5,), "fc", "FC"),
        ),
        ((0, 1), (1, 2)),
    )
    shown = {
        (4,): BoxFigures("27.1 M", "112×112×32", 100),
        (5,): BoxFigures("", "1000", 25),
    }
    found = elements(svg(level, "A level", shown.__getitem__))
    texts = [each.text for each in found if each.text]
    assert texts == ["input", "conv1", "Conv 3x3", " · 27.1 M", "112×112×32", "fc", "FC", "1000"]
    heat = [each.get("fill-opacity") for each in found if each.get("fill-opacity")]
    assert heat == ["1", ".5"]  # the square roots of 100/100 and 25/100


def test_hostile_names_are_text():
    boxes = (LevelBox((0,), HOSTILE, HOSTILE), LevelBox((1,), "x" * 5000, "y" * 5000))
    text = svg(NetworkLevel(boxes, ((0, 1),)), HOSTILE, lambda _: BoxFigures(HOSTILE, HOSTILE, 1))
    assert "<script" not in text
    assert "\u202e" not in text
    assert "\n" not in text
    assert elements(text)[0].get("aria-label").startswith("</text><script>")
    widths = [int(each.get("width")) for each in elements(text) if each.tag == "rect"]
    assert max(widths) == WIDEST


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


def test_a_graph_is_that_of_the_network():
    _, rows, levels = drawn("mobilenet_v2")
    asked = []

    def paths(shown):
        asked.extend(rows[row].path for row in shown)
        return figures(shown)

    text = "".join(graph(levels.levels[-1], "MobileNetV2", paths))
    assert re.findall("<figcaption>([^<]*)", text) == ["MobileNetV2"]
    blocks = [f"bottleneck{number}" for number in range(1, 18)]
    assert asked == ["conv1", *blocks, "pointwise1", "global_avg_pool1", "conv2"]


def test_a_level_that_is_too_large_is_a_sentence():
    boxes = tuple(LevelBox((row,), f"conv{row}", "Conv 3x3") for row in range(MOST + 1))
    text = "".join(graph(NetworkLevel(boxes, ()), "Large", figures))
    assert "<p>301 boxes are too many to draw: the table has them.</p>" in text
    assert "<svg" not in text


def test_levels_that_look_the_same_share_a_drawing():
    near = NetworkLevel((LevelBox((1,), "a", "A"), LevelBox((2,), "b", "B")), ((0, 1),))
    far = NetworkLevel((LevelBox((1,), "a", "A"), LevelBox((7,), "b", "B")), ((0, 1),))
    outside = NetworkLevel((LevelBox((3,), "block", "two", opens=1),), ())
    hidden = NetworkLevel((LevelBox((3,), "other", "two", opens=0),), ())
    sheet = LevelSheet()
    sheet.number(Levels((near, hidden)))
    outermost = sheet.number(Levels((near, far, outside)))
    assert [len(level.boxes) for level in sheet.levels] == [2, 1, 2, 1]
    assert sheet.drawings == [0, 1, 0, 3]
    assert outermost == 3
