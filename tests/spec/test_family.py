"""The family of a network, and its year."""

import pytest

import costcalc
from costcalc.errors import CostcalcError
from costcalc.opening import opened
from costcalc.spec.family import year_of

LAYERS = "input: [8, 4, 4]\nlayers: [conv: {out: 4, kernel: 1}]\n"


@pytest.mark.parametrize(
    ("source", "year"),
    [
        ({"arxiv": "1704.04861"}, 2017),
        ({"arxiv": "2104.00298", "year": "2020"}, 2020),
        ({"arxiv": "0704.0001"}, 2007),
        ({"arxiv": "cs.CV/0601001"}, 2006),
        ({"arxiv": "hep-th/9901001"}, 1999),
        ({"venue": "NIPS 2012"}, None),
        ({"arxiv": "to appear"}, None),
        ({}, None),
    ],
)
def test_the_year_is_that_of_the_arxiv_number_or_its_own(source, year):
    assert year_of(source) == year


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("family: moble", ":1:9: unknown family of networks; did you mean 'mobile'?"),
        ("family: [mobile]", ":1:9: unknown family of networks"),
        ("source: {year: 12}", ":1:16: a year has four digits"),
        ("source: {year: [2012]}", ":1:16: a year has four digits"),
    ],
)
def test_odd_ones_are_refused_where_they_stand(tmp_path, text, message):
    spec = tmp_path / "own.yaml"
    spec.write_text(f"{text}\n{LAYERS}")
    with pytest.raises(CostcalcError) as caught:
        costcalc.report(spec)
    assert message in str(caught.value)


def test_a_spec_may_have_one_or_none(tmp_path):
    spec = tmp_path / "own.yaml"
    spec.write_text(LAYERS)
    assert opened(spec).document.family == ""
    spec.write_text("family: tiny\n" + LAYERS)
    assert opened(spec).document.family == "tiny"
