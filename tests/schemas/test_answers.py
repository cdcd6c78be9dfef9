"""The JSON of every command is as its schema says, and has no key that the schema does not."""

import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from costcalc.cli import main
from costcalc.schemas import answers
from costcalc.schemas.schema import SCHEMAS, schema
from tests.collection import some
from tests.render.test_every_answer import COMMAND_LINES

MORE_LINES = [
    "report mobilenet_v2 --alpha 0.5 --res 160",
    "report mobilenet_v1 --storage tflm --planner tflm --batch 2",
    "report skipnet --res 64",
    "report googlenet --unit flops --convention torch",
    "formula conv",
    "formula mobilenet_v2 --storage int8",
    "compare mobilenet_v1 vgg16 --storage int8",
    "diff mobilenet_v1 mobilenet_v1@alpha=0.5 --storage int8",
    "sweep mobilenet_v1 --alpha 0.5,1 --metrics peak_bytes --storage int8",
    "sweep mobilenet_v2 --alpha 0.5,1 --res 32,64 --metrics bound_ms --device stm32f746 --batch 2",
    "solve mobilenet_v1 --for alpha --max-params 1K",
    "solve mobilenet_v1 --for alpha --max-ram 256KiB --storage tflm",
    "memory mobilenet_v1 --storage int8 --order best --patches 2",
    "memory squeezenet --storage tflm",
    "fits mobilenet_v1 --max-ms 100",
    "latency mobilenet_v1 --device stm32f746 --measured 1s --energy horowitz-45nm",
    "latency mobilenet_v1 --device rpi4 --calibrate mobilenet_v2=80ms",
    "training mobilenet_v2 --optimizer adam --checkpoint 8 --zero 2 --ranks 4 --freeze conv1",
    "reconcile mobilenet_v1 --printed 575M",
    "networks vgg",
    "kinds attention",
    "check shufflenet_v2",
    "check --search v1.T2.Conv1x1.macs mobilenet_v1",
    "sweep vgg16 --res 8,224",
    "fits mobilenet_v1 --device stm32f746 --max-ms 50",
    "latency mobilenet_v1 --device edgetpu --measured 20ms",
    "report KERAS",
    *(f"{command} ODD" for command in ("report", "memory", "formula", "reconcile", "fits")),
    "networks ODD",
    "compare ODD mobilenet_v1",
    "diff ODD ODD@n=4",
    "latency ODD --device edgetpu --measured 1ms",
    "fits ODD --device stm32f746",
    "fits mobilenet_v1 --dtype fp16",
    "sweep ODD --res 1,32",
    "sweep ODD --space --count --where params<9000",
    "sweep ODD --space --histogram params",
    "sweep ODD --space --quantiles params",
    "sweep ODD --space --sample 2",
    "sweep ODD --space --top 1 --where params<9000",
    "solve ODD --for n --max-params 9K",
    "solve ODD --space --max-params 9K",
    "solve ODD --space --max-params 1",
]
FILES = {
    "ODD": str(Path(__file__).parent / "odd.yaml"),
    "KERAS": str(Path(__file__).parents[1] / "data" / "keras" / "tokens.json"),
}


def words(line):
    for name, path in FILES.items():
        line = re.sub(rf"\b{name}\b", path, line)
    return line.split()


LINES = [*COMMAND_LINES.values(), *map(words, MORE_LINES)]
NAMED = {re.sub(r"/\S*/", "", " ".join(line)): line for line in LINES}
QUICK = {"report small.yaml", "kinds conv", "devices edgetpu", "compare small.yaml mobilenet_v1"}


@cache
def run(*line):
    """The JSON of a command line."""
    result = CliRunner().invoke(main, [*line, "--format", "json"])
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


def closed(term):
    """A schema whose objects have no other keys than those that it names."""
    if isinstance(term, list):
        return [closed(item) for item in term]
    if not isinstance(term, dict):
        return term
    inner = {key: closed(value) for key, value in term.items()}
    if "properties" in term and isinstance(term.get("type"), str):
        inner.setdefault("additionalProperties", False)
    return inner


def test_every_command_that_has_json_has_a_schema():
    assert {line[0] for line in COMMAND_LINES.values()} == set(answers.COMMANDS)
    assert set(answers.COMMANDS) < set(SCHEMAS)
    assert list(answers.COMMANDS) == [name for name in SCHEMAS if name in answers.COMMANDS]


@pytest.mark.parametrize("name", some(NAMED, QUICK))
def test_json_is_as_its_schema_says(name):
    line = NAMED[name]
    strict = Draft7Validator(closed(schema(line[0]).data()))
    (error, *_) = [*strict.iter_errors(run(*line)), None]
    while error is not None and error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    assert error is None, f"{list(error.absolute_path)}: {error.message}"


@pytest.mark.slow
def test_no_schema_has_a_key_that_no_command_writes():
    seen = defaultdict(set)
    for line in LINES:
        data = schema(line[0]).data()
        gather(run(*line), data, data["definitions"], seen)
    written = set().union(*seen.values())
    tables = {kind.__name__: set(keys) for kind, keys in answers.MORE.items()}
    unseen = {
        f"{name}.{key}"
        for command in answers.COMMANDS
        for name, term in schema(command).data()["definitions"].items()
        for key in set(term["properties"]) - written - tables.get(name, set())
    }
    assert unseen == set()


def gather(value, term, definitions, seen):
    """Notes the keys of every definition that a value has."""
    for option in term.get("anyOf", ()):
        if Draft7Validator({**option, "definitions": definitions}).is_valid(value):
            gather(value, option, definitions, seen)
    for option in term.get("allOf", ()):
        gather(value, option, definitions, seen)
    if "$ref" in term:
        name = term["$ref"].rpartition("/")[2]
        seen[name] |= value.keys()
        gather(value, definitions[name], definitions, seen)
    if isinstance(value, list) and "items" in term:
        for item in value:
            gather(item, term["items"], definitions, seen)
    if isinstance(value, dict):
        for key, inner in value.items():
            below = term.get("properties", {}).get(key, term.get("additionalProperties"))
            if isinstance(below, dict):
                gather(inner, below, definitions, seen)
