"""Published conventions are frozen: numbers that people quoted must not change.

A rule that turns out wrong is corrected in a file of another name, as torchinfo and
torchinfo-1.8.0; a new version of a tool that counts otherwise gets one too.  What is
added for new kinds of layers changes the digest, and is entered here with the reason.
The last: ``input``, a further input of a network, is free; and the papers' conventions do
not count work on weights alone, as no paper does: networks over fixed coordinates, and
power iterations, which earlier versions did not read.  Then ``sampling``, ``selection`` and
``transform``, kinds that earlier versions did not have: free in papers and for PyTorch's counter.
"""

from hashlib import sha256

import pytest

from costcalc.costs import convention as conventions
from costcalc.costs.rules import COUNTS

DIGESTS = {
    "paper": "5e65aca2ef85b252",
    "paper-with-bias": "76d1f5398361d1c2",
    "paper-with-norm": "ee3e409fd6666b47",
    "paper-with-softmax": "9a0cdfce3d7598a8",
    "calflops": "aa4bfaea0a26ea46",
    "calflops-flops": "b110d6d0fe89b287",
    "deepspeed": "1a9d81f28800f35b",
    "deepspeed-flops": "26ce6194b5acfa5c",
    "fvcore": "bf0a07ee01ce587c",
    "keras": "9f2caf478d796e4b",
    "onnx-tool": "2668b415b7262e40",
    "onnx-tool-bn-kept": "b70103be1830a76c",
    "ptflops": "a13e1cc0513ade41",
    "ptflops-aten": "4f5eef35ec7aa7a9",
    "thop": "f22c5d881934c23e",
    "torch": "ce1fa125a4f18857",
    "torchinfo": "f87015059fc1d549",
    "torchinfo-1.8.0": "ec78912097a9d02b",
    "torchprofile": "aee904a534691aeb",
}


def digest(convention):
    """A digest of what the convention counts: its unit and rules, but not its prose."""
    rules = [
        (metric, kind, rule.text)
        for metric in COUNTS
        for kind, rule in sorted(convention.rules(metric).items())
    ]
    alone = ("free",) if convention.weights_alone == "free" else ()
    return sha256(repr((convention.unit, *alone, rules)).encode()).hexdigest()[:16]


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
