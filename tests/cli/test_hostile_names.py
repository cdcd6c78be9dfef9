"""Names from a model are escaped in every output: terminal, LaTeX, HTML and the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import COMMANDS, main
from costcalc.render import formats

HOSTILE = "a\x1b[2J\x07\n\\input{/etc/passwd}%\u202e<script>alert(1)</script>|`````$x$"
"""Clears the screen, breaks the line, reads a file, reverses text and runs a script."""

MODEL = """
name: NAME
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: NAME type: "Convolution" bottom: "data" top: "c"
  convolution_param { num_output: 4 kernel_size: 3 } }
"""

# MODEL stands for the file of a model whose network and layer have the hostile name, and
# LAYER for the layer as the report names it.
LINES = {
    "report": ["report", "MODEL"],
    "report by block": ["report", "MODEL", "--by", "block"],
    "explain": ["report", "MODEL", "--explain", "LAYER"],
    "formula": ["formula", "MODEL"],
    "compare": ["compare", "MODEL", "mobilenet_v1"],
    "diff": ["diff", "MODEL", "mobilenet_v1"],
    "sweep": ["sweep", "MODEL", "mobilenet_v1", "--alpha", "0.5,1"],
    "solve": ["solve", "MODEL", "--for", "alpha", "--max-params", "1M", "--values", "0.5,1"],
    "reconcile": ["reconcile", "MODEL", "--between", "paper", "torch"],
    "search": ["reconcile", "MODEL", "--printed", "108", "--between", "paper"],
    "check": ["check", "MODEL", "--max-params", "1"],
    "parameters": ["networks", "MODEL"],
}
OTHERS = {
    "import": ["import", "MODEL"],
    "export": ["export", "MODEL"],
    "prototxt": ["export", "MODEL", "--to", "prototxt"],
    "scalesim": ["export", "MODEL", "--to", "csv-scalesim"],
    "mermaid": ["graph", "MODEL"],
    "dot": ["graph", "MODEL", "--format", "dot"],
    "plot layers": ["plot", "layers", "MODEL"],
    "plot types": ["plot", "types", "MODEL", "mobilenet_v1"],
    "plot sweep": ["plot", "sweep", "MODEL", "--alpha", "0.5,1", "--res", "8,16"],
}
"""Commands without a format."""

CASES = [
    *(
        pytest.param(name, [*line, "--format", row.name], row.name, id=f"{name}-{row.name}")
        for name, line in LINES.items()
        for row in formats(line[0])
        if row.takes and not ("--by" in line and row.takes == "data")
    ),
    *(pytest.param(name, line, "", id=name) for name, line in OTHERS.items()),
]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    quoted = "".join(f"\\{ord(each):03o}" if each in "\x1b\x07\n\\" else each for each in HOSTILE)
    text = MODEL.replace("NAME", f'"{quoted}"')
    (tmp_path / "net.prototxt").write_text(text, encoding="utf-8")
    return "net.prototxt"


def test_every_command_is_tested() -> None:
    given = {line[0] for line in (*LINES.values(), *OTHERS.values())}
    assert given == set(COMMANDS) - {"conventions", "kinds"}, "these speak of nobody's models"


@pytest.mark.parametrize(("name", "line", "format_"), CASES)
def test_a_hostile_name_is_escaped(name: str, line: list[str], format_: str, model: str) -> None:
    layer = costcalc.report(model).layers[-1].name
    assert "<script>" in layer
    given = {"MODEL": model, "LAYER": layer}
    result = CliRunner().invoke(main, [given.get(part, part) for part in line])
    assert result.exit_code in (0, 1), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    for text in (result.stdout, result.stderr):
        for shown in text.split("\n"):
            assert shown.replace("\t", " ").isprintable(), ascii(shown)
            assert not shown.lstrip(" %").startswith("\\input"), "no line begins with it"
    if format_ == "latex":
        code = [each for each in result.stdout.split("\n") if not each.startswith("%")]
        assert not re.search(r"\\input\b", "\n".join(code))
    if format_ == "html":
        assert "<script" not in result.stdout
    if format_ == "markdown":
        outside = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", result.stdout)
        assert "<script" not in outside.replace(r"\<", "")


def test_a_hostile_name_in_an_error_is_escaped(model: str) -> None:
    result = CliRunner().invoke(main, ["report", model, "--explain", "conv"])
    assert result.exit_code == 2
    assert all(line.isprintable() for line in result.stderr.split("\n"))
