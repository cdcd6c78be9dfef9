"""The reading order in the docstring of ``read.py`` leads through files that hold what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "costcalc"
HOLDS = {
    "formats/onnx_schema.py": "class NodeProto(",
    "importers/onnx/operators/convolution.py": '"Conv": convolution(',
    "importers/onnx/context.py": "class OnnxBuilder(",
    "importers/emit.py": '"depthwise", maps, out, groups',
    "kinds/convolution.py": "def events(",
    "importers/onnx/inline.py": "class Inliner",
    "importers/onnx/inference.py": "class ShapeInference",
    "importers/builder.py": "self.nodes.append(",
}


def test_the_files_hold_what_the_docstring_says() -> None:
    source = (PACKAGE / "importers/onnx/read.py").read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse(source)) or ""
    assert re.findall(r"^(\d)\. ", text, re.MULTILINE) == list("123456")
    assert re.findall(r"``([\w/]+\.py)``", text) == list(HOLDS)
    for name, line in HOLDS.items():
        assert line in (PACKAGE / name).read_text(encoding="utf-8"), name
    stages = ("schema.MODEL.read", "inliner.nodes", "_infer(", "replace_patterns(", "builder.run(")
    assert all(stage in source for stage in stages)
