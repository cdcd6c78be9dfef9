"""Storage files: what ships, inheritance, and error messages."""

import re
from pathlib import Path

import pytest
import yaml

import costcalc
from costcalc.errors import StorageError
from costcalc.storing import files
from costcalc.storing.storage import ROLES

FOLDER = Path(files.__file__).parent.parent / "storages"

MINE = """\
name: mine
title: my board
source: written here
bits: {activations: 8, weights: 8}
"""


def load(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return files.load(str(path))


@pytest.mark.parametrize("name", files.available())
def test_a_storage_that_ships_has_a_source_and_bits_of_everything(name):
    storage = files.load(name)
    assert storage.name == name
    assert storage.source
    assert set(storage.bits) == set(ROLES)
    assert yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))["name"] == name


def test_the_default_comes_first():
    assert files.available()[0] == "fp32"
    assert {"fp32", "fp16", "bf16", "int8", "int8-weights", "int4-weights"} <= set(
        files.available()
    )


def test_bits_that_are_not_stated(tmp_path):
    storage = load(tmp_path, MINE.replace("weights: 8", "weights: 4, biases: 32"))
    assert storage.bits == {
        "activations": 8,
        "weights": 4,
        "biases": 32,
        "norm_params": 4,
        "other_params": 4,
        "buffers": 4,
        "caches": 8,
    }


def test_a_storage_extends_another(tmp_path):
    text = MINE + "extends: tflm\nmixed: {'*/fc*': 4}\nscratch: {conv: [16, n_out * batch]}\n"
    storage = load(tmp_path, text.replace("bits: {activations: 8, weights: 8}\n", ""))
    tflm = files.load("tflm")
    assert storage.bits == tflm.bits
    assert storage.planner == "tflm"
    assert storage.mixed == {"*/fc*": 4}
    assert set(storage.scratch) == {*tflm.scratch, "conv"}
    assert [rule.text for rule in storage.scratch["conv"]] == ["16", "n_out * batch"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("planer: tflm", "mine.yaml:5:1: a storage has no 'planer'; did you mean 'planner'?"),
        ("planner: tfml", "mine.yaml:5:10: 'tfml' has no meaning here; did you mean 'tflm'?"),
        ("norms: gone", "mine.yaml:5:8: 'gone' has no meaning here"),
        ("keeps: [inputs, all]", "mine.yaml:5:17: 'all' has no meaning here"),
        ("keeps: inputs", "mine.yaml:5:8: a list is expected here"),
        ("alignment: 0", "mine.yaml:5:12: not a number of bytes"),
        ("alignment: 99999999999999999999", "mine.yaml:5:12: not a number of bytes"),
        ("alignment: 1.5", "mine.yaml:5:12: not a number of bytes"),
        ("mixed: {'*': 129}", "mine.yaml:5:14: not a number of bits"),
        ("mixed: 4", "mine.yaml:5:8: bits are a mapping"),
        ("fused: [conv]", "mine.yaml:5:9: 'conv' is never part of the operator before it"),
        ("fused: [relux]", "mine.yaml:5:9: 'relux' is neither a layer kind nor a family"),
        ("fused: relu", "mine.yaml:5:8: a list of kinds is expected here"),
        ("fused: [[relu]]", "mine.yaml:5:9: 'a list' is neither a layer kind"),
        ("in_place: [max_pool]", "mine.yaml:5:12: 'max_pool' is never done in place"),
        ("scratch: 3", "mine.yaml:5:10: scratch is a mapping"),
        ("scratch: {conf: 3}", "mine.yaml:5:11: 'conf' is neither a layer kind"),
        ("scratch: {conv: bytes}", "mine.yaml:5:17: 'bytes' has no meaning here"),
        ("scratch: {relu: groups}", "'relu' has no 'groups', but this rule applies to it"),
        ("scales: {group: 128}", "mine.yaml:5:9: scales have bits"),
        ("scales: {bits: 16, of: 3}", "mine.yaml:5:20: scales have no 'of'"),
        ("scales: {bits: 16, group: 0}", "mine.yaml:5:27: not a number of weights"),
        ("scales: {bits: 129}", "mine.yaml:5:16: not a number of bits"),
        ("extends: fp33", "mine.yaml:5:10: there is no storage 'fp33'; did you mean 'fp32'?"),
        ("extends: [fp32]", "mine.yaml:5:10: a storage extends one other"),
        ("unit: MB", "mine.yaml:5:7: 'MB' has no meaning here"),
    ],
)
def test_a_line_that_is_wrong(tmp_path, line, message):
    with pytest.raises(StorageError, match=re.escape(message)):
        load(tmp_path, f"{MINE}{line}\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: mine", "name: fp32", "'fp32' is the name of a storage that ships"),
        ("source: written here\n", "", "a storage must state its source"),
        ("source: written here", "source: ~", "a storage must state its source"),
        ("weights: 8", "weigths: 8", "there are no bits of 'weigths'; did you mean 'weights'?"),
        ("weights: 8", "weights: eight", "not a number of bits"),
        ("bits: {activations: 8, weights: 8}\n", "", "must state the bits of activations"),
    ],
)
def test_a_file_that_is_wrong(tmp_path, old, new, message):
    with pytest.raises(StorageError, match=re.escape(message)):
        load(tmp_path, MINE.replace(old, new))


