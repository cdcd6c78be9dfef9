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


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_kind_comes_in_or_has_a_reason(framework, tmp_path):
    given, reasons = FRAMEWORKS[framework]
    lacking = KINDS - given(tmp_path)
    assert lacking - reasons.keys() == set(), "an operation, or a reason in importers/missing.py"
    assert reasons.keys() - lacking == set(), "importers/missing.py has a reason for what comes in"
    assert all(reasons.values())
