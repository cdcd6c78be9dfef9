"""The page's interpreter against the tape's own algebra, in node."""

import json
import subprocess
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

import costcalc
from costcalc import opening
from costcalc.formulas import algebra
from costcalc.spec.numbers import exact, exact_number
from costcalc.spec.reader import read
from costcalc.tape.number import TapeNumber
from costcalc.tape.program import Program, Refused
from costcalc.tape.tape import Parameter, TooLarge
from costcalc.tape.writer import Writer
from tests.tape.computations import HUGE, OPERATIONS, PARAMETERS, computation
from tests.tape.test_networks import check, costs

SOURCE = Path(costcalc.__file__).parent / "webpage" / "tape.js"
REPLAY = Path(__file__).parent / "replay.js"

LARGE = b"""
input: [1000000, res, res]
width_rounding: nearest
layers:
  - conv: {out: 1000000, kernel: 3}
  - conv: {out: 999999, kernel: 1}
  - global_avg_pool
"""
"""Mult-adds beyond 2^53 from a resolution of 1 on, and beyond 2^64 soon."""


def run(programs, points):
    """What the interpreter says of points of some programs."""
    asked = {"source": SOURCE.read_text(encoding="utf-8"), "programs": programs, "points": points}
    done = subprocess.run(
        ["node", REPLAY], input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def flat(value):
    """The numbers of a result, those that are the same at all settings too."""
    if isinstance(value, tuple):
        return [number for each in value for number in flat(each)]
    return [value] if isinstance(value, TapeNumber | int | Fraction) else []


class Replayed:
    """A program, as the interpreter has it."""

    def __init__(self, program):
        self.program = program
        self.writer = Writer(program)
        self.results = [flat(leaf.result) for leaf in program.leaves]
        self.cells = [list(map(self.writer.cell, numbers)) for numbers in self.results]
        self.data = self.writer.data()

    def point(self, index, settings):
        numbers = [exact(settings[each.name]) for each in self.program.tape.parameters]
        choices = [exact(settings[name]) for name in self.program.choices]
        return {"program": index, "choices": choices, "numbers": numbers, "cells": self.cells}

    def expected(self, settings):
        """The leaf and the numbers there, by the tape's own algebra."""
        leaf = self.program.at(settings)
        if leaf is None:
            return -1, []
        numbers = tuple(settings[each.name] for each in self.program.tape.parameters)
        return leaf.index, [
            f"{self.program.player.value(each.node, numbers)}"
            if isinstance(each, TapeNumber)
            else f"{each}"
            for each in self.results[leaf.index]
        ]


def replay(programs, asked):
    """Compares the interpreter with the algebra at settings of each program."""
    replayed = list(map(Replayed, programs))
    points = [
        (each, settings, each.point(index, settings))
        for index, each in enumerate(replayed)
        for settings in asked[index]
    ]
    answers = run([each.data for each in replayed], [point for _, _, point in points])
    is_recorded = 0
    for (each, settings, _), answer in zip(points, answers, strict=True):
        leaf, values = each.expected(settings)
        assert (answer["leaf"], answer["values"]) == (leaf, values), settings
        is_recorded += leaf >= 0
    return is_recorded


NETWORKS = {
    "mobilenet_v1": (2, 512),
    "mobilenet_v2": (2, 512),
    "googlenet": (3, 512),
    "squeezenet": (2, 10**9),
    "large": (3, 2 * 10**6),
}
"""The largest multiplier and resolution of some networks."""


def network(name):
    document = read(LARGE, name, lambda _: None) if name == "large" else opening.read_spec(name)
    alpha, res = NETWORKS[name]
    parameters = [
        Parameter("alpha", Fraction(1, 100), alpha, False),
        Parameter("res", 1, res, True),
    ]
    return document, Program(costs(document), parameters)


def drawn_settings(random, alpha, res):
    below = random.choice([1, 20, 60, 97, 10**6])
    return {
        "alpha": random.choice(
            [
                Fraction(7, 20),
                1,
                algebra.whole(Fraction(random.randint(1 + below // 100, alpha * below), below)),
            ]
        ),
        "res": random.choice([random.randint(1, 300), random.randint(1, res)]),
    }


def test_networks_at_random_settings():
    programs, asked = [], []
    for name, (alpha, res) in NETWORKS.items():
        random = Random(name)
        document, program = network(name)
        several = [drawn_settings(random, alpha, res) for _ in range(700)]
        for settings in several[:20]:
            program.record(settings)
        for settings in several[:10]:
            assert check(program, document, settings)
        programs.append(program)
        asked.append(several)
    assert replay(programs, asked) > 3000


LIMITS = (1, 7, 2**53 - 1, 2**53, 2**53 + 1, HUGE)
"""Numbers about the largest that a float holds with all before it."""


def test_random_computations():
    random = Random(15)
    programs, asked = [], []
    while len(programs) < 150:
        steps = [
            (random.choice(sorted(OPERATIONS)), random.randint(0, 11), random.randint(0, 11))
            for _ in range(random.randint(1, 14))
        ]
        program = Program(computation(steps), PARAMETERS)
        several = [
            {
                "alpha": algebra.whole(Fraction(random.randint(2, 80), 40)),
                "shift": algebra.whole(Fraction(random.randint(-14, 18), 6)),
                "res": random.randint(1, 512),
                "n": random.randint(-4, 6),
                "huge": random.choice(
                    [
                        random.randint(1, 9),
                        2**53 - 1,
                        2**53,
                        2**53 + 1,
                        HUGE,
                        random.randint(1, HUGE),
                    ]
                ),
            }
            for _ in range(14)
        ]
        try:
            for settings in several[:6]:
                program.record(settings)
        except TooLarge:
            continue
        if not all(isinstance(leaf.result, Refused) for leaf in program.leaves):
            programs.append(program)
            asked.append(several)
    assert replay(programs, asked) > 1500


@pytest.mark.parametrize(
    ("a", "b"), [(a, b) for a in (-(2**53), -7, -1, 1, 7, 2**53 - 1) for b in (-3, -1, 1, 2, 2**53)]
)
def test_floors_of_either_sign(a, b):
    parameters = [Parameter("a", -(2**60), 2**60, True), Parameter("b", -(2**60), 2**60, True)]
    program = Program(
        lambda at: (at["a"] // at["b"], at["a"] % at["b"], -at["a"] * 0 - at["b"]), parameters
    )
    program.record({"a": a, "b": b})
    assert replay([program], [[{"a": a, "b": b}]]) == 1


def test_settings_out_of_bounds_have_no_leaf():
    program = Program(lambda at: (at["a"] * at["n"],), PARAMETERS_OF_TWO)
    program.record({"a": 1, "n": 3})
    asked = [
        {"a": a, "n": n}
        for a in (Fraction(1, 2), Fraction(49, 100), 2, Fraction(201, 100))
        for n in (1, 9, 0, 10, Fraction(5, 2))
    ]
    assert replay([program], [asked]) == 2 * 2


PARAMETERS_OF_TWO = (Parameter("a", Fraction(1, 2), 2, False), Parameter("n", 1, 9, True))


def test_numbers_that_grow_too_large_have_no_leaf():
    def function(at):
        number = at["a"]
        for _ in range(9):
            number = number * number
        return (at["n"] if number < 3 else 2 * at["n"],)

    program = Program(function, PARAMETERS_OF_TWO)
    program.record({"a": 1, "n": 3})
    asked = [{"a": a, "n": 3} for a in (1, 2, Fraction(1, 2), Fraction(3, 2), Fraction(99, 100))]
    assert program.at(asked[-1]) is program.at(asked[1]) is None
    assert replay([program], [asked]) == 2  # 1 and 1/2, whose denominator has 513 bits


TEXTS = [
    *("0.35", "7/20", "1e6", "2.50", ".5", "5.", "-1.25", "+3", "1E-3", "160", "1/3", "-0"),
    *("0.000", "123456789012345678901234567890", "9007199254740993", "1.5e2", "10/4"),
]


def test_texts_are_numbers_and_numbers_texts():
    program = Program(lambda at: (at["a"],), [Parameter("a", -(10**40), 10**40, False)])
    program.record({"a": 1})
    points = [{**Replayed(program).point(0, {"a": 1}), "numbers": [text]} for text in TEXTS]
    answers = run([Writer(program).data()], points)
    for text, answer in zip(TEXTS, answers, strict=True):
        number = exact_number(text)
        assert answer["numbers"] == [f"{number}"]
        assert answer["texts"] == [exact(number)]


@pytest.mark.parametrize(
    "text", ["", ".", "1/0", "x", "1e", "0x10", "1 2", "--1", "9" * 31, "1e99", "NaN"]
)
def test_other_texts_are_none(text):
    source = SOURCE.read_text(encoding="utf-8")
    script = f"{source}\nprocess.stdout.write(String(parseExact({json.dumps(text)})));"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    assert done.stdout == "null"
