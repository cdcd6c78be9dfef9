"""Names from a model or the command line are escaped in every output of every command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner, Result

import costcalc
from costcalc.cli import COMMANDS, main
from costcalc.render import formats

HOSTILE = (
    "=cmd\x1b[2J\x1b]0;title\x07\t\x00\n\\input{/etc/passwd}%\u202e\u2066\u200b"
    "<script>alert(1)</script>|`````$x$&amp;\"'%%{init: {}}%%"
)
"""A formula of spreadsheets that clears the screen, sets its title, breaks the line, reads a
file, reverses text, runs a script, and leaves every kind of quotes."""

SPECIAL = '\x1b\x07\t\x00\n\\"'
"""Its characters that prototxt writes as octal escapes."""

LONG = HOSTILE + "x" * 100_000
"""The same, without end."""

MODEL = """
name: NAME
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: NAME type: "Convolution" bottom: "data" top: "c"
  convolution_param { num_output: 4 kernel_size: 3 } }
"""

CLAIMED = """
name: NAME
source: {paper: NAME, arxiv: "1704.04861", table: NAME}
input: [3, res, res]
parameters: {res: {default: 8, doc: NAME}}
params: 1.4 M
layers: [conv: {out: 4, kernel: 3}]
"""

# MODEL stands for the file of a model whose network and layer have the hostile name, SPEC
# for a spec with such words, and LAYER for the layer as the report names it.
LINES = {
    "report": ["report", "MODEL"],
    "report of a spec": ["report", "SPEC"],
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
    "claims": ["check", "SPEC"],
    "parameters": ["networks", "SPEC"],
    "memory": ["memory", "MODEL", "--storage", "tflm"],
    "memory of a step": ["memory", "MODEL", "--explain", "LAYER"],
    "fits": ["fits", "MODEL", "--device", "stm32f746", "--max-ms", "0.00001"],
    "fits everywhere": ["fits", "MODEL"],
    "training": ["training", "MODEL"],
    "latency": ["latency", "MODEL", "--device", "stm32f746"],
    "latency of a step": ["latency", "MODEL", "--device", "stm32f746", "--explain", "LAYER"],
}
OTHERS = {
    "import": ["import", "MODEL"],
    "import of a spec": ["import", "SPEC"],
    "export": ["export", "MODEL"],
    "export of a spec": ["export", "SPEC"],
    "prototxt": ["export", "MODEL", "--to", "prototxt"],
    "scalesim": ["export", "MODEL", "--to", "csv-scalesim"],
    "page": ["page", "MODEL", "-o", "page.html"],
    "page of a spec": ["page", "SPEC", "-o", "page.html"],
    "mermaid": ["graph", "MODEL"],
    "dot": ["graph", "MODEL", "--format", "dot"],
    "plot layers": ["plot", "layers", "MODEL"],
    "plot types": ["plot", "types", "MODEL", "mobilenet_v1"],
    "plot roofline": ["plot", "roofline", "MODEL", "--device", "rpi4"],
    "plot latency": ["plot", "latency", "MODEL", "--device", "rpi4"],
    "plot accuracy": ["plot", "accuracy", "MODEL", "mobilenet_v1"],
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

ECHOES = {
    "command": ["WORD"],
    "option": ["report", "mobilenet_v1", "--WORD"],
    "argument": ["report", "mobilenet_v1", "WORD"],
    "choice": ["report", "mobilenet_v1", "--format", "WORD"],
    "number": ["sweep", "mobilenet_v1", "--alpha", "1", "--top", "WORD"],
    "value of a flag": ["report", "mobilenet_v1", "--allow-unknown=WORD"],
    "network": ["report", "WORD"],
    "model": ["report", "WORD.onnx"],
    "module": ["report", "torch:WORD:WORD"],
    "setting of a reference": ["report", "mobilenet_v1@WORD"],
    "value in a reference": ["report", "mobilenet_v1@alpha=WORD"],
    "setting": ["report", "mobilenet_v1", "--set", "WORD"],
    "value": ["report", "mobilenet_v1", "--set", "classes=WORD"],
    "alpha": ["report", "mobilenet_v1", "--alpha", "WORD"],
    "res": ["report", "mobilenet_v1", "--res", "WORD"],
    "input": ["report", "net.onnx", "--input", "WORD"],
    "convention": ["report", "mobilenet_v1", "--convention", "WORD"],
    "columns": ["report", "mobilenet_v1", "--columns", "WORD"],
    "sort": ["report", "mobilenet_v1", "--sort", "WORD"],
    "explain": ["report", "mobilenet_v1", "--explain", "WORD"],
    "output": ["report", "mobilenet_v1", "-o", "WORD"],
    "formula": ["formula", "WORD"],
    "multipliers": ["formula", "conv", "--with", "WORD"],
    "over": ["formula", "conv", "--over", "WORD"],
    "variables": ["formula", "mobilenet_v1", "--in", "WORD"],
    "baseline": ["compare", "mobilenet_v1", "--baseline", "WORD"],
    "check": ["check", "WORD"],
    "budget": ["check", "mobilenet_v1", "--max-params", "WORD"],
    "picture": ["plot", "WORD"],
    "where": ["sweep", "mobilenet_v1", "--alpha", "1", "--where", "WORD"],
    "by": ["sweep", "mobilenet_v1", "--alpha", "1", "--top", "1", "--by", "WORD"],
    "range": ["sweep", "mobilenet_v1", "--alpha", "WORD"],
    "for": ["solve", "mobilenet_v1", "--max-params", "1M", "--for", "WORD"],
    "values": ["solve", "mobilenet_v1", "--max-params", "1M", "--for", "res", "--values", "WORD"],
    "between": ["reconcile", "mobilenet_v1", "--between", "paper", "WORD"],
    "printed": ["reconcile", "mobilenet_v1", "--printed", "WORD"],
    "kind": ["kinds", "WORD"],
    "devices": ["devices", "WORD"],
    "schema": ["schema", "WORD"],
    "storages": ["storages", "WORD"],
    "storage": ["memory", "mobilenet_v1", "--storage", "WORD"],
    "step": ["memory", "mobilenet_v1", "--explain", "WORD"],
    "planner": ["fits", "mobilenet_v1", "--planner", "WORD"],
    "frozen": ["training", "mobilenet_v1", "--freeze", "WORD"],
    "device": ["latency", "mobilenet_v1", "--device", "WORD"],
    "time": ["latency", "mobilenet_v1", "--device", "stm32f746", "--measured", "WORD"],
    "calibrated": ["latency", "mobilenet_v1", "--device", "stm32f746", "--calibrate", "WORD"],
    "conventions": ["conventions", "WORD"],
    "networks": ["networks", "WORD"],
    "diff": ["diff", "mobilenet_v1", "WORD"],
    "graph": ["graph", "mobilenet_v1", "--format", "WORD"],
    "page": ["page", "WORD"],
    "import": ["import", "WORD"],
    "export": ["export", "mobilenet_v1", "--to", "WORD"],
}
"""Command lines with a hostile word in place of each kind of argument."""


def write(name: str, folder: Path) -> None:
    """Writes a model and a spec with a hostile name."""
    quoted = "".join(
        f"\\{ord(each):03o}" if each in '\x1b\x07\t\x00\n\\"' else each for each in name
    )
    text = MODEL.replace("NAME", f'"{quoted}"')
    (folder / "net.prototxt").write_text(text, encoding="utf-8")
    # A spec with a control character, or with 4,001 characters in a text, is refused.
    allowed = "".join(each for each in name if each not in SPECIAL)[:4000]
    text = CLAIMED.replace("NAME", f'"{allowed}"')
    (folder / "spec.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(HOSTILE, tmp_path)
    return tmp_path


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(LONG, tmp_path)
    return tmp_path


def run(line: list[str]) -> Result:
    """A command that ends as it may: without a traceback."""
    layer = costcalc.report("net.prototxt").layers[-1].name
    given = {"MODEL": "net.prototxt", "SPEC": "spec.yaml", "LAYER": layer}
    result = CliRunner().invoke(main, [given.get(part, part) for part in line])
    assert result.exit_code in (0, 1), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def assert_safe(text: str) -> None:
    """No line can command a terminal, or begins with the hostile name's second line."""
    for line in text.split("\n"):
        assert line.isprintable(), ascii(line)
        assert not line.lstrip(" %").startswith("\\input"), "no line begins with it"


