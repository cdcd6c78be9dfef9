"""Schemas and readers judge files alike, as far as a schema can.

What a schema refuses, costcalc refuses, too: an editor never marks what is right.  What
costcalc refuses and a schema does not is one of :data:`BEYOND`: names, arithmetic, and
what depends on two places of a file.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from random import Random

import pytest
from jsonschema import Draft7Validator

from costcalc.claims import reader as claims_reader
from costcalc.claims.claim import ClaimedNetwork
from costcalc.claims.networks import Networks
from costcalc.costs import convention
from costcalc.errors import CostcalcError, Problem, SpecError
from costcalc.graph.expand import expand
from costcalc.kinds import TABLE
from costcalc.kinds.examples import EXAMPLES
from costcalc.performance import files as devices
from costcalc.schemas.schema import schema
from costcalc.spec.finder import network_finder
from costcalc.spec.library import block_finder
from costcalc.spec.reader import read
from costcalc.storing import files as storages
from tests.drawing.draws import Draws
from tests.fuzz import data_files, mutations, specs
from tests.fuzz.run import prepare
from tests.schemas import yaml_values
from tests.schemas.test_shipped_files import FOLDERS

BEYOND = (
    # names, which a file chooses itself
    r"'.*' has no meaning here",
    r"unknown layer kind",
    r".* is not a parameter",
    r"the network has no parameter",
    r"there is no library of blocks",
    r"there is no network",
    r"there is no (convention|storage|device|spec)",
    r"'first_only' names",
    r".* cannot name a (block|network|parameter)",
    r"parameter '.*' has no value",
    r"there (are two blocks|is a network)",
    r"block '.*' contains itself",
    r"networks use each other",
    r"library '.*' is used twice",
    r"'.*' is twice in the space",
    r".* cannot be ",
    r"(block )?'.*' has no argument",  # of a block that the file itself has
    r"no layer above is named",
    r"the id '.*' is used twice",
    r"no figure of this file has the id",
    r"'.*' is the name of a",
    # arithmetic and settings, which are text
    r"'.*' in '.*' is not a setting",
    r".*: a value is missing",
    r"'gives' (must|needs)",
    r"the arithmetic gives",
    r"this is not arithmetic",
    r"malformed expression",
    r"there is no function",
    r"the (expression|value|number|exponent) .*",
    r"a number of .* digits",
    r"division by zero",
    r"'.*' divides by zero",
    r"not a quantity in",  # that a device can have
    r"arithmetic needs numbers",
    r"round.* does not take",
    r"a width is fixed or scaled",
    # shapes and values, which follow from the layers above and from settings
    r"layer '",
    r"the (in|out)put of",
    r"the input's shape is made of",
    r"the filter of",
    r".* is not a whole number",
    r"'.*' is not a number",
    r"'.*' is neither true nor false",
    r"a list is not a number",
    # what depends on other places, and on other files
    r"a column has no",  # a second metric
    r".* compares two things",
    r"neither claims nor a spec",
    r"a line of text is expected here",
    r"settings must be text",
    r"an accuracy must state its top1",  # in a table of variants, which gives it its source
    r"the figure does not name its network",
    r".* is a figure of (a device|whole networks)",
    r"this is not a figure",  # in a cell, which its column heads
    r"unknown unit",
    r"a figure is expected here",
    r"'.*' has no '.*', but this rule applies to it",
    r"'.*' lacks ",  # or its defaults, or its filter, have it
    r"(block|network) '.*' lacks ",
    r"a row must have one cell",
    r"this row does not ",
    r"a table must say what its rows are",
    r"the (column|row|name|key) '.*' is (given|used) twice",
    r"the cells of",
    r"'.*' has no default for the repeats",
    r"(the|every) row",
    r"'.*' is set twice",
    r"rows set",
    r"the first (column|cell) picks the row",
    r"a row sets",
    r"a column of variants is a name",
    r"the space of",
    r"'.*' has no values to choose among",
)


class Judged:
    """Files of one kind: drawn at random, and judged by costcalc."""

    def __init__(self, draw: Callable[[Draws], bytes], judge: Callable[[bytes], None]) -> None:
        self.draw = draw
        self.judge = judge


def judge_spec(data):
    """What reports, and check, refuse."""
    document = read(data, "case.yaml", block_finder("case.yaml"), network_finder("case.yaml"))
    expand(document, {})
    judge_claims(data)


def judge_claims(data):
    """What check refuses, in networks of the file itself, too."""
    write(data)
    networks = Networks()
    if claims_reader.read("case.yaml", networks) is None:
        raise SpecError([Problem(None, "neither claims nor a spec")])
    for name in yaml_values.of_text(data).get("networks") or ():
        expand(networks.document(ClaimedNetwork(name, f"case.yaml#{name}")), {})


def write(data):
    with open("case.yaml", "wb") as file:
        file.write(data)


def judge_by(load):
    def judge(data):
        write(data)
        load("./case.yaml")

    return judge


def of_case(*cases):
    return lambda draws: draws.of(*cases)(draws).files["case.yaml"]


@cache
def of_folder(name: str) -> tuple[str, ...]:
    texts = (path.read_text(encoding="utf-8") for path in sorted(FOLDERS[name].glob("*.yaml")))
    return tuple(re.sub(r"(?m)^name: .*$", "name: mine", text) for text in texts)


def changed(name):
    def draw(draws):
        text = draws.of(*of_folder(name))
        if draws.chance(2):
            return mutations.encoded(mutations.of_words(draws, text))
        tree, other = (
            yaml_values.of_text(one.encode()) for one in (text, draws.of(*of_folder(name)))
        )
        return mutations.encoded(json.dumps(mutations.of_tree(draws, tree, [other])))

    return draw


KINDS = {
    "spec": Judged(
        of_case(specs.changed_text, specs.changed_tree, specs.layer, specs.network), judge_spec
    ),
    "claims": Judged(of_case(data_files.changed_claims), judge_claims),
    "convention": Judged(changed("convention"), judge_by(convention.load)),
    "storage": Judged(changed("storage"), judge_by(storages.load)),
    "device": Judged(changed("device"), judge_by(devices.load)),
}


def verdicts(name, seed, count) -> Iterator[tuple[bytes, bool, list[str]]]:
    """Files, whether each is valid by the schema, and the problems that costcalc has with it."""
    validator = Draft7Validator(schema(name).data())
    judged = KINDS[name]
    for number in range(count):
        data = judged.draw(Draws(Random(f"{seed}/{number}").randint, is_careful=False))
        try:
            values = yaml_values.of_text(data)
        except CostcalcError:
            continue  # not YAML: there is nothing to judge
        problems = []
        try:
            judged.judge(data)
        except CostcalcError as error:
            problems = [problem.message for problem in error.problems]
        yield data, validator.is_valid(values), problems


def disagreements(name, seed, count):
    """What the schema alone refuses, and what costcalc alone refuses and a schema could."""
    alone, missed = [], []
    for data, is_valid, problems in verdicts(name, seed, count):
        if not is_valid and not problems:
            alone.append(data)
        elif is_valid and problems:
            missed += [words for words in problems if not BEYOND_SCHEMAS.match(words)]
    if name == "claims":  # may name the file itself as a storage
        missed = [words for words in missed if not words.startswith("a storage ")]
    return alone, missed


BEYOND_SCHEMAS = re.compile("|".join(BEYOND))


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    """Files that claims name."""
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_schema_and_reader_agree(name):
    assert disagreements(name, "quick", 150) == ([], [])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_schema_and_reader_agree_often(name):
    assert disagreements(name, "slow", 1500) == ([], [])


def errors(name, text):
    validator = Draft7Validator(schema(name).data())
    return [*validator.iter_errors(yaml_values.of_text(text.encode()))]


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_an_argument_that_a_kind_does_not_have_is_refused(kind, spec_validator):
    arguments = {**EXAMPLES[kind.name].attributes, "name": "x"}
    layer = {kind.name: {name: plain(value) for name, value in arguments.items()}}
    for other, is_valid in (({}, True), ({"strde": 2}, False)):
        spec = {"input": [3, 8, 8], "layers": [{kind.name: {**layer[kind.name], **other}}]}
        assert spec_validator.is_valid(spec) == is_valid


def plain(value):
    """An attribute as JSON."""
    return [*map(plain, value)] if isinstance(value, tuple) else value


@pytest.fixture(scope="module")
def spec_validator():
    return Draft7Validator(schema("spec").data())


HEAD = "input: [3, 8, 8]\nlayers:\n  - relu\n"

WRONG = {
    "a key of a spec": HEAD + "paramters: {n: 1}\n",
    "no layers": "input: [3, 8, 8]\nlayers: []\n",
    "no input": "layers: [relu]\n",
    "a misspelt kind": HEAD + "  - rellu\n",
    "a misspelt kind with arguments": HEAD + "  - conw: {out: 3}\n",
    "a misspelt kind inside": HEAD + "  - residual: [sequence: [rellu]]\n",
    "a block without its library": HEAD + "  - fire: {s1x1: 4, e1x1: 8, e3x3: 8}\n",
    "a misspelt kind beside a library": "use: [fire]\n" + HEAD + "  - conw: 3\n",
    "an argument of a block": "use: [fire]\n" + HEAD + "  - fire: {s1x2: 4}\n",
    "two kinds in one item": HEAD + "  - conv: {out: 3}\n    kernel: 3\n",
    "a negative width": HEAD + "  - conv: {out: -3, kernel: 1}\n",
    "half a channel": HEAD + "  - conv: {out: 1.5, kernel: 1}\n",
    "three pads of an axis": HEAD + "  - max_pool: {kernel: 2, padding: [[1, 1, 1]]}\n",
    "a patch without a stride": HEAD + "  - conv: {patch: 3x3, out: 3}\n",
    "a single branch": HEAD + "  - concat: [[relu]]\n",
    "a norm of branches": HEAD + "  - add: {branches: [[], [relu]], norm: batch}\n",
    "branches that share": HEAD + "  - add: {branches: [[], [relu]], shares: a}\n",
    "branches that borrow": HEAD + "  - add: {branches: [[], [relu]], borrows: all}\n",
    "a named branch": HEAD + "  - concat: {branches: {a: [relu]}}\n",
    "no branch": HEAD + "  - concat: {branches: {}}\n",
    "a block that borrows": "use: [fire]\n"
    + HEAD
    + "  - fire: {s1x1: 4, e1x1: 8, e3x3: 8, borrows: {biases: 4}}\n",
    "an own block that borrows": "blocks: {b: {layers: [relu]}}\n"
    + HEAD
    + "  - b: {borrows: {biases: 4}}\n",
    "a table that shares": HEAD + "  - table: {layer: fc, columns: [], rows: [], shares: a}\n",
    "an unknown family": HEAD + "family: mobil\n",
    "a parameter named like a word": HEAD + "parameters: {in: 3}\n",
    "a key of a parameter": HEAD + "parameters: {n: {defualt: 3}}\n",
    "an accuracy without a source": HEAD + "accuracy: {top1: 70}\n",
    "an accuracy above 100": HEAD + "accuracy: {top1: 700, source: x}\n",
    "a rounding": HEAD + "width_rounding: ceil\n",
    "a figure without digits": HEAD + "params: many\n",
    "a budget that is no bound": HEAD + "budgets: {peak_bytes: 3 KiB}\n",
    "a claim of nothing": HEAD + "claims: [{at: alpha=1}]\n",
    "a default of no argument": HEAD + "defaults: {conv: {name: x}}\n",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_mistakes_are_refused_by_both(text):
    assert errors("spec", HEAD) == []
    assert errors("spec", text)
    with pytest.raises(CostcalcError):
        judge_spec(text.encode())
