"""The worked examples of CONTRIBUTING are true: each is done as the page says, and works."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import costcalc
from costcalc import importers
from costcalc.render import Format
from costcalc.reporting.report import TableOptions
from tests.conftest import left_out
from tests.render import test_formats

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")


def file(name: str) -> str:
    """A file that the page shows."""
    (text,) = re.findall(
        rf"<!-- file: {re.escape(name)} -->\n```\w+\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE
    )
    return str(text)


def shown(start: str) -> str:
    """The block of the page that starts so."""
    (text,) = re.findall(rf"```text\n({re.escape(start)}.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(text)


def module(name: str, folder: Path) -> ModuleType:
    """A module that the page shows."""
    path = folder / name
    path.write_text(file(name), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_output_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tsv = module("tsv.py", tmp_path)
    assert tsv.page(costcalc.report("vgg16").page(TableOptions(by="type"))) == shown("type\t")
    (reader,) = re.findall(r'^"tsv": (lambda .*),$', PAGE, re.MULTILINE)
    (row,) = re.findall(r"^Format\((.*)\),$", PAGE, re.MULTILINE)
    monkeypatch.setitem(sys.modules, "costcalc.render.tsv", tsv)
    tsv_format = Format(*re.findall(r'"([^"]*)"', row))
    with pytest.raises(AssertionError, match="tsv: a reader in READERS of tests"):
        test_formats.test_no_text_breaks_out_of_its_cell(tsv_format)
    monkeypatch.setitem(test_formats.READERS, "tsv", eval(reader))
    test_formats.test_no_text_breaks_out_of_its_cell(tsv_format)
    monkeypatch.setattr(tsv, "_words", str)
    with pytest.raises(AssertionError, match="a text breaks out of its cell"):
        test_formats.test_no_text_breaks_out_of_its_cell(tsv_format)


def test_the_importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "costcalc.importers.darknet", module("darknet.py", tmp_path))
    (row,) = re.findall(r"^Importer\((.*)\),$", PAGE, re.MULTILINE)
    title, name, suffix = re.findall(r'"([^"]*)"', row)
    added = importers.Importer(title, name, suffixes=(suffix,))
    monkeypatch.setattr(importers, "IMPORTERS", (*importers.IMPORTERS, added))
    path = tmp_path / "net.cfg"
    path.write_text(file("net.cfg"), encoding="utf-8")
    # 3*3*3*16 weights at 32*32 positions, 1*1*16*10 at 16*16.
    assert costcalc.report(path).totals == (432 + 160, 432 * 1024 + 160 * 256)
    assert f"{costcalc.report(path).totals}\n" == shown("Totals(")
    path.write_text(file("net.cfg") + "[yolo]\n", encoding="utf-8")
    with pytest.raises(costcalc.SpecError, match=r"net\.cfg:19:1: \[yolo\]: costcalc has no"):
        costcalc.report(path)


def test_scripts_run_in_the_environment_of_the_page() -> None:
    folder = ROOT / "tests"
    tests = [*folder.rglob("test_page_of*.py"), folder / "kinds" / "test_pages.py"]
    assert {test.name for test in tests} == {
        *("test_pages.py", "test_page_of_conventions.py", "test_page_of_importers.py"),
        "test_page_of_the_collection.py",
    }
    for text in (PAGE, *(test.read_text(encoding="utf-8") for test in tests)):
        assert ".venv/bin/python tools/" in text
        assert not re.search(r"(?<!\.venv/bin/)python tools/", text)


STEP = re.compile(r"^# ((?:costcalc|tests)/[\w/]+\.py)$", re.MULTILINE)
BESIDE = re.compile(r"""^ *(SOFTSIGN =|"softsign":|"Softsign":|\w+\("softsign"|"silu":)""")
KEY = re.compile(r""" *"\w+":""")


def steps() -> list[tuple[str, list[str]]]:
    """The files in which the page adds a layer kind, with the lines for each."""
    (block,) = re.findall(
        r"```python\n(# costcalc/kinds/activation\.py\n.*?)^```", PAGE, re.DOTALL | re.MULTILINE
    )
    _, *parts = STEP.split(block)
    texts = (text.strip("\n").splitlines(keepends=True) for text in parts[1::2])
    return [
        (name, [f"{line.rstrip()}\n" for line in text])
        for name, text in zip(parts[::2], texts, strict=True)
    ]


def carry_out(tree: Path, name: str, added: list[str]) -> None:
    """Adds lines to a file; one with the key of a row that is there takes its place."""
    path = tree / name
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for line in reversed(added):
        key = KEY.match(line)
        same = [index for index, row in enumerate(lines) if key and row.startswith(key[0])]
        if same:
            lines[same[0]] = line
        else:
            beside = next(index for index, row in enumerate(lines) if BESIDE.match(row))
            lines.insert(beside + 1, line)
    path.write_text("".join(lines), encoding="utf-8")


@pytest.mark.slow
def test_the_layer_kind(tmp_path: Path) -> None:
    for name in ("costcalc", "docs", "specs", "tests", "tools"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "images")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    kind, rest = steps()[:2], steps()[2:]
    assert len(kind + rest) == 15
    for step in kind:
        carry_out(tmp_path, *step)

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    tests = (
        *("tests/kinds", "tests/costs", "tests/gradients", "tests/importers/test_kinds.py"),
        *("tests/exporters/test_tables.py", "tests/exporters/test_onnx_names.py"),
    )
    complete = ("-m", "pytest", "-n", "0", "-m", "complete", "-p", "no:cacheprovider", *tests)
    # The kind alone: every other file is named, and so is what the page quotes.
    told = run(*complete)
    assert {name for name, _ in rest} <= set(re.findall(r"\b(?:costcalc|tests)/[\w/]+\.py", told))
    for line in shown("left out: ").splitlines():
        assert line in [*told.splitlines(), "..."]
    for step in rest:
        carry_out(tmp_path, *step)
    # What is left are the generated pages, and what PyTorch makes of it where PyTorch is.
    left = re.findall(r"^left out: (.*)$", run(*complete), re.MULTILINE)
    assert {line.partition(": ")[0] for line in left} <= {
        *("docs/conventions.md", "docs/spec-language.md", "docs/kinds.md", "thresholded_relu"),
    }
    assert not any("thresholded_relu" in line and "torch" not in line for line in left), left
    golden = tmp_path / "tests" / "golden" / "kinds_from_torch.txt"
    golden.write_text(golden.read_text(encoding="utf-8") + "thresholded_relu\n", encoding="utf-8")
    for script in ("make_kinds", "make_conventions"):
        assert run(f"tools/{script}.py") == ""
    result = run(*complete)
    assert "left out" not in result
    assert re.search(r"^\d+ passed", result, re.MULTILINE), result
    (tmp_path / "net.yaml").write_text("input: [3, 8, 8]\nlayers: [thresholded_relu]\n")
    (quoted,) = re.findall(r'\(onnx-tool: "(.*?)"\)', PAGE)
    assert quoted in run("-m", "costcalc", "report", "net.yaml", "--convention", "onnx-tool")


@pytest.mark.parametrize(
    ("failure", "listed"),
    [
        ("AssertionError: mish: an oracle in tests/kinds/oracles.py\nassert not ['mish']", True),
        ("AssertionError: docs/kinds.md: .venv/bin/python tools/make_kinds.py", True),
        ("ModuleNotFoundError: No module named 'costcalc.render.rst'", False),
        ("KeyError: 'costcalc/kinds/examples.py'", False),
        ("assert 'tests/kinds' == 'docs/kinds'", False),
        ("AssertionError: mish", False),
        ("", False),
    ],
)
def test_what_is_left_out_is_listed_with_its_place(failure: str, listed: bool) -> None:
    line = failure.partition("\n")[0].removeprefix("AssertionError: ")
    assert left_out(failure) == (line if listed else "")


def test_the_table_of_variants_is_that_of_the_spec() -> None:
    spec = (ROOT / "specs" / "mobilenet_v3.yaml").read_text(encoding="utf-8")
    (table,) = re.findall(r"```yaml\n(variants:\n.*?)```", PAGE, re.DOTALL)
    assert table in spec
