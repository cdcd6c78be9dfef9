"""Wrong values at every place of a file, which its schema and its reader both refuse."""

import json
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft7Validator

from costcalc.claims import reader as claims_reader
from costcalc.claims.attributes import ATTRIBUTES
from costcalc.claims.attributes import ERRATUM as ERRATUM_KEYS
from costcalc.claims.reader import UNDETERMINED
from costcalc.claims.tables import TABLE as TABLE_KEYS
from costcalc.costs import convention
from costcalc.costs.rules import COUNTS
from costcalc.errors import CostcalcError
from costcalc.kinds import TABLE as ALL_KINDS
from costcalc.kinds import base
from costcalc.kinds.examples import EXAMPLES
from costcalc.performance import DTYPES
from costcalc.performance import files as devices
from costcalc.performance.device import MEMORIES
from costcalc.schemas import attributes
from costcalc.schemas.schema import schema
from costcalc.spec import accuracy, parameters, reader
from costcalc.spec.arguments import COMMON, FUSED
from costcalc.storing import files as storages
from costcalc.storing.storage import ROLES
from tests.schemas import yaml_values
from tests.schemas.test_agreement import KINDS, judge_spec, plain
from tests.schemas.test_shipped_files import FOLDERS

LONG = "x" * 4001
NO_TEXT = (["x"], {"x": 1}, LONG)
NO_REQUIRED_TEXT = (*NO_TEXT, "", None)
NO_NAMES = ([["x"]], [{"x": 1}], {"x": 1}, [""], LONG, [LONG])
NO_WORD = ("such", 3, ["relu"])
NO_MAPPING = (3, "x", ["x"])
NO_RULE = (
    *("", [["free"]], {"note": "x"}, {"rule": ""}, {"rul": "free"}, {"rule": ["free"]}),
    {"rule": "free", "nte": "x"},
    *({"rule": "free", name: wrong} for name in ("source", "note") for wrong in NO_TEXT),
)


def no_whole(most: int) -> tuple[Any, ...]:
    """What is not a whole number from 1 to the most."""
    return (0, most + 1, 1.5, "many", [1], "0")


def no_figure(quantity: devices.Quantity) -> tuple[Any, ...]:
    """What is not a quantity with its unit, alone or with its source."""
    right = quantity.example
    others = {other.example for other in devices.QUANTITIES.values()} - {right}
    binary = () if quantity.unit in ("B", "B/s") else (f"1 Mi{quantity.unit}",)
    wrong = (216, "216", "fast", "fast GHz", [right], *binary, *sorted(others))
    return (
        *(*wrong, *({"figure": printed} for printed in wrong)),
        *({"source": "x"}, {"figure": right, "sourse": "x"}),
        *(
            {"figure": right, name: text}
            for name in devices.FIGURE
            for text in NO_TEXT
            if name != "figure"
        ),
    )


Path = tuple[str | int, ...]

CONV, ADD, TABLE, ROW = (
    *(("layers", 0, "conv"), ("layers", 1, "add"), ("layers", 2, "table")),
    ("layers", 2, "table", "rows", 1),
)
EXPRESSION = "1 + " * 125 + "1"
"""One with a character too many."""
NO_NUMBER = (["x"], {"x": 1}, EXPRESSION)
NO_SIZE = (1.5, 2**40 + 1, EXPRESSION, "")
NO_SHAPE = (0, [0], [[3]], [3] * 9, {"x": 1}, EXPRESSION, *([size] for size in NO_SIZE))

NO_PARAMETERS = (
    *(3, "n", ["9n"], ["in"], ["a b"], {"9n": 1}, {"in": 1}, {"a b": 1}, [["n"]], [""], [LONG]),
    *([f"n{number}" for number in range(257)], {f"n{number}": 1 for number in range(257)}),
    *({"m": wrong} for wrong in ([1], {"defualt": 3}, {"range": 3}, {"choices": []})),
    *({"m": {"default": 1, name: [["x"]]}} for name in parameters.KEYS),
)
VARIANTS = {"columns": ["n", "name"], "rows": [[1, "x"]]}

