"""What a reader takes along is what costcalc itself writes at the same settings."""

from __future__ import annotations

import csv
import io
import json
import random
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from costcalc.cli import main
from tests.browser.conftest import Opening
from tests.browser.expected import random_settings, shown

ONNX = Path(__file__).parents[1] / "data" / "onnx" / "resnet18.dynamo.folded.onnx"


def run(command: str) -> str:
    """What a command prints, as a shell would run it."""
    name, *words = shlex.split(command)
    assert name == "costcalc"
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("network", ["mobilenet_v2", "mobilenet_v3_small", "resnet50"])
@pytest.mark.parametrize("convention", ["paper", "torch"])
def test_every_copy(page: Opening, tmp_path: Path, network: str, convention: str) -> None:
    numbers = random.Random(network + convention)
    reader = page(network, convention=("paper", "torch"))
    reader.move("convention", convention)
    for _ in range(2):
        for name, value in random_settings(reader.controls, numbers).items():
            reader.move(name, value)
        command = reader.copied("command")
        listed = run(f"{command} --format csv")
        assert reader.copied("CSV") == listed
        assert shown(reader).totals == [
            f"{sum(int(row[key] or 0) for row in table(listed)):,}"
            for key in ("mult_adds", "params")
        ]
        latex = run(f"{command} --by layer --format latex")
        assert rows(reader.copied("LaTeX")) == rows(latex)
        claims = tmp_path / "claims.yaml"
        claims.write_text(reader.copied("claim"))
        verdict = "exact" if convention == "paper" else "convention"
        assert f"2: 2 {verdict}\n" in run(f"costcalc check {claims}")


def test_csv_beyond_a_float(page: Opening, tmp_path: Path) -> None:
    """Counts have every digit, and shares are the floats nearest to them."""
    spec = tmp_path / "wide.yaml"
    layers = "".join(f"  - conv: {{out: wide + {n}, kernel: {n}}}\n" for n in range(1, 16))
    spec.write_text(
        "name: Wide\ninput: [3, 1024, 1024]\n"
        f"parameters:\n  wide: {{default: 1000000, doc: channels}}\nlayers:\n{layers}"
    )
    reader = page(spec)
    for wide in ("1000000", "1000003", "9999991"):
        reader.move("wide", wide)
        listed = run(f"costcalc report {spec} --set wide={wide} --format csv")
        assert reader.copied("CSV") == listed
        assert int(table(listed)[-1]["mult_adds"]) > 2**60


def test_copies_of_several_networks(page: Opening, tmp_path: Path) -> None:
    reader = page("mobilenet_v1", "mobilenet_v2@alpha=0.5")
    reader.move("res", "160")
    command = reader.copied("command")
    compared = table(run(f"{command} --format csv"))
    assert reader.totals() == [
        [f"{int(row[key]):,}" for key in ("mult_adds", "params")] for row in compared
    ]
    claims = tmp_path / "claims.yaml"
    claims.write_text(reader.copied("claim"))
    assert "4: 4 exact\n" in run(f"costcalc check {claims}")


@pytest.mark.parametrize(
    ("networks", "options"),
    [
        (["mobilenet_v2"], {"alpha": "0.35,7/20,1/3", "res": "96:192:32"}),
        (["mobilenet_v2"], {"implementation": "torchvision", "res": 160}),
        (["mobilenet_v2"], {"implementation": "torchvision", "convention": "torch,paper"}),
        (["densenet121"], {"convention": "torch,paper", "res": "64,96"}),
        (["vgg16@norm=batch,res=256"], {}),
        (["resnet18@alpha=0.5", "resnet18@alpha=1/3,res=160", "resnet18"], {}),
        (["resnet18", "resnet50"], {"res": "96,128", "implementation": "paper"}),
        (["{onnx}"], {"input": "3x64x64"}),
        (["{onnx}"], {"input": {"x": (3, 64, 64)}}),
        (["{onnx}@input=3x64x64"], {}),
        (["{onnx}@input=3x64x64", "resnet18@res=64", "{onnx}"], {}),
        (["{folder}/net@res=8.yaml"], {}),
        (["{folder}/net@res=8.yaml@wide=5", "{folder}/net@res=8.yaml"], {}),
    ],
    ids=str,
)
def test_a_command_says_all_that_a_page_opens_with(
    page: Opening, tmp_path: Path, networks: list[str], options: dict[str, Any]
) -> None:
    spec = "parameters: {res: 32, wide: 4}\nlayers: [{conv: {out: wide, kernel: 3}}]\n"
    (tmp_path / "net@res=8.yaml").write_text(f"name: Net\ninput: [3, res, res]\n{spec}")
    names = [name.format(folder=tmp_path, onnx=ONNX) for name in networks]
    reader = page(*names, **options)
    numbers = random.Random(str(networks))
    for _ in range(3):
        found = json.loads(run(f"{reader.copied('command')} --format json"))
        totals = [each["totals"] for each in found.get("networks", [found])]
        assert reader.totals() == [
            [f"{each[key]:,}" for key in ("mult_adds", "params")] for each in totals
        ]
        reader.follow(urlencode(random_settings(reader.controls, numbers)))


def table(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(text)))


def rows(latex: str) -> list[str]:
    """The rows of LaTeX's table, without the space that aligns them."""
    return [" ".join(line.split()) for line in latex.splitlines() if line.endswith("\\\\")]
