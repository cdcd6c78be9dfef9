"""Published conventions are frozen: numbers that people quoted must stay what they were.

A rule that turns out wrong is corrected in a file of another name, as torchinfo and
torchinfo-1.8.0; a new version of a tool that counts otherwise gets one too.  What is
added for new kinds of layers changes the digest, and is entered here with the reason.
"""

from hashlib import sha256

import pytest

from costcalc.costs import convention as conventions
from costcalc.costs.rules import METRICS

DIGESTS = {
    "paper": "b63b986945dc986f",
    "paper-with-bias": "641d7fafa9be61a0",
    "paper-with-norm": "2a50cd6d3804aec3",
    "calflops": "e03ac347ab8ffdf2",
    "calflops-flops": "c8b4733fd10dd6f2",
    "deepspeed": "9e02b6b8d5cdab60",
    "deepspeed-flops": "b402bd8eeb4cfbe3",
    "fvcore": "cbc7530c351c98c7",
    "keras": "16ff747e4f8df401",
    "onnx-tool": "a30ff6f884ab57b9",
    "onnx-tool-bn-kept": "b72b32207ecac85d",
    "ptflops": "c95036a7c40b09b3",
    "ptflops-aten": "35f1df274561c3a7",
    "thop": "960c12bf19eb7dab",
    "torch": "8c892410922b5f57",
    "torchinfo": "29ae1f9b4a9b4d55",
    "torchinfo-1.8.0": "f4326e53696fc267",
    "torchprofile": "701e3901e707da98",
}


def digest(convention):
    """What the convention counts: its unit and every rule, not its words."""
    rules = [
        (metric, kind, rule.text)
        for metric in METRICS
        for kind, rule in sorted(convention.rules(metric).items())
    ]
    return sha256(repr((convention.unit, rules)).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", conventions.available())
def test_what_a_published_convention_counts_is_frozen(name):
    assert digest(conventions.load(name)) == DIGESTS[name]


def test_no_published_convention_is_gone():
    assert set(conventions.available()) == set(DIGESTS)


@pytest.mark.parametrize("name", conventions.available())
def test_every_rule_of_a_tool_has_its_source_and_the_tool_its_version(name):
    convention = conventions.load(name)
    assert convention.name == name
    assert bool(convention.tool) == bool(convention.version) == (not name.startswith("paper"))
    for metric in METRICS:
        for kind, rule in convention.rules(metric).items():
            assert rule.source, (metric, kind)
            if rule.expression is not None and convention.tool and name != "keras":
                # a rule that counts something names the function that does
                assert rule.source != convention.source, (metric, kind)
