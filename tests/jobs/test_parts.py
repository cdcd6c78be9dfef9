"""A folder of parts: each written whole or not at all, and none twice."""

import errno
import json
import os
from itertools import islice

import pyarrow.dataset
import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError
from costcalc.grid import evaluate, tables
from costcalc.jobs.workers import ThisProcess

GRID = {"alpha": ["0.5", 1, 2], "res": [32, 64, 96, 128]}


@pytest.fixture(autouse=True)
def of_four_settings(monkeypatch):
    """Parts of four settings, where a grid has a million in each."""
    monkeypatch.setattr(evaluate, "CHUNK", 4)
    monkeypatch.setattr(tables, "CHUNK", 4)


def swept(**more):
    return costcalc.sweep("mobilenet_v1", **{**GRID, **more})


def rows(folder):
    """The rows of all parts, by a reader that knows nothing of costcalc."""
    return pyarrow.dataset.dataset(folder).to_table().to_pylist()


def reported():
    """The rows as reports count them, one after another."""
    costs = []
    for alpha in (0.5, 1, 2):
        for res in GRID["res"]:
            totals = costcalc.report("mobilenet_v1", alpha=alpha, res=res).totals
            costs.append({"alpha": float(alpha), "res": res, **totals._asdict()})
    return costs


def manifest(folder):
    return json.loads((folder / "_costcalc.json").read_text())


def parts(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix == ".parquet")


class EndsAfter(ThisProcess):
    """This process, which is interrupted after some units."""

    def results(self, function, units, *, in_order=True):
        yield from islice(super().results(function, units), 2)
        raise KeyboardInterrupt


def interrupted(folder):
    sweep = swept()
    sweep.engine = EndsAfter()
    with pytest.raises(KeyboardInterrupt):
        sweep.write_parts(str(folder))


def test_parts_have_the_rows_of_reports(tmp_path):
    dataset = swept().write_parts(str(tmp_path / "grid"))
    assert (dataset.rows, dataset.parts, dataset.kept) == (12, 3, 0)
    assert rows(tmp_path / "grid") == reported()
    assert manifest(tmp_path / "grid")["is_complete"] is True
    assert parts(tmp_path / "grid") == [f"part-000000{number}.parquet" for number in range(3)]


def test_an_interrupted_sweep_goes_on_from_the_parts_that_are_there(tmp_path):
    interrupted(tmp_path)
    assert manifest(tmp_path)["is_complete"] is False
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in parts(tmp_path)}
    assert len(before) == 2
    dataset = swept().write_parts(str(tmp_path))
    assert (dataset.rows, dataset.parts, dataset.kept) == (12, 3, 2)
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in before} == before
    assert rows(tmp_path) == reported()


@pytest.mark.parametrize("damage", ["missing", "empty", "cut"])
def test_a_part_that_is_not_whole_is_written_again(tmp_path, damage):
    swept().write_parts(str(tmp_path))
    part = tmp_path / "part-0000001.parquet"
    data = part.read_bytes()
    part.unlink() if damage == "missing" else part.write_bytes(
        data[:-9] if damage == "cut" else b""
    )
    assert swept().write_parts(str(tmp_path)).kept == 2
    assert rows(tmp_path) == reported()


def test_a_part_of_another_sweep_is_written_again(tmp_path):
    swept(res=[5, 6, 7, 8]).write_parts(str(tmp_path / "other"))
    swept().write_parts(str(tmp_path / "grid"))
    name = "part-0000001.parquet"
    (tmp_path / "grid" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    assert swept().write_parts(str(tmp_path / "grid")).kept == 2
    assert rows(tmp_path / "grid") == reported()


def test_what_lost_writers_left_is_removed_at_the_end(tmp_path):
    interrupted(tmp_path)
    left = tmp_path / f".part-0000002.parquet.{'0' * 32}"
    left.write_bytes(b"PAR1")
    assert len(rows(tmp_path)) == 8  # readers skip it
    swept().write_parts(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_costcalc.json", *parts(tmp_path)]


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    synced, sync = [], os.fsync

    def full(descriptor):
        synced.append(descriptor)
        if len(synced) == 3:  # the manifest, one part, and half of the next
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CostcalcError, match=r"cannot be written: No space left on device\n.*try"):
        swept().write_parts(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "_costcalc.json",
        "part-0000000.parquet",
    ]
    assert manifest(tmp_path)["is_complete"] is False
    assert swept().write_parts(str(tmp_path)).kept == 1
    assert rows(tmp_path) == reported()


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"alpha": ["0.5", 1]}, "expected parameters: 2 alpha × 4 res"),
        ({"where": "params < 1M"}, "expected where: params < 1M\n    found    where: none"),
        ({"res": [32, 64, 96, 160]}, "other values of the same parameters"),
        ({"convention": "torch"}, "expected convention: torch"),
        ({"metrics": "weight_bytes", "storage": "int8"}, "storage: int8"),
    ],
)
def test_a_folder_of_another_sweep_is_refused(tmp_path, other, message):
    swept().write_parts(str(tmp_path))
    with pytest.raises(CostcalcError, match="holds the parts of something else") as refusal:
        swept(**other).write_parts(str(tmp_path))
    assert message in str(refusal.value)
    assert rows(tmp_path) == reported()


