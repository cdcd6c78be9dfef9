"""Every file that ships is valid by the schema of its kind, and says which that is."""

from pathlib import Path

import pytest
from jsonschema import Draft7Validator

import costcalc
from costcalc.schemas.schema import SCHEMAS, schema
from costcalc.spec import library
from tests.collection import some
from tests.schemas import yaml_values

PACKAGE = Path(library.__file__).parents[1]
SPECS = Path(library.shipped_folder())

FOLDERS = {
    "spec": SPECS,
    "blocks": SPECS / "blocks",
    "claims": SPECS / "claims",
    "convention": PACKAGE / "conventions",
    "storage": PACKAGE / "storages",
    "device": PACKAGE / "devices",
}
FILES = [
    pytest.param(name, path, id=f"{name}-{path.stem}")
    for name, folder in FOLDERS.items()
    for path in sorted(folder.glob("*.yaml"))
    if path.name != "names.yaml"
]


def test_there_are_files_of_every_kind():
    assert {parameter.values[0] for parameter in FILES} == set(FOLDERS)
    assert len(FILES) > 190


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_of_draft_7_and_describe_every_key(name):
    data = schema(name).data()
    assert data["$schema"] == Draft7Validator.META_SCHEMA["$id"]
    Draft7Validator.check_schema(data)
    for key, term in data.get("properties", {}).items():
        _, _, definition = term.get("$ref", "").rpartition("/")
        assert data["definitions"].get(definition, term).get("description"), key


@pytest.fixture(scope="module")
def validators():
    return {name: Draft7Validator(schema(name).data()) for name in FOLDERS}


@pytest.mark.parametrize(("name", "path"), FILES)
def test_shipped_files_are_valid(name, path, validators):
    values = yaml_values.of_text(path.read_bytes(), str(path))
    assert [error.message for error in validators[name].iter_errors(values)] == []


@pytest.mark.parametrize("is_flat", [False, True])
@pytest.mark.parametrize("network", some(costcalc.networks(), {"mobilenet_v2", "skipnet"}))
def test_specs_that_are_written_are_valid(network, is_flat, validators):
    values = yaml_values.of_text(costcalc.to_spec(network, flat=is_flat).encode())
    assert [error.message for error in validators["spec"].iter_errors(values)] == []
