"""Every kind comes in from every framework, or has a reason why not; round trips keep kinds."""

import pytest

from costcalc.importers import missing
from costcalc.kinds import TABLE
from tests.importers.given import given_by_caffe, given_by_keras, given_by_onnx, kinds_back

pytestmark = pytest.mark.complete

KINDS = {kind.name for kind in TABLE if not kind.becomes}
FRAMEWORKS = {
    "ONNX": (given_by_onnx, missing.ONNX),
    "Caffe": (given_by_caffe, missing.CAFFE),
    "Keras": (given_by_keras, missing.KERAS),
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_kind_comes_in_or_has_a_reason(framework, tmp_path):
    given, reasons = FRAMEWORKS[framework]
    lacking = KINDS - given(tmp_path)
    assert lacking - reasons.keys() == set(), "an operation, or a reason in importers/missing.py"
    assert reasons.keys() - lacking == set(), "importers/missing.py has a reason for what comes in"
    assert all(reasons.values())


ANOTHER = {
    "onnx": {
        # A pool to a given size is written as the window that gives it.
        "adaptive_max_pool": {"max_pool"},
        "adaptive_avg_pool": {"avg_pool"},
        # ONNX has no operator of that name: it is written out.
        "log_sigmoid": {"sigmoid", "log"},
        "variance": {"mean", "global_avg_pool", "subtract", "multiply"},
    },
    "prototxt": {
        "adaptive_max_pool": {"max_pool"},
        "adaptive_avg_pool": {"avg_pool"},
        # Their numbers change nothing, since a spec holds none.
        "scale": {"identity"},
        "shift": {"identity"},
    },
}
"""The kinds that another one comes back as."""

AROUND = {"transpose", "reshape", "flatten", "constant", "add", "multiply", "learned"}
"""What may stand around a layer: views, what gives it its inputs, and what reads a source."""


@pytest.mark.parametrize("format_", ANOTHER)
def test_round_trips_keep_the_kind(format_, tmp_path):
    suffix = {"onnx": ".onnx", "prototxt": ".prototxt"}[format_]
    seen = set()
    for name, kinds in kinds_back(format_, tmp_path / f"net{suffix}"):
        expected = ANOTHER[format_].get(name, {name})
        assert kinds & expected or name == "identity", name
        assert kinds <= expected | AROUND, name
        seen.add(name)
    assert seen >= ANOTHER[format_].keys()
    assert len(seen) > 40
