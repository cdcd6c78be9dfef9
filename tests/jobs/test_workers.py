"""Units on Dask's workers: each is done once, whatever becomes of a worker."""

import os
import signal
import socket
import time

import pyarrow.dataset
import pytest

import costcalc
from costcalc.errors import CostcalcError
from costcalc.grid import evaluate, tables
from costcalc.jobs import workers
from costcalc.jobs.workers import ThisProcess, Workers

SLOW = 0.05
"""Seconds that a unit takes, so that there is something to interrupt."""


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two workers, one process each, that lose no time over a third."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=60
    ) as cluster:
        yield Workers(scheduler=cluster.scheduler_address, patience=60)


def killing(marker, function):
    """The function, on a worker that is killed the first time that one does the fourth unit."""

    def done(unit):
        time.sleep(SLOW)
        number = unit[0] if isinstance(unit, tuple) else unit
        if number == 3 and not os.path.exists(marker):
            open(marker, "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return function(unit)

    return done


def test_results_come_in_the_order_of_units_or_as_they_are_done(cluster):
    def uneven(unit):
        time.sleep(SLOW if unit == 0 else 0)
        return unit * 7

    expected = [unit * 7 for unit in range(40)]
    assert list(cluster.results(uneven, range(40))) == expected
    assert sorted(cluster.results(uneven, range(40), in_order=False)) == expected
    assert list(cluster.results(uneven, [])) == []


def test_units_are_read_as_they_are_handed_out(cluster):
    read = []

    def units():
        for unit in range(10**9):
            read.append(unit)
            yield unit

    results = cluster.results(lambda unit: unit, units())
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    results.close()
    assert len(read) < 30


def test_a_worker_that_is_killed_loses_nothing(cluster, tmp_path):
    marker = str(tmp_path / "killed")
    done = killing(marker, lambda unit: unit * 7)
    assert list(cluster.results(done, range(12))) == [unit * 7 for unit in range(12)]
    assert os.path.exists(marker)


def test_workers_that_are_lost_again_and_again_are_one_message(cluster):
    def dies(unit):
        if unit == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return unit

    with pytest.raises(CostcalcError, match="several workers were lost, one after another"):
        list(cluster.results(dies, range(12)))


def test_an_error_of_the_function_keeps_its_place_and_its_two_wordings(cluster):
    def refuses(unit):
        from costcalc.advice import option
        from costcalc.errors import Mark, refuse

        refuse(Mark("net.yaml", 3, 5), f"unit {unit}", hint=option("max_params", "5M"))

    with pytest.raises(CostcalcError) as refusal:
        list(cluster.results(refuses, [7]))
    (problem,) = refusal.value.problems
    assert str(problem) == "net.yaml:3:5: unit 7\n    try      --max-params 5M"
    assert problem.hint.python == 'max_params="5M"'


def test_another_version_is_refused(cluster, monkeypatch):
    monkeypatch.setattr(workers, "versions", lambda: ("9.9.9", "3.11"))
    with pytest.raises(CostcalcError, match="another version") as refusal:
        list(cluster.results(abs, range(3)))
    assert "expected costcalc 9.9.9 with Python 3.11" in str(refusal.value)
    assert f"found    costcalc {costcalc.__version__} with Python" in str(refusal.value)


@pytest.fixture
def of_few_settings(monkeypatch):
    monkeypatch.setattr(evaluate, "CHUNK", 4)
    monkeypatch.setattr(tables, "CHUNK", 4)


GRID = {"alpha": [1, 2, 3], "res": [8, 16, 32, 64, 128, 192, 224]}


def test_a_sweep_is_the_same_on_workers(cluster, of_few_settings):
    def swept(engine):
        sweep = costcalc.sweep("mobilenet_v1", "vgg16", where="mult_adds <= 4G", **GRID)
        sweep.engine = engine
        return sweep

    here, there = swept(ThisProcess()), swept(cluster)
    assert list(there.rows()) == list(here.rows())
    assert there.notes() == here.notes() != ()
    assert there.top(5, "-mult_adds") == here.top(5, "-mult_adds")
    assert there.pareto() == here.pareto()
    assert len(there) == len(here)


@pytest.mark.parametrize("network", ["mobilenet_v1", "densenet121"])
def test_parts_are_whole_and_once_though_a_worker_is_killed(
    cluster, of_few_settings, tmp_path, network
):
    class Killed:
        def results(self, function, units, *, in_order=True):
            done = killing(str(tmp_path / "killed"), function)
            return cluster.results(done, units, in_order=in_order)

    sweep = costcalc.sweep(network, **GRID)
    sweep.engine = Killed()
    dataset = sweep.write_parts(str(tmp_path / "grid"))
    assert (tmp_path / "killed").exists()
    assert (dataset.parts, dataset.kept) == (6, 0)
    written = pyarrow.dataset.dataset(tmp_path / "grid").to_table().to_pylist()
    plain = costcalc.sweep(network, **GRID)
    assert written == [{**row.settings, **row.costs} for row in plain.rows()]
    names = sorted(path.name for path in (tmp_path / "grid").iterdir())
    assert names == ["_costcalc.json", *(f"part-000000{number}.parquet" for number in range(6))]


@pytest.mark.parametrize("question", [["--count"], ["--sample", "3"]])
def test_what_is_asked_of_a_space_is_the_same_on_workers(cluster, question):
    from click.testing import CliRunner

    from costcalc.cli import main

    grid = ["sweep", "mobilenet_v1", "--alpha", "0.5,1,2", "--set", "classes=10,100"]
    arguments = [*grid, "--where", "params <= 5M", *question, "--format", "json"]
    here = CliRunner().invoke(main, arguments)
    there = CliRunner().invoke(main, [*arguments, "--scheduler", cluster.scheduler])
    assert (here.exit_code, there.exit_code) == (0, 0), there.stderr
    assert there.stdout == here.stdout


def test_a_folder_that_workers_do_not_see_is_refused(tmp_path):
    """A worker sees another folder of that name, which nobody has begun."""
    folder = tmp_path / "grid"

    class Elsewhere:
        def results(self, function, units, *, in_order=True):
            folder.rename(tmp_path / "seen")
            folder.mkdir()
            return map(function, units)

    sweep = costcalc.sweep("mobilenet_v1", alpha=[1, 2])
    sweep.engine = Elsewhere()
    with pytest.raises(CostcalcError, match="a worker does not see this folder"):
        sweep.write_parts(str(folder))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{}", "127.0.0.1", "http://127.0.0.1:{}"])
def test_a_scheduler_that_does_not_answer_is_one_message(monkeypatch, address):
    monkeypatch.setattr(workers, "ANSWER", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = address.format(silent.getsockname()[1])
        engine = workers.engine(scheduler=address)
        with pytest.raises(CostcalcError, match=f"no scheduler answers at '{address}'"):
            list(engine.results(abs, range(3)))


@pytest.mark.slow
def test_a_cluster_without_workers_is_one_message():
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", silence_logs=60) as cluster:
        engine = Workers(scheduler=cluster.scheduler_address, patience=1)
        with pytest.raises(CostcalcError, match="there has been no worker for 1 s"):
            list(engine.results(abs, range(3)))


@pytest.mark.slow
def test_a_scheduler_that_is_lost_on_the_way_is_one_message():
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=60
    ) as cluster:
        engine = Workers(scheduler=cluster.scheduler_address, patience=1)

        def slow(unit):
            time.sleep(SLOW)
            return unit

        results = engine.results(slow, range(1000))
        assert next(results) == 0
        cluster.close()
        with pytest.raises(CostcalcError, match=r"no longer answers|there has been no worker"):
            list(results)


@pytest.mark.slow
def test_processes_of_this_machine_end_with_the_work():
    pids = set(workers.engine(2).results(lambda unit: os.getpid(), range(40)))
    assert 1 <= len(pids) <= 2 and os.getpid() not in pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
