"""Published conventions are frozen: numbers that people quoted must not change.

A rule that turns out wrong is corrected in a file of another name, as torchinfo and
torchinfo-1.8.0; a new version of a tool that counts otherwise gets one too.  What is
added for new kinds of layers changes the digest, and is entered here with the reason.
"""

from hashlib import sha256

import pytest

from costcalc.costs import convention as conventions
from costcalc.costs.rules import COUNTS

DIGESTS = {
    "paper": "09930d2fb8ddca4e",
    "paper-with-bias": "dfe86686061afe1c",
    "paper-with-norm": "179ec63f411f482f",
    "calflops": "53b0a97bd17b3656",
    "calflops-flops": "1dbc4d0436f7f2e6",
    "deepspeed": "1e99504716cced03",
    "deepspeed-flops": "771bb3980afa3fea",
    "fvcore": "f2ba631d6e6e0847",
    "keras": "b3e1fed2dc2f4b2d",
    "onnx-tool": "1f70f74d7e37156d",
    "onnx-tool-bn-kept": "aadff6722d4d3f6f",
    "ptflops": "c462cee92ad25031",
    "ptflops-aten": "a3371f410ef4eb04",
    "thop": "fef3e6e326a1b5ef",
    "torch": "d8bf1138737f0730",
    "torchinfo": "9ccbcc80009e0a2a",
    "torchinfo-1.8.0": "06caae6a10909521",
    "torchprofile": "27dfd7015e404289",
}


def digest(convention):
    """A digest of what the convention counts: its unit and rules, but not its prose."""
    rules = [
        (metric, kind, rule.text)
        for metric in COUNTS
        for kind, rule in sorted(convention.rules(metric).items())
    ]
    return sha256(repr((convention.unit, rules)).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", conventions.available())
def test_what_a_published_convention_counts_is_frozen(name):
    assert digest(conventions.load(name)) == DIGESTS.get(name)


def test_no_published_convention_is_removed():
    assert set(conventions.available()) == set(DIGESTS)


@pytest.mark.parametrize("name", conventions.available())
def test_every_rule_of_a_tool_has_its_source_and_the_tool_its_version(name):
    convention = conventions.load(name)
    assert convention.name == name
    assert bool(convention.tool) == bool(convention.version) == (not name.startswith("paper"))
    for metric in COUNTS:
        for kind, rule in convention.rules(metric).items():
            assert rule.source, (metric, kind)
            if rule.expression is not None and convention.tool and name != "keras":
                # a rule that counts something names the function that does
                assert rule.source != convention.source, (metric, kind)
