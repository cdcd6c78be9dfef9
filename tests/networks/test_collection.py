"""What holds for every network that ships."""

import re
from pathlib import Path

import pytest

from costcalc import pipeline
from costcalc.spec import library
from costcalc.spec.document import BlockStep, JoinStep, SequenceStep

SPECS = Path(library.shipped_folder())
NAMES = library.shipped()

# fmt: off
EXPECTED = {
    "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small",
    "vgg11", "vgg13", "vgg16", "vgg19", "vgg_c", "googlenet", "inception_v3", "xception",
    "alexnet", "alexnet_one_column", "squeezenet", "squeezenet1_0", "squeezenet1_1",
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "resnet20_cifar", "resnet110_cifar", "resnext50_32x4d",
    "shufflenet_v1", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5",
    "shufflenet_v2_x2_0",
    "densenet121", "densenet161", "densenet169", "densenet201", "densenet264",
    "nasnetamobile", "nasnetalarge",
    *(f"efficientnet_b{number}" for number in range(8)),
}
# fmt: on


def test_the_names_that_people_type_are_there():
    assert set(NAMES) >= EXPECTED


@pytest.mark.parametrize("name", NAMES)
def test_every_network_reports_and_has_a_source(name):
    report = pipeline.report(name, {})
    assert report.totals.params > 0
    assert report.totals.mult_adds > 0
    assert report.source["paper"]
    assert report.source.get("arxiv") or report.source.get("venue")
    assert report.source["table"]
    assert "{" not in report.network


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_says_what_it_is(name):
    document = pipeline.load(library.reference(name).network)
    assert [each.name for each in document.parameters.values() if not each.doc] == []


def test_every_choice_of_every_parameter_can_be_reported():
    for path in SPECS.glob("*.yaml"):
        if path.name == "names.yaml":
            continue
        for parameter in pipeline.load(str(path)).parameters.values():
            for choice in parameter.choices:
                assert pipeline.report(str(path), {parameter.name: choice}).totals.params > 0


def called(steps) -> set[str]:
    """The blocks that steps call, at any depth."""
    found = set()
    for step in steps:
        if isinstance(step, BlockStep):
            found.add(step.block)
        elif isinstance(step, JoinStep):
            found |= called(inner for _, branch in step.branches for inner in branch)
        elif isinstance(step, SequenceStep):
            found |= called(step.steps)
    return found


def test_every_block_that_ships_is_used():
    shipped, used = set(), set()
    for path in (SPECS / "blocks").glob("*.yaml"):
        shipped |= set(re.findall(r"^  (\w+):$", path.read_text(), re.MULTILINE))
    for path in SPECS.glob("*.yaml"):
        if path.name != "names.yaml":
            document = pipeline.load(str(path))
            reached = called(document.steps)
            while (
                more := reached.union(*(called(document.blocks[b].steps) for b in reached))
            ) > reached:
                reached = more
            used |= reached
    assert len(shipped) > 10
    # MobileNetV1's Table 1 has its two layers in rows of their own; the block is for others.
    assert shipped - used == {"separable"}
