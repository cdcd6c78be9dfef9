"""Every formula means the same on integers, on arrays and on symbols."""

import inspect
import itertools
import random
from importlib import import_module
from pkgutil import iter_modules

import numpy
import pytest
import sympy

from costcalc import formulas
from costcalc.formulas import algebra

MODULES = sorted(
    {module.name for module in iter_modules(formulas.__path__)} - {"algebra", "arrays", "symbols"}
)
FORMULAS = [
    function
    for module in MODULES
    for _, function in inspect.getmembers(
        import_module(f"costcalc.formulas.{module}"), inspect.isfunction
    )
    if function.__module__ == f"costcalc.formulas.{module}"
]
SIDES = ("kernel", "output", "input")
"""Parameters with a size for each axis, if their annotation is a sequence."""
SAMPLES = 12


def is_sides(parameter: inspect.Parameter) -> bool:
    return "Sequence" in str(parameter.annotation)


def sample(draw: random.Random, name: str) -> int:
    if name == "g":
        return draw.choice([1, 2, 3])
    if name in ("M", "N"):
        return 6 * draw.randint(1, 60)  # every g above divides it
    if name in ("before", "after", "extra"):
        return draw.randint(0, 2)
    if name == "size":
        return draw.randint(13, 300)  # no dilated window below is larger
    if name in ("kernel", "stride", "dilation"):
        return draw.randint(1, 3)
    return draw.randint(1, 50)


def arguments(function, draw: random.Random) -> dict:
    return {
        name: (sample(draw, name), sample(draw, name))
        if is_sides(parameter)
        else sample(draw, name)
        for name, parameter in inspect.signature(function).parameters.items()
    }


def flat(values: dict) -> list[int]:
    return [
        side
        for value in values.values()
        for side in (value if isinstance(value, tuple) else (value,))
    ]


def rebuilt(template: dict, numbers) -> dict:
    numbers = iter(numbers)
    return {
        name: tuple(next(numbers) for _ in value) if isinstance(value, tuple) else next(numbers)
        for name, value in template.items()
    }


def test_no_formula_is_left_out():
    assert {function.__name__ for function in FORMULAS} >= {
        "conv_weights",
        "transposed_conv_mult_adds",
        "bottleneck_mult_adds",
        "separable_weights",
        "fc_mult_adds",
        "window_output_ceil",
        "adaptive_rows",
        "lstm_weights",
        "embedding_weights",
        "matmul_mult_adds",
        "attention_mult_adds",
        "norm_scales",
        "pooled_elements",
        "variance_additions",
    }


@pytest.mark.parametrize("function", FORMULAS, ids=lambda function: function.__name__)
def test_three_algebras_agree(function):
    draw = random.Random(function.__name__)
    cases = [arguments(function, draw) for _ in range(SAMPLES)]
    by_ints = [function(**case) for case in cases]
    assert all(type(result) is int for result in by_ints)

    columns = numpy.array([flat(case) for case in cases], dtype=numpy.int64).T
    by_arrays = function(**rebuilt(cases[0], columns))
    assert by_arrays.dtype == numpy.int64
    assert by_arrays.tolist() == by_ints

    symbols = sympy.symbols(f"x:{len(columns)}", integer=True, positive=True)
    formula = sympy.sympify(function(**rebuilt(cases[0], symbols)), strict=True)
    by_symbols = [
        formula.subs(dict(zip(symbols, map(int, flat(case)), strict=True))) for case in cases
    ]
    assert by_symbols == by_ints


NUMBERS = [-7, -3, -1, 0, 1, 2, 5, 8, 20]
PAIRS = list(itertools.product(NUMBERS, NUMBERS))


@pytest.mark.parametrize("name", ["maximum", "minimum", "less", "ceil_div", "gcd"])
def test_helpers_of_two_numbers_agree(name):
    helper = getattr(algebra, name)
    pairs = [(a, b) for a, b in PAIRS if b or name not in ("ceil_div",)]
    by_ints = [helper(a, b) for a, b in pairs]
    left, right = numpy.array(pairs, dtype=numpy.int64).T
    assert helper(left, right).tolist() == by_ints
    x, y = sympy.symbols("x y", integer=True)
    formula = helper(x, y)
    assert [formula.subs({x: a, y: b}) for a, b in pairs] == by_ints


@pytest.mark.parametrize("name", ["round_half_up", "floor", "ceil", "round_to_multiple"])
def test_helpers_of_one_number_agree(name):
    helper = getattr(algebra, name)
    numbers = range(120)
    by_ints = [helper(a) for a in numbers]
    assert helper(numpy.arange(120)).tolist() == by_ints
    x = sympy.Symbol("x", integer=True)
    assert [helper(x).subs(x, a) for a in numbers] == by_ints


def test_division_without_a_remainder_agrees():
    assert algebra.exact_div(12, 3) == 4
    assert algebra.exact_div(numpy.array([12, 9]), 3).tolist() == [4, 3]
    x = sympy.Symbol("x")
    assert algebra.exact_div(x, 3) == x / 3
    with pytest.raises(ValueError, match="whole quotients"):
        algebra.exact_div(numpy.array([12, 10]), 3)


def test_a_number_without_an_algebra_is_refused():
    with pytest.raises(TypeError, match="there is no algebra for"):
        algebra.maximum("a", 1)
