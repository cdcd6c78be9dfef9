"""What the runtimes of TFLite say of a file: tflite-micro and LiteRT.

Each file has a process of its own: a runtime may end it, and prints from C.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

_HEAD = """
import os, re, sys, tempfile
from tflite_micro import runtime
for path in sys.argv[1:]:
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            runtime.Interpreter.from_file(path, arena_size=2**27).print_allocations()
        except Exception as error:
            os.write(2, str(error).encode())
        os.dup2(kept, 2)
        said.seek(0)
        text = said.read().decode(errors="replace")
    head = re.search(r"allocation head (\\d+) bytes", text)
    print(path, head[1] if head else " ".join(text.split())[-200:], sep="\\t", flush=True)
"""

_SHAPES = """
import json, sys
from ai_edge_litert import interpreter as litert
interpreter = litert.Interpreter(
    sys.argv[1],
    experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
)
interpreter.allocate_tensors()
details = interpreter.get_tensor_details()
print(json.dumps({row["index"]: row["shape"].tolist() for row in details}))
"""

_OUTPUTS = """
import json, sys
import numpy
from ai_edge_litert import interpreter as litert
interpreter = litert.Interpreter(
    sys.argv[1],
    experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
)
interpreter.allocate_tensors()
random = numpy.random.default_rng(1)
for row in interpreter.get_input_details():
    values = random.integers(-9, 9, row["shape"]).astype(row["dtype"])
    interpreter.set_tensor(row["index"], values)
interpreter.invoke()
tensors = [interpreter.get_tensor(row["index"]) for row in interpreter.get_output_details()]
print(json.dumps([[str(tensor.dtype), *tensor.shape] for tensor in tensors]))
"""

_ADDRESSES = """
import json, sys
from ai_edge_litert import interpreter as litert
interpreter = litert.Interpreter(
    sys.argv[1],
    experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
)
interpreter.allocate_tensors()
rows = interpreter.get_tensor_details()
views = {row["name"]: interpreter.tensor(row["index"])() for row in rows}
print(json.dumps({name: view.__array_interface__["data"][0] for name, view in views.items()}))
"""


def _run(code: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def heads(paths: list[Path]) -> dict[Path, int | str]:
    """The head of tflite-micro's arena for each file, in bytes, or why it does not run it."""
    found: dict[Path, int | str] = {}
    left = list(paths)
    while left:
        for line in _run(_HEAD, *map(str, left)).stdout.splitlines():
            path, _, said = line.partition("\t")
            found[Path(path)] = int(said) if said.isdigit() else said
        left = [path for path in left if path not in found]
        if left:
            # It ended the process.
            found[left.pop(0)] = "the runtime ended"
    return found


def shapes(path: Path) -> dict[int, tuple[int, ...]] | str:
    """The shape of each tensor as LiteRT allocates it, or why it does not."""
    done = _run(_SHAPES, str(path))
    if done.returncode:
        return done.stderr.strip()[-200:]
    return {int(index): tuple(shape) for index, shape in json.loads(done.stdout).items()}


def outputs(path: Path) -> list[list[str | int]]:
    """The type and the shape of each output that LiteRT computes."""
    done = _run(_OUTPUTS, str(path))
    assert done.returncode == 0, done.stderr[-500:]
    return json.loads(done.stdout)


def addresses(path: Path) -> dict[str, int]:
    """Where LiteRT keeps each tensor: constants as well, which are elsewhere.

    It reports no size of its arena, and addresses are what can be read of it.
    """
    done = _run(_ADDRESSES, str(path))
    assert done.returncode == 0, done.stderr[-500:]
    return json.loads(done.stdout)


def packaged(package: str) -> list[Path]:
    """The ``.tflite`` files that an installed package ships."""
    spec = find_spec(package)
    assert spec and spec.submodule_search_locations, package
    return sorted(Path(spec.submodule_search_locations[0]).rglob("*.tflite"))
