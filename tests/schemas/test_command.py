"""``costcalc schema``: names, or a schema as one file."""

import json

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

import costcalc
from costcalc.cli import main
from costcalc.schemas.schema import SCHEMAS


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["schema", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_names_are_listed():
    printed = run().stdout
    assert all(f"\n{name} " in printed for name in SCHEMAS)
    assert costcalc.schema().data()["schemas"][0] == {"name": "spec", "title": "a network as YAML"}
    assert f"{costcalc.schema()}\n" == printed


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_printed_as_json(name):
    printed = run(name).stdout
    assert json.loads(printed) == costcalc.schema(name).data()
    assert printed == costcalc.schema(name).to_json()
    assert max(map(len, printed.splitlines())) < 30_000, "a change is seen in a diff"


def test_a_schema_is_written_to_a_file(tmp_path):
    path = tmp_path / "device.json"
    assert run("device", "-o", str(path)).stdout == ""
    Draft7Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def test_an_unknown_name_is_refused():
    message = run("sepc", code=2).stderr
    assert message.startswith("Error: there is no schema 'sepc'; did you mean 'spec'?\n")
    assert "expected one of spec, blocks, claims" in message
    with pytest.raises(costcalc.SpecError, match="no schema 'sepc'"):
        costcalc.schema("sepc")


def test_every_reference_leads_to_a_definition():
    for name in SCHEMAS:
        data = costcalc.schema(name).data()
        text = json.dumps(data)
        for definition in data.get("definitions", {}):
            assert f'"#/definitions/{definition}"' in text, f"{name}: {definition} is not used"
        targets = set(_references(data))
        assert targets <= {f"#/definitions/{known}" for known in data.get("definitions", {})}


def _references(term):
    if isinstance(term, dict):
        if "$ref" in term:
            yield term["$ref"]
        for inner in term.values():
            yield from _references(inner)
    elif isinstance(term, list):
        for inner in term:
            yield from _references(inner)
