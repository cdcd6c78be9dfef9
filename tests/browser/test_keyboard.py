"""All that a mouse does on a page, the keyboard does."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import Opening
from tests.browser.expected import reported, shown
from tests.browser.reader import Reader


def focus(reader: Reader) -> str:
    """What the keyboard is at, by its name or its text."""
    script = """() => {
      const one = document.activeElement;
      const label = one.labels?.[0]?.textContent;
      return one.getAttribute('aria-label') ?? label ?? one.innerText?.split('\\n')[0] ?? '';
    }"""
    return str(reader.page.evaluate(script)).strip()


def tab_to(reader: Reader, part: str) -> None:
    """Presses Tab until the keyboard is at something of that name."""
    for _ in range(60):
        reader.page.keyboard.press("Tab")
        if part in focus(reader):
            return
    raise AssertionError(f"no Tab leads to {part!r}")


def row(reader: Reader) -> Any:
    """The row that the keyboard is at: its path, and whether it is open."""
    script = """() => {
      const row = document.activeElement;
      return [row.cells[1].textContent, row.getAttribute('aria-expanded')];
    }"""
    return tuple(reader.page.evaluate(script))


def test_every_control_is_reached_and_moved(page: Opening) -> None:
    reader = page("mobilenet_v1", convention=("paper", "torch"))
    tab_to(reader, "alpha")
    reader.press("Control+a", *"0.5", "Tab")
    assert focus(reader) == "alpha" and reader.hash == "alpha=0.5"
    assert shown(reader) == reported("mobilenet_v1", {"alpha": "0.5"})
    tab_to(reader, "res")
    reader.press("Tab", "ArrowLeft", "ArrowLeft")
    assert reader.control("res").input_value() == "160" and reader.hash == "alpha=0.5&res=160"
    assert reader.totals() == [["76,524,800", "1,319,648"]]
    tab_to(reader, "convention")
    reader.press("ArrowDown")
    assert "torch" in reader.page.locator("#convention").inner_text()
    assert "convention=torch" in reader.hash


IS_MARKED = """() => {
  const one = document.activeElement, box = one.closest('.graph') && one.querySelector('rect');
  const style = getComputedStyle(box ?? one);
  return box ? style.strokeWidth === '2.5px' : style.outlineStyle !== 'none';
}"""


def test_what_has_the_keyboard_is_seen(page: Opening) -> None:
    """Each stop has a name and an outline, and none holds the keyboard."""
    reader = page("mobilenet_v2")
    stops = []
    while not stops or focus(reader) or len(stops) < 2:
        reader.press("Tab")
        if reader.page.evaluate("() => document.activeElement === document.body"):
            break
        assert reader.page.evaluate(IS_MARKED), stops
        assert focus(reader), stops
        stops.append(focus(reader))
        assert len(stops) < 60
    controls = [control.name for control in reader.controls]
    assert [stop for stop in dict.fromkeys(stops) if stop in controls] == controls
    assert {"link", "command", "CSV", "LaTeX", "claim", "fold blocks", "open all"} <= {*stops}


def test_the_tree_of_layers(page: Opening) -> None:
    reader = page("mobilenet_v2")
    tab_to(reader, "Type / Stride")
    tab_to(reader, "Conv / s2")
    assert row(reader) == ("conv1", "false")
    reader.press("ArrowDown")
    assert row(reader) == ("bottleneck1", "true")
    reader.press("ArrowLeft")
    assert row(reader) == ("bottleneck1", "false")
    reader.press("ArrowDown")
    assert row(reader) == ("bottleneck2", "true")
    reader.press("ArrowRight")
    assert row(reader) == ("bottleneck2/expand", "false")
    reader.press("Enter")
    assert row(reader) == ("bottleneck2/expand", "true")
    assert "19,267,584" in reader.page.locator("tr.why").inner_text()
    reader.press(" ")
    assert row(reader) == ("bottleneck2/expand", "false")
    assert reader.page.locator("tr.why").count() == 0
    reader.press("ArrowLeft")
    assert row(reader) == ("bottleneck2", "true")
    reader.press("End")
    assert row(reader) == ("conv2", "false")
    reader.press("ArrowDown", "Home", "ArrowUp")
    assert row(reader) == ("conv1", "false")


def test_one_row_is_in_the_order_of_tabs(page: Opening) -> None:
    reader = page("mobilenet_v2")
    for _ in range(2):
        rows = reader.page.locator(".layers tbody tr[tabindex='0']")
        assert rows.count() == 1
        reader.click("fold blocks")


def test_the_keyboard_stays_where_it_is_when_numbers_move(page: Opening) -> None:
    reader = page("mobilenet_v2")
    tab_to(reader, "Conv / s2")
    reader.press("ArrowDown", "ArrowDown")
    before = row(reader)
    reader.page.evaluate("() => { location.hash = 'alpha=0.5'; }")
    reader.settle()
    assert row(reader) == before
    reader.press("ArrowUp", "ArrowLeft")
    assert row(reader) == ("bottleneck1", "false")


def test_the_graph(page: Opening) -> None:
    reader = page("mobilenet_v2")
    tab_to(reader, "conv1, Conv 3x3")
    reader.press("ArrowDown")
    assert focus(reader).startswith("bottleneck1")
    reader.press("Enter")
    figures = reader.page.locator(".graph figure:visible")
    assert figures.count() == 2
    box = reader.page.locator(".graph [role=button][aria-expanded=true]")
    assert box.count() == 1
    assert "bottleneck1" in reader.page.locator(".chosen-box").inner_text()
    reader.press("Enter")
    assert figures.count() == 1
    reader.press("Enter", "Tab")
    assert "dw" in focus(reader)
    reader.press("Escape")
    assert focus(reader).startswith("bottleneck1") and figures.count() == 1
