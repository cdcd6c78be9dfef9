"""Every kind is imported from every framework, or has a reason why not."""

from pathlib import Path

import pytest

from costcalc.importers import IMPORTERS
from costcalc.importers.missing import MISSING
from costcalc.kinds import TABLE
from tests.importers.imported_kinds import kinds_from_caffe, kinds_from_keras, kinds_from_onnx

pytestmark = pytest.mark.complete

FROM_TORCH = Path(__file__).parent.parent / "golden" / "kinds_from_torch.txt"
"""The kinds found by tests/frameworks/test_kinds.py, which needs PyTorch."""


def kinds_from_torch(folder):
    return set(FROM_TORCH.read_text(encoding="utf-8").split())


IMPORTED = {
    "ONNX model": (kinds_from_onnx, "an operator in costcalc/importers/onnx"),
    "PyTorch module": (
        kinds_from_torch,
        "a function in costcalc/importers/torch (and pytest tests/frameworks/test_kinds.py "
        "--update-golden)",
    ),
    "Keras architecture": (kinds_from_keras, "a layer or an operation in costcalc/importers/keras"),
    "Caffe network": (kinds_from_caffe, "a layer in costcalc/importers/caffe"),
}
"""By importer: what finds the kinds of its models, and where another one would be added."""


@pytest.mark.parametrize("title", [row.title for row in IMPORTERS])
def test_every_kind_is_imported_or_has_a_reason(title, tmp_path):
    assert title in MISSING, f"{title}: its reasons in costcalc/importers/missing.py"
    assert title in IMPORTED, f"{title}: a row in tests/importers/test_kinds.py"
    reasons, (find_kinds, where) = MISSING[title], IMPORTED[title]
    lacking = {kind.name for kind in TABLE if not kind.becomes} - find_kinds(tmp_path)
    new = ", ".join(sorted(lacking - reasons.keys()))
    assert not new, f"{new}: {where}, or a reason in costcalc/importers/missing.py"
    old = ", ".join(sorted(reasons.keys() - lacking))
    assert not old, f"{old}: not needed in costcalc/importers/missing.py: the {title} has it"
    assert all(reasons.values())
