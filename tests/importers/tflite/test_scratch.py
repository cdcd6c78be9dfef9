"""The scratch of tflite-micro's kernels, in bytes by hand, for samples of known sizes."""

import pytest

from costcalc.opening import opened
from tests.importers.tflite.samples import CASES

MAPS = 16 * 16 * 6
"""Outputs of the transposed convolution: 16 x 16 of 6 channels."""

REQUESTS = {
    # One number for each of 6 cells of a single image, for each of four gates.
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", "FLOAT32"): [6 * 4] * 4,
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", "INT8"): [6 * 2] * 4,
    # 4 filters and 2 units, in 32 bits.
    ("SVDF", "FLOAT32"): [4 * 4],
    ("SVDF", "INT8"): [4 * 4, 2 * 4],
    ("TRANSPOSE_CONV", "FLOAT32"): [],
    ("TRANSPOSE_CONV", "INT8"): [MAPS * 4],
    ("TRANSPOSE_CONV", "INT16"): [MAPS * 8],
    # A place of 4 axes, 2 axes, and the sums of 16 channels.
    ("MEAN", "FLOAT32"): [4 * 4, 2 * 4],
    ("MEAN", "INT8"): [4 * 4, 2 * 4, 16 * 4],
    ("CONV_2D", "INT8"): [],
}


@pytest.mark.parametrize(("operator", "type_"), REQUESTS)
def test_requests_of_an_operator(operator, type_, tmp_path):
    case = next(case for case in CASES if case.sample.operator == operator)
    path = tmp_path / "net.tflite"
    path.write_bytes(case.sample.net(type_).bytes())
    schedule = opened(str(path)).graph().schedule
    found = [schedule.tensors[at].bytes for step in schedule.steps for at in step.scratch]
    assert found == REQUESTS[operator, type_]