def test_every_command_is_tested() -> None:
    given = {line[0] for line in (*LINES.values(), *OTHERS.values())}
    assert given == set(COMMANDS) - {"conventions", "devices", "kinds", "schema", "storages"}, (
        "these speak of nobody's models"
    )
    assert {line[0] for line in ECHOES.values()} - {"WORD"} == set(COMMANDS)


@pytest.mark.parametrize(("name", "line", "format_"), CASES)
def test_a_hostile_name_is_escaped(name: str, line: list[str], format_: str, folder: Path) -> None:
    result = run(line)
    assert_safe(result.stdout)
    assert_safe(result.stderr)
    if format_ == "latex":
        code = [each for each in result.stdout.split("\n") if not each.startswith("%")]
        assert not re.search(r"\\input\b|(?<!\\)[$]x", "\n".join(code))
    if format_ == "html":
        assert "<script" not in result.stdout
    if format_ == "markdown":
        outside = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", result.stdout)
        assert "<script" not in outside.replace(r"\<", "")
    if format_ in ("csv", "parquet"):
        assert not re.search(r'(?m)(^|,)"?=', result.stdout), "no cell is a formula"
    if format_ == "junit":
        ElementTree.fromstring(result.stdout)
    if format_ == "github":
        assert len(result.stdout.splitlines()) == 1, "one claim does not hold"
    if name == "mermaid":
        labels = re.findall(r'^    n\d+\["(.*)"\]$', result.stdout, re.MULTILINE)
        assert len(labels) == 1
        assert not re.search(r"[\\<>%`\"]", labels[0].replace("<br>", ""))
    if name == "dot":
        (label,) = re.findall(r'n\d+ \[label="((?:[^"\\]|\\.)*)", fill', result.stdout)
        assert "&amp;amp;" in label, "Graphviz would read an entity"
    if name.startswith("import"):
        assert "script" in yaml.safe_load(result.stdout)["name"]
    if name.startswith("export"):
        compile(result.stdout, "net.py", "exec")


