"""The file of a page: what stands there without JavaScript, and what the file allows."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

import costcalc
from costcalc.render.page import text
from tests.cli.test_hostile_names import HOSTILE, write
from tests.collection import specs


class Read(HTMLParser):
    """The tables of a file, its elements and their attributes."""

    def __init__(self, file):
        super().__init__()
        self.elements = []
        self.tables = []
        self.words = []
        self._is_cell = False
        self.feed(file)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag == "table":
            self.tables.append((attributes.get("class", ""), []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        elif tag in ("td", "th"):
            self._is_cell = True
            self.tables[-1][1][-1].append("")

    def handle_endtag(self, tag):
        self._is_cell = self._is_cell and tag in ("span", "small")

    def handle_data(self, data):
        self.words.append(data)
        if self._is_cell and self.tables:
            self.tables[-1][1][-1][-1] += data.strip("\n")

    def rows(self, name, index=0):
        return [table for known, table in self.tables if known == name][index]


def island(file):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)<', file)[1])


@pytest.mark.parametrize("network", specs())
def test_the_tables_of_a_file_are_those_of_the_report(network):
    read = Read(costcalc.page(network).html)
    report = costcalc.report(network)
    for name, table in zip(("layers", "types"), report.page().tables, strict=False):
        shown = table.seen_by("people")
        heads, *rows, total = read.rows(name)
        assert heads == [column.title for column in shown.columns]
        assert rows == [[text(cell) for cell in row.cells] for row in shown.rows]
        costs = [text(cell) for cell in shown.total.cells][-4:]
        assert (total[0], total[-4:]) == ("Total", costs)
    totals = " ".join(read.rows("")[1])
    assert f"{report.totals.mult_adds:,}" in totals
    assert f"{report.totals.params:,}" in totals


@pytest.mark.parametrize("given", [{}, {"alpha": 0.5, "res": 160}, {"alpha": [0.5, 1]}])
def test_settings_are_those_of_the_page(given):
    read = Read(costcalc.page("mobilenet_v1", **given).html)
    one = {name: value for name, value in given.items() if not isinstance(value, list)}
    total = costcalc.report("mobilenet_v1", **one).totals
    assert f"{total.mult_adds:,}" in " ".join(read.rows("")[1])
    names = [
        control["name"]
        for control in island(costcalc.page("mobilenet_v1", **given).html)["controls"]
    ]
    assert ("alpha" in names) == ("alpha" not in one)


def test_networks_side_by_side_are_those_of_compare():
    read = Read(costcalc.page("mobilenet_v1", "mobilenet_v2").html)
    comparison = costcalc.compare("mobilenet_v1", "mobilenet_v2").page()
    for index, table in enumerate(comparison.tables[1:4], 1):
        heads, *rows, _ = read.rows("", index)
        assert heads == [column.title for column in table.columns]
        assert rows == [[text(cell) for cell in row.cells] for row in table.rows]
    words = "".join(read.words)
    for note in comparison.notes[:3]:
        assert note in words


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"storage": ["int8", "tflm"], "device": ["stm32f746", "rpi4"]},
        {"convention": "paper,torch"},
    ],
    ids=["plain", "resources", "conventions"],
)
def test_a_file_allows_its_own_script_and_style_alone(options):
    file = costcalc.page("mobilenet_v1", "squeezenet", **options).html
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', file)
    hashes = {
        name: "'sha256-" + b64encode(sha256(text_.encode()).digest()).decode() + "'"
        for name, text_ in [
            ("script-src", re.search(r"<script>(.*?)</script>", file, re.DOTALL)[1]),
            ("style-src", re.search(r"<style>(.*?)</style>", file, re.DOTALL)[1]),
        ]
    }
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules == {
        "default-src": "'none'",
        **hashes,
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    for tag, attributes in Read(file).elements:
        assert not {"style", "src", "href", "action"} & {*attributes}, tag
        assert not any(name.startswith("on") for name in attributes), tag
        assert tag not in ("link", "img", "iframe", "object", "base")
    assert "http://" not in re.sub("http://www.w3.org/(1998/Math/MathML|2000/svg)", "", file)
    assert "https://" not in file


def test_a_hostile_name_is_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(HOSTILE, tmp_path)
    for network in ("net.prototxt", "spec.yaml"):
        file = costcalc.page(network).html
        tags = [tag for tag, _ in Read(file).elements]
        assert tags.count("script") == 2
        assert "<script>alert" not in file
        assert all(line.isprintable() for line in file.replace("\n", "").split("\t")), "no control"
        assert "alert(1)" in json.dumps(island(file)), "the name is there"


def test_a_refusal_has_no_path_of_whoever_made_the_page(tmp_path):
    spec = tmp_path / "odd.yaml"
    spec.write_text(
        "name: Odd\ninput: 3x32x32\nparameters: {groups: 1}\nlayers:\n"
        "  - conv: {out: 8, kernel: 3}\n  - conv: {out: 8, kernel: 1, groups: groups}\n"
    )
    (network,) = island(costcalc.page(str(spec)).html)["networks"]
    refusals = [each for each in network["structures"] if isinstance(each[0], str)]
    assert refusals
    for first, *_ in refusals:
        assert first.startswith(("odd.yaml:5:", "odd.yaml:6:"))


def test_a_file_is_small():
    file = costcalc.page("mobilenet_v2").html.encode()
    assert len(file) < 60_000
    assert len(gzip.compress(file, 9)) < 20_000


def test_a_page_is_the_same_from_run_to_run():
    assert costcalc.page("squeezenet").html == costcalc.page("squeezenet").html


def test_a_notebook_shows_a_page_in_a_frame():
    page = costcalc.page("squeezenet")
    ((tag, attributes),) = Read(page._repr_html_()).elements
    assert tag == "iframe"
    assert attributes["srcdoc"] == page.html
    assert attributes["sandbox"] == "allow-scripts"
