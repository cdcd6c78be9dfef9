"""Two versions of a network, from Python, the command line and git."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.comparing.diff import difference

OLD = """
name: Net
input: [3, res, res]
parameters: {alpha: 1, res: 8}
layers:
  - conv: {out: 4, kernel: 3, act: relu}
  - conv: {out: 4, kernel: 1}
  - conv: {out: 4, kernel: 1}
  - fc: {name: head, out: 10}
"""


@pytest.fixture
def versions(tmp_path):
    def write(*changes):
        new = OLD
        for old, with_ in changes:
            assert old in new
            new = new.replace(old, with_, 1)
        paths = tmp_path / "old.yaml", tmp_path / "new.yaml"
        for path, text in zip(paths, (OLD, new), strict=True):
            path.write_text(text)
        return [str(path) for path in paths]

    return write


def changes(paths):
    reports = [costcalc.report(path) for path in paths]
    return [
        (change.kind, change.layer.name, change.added("mult_adds"), change.added("params"))
        for change in difference(*reports, "").changes
    ]


def test_nothing_changed(versions):
    assert changes(versions()) == []


def test_a_kernel_changed(versions):
    # 5*5*3*4 - 3*3*3*4 = 192 weights more at 8*8 positions.
    paths = versions(("kernel: 3", "kernel: 5"))
    assert changes(paths) == [("changed", "conv1", 192 * 64, 192)]


def test_one_more_layer_is_one_change_although_it_renames_those_below(versions):
    paths = versions(
        ("act: relu}\n", "act: relu}\n  - conv: {out: 4, kernel: 7}\n"),
    )
    # 7*7*4*4 = 784 weights.
    assert changes(paths) == [("added", "conv2", 784 * 64, 784)]


def test_a_layer_was_removed(versions):
    paths = versions(("  - conv: {out: 4, kernel: 1}\n", ""))
    # 4*4 weights.
    assert changes(paths) == [("removed", "conv3", -16 * 64, -16)]


def test_a_width_changes_the_layers_that_read_it(versions):
    paths = versions(("out: 4, kernel: 1", "out: 6, kernel: 1"))
    # 4*6 - 4*4 = 8 weights in one layer and in the next, which reads it.
    assert changes(paths) == [
        ("changed", "conv2", 8 * 64, 8),
        ("changed", "conv3", 8 * 64, 8),
    ]


def test_free_layers_that_only_follow_are_left_out(versions):
    # The ReLU behind the first convolution reads 5 channels as well.
    paths = versions(("out: 4, kernel: 3", "out: 5, kernel: 3"))
    assert [name for _, name, _, _ in changes(paths)] == ["conv1", "conv2"]


def test_layers_of_other_widths_are_matched_by_name():
    found = changes(["mobilenet_v1", "mobilenet_v1@alpha=0.5"])
    assert {kind for kind, *_ in found} == {"changed"}
    # 27 convolutions and the classifier.
    assert len([name for _, name, *_ in found if not name.startswith("global")]) == 28


def test_layers_that_cost_nothing_are_shown_too(versions):
    paths = versions((", act: relu", ""))
    assert changes(paths) == [("removed", "conv1.relu", 0, 0)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("out: 4, kernel: 3", "out: 5, kernel: 3"),
        ("act: relu}", "act: relu, norm: batch, stride: 2}"),
        (
            "kernel: 1}\n  - fc",
            "kernel: 1}\n  - max_pool: 2\n  - conv: {out: 9, kernel: 2}\n  - fc",
        ),
        ("  - conv: {out: 4, kernel: 1}\n  - conv: {out: 4, kernel: 1}\n", "  - pointwise: 8\n"),
        ("out: 10", "out: 11"),
    ],
)
def test_the_layers_differences_add_up_to_that_of_the_totals(versions, old, new):
    paths = versions((old, new))
    reports = [costcalc.report(path) for path in paths]
    found = difference(*reports, "")
    for metric in ("mult_adds", "params"):
        gained = sum(change.added(metric) for change in found.changes)
        before, after = (getattr(report.totals, metric) for report in reports)
        assert gained == after - before


def test_the_page(versions):
    paths = versions(("kernel: 3", "kernel: 5"))
    result = CliRunner().invoke(main, ["diff", *paths])
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert ("changed conv1 type Conv 3x3 → Conv 5x5, kernel 3x3 → 5x5 +12,288 +192") in lines
    # 3*3*3*4 + 4*4 + 4*4 = 140 weights at 64 positions, and 256 * 10.
    assert "Mult-Adds 11,520 23,808 +12,288 +106.67" in lines


def test_json(versions):
    paths = versions(("kernel: 3", "kernel: 5"))
    result = CliRunner().invoke(main, ["diff", *paths, "--format", "json"])
    parsed = json.loads(result.stdout)
    assert parsed["totals"]["old"] == {"params": 2700, "mult_adds": 11520}
    (change,) = parsed["changes"]
    assert change["details"]["kernel"] == {"old": [3, 3], "new": [5, 5]}


def test_a_diff_needs_two_versions():
    result = CliRunner().invoke(main, ["diff", "mobilenet_v1"])
    assert result.exit_code == 2
    assert "OLD and NEW" in result.stderr


def test_git_calls_it_as_its_diff_driver(tmp_path):
    def git(*arguments):
        command = ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True, env=environment
        ).stdout

    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    git("init", "-q")
    git("config", "diff.costcalc.command", f"'{sys.executable}' -m costcalc diff")
    (tmp_path / ".gitattributes").write_text("*.yaml diff=costcalc\n")
    (tmp_path / "net.yaml").write_text(OLD)
    git("add", "-A")
    git("commit", "-qm", "net")
    (tmp_path / "net.yaml").write_text(OLD.replace("kernel: 3", "kernel: 5"))
    assert "+12,288" in git("diff")
    (tmp_path / "net.yaml").unlink()
    # The whole network was removed: 11520 mult-adds.
    assert "-11,520" in git("diff")


def test_shapes_of_tokens_are_tokens(tmp_path):
    """As in the report; those of maps have their channels last."""
    text = """
