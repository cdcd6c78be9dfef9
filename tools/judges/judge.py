"""Installs the counters, runs them on the real modules, and compares with the fixtures.

    python tools/judges/judge.py                    # a fresh environment, about ten minutes
    python tools/judges/judge.py --python PYTHON    # one that has requirements.txt already
    python tools/judges/judge.py --update           # write the fixtures anew

The tests of the conventions read the fixtures, so that they need no framework.
Exit code 1 where a counter says something else than the fixtures.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "tests" / "data" / "judges"
Row = dict[str, Any]


def main() -> int:
    """Measure, then compare or write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", help="the interpreter of an environment that has the tools")
    parser.add_argument("--update", action="store_true", help="write the fixtures")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python = arguments.python or installed(Path(folder) / "environment")
        differences = 0
        for script, name in (("measure_tools.py", "networks"), ("measure_layers.py", "layers")):
            output = Path(folder) / f"{name}.json"
            subprocess.run([python, HERE / script, "--output", output], check=True)
            text = fixture(json.loads(output.read_text()), name)
            path = DATA / f"{name}.json"
            if arguments.update:
                path.write_text(text)
            elif path.read_text() != text:
                differences += show(json.loads(path.read_text()), json.loads(text), name)
    return 1 if differences else 0


def installed(folder: Path) -> str:
    """The interpreter of a new environment with the counters."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    requirements = str(HERE / "requirements.txt")
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", requirements], check=True)
    return python


def fixture(measured: Mapping[str, Any], name: str) -> str:
    """What the tests need of a measurement, one line for each row."""
    tools = measured["tools"]
    head = {
        "torchvision": measured["torchvision"],
        "tools": {
            tool: {"version": each["version"], "unit": each["unit"]} for tool, each in tools.items()
        },
    }
    compact = network_row if name == "networks" else layer_row
    rows = [compact(row, list(tools)) for row in measured["models" if name == "networks" else name]]
    lines = [f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items()]
    body = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    return "{\n" + "".join(lines) + f' "{name}": [\n{body}\n ]\n}}\n'


def network_row(row: Row, tools: list[str]) -> Row:
    """A network at a resolution, and what each tool says of it."""
    kept = {key: row[key] for key in ("model", "arguments", "resolution")}
    return kept | readings(row, tools) | {"reference": row["reference"]}


def layer_row(row: Row, tools: list[str]) -> Row:
    """A layer as the framework writes it, and what each tool says of it."""
    keys = ("kind", "variant", "implementation", "functional", "attributes", "input", "operands")
    kept = {key: row[key] for key in keys}
    return kept | {"output": row["reference"]["output"]} | readings(row, tools)


def readings(row: Row, tools: list[str]) -> Row:
    """Counts in the order of the tools; null where a tool gives none."""
    counts = row["counts"]
    return {
        "macs": [counts[tool]["value"] for tool in tools],
        "params": [counts[tool]["params"] for tool in tools],
    }


def show(pinned: Mapping[str, Any], measured: Mapping[str, Any], name: str) -> int:
    """Prints what differs, and says how much."""
    found = 0
    for before, after in zip(pinned[name], measured[name], strict=False):
        if before != after:
            found += 1
            print(f"{name}: pinned   {json.dumps(before)}\n{name}: measured {json.dumps(after)}")
    return max(found, 1)


if __name__ == "__main__":
    sys.exit(main())