CLAIM, PRINTED, MISSING = ("claims", 0), ("tables", 0), ("undetermined", 0)
FIGURE = (*CLAIM, "params")
ERRATUM = (*FIGURE, "erratum")
NO_SUBJECT = (["x", ["y"]], {"netwrk": "vgg"}, {"network": [["x"]]}, {"side": 0})
NO_COUNT = (0, 1.5, -1, "many", [1], "0")
NO_ATTRIBUTE: dict[str, Iterable[Any]] = {
    "network": NO_NAMES,
    "at": (["alpha=1"], {"alpha": 1}, LONG),
    "only": NO_NAMES,
    "side": NO_COUNT,
    "convention": NO_TEXT,
    "without": NO_NAMES,
    "times": NO_COUNT,
    "storage": NO_TEXT,
    "planner": NO_WORD,
    "batch": (*NO_COUNT, 10**9),
    "device": NO_TEXT,
    "dtype": NO_WORD,
    "id": NO_TEXT,
    "row": NO_TEXT,
    "digits": NO_COUNT,
    "about": NO_TEXT,
    "note": NO_TEXT,
    "quotient": ("x", ["x"], ["x", "y", "z"], ["x", ["y"]], ["x", LONG], {"x": 1}),
    "gives": NO_NUMBER,
    "unexplained": ("many", ["x"], {"x": 1}),
    "erratum": NO_MAPPING,
}
OVERRIDDEN = (*CLAIM, "erratum"), (*PRINTED, "row")
"""Attributes that are nearer to their figures once more, so that these are not read."""

