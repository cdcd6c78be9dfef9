"""The notebooks and the CI folder of ``docs/examples`` run, and print what stands in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
NOTEBOOKS = sorted(path.stem for path in EXAMPLES.glob("*.ipynb"))

PATHS = {
    "PYTHONPATH": str(ROOT),
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, name: str
) -> None:
    """``--update-golden`` writes what they print."""
    for key, value in PATHS.items():
        monkeypatch.setenv(key, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the notebook's own server
        import nbformat
        from nbclient import NotebookClient

        path = EXAMPLES / f"{name}.ipynb"
        stored = nbformat.read(path, as_version=4)
        run = nbformat.from_dict(stored)
        resources = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(run, timeout=120, kernel_name="python3", resources=resources).execute()
    for cell in run.cells:
        cell.metadata.clear()
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("text/html", None)
    run.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    if request.config.getoption("--update-golden"):
        nbformat.write(run, path)
        return
    assert [texts(cell) for cell in run.cells] == [texts(cell) for cell in stored.cells]


def texts(cell: Mapping[str, Any]) -> list[str]:
    """What a cell prints."""
    return [
        output.get("text") or output.get("data", {}).get("text/plain") or "".join(output)
        for output in cell.get("outputs", ())
    ]


def test_three_notebooks_have_outputs() -> None:
    import nbformat

    assert len(NOTEBOOKS) == 3
    for name in NOTEBOOKS:
        cells = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4).cells
        assert all(cell.outputs for cell in cells if cell.cell_type == "code"), name


def steps(workflow: str) -> list[str]:
    """The commands of the folder's workflow for one kind of server."""
    text = yaml.safe_load((EXAMPLES / "ci" / workflow).read_text(encoding="utf-8"))
    job = (text.get("jobs") or text)["costs"]
    commands = [step.get("run", "") for step in job.get("steps", ())] or job["script"]
    return [command for command in commands if command and "pip install" not in command]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command, as the server's shell runs it."""
    environment = {
        **os.environ,
        **PATHS,
        "GITHUB_BASE_REF": "main",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The CI folder, as a repository whose main is what the folder holds."""
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLES / "ci", folder)
    git = "git -c user.name=a -c user.email=a@example.org"
    done = run(
        f"git init -q; git add .; {git} commit -qm a; git update-ref refs/remotes/origin/main HEAD",
        folder,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("workflow", [".github/workflows/costs.yml", ".gitlab-ci.yml"])
def test_the_ci_folder(project: Path, workflow: str) -> None:
    assert len(steps(workflow)) >= 2
    for command in steps(workflow):
        done = run(command, project)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert (project / "net.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("workflow", [".github/workflows/costs.yml", ".gitlab-ci.yml"])
def test_the_ci_folder_stops_what_costs_too_much(project: Path, workflow: str) -> None:
    spec = project / "net.yaml"
    spec.write_text(spec.read_text().replace("pointwise: 64", "pointwise: 640"))
    check, *others = steps(workflow)
    done = run(check, project)
    assert done.returncode == 1, (done.stdout, done.stderr)
    for command in others:
        assert run(command, project).returncode == 0
    if ".github" in workflow:
        assert "net.yaml" in done.stdout and "::error" in done.stdout
        assert "pointwise1" in (project / "summary.md").read_text()
    else:
        assert 'failures="0"' not in (project / "costs.xml").read_text()
