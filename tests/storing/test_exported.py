"""``--storage tflm`` of each shipped network against its int8 file, operator by operator."""

import re
from pathlib import Path

import pytest

from costcalc.exporters import tflite
from costcalc.opening import opened
from costcalc.spec import library
from costcalc.storing.memory import memory
from tests.collection import networks
from tests.exporters.networks import lacks, shipped
from tests.exporters.test_tflite import LACKING

PAD = (
    *("alexnet_one_column", "resnet18", "resnet34", "shufflenet_v1", "shufflenet_v2"),
    *("shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0"),
)
"""Networks whose fullest step pads: a padding on sides of its own is an operator before it."""

NORM = (
    *("densenet", "densenet121", "densenet161", "densenet169", "densenet201", "densenet264"),
    "densenet_cifar",
)
"""Networks whose fullest step is a norm that no layer before it takes in: MUL, then ADD."""

DIFFERENT = {**dict.fromkeys(PAD, ".pad"), **dict.fromkeys(NORM, ".mul")}
"""The networks whose file needs more memory, and the steps that the storage has not."""


@pytest.mark.parametrize("name", networks(without=LACKING))
def test_the_file_of_a_network_needs_what_the_storage_says(name, tmp_path):
    if lacks(shipped(name), tflite.MISSING):
        return  # tests/exporters/test_tflite.py: it is refused
    path = tmp_path / "net.tflite"
    if lacks(shipped(name), tflite.MISSING):
        return
    with path.open("wb") as file:
        file.writelines(tflite.write(shipped(name), dtype="int8"))
    graph = opened(str(path)).graph()
    written, stated = memory(graph, None), memory(shipped(name), "tflm")
    if name not in DIFFERENT:
        assert written.peak == stated.peak
        assert written.lower_bound == stated.lower_bound
        return
    assert written.peak > stated.peak
    # Wherever the file needs more than the storage's bound, a step of its own is near.
    steps = [step.name for step in written.schedule.steps]
    more = [at for at, alive in enumerate(written.alive) if alive > stated.lower_bound]
    for at in more:
        near = steps[max(at - 2, 0) : at + 2]
        assert any(step.endswith(DIFFERENT[name]) for step in near), steps[at]


def test_the_list_names_networks_that_ship():
    assert set(DIFFERENT) <= set(library.shipped()) - set(LACKING)


def test_the_page_names_them():
    page = (Path(__file__).parent.parent.parent / "docs" / "memory.md").read_text(encoding="utf-8")
    (part,) = re.findall(r"## Against a file\n(.*?)\n## ", page, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", part)) & set(library.shipped()) == set(DIFFERENT)
