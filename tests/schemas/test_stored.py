"""The schemas beside the specs that ship, and the lines by which these name them."""

import runpy
from pathlib import Path

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "make_schemas.py"))
FOLDERS, NAMES, modeline, stored, text = map(
    SCRIPT.get, ("FOLDERS", "NAMES", "modeline", "stored", "text")
)

FILES = [
    pytest.param(name, path, id=f"{name}-{path.stem}")
    for name, folder in FOLDERS.items()
    for path in sorted(folder.glob("*.yaml"))
    if path.name != NAMES
]


@pytest.mark.complete
@pytest.mark.parametrize("name", FOLDERS)
def test_stored_schemas_are_up_to_date(name):
    assert stored(name).read_text(encoding="utf-8") == text(name), (
        f"specs/schemas/{name}.json: .venv/bin/python tools/make_schemas.py"
    )


@pytest.mark.complete
@pytest.mark.parametrize(("name", "path"), FILES)
def test_files_that_ship_name_their_schema(name, path):
    with path.open(encoding="utf-8") as file:
        first = file.readline()
    assert first == modeline(name), (
        f"specs/{path.name}: .venv/bin/python tools/make_schemas.py writes its first line"
    )
    assert (path.parent / first.partition("=")[2].strip()).samefile(stored(name))
