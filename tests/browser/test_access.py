"""Pages can be read by everybody: by ear, in both themes, on narrow screens."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Opening
from tests.browser.reader import Reader

WIDTHS = (360, 800, 1400)

PAGES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "one": (("mobilenet_v2",), {"convention": ("paper", "torch")}),
    "several": (("mobilenet_v1", "mobilenet_v2"), {}),
    "branches": (("googlenet",), {}),
    "resources": (
        ("mobilenet_v1",),
        {"storage": ("fp32", "tflm"), "device": ("stm32f746", "rpi5")},
    ),
}
"""Pages of each manner: networks, and options of ``costcalc.page``."""


def violations(reader: Reader) -> list[str]:
    """What axe finds, one line for each rule with the elements that break it."""
    reader.page.evaluate(Path(os.environ["AXE_CORE"]).read_text(encoding="utf-8"))
    found = reader.page.evaluate("() => axe.run()")["violations"]
    return [f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}" for each in found]


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_every_width_and_theme(
    page: Opening, picture: Callable[[Reader, str], None], name: str, width: int, is_dark: bool
) -> None:
    networks, options = PAGES[name]
    reader = page(*networks, reading={"width": width, "is_dark": is_dark}, **options)
    opened(reader)
    picture(reader, f"{name}-{width}-{'dark' if is_dark else 'light'}")
    sides = "() => [document.documentElement.scrollWidth, innerWidth]"
    inner, outer = reader.page.evaluate(sides)
    assert inner <= outer
    assert violations(reader) == []


def opened(reader: Reader) -> None:
    """Shows all there is to show: an explanation, a box of the graph, a text that is no value."""
    reader.page.locator(".layers tbody tr:not(.sum):visible").first.click()
    reader.page.locator(".graph [role=button]:visible").first.click()
    reader.move("res", "many")
    reader.settle()
