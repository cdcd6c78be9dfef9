"""At any settings a page shows what ``costcalc report`` prints there."""

from __future__ import annotations

import random
from pathlib import Path
from urllib.parse import urlencode

import pytest

import costcalc
from tests.browser.conftest import Opening
from tests.browser.expected import cells, random_settings, reported, shown
from tests.collection import networks

OUTSIDE = "this page does not hold the network at these settings"


@pytest.mark.parametrize("network", networks())
def test_random_settings(page: Opening, network: str) -> None:
    """A page holds each step of each control, or says that it does not hold all there is."""
    numbers = random.Random(network)
    reader = page(network)
    assert shown(reader) == reported(network, {})
    steps = [{control.name: numbers.choice(control.values)} for control in reader.controls]
    others = [random_settings(reader.controls, numbers) for _ in range(4)]
    is_whole = reader.page.get_by_text("at some settings only;").count() == 0
    for settings in (*steps, *others):
        reader.follow(urlencode(settings))
        if (settings in steps and is_whole) or OUTSIDE not in reader.refusal:
            assert shown(reader)[:3] == reported(network, settings)[:3], settings


@pytest.mark.parametrize("convention", ["paper", "torch", "fvcore"])
def test_every_convention_of_a_page(page: Opening, convention: str) -> None:
    reader = page("mobilenet_v2", convention=("paper", "torch", "fvcore"))
    reader.move("convention", convention)
    for alpha, res in (("1", "224"), ("7/20", "96")):
        settings = {"alpha": alpha, "res": res}
        for name, value in settings.items():
            reader.move(name, value)
        # The page names the implementation that it opens with; a report of another convention
        # chooses its own.
        settings["implementation"] = "paper"
        assert shown(reader) == reported("mobilenet_v2", settings, convention=convention)


def test_the_paper_s_figures(page: Opening) -> None:
    """MobileNets, Table 8: 76 million mult-adds and 1.32 million params at 0.5 and 160."""
    reader = page("mobilenet_v1")
    reader.move("alpha", "0.5")
    reader.move("res", "160")
    row = reader.page.locator("#totals tbody tr").inner_text()
    assert "76.5 M" in row and "1.32 M" in row
    assert reader.totals() == [["76,524,800", "1,319,648"]]


@pytest.mark.parametrize("text", ["0.35", "7/20", " 0.35 ", "35/100", ".35", "0.350"])
def test_texts_of_one_exact_number(page: Opening, text: str) -> None:
    reader = page("mobilenet_v2")
    reader.move("alpha", text)
    assert shown(reader) == reported("mobilenet_v2", {"alpha": "7/20"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("alpha", text) for text in ("", "half", "-1", "0", "1/0", "1e9", "0x1", "½", "1,5")),
        *(("alpha", text) for text in ("NaN", "Infinity", "1/2/3", "--1", "9" * 400, "1 2")),
        *(("res", text) for text in ("", "7.5", "160x120", "-32", "0", "1e3", "16777217", "٣")),
    ],
)
def test_text_that_is_no_value(page: Opening, name: str, text: str) -> None:
    """Either it is a value, as of the command, or the field says what is; tables stay whole."""
    reader = page("mobilenet_v2")
    before = shown(reader)
    reader.move(name, text)
    field = reader.control(name)
    if field.get_attribute("aria-invalid") == "false":
        assert shown(reader) == reported("mobilenet_v2", {name: text})
        return
    assert shown(reader) == before
    problem = reader.page.locator(f"#{field.get_attribute('id')}-problem")
    assert "from" in problem.inner_text() and problem.get_attribute("role") == "alert"
    assert problem.get_attribute("id") in field.get_attribute("aria-describedby").split()
    reader.move(name, "1/2" if name == "alpha" else "96")
    assert field.get_attribute("aria-invalid") == "false" and problem.inner_text() == ""


def test_a_slider_moves_its_field_and_a_field_its_slider(page: Opening) -> None:
    reader = page("mobilenet_v2")
    slider, field = reader.slider("alpha"), reader.control("alpha")
    slider.focus()
    reader.press("Home")
    (alpha,) = (control for control in reader.controls if control.name == "alpha")
    assert field.input_value() == slider.get_attribute("aria-valuetext") == alpha.values[0]
    assert shown(reader) == reported("mobilenet_v2", {"alpha": alpha.values[0]})
    reader.press("End")
    assert field.input_value() == alpha.values[-1]
    reader.press("ArrowLeft")
    assert field.input_value() == alpha.values[-2]
    reader.move("alpha", "7/20")
    assert slider.get_attribute("aria-valuetext") == "7/20"
    assert alpha.values[int(slider.input_value())] == "0.35"


