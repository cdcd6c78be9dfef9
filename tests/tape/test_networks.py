"""A network on a tape is what the report's own stages say at each of its settings."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcalc import opening
from costcalc.costs.convention import load
from costcalc.costs.count import count
from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layouts import channel_axes
from costcalc.reporting.layers import layer_reports
from costcalc.spec import library
from costcalc.spec.numbers import is_number
from costcalc.spec.reader import read
from costcalc.tape.number import TapeNumber
from costcalc.tape.program import Program, Refused
from costcalc.tape.tape import Parameter
from tests.collection import some, specs
from tests.fuzz.specs import LANGUAGE
from tests.grid.random_spaces import RandomSpace
from tests.grid.test_evaluate import STRUCTURES

PAPER = load("paper")


def costs(document):
    """What a report has of each layer, as a function of settings."""

    def layers(at):
        graph = expand(document, at)
        reports = layer_reports(graph, count(graph, PAPER), channel_axes(graph))
        return tuple(
            (each.name, each.type, each.input, each.output, each.mult_adds, each.params)
            for each in reports
        )

    return layers


def played(program, value, numbers):
    if isinstance(value, tuple):
        return tuple(played(program, each, numbers) for each in value)
    if isinstance(value, TapeNumber):
        return program.player.value(value.node, numbers)
    return value


def check(program, document, at):
    """Compares a program with the report's stages at some settings, if these are recorded."""
    leaf = program.at(at)
    if leaf is None:
        return False
    try:
        expected = costs(document)(at)
    except SpecError as error:
        assert isinstance(leaf.result, Refused), (at, str(error))
        # Hints that are worked out from whole numbers are left out.
        assert {*program.message(leaf.result, at).splitlines()} <= {*str(error).splitlines()}
        return True
    assert not isinstance(leaf.result, Refused), (at, program.message(leaf.result, at))
    numbers = tuple(at[parameter.name] for parameter in program.tape.parameters)
    assert played(program, leaf.result, numbers) == expected, at
    return True


def recorded(document, axes):
    """The program of a network, with a parameter for each axis of numbers; others are choices."""
    parameters, choices = [], []
    for name, values in axes.items():
        if all(map(is_number, values)):
            is_whole = all(value.denominator == 1 for value in values)
            parameters.append(Parameter(name, min(values), max(values), is_whole))
        else:
            choices.append(name)
    return Program(costs(document), parameters, choices)


@pytest.mark.parametrize("seed", some(range(100), range(4)))
def test_random_networks(seed):
    space = RandomSpace(seed)
    document, random = space.document, Random(seed)
    axes = {
        name: tuple(Fraction(str(value)) if name == "alpha" else value for value in values)
        for name, values in space.axes.items()
    }
    program = recorded(document, axes)
    is_whole = program.explore(axes)
    every = list(product(*axes.values()))
    for values in random.sample(every, min(len(every), 12)):
        is_recorded = check(program, document, dict(zip(axes, values, strict=True)))
        assert is_recorded or not is_whole


AXES = {
    "alpha": tuple(Fraction(step, 10) for step in range(1, 31)),
    "res": range(1, 121),
    "n": range(4),
    "w": range(1, 41),
    "groups": range(1, 5),
    "head": ("pool", "flat"),
}
SETTINGS = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in AXES.items()})


@given(st.lists(SETTINGS, min_size=2, max_size=5))
def test_changes_of_structure(several):
    document = read(STRUCTURES, "structures.yaml", lambda name: None)
    program = recorded(document, AXES)
    for at in several:
        program.record(at)
    assert all(check(program, document, at) for at in several)
    for at, other, name in product(several, several, AXES):
        check(program, document, {**at, name: other[name]})


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=4))
def test_the_whole_language(seeds):
    document = read(LANGUAGE.encode(), "language.yaml", library.block_finder("language.yaml"))
    axes = {
        "alpha": AXES["alpha"],
        "res": range(8, 65),
        "base": range(1, 20),
        "n": range(4),
        "e1": tuple(Fraction(step, 4) for step in range(1, 9)),
        "kind": ("a", "b"),
    }
    program = recorded(document, axes)
    several = [
        {name: Random(f"{seed}{name}").choice(values) for name, values in axes.items()}
        for seed in seeds
    ]
    for at in several:
        program.record(at)
    assert all(check(program, document, at) for at in several)


@pytest.mark.parametrize("name", specs())
def test_networks(name):
    document, own, _ = opening.opened(name)
    opened = {name: (value,) for name, value in {**own, "alpha": 1, "res": 224}.items()}
    alphas = tuple(Fraction(step, 20) for step in range(1, 41))
    axes = {**opened, "alpha": alphas, "res": range(32, 513, 32)}
    program = recorded(document, axes)
    program.explore({**opened, "alpha": axes["alpha"]})
    program.explore({**opened, "res": axes["res"]})
    is_whole = program.explore(axes)
    random = Random(name)
    for _ in range(6):
        # Values between those that were explored have branches of their own at most.
        between = {"alpha": Fraction(random.randint(15, 600), 300), "res": random.randint(32, 512)}
        at = {name: random.choice(values) for name, values in axes.items()}
        check(program, document, {**at, **between})
        assert check(program, document, at) or not is_whole
