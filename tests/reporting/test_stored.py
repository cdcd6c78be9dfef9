"""The bytes of a report's rows: sums over steps, tensors that enter and leave, the most alive."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError
from costcalc.render.page import Ratio, Table
from costcalc.reporting.report import BYTE_COLUMNS, Report, TableOptions

NETWORKS = ["mobilenet_v2", "googlenet", "densenet121", "resnet18"]
STORAGES = ["fp32", "tflm", "mcunet"]
SMALL, LARGE = 4 * 16 * 16, 24 * 16 * 16

RESIDUAL = """
name: residual
input: [2, 16, 16]
blocks:
  inner:
    layers:
      - conv: {out: 24, kernel: 1, act: relu, name: expand}
      - conv: {out: 4, kernel: 1, name: project}
layers:
  - conv: {out: 4, kernel: 3, norm: batch, act: relu, name: stem}
  - inner: {name: inner}
  - add: {from: [stem, inner], name: sum}
  - flatten
  - fc: 10
"""

FUSED_ADD = """
name: fused
title: an add is part of the convolution before it
source: made up
extends: int8
fused: [batch_norm, activation, add]
"""


@pytest.fixture
def residual(tmp_path: Path) -> str:
    (tmp_path / "fused.yaml").write_text(FUSED_ADD)
    path = tmp_path / "residual.yaml"
    path.write_text(RESIDUAL)
    return str(path)


def cells(table: Table) -> list[dict[str, Any]]:
    keys = [column.key for column in table.columns]
    return [dict(zip(keys, row.cells, strict=True)) for row in table.rows if not row.is_sum]


def rows(report: Report, has_all_layers: bool = False, depth: int | None = None) -> Any:
    options = TableOptions(by="layer", has_all_layers=has_all_layers, depth=depth)
    return {row["name"]: row for row in cells(report.page(options).tables[0])}


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("network", NETWORKS)
def test_rows_at_any_depth_add_up_to_the_memory_of_the_network(network: str, storage: str) -> None:
    report = costcalc.report(network, storage=storage)
    memory = costcalc.memory(network, storage=storage)
    moved = sum(step.traffic_bytes for step in memory.traffic)
    totals = {key: report.data()["totals"][key] for key in ("weight_bytes", "peak_bytes")}
    assert totals == {"weight_bytes": memory.weight_bytes, "peak_bytes": memory.peak}
    for depth in (1, 2, None):
        for has_all_layers in (False, True):
            options = TableOptions("block", depth, has_all_layers=has_all_layers)
            table = report.page(options).tables[0]
            parts = cells(table)
            (total,) = cells(table._replace(rows=(table.total,)))
            for whole in (
                {
                    "weight_bytes": sum(row["weight_bytes"] for row in parts),
                    "alive_bytes": max(row["alive_bytes"] or 0 for row in parts),
                    "traffic_bytes": sum(row["traffic_bytes"] or 0 for row in parts),
                },
                {key: total[key] for key in ("weight_bytes", "alive_bytes", "traffic_bytes")},
            ):
                assert whole == {
                    "weight_bytes": memory.weight_bytes,
                    "alive_bytes": memory.lower_bound,
                    "traffic_bytes": moved,
                }
            assert total["input_bytes"] is total["output_bytes"] is None
    types = cells(report.page(TableOptions(by="type")).tables[0])
    assert sum(row["weight_bytes"] for row in types) == memory.weight_bytes
    assert sum(row["traffic_bytes"] or 0 for row in types) == moved


def test_a_row_is_that_of_its_step(residual: str) -> None:
    found = rows(costcalc.report(residual, storage="int8"))
    read, weights = 2 * 16 * 16, 3 * 3 * 2 * 4 + 4 * 4  # 32-bit biases, from the folded norm
    moved = read + SMALL + weights
    assert {key: found["stem"][key] for key in BYTE_COLUMNS} == {
        "weight_bytes": weights,
        "input_bytes": read,
        "output_bytes": SMALL,
        "alive_bytes": read + SMALL,
        "traffic_bytes": moved,
        # two for each multiply-accumulate, one for each addition of the bias from the folded norm,
        # one for each comparison of the activation
        "intensity": Ratio(Fraction(2 * 3 * 3 * 2 * SMALL + SMALL + SMALL, moved)),
        "step": "stem",
    }
    project, add = found["inner/project"], found["sum"]
    assert project["alive_bytes"] == LARGE + SMALL + SMALL  # the last one waits for the add
    assert (add["input_bytes"], add["output_bytes"]) == (2 * SMALL, SMALL)
    assert add["weight_bytes"] == 0


def test_a_blocks_bytes_are_those_that_enter_and_leave_it(residual: str) -> None:
    report = costcalc.report(residual, storage="int8")
    block = rows(report, depth=1)["inner"]
    expand, project = (rows(report)[f"inner/{name}"] for name in ("expand", "project"))
    assert (block["input_bytes"], block["output_bytes"]) == (SMALL, SMALL)
    assert block["weight_bytes"] == 2 * 24 * 4 + 4 * (24 + 4)  # biases of 32 bits
    assert block["alive_bytes"] == LARGE + 2 * SMALL
    assert block["traffic_bytes"] == expand["traffic_bytes"] + project["traffic_bytes"]
    assert block["traffic_bytes"] == 2 * (SMALL + LARGE) + block["weight_bytes"]
    assert block["step"] is None


def test_a_layer_in_anothers_step_has_none_of_its_own(residual: str, tmp_path: Path) -> None:
    report = costcalc.report(residual, storage=str(tmp_path / "fused.yaml"))
    found = rows(report, has_all_layers=True)
    assert {name: row["step"] for name, row in found.items() if row["traffic_bytes"] is None} == {
        "stem.batch_norm": "stem",
        "stem.relu": "stem",
        "inner/expand.relu": "inner/expand",
        "sum": "inner/project",
        "flatten1": "inner/project",
    }
    assert found["inner/project"]["input_bytes"] == LARGE + SMALL
    assert found["inner/project"]["output_bytes"] == SMALL
    assert "Rows without traffic are views, or part of another row's step." in report.page().notes


def test_a_batch_multiplies_activations_alone(residual: str) -> None:
    one, four = (rows(costcalc.report(residual, storage="int8", batch=n)) for n in (1, 4))
    for name in one:
        assert one[name]["weight_bytes"] == four[name]["weight_bytes"]
        for key in ("input_bytes", "output_bytes", "alive_bytes"):
            assert four[name][key] == (one[name][key] and 4 * one[name][key])


def test_json_has_what_it_has_without_a_storage_and_more(residual: str) -> None:
    plain = costcalc.report(residual).data()
    stored = costcalc.report(residual, storage="tflm").data()
    assert (stored["storage"], stored["planner"], stored["batch"]) == ("tflm", "tflm", 1)
    assert {key: stored[key] for key in plain if key not in ("totals", "types", "layers")} == {
        key: plain[key] for key in plain if key not in ("totals", "types", "layers")
    }
    assert plain["totals"].items() <= stored["totals"].items()
    for key in ("types", "layers"):
        for before, after in zip(plain[key], stored[key], strict=False):
            assert before.items() <= after.items()
            assert {*after} - {*before} == {*BYTE_COLUMNS} - ({"step"} if key == "types" else set())
    assert json.loads(json.dumps(stored)) == stored


def test_columns_of_bytes_take_the_networks_own_storage_or_fp32(residual: str) -> None:
    result = CliRunner().invoke(main, ["report", residual, "--columns", "name,weight_bytes"])
    assert result.exit_code == 0
    assert "storage     fp32: every number in 32 bits" in result.output
    # the norm is kept: scale, shift and running statistics
    assert rows(costcalc.report(residual, has_bytes=True))["stem"]["weight_bytes"] == 4 * (72 + 16)
    plain = CliRunner().invoke(main, ["report", residual])
    assert "storage" not in plain.output and "Weights, B" not in plain.output


def test_bytes_without_a_storage_are_refused(residual: str) -> None:
    with pytest.raises(CostcalcError, match="without a storage has no bytes"):
        costcalc.report(residual).page(TableOptions(columns=("alive_bytes",)))
    with pytest.raises(CostcalcError, match="no planner 'tflmm'"):
        costcalc.report(residual, planner="tflmm")
    with pytest.raises(CostcalcError, match="batch=8 would change nothing: only counts are asked"):
        costcalc.report(residual, batch=8)
    with pytest.raises(CostcalcError, match="batch: 0 is not a number of inputs"):
        costcalc.report(residual, storage="fp32", batch=0)


def test_a_plain_report_imports_no_memory() -> None:
    code = (
        "import sys; from costcalc.cli import main\n"
        "try: main(['report', 'mobilenet_v1'])\n"
        "except SystemExit: pass\n"
        "print([n for n in sys.modules if n.startswith(('costcalc.storing',"
        " 'costcalc.reporting.stored', 'costcalc.metrics'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
