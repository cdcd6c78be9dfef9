"""The tree is what docs/architecture.md says: imports go one way, tables are complete."""

import ast
import re
from pathlib import Path

import pytest

from costcalc.cli import COMMANDS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "costcalc"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^\| `(\w+)/` \|[^|]*\| ([^|]*) \|$", PAGE, re.MULTILINE)
ANYONE = {"errors", "names"}
"""Modules beside the folders that every folder may import."""

SUMMARIES = {"pipeline"}
"""Modules beside the folders that tell the way through them; a page's row names them."""


def imports(path: Path) -> set[str]:
    """The parts of costcalc that a module imports, wherever in it: ``spec``, ``errors``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "costcalc":
            module = node.module or ""
            names = [module] if "." in module else [f"costcalc.{each.name}" for each in node.names]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names if each.name.startswith("costcalc")]
        else:
            continue
        found |= {[*name.split("."), ""][1] for name in names}
    return found - {""}


def allowed() -> dict[str, set[str]]:
    """What each folder may import, with what those may import in turn."""
    table: dict[str, set[str]] = {}
    for folder, column in TABLE:
        if column.strip() == "everything":
            table[folder] = {path.stem for path in PACKAGE.iterdir()}
            continue
        above = set(table) if "all above" in column else set()
        direct = set(re.findall(r"\w+", column)) & {*table, *SUMMARIES} | above
        table[folder] = direct | {each for name in direct for each in table.get(name, ())}
    return table


def test_the_page_names_every_folder():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(allowed()) == folders


@pytest.mark.parametrize("folder", allowed())
def test_imports_go_one_way(folder):
    permitted = allowed()[folder] | ANYONE | {folder}
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        assert imports(path) <= permitted, path


def test_formulas_import_nothing_of_costcalc():
    for path in (PACKAGE / "formulas").glob("*.py"):
        assert imports(path) <= {"formulas"}, path


def test_no_module_is_a_heap():
    for path in PACKAGE.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 420, f"{path} holds more than one idea"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command):
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(f"costcalc {command} " in page.read_text(encoding="utf-8") for page in pages)
