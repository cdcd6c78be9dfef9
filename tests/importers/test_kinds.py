"""Every kind comes in from every framework, or has a reason why not."""

from pathlib import Path

import pytest

from costcalc.importers import missing
from costcalc.kinds import TABLE
from tests.importers.given import given_by_caffe, given_by_keras, given_by_onnx

pytestmark = pytest.mark.complete

FROM_TORCH = Path(__file__).parent.parent / "golden" / "kinds_from_torch.txt"
"""What tests/frameworks/test_kinds.py found, where PyTorch is installed."""

KINDS = {kind.name for kind in TABLE if not kind.becomes}
FRAMEWORKS = {
    "ONNX": (given_by_onnx, missing.ONNX),
    "Caffe": (given_by_caffe, missing.CAFFE),
    "Keras": (given_by_keras, missing.KERAS),
    "PyTorch": (lambda folder: set(FROM_TORCH.read_text(encoding="utf-8").split()), missing.TORCH),
}


WHERE = {
    "ONNX": "an operator in costcalc/importers/onnx",
    "Caffe": "a layer in costcalc/importers/caffe",
    "Keras": "a layer or an operation in costcalc/importers/keras",
    "PyTorch": "a function in costcalc/importers/torch (and pytest tests/frameworks/test_kinds.py "
    "--update-golden)",
}
"""What gives a kind in each framework."""


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_kind_comes_in_or_has_a_reason(framework, tmp_path):
    given, reasons = FRAMEWORKS[framework]
    lacking = KINDS - given(tmp_path)
    new = ", ".join(sorted(lacking - reasons.keys()))
    assert not new, f"{new}: {WHERE[framework]}, or a reason in costcalc/importers/missing.py"
    old = ", ".join(sorted(reasons.keys() - lacking))
    assert not old, f"{old}: comes in from {framework}; no reason in costcalc/importers/missing.py"
    assert all(reasons.values())
