"""Without JavaScript, on paper and in a notebook, a page still says what the network costs."""

from __future__ import annotations

from pathlib import Path

import pytest

import costcalc
from tests.browser.conftest import Making, Opening
from tests.browser.expected import Shown, reported, shown
from tests.collection import networks

OFF = {"has_javascript": False}


def at_first(shown: Shown) -> Shown:
    """What stands there, without the thousands of spaces of a tree."""
    return shown._replace(layers=[[cell.strip() for cell in row] for row in shown.layers])


@pytest.mark.parametrize("network", networks())
def test_without_javascript(page: Opening, network: str) -> None:
    reader = page(network, reading=OFF)
    assert reader.page.locator("form").is_hidden()
    assert reader.page.locator("button:visible, select:visible, input:visible").count() == 0
    assert at_first(shown(reader)) == reported(network, {})
    with_javascript = page(network)
    assert shown(with_javascript) == at_first(shown(reader))


def test_networks_side_by_side_without_javascript(page: Opening) -> None:
    reader = page("mobilenet_v1", "mobilenet_v2", reading=OFF)
    expected = [reported(name, {}) for name in ("mobilenet_v1", "mobilenet_v2")]
    assert reader.totals() == [each.totals for each in expected]
    assert reader.layers() == [row for each in expected for row in each.layers]


def test_settings_that_a_network_carries(page: Opening) -> None:
    reader = page("mobilenet_v1@alpha=0.5,res=160", reading=OFF)
    assert reader.totals() == [["76,524,800", "1,319,648"]]


def test_print(page: Opening) -> None:
    # A4 within a browser's margins; a scheme for screens is no scheme for paper.
    reader = page("mobilenet_v2", reading={"width": 718, "is_dark": True})
    reader.page.emulate_media(media="print")
    background = "() => getComputedStyle(document.body).backgroundColor"
    assert reader.page.evaluate(background) == "rgb(255, 255, 255)"
    assert reader.page.locator("form").is_hidden()
    assert reader.page.locator("button:visible:not(th *), textarea:visible").count() == 0
    assert shown(reader) == reported("mobilenet_v2", {})
    sides = "() => [document.documentElement.scrollWidth, innerWidth]"
    inner, outer = reader.page.evaluate(sides)
    assert inner <= outer


def test_a_notebook_s_frame(made: Making, read: Opening, tmp_path: Path) -> None:
    """The page in an iframe of another: its own policy, no address, and the same numbers."""
    answer = costcalc.page("mobilenet_v1")
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><title>a</title>{answer._repr_html_()}")
    reader = read(notebook)
    frame = reader.page.frame_locator("iframe")
    frame.get_by_label("alpha", exact=True).first.fill("0.5")
    frame.get_by_label("res", exact=True).first.fill("160")
    frame.get_by_text("76,524,800").first.wait_for()
    assert "1,319,648" in frame.locator("#totals").inner_text()
    frame.get_by_role("button", name="command", exact=True).click()
    assert "copied" in frame.get_by_role("status").filter(has_text="command").inner_text()
    copied = frame.get_by_label("what was copied").input_value()
    assert copied == "costcalc report mobilenet_v1 --alpha 0.5 --res 160"