PLACES: dict[str, dict[Path, Iterable[Any]]] = {
    "spec": {
        **{(name,): (["x"], LONG, {"x": 1}) for name in ("name", "description")},
        ("paramters",): ({},),
        ("name",): (["x"], LONG, {"x": {"1": ["x"]}}, {"x": {}, "y": {}}, {}),
        ("family",): NO_WORD,
        ("source",): (["x"], LONG),
        **{("source", name): NO_TEXT for name in (*claims_reader.SOURCE, "other")},
        ("source", "year"): (17, 2100, "17", "x", [1]),
        ("input",): (None, "", [], *NO_SHAPE),
        ("parameters",): NO_PARAMETERS,
        ("parameters", "n"): ([1], {"defualt": 3}),
        ("parameters", "n", "default"): NO_NUMBER,
        ("parameters", "n", "range"): (3, [1], [1, 2, 3], [[1], 2], {"x": 1}),
        ("parameters", "n", "choices"): (3, [], [[1]], [LONG]),
        ("parameters", "n", "doc"): NO_TEXT,
        ("parameters", "n", "width"): NO_WORD,
        ("variants",): (
            *(*NO_MAPPING, {"rows": [[1]]}, {"columns": ["n"]}),
            *({**VARIANTS, name: wrong} for name in ("table", "title") for wrong in NO_TEXT),
            *({**VARIANTS, "columns": wrong} for wrong in (3, [], {"n": 1}, [["n"]], [{}])),
            *({**VARIANTS, "rows": wrong} for wrong in (3, [], [1], {"n": 1}, [[1]] * 257)),
            {**VARIANTS, "colums": []},
        ),
        ("space",): (
            3,
            {"n": 3},
            {"n": []},
            {"n": [[1]]},
            {"n": [LONG]},
            {"n": "1"},
            [["n"]],
            [LONG],
        ),
        ("accuracy",): (
            *(3, "x", {"source": "x"}, {"top1": 70}, {"top1": 70, "source": ""}, [{"top1": 70}]),
            {"top1": 70, "source": "x", "top5": 90},
            *({"top1": 70, "source": "x", "at": {"n": LONG}}, [{"top1": 70, "source": ["x"]}]),
        ),
        ("accuracy", "top1"): (-1, 101, "many", [70]),
        ("accuracy", "source"): NO_REQUIRED_TEXT,
        ("accuracy", "at"): (3, ["n"], {"n": [1]}, {"n": None}),
        ("width_rounding",): (
            *(*NO_WORD, {}, {"nearest": 8}, {"nearest_multiple": 8, "divisible_by": 8}),
            *({"divisible_by": wrong} for wrong in (0, 1.5, [8], 2**40 + 1)),
        ),
        ("symbols",): (3, "n", {"n": 1}, [["n"]], [""], [LONG]),
        ("use",): (
            *({"fire": 1}, [["fire"]], {"as": "x"}, {"network": "vgg", "at": "x"}),
            *({"network": wrong} for wrong in NO_REQUIRED_TEXT),
            *({"network": "vgg", "as": wrong} for wrong in (*NO_TEXT, "", "9x", "a b")),
        ),
        ("blocks",): (*NO_MAPPING, {"9b": {"layers": ["relu"]}}, {"relu": {"layers": ["relu"]}}),
        ("blocks", "b"): (
            *(*NO_MAPPING, {}, {"layers": "relu"}, {"layers": ["relu"], "input": 3}),
            *({"layers": ["relu"], "parameters": wrong} for wrong in NO_PARAMETERS),
            *({"layers": ["relu"], "parameters": wrong} for wrong in (["name"], {"when": 1})),
            *({"layers": ["relu"], "inputs": wrong} for wrong in (*NO_MAPPING[:2], [], ["9x"])),
            *({"layers": ["relu"], "inputs": [wrong]} for wrong in (*NO_TEXT, "")),
        ),
        ("defaults",): (*NO_MAPPING, {"conw": {"out": 3}}, {"fire": {"s1x1": 3}}),
        ("defaults", "conv"): (*NO_MAPPING, {"name": "x"}, {"strid": 2}),
        ("layers",): (
            None,
            [],
            "relu",
            {"relu": None},
            [["relu"]],
            [3],
            [{}],
            [{"relu": None, "tanh": None}],
        ),
        ("mult_adds",): ("many", [3], {"figur": 3}, {"note": "x"}, -3),
        ("params",): ("many", [3], {"figur": 3}, {"note": "x"}, -3),
        ("claims",): (3, {"params": 3}, [{"at": "n=1"}], [{"parms": 3}], ["x"]),
        ("budgets",): (
            *(*NO_MAPPING, {"params": 3}, {"parms": "<= 3"}, {"storage": "int8"}),
            *(
                {"params": {"figure": 3}},
                {"params": {"note": "x"}},
                {"params": {"figure": "<= 3", "x": 1}},
            ),
        ),
        ("layers", 0): ({}, {"relu": None, "tanh": None}, 3, ["relu"]),
        CONV: ([8], {"outt": 3}),
        (*CONV, "name"): ("a b", "", ["x"], -1),
        (*CONV, "from"): NO_NAMES,
        (*CONV, "when"): NO_NUMBER,
        (*CONV, "repeat"): (-1, [2], *NO_SIZE),
        (*CONV, "first_only"): NO_NAMES,
        (*CONV, "input"): NO_SHAPE,
        (*CONV, "output"): NO_SHAPE,
        (*CONV, "gate"): (3, [3]),
        (*CONV, "execute"): NO_NUMBER,
        (*CONV, "shares"): ("a b", ["x"], -1),
        (*CONV, "borrows"): (
            3,
            "all",
            ["x"],
            {"bias": 3},
            {"biases": -1},
            {"biases": [3]},
            *({name: wrong} for name in base.PARAMS for wrong in (-1, *NO_SIZE)),
        ),
        (*CONV, "norm"): NO_NUMBER,
        (*CONV, "act"): NO_NUMBER,
        (*CONV, "filter"): NO_SHAPE,
        (*CONV, "patch"): (7, "7", "7x", ["7x7"], {"x": 1}),
        (*CONV, "functional"): NO_NUMBER,
        (*CONV, "functional_act"): NO_NUMBER,
        ("layers", 0, "relu"): ({"patch": "3x3"}, {"kernel": 3}),
        ADD: ([["relu"]], [{"relu": None}], [], 3, {"branches": [["relu"]]}, {"branches": []}),
        (*ADD, "branches"): (
            3,
            ["relu"],
            {},
            {"a": ["relu"]},
            {"a": {"relu": None}},
            {"a b": [], "c": []},
            [3, 3],
        ),
        (*ADD, "branches", 0): (3, {"layers": [], "whn": 1}, {"layers": [], "when": ["x"]}),
        **{(*ADD, name): ("all",) for name in ("norm", "filter", "patch", "shares", "borrows")},
        TABLE: (3, "x", ["relu"], {"layer": "conv", "rows": []}),
        (*TABLE, "layer"): NO_REQUIRED_TEXT,
        (*TABLE, "columns"): (
            3,
            {"x": 1},
            [["x"]],
            [{"a": "b", "c": "d"}],
            [{"a": ["b"]}],
            [{}],
            *([{"out": wrong}] for wrong in ({"n": 3}, {}, {"n": []}, {"n": [1], "m": [1]})),
        ),
        (*TABLE, "first_only"): ([["x"]], {"x": 1}),
        (*TABLE, "rows"): (3, {"x": 1}, ["x"], [3]),
        (*TABLE, "shares"): ("x",),
        ROW: ({"row": [[8, 3]]}, {"repeat": 2}, {"rows": 3}, {"rows": [[8]], "x": 1}),
        (*ROW, "repeat"): (-1, 1.5, [2]),
        **{
            ("layers", 0, name): (
                *(None, 3, "relu", [], {}, {"layers": ["relu"], "x": 1}),
                *({"layers": wrong} for wrong in (None, 3, "relu", [])),
            )
            for name in ("sequence", "residual")
        },
        ("layers", 0, "residual", "shortcut"): (3, "relu", [3]),
        ("layers", 0, "residual", "only_if"): NO_NUMBER,
        ("layers", 0, "residual", "act"): NO_NUMBER,
    },
    "claims": {
        **{(name,): NO_TEXT for name in ("paper", "arxiv", "url")},
        ("papr",): ("x",),
        ("networks",): (*NO_MAPPING, {"n": 3}, {"n": {"layers": ["relu"]}}),
        ("tables",): (3, "x", {"table": "x"}, [3], [{"rows": []}], [{"table": "x"}]),
        ("claims",): (3, "x", {"params": 3}, [3], [{"at": "alpha=1"}], [{"parms": 3}]),
        ("undetermined",): (
            *(3, "x", [3], [{"reason": "x"}], [{"figures": []}]),
            [{"reason": "x", "figures": [], "note": "x"}],
        ),
        (*MISSING, "reason"): NO_REQUIRED_TEXT,
        (*MISSING, "figures"): (
            3,
            ["x"],
            [["a", "b", "c"]],
            [["a", "b", "c", ["d"]]],
            [["a", "b", "c", "d", "e"]],
        ),
        PRINTED: ({"title": "x"}, {"table": "x", "rows": [], "colums": []}),
        (*PRINTED, "table"): NO_REQUIRED_TEXT,
        (*PRINTED, "title"): NO_TEXT,
        (*PRINTED, "columns"): (
            3,
            "x",
            {"x": 1},
            ["parms"],
            [{"parms": "x"}],
            [["params"]],
            [{}],
            [{"params": "x", "title": ["x"]}],
        ),
        (*PRINTED, "rows"): (3, "x", {"x": 1}, ["x"], [{"at": "alpha=1"}], [["a", {"x": 1}]]),
        **{
            (*place, name): wrong
            for place in ((), CLAIM, PRINTED, FIGURE)
            for name, wrong in NO_ATTRIBUTE.items()
            if (*place, name) not in OVERRIDDEN
        },
        FIGURE: (
            *("many", ["x"], {}, {"note": "x"}, {"figur": 3}, -3, "-3 M", {"figure": 3, "x": 1}),
            *({"figure": wrong} for wrong in ("many", ["x"], -3)),
        ),
        ("claims", 1, "params_ratio", "over"): NO_SUBJECT,
        ERRATUM: (
            *(*NO_MAPPING, {"why": "x"}, {"why": "x", "computed": 3}, {"computed": 3, "reads": 3}),
            *({"why": "x", "computed": 3, "reads": 3, name: "1"} for name in ("gives", "read")),
            *({"why": "x", "computed": 3, "gives": wrong} for wrong in NO_NUMBER),
            *({"why": "x", "computed": 3, "counts": wrong} for wrong in (*NO_MAPPING, {"x": 1})),
        ),
        (*ERRATUM, "why"): NO_REQUIRED_TEXT,
        (*ERRATUM, "computed"): (-1, "many", ["x"], {"x": 1}),
        (*ERRATUM, "reads"): (-1, "many", ["x"], {"x": 1}),
    },
    "device": {
        **{(name,): NO_REQUIRED_TEXT for name in devices.TEXTS},
        ("colour",): ("red",),
        ("class",): (*NO_WORD, None),
        ("cores",): no_whole(1_000_000),
        ("clock",): no_figure(devices.CLOCK),
        ("power",): no_figure(devices.POWER),
        ("peak",): ({}, None, *NO_MAPPING, {"int7": "1 GOP/s"}),
        ("sparse",): (*NO_MAPPING, {"int7": "1 GOP/s"}),
        ("lanes",): (*NO_MAPPING, {"int7": 1}),
        **{
            (name, dtype): no_figure(devices.PEAK)
            for name in ("peak", "sparse")
            for dtype in DTYPES
        },
        **{("lanes", dtype): no_whole(65_536) for dtype in DTYPES},
        **{(name,): (*NO_MAPPING, {"sise": "1 KiB"}) for name in MEMORIES},
        ("ram", "size"): no_figure(devices.SIZE),
        ("ram", "bandwidth"): no_figure(devices.BANDWIDTH),
        ("dram", "on_chip"): NO_WORD,
    },
    "storage": {
        **{(name,): NO_REQUIRED_TEXT for name in storages.TEXTS},
        ("colour",): ("red",),
        ("extends",): NO_WORD,
        ("bits",): (*NO_MAPPING, {}, {"weights": 8}, {"activations": 8, "weights": 8, "x": 8}),
        **{("bits", role): no_whole(128) for role in ROLES},
        ("mixed",): (*NO_MAPPING, {f"x{number}": 8 for number in range(101)}),
        ("mixed", "conv*"): no_whole(128),
        ("fused",): ("norm", ["such"], ["conv"], [["norm"]]),
        ("in_place",): ("norm", ["such"], ["conv"], [["norm"]]),
        ("keeps",): ("outputs", ["such"], [["outputs"]]),
        ("alignment",): no_whole(2**20),
        ("scratch",): (*NO_MAPPING, {"such": 8}),
        ("scratch", "conv"): (*NO_RULE, [8] * 17, [{"rul": 8}]),
        ("scales",): (
            *(*NO_MAPPING, {}, {"group": 8}, {"bits": 8, "x": 8}),
            *({"bits": 16, "group": wrong} for wrong in no_whole(2**20)),
        ),
        ("scales", "bits"): no_whole(128),
        **{(name,): NO_WORD for name in storages.WORDS},
    },
    "convention": {
        **{(name,): NO_REQUIRED_TEXT for name in convention.REQUIRED},
        **{(name,): NO_TEXT for name in convention.OPTIONAL},
        ("colour",): ("red",),
        ("unit",): (*NO_WORD, None),
        ("extends",): NO_WORD,
        ("weights_alone",): NO_WORD,
        **{(count,): (*NO_MAPPING, {"such": "macs"}) for count in COUNTS},
        **{(count, "convolution"): NO_RULE for count in COUNTS},
        ("undefined",): (*NO_MAPPING, {"such": "x"}),
        ("undefined", "nms"): NO_TEXT,
    },
}
"""What may not stand at each place of a file."""