def test_a_spec_that_has_changed_is_another_sweep(tmp_path):
    spec = tmp_path / "net.yaml"
    layers = "input: [3, 8, 8]\nlayers:\n  - conv: {out: 8, kernel: 3}\n  - max_pool: 2\n"
    spec.write_text(layers)
    costcalc.sweep(spec, alpha=[1, 2]).write_parts(str(tmp_path / "grid"))
    spec.write_text(f"# no difference\n{layers}")
    assert costcalc.sweep(spec, alpha=[1, 2]).write_parts(str(tmp_path / "grid")).kept == 1
    spec.write_text(layers.replace("max_pool", "avg_pool"))
    with pytest.raises(CostcalcError, match="parts of the network as it was"):
        costcalc.sweep(spec, alpha=[1, 2]).write_parts(str(tmp_path / "grid"))


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(CostcalcError, match="is not empty, and has no _costcalc"):
        swept().write_parts(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    (tmp_path / "_costcalc.json").write_text("[")
    with pytest.raises(CostcalcError, match="is no manifest"):
        swept().write_parts(str(tmp_path))


def run(*arguments):
    return CliRunner().invoke(main, ["sweep", *arguments])


def test_the_command_says_what_the_folder_holds(tmp_path):
    """vgg16 does not exist at 8 and 16, whether its parts are new or were there."""
    arguments = ("mobilenet_v1", "vgg16", "--res", "8,16,32,64,224", "-o", f"{tmp_path}/")
    new, again = run(*arguments), run(*arguments)
    assert (new.exit_code, new.stdout, again.exit_code) == (0, "", 0)
    assert f"{tmp_path}/: 8 rows in 4 parts.\n" in new.stderr
    assert f"{tmp_path}/: 8 rows in 4 parts, 4 of them written before.\n" in again.stderr
    refused, refused_again = (result.stderr.split("\n")[1:] for result in (new, again))
    assert [line.partition(", layer")[0] for line in refused if line] == [
        f"No row for 1 setting of vgg16; at configuration = D, res = {res}" for res in (8, 16)
    ]
    assert refused_again == refused
    names = [row["network"] for row in rows(tmp_path)]
    assert names == ["mobilenet_v1"] * 5 + ["vgg16"] * 3


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["-o", "grid/", "--top", "3"], "-o FILE.parquet"),
        (["-o", "grid/", "--pivot"], "-o FILE.parquet"),
        (["-o", "grid/", "--format", "csv"], "only parquet is written in parts"),
        (["--jobs", "0"], "from 1 to 256"),
        (["--jobs", "2", "--scheduler", "tcp://a:1"], "one of the two"),
        (["--scheduler", " "], "--scheduler has no address"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(tmp_path, monkeypatch, more, message):
    monkeypatch.chdir(tmp_path)
    result = run("mobilenet_v1", "--alpha", "1,2", *more)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_its_slash_is_named(tmp_path):
    result = run("mobilenet_v1", "--alpha", "1,2", "-o", str(tmp_path))
    assert result.exit_code == 2
    assert f"-o {tmp_path}/" in result.stderr


def test_a_missing_extra_tells_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    result = run("mobilenet_v1", "--alpha", "1,2", "--jobs", "2")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "pip install 'costcalc[dask]'" in result.stderr
