"""The tree is what docs/architecture.md says: imports go one way, names mean one thing."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from costcalc.cli import COMMANDS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "costcalc"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^\| `(\w+)(?:/|\.py)` \|[^|]*\| ([^|]*) \|$", PAGE, re.MULTILINE)
"""Each folder, and each module beside the folders, with what it may import."""

ANYONE = {"advice", "errors", "escaping", "files", "names", "records"}
"""Modules beside the folders that every part may import."""

DOORS = {"__init__", "__main__", "pytest_plugin"}
"""Modules beside the folders that nothing of the package imports."""

LINES = 800
"""The most lines of a file: room for one idea that is large, not for two."""


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
    """What each part may import, with what those may import in turn."""
    table: dict[str, set[str]] = {}
    for folder, column in TABLE:
        if column.strip() == "everything":
            table[folder] = {path.stem for path in PACKAGE.iterdir()}
            continue
        above = set(table) if "all above" in column else set()
        direct = set(re.findall(r"\w+", column)) & {*table} | above
        table[folder] = direct | {each for name in direct for each in table.get(name, ())}
    return table


def test_the_page_names_every_part():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - ANYONE - DOORS
    assert set(allowed()) == folders | modules


@pytest.mark.parametrize("folder", allowed())
def test_imports_go_one_way(folder):
    permitted = allowed()[folder] | ANYONE | {folder}
    files = [*(PACKAGE / folder).rglob("*.py"), *PACKAGE.glob(f"{folder}.py")]
    assert files
    for path in sorted(files):
        assert imports(path) <= permitted, path


def test_formulas_import_nothing_of_costcalc():
    for path in (PACKAGE / "formulas").glob("*.py"):
        assert imports(path) <= {"formulas"}, path


def test_no_module_is_a_heap():
    for path in PACKAGE.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= LINES, f"{path} holds more than one idea"


@cache
def modules() -> dict[str, ast.Module]:
    """The package's modules by their dotted names."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imported(name: str, tree: ast.Module, known: set[str]) -> set[str]:
    """The modules that a module imports: at its head, in a function, or for types alone.

    Only what it names counts: ``from costcalc.kinds.base import Kind`` asks for ``base``,
    and for nothing of the table in ``costcalc.kinds``.
    """
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} imports by dots: modules are named in full"
            asked = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {each if each in known else str(node.module) for each in asked}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & known - {name}


def circles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """Circles of imports, each once its weakest link is cut, until none is left."""
    graph = {name: set(asked) for name, asked in graph.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            # Each module of the list is asked for by the next one; the first is the last.
            circle = error.args[1][::-1]
            yield circle
            graph[circle[0]].remove(circle[1])
        else:
            return


def test_no_two_files_import_each_other_in_a_circle():
    trees = modules()
    graph = {name: imported(name, tree, set(trees)) for name, tree in trees.items()}
    assert [" imports ".join(circle) for circle in circles(graph)] == []


def test_circles_are_found():
    assert list(circles({"a": {"b"}, "b": set()})) == []
    (circle,) = circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()})
    assert circle[0] == circle[-1]
    assert set(circle) == {"a", "b", "c"}


def test_no_class_name_stands_in_three_files():
    places = defaultdict(set)
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(module)
    for name, files in places.items():
        assert len(files) < 3, f"class {name}: {', '.join(sorted(files))}"


@pytest.mark.complete
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command):
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    is_there = any(f"costcalc {command} " in page.read_text(encoding="utf-8") for page in pages)
    assert is_there, f"costcalc {command}: README.md or a page of docs/ that shows it"
