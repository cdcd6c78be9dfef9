"""What a model costs to read: ``costcalc report`` of ONNX and TFLite files and of a PyTorch module.

    pip install '.[torch]' onnx-tool
    python benchmarks/onnx.py [--runs N] [--network NAME]

Whole processes, one after another, again and again, so that a busy machine is
busy for all of them alike: medians of time, processor time and peak memory, and
the ratios of the last two.

- ONNX: the report of a shipped network's file beside onnx-tool on the same file,
  of whose processor time it is promised to take 0.35 at most, and beside the report of its
  spec; and of the same graph with 100 times the bytes of weights, which must cost
  the same.
- TFLite: the report of the same network's file, which must take no longer than the ONNX file's.
- PyTorch: the report of a torchvision module beside ``import torch`` alone.

What is not installed is left out, with the command that installs it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import NamedTuple

PROMISE = 0.35
"""The largest part of onnx-tool's processor time that the report of the same file takes."""

WIDER = 13
"""The width multiplier at which the same graph has over 100 times the weights."""

ONNX_TOOL = """
import sys
import onnx_tool
model = onnx_tool.Model(sys.argv[1])
model.graph.shape_infer()
model.graph.profile()
model.graph.print_node_map()
"""

MODULE = "torch:torchvision.models:mobilenet_v2"


class Cost(NamedTuple):
    """Of one process: its time, that of the processor, and the most memory that it held."""

    seconds: float
    processor: float
    bytes: float


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--network", default="mobilenet_v2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure_onnx(options.network, options.runs, folder)
        measure_torch(options.runs, folder)


def measure_onnx(network: str, runs: int, folder: str) -> None:
    """A network's file, its spec, onnx-tool, and 100 times the weights."""
    file, wide = (os.path.join(folder, f"{name}.onnx") for name in (network, "wide"))
    export = [*command("export", network), "--to", "onnx", "--weights", "random"]
    subprocess.run([*export, "-o", file], check=True)
    subprocess.run([*export, "--alpha", str(WIDER), "-o", wide], check=True)
    lite = os.path.join(folder, f"{network}.tflite")
    subprocess.run([*command("export", network), "--to", "tflite", "-o", lite], check=True)
    commands = {
        "report of the file": command("report", file),
        "report of the TFLite file": command("report", lite),
        "report of the spec": command("report", network),
        "report of the wide file": command("report", wide),
    }
    if find_spec("onnx_tool") is None:
        print("onnx-tool is not installed, and left out: pip install onnx-tool")
    else:
        commands["onnx-tool on the file"] = [sys.executable, "-c", ONNX_TOOL, file]
    print(
        f"{network}: {megabytes(os.path.getsize(file))} with its weights, "
        f"{megabytes(os.path.getsize(wide))} at {WIDER} times the width"
    )
    costs = measured(commands, runs, folder)
    show(costs, "report of the file")
    tool = costs.get("onnx-tool on the file")
    if tool is not None:
        part = costs["report of the file"].processor / tool.processor
        print(f"  the file in {part:.2f} x the processor time of onnx-tool; promised: {PROMISE} x")


def measure_torch(runs: int, folder: str) -> None:
    """A module through the meta device, beside the import that it cannot avoid."""
    missing = [name for name in ("torch", "torchvision") if find_spec(name) is None]
    if missing:
        wanted = " ".join(missing)
        print(f"{wanted} not installed, and left out: pip install 'costcalc[torch]' torchvision")
        return
    commands = {
        "import torch": [sys.executable, "-c", "import torch"],
        "import torchvision": [sys.executable, "-c", "import torchvision"],
        "report of a module": [*command("report", MODULE), "--input", "3,224,224"],
    }
    print(MODULE)
    show(measured(commands, runs, folder), "import torch")


def measured(commands: Mapping[str, list[str]], runs: int, folder: str) -> dict[str, Cost]:
    """The median cost of each command, which take turns."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    # The first round writes bytecode that is missing, and is not counted.
    for run in range(runs + 1):
        for name, each in commands.items():
            found = cost(each, folder)
            if run:
                costs[name].append(found)
    return {
        name: Cost(*(statistics.median(values) for values in zip(*each, strict=True)))
        for name, each in costs.items()
    }


def cost(arguments: list[str], folder: str) -> Cost:
    """The cost of a process from its start to its end."""
    path = os.path.join(folder, "output")
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    with open(path, "wb") as output:
        process = subprocess.Popen(arguments, cwd=folder, stdout=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(arguments)} failed")
    unit = 1 if sys.platform == "darwin" else 1024
    taken = time.perf_counter() - start
    return Cost(taken, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def show(costs: Mapping[str, Cost], base: str) -> None:
    """Times and memory, and how many times those of one command."""
    for name, each in costs.items():
        print(
            f"  {name:<24} {1000 * each.seconds:7.0f} ms, {1000 * each.processor:6.0f} ms of the "
            f"processor, {megabytes(each.bytes):>9}   "
            f"{each.processor / costs[base].processor:5.2f} x time   "
            f"{each.bytes / costs[base].bytes:5.2f} x memory"
        )


def command(name: str, network: str) -> list[str]:
    """The command line in this interpreter."""
    return [sys.executable, "-m", "costcalc", name, network]


def megabytes(count: float) -> str:
    """A number of bytes for people."""
    return f"{count / 1e6:,.1f} MB"


if __name__ == "__main__":
    main()
