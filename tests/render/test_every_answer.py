"""Every answer in every format."""

from __future__ import annotations

import builtins
import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc import questions
from costcalc.cli import COMMANDS, main
from costcalc.render import FORMATS, formats
from costcalc.render.answer import Answer
from tests.collection import some

ROOT = Path(__file__).parent.parent.parent
SMALL = str(Path(__file__).parent / "small.yaml")
CLAIMS = "network: mobilenet_v1\nmult_adds: 569 M\nparams: 4.2 M\n"

ANSWERS: dict[str, Callable[[], Answer]] = {
    "report": lambda: costcalc.report(SMALL),
    "explain": lambda: costcalc.explain(SMALL, "conv1"),
    "formula": lambda: costcalc.formula("separable", over="conv", D_K=3),
    "closed form": lambda: costcalc.formula(SMALL),
    "compare": lambda: costcalc.compare(SMALL, "mobilenet_v1"),
    "compare layers": lambda: costcalc.compare("separable", "conv", D_K=3),
    "diff": lambda: costcalc.diff(SMALL, "mobilenet_v1"),
    "sweep": lambda: costcalc.sweep(SMALL, alpha=[0.5, 1]),
    "solve": lambda: costcalc.solve("mobilenet_v1", "alpha", max_params="2M", values="0.25,0.5"),
    "reconcile": lambda: costcalc.reconcile(SMALL, ["paper", "fvcore"]),
    "search": lambda: costcalc.search("mobilenet_v1", "4.2M", "paper"),
    "check": lambda: costcalc.check("squeezenet", max_params="2M"),
    "networks": lambda: costcalc.networks("mobilenets"),
    "parameters": lambda: costcalc.parameters(SMALL),
    "conventions": lambda: costcalc.conventions(),
    "convention": lambda: costcalc.conventions("thop"),
    "memory": lambda: costcalc.memory(SMALL, storage="tflm"),
    "memory of a step": lambda: costcalc.memory(SMALL).explain("conv1"),
    "training": lambda: costcalc.training(SMALL, optimizer="adam"),
    "fits": lambda: costcalc.fits(SMALL, "stm32f746", max_ms=10),
    "fits everywhere": lambda: costcalc.fits(SMALL),
    "latency": lambda: costcalc.latency(SMALL, "stm32f746"),
    "latency of a step": lambda: costcalc.latency(SMALL, "stm32f746").explain("conv1"),
    "storages": lambda: costcalc.storages(),
    "storage": lambda: costcalc.storages("int4-weights"),
    "devices": lambda: costcalc.devices(search="cortex-m7"),
    "device": lambda: costcalc.devices("edgetpu"),
    "kinds": lambda: questions.kinds(),
    "kind": lambda: questions.kinds("conv"),
}

COMMAND_LINES: dict[str, list[str]] = {
    "report": ["report", SMALL],
    "explain": ["report", SMALL, "--explain", "conv1"],
    "formula": ["formula", "separable", "--over", "conv", "--set", "D_K=3"],
    "closed form": ["formula", SMALL],
    "compare": ["compare", SMALL, "mobilenet_v1"],
    "compare layers": ["compare", "separable", "conv", "--set", "D_K=3"],
    "diff": ["diff", SMALL, "mobilenet_v1"],
    "sweep": ["sweep", SMALL, "--alpha", "0.5,1"],
    "solve": [
        *("solve", "mobilenet_v1", "--for", "alpha"),
        *("--max-params", "2M", "--values", "0.25,0.5"),
    ],
    "reconcile": ["reconcile", SMALL, "--between", "paper", "fvcore"],
    "search": ["reconcile", "mobilenet_v1", "--printed", "4.2M", "--between", "paper"],
    "check": ["check", "squeezenet", "--max-params", "2M"],
    "networks": ["networks", "--search", "mobilenets"],
    "parameters": ["networks", SMALL],
    "conventions": ["conventions"],
    "convention": ["conventions", "thop"],
    "memory": ["memory", SMALL, "--storage", "tflm"],
    "memory of a step": ["memory", SMALL, "--explain", "conv1"],
    "training": ["training", SMALL, "--optimizer", "adam"],
    "fits": ["fits", SMALL, "--device", "stm32f746", "--max-ms", "10"],
    "fits everywhere": ["fits", SMALL],
    "latency": ["latency", SMALL, "--device", "stm32f746"],
    "latency of a step": ["latency", SMALL, "--device", "stm32f746", "--explain", "conv1"],
    "storages": ["storages"],
    "storage": ["storages", "int4-weights"],
    "devices": ["devices", "--search", "cortex-m7"],
    "device": ["devices", "edgetpu"],
    "kinds": ["kinds"],
    "kind": ["kinds", "conv"],
}
"""The command lines for the same answers."""


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.complete
def test_every_command_has_an_answer() -> None:
    assert ANSWERS.keys() == COMMAND_LINES.keys()
    answering = {line[0] for line in COMMAND_LINES.values()}
    # The results of these are files of other tools, pictures, pages, or schemas.
    assert answering == set(COMMANDS) - {"export", "import", "graph", "page", "plot", "schema"}