SPEC: dict[str, Any] = {
    "input": [3, 8, 8],
    "parameters": {"n": {"default": 1}},
    "accuracy": {"top1": 70, "source": "Table 1"},
    "layers": [
        {"conv": {"out": 8, "kernel": 3}},
        {"add": {"branches": [[], ["relu"]]}},
        {"table": {"layer": "conv", "columns": ["out"], "rows": [[8], {"rows": [[8]]}]}},
    ],
    "defaults": {"conv": {"kernel": 3}},
}


CLAIMS: dict[str, Any] = {
    "network": "mobilenet_v1",
    "tables": [{"table": "Table 4", "columns": ["row", "params"], "rows": [["a", "4.2 M"]]}],
    "claims": [
        {
            "params": {
                "figure": "4.3 M",
                "erratum": {"why": "a slip", "computed": "4.2 M", "reads": "4.2 M"},
            }
        },
        {"params_ratio": {"figure": 1, "over": "vgg16"}},
    ],
    "undetermined": [{"reason": "x", "figures": [["a", "Table 5", "params", "3 M"]]}],
}


VALIDATORS = {name: Draft7Validator(schema(name).data()) for name in KINDS}

WITH_BLOCKS: tuple[dict[str, Any], ...] = (
    *({}, {"use": ["fire"]}),
    {"blocks": {"b": {"layers": ["relu"]}}},
)
"""What decides whether layers may be kinds alone, the blocks of libraries or any name, too."""

