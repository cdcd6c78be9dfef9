"""The exporter and the importer spell ONNX's operators as ONNX does.

tools/judges/list_onnx_operators.py writes the list; a misspelt name that both have would
make the round trip, and only ONNX's checker in tests/frameworks would refuse the file.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from costcalc.exporters.onnx import KINDS, write
from costcalc.graph.expand import expand
from costcalc.importers.onnx import operators, patterns
from costcalc.importers.onnx.control import CONTROL
from costcalc.importers.onnx.fused import EXPANSIONS
from costcalc.importers.onnx.signatures import MICROSOFT
from costcalc.importers.onnx.unread import UNREAD
from costcalc.kinds.examples import spec
from costcalc.spec.reader import read
from tests.exporters.every_kind import forms
from tests.exporters.onnx_file import File

pytestmark = pytest.mark.complete

LIST = Path(__file__).parents[1] / "data" / "onnx" / "operator_names.txt"
NAMES = frozenset(LIST.read_text(encoding="utf-8").splitlines()[1:])
RUNTIME = frozenset(
    LIST.with_name("onnxruntime_names.txt").read_text(encoding="utf-8").splitlines()[1:]
)
"""The operators of onnxruntime's own domain."""


def test_the_list():
    assert len(NAMES) > 190
    assert {"Conv", "Shrink", "ThresholdedRelu", "Upsample"} <= NAMES


@pytest.mark.parametrize(
    "name", [name for name, (kind, _) in forms().items() if (kind.becomes or kind.name) in KINDS]
)
def test_operators_that_are_written(name):
    kind, attributes = forms()[name]
    graph = expand(read(spec(kind, attributes).encode(), "e.yaml", lambda name: None), {})
    operators_ = {node.operator for node in File(b"".join(write(graph))).nodes}
    wrong = ", ".join(sorted(operators_ - NAMES))
    place = "costcalc/exporters/onnx/kinds.py"
    assert not wrong, f"{kind.name}: ONNX has no operator {wrong}, in {place}"


def test_operators_that_are_read():
    known = NAMES | {f"{MICROSOFT}.{name}" for name in RUNTIME} | OTHERS
    read = operators.TABLE.keys() | EXPANSIONS.keys() | CONTROL.keys() | UNREAD.keys()
    wrong = ", ".join(sorted(read - known))
    place = "costcalc/importers/onnx/operators/activation.py or a file beside it"
    assert not wrong, f"ONNX has no operator {wrong}, in {place}"


OTHERS = {"SimplifiedLayerNormalization", "ai.onnx.preview.FlexAttention"}
"""onnxruntime's one operator in ONNX's own domain, and ONNX's in a domain of previews."""


def operators_of(tree: object) -> Iterator[str]:
    if isinstance(tree, tuple):
        yield tree[0]
        for part in tree[1:]:
            yield from operators_of(part)


def test_operators_in_patterns():
    found = {name for pattern in patterns.PATTERNS for name in operators_of(pattern.tree)}
    wrong = ", ".join(sorted(found - NAMES))
    assert not wrong, f"ONNX has no operator {wrong}, in costcalc/importers/onnx/patterns.py"
