"""Write the names of ONNX's own operators, which tests hold costcalc's tables to.

python list_onnx_operators.py
"""

from pathlib import Path

import onnx
from onnx import defs

NAMES = Path(__file__).resolve().parents[2] / "tests" / "data" / "onnx" / "operator_names.txt"


def main() -> None:
    schemas = defs.get_all_schemas_with_history()
    names = sorted({schema.name for schema in schemas if not schema.domain})
    lines = (f"# The operators of onnx {onnx.__version__}, of all versions.", *names)
    NAMES.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
