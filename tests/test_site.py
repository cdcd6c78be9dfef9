"""The site of documentation has a page for everything, and its navigation leads to each.

Whether it builds without a warning, and whether every link leads somewhere, is asked by
``nox -s site``.
"""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from inspect import isfunction
from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import COMMANDS, main
from costcalc.render.answer import Answer

ROOT = Path(__file__).parent.parent
SITE = runpy.run_path(str(ROOT / "tools" / "make_site.py"))
CHECK = runpy.run_path(str(ROOT / "tools" / "check_site.py"))


def test_every_page_is_in_the_navigation():
    home = SITE["as_on_site"](ROOT / "docs" / "index.md")
    linked = {*re.findall(r"\]\(([\w./-]+\.md)\)", home)}
    assert linked == {*SITE["sources"]().values()} - {"index.md"}


def test_the_navigation_is_the_first_page():
    group = SITE["Group"]("commands", "Commands", "", {})
    home = SITE["home"](SITE["as_on_site"](ROOT / "docs" / "index.md"), [group])
    assert "- [Commands](commands/index.md)\n" in home
    entries = [
        entry
        for tree in re.findall(
            r"```\{toctree\}\n:hidden:\n:caption: [^\n]*\n\n(.*?)```", home, re.DOTALL
        )
        for entry in tree.splitlines()
    ]
    assert "Commands <commands/index>" in entries
    assert len(entries) == len({*entries}) == len(SITE["sources"]())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_a_command_has_what_its_help_has(name):
    page = SITE["commands"]().pages[name]
    help_ = CliRunner().invoke(main, [name, "--help"]).output
    options = {*re.findall(r"^ +(?:-\w, )?(--[\w-]+)", help_, re.MULTILINE)}
    assert {"--help"} <= options <= {*re.findall(r"--[\w-]+", page)}


GUIDES = {
    "report": "report",
    "plot": "compare",
    "graph": "compare",
    "sweep": "sweep",
    "page": "page",
    "storages": "memory",
}
"""Guides named in their titles, or with examples in blocks without output, or in the text."""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_a_command_leads_to_its_guide(name):
    page = SITE["commands"]().pages[name]
    guides = re.findall(r"\]\(\.\./([\w/-]+)\.md\)", page.rpartition("\n\n")[2])
    assert guides
    assert guides[0] == GUIDES.get(name, guides[0])


def test_a_guide_leads_to_the_pages_of_its_commands():
    guides = SITE["commands_of_guides"]()
    assert sorted(name for names in guides.values() for name in names) == sorted(COMMANDS)
    assert guides["sweep.md"] == ["sweep", "solve"]
    page = SITE["with_commands"]("# What\n\nText.\n", ["sweep", "solve"])
    links = "[costcalc sweep](commands/sweep.md), [costcalc solve](commands/solve.md)"
    assert page == f"# What\n\nAll options: {links}.\n\nText.\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the width's --alpha 0.25:1:0.25.", "the width's `--alpha 0.25:1:0.25`."),
        ("--top and a --space: none", "`--top` and a `--space`: none"),
        ("--set t=4,6, -o DIR/ and -KEY", "`--set t=4,6`, `-o DIR/` and `-KEY`"),
        ("unless --set size=... chooses", "unless `--set size=...` chooses"),
        ("by 'costcalc devices', or 'a | b'", "by `costcalc devices`, or `a | b`"),
        ("vgg@alpha=0.5,res=160, first", "`vgg@alpha=0.5,res=160`, first"),
        ("net.onnx, torch:a.b:c (a class)", "`net.onnx`, `torch:a.b:c` (a class)"),
        ("mult_adds, or bound_ms,energy.", "`mult_adds`, or `bound_ms,energy`."),
        ("mult-adds [default: 2]", r"mult-adds \[default: 2\]"),
    ],
)
def test_what_people_type_is_code(text, shown):
    assert SITE["prose"](text) == shown


def test_the_list_of_commands_leads_to_each():
    head = SITE["commands"]().head
    assert [name for name in COMMANDS if f"[{name}]({name}.md)" not in head] == []


