"""What is a number, wherever a number may stand."""

from fractions import Fraction

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import costcalc
from costcalc.cli import main
from costcalc.spec.expression import parse
from costcalc.spec.numbers import (
    ExpressionError,
    exact_number,
    measure,
    plain_value,
    quantity,
    sides,
)

NUMBERS = {
    "1": 1,
    "-1": -1,
    "+3": 3,
    "1_000": 1000,
    "0.35": Fraction(7, 20),
    ".5": Fraction(1, 2),
    "2.": 2,
    "1e3": 1000,
    "1E+3": 1000,
    "1.5e-1": Fraction(3, 20),
    "7/20": Fraction(7, 20),
    "4 / 2": 2,
}
WORDS = [
    "e1",
    "E5",
    "e",
    "e-1",
    ".",
    ".e1",
    "_1",
    "1__e",
    "+",
    "-",
    "1e",
    "x",
    "x8",
    "8x",
    "½",
    "٣",
]
"""Text that is no number; most of it is a name that somebody gives to a parameter."""


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_exact(text: str) -> None:
    assert exact_number(text) == plain_value(text) == NUMBERS[text]


@pytest.mark.parametrize("text", WORDS)
def test_a_word_is_no_number(text: str) -> None:
    assert exact_number(text) is None
    assert quantity(text) is None
    assert sides(text) is None
    assert plain_value(text) == text


@given(st.text("0123456789eE+-._/xX× KMbt²٣", max_size=12))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    for read in (exact_number, quantity, sides, plain_value):
        try:
            read(text)
        except ExpressionError:
            continue


@given(st.from_regex(r"[0-9]{1,3}(\.[0-9]{0,3})?([eE][0-9])?", fullmatch=True))
def test_an_expression_reads_the_same_numbers(text: str) -> None:
    assert parse(f"{text} + 0").evaluate({}) == exact_number(text)


SPEC = """
input: [3, 8, 8]
parameters:
  {word}: {{default: 2, choices: [1, 2, 4]}}
  name: {{default: {word}x, choices: [{word}x, other]}}
blocks:
  unit:
    parameters: [{word}]
    layers: [{{conv: {{out: 4 * {word}, kernel: 1}}}}]
layers:
  - unit: {{{word}: {word}}}
  - table: {{layer: unit, columns: [{word}], rows: [[{word}], [{word} + 1]]}}
  - conv: {{out: "2 * {word}", kernel: 1, when: name == '{word}x'}}
"""


@pytest.mark.parametrize("word", ["e1", "e5", "E9", "e1e1"])
def test_words_that_look_like_exponents_are_names(word: str, tmp_path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC.format(word=word))
    # 3*8 + 8*8 + 8*12 + 12*4
    assert costcalc.report(path).totals.params == 24 + 64 + 96 + 48
    # 3*16 + 16*16 + 16*20 + 20*8
    assert costcalc.report(path, **{word: 4}).totals.params == 48 + 256 + 320 + 160
    rows = list(costcalc.sweep(path, **{word: "1,2"}).rows())
    assert [row.params for row in rows] == [12 + 16 + 32 + 16, 232]
    assert costcalc.solve(path, word, max_params=300).best.value == 2
    assert costcalc.formula(path, variables=[word]).totals["params"]


@pytest.mark.parametrize(
    "command",
    [
        "report mobilenet_v1 --alpha e1",
        "report mobilenet_v1 --res e1",
        "report mobilenet_v1 --set classes=e1",
        "report mobilenet_v1@alpha=e1",
        "compare mobilenet_v1 vgg16 --alpha e1",
        "compare conv separable@M=e1",
        "formula conv --set M=e1",
        "formula mobilenet_v1 --set classes=e1",
        "sweep mobilenet_v1 --alpha e1",
        "sweep mobilenet_v1 --alpha e1:e2",
        "sweep mobilenet_v1 --alpha 1 --where alpha<e1",
        "solve mobilenet_v1 --for alpha --max-params e1",
        "solve mobilenet_v1 --for alpha --max-params 1M --step e1",
        "solve mobilenet_v1 --for alpha --max-params 1M --values e1",
        "check mobilenet_v1 --max-params e1",
        "reconcile mobilenet_v1 --printed e1",
    ],
)
def test_a_word_in_place_of_a_number_is_refused(command: str) -> None:
    result = CliRunner().invoke(main, command.split())
    assert result.exit_code == 2, result.output
    assert result.output.startswith("Error: ")
    assert "e1" in result.output


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("216 MHz", "Hz", 216_000_000),
        ("216MHz", "Hz", 216_000_000),
        ("1.8 GHz", "Hz", 1_800_000_000),
        ("320 KiB", "B", 327_680),
        ("320 kB", "B", 320_000),
        ("16 GiB", "B", 16 * 1024**3),
        ("1,555 GB/s", "B/s", 1555 * 10**9),
        ("0.864 GOP/s", "OP/s", 864_000_000),
        ("4 TOPS", "OP/s", 4 * 10**12),
        ("31.2 TFLOP/s", "OP/s", 312 * 10**11),
        ("5 FLOPS", "OP/s", 5),
        ("1 PFLOPS", "OP/s", 10**15),
        ("26 mW", "W", Fraction(26, 1000)),
        ("26 MW", "W", 26_000_000),
        ("34.1ms", "s", Fraction(341, 10_000)),
        ("3 us", "s", Fraction(3, 10**6)),
        ("3 µs", "s", Fraction(3, 10**6)),
        ("1 nJ", "J", Fraction(1, 10**9)),
    ],
)
def test_a_quantity_with_its_unit(text, unit, value):
    assert measure(text, unit).value == value


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("216", "Hz"),
        ("MHz", "Hz"),
        ("216 MHz", "B"),
        ("216 MiHz", "Hz"),
        ("216 mhz", "Hz"),
        ("3 GB", "B/s"),
        ("3 GB/s", "s"),
        ("3 GB/s", "B"),
        ("3 Gb", "B"),
        ("3 TMAC/s", "OP/s"),
        ("-3 W", "W"),
        ("1e3 W", "W"),
        ("1/3 W", "W"),
        ("1,55 W", "W"),
        ("1 000 W", "W"),
        ("3. W", "W"),
        ("", "W"),
        ("W", "W"),
    ],
)
def test_what_is_no_quantity_of_a_unit(text, unit):
    assert measure(text, unit) is None


def test_a_quantity_of_many_digits_is_refused():
    with pytest.raises(ExpressionError, match="digits"):
        measure("9" * 5000 + " W", "W")
