"""Claims in a repository's CI: pytest, pre-commit, the GitHub action, the documentation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def example(name: str) -> str:
    """An example in the documentation, by the name in the comment above it."""
    match = re.search(rf"<!-- example: {re.escape(name)} -->\n```yaml\n(.*?)```", DOCS, re.DOTALL)
    assert match, name
    return match[1]


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *arguments], folder)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in ("mynet.yaml", "claims.yaml", "tables.yaml"):
        (tmp_path / name).write_text(example(name), encoding="utf-8")
    return tmp_path


def test_the_documented_claims_hold(repository: Path) -> None:
    result = run(["costcalc", "check", "."], repository)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "All 11 claims hold." in result.stdout


@pytest.mark.slow
def test_each_claim_is_a_test_on_request(repository: Path) -> None:
    assert "no tests ran" in run_pytest(repository).stdout
    result = run_pytest(repository, "--costcalc")
    place = "MobileNets, arXiv 1704.04861, Table 6, 0.75 MobileNet-224, Mult-Adds"
    name = f"claim[tables:Table 6:0.75MobileNet-224:mult_adds, {place}, 325 M]"
    assert f"tables.yaml::{name} PASSED" in result.stdout
    assert "11 passed" in result.stdout


@pytest.mark.slow
def test_claims_are_distributed_over_processes(repository: Path) -> None:
    result = run_pytest(repository, "-n", "2", "--costcalc")
    assert "11 passed" in result.stdout
    claims = repository / "claims.yaml"
    claims.write_text(example("claims.yaml").replace("183 K", "19 K"), encoding="utf-8")
    result = run_pytest(repository, "-n", "2", "claims.yaml")
    assert "1 failed, 4 passed" in result.stdout
    assert "claims.yaml:2:35: mynet.yaml, Params: prints 19 K, computed 183.14 K; " in result.stdout


def test_a_failure_has_an_explanation_and_no_traceback(repository: Path) -> None:
    claims = repository / "claims.yaml"
    claims.write_text(example("claims.yaml").replace("183 K", "19 K"), encoding="utf-8")
    result = run_pytest(repository, "claims.yaml")  # a file that is named is collected anyway
    assert result.returncode == 1
    assert "1 failed, 4 passed" in result.stdout
    assert "claims.yaml:2:35: mynet.yaml, Params: prints 19 K, computed 183.14 K; " in result.stdout
    assert "Traceback" not in result.stdout
    assert "def runtest" not in result.stdout


def test_a_claim_is_named_by_its_id_and_has_its_line_in_the_report_of_pytest(
    repository: Path,
) -> None:
    claims = repository / "claims.yaml"
    lines = ("- {network: vgg16, params: 138 M}", "- {network: vgg16,", "   id: mine, params: 1 K}")
    claims.write_text("\n".join(("claims:", *lines)))
    result = run_pytest(repository, "claims.yaml", "-k", "mine", "--junitxml=report.xml")
    assert "claims.yaml::claim[mine, claims, vgg16, Params, 1 K] FAILED" in result.stdout
    assert "1 failed, 1 deselected" in result.stdout
    (case,) = ElementTree.parse(repository / "report.xml").iter("testcase")
    assert (case.get("name") or "").startswith("claim[mine, ")
    properties = {row.get("name"): row.get("value") for row in case.iter("property")}
    assert properties == {"file": "claims.yaml", "line": "4"}
    (failure,) = case.iter("failure")
    assert (failure.text or "").startswith("claims.yaml:4:22: vgg16, Params: prints 1 K")


@pytest.mark.slow
def test_a_wrong_file_is_a_collection_error(repository: Path) -> None:
    (repository / "claims.yaml").write_text("claims: [{network: nope, params: 5}]", "utf-8")
    result = run_pytest(repository, "claims.yaml")
    assert result.returncode == 2
    assert "claims.yaml:1:20: there is no network 'nope'" in result.stdout
    assert "Traceback" not in result.stdout


def test_the_hook_checks_the_files_it_is_given(repository: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    ((use,),) = [repo["hooks"] for repo in yaml.safe_load(example("pre-commit"))["repos"]]
    assert use["id"] == hook["id"]
    assert re.search(use["files"], "specs/mynet.yaml")
    assert re.search(hook["files"], "models/specs/mynet.yaml")
    # A library of blocks claims nothing: pre-commit leaves it out, as a folder's check does.
    assert re.search(hook["exclude"], "models/specs/blocks/mine.yaml")
    assert not re.search(hook["exclude"], "models/specs/mynet.yaml")
    assert run([*hook["entry"].split(), "mynet.yaml", "claims.yaml"], repository).returncode == 0
    spec = repository / "mynet.yaml"
    spec.write_text(example("mynet.yaml").replace("200K", "100K"), encoding="utf-8")
    assert run([*hook["entry"].split(), "mynet.yaml"], repository).returncode == 1


@pytest.mark.slow
def test_the_action_checks_and_annotates(repository: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    steps = yaml.safe_load(example("action"))
    assert steps[-1]["with"].keys() <= action["inputs"].keys()
    step = action["runs"]["steps"][-1]
    assert step["shell"] == "bash"

    def annotations(**inputs: str) -> subprocess.CompletedProcess[str]:
        given = {
            name: inputs.get(name.replace("-", "_"), row["default"])
            for name, row in action["inputs"].items()
        }
        environment = {
            name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: given[match[1]], value)
            for name, value in step["env"].items()
        }
        return run(["bash", "-e", "-c", step["run"]], repository, **environment)

    assert annotations().returncode == 0
    # Bounds hold for the specs of the folder; its claims files are checked as ever.
    assert annotations(max_params="200K").returncode == 0
    assert "file=mynet.yaml" in annotations(max_params="100K").stdout
    broken = annotations(paths="mynet.yaml", max_mult_adds="5M")
    assert broken.returncode == 1
    assert broken.stdout.startswith("::error file=mynet.yaml,line=1,col=1,")


def test_a_long_check_has_a_progress_bar() -> None:
    # A terminal of its own: the bar is drawn on standard error, the result is not touched.
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    code = (
        "from costcalc.cli import progress\n"
        "progress._LONG = 0.0\n"
        "from costcalc.cli import main\n"
        "main(['check', 'vgg'])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=follower,
        check=False,
        text=True,
    )
    os.close(follower)
    drawn = os.read(leader, 1 << 20).decode()
    os.close(leader)
    assert result.returncode == 0
    assert "claims" in drawn
    assert "All 6 claims hold." in result.stdout