def test_every_function_class_and_answer_is_in_the_reference():
    text = "\n".join(SITE["reference"]().pages.values())
    named = re.findall(r"^\.\. auto\w+:: ([\w.]+)$", text, re.MULTILINE)
    assert {f"costcalc.{name}" for name in costcalc.__all__} <= {*named}
    assert f"{Answer.__module__}.Answer" in named
    classes = {name.rpartition(".")[2] for name in named}
    for function in filter(isfunction, (getattr(costcalc, name) for name in costcalc.__all__)):
        returned = function.__annotations__["return"].replace("reports.", "")
        assert {*returned.split(" | ")} <= {*classes, "str"}, function.__name__
    assert len(named) == len({*named})


@pytest.mark.parametrize("folder", ["conventions", "storages", "devices"])
def test_every_file_of_data_has_a_page_with_its_source(folder):
    group = SITE["listed"](folder, "", getattr(costcalc, folder))
    files = {path.stem for path in (ROOT / "costcalc" / folder).glob("*.yaml")}
    assert {*group.pages} == files
    for name, page in group.pages.items():
        assert f"[{name}]({name}.md)" in group.head
        assert re.search(r"source", page.partition("## The file")[0], re.IGNORECASE), name
        assert f"costcalc/{folder}/{name}.yaml" in page


def test_the_page_of_a_network():
    (vgg,) = (row for row in SITE["specs"]() if row["name"] == "vgg")
    page = SITE["network_page"](vgg)
    assert page.startswith("# VGG16\n\n`vgg`, family classic, 2014. ")
    assert 'href="../interactive/vgg.html"' in page
    assert "arXiv 1409.1556, Table 1" in page
    assert "| `vgg13_bn` | configuration=B, norm=batch |  | 11,308,466,176 | 133,035,712 |" in page
    assert "| configuration | D | one of A, A-LRN, B, C, D, E |" in page
    assert (ROOT / "specs" / "vgg.yaml").read_text(encoding="utf-8") in page


def test_links_between_pages_lead_to_where_the_site_has_them():
    architecture = SITE["as_on_site"](ROOT / "docs" / "architecture.md")
    assert "[CONTRIBUTING](contributing.md#where-new-things-go)" in architecture
    contributing = SITE["as_on_site"](ROOT / ".github" / "CONTRIBUTING.md")
    assert "[docs/judges.md](judges.md)" in contributing
    judges = "https://github.com/costcalc/costcalc/blob/main/tools/judges/README.md"
    assert f"[tools/judges]({judges})" in contributing


def test_a_notebook_is_a_page_with_what_it_prints():
    notebook = ROOT / "docs" / "examples" / "edge.ipynb"
    page = SITE["as_on_site"](notebook)
    assert page.startswith("# Does it fit my board?\n")
    assert '```python\nimport costcalc\n\nnetwork = costcalc.load("mobilenet_v1@alpha=0.25' in page
    assert "```text\n(219064, 73728, 55296)\n```" in page
    repository = "https://github.com/costcalc/costcalc/blob/main/docs/examples/edge.ipynb"
    assert page.endswith(f"[This page as a notebook]({repository})\n")
    assert "(examples/edge.md)" in SITE["as_on_site"](ROOT / "docs" / "index.md")


def test_a_link_that_leads_nowhere_stops_the_site(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[there](nowhere.md)", encoding="utf-8")
    SITE["BESIDE"][page] = "page.md"
    try:
        with pytest.raises(FileNotFoundError, match=r"page\.md: nowhere\.md"):
            SITE["as_on_site"](page)
    finally:
        del SITE["BESIDE"][page]


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ('<a href="b.html#there">', ""),
        ('<a href="https://example.org/">', ""),
        ('<a href="c.html">', "no file c.html"),
        ('<a href="b.html#here">', "no place b.html#here"),
        ('<img src="b.png">', "no file b.png"),
        ('<script src="https://example.org/a.js">', "<script> loads https://example.org/a.js"),
        ('<link rel="stylesheet" href="//example.org/a.css">', "<link> loads //example.org/a.css"),
    ],
)
def test_links_of_the_built_site_are_followed(tmp_path, link, told):
    (tmp_path / "a.html").write_text(link, encoding="utf-8")
    (tmp_path / "b.html").write_text('<h1 id="there">', encoding="utf-8")
    problems = [f"{tmp_path / 'a.html'}: {told}"] if told else []
    assert list(CHECK["broken"](tmp_path)) == problems
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "check_site.py", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == len(problems)
    assert done.stderr.splitlines() == problems
