"""Charts: each mark stands where its value is, read back from the picture by its axes."""

import re
from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import costcalc
from costcalc.costs.convention import load
from costcalc.opening import opened
from costcalc.pictures.accuracies import Accuracies, Point, accuracies
from costcalc.webpage.charts import (
    LARGE,
    SMALL,
    ChartAxis,
    RoofPoint,
    bubbles,
    over_steps,
    stairs,
    under_roof,
)

HOSTILE = "</text><script>alert('1')</script>\"&\u202e"


def elements(text, name, **attributes):
    assert "<script" not in text
    root = ElementTree.fromstring(text)
    return [
        each
        for each in [root, *root.iter()]
        if each.tag == name and attributes.items() <= each.attrib.items()
    ]


def heights(path):
    """The heights of bars, read from their outline."""
    corners = re.findall(r"V(\d+)H(\d+)", path)
    assert [int(right) for _, right in corners] == list(range(1, len(corners) + 1))
    return [1000 - int(top) for top, _ in corners]


@given(st.lists(st.integers(0, 10**15), max_size=60))
def test_bars_are_as_high_as_their_values(values):
    found = heights(stairs(values))
    assert len(found) == len(values)
    for height, value in zip(found, values, strict=True):
        exact = Fraction(1000 * value, max(values)) if max(values) else 0
        assert abs(height - exact) <= Fraction(1, 2)


def test_memory_over_steps_has_the_fullest_step_apart():
    names = ["conv1", "conv2", "fc"]
    text = over_steps("Memory", names, [100, 400, 30], lambda number: f"{number} B")
    (bars,) = elements(text, "path", **{"class": "bars"})
    assert heights(bars.get("d")) == [250, 1000, 75]
    (fullest,) = elements(text, "path", **{"class": "fullest"})
    assert fullest.get("d").startswith("M1 1000V0h1")
    assert [each.text for each in elements(text, "text")] == [
        "400 B",
        "0",
        "conv2",
        "steps, from input to output",
    ]
    assert elements(text, "svg")[0].get("aria-label") == "Memory: 400 B in conv2"


@pytest.mark.parametrize("values", [[], [0], [0, 0]])
def test_steps_without_memory(values):
    names = [f"step{number}" for number in range(len(values))]
    (bars,) = elements(over_steps("Memory", names, values, str), "path", **{"class": "bars"})
    assert set(heights(bars.get("d"))) <= {0}


def value_at(axis, place):
    """The value at a place, from what the picture says of its axis."""
    kind, low, high, start, end = axis.split()
    low, high, start, end = map(float, (low, high, start, end))
    part = (place - start) / (end - start)
    return low * (high / low) ** part if kind == "log" else low + part * (high - low)


def test_layers_stand_under_the_roof_at_their_intensity_and_speed():
    latency = costcalc.latency("mobilenet_v1", device="stm32h743")
    rates = latency.work.rates
    points = [
        RoofPoint(
            step.name,
            row,
            step.intensity or Fraction(0),
            step.operations / step.seconds if step.seconds else Fraction(0),
            step.seconds / latency.roofline,
        )
        for row, step in enumerate(latency.steps)
    ]
    text = under_roof("A roof", rates.operations, rates.tensors, points)
    root = elements(text, "svg")[0]
    circles = elements(text, "circle")
    assert [each.get("data-rows") for each in circles] == [str(point.row) for point in points]
    for circle, point in zip(circles, points, strict=True):
        if not point.speed or not point.intensity:
            assert circle.get("r") == "0.0"
            continue
        intensity = value_at(root.get("data-x"), float(circle.get("cx")))
        speed = value_at(root.get("data-y"), float(circle.get("cy")))
        assert intensity == pytest.approx(float(point.intensity), rel=0.01)
        assert speed == pytest.approx(float(point.speed), rel=0.01)
        area = (float(circle.get("r")) - SMALL) ** 2 / LARGE**2
        assert area == pytest.approx(float(point.share), abs=0.005)
        is_memory = point.intensity < rates.operations / rates.tensors
        assert circle.get("class") == ("memory" if is_memory else "compute")
    (roof,) = elements(text, "polyline")
    corners = [tuple(map(float, pair.split(","))) for pair in roof.get("points").split()]
    ridge = value_at(root.get("data-x"), corners[1][0])
    assert ridge == pytest.approx(1.92e9 / 3.84e9, rel=0.01)  # stm32h743: 1.92 GOP/s, 3.84 GB/s
    assert corners[1][1] == corners[2][1]


