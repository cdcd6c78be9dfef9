"""Each format, parsed: no text of a spec can break out of its place."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

import costcalc
from costcalc.claims.check import Checked
from costcalc.errors import Mark
from costcalc.escaping import printable
from costcalc.render import FORMATS, Format, html, latex, markdown
from costcalc.render import csv as csv_format
from costcalc.render.page import Column, Page, Row, Table
from costcalc.reporting.report import Report, TableOptions
from tests.render.conftest import HOSTILE

ROOT = Path(__file__).parents[2]
SMALL = Path(__file__).parent / "small.yaml"


def first_cells(page: Page) -> list[str]:
    """The texts of the first column, made safe to print."""
    table = page.tables[0]
    return [printable(str(row.cells[0])) for row in table.rows if isinstance(row.cells[0], str)]


def test_csv_reads_back_as_numbers_that_add_up(small: Report) -> None:
    for depth in (None, 1, 2, 3):
        text = csv_format.page(small.page(TableOptions(depth=depth)))
        assert "\r" not in text
        rows = list(csv.DictReader(io.StringIO(text)))
        assert sum(int(row["mult_adds"]) for row in rows) == 5416
        assert sum(int(row["params"]) for row in rows) == 376
        for row in rows:
            assert float(row["mult_adds_percent"]) == 100 * int(row["mult_adds"]) / 5416


def test_a_spreadsheet_does_not_take_text_for_a_formula(hostile: Page) -> None:
    rows = list(csv.reader(io.StringIO(csv_format.page(hostile))))[1:]
    assert len(rows) == len(hostile.tables[0].rows)
    for cells in rows:
        assert cells[0][0] not in "=+-@\t\r\n"
    assert [cells[0].removeprefix("'") for cells in rows[:-1]] == first_cells(hostile)
    assert [cells[0] for cells in rows if cells[0].startswith("'")] == [
        "'=1+1",
        "'+1",
        "'-1",
        "'@SUM(A1)",
    ]
    assert rows[0][1:3] == ["1", repr(100 / 3)]


def test_markdown_shows_text_as_it_is(hostile: Page) -> None:
    tokens = (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown.page(hostile))
    )
    inline = [token for token in tokens if token.type == "inline"]
    kinds = {child.type for token in inline for child in token.children or []}
    assert kinds <= {"text", "text_special"}, "no code, link, emphasis or HTML"
    shown = ["".join(child.content for child in token.children or []) for token in inline]
    assert shown[0] == printable(hostile.title)
    cells = [
        "".join(child.content for child in inner.children or [])
        for opened, inner in pairwise(tokens)
        if opened.type == "td_open"
    ]
    assert cells[::4] == [*first_cells(hostile), "3 × 3 × 64 dw"] * 2
    assert sum(token.type == "tr_open" for token in tokens) == 2 * (1 + len(hostile.tables[0].rows))
    assert sum(token.type == "td_open" for token in tokens) == 2 * 4 * len(hostile.tables[0].rows)


class _Cells(HTMLParser):
    """Collects the tags of a document, and the text of each cell."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def test_html_has_only_its_own_elements(hostile: Page) -> None:
    reader = _Cells()
    reader.feed(html.page(hostile))
    structure = {"html", "head", "meta", "title", "body", "table", "thead", "tbody", "tfoot"}
    assert reader.tags <= structure | {"h2", "h3", "p", "b", "br", "tr", "th", "td"}
    assert reader.attributes <= {"lang", "charset", "name", "content", "style"}
    for cell in first_cells(hostile):
        assert cell in reader.cells


def test_html_inherits_its_colours(small: Report) -> None:
    """Black text on a dark notebook, or a white table in one, cannot be read."""
    styles = ";".join(re.findall(r'style="([^"]*)"', html.page(small.page())))
    assert not re.search(r"(?<![-\w])color\s*:", styles)
    for colour in re.findall(r"#[0-9a-f]{3,6}\b|\b(?:rgb|hsl)a?\([^)]*\)|white|black", styles):
        assert re.fullmatch(r"rgba\(\d+, \d+, \d+, 0\.\d+\)", colour), "colours let light through"


def test_a_notebook_shows_the_report_as_a_fragment(small: Report) -> None:
    shown = costcalc.report(str(SMALL))._repr_html_()
    assert shown == html.fragment(small.page())
    assert "<html" not in shown
    assert "5,416" in shown


def test_latex_has_only_its_own_commands(hostile: Page) -> None:
    text = latex.page(hostile)
    code = [line for line in text.splitlines() if line and not line.startswith("%")]
    for line in code:
        bare = re.sub(r"\\text(backslash|asciicircum|asciitilde|less|greater|bar)\{\}", "", line)
        commands = set(re.findall(r"\\([A-Za-z]+|.)", bare))
        assert commands <= {
            *("begin", "end", "toprule", "midrule", "bottomrule", "quad", "times"),
            *("\\", "{", "}", "$", "&", "#", "%", "_"),
        }
        bare = re.sub(r"\\.", "", bare)
        assert bare.count("{") == bare.count("}")
        assert bare.count("$") % 2 == 0
        assert not re.search(r"[#%_^~]", bare)
        assert not bare.startswith("["), "the row above would take it for an argument"
    rows = [line for line in code if line.endswith(r"\\")]
    assert len(rows) == 2 * (1 + len(hostile.tables[0].rows))
    for line in rows:
        assert len(re.findall(r"(?<!\\)&", line)) == 3


