"""The charts of a page move to where Python draws them."""

import pytest

import costcalc
from costcalc.storing.storage import in_unit
from costcalc.webpage.charts import ChartAxis, radius, stairs

SETTINGS = [
    {},
    {"alpha": "0.5", "res": "160"},
    {"alpha": "7/20", "res": "96"},
    {"alpha": "1.4", "res": "288"},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_memory_over_steps(page, settings):
    reader = page("mobilenet_v2", storage="int8", device="stm32h743")
    for name, text in settings.items():
        reader.move(name, text)
    memory = costcalc.memory("mobilenet_v2", storage="int8", **settings)
    chart = reader.page.locator("svg.steps")
    assert chart.locator(".bars").get_attribute("d") == stairs(memory.alive)
    assert chart.locator(".most").text_content() == in_unit(memory.lower_bound, "KiB")
    fullest = memory.alive.index(memory.lower_bound)
    assert chart.locator(".where").text_content() == memory.schedule.steps[fullest].name
    assert chart.locator(".fullest").get_attribute("d").startswith(f"M{fullest} ")


def axis(text):
    kind, low, high, start, end = text.split()
    return ChartAxis(float(low), float(high), int(start), int(end), kind == "log")


@pytest.mark.parametrize("settings", SETTINGS)
def test_layers_under_a_roof(page, settings):
    reader = page("mobilenet_v2", storage="int8", device="stm32h743")
    for name, text in settings.items():
        reader.move(name, text)
    latency = costcalc.latency("mobilenet_v2", device="stm32h743", **settings)
    chart = reader.page.locator("svg.roof:visible")
    x, y = (axis(chart.get_attribute(name)) for name in ("data-x", "data-y"))
    circles = chart.locator("circle").evaluate_all(
        "(all) => all.map((one) => ['cx', 'cy', 'r'].map((name) => Number(one.getAttribute(name))))"
    )
    for (across, up, size), step in zip(circles, latency.steps, strict=True):
        if not step.operations:
            assert size == 0
            continue
        assert across == pytest.approx(x.at(float(step.intensity)), abs=0.1)
        assert up == pytest.approx(y.at(float(step.operations / step.seconds)), abs=0.1)
        assert size == pytest.approx(radius(float(step.seconds / latency.roofline)), abs=0.1)


@pytest.mark.parametrize("settings", SETTINGS)
def test_where_a_network_is_among_published_accuracies(page, settings):
    reader = page("mobilenet_v1", "mobilenet_v2")
    for name, text in settings.items():
        reader.move(name, text)
    chart = reader.page.locator("svg.bubbles")
    x = axis(chart.get_attribute("data-x"))
    lines = chart.locator(".now").evaluate_all(
        "(all) => all.map((one) => one.getAttribute('transform'))"
    )
    for line, network in zip(lines, ("mobilenet_v1", "mobilenet_v2"), strict=True):
        place = float(line.removeprefix("translate(").removesuffix(")"))
        cost = costcalc.report(network, **settings).totals.mult_adds
        assert place == pytest.approx(x.at(cost), abs=0.1)
