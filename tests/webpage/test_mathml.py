"""Formulas as MathML: read again element by element, they have the value of the count."""

import re
from fractions import Fraction
from math import prod
from xml.etree import ElementTree

import pytest

from costcalc.costs.convention import load
from costcalc.graph.expand import expand
from costcalc.opening import opened
from costcalc.symbolic.explain import explained_layers
from costcalc.symbolic.formula import (
    FunctionNode,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    names,
)
from costcalc.symbolic.notation import ALPHA, MOBILENET_V1, MOBILENET_V2, scaled
from costcalc.webpage.formulas import FormulaSheet
from costcalc.webpage.mathml import mathml
from tests.collection import conventions
from tests.exporters.every_kind import together
from tests.symbolic.test_explain import is_defined

A, B = (Name(letter, letter, letter, letter) for letter in "AB")


def value(element, values):
    """The value of an element, which shares no code with how it was written."""
    if "data-symbol" in element.attrib:
        return values[element.get("data-symbol")]
    parts = list(element)
    if element.tag == "mn":
        return Fraction(element.text)
    if element.tag == "msup":
        base, exponent = (value(part, values) for part in parts)
        return base**exponent
    if element.tag == "mfrac":
        above, below = (value(part, values) for part in parts)
        return above / below
    assert element.tag in ("math", "mrow"), element.tag
    words = [part.text for part in parts]
    if words[0] in _FENCES:
        assert words[-1] == _FENCES[words[0]][0]
        return _FENCES[words[0]][1](row(parts[1:-1], values))
    if words[0] in ("max", "min"):
        assert (words[1], words[-1]) == ("(", ")")
        return (max if words[0] == "max" else min)(
            row(part, values) for part in split(parts[2:-1], ",")
        )
    return row(parts, values)


_FENCES = {
    "(": (")", lambda number: number),
    "⌊": ("⌋", lambda number: Fraction(number.__floor__())),
    "⌈": ("⌉", lambda number: Fraction(number.__ceil__())),
}


def split(parts, *signs):
    """The elements between some operators."""
    pieces = [[]]
    for part in parts:
        if part.tag == "mo" and part.text in signs:
            pieces.append([])
        else:
            pieces[-1].append(part)
    return pieces


def row(parts, values):
    """Elements in a row: first the products, then sums and differences."""
    signs = [part.text for part in parts if part.tag == "mo" and part.text in "+−"]
    terms = split(parts, "+", "−")
    if terms[0]:
        signs.insert(0, "+")
    else:
        del terms[0]
        first = next(part for part in parts)
        assert first.get("form") == "prefix"
    total = Fraction(0)
    for sign, term in zip(signs, terms, strict=True):
        factors = split(term, "·")
        assert all(len(factor) == 1 for factor in factors)
        product = prod(value(factor[0], values) for factor in factors)
        total += product if sign == "+" else -product
    return total


def read(text, values):
    return value(ElementTree.fromstring(text), values)


@pytest.mark.parametrize("convention", conventions())
def test_every_formula_of_every_kind_has_the_value_of_the_count(convention, tmp_path):
    rules = load(convention)
    path = tmp_path / "every.yaml"
    path.write_text(together(lambda kind: is_defined(kind, rules)), encoding="utf-8")
    network = opened(str(path), {})
    graph = expand(network.document, network.settings)
    sheet, seen = FormulaSheet(), 0
    for layer in explained_layers(graph, range(len(graph.layers)), rules):
        for use in sheet.uses(layer):
            formula = sheet.formulas[use.formula]
            symbols = [symbol.name.name for symbol in formula.symbols]
            values = dict(zip(symbols, map(Fraction, use.values), strict=True))
            assert read(formula.mathml, values) == use.value, layer.name
            seen += 1
    assert seen > 20
    assert len(sheet.formulas) < seen


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Sum((A, Negative(B))), 7 - 3),
        (Sum((Negative(A), B)), -7 + 3),
        (Product((Sum((A, B)), Power(Sum((A, Negative(B))), 2))), 10 * 16),
        (Negative(Sum((A, B))), -10),
        (Negative(Product((Number(2), A))), -14),
        (Quotient(Sum((A, B)), Product((A, B))), Fraction(10, 21)),
        (Product((Quotient(A, B), Number(Fraction(1, 2)))), Fraction(7, 6)),
        (Power(Quotient(A, B), 2), Fraction(49, 9)),
        (FunctionNode("floor", (Quotient(A, B),)), 2),
        (FunctionNode("ceil", (Quotient(A, B),)), 3),
        (Power(FunctionNode("floor", (Quotient(A, B),)), 3), 8),
        (FunctionNode("max", (A, Sum((B, Number(5))))), 8),
        (FunctionNode("min", (A, Product((B, Number(5))))), 7),
    ],
)
def test_operations_bind_as_they_are_written(node, expected):
    assert read(mathml(node), {"A": Fraction(7), "B": Fraction(3)}) == expected


def test_what_is_less_stands_in_brackets():
    assert mathml(FunctionNode("less", (A, B))) == (
        '<math><mrow><mo>[</mo><mi data-symbol="A">A</mi><mo>&lt;</mo>'
        '<mi data-symbol="B">B</mi><mo>]</mo></mrow></math>'
    )


@pytest.mark.parametrize("notation", [MOBILENET_V1, MOBILENET_V2])
def test_symbols_of_papers(notation):
    letters = {"M": "M", "d'": "d′", "d''": "d″", "h": "h"}
    for symbol in notation.symbols:
        text = mathml(symbol.name)
        (element,) = ElementTree.fromstring(text)
        assert names(symbol.name) == {element.get("data-symbol")}
        written = "".join(element.itertext())
        assert written == letters.get(symbol.name.name, symbol.name.text.replace("_", ""))
        assert "\\" not in text


def test_a_scaled_symbol_is_a_product():
    text = mathml(scaled(MOBILENET_V1.symbols[0], ALPHA))
    assert text == "<math><mi>α</mi><mo>\u2062</mo><msub><mi>D</mi><mi>K</mi></msub></math>"


def test_the_name_of_a_parameter_is_a_word():
    name = "<b>"
    text = mathml(Name(name, name, name, r"\mathit{<b>}"))
    assert text == '<math><mi data-symbol="&lt;b&gt;">&lt;b&gt;</mi></math>'


def test_indexes_are_numbers_or_letters():
    assert re.findall("<m[in]>[^<]*", mathml(Name("M2", "M2", "M2", "M_2"))) == ["<mi>M", "<mn>2"]
    text = mathml(Name("d_in2", "d_in2", "d_in2", "d_{in2}"))
    assert "<mi>d</mi><mi>in2</mi>" in text