WRONG_TYPES = [
    ("bits", "8"),
    ("bits", "{activations: [8], weights: 8}"),
    ("mixed", "[4]"),
    ("mixed", "{fc: {a: 4}}"),
    ("norms", "[kept]"),
    ("fused", "relu"),
    ("fused", ""),
    ("fused", "[{a: relu}]"),
    ("in_place", "depthwise"),
    ("in_place", "{depthwise: yes}"),
    ("concat", "{a: view}"),
    ("keeps", "outputs"),
    ("keeps", "[[outputs]]"),
    ("alignment", "[16]"),
    ("scratch", "16"),
    ("scratch", "{conv: }"),
    ("scratch", "{conv: [[1]]}"),
    ("scratch", "{conv: {rulee: 1}}"),
    ("scales", "16"),
    ("scales", "{bits: [16]}"),
    ("planner", "{a: tflm}"),
    ("unit", "[kB]"),
    ("extends", "[fp32]"),
    ("extends", ""),
    ("name", "[mine]"),
    ("title", "{a: b}"),
    ("source", ""),
]


@pytest.mark.parametrize(("key", "value"), WRONG_TYPES)
def test_a_value_of_another_type_is_one_problem_in_its_place(tmp_path, key, value):
    lines = [line for line in MINE.splitlines() if not line.startswith(f"{key}:")]
    with pytest.raises(StorageError) as caught:
        load(tmp_path, "\n".join([*lines, f"{key}: {value}"]) + "\n")
    (problem,) = caught.value.problems
    assert problem.mark.line == len(lines) + 1
    assert problem.mark.column > len(key)
    assert problem.expected
    assert problem.found or "'a mapping'" in problem.message or "'rulee'" in problem.message


def test_every_key_is_tried_with_another_type():
    assert {key for key, _ in WRONG_TYPES} == set(files.KEYS)


@pytest.mark.parametrize(
    "line", ["extends: fp33", "extends: [fp32]", "extends:", "extends: ../fp32"]
)
def test_what_a_missing_storage_would_have_stated_is_no_second_problem(tmp_path, line):
    with pytest.raises(StorageError) as caught:
        load(tmp_path, f"name: mine\ntitle: my board\n{line}\n")
    assert len(caught.value.problems) == 1


def test_every_problem_is_reported_at_once(tmp_path):
    with pytest.raises(StorageError) as caught:
        load(tmp_path, MINE.replace("weights: 8", "weights: 0") + "norms: x\nplanner: y\n")
    assert len(caught.value.problems) == 3, caught.value


def test_patterns_are_bounded(tmp_path):
    """Each is tried on every layer."""
    patterns = "".join(f"  '*/fc{number}': 4\n" for number in range(100))
    assert len(load(tmp_path, f"{MINE}mixed:\n{patterns}").mixed) == 100
    with pytest.raises(StorageError, match=r"mine.yaml:6:3: 101 patterns\s+expected at most 100"):
        load(tmp_path, f"{MINE}mixed:\n{patterns}  '*': 4\n")


def test_a_word_that_is_repeated_counts_once(tmp_path):
    storage = load(tmp_path, MINE + "fused: [relu, relu]\nkeeps: [states, states]\n")
    assert (storage.fused, storage.keeps) == (("relu",), ("states",))


@pytest.mark.parametrize("text", ["- 1\n", "7\n"])
def test_what_is_not_a_mapping(tmp_path, text):
    with pytest.raises(StorageError, match=r"mine\.yaml:1:1: a storage is a mapping"):
        load(tmp_path, text)


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_file(tmp_path, text):
    with pytest.raises(costcalc.CostcalcError, match=r"mine\.yaml: the file is empty\n.*a storage"):
        load(tmp_path, text)


def test_names_and_paths_that_do_not_exist():
    with pytest.raises(StorageError, match="there is no storage 'tflmm'; did you mean 'tflm'"):
        files.load("tflmm")
    with pytest.raises(StorageError, match="there is no storage 'INT8'; did you mean 'int8'"):
        files.load("INT8")
    with pytest.raises(costcalc.CostcalcError, match="nowhere"):
        files.load("nowhere.yaml")
