"""Every kind is imported from every framework, or has a reason why not."""

from pathlib import Path

import pytest

from costcalc.importers import IMPORTERS
from costcalc.importers.keras.layers.activation import FUNCTIONS
from costcalc.importers.missing import MISSING
from costcalc.kinds import TABLE
from tests.importers.imported_kinds import (
    kinds_from_caffe,
    kinds_from_keras,
    kinds_from_onnx,
    kinds_from_tflite,
)

pytestmark = pytest.mark.complete

FROM_TORCH = Path(__file__).parent.parent / "golden" / "kinds_from_torch.txt"
"""The kinds found by tests/frameworks/test_kinds.py, which needs PyTorch."""


def kinds_from_torch(folder):
    return set(FROM_TORCH.read_text(encoding="utf-8").split())


IMPORTED = {
    "ONNX model": (
        kinds_from_onnx,
        "an operator in costcalc/importers/onnx/operators/activation.py or a file beside it",
    ),
    "PyTorch module": (
        kinds_from_torch,
        "a function in costcalc/importers/torch/table.py (then .judges/bin/python -m pytest "
        "tests/frameworks/test_kinds.py --update-golden)",
    ),
    "Keras architecture": (
        kinds_from_keras,
        "an activation in costcalc/importers/keras/layers/activation.py, or an operation in "
        "costcalc/importers/keras/layers/operations.py, or a layer in a file beside them",
    ),
    "TFLite model": (
        kinds_from_tflite,
        "an operator in costcalc/importers/tflite/operators/elementwise.py or a file beside it, "
        "with a row in tests/importers/tflite/samples.py",
    ),
    "Caffe network": (
        kinds_from_caffe,
        "a layer in costcalc/importers/caffe/layers/elementwise.py or a file beside it",
    ),
}
"""By importer: what finds the kinds of its models, and where another one would be added."""

REASONS = {"Caffe network": "LACKS of costcalc/formats/caffe.py, which the exporter shares"}
"""Where the reasons of a format stand if not in costcalc/importers/missing.py."""


@pytest.mark.parametrize("title", [row.title for row in IMPORTERS])
def test_every_kind_is_imported_or_has_a_reason(title, tmp_path):
    assert title in MISSING, f"{title}: its reasons in costcalc/importers/missing.py"
    assert title in IMPORTED, f"{title}: a row in tests/importers/test_kinds.py"
    reasons, (find_kinds, where) = MISSING[title], IMPORTED[title]
    place = REASONS.get(title, "costcalc/importers/missing.py")
    lacking = {kind.name for kind in TABLE if not kind.becomes} - find_kinds(tmp_path)
    new = ", ".join(sorted(lacking - reasons.keys()))
    assert not new, f"{new}: {where}, or a reason in {place}"
    old = ", ".join(sorted(reasons.keys() - lacking))
    assert not old, f"{old}: the {title} has it, and no reason is needed in {place}"
    assert all(reasons.values())


KERAS = "costcalc/importers/keras/layers"
NO_WORDS = {"prelu": "a layer with weights", "gelu_tanh": "an argument of gelu"}
"""Activations that Keras has no name for, and why."""


def test_an_operation_of_keras_is_an_activation_too(tmp_path):
    """The operations include the activations, so ``activation="..."`` is what may be forgotten."""
    activations = {kind.name for kind in TABLE if kind.family == "activation"}
    lacking = activations & kinds_from_keras(tmp_path) - {*FUNCTIONS.values(), *NO_WORDS}
    where = f"a row of FUNCTIONS in {KERAS}/activation.py, not of {KERAS}/operations.py alone"
    assert not lacking, f"{', '.join(sorted(lacking))}: {where}"