def test_settings_without_a_network(page: Opening, tmp_path: Path) -> None:
    """What the report refuses, the page refuses in the same words, and recovers; the folders of
    whoever made the page are not among them."""
    spec = tmp_path / "deep.yaml"
    spec.write_text(
        "name: Deep\ninput: [3, res, res]\n"
        "parameters:\n  res: {default: 32, doc: input resolution}\n"
        "layers:\n" + "  - conv: {out: 8, kernel: 3, stride: 2, padding: valid}\n" * 3
    )
    reader = page(spec, res=[4, 8, 16, 32, 64])
    for res in ("4", "7", "8", "32", "6", "64"):
        reader.move("res", res)
        expected = reported(spec, {"res": res})
        assert shown(reader)[:3] == expected[:3], res
        message = expected.refusal.replace("(res)", "(--res)").replace(f"{tmp_path}/", "")
        assert reader.refusal == (f"Deep: {message}" if message else "")


def test_counts_beyond_a_float(page: Opening, tmp_path: Path) -> None:
    spec = tmp_path / "wide.yaml"
    spec.write_text(
        "name: Wide\ninput: [3, 1024, 1024]\n"
        "parameters:\n  wide: {default: 1000000, doc: channels}\n"
        "layers:\n  - conv: {out: wide, kernel: 7}\n  - conv: {out: wide, kernel: 7}\n"
    )
    reader = page(spec)
    for wide in ("1000000", "1000003", "9999991"):
        reader.move("wide", wide)
        assert shown(reader) == reported(spec, {"wide": wide})
    # 49 * w * (3 + w) weights at 1024 * 1024 positions: far beyond 2**53.
    total = 49 * 9999991 * (3 + 9999991) * 1024 * 1024
    assert total > 2**53 and reader.totals()[0][0] == f"{total:,}"


def test_networks_side_by_side(page: Opening) -> None:
    """Parameters that networks share are moved at once; each network has its own totals."""
    reader = page("mobilenet_v1", "mobilenet_v2")
    reader.move("alpha", "1/2")
    reader.move("res", "160")
    expected = [
        reported(network, {"alpha": "1/2", "res": "160"})
        for network in ("mobilenet_v1", "mobilenet_v2")
    ]
    assert reader.totals() == [each.totals for each in expected]
    assert reader.layers() == expected[0].layers
    reader.page.get_by_label("network", exact=True).select_option(index=1)
    reader.settle()
    assert reader.layers() == expected[1].layers and reader.types() == expected[1].types


def test_units_to_choose_from(page: Opening) -> None:
    """Each convention in each unit is that of the report; the address and the command say both."""
    reader = page("mobilenet_v2", convention=("paper", "torchinfo"), unit=("flops", "macs"))
    settings = {"alpha": "0.5", "implementation": "paper"}
    for convention in ("paper", "torchinfo"):
        for unit in ("flops", "macs"):
            reader.follow(urlencode({**settings, "convention": convention, "unit": unit}))
            expected = reported("mobilenet_v2", settings, convention=convention, unit=unit)
            assert shown(reader) == expected
            assert reader.copied("command").endswith(f" --unit {unit}")
            heads = [row[2] for row in reader.cells("#totals thead tr")]
            heads += reader.page.locator(".network th.unit").all_inner_texts()
            assert heads == 3 * [{"flops": "FLOPs", "macs": "Mult-Adds"}[unit]]
    # What the page opens with, in the unit that is shown, is what ratios are to.
    ratios = reader.page.locator("#totals td small + small")
    assert [text.split()[-1] for text in ratios.all_inner_texts()] == ["fewer", "fewer"]
    reader.move("alpha", "1")
    assert ratios.all_inner_texts() == ["", ""]


SIDES = {
    "at other settings": (("mobilenet_v1", "mobilenet_v2"), {"alpha": "7/20", "res": "331"}),
    "three": (("mobilenet_v1", "googlenet", "alexnet"), {}),
    "an image and a vector": (("ds_cnn", "autoencoder_ad"), {}),
}


@pytest.mark.parametrize(("names", "settings"), SIDES.values(), ids=SIDES)
def test_what_differences_come_from(
    page: Opening, names: tuple[str, ...], settings: dict[str, str]
) -> None:
    """Costs by type and by stage, and their causes, are those of compare at the same settings."""
    reader = page(*names)
    if settings:
        reader.follow(urlencode(settings))
    compared = costcalc.compare(*names, **settings).page()
    assert reader.compared() == [cells(table) for table in compared.tables[1:4]]
    notes = reader.page.inner_text("#comparison .notes").split("\n")
    assert len(notes) >= 2 * len(names[1:])
    assert notes == list(compared.notes[: len(notes)])


TOO_LONG = b"""
name: Too long
input: [3, res, res]
parameters: {res: 32}
layers: [{conv: {out: "fixed(min(9 + floor((alpha**8)**8), 100))", kernel: 1}}]
"""
"""The digits of a multiplier, 64 times: 30 of them are too many for a number of costcalc's."""


def test_a_number_that_grows_too_large(page: Opening, tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_bytes(TOO_LONG)
    reader = page(path)
    reader.move("alpha", "1.5")
    assert shown(reader) == reported(path, {"alpha": "1.5"})
    reader.move("alpha", "0." + "1234567890" * 2)
    assert "does not hold the network at these settings" in reader.page.inner_text("#refusal")
    reader.move("alpha", "0.5")
    assert shown(reader) == reported(path, {"alpha": "0.5"})