def test_published_accuracies_stand_at_their_mult_adds():
    shown = accuracies([opened("mobilenet_v1", {})], load("paper"))
    text = bubbles("Accuracy", shown, [("MobileNetV1", 76524800)])
    axis = elements(text, "svg")[0].get("data-x")
    circles = elements(text, "circle")
    assert len(circles) == len(shown.points) == 10
    # The paper's Table 6: alpha 0.5 at 224 has 63.7 % at 149 million mult-adds.
    (half,) = [each for each in circles if "(alpha 0.5):" in each[0].text]
    assert half[0].text == "MobileNetV1 (alpha 0.5): 63.7 %, 149 M mult-adds, 1.32 M params"
    assert value_at(axis, float(half.get("cx"))) == pytest.approx(149e6, rel=0.01)
    ups = {
        float(each[0].text.split(": ")[1].split(" %")[0]): float(each.get("cy")) for each in circles
    }
    assert sorted(ups, reverse=True) == [
        top for top, _ in sorted(ups.items(), key=lambda pair: pair[1])
    ]
    (now,) = elements(text, "g", **{"class": "now"})
    place = float(now.get("transform").removeprefix("translate(").rstrip(")"))
    assert value_at(axis, place) == pytest.approx(76524800, rel=0.01)


def test_published_accuracies_name_the_unit_of_their_axis():
    page = costcalc.page("mobilenet_v1", unit="flops").html
    # Table 4: 569 million mult-adds, 2 FLOPs each.
    assert ": 70.6 %, 1.14 G FLOPs, 4.21 M params" in page
    assert ">FLOPs; area: params<" in page and "FLOPs under convention paper;" in page


def test_labels_cover_neither_bubbles_nor_one_another():
    shown = accuracies([opened("mobilenet_v1", {}), opened("mobilenet_v2", {})], load("paper"))
    text = bubbles("Accuracy", shown, [])
    labels = [each for each in elements(text, "text") if "label" in each.get("class", "")]
    assert 3 <= len(labels) <= len(shown.points)
    places = [(each.get("x"), each.get("y")) for each in labels]
    assert len({*places}) == len(places)


def test_one_accuracy_alone():
    shown = accuracies([opened("googlenet", {})], load("paper"))
    text = bubbles("Accuracy", shown, [("GoogLeNet", 0)])
    (circle,) = elements(text, "circle")
    assert "GoogLeNet: 69.8 %" in circle[0].text


def test_what_costs_nothing_stands_at_the_left():
    text = bubbles("Accuracy", Accuracies((Point("A", "A", 0, 0, 70.0),), ()), [("A", 0)])
    assert elements(text, "circle")[0].get("cx") == "84.0"


def test_hostile_names_are_text():
    point = Point(HOSTILE, HOSTILE, 10**6, 10**6, 70.0)
    shown = Accuracies((point,), ())
    roof = RoofPoint(HOSTILE, 0, Fraction(3), Fraction(10**6), Fraction(1))
    for text in (
        bubbles(HOSTILE, shown, [(HOSTILE, 10**6)]),
        over_steps(HOSTILE, [HOSTILE], [7], lambda _: HOSTILE),
        under_roof(HOSTILE, Fraction(10**9), Fraction(10**8), [roof]),
    ):
        assert elements(text, "svg")
        assert "\u202e" not in text
        assert not re.search(r"\son\w+=|style=", text)


@given(
    st.floats(1e-3, 1e12),
    st.floats(1.1, 1e6),
    st.booleans(),
)
def test_the_labels_of_an_axis_are_round_and_on_it(low, factor, is_log):
    axis = ChartAxis(low, low * factor, 0, 600, is_log)
    ticks = axis.ticks()
    assert len(ticks) <= 20
    for tick in ticks:
        assert low * 0.999999 <= tick <= low * factor * 1.000001
        assert 0 <= axis.at(tick) <= 600
        if is_log:
            assert f"{tick:e}"[0] in "125"
    assert ticks == sorted(ticks)
