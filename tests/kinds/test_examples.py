"""Every kind has an example, worked out by hand, and an oracle that agrees with it."""

import ast
import re
from pathlib import Path

import pytest

from costcalc.graph.expand import expand
from costcalc.kinds import KINDS, TABLE, examples
from costcalc.kinds.examples import EXAMPLES, spec
from costcalc.spec.reader import read
from tests.exporters.every_kind import forms
from tests.frameworks.judged import UNJUDGED, judged
from tests.kinds.oracles import ORACLES, check, run

pytestmark = pytest.mark.complete

FORMS = forms()


def test_every_kind_has_an_example():
    lacking = [kind.name for kind in TABLE if kind.name not in EXAMPLES]
    assert not lacking, f"{', '.join(lacking)}: an example in costcalc/kinds/examples.py"
    assert list(EXAMPLES) == [kind.name for kind in TABLE], (
        "costcalc/kinds/examples.py: the examples in the table's order"
    )


def test_every_kind_has_an_oracle():
    lacking = [kind.name for kind in TABLE if kind.name not in ORACLES]
    assert not lacking, f"{', '.join(lacking)}: an oracle in tests/kinds/oracles.py"
    assert set(ORACLES) == {kind.name for kind in TABLE}


def test_pytorch_judges_every_kind():
    lacking = [kind.name for kind in TABLE if kind.name not in judged() | UNJUDGED.keys()]
    place = "a module in tests/frameworks/torch_layers.py, or a reason in judged.py beside it"
    assert not lacking, f"{', '.join(lacking)}: {place}"
    both = ", ".join(sorted(judged() & UNJUDGED.keys()))
    assert not both, f"{both}: PyTorch judges it, against tests/frameworks/judged.py"


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name in ORACLES])
def test_kinds_agree_with_their_examples(name):
    example = EXAMPLES[name]
    expected = (example.output, example.events)
    assert run(name, *example.inputs, **example.attributes) == expected
    assert ORACLES[name](*example.inputs, **example.attributes) == expected


@pytest.mark.parametrize("form", FORMS)
def test_other_forms_agree_with_the_oracle(form):
    kind, attributes = FORMS[form]
    check(kind.name, *EXAMPLES[kind.name].inputs, **attributes)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_be_written_in_a_spec(form):
    kind, attributes = FORMS[form]
    text = spec(kind, attributes)
    graph = expand(read(text.encode(), "example.yaml", lambda name: None), {})
    (layer,) = (layer for layer in graph.layers if layer.name == "example")
    assert layer.kind is KINDS[kind.becomes or kind.name]
    assert layer.input_shapes == EXAMPLES[kind.name].inputs
    assert (layer.output, layer.events()) == run(kind.name, *layer.input_shapes, **attributes)


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_examples_set_only_attributes_of_the_kind(kind):
    if kind.name in EXAMPLES:  # or else a test above says so
        example = EXAMPLES[kind.name]
        said = set(example.attributes).union(*example.forms)
        assert set(kind.required) <= said <= set(kind.attributes)


NUMBER = re.compile(r"=(?P<number>\d+)[,)]+  # (?P<sum>[\d*+\-() ]+)(?::|$)")


def arithmetic():
    """The numbers with the arithmetic in the comments beside them."""
    text = Path(examples.__file__).read_text(encoding="utf-8")
    return [found for line in text.splitlines() if (found := NUMBER.search(line.rstrip()))]


def test_the_arithmetic_beside_a_number_is_right():
    found = arithmetic()
    assert len(found) > 100
    for each in found:
        assert value(ast.parse(each["sum"].strip(), mode="eval").body) == int(each["number"]), each[
            0
        ]


def value(node: ast.expr) -> int:
    if isinstance(node, ast.Constant):
        return node.value
    assert isinstance(node, ast.BinOp)
    left, right = value(node.left), value(node.right)
    return {ast.Mult: left * right, ast.Add: left + right, ast.Sub: left - right}[type(node.op)]
