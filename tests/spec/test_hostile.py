"""Whatever a spec contains, the outcome is a result or an error message, never a crash."""

import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from costcalc import opening
from costcalc.errors import CostcalcError
from costcalc.graph.expand import expand
from costcalc.graph.settings import setting
from costcalc.spec import expression, library
from costcalc.spec.numbers import ExpressionError
from costcalc.spec.reader import read
from tests.drawing.draws import Draws
from tests.fuzz.mutations import encoded, of_words

many = settings(
    max_examples=2 * settings.default.max_examples, suppress_health_check=list(HealthCheck)
)


def outcome(data: bytes, **given_settings) -> str:
    """The error message of a spec, or nothing."""
    find = library.block_finder(library.locate("mobilenet_v1"))
    try:
        document = read(data, "hostile.yaml", find)
        graph = expand(document, {name: setting(text) for name, text in given_settings.items()})
    except (CostcalcError, ExpressionError) as error:
        assert str(error)
        return str(error)
    assert all(side > 0 for layer in graph.layers for side in layer.output)
    return ""


@many
@given(st.binary(max_size=200))
@example(b"")
@example(b"\x00")
@example(b"\xff\xfe")
@example(b"- [")
@example(b"%YAML 9.9\n---\n")
def test_arbitrary_bytes(data):
    assert outcome(data)


YAML = """name input parameters layers blocks use defaults width_rounding source accuracy conv
    depthwise pointwise fc max_pool add concat multiply residual sequence table branches from when
    repeat first_only output kernel stride padding out groups act norm filter patch rows columns
    layer shortcut only_if relu batch same valid alpha res in classes bottleneck width default range
    choices doc divisible_by nearest_multiple ~ true false null
0 1 2 3 -1 1/2 0.35 3x3 7x7/2 1e9 in*2 c/0 [] {} &a *a
    """
yaml_words = st.sampled_from(YAML.split())
yaml_nodes = st.recursive(
    yaml_words,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(yaml_words, inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=25,
)


@many
@given(yaml_nodes, yaml_nodes, yaml_nodes)
def test_arbitrary_yaml(layers, parameters, more):
    outcome(f"input: [3, 8, 8]\nlayers: {layers}\n".encode())
    outcome(f"input: {more}\nparameters: {parameters}\nlayers: [{layers}]\n".encode())
    outcome(f"input: [3, 8, 8]\nblocks: {{b: {more}}}\nlayers: [{layers}, b]\n".encode())


def mutated(text: str, seed: int) -> str:
    """A spec with a few words and marks left out, doubled, exchanged or replaced."""
    return of_words(Draws(random.Random(seed).randint, is_careful=False), text)


MUTATED = ["mobilenet_v1", "mobilenet_v2", "vgg16", "googlenet"]


@pytest.mark.parametrize("network", MUTATED)
def test_mutated_specs(network):
    spec = Path(library.locate(network.replace("vgg16", "vgg"))).read_text(encoding="utf-8")
    refused = 0
    for seed in range(120):
        refused += bool(outcome(encoded(mutated(spec, seed))))
    # Most mutations are errors, and are reported.
    assert refused > 60


@pytest.mark.parametrize("block", ["bottleneck", "inception"])
def test_mutated_blocks(block, tmp_path):
    shipped = Path(library.shipped_folder()) / "blocks" / f"{block}.yaml"
    network = {"bottleneck": "mobilenet_v2", "inception": "googlenet"}[block]
    spec = tmp_path / "network.yaml"
    spec.write_bytes(Path(library.locate(network)).read_bytes())
    (tmp_path / "blocks").mkdir()
    refused = 0
    for seed in range(60):
        text = mutated(shipped.read_text(encoding="utf-8"), seed)
        (tmp_path / "blocks" / f"{block}.yaml").write_bytes(encoded(text))
        try:
            opening.opened(str(spec)).graph()
        except CostcalcError as error:
            refused += 1
            assert str(error)
    assert refused > 20


TOKENS = """alpha res in 0 1 2 3.5 1e30 0.35 ( ) , + - * / // % ** == != < <= >
    >= if else and or not
    floor( ceil( round( min( max( round_to_multiple( fixed( 'word' true ~ . [ __class__ x ; : =
    """
tokens = st.sampled_from(TOKENS.split())


@many
@given(st.lists(tokens, max_size=12).map(" ".join))
@example("2**8**8")
@example("(" * 40 + "1" + ")" * 40)
@example("1 if 1 else 1 if 1 else 1")
@example("round_to_multiple(3, 0)")
@example("'a' < 1")
@example("min(true, 1)")
@example("1 % 0")
@example("in.__class__")
def test_arbitrary_expressions(text):
    with suppress(ExpressionError):
        expression.parse(text)
    quoted = text.replace("\\", "").replace('"', "")
    outcome(f'input: [3, 8, 8]\nlayers: [conv: {{out: "{quoted}", kernel: 1}}]\n'.encode())
    outcome(f'input: [3, 8, "{quoted}"]\nlayers: [conv: {{out: 4, kernel: 1}}]\n'.encode())


SMALL = b"""
input: [3, res, res]
parameters: {res: 8, n: {default: 2, range: [0, ~]}, word: {default: a, choices: [a, b]}}
layers:
  - conv: {out: 4, kernel: 1, repeat: n}
  - conv: {out: n * alpha + 1, kernel: 1}
"""


@many
@given(st.one_of(st.text(max_size=20), st.lists(tokens, max_size=3).map("".join)))
@example("nan")
@example("inf")
@example("-1")
@example("0")
@example("1e400")
@example("9" * 5000)
@example("0.0000000000000000000000001")
@example("224x")
@example("1x1x1x1x1x1x1x1x1x1x1")
def test_arbitrary_settings(text):
    for name in ("alpha", "res", "n", "word"):
        outcome(SMALL, **{name: text})
