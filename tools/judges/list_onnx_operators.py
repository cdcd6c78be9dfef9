"""Write the names of ONNX's operators and of onnxruntime's, which tests hold costcalc's tables to.

python list_onnx_operators.py

onnxruntime's are written where it is installed.
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import onnx
from onnx import defs

DATA = Path(__file__).resolve().parents[2] / "tests" / "data" / "onnx"
NAMES, RUNTIME_NAMES = (DATA / f"{owner}_names.txt" for owner in ("operator", "onnxruntime"))

SCHEMAS = "onnxruntime.capi.onnxruntime_pybind11_state"


def write(path: Path, title: str, names: Iterable[str]) -> None:
    """Write a list of names, each once and in order, below a title."""
    lines = (f"# The operators of {title}.", *sorted(set(names)))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main() -> None:
    schemas = defs.get_all_schemas_with_history()
    title = f"onnx {onnx.__version__}, of all versions"
    write(NAMES, title, (schema.name for schema in schemas if not schema.domain))
    if find_spec("onnxruntime") is not None:
        version = import_module("onnxruntime").__version__
        title = f"onnxruntime {version} in its domain com.microsoft"
        schemas = import_module(SCHEMAS).get_all_operator_schema()
        own = (each.name for each in schemas if each.domain == "com.microsoft")
        write(RUNTIME_NAMES, title, own)


if __name__ == "__main__":
    main()