@pytest.mark.complete
@pytest.mark.parametrize("format_", some([row.name for row in formats()], {"csv", "json"}))
@pytest.mark.parametrize("name", ANSWERS)
def test_the_command_line_and_python_print_the_same(name: str, format_: str) -> None:
    printed = run(*COMMAND_LINES[name], "--format", format_)
    assert printed == ANSWERS[name]().rendered(format_)
    assert printed.endswith("\n"), (
        f"{format_}: {name} has prose as well as tables, in costcalc/render/{format_}.py"
    )


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_prints_as_the_commands_table(name: str) -> None:
    assert f"{ANSWERS[name]()}\n" == run(*COMMAND_LINES[name])


@pytest.mark.parametrize("name", ANSWERS)
def test_json_is_the_data_with_a_version(name: str) -> None:
    answer = ANSWERS[name]()
    found = json.loads(answer.to_json())
    assert found["format_version"] == 1
    assert found.keys() == answer.data().keys()


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_shows_itself_in_a_notebook(name: str) -> None:
    answer = ANSWERS[name]()
    shown = answer._repr_html_() or answer._repr_latex_()  # type: ignore[attr-defined]
    assert shown
    assert "<html" not in shown


@pytest.mark.parametrize("name", ANSWERS)
def test_columns_are_those_of_csv(name: str) -> None:
    answer = ANSWERS[name]()
    rows = list(csv.DictReader(io.StringIO(answer.rendered("csv"))))
    assert rows, "a table for scripts has rows"
    columns = answer.columns()
    assert columns.keys() == rows[0].keys()
    assert {len(values) for values in columns.values()} == {len(rows)}


def test_a_dataframe_is_of_pandas_or_of_pyarrow_or_a_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = costcalc.report(SMALL)
    original = builtins.__import__

    def without(*missing: str) -> None:
        def imported(name: str, *rest: object) -> object:
            if name in missing:
                raise ImportError(name)
            return original(name, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(builtins, "__import__", imported)

    pyarrow = pytest.importorskip("pyarrow")
    without("pandas")
    table = report.to_dataframe()
    assert isinstance(table, pyarrow.Table)
    assert sum(table.column("mult_adds").to_pylist()) == report.totals.mult_adds
    without("pandas", "pyarrow")
    with pytest.raises(costcalc.CostcalcError, match="needs the package 'pandas' or 'pyarrow'"):
        report.to_dataframe()


@pytest.mark.complete
@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_a_format_is_on_the_pages_that_list_formats(row: object) -> None:
    name = row.name  # type: ignore[attr-defined]
    only = row.only  # type: ignore[attr-defined]
    suffix = row.suffix  # type: ignore[attr-defined]
    page = {"": "docs/report.md", "check": "docs/claims.md", "sweep": "docs/sweep.md"}[only]
    text = (ROOT / page).read_text(encoding="utf-8")
    lacking = []
    if not re.search(rf"(?i)\b{name}\b", text):
        lacking.append(f"{page} does not mention {name}")
    if not only and f"`{suffix}`" not in text:
        lacking.append(f"{page} does not list the suffix {suffix}")
    assert not lacking, ", ".join(lacking)


@pytest.mark.complete
@pytest.mark.parametrize("row", formats("check"), ids=lambda row: row.name)
def test_the_suffix_chooses_the_format(row: object, tmp_path: Path) -> None:
    name, suffix = row.name, row.suffix  # type: ignore[attr-defined]
    if suffix:
        path = tmp_path / f"checked{suffix}"
        run("check", "squeezenet", "-o", str(path))
        assert path.read_text(encoding="utf-8") == run("check", "squeezenet", "--format", name)


def test_text_is_another_name_of_table_for_formulas() -> None:
    assert run("formula", "conv", "--format", "text") == run("formula", "conv")


def test_formulas_are_ascii_if_the_encoding_is() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "costcalc", "formula", "mobilenet_v1"],
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    text = done.stdout.decode("ascii")
    assert "in closed form in alpha and r (res)" in text
    assert "alpha^2" in text
    assert "\\u" not in text


@pytest.mark.parametrize("format_", ["tabel", "parquet", "junit", ""])
def test_a_format_that_an_answer_lacks_is_an_error(format_: str) -> None:
    with pytest.raises(costcalc.CostcalcError, match=f"there is no format '{format_}'"):
        costcalc.report(SMALL).rendered(format_)