@pytest.mark.parametrize(("name", "line", "format_"), CASES)
def test_an_endless_name_does_not_fill_the_screen(
    name: str, line: list[str], format_: str, endless: Path
) -> None:
    result = run(line)
    assert_safe(result.stdout)
    assert_safe(result.stderr)
    assert max(map(len, result.stdout.split("\n"))) < 20_000


@pytest.mark.parametrize("word", [HOSTILE.replace("\x00", ""), "x" * 100_000], ids=["bad", "long"])
@pytest.mark.parametrize("line", ECHOES.values(), ids=ECHOES)
def test_a_hostile_argument_is_escaped_in_the_message(
    line: list[str], word: str, folder: Path
) -> None:
    result = CliRunner().invoke(main, [part.replace("WORD", word) for part in line])
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert_safe(result.stderr)
    assert len(result.stderr) < 20_000


def test_a_null_byte_is_one_message() -> None:
    for line in (["report", "a\x00b"], ["check", "a\x00b"], ["import", "a\x00b.onnx"]):
        result = CliRunner().invoke(main, line)
        assert (result.exit_code, result.stdout) == (2, "")
        assert isinstance(result.exception, SystemExit)
        assert_safe(result.stderr)


@pytest.mark.parametrize("picture", ["layers", "types", "roofline", "latency"])
@pytest.mark.parametrize("name", [HOSTILE, LONG], ids=["bad", "long"])
def test_a_picture_shows_a_hostile_name_as_text(
    picture: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(name, tmp_path)
    how = ["--device", "rpi4"] if picture in ("roofline", "latency") else []
    result = run(["plot", picture, "MODEL", *how, "-o", "figure.svg"])
    assert result.output == ""
    drawn = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert_safe("".join(ElementTree.fromstring(drawn).itertext()).replace("\n", " "))
    assert "<script" not in drawn
    (width,) = re.findall(r'<svg [^>]*width="([\d.]+)pt"', drawn)
    assert float(width) < 1500, "a figure of twenty inches at most"


def test_the_pytest_plugin_shows_a_hostile_claim_as_text(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "spec.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1.4 M" in done.stdout
    assert_safe(done.stdout)


def test_a_hostile_name_in_an_error_is_escaped(folder: Path) -> None:
    result = CliRunner().invoke(main, ["report", "net.prototxt", "--explain", "conv"])
    assert result.exit_code == 2
    assert_safe(result.stderr)