input: [3, 4, 8]
layers:
  - conv: {out: 6, kernel: 3}
  - reshape: [6, 32]
  - transpose: [1, 0]
  - fc: {out: 7, per_position: true, axis: -1, name: mlp}
"""
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(text)
    new.write_text(text.replace("[3, 4, 8]", "[3, 8, 8]").replace("[6, 32]", "[6, 64]"))
    shown = str(costcalc.diff(old, new))
    assert "output 4 x 8 x 6 → 8 x 8 x 6" in shown
    assert "input 32 x 6 → 64 x 6, output 32 x 7 → 64 x 7" in shown


def test_totals_have_bytes_under_a_storage(versions):
    old, new = versions(("out: 4, kernel: 3", "out: 6, kernel: 3"))
    difference = costcalc.diff(old, new, storage="int8")
    data = difference.data()
    assert data["storage"] == "int8"
    # the first convolution's weights and biases, and the weights of the one that reads it
    more = data["totals"]["new"]["weight_bytes"] - data["totals"]["old"]["weight_bytes"]
    assert more == 2 * 3 * 3 * 3 + 2 * 4 + 2 * 4
    # the largest step reads 3 and writes 4 channels of 8 x 8, then two of 6 and 4
    assert data["totals"]["old"]["peak_bytes"] == 8 * 8 * (4 + 4)
    assert data["totals"]["new"]["peak_bytes"] == 8 * 8 * (6 + 4)
    assert data["totals"]["old"].items() >= costcalc.diff(old, new).data()["totals"]["old"].items()
    assert "RAM, B" in str(difference)


def test_a_network_that_was_added_had_no_bytes(versions):
    _, new = versions()
    totals = costcalc.diff(None, new, storage="int8").data()["totals"]
    assert {*totals["old"]} == {*totals["new"]}
    assert {*totals["old"].values()} == {0}
