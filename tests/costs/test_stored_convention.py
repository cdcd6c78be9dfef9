"""The default convention is read from its stored nodes, if its file has not changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from costcalc.costs import convention as conventions
from costcalc.errors import Problems
from costcalc.spec.nodes import parse
from costcalc.spec.stored import read_stored, store

DEFAULT = Path(conventions.__file__).parents[1] / "conventions" / "paper.yaml"


def test_stored_nodes_are_valid_only_for_the_same_file() -> None:
    data = DEFAULT.read_bytes()
    root = parse(data, str(DEFAULT), Problems())
    text = store(root, data).encode()
    assert read_stored(text, data, str(DEFAULT)) == root
    assert read_stored(text, data + b"\n", str(DEFAULT)) is None


def test_only_mappings_are_stored() -> None:
    with pytest.raises(TypeError):
        store(parse(b"a: [1, 2]\n", "list.yaml", Problems()), b"")


def test_a_json_beside_a_users_convention_is_ignored(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(DEFAULT.read_text(encoding="utf-8").replace("name: paper", "name: own"))
    own.with_suffix(".json").write_text("{}")
    assert conventions.load(str(own)).name == "own"


def test_a_model_is_reported_without_loading_the_yaml_reader(tmp_path: Path) -> None:
    model = tmp_path / "net.onnx"
    export = [sys.executable, "-m", "costcalc", "export", "mobilenet_v1", "--to", "onnx"]
    subprocess.run([*export, "-o", str(model)], check=True)
    code = (
        "import sys, costcalc\n"
        f"print(costcalc.report({str(model)!r}).totals.params, 'yaml' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    params, has_yaml = done.stdout.split()
    assert int(params) > 0 and has_yaml == "False"