OF_ANNOTATION: dict[Any, Iterable[Any]] = {
    base.Width: (0, -1, [8], *NO_SIZE),
    base.Count: (0, -1, [8], *NO_SIZE),
    base.Offset: (-1, [8], *NO_SIZE),
    base.Number: ([1], True, {"x": 1}, EXPRESSION),
    base.Flag: ([True], {"x": 1}, EXPRESSION),
    base.Spatial: (0, [0], [], [[3]], [3] * 9, *NO_SIZE, [2**40 + 1], [EXPRESSION]),
    base.Offsets: (-1, [-1], [], [[3]], [3] * 9, *NO_SIZE, [2**40 + 1], [EXPRESSION]),
    base.Padding: (
        -1,
        [-1],
        [[1]],
        [[1, 1, 1]],
        [[-1, 1]],
        [],
        *NO_SIZE,
        [2**40 + 1],
        [0] * 9,
        *([[wrong, 1]] for wrong in NO_SIZE),
    ),
    base.Axis: (8, -9, 1.5, [1], EXPRESSION),
    base.FirstAxis: (8, -9, 1.5, [1], EXPRESSION),
    base.Axes: (8, -9, 1.5, [8], [], [[1]], [0] * 9, EXPRESSION, [EXPRESSION]),
    base.Sides: (0, [0], [[3]], [3] * 9, *NO_SIZE, [2**40 + 1], [EXPRESSION]),
    base.OpenSides: (-2, [-2], [[3]], [3] * 9, *NO_SIZE, [2**40 + 1], [EXPRESSION]),
    base.Word: (["x"], {"x": 1}, EXPRESSION, ""),
}
"""What may not stand for an attribute with each annotation."""


