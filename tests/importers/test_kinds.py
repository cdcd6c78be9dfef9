"""Every kind comes in from every framework, or has a reason why not."""

from pathlib import Path

import pytest

from costcalc.importers import IMPORTERS, missing
from costcalc.kinds import TABLE
from tests.importers.given import given_by_caffe, given_by_keras, given_by_onnx

pytestmark = pytest.mark.complete

FROM_TORCH = Path(__file__).parent.parent / "golden" / "kinds_from_torch.txt"
"""What tests/frameworks/test_kinds.py found, where PyTorch is installed."""


def given_by_torch(folder):
    return set(FROM_TORCH.read_text(encoding="utf-8").split())


KINDS = {kind.name for kind in TABLE if not kind.becomes}
FRAMEWORKS = {
    "ONNX model": (given_by_onnx, missing.ONNX),
    "Caffe network": (given_by_caffe, missing.CAFFE),
    "Keras architecture": (given_by_keras, missing.KERAS),
    "PyTorch module": (
        lambda folder: set(FROM_TORCH.read_text(encoding="utf-8").split()),
        missing.TORCH,
    ),
}


WHERE = {
    "ONNX model": "an operator in costcalc/importers/onnx",
    "Caffe network": "a layer in costcalc/importers/caffe",
    "Keras architecture": "a layer or an operation in costcalc/importers/keras",
    "PyTorch module": "a function in costcalc/importers/torch (and pytest "
    "tests/frameworks/test_kinds.py --update-golden)",
}
"""What gives a kind in each framework."""


@pytest.mark.parametrize("title", [row.title for row in IMPORTERS])
def test_every_importer_is_held_to_the_kinds(title):
    assert title in missing.MISSING, f"{title}: its reasons in costcalc/importers/missing.py"
    is_tried = title in FRAMEWORKS and FRAMEWORKS[title][1] is missing.MISSING[title]
    assert is_tried, f"{title}: a row in tests/importers/test_kinds.py"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_kind_comes_in_or_has_a_reason(framework, tmp_path):
    given, reasons = FRAMEWORKS[framework]
    lacking = KINDS - given(tmp_path)
    new = ", ".join(sorted(lacking - reasons.keys()))
    assert not new, f"{new}: {WHERE[framework]}, or a reason in costcalc/importers/missing.py"
    old = ", ".join(sorted(reasons.keys() - lacking))
    assert not old, f"{old}: comes in from {framework}; no reason in costcalc/importers/missing.py"
    assert all(reasons.values())