def file_of(row: Format) -> str:
    return f"{row.module.replace('.', '/')}.py"


@pytest.mark.complete
@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_a_format_has_its_function(row: Format) -> None:
    assert (ROOT / file_of(row)).exists() and (
        not row.takes or hasattr(import_module(row.module), row.takes)
    ), f"{row.name}: {file_of(row)} with {row.takes}({row.takes})"


def _widths_in_html(text: str) -> list[int]:
    """The cells of each row, and each other element as a row without cells."""
    widths: list[int] = []
    for tag in re.findall(r"<(\w+)", text):
        if tag in ("td", "th"):
            widths[-1] += 1
        else:
            widths.append(0)
    return widths


def _separators(pattern: str, text: str) -> list[int]:
    """How many separators each line has that no backslash escapes."""
    return [len(re.findall(rf"(?<!\\)(?:\\\\)*{pattern}", line)) for line in text.split("\n")]


READERS: dict[str, Callable[[str], list[int]]] = {
    "table": lambda text: [len(re.split("  +", line.strip())) for line in text.split("\n")],
    "json": lambda text: [len(row) for row in json.loads(text)["rows"]],
    "csv": lambda text: [len(row) for row in csv.reader(io.StringIO(text))],
    "markdown": lambda text: _separators(r"\|", text),
    "latex": lambda text: _separators("&", re.sub("(?m)^%.*", "", text)),
    "html": _widths_in_html,
    "junit": lambda text: [len(item) for item in ElementTree.fromstring(text).iter()],
    "github": lambda text: [each.count(",") for each in re.findall(r"(?m)^::error (.*?)::", text)],
}
"""How many columns each row of a format's text has, as a reader of that format counts them."""


def _checked(texts: list[str]) -> Checked:
    """A check whose claims have these texts wherever text is possible; none of them holds."""
    (file,) = costcalc.check(str(SMALL), max_params="1").files
    ((table,), (result,)) = file.tables, file.tables[0].results
    results = tuple(
        result._replace(
            claim=result.claim._replace(id=text, row=text, mark=Mark(text, 1, 1)), explanation=text
        )
        for text in texts
    )
    title = file.file._replace(title=texts[0])
    return Checked((file._replace(file=title, tables=(table._replace(results=results),)),))


def _rendered(row: Format, texts: list[str]) -> str:
    """Texts as the title, the facts, the cells and the notes of an answer in a format."""
    module = import_module(row.module)
    if row.takes == "answer":
        return str(module.answer(_checked(texts)))
    if row.takes == "data":
        return str(
            module.data({"title": texts[0], "rows": [{"a": text, "b": 1} for text in texts]})
        )
    columns = (Column("name", "Name"), Column("count", "Count", "right"), Column("word", "Word"))
    rows = tuple(Row((text, 1, text)) for text in texts)
    facts = tuple((text, text) for text in texts)
    table = Table(texts[0], columns, rows, notes=tuple(texts))
    return str(module.page(Page(texts[0], facts, (table, table), notes=tuple(texts))))


@pytest.mark.complete
@pytest.mark.parametrize("row", [row for row in FORMATS if row.takes], ids=lambda row: row.name)
def test_no_text_breaks_out_of_its_cell(row: Format) -> None:
    """The rows and columns of a page do not depend on the texts in it."""
    assert row.name in READERS, (
        f"{row.name}: a reader in READERS of tests/render/test_formats.py, which "
        "counts the columns of each row, so that texts can be seen to stay in their cells"
    )
    read = READERS[row.name]
    expected = read(_rendered(row, ["word"] * len(HOSTILE)))
    assert sum(map(bool, expected)) >= len(HOSTILE), "the reader finds the rows"
    assert read(_rendered(row, HOSTILE)) == expected, (
        f"{file_of(row)}: a text breaks out of its cell"
    )


@pytest.mark.complete
@pytest.mark.parametrize(
    "row", [row for row in FORMATS if row.takes == "page"], ids=lambda row: row.name
)
def test_no_control_character_reaches_the_output(row: Format, hostile: Page, small: Report) -> None:
    format_ = import_module(row.module)
    text = format_.page(hostile)
    # The separators of cells are the format's own.
    own = {letter for letter in format_.page(small.page()) if not letter.isprintable()}
    others = {letter for letter in text if not letter.isprintable()} - own
    assert not others, f"{row.name}: control characters reach the output of {file_of(row)}"
    assert r"\x1b[31mred" in text.replace(r"\textbackslash{}", "\\").replace("{[}", "[").replace(
        r"\\x1b\[", r"\x1b["
    )