@pytest.mark.parametrize("name", attributes.BARE)
def test_wrong_attributes_are_refused_by_both(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    annotation, _ = attributes.BARE[name]
    kind, attribute = next(
        (kind, attribute)
        for kind in ALL_KINDS
        for attribute, of_kind in kind.attributes.items()
        if of_kind is annotation
    )
    for value in OF_ANNOTATION[annotation]:
        given = {name: plain(right) for name, right in EXAMPLES[kind.name].attributes.items()}
        arguments = {**given, attribute: value}
        wrong = put({kind.name: arguments}, ("layers", 0), SPEC)
        assert not VALIDATORS["spec"].is_valid(wrong), value
        with pytest.raises(CostcalcError):
            judge_spec(json.dumps(wrong).encode())


def right(name: str) -> dict[str, Any]:
    """A file that is right."""
    if name in ("spec", "claims"):
        return SPEC if name == "spec" else CLAIMS
    stem = {"device": "stm32l4r5", "storage": "int8", "convention": "thop"}[name]
    values = yaml_values.of_text((FOLDERS[name] / f"{stem}.yaml").read_bytes())
    return {**values, "name": "mine"}


def put(value: Any, place: Path, file: dict[str, Any]) -> dict[str, Any]:
    """The file with a value at a place; a layer there gets its kind from the place."""
    changed = deepcopy(file)
    if place[0] == "layers" and len(place) > 2 and place[2] not in changed["layers"][place[1]]:
        changed["layers"][place[1]] = {place[2]: {"layers": ["relu"]}}
    inner: Any = changed
    for key in place[:-1]:
        inner = inner[key] if isinstance(inner, list) else inner.setdefault(key, {})
    inner[place[-1]] = value
    return changed


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "place"),
    [
        pytest.param(name, place, id=f"{name}-{'.'.join(map(str, place))}")
        for name, places in PLACES.items()
        for place in places
    ],
)
def test_wrong_values_are_refused_by_both(name, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in PLACES[name][place]:
        for more in WITH_BLOCKS if name == "spec" and place[0] == "layers" and place[1:] else ({},):
            wrong = {**put(value, place, right(name)), **more}
            assert not VALIDATORS[name].is_valid(wrong), value
            with pytest.raises(CostcalcError):
                KINDS[name].judge(json.dumps(wrong).encode())


@pytest.mark.parametrize("name", PLACES)
def test_what_a_file_must_have_is_asked_for_by_both(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    required = {
        **{"spec": ("input", "layers"), "device": (*devices.TEXTS, "class", "peak")},
        **{"storage": (*storages.TEXTS, "bits"), "convention": (*convention.REQUIRED, *COUNTS)},
    }
    for missing in required.get(name, ()):
        rest = {key: value for key, value in right(name).items() if key != missing}
        assert not VALIDATORS[name].is_valid(rest), missing
        with pytest.raises(CostcalcError):
            KINDS[name].judge(json.dumps(rest).encode())
    for wrong in (*NO_MAPPING, None, {}):
        assert not VALIDATORS[name].is_valid(wrong), wrong
        with pytest.raises(CostcalcError):
            KINDS[name].judge(json.dumps(wrong).encode())


@pytest.mark.parametrize("name", PLACES)
def test_the_file_that_they_are_put_into_is_right(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    KINDS[name].judge(json.dumps(right(name)).encode())
    assert VALIDATORS[name].is_valid(right(name))


KEYS = {
    "spec": (*reader.TOP, *COMMON, *FUSED, *parameters.KEYS, *accuracy.KEYS),
    # Of 'reads', 'gives' and 'counts' an erratum has one: two are in the values of a whole one.
    "claims": (
        *(*claims_reader.TOP, *UNDETERMINED, *TABLE_KEYS, *ATTRIBUTES),
        *(key for key in ERRATUM_KEYS if key not in ("gives", "counts")),
    ),
    "device": (*devices.KEYS, *devices.MEMORY),
    "storage": storages.KEYS,
    "convention": convention.KEYS,
}


@pytest.mark.parametrize("name", PLACES)
def test_every_key_has_wrong_values(name):
    words = {word for place in PLACES[name] for word in place}
    assert words >= {*KEYS[name]}
