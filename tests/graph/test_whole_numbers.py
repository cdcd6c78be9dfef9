"""Options of whole numbers have one limit each, for the command line and for Python."""

import re

import click
import numpy
import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import COMMANDS, main
from costcalc.cli.words import Whole
from costcalc.errors import CostcalcError
from costcalc.graph.whole_numbers import WHOLE_NUMBERS, whole_number

LIMITS = {
    "bins": "1 to 10,000",
    "batch": "1 to 1,048,576",
    "checkpoint": "1 to 1,000,000,000",
    "cores": "1 to 1,000,000",
    "depth": "1 to 1,000,000,000",
    "jobs": "1 to 256",
    "last": "1 to 1,000,000,000",
    "patches": "1 to 16",
    "ranks": "1 to 1,048,576",
    "sample": "1 to 1,000,000",
    "seed": "0 to 18,446,744,073,709,551,615",
    "top": "1 to 1,000,000,000",
    "zero": "0 to 3",
}


def options():
    """The options of all commands whose values are whole numbers."""
    rows = [([name], main.get_command(click.Context(main), name)) for name in COMMANDS]
    while rows:
        path, command = rows.pop()
        if isinstance(command, click.Group):
            rows += [([*path, name], row) for name, row in command.commands.items()]
        for param in command.params:
            if isinstance(param.type, click.types.IntParamType | click.types.IntRange | Whole):
                yield path, param


@pytest.mark.parametrize(("path", "param"), [*options()], ids=str)
def test_every_option_of_a_whole_number_is_refused_in_the_same_words(path, param):
    assert type(param.type) is Whole
    highest = int(LIMITS[param.name].split()[-1].replace(",", ""))
    wrong = ("1e9", "-1", "1.0", " 1", "\u0662", "x", str(highest + 1), "9" * 5000)
    for value in (*wrong, *(["0"] if LIMITS[param.name].startswith("1 ") else [])):
        result = CliRunner().invoke(main, [*path, "alexnet", f"{param.opts[0]}={value}"])
        shown = value if len(value) < 100 else "9999"
        assert result.exit_code == 2
        assert result.stderr.startswith(f"Error: {param.opts[0]}: {shown}"), result.stderr
        assert f"expected a whole number from {LIMITS[param.name]}\n" in result.stderr
        assert len(result.stderr) < 1000


def test_the_table_has_no_other_rows():
    assert {param.name for _, param in options()} == {*WHOLE_NUMBERS} == {*LIMITS}


@pytest.mark.parametrize("name", LIMITS)
def test_python_takes_whole_numbers_alone(name):
    assert whole_number(name, numpy.int64(2)) == 2
    assert type(whole_number(name, numpy.int64(2))) is int
    for value in (True, 2.0, "2", None, [2], -1):
        message = f"{name}: {value} is not {WHOLE_NUMBERS[name].noun}"
        with pytest.raises(CostcalcError, match=re.escape(message)):
            whole_number(name, value)


def test_questions_of_python_have_the_same_limits():
    wrong = 2**20 + 1
    with pytest.raises(CostcalcError, match="seed: -1 is not a seed"):
        costcalc.export("alexnet", "onnx", weights="random", seed=-1)
    with pytest.raises(CostcalcError, match="top: 0 is not a number of rows"):
        costcalc.sweep("alexnet").top(0, "params")
    for question in (costcalc.report, costcalc.memory, costcalc.diff, costcalc.check):
        networks = ["alexnet"] * (2 if question is costcalc.diff else 1)
        with pytest.raises(CostcalcError, match=rf"{wrong} is not a number.*\n.*to 1,048,576"):
            question(*networks, storage="int8", batch=wrong)
    for question in (costcalc.latency, costcalc.fits):
        with pytest.raises(CostcalcError, match=rf"{wrong} is not a number.*\n.*to 1,048,576"):
            question("alexnet", "rpi4", batch=wrong)
        with pytest.raises(CostcalcError, match="cores: 0 is not a number of cores"):
            question("alexnet", "rpi4", cores=0)
    assert costcalc.memory("alexnet", batch=numpy.int64(2)).to_json()


def test_a_batch_in_a_file_of_claims_has_the_same_limit(tmp_path):
    spec = tmp_path / "net.yaml"
    budgets = f'{{batch: {2**20 + 1}, peak_bytes: "<= 1 KiB"}}'
    spec.write_text(f"name: n\ninput: [3, 8, 8]\nlayers: [fc: 10]\nbudgets: {budgets}\n")
    with pytest.raises(CostcalcError, match=r"above zero\n.*at most 1,048,576"):
        costcalc.check(spec)
