"""What an engineer meets first is true: sessions, pins, versions, links."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

import costcalc

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
SESSIONS = re.findall(
    r"^@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.MULTILINE
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = [
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob(".github/*.md"), *ROOT.glob("docs/**/*.md"))
    if path.name != "PULL_REQUEST_TEMPLATE.md"
]


def test_contributing_names_every_session():
    assert re.findall(r"^\| `nox -s (\w+)`", CONTRIBUTING, re.MULTILINE) == SESSIONS


def test_sessions_run_files_that_are_there():
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    named = re.findall(r'"((?:tests|tools)/[\w/]+\.py)"', noxfile)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_ci_runs_sessions():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (sessions,) = re.findall(r"--session ([\w ]+)$", script, re.MULTILINE)
    assert sessions.split() == [
        "lint",
        "types",
        "tests",
        "site",
        "fuzz",
        "editor",
        "browser",
        "judges",
    ]
    assert {*sessions.split()} <= {*SESSIONS}


def test_ruff_is_the_same_before_a_commit_and_in_ci():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    pins = {
        pin
        for repository in config["repos"]
        for hook in repository["hooks"]
        for pin in hook["additional_dependencies"]
    }
    assert pins <= {*PROJECT["optional-dependencies"]["dev"]}


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == costcalc.__version__
    assert citation["license"] == PROJECT["license"]


def test_the_changelog_has_room_for_a_change():
    headings = re.findall(
        r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert headings[0] == "Unreleased"
    assert headings[1].split()[0] == costcalc.__version__


def test_the_page_of_the_judges_names_their_tests():
    page = (ROOT / "docs" / "judges.md").read_text(encoding="utf-8")
    patterns = re.findall(r"`(test_[\w*]+\.py)`", page)
    for path in (ROOT / "tests" / "frameworks").glob("test_*.py"):
        assert any(fnmatch(path.name, pattern) for pattern in patterns), path.name


@pytest.mark.parametrize("folder", ["ISSUE_TEMPLATE", "workflows"])
def test_forms_and_workflows_are_yaml(folder):
    files = sorted((ROOT / ".github" / folder).glob("*.yml"))
    assert files
    for path in files:
        assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text):
        assert (page.parent / target).exists(), target


def test_every_extra_and_every_dependency_has_its_reason():
    reasons = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    extras = PROJECT["optional-dependencies"]
    needed = [*PROJECT["dependencies"], *(each for extra in extras.values() for each in extra)]
    for requirement in needed:
        name = re.split(r"[<>=\[ ]", requirement)[0]
        if name != "costcalc" and not name.startswith("types-"):
            assert re.search(rf"\b{name}\b", reasons), name
