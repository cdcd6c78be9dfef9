"""Every kind comes in from every framework, or has a reason why not."""

from pathlib import Path

import pytest

from costcalc.importers import IMPORTERS
from costcalc.importers.missing import MISSING
from costcalc.kinds import TABLE
from tests.importers.given import given_by_caffe, given_by_keras, given_by_onnx

pytestmark = pytest.mark.complete

FROM_TORCH = Path(__file__).parent.parent / "golden" / "kinds_from_torch.txt"
"""What tests/frameworks/test_kinds.py found, where PyTorch is installed."""


def given_by_torch(folder):
    return set(FROM_TORCH.read_text(encoding="utf-8").split())


GIVEN = {
    "ONNX model": (given_by_onnx, "an operator in costcalc/importers/onnx"),
    "PyTorch module": (
        given_by_torch,
        "a function in costcalc/importers/torch (and pytest tests/frameworks/test_kinds.py "
        "--update-golden)",
    ),
    "Keras architecture": (given_by_keras, "a layer or an operation in costcalc/importers/keras"),
    "Caffe network": (given_by_caffe, "a layer in costcalc/importers/caffe"),
}
"""What finds the kinds that models come in as, and what would give another one."""


@pytest.mark.parametrize("title", [row.title for row in IMPORTERS])
def test_every_kind_comes_in_or_has_a_reason(title, tmp_path):
    assert title in MISSING, f"{title}: its reasons in costcalc/importers/missing.py"
    assert title in GIVEN, f"{title}: a row in tests/importers/test_kinds.py"
    reasons, (given, giver) = MISSING[title], GIVEN[title]
    lacking = {kind.name for kind in TABLE if not kind.becomes} - given(tmp_path)
    new = ", ".join(sorted(lacking - reasons.keys()))
    assert not new, f"{new}: {giver}, or a reason in costcalc/importers/missing.py"
    old = ", ".join(sorted(reasons.keys() - lacking))
    assert not old, f"{old}: no reason in costcalc/importers/missing.py: the {title} gives it"
    assert all(reasons.values())
