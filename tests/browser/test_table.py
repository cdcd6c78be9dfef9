"""The table of layers: blocks that fold, an order, a search, and why a layer costs what it does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import costcalc
from tests.browser.conftest import Opening
from tests.browser.expected import reported
from tests.browser.reader import Reader

BLOCKS = 17
"""Bottlenecks of MobileNetV2."""


def names(reader: Reader) -> list[str]:
    """The paths of the rows that are shown."""
    return [row[1] for row in reader.layers()]


def line(reader: Reader, path: str) -> Any:
    """The row of that path."""
    return reader.page.locator(".layers tbody tr", has=reader.page.get_by_text(path, exact=True))


def test_a_block_folds_and_opens(page: Opening) -> None:
    reader = page("mobilenet_v2")
    everything = names(reader)
    line(reader, "bottleneck2").click()
    reader.settle()
    folded = [name for name in everything if not name.startswith("bottleneck2/")]
    assert names(reader) == folded and len(folded) == len(everything) - 3
    assert line(reader, "bottleneck2").get_attribute("aria-expanded") == "false"
    reader.move("alpha", "0.5")
    assert names(reader) == folded
    line(reader, "bottleneck2").click()
    reader.settle()
    assert names(reader) == everything


def test_all_blocks_fold_and_open(page: Opening) -> None:
    reader = page("mobilenet_v2")
    everything = reader.layers()
    reader.click("fold blocks")
    assert reader.layers() == [row for row in everything if "/" not in row[1]]
    assert sum(row[1].startswith("bottleneck") for row in reader.layers()) == BLOCKS
    reader.click("open all")
    assert reader.layers() == everything


def test_sorting(page: Opening) -> None:
    reader = page("mobilenet_v2")
    everything = reader.layers()
    leaves = [row for row in everything if row[1] not in {f"bottleneck{n}" for n in range(1, 18)}]
    for name, column in (("Mult-Adds", 4), ("Params", 6)):
        reader.click(name)
        head = reader.page.locator(".layers thead th").nth(column)
        assert head.get_attribute("aria-sort") == "descending"
        # Python's sort is stable: equal layers stay in the order of the network.
        costly = sorted(leaves, key=lambda row: -int(row[column].replace(",", "") or 0))
        assert reader.layers() == costly
    reader.move("res", "160")
    moved = reported("mobilenet_v2", {"res": "160"}).layers
    assert [sorted(row) for row in sorted(reader.layers())] == [
        sorted(row) for row in sorted(moved) if row[1] in {leaf[1] for leaf in leaves}
    ]
    reader.click("Type / Stride")
    assert reader.layers() == moved


def test_finding(page: Opening) -> None:
    reader = page("mobilenet_v2")
    everything = names(reader)
    find = reader.page.get_by_label("Find layers")
    find.fill("dw bottleneck1")
    reader.settle()
    words = [name for name in everything if re.fullmatch(r"bottleneck1\d?/dw", name)]
    assert names(reader) == words and len(words) == 9
    reader.click("Mult-Adds")
    assert sorted(names(reader)) == sorted(words)
    find.fill("no such layer")
    reader.settle()
    assert names(reader) == []
    find.fill("")
    reader.click("Type / Stride")
    assert names(reader) == everything


def test_find_takes_any_text(page: Opening) -> None:
    reader = page("mobilenet_v2")
    find = reader.page.get_by_label("Find layers")
    for text in ("(", "[a", "\\", "<b>", ".*", "  ", "×"):
        find.fill(text)
        reader.settle()
        assert all(text.strip() in " ".join(row) for row in reader.layers()) or not text.strip()


def test_why_a_layer_costs_what_it_does(page: Opening) -> None:
    """The formulas of ``--explain``, with the numbers of the settings in them."""
    reader = page("mobilenet_v1")
    line(reader, "conv1").click()
    reader.settle()
    why = reader.page.locator(".layers tr.why")
    # 3 * 3 * 3 * 32 weights at 112 * 112 positions.
    assert "10,838,016" in why.inner_text() and "864" in why.inner_text()
    reader.move("res", "160")
    assert f"{864 * 80 * 80:,}" in why.inner_text()
    explained = str(costcalc.explain("mobilenet_v1", "conv1", res=160))
    for meaning in ("side of the kernel", "input channels", "output channels"):
        assert meaning in explained and meaning in why.inner_text()
    line(reader, "conv1").click()
    reader.settle()
    assert why.count() == 0


def test_every_layer_is_explained_by_its_own_costs(page: Opening) -> None:
    reader = page("mobilenet_v2")
    reader.move("alpha", "0.35")
    for row in reader.page.locator(".layers tbody tr:not(.sum, .why)").all():
        row.click()
    reader.settle()
    script = """(whys) => whys.map((why) => [
      [...why.previousElementSibling.cells].map((cell) => cell.innerText),
      [...why.querySelectorAll('p')].map((line) => line.lastElementChild.innerText)])"""
    explained = reader.page.locator(".layers tr.why").evaluate_all(script)
    assert len(explained) > 60
    for row, results in explained:
        costs = [0 if text == "" else int(text.replace(",", "")) for text in (row[4], row[6])]
        sums = [int(text.replace(",", "")) for text in results]
        assert sum(sums) == sum(costs), row


MANY = "name: Many\ninput: [3, 8, 8]\nlayers:\n" + "  - conv: {out: 8, kernel: 3}\n" * 600

MOVE = """async (alpha) => {
  const body = document.querySelector('.layers tbody'), field = document.querySelector('input');
  field.value = alpha;
  field.dispatchEvent(new Event('input'));
  await new Promise(requestAnimationFrame);
  return [body.firstElementChild, body.lastElementChild].map((row) => row.cells[6].textContent);
}"""


def test_rows_out_of_sight_are_drawn_after_the_frame(page: Opening, tmp_path: Path) -> None:
    """And are current for whoever prints the page or searches it."""
    spec = tmp_path / "many.yaml"
    spec.write_text(MANY)
    reader = page(spec)
    reader.page.evaluate("() => document.querySelector('.layers').scrollIntoView()")
    # 8 channels, or 16 of all layers but the last, which has 3 * 3 * 16 * 8 weights then.
    assert reader.page.evaluate(MOVE, "2") == ["432", "576"]
    reader.page.get_by_text("1,152").last.wait_for()
    assert reader.page.evaluate(MOVE, "1") == ["216", "1,152"]
    reader.page.evaluate("() => void dispatchEvent(new Event('beforeprint'))")
    assert [row[6] for row in reader.layers()] == ["216"] + ["576"] * 599
