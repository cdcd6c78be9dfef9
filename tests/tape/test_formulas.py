"""Every formula and every layer kind, recorded at some sizes, holds at others."""

import random

import pytest

from costcalc.errors import Refusal, SpecError, refuse
from costcalc.formulas import algebra
from costcalc.kinds import KINDS, TABLE
from costcalc.kinds.examples import EXAMPLES
from costcalc.tape.number import TapeNumber
from costcalc.tape.program import Program, Refused
from costcalc.tape.tape import Parameter
from tests.exporters.every_kind import forms
from tests.formulas.test_algebras import FORMULAS, arguments, flat, rebuilt

FORMS = forms()


def values(program, leaf, settings):
    numbers = tuple(settings[parameter.name] for parameter in program.tape.parameters)
    return [
        program.player.value(each.node, numbers) if isinstance(each, TapeNumber) else each
        for each in leaf.result
    ]


@pytest.mark.parametrize("function", FORMULAS, ids=lambda function: function.__name__)
def test_formulas_agree(function):
    draw = random.Random(function.__name__)
    cases = [arguments(function, draw) for _ in range(12)]
    names = [f"x{index}" for index, _ in enumerate(flat(cases[0]))]
    program = Program(
        lambda settings: (function(**rebuilt(cases[0], settings.values())),),
        [Parameter(name, 0, 360, True) for name in names],
    )
    for case in cases:
        program.record(dict(zip(names, flat(case), strict=True)))
    for case in cases:
        settings = dict(zip(names, flat(case), strict=True))
        assert values(program, program.at(settings), settings) == [function(**case)]


HELPERS = {
    "maximum": algebra.maximum,
    "minimum": algebra.minimum,
    "less": algebra.less,
    "quotient": algebra.quotient,
    "gcd": algebra.gcd,
    "floor": lambda a, b: algebra.floor(a),
    "ceil": lambda a, b: algebra.ceil(algebra.quotient(a, b)),
    "ceil_div": algebra.ceil_div,
    "round_up": lambda a, b: algebra.round_up(a, 8),
    "round_half_up": lambda a, b: algebra.round_half_up(algebra.quotient(a, b)),
    "exact_div": lambda a, b: algebra.exact_div(a * b, b),
    "round_to_multiple": lambda a, b: algebra.round_to_multiple(a, 8),
    "nearest_multiple": lambda a, b: algebra.nearest_multiple(a, 8),
    "largest": lambda a, b: algebra.largest([a, b, 3]),
    "largest_sum": lambda a, b: algebra.largest_sum([(a, b), (3, 3)], 4),
    "product": lambda a, b: algebra.product([a, b, a]),
    "is_whole": lambda a, b: algebra.is_whole(algebra.quotient(a, b)),
    "is_one_of": lambda a, b: algebra.is_one_of(a, (-3, "same", 2)),
    "times": lambda a, b: algebra.times(algebra.maximum(a, 0)),
    "modulo": lambda a, b: a % b,
}


@pytest.mark.parametrize("name", HELPERS)
def test_helpers_agree(name):
    pairs = [(a, b) for a in range(-7, 8) for b in (*range(-4, 0), *range(1, 5))]
    program = Program(
        lambda settings: (HELPERS[name](settings["a"], settings["b"]),),
        [Parameter("a", -7, 7, True), Parameter("b", -4, 4, True)],
    )
    for a, b in pairs:
        program.record({"a": a, "b": b})
    for a, b in pairs:
        settings = {"a": a, "b": b}
        assert values(program, program.at(settings), settings) == [HELPERS[name](a, b)]


def test_an_algorithm_on_numbers_is_refused():
    program = Program(
        lambda settings: algebra.setting_by_setting(sorted, [settings["a"]]),
        [Parameter("a", 1, 9, True)],
    )
    with pytest.raises(TypeError, match="an algorithm needs numbers"):
        program.record({"a": 3})


def events(kind, attributes, inputs):
    """A layer's output and events on some inputs, or its refusal."""
    operation = kind.operation(**kind.given, **attributes)
    try:
        if kind.becomes:
            operation, kind = operation.resolve(inputs), KINDS[kind.becomes]
        output = operation.output_shape(inputs)
        return (*output, *operation.events(inputs, output))
    except Refusal as error:
        refuse(None, str(error), error.expected, error.found)


@pytest.mark.parametrize("form", FORMS)
def test_kinds_agree(form):
    kind, attributes = FORMS[form]
    shapes = EXAMPLES[kind.name].inputs
    sides = sorted({side for shape in shapes for side in shape})
    names = {side: f"x{side}" for side in sides}
    # Equal sides stay equal, so that most of what is drawn is a layer.
    draw = random.Random(form)
    drawn = [
        {names[side]: draw.choice([side, 2 * side, draw.randint(1, 40)]) for side in sides}
        for _ in range(12)
    ]

    def layer(settings):
        inputs = tuple(tuple(settings[names[side]] for side in shape) for shape in shapes)
        return events(kind, attributes, inputs)

    program = Program(layer, [Parameter(names[side], 1, 100, True) for side in sides])
    program.record({names[side]: side for side in sides})
    for settings in drawn:
        program.record(settings)
    for settings in drawn:
        leaf = program.at(settings)
        try:
            expected = list(layer(settings))
        except SpecError as error:
            assert program.message(leaf.result, settings) == str(error)
        else:
            assert not isinstance(leaf.result, Refused)
            assert values(program, leaf, settings) == expected


def test_every_kind_is_tried():
    assert {kind.name for kind, _ in FORMS.values()} == {kind.name for kind in TABLE}
