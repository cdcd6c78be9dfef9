"""The page on the spec language: its examples run, and it has every kind and key."""

import re
from pathlib import Path

import pytest

import costcalc
from costcalc.kinds import TABLE
from costcalc.spec import arguments, limits, reader, steps
from costcalc.spec.expression import FUNCTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "spec-language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SPECS = [example for example in EXAMPLES if not example.startswith("- ")]
FRAGMENTS = [example for example in EXAMPLES if example.startswith("- ")]
COUNTS = re.compile(r"^# ([\d,]+) params, ([\d,]+) mult-adds$", re.MULTILINE)


def report(text: str, folder: Path) -> costcalc.Report:
    path = folder / "example.yaml"
    path.write_text(text, encoding="utf-8")
    return costcalc.report(str(path))


def test_the_page_has_examples():
    assert len(SPECS) >= 10
    assert len(FRAGMENTS) >= 6
    assert len(COUNTS.findall(PAGE)) >= 7


@pytest.mark.parametrize("example", SPECS, ids=range(len(SPECS)))
def test_specs_have_the_costs_on_the_page(example, tmp_path):
    totals = report(example, tmp_path).totals
    for params, mult_adds in COUNTS.findall(example):
        assert (f"{totals.params:,}", f"{totals.mult_adds:,}") == (params, mult_adds)


@pytest.mark.parametrize("example", FRAGMENTS, ids=range(len(FRAGMENTS)))
def test_fragments_are_layers(example, tmp_path):
    refused = "- concat: {from: [left, add1]}\n"
    spec = "input: [3, 224, 224]\nlayers:\n" + example.replace(refused, "")
    assert report(spec, tmp_path).totals.params >= 0
    if refused in example:
        with pytest.raises(costcalc.SpecError, match="no layer above is named 'add1'"):
            report("input: [3, 224, 224]\nlayers:\n" + example, tmp_path)


KINDS_SECTION = PAGE.partition("## Layer kinds")[2].partition("\n## ")[0]


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_every_kind_is_on_the_page_with_its_arguments(kind):
    (row,) = [
        line for line in KINDS_SECTION.splitlines() if re.match(rf"\|[^|]*`{kind.name}`", line)
    ]
    for word in (*kind.attributes, *kind.aliases):
        assert f"`{word}`" in row, word
    if kind.main and kind.main in kind.required:
        first = re.search(r"`(\w+)`", row.split("|")[2])
        assert first is not None
        assert first[1] == kind.main


@pytest.mark.parametrize(
    "word",
    [
        *reader.TOP,
        *arguments.COMMON,
        *steps.FUSED,
        *steps.STRUCTURES,
        "branches",
        "shortcut",
        "only_if",
        "columns",
        "rows",
        "inputs",
        "default",
        "range",
        "choices",
        "doc",
        "width",
        "in_height",
        "in_width",
    ],
)
def test_every_key_is_on_the_page(word):
    assert re.search(rf"`{word}[`:]|^ *{word}:|\{{{word}:|, {word}:", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_on_the_page(name):
    assert f"`{name}(" in PAGE


def test_the_page_has_the_actual_limits():
    section = PAGE.partition("## Limits")[2]
    assert f"{limits.FILE_BYTES // 2**20} MiB" in section
    assert f"sizes up to 2^{limits.SIZE.bit_length() - 1}" in section
    for limit, what in [
        (limits.NODES, "values"),
        (limits.DEPTH, "levels"),
        (limits.PARAMETERS, "parameters"),
        (limits.EXPRESSION, "characters"),
        (limits.EXPRESSION_DEPTH, "levels"),
        (limits.DIGITS, "digits"),
        (limits.AXES, "axes"),
        (limits.STEPS, "steps"),
        (limits.NESTING, "steps inside"),
    ]:
        assert re.search(rf"\b{limit:,} {what}|of {limit:,} {what}", section), (limit, what)
