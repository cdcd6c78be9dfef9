"""The tables of a network's memory: steps, tensors, traffic and patches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from costcalc.arena.planned import PlannedSchedule
from costcalc.kinds.base import channels_last
from costcalc.render.page import Cell, Column, Dimensions, Ratio, Row, Share, Table
from costcalc.storing.patches import Patches
from costcalc.storing.traffic import Traffic, total


def step_table(planned: PlannedSchedule, traffic: Sequence[Traffic]) -> Table:
    """The bytes alive in each step, as a bar chart in the terminal; for scripts also traffic."""
    columns = (
        Column("step", "Step"),
        Column("alive_bytes", "Alive, B", "right"),
        Column("alive_percent", "% of bound", "right", bar=True),
        Column("read_bytes", "Read, B", "right", audience="scripts"),
        Column("write_bytes", "Written, B", "right", audience="scripts"),
        Column("weight_bytes", "Weights, B", "right", audience="scripts"),
        Column("operations", "Operations", "right", audience="scripts"),
        Column("intensity", "Operations per B", "right", audience="scripts"),
    )
    steps = zip(planned.schedule.steps, planned.alive, traffic, strict=True)
    rows = (
        Row((step.name, alive, Share(alive, planned.bound), *_traffic_cells(moved)))
        for step, alive, moved in steps
    )
    return Table("Steps", columns, tuple(rows))


def tensor_table(title: str, planned: PlannedSchedule, indexes: Iterable[int]) -> Table:
    """Some tensors with their lifetimes, and their offsets if they have any."""
    columns: tuple[Column, ...] = (
        Column("tensor", "Tensor"),
        Column("bytes", "Bytes", "right"),
        Column("first", "First", "right", audience="scripts"),
        Column("last", "Last", "right", audience="scripts"),
        Column("first_step", "From step", rank=2, audience="people"),
        Column("last_step", "To step", rank=1, audience="people"),
        Column("offset", "Offset", "right"),
    )
    offsets = planned.plan.offsets
    if offsets is None:
        columns = columns[:-1]
    names = [step.name for step in planned.schedule.steps]
    rows = []
    for index in indexes:
        tensor = planned.schedule.tensors[index]
        steps = (f"{at} {names[at]}" if names else "" for at in (tensor.first, tensor.last))
        cells: tuple[Cell, ...] = (tensor.name, tensor.bytes, tensor.first, tensor.last, *steps)
        rows.append(Row((*cells, offsets[index]) if offsets is not None else cells))
    return Table(title, columns, tuple(rows))


def traffic_table(planned: PlannedSchedule, traffic: Sequence[Traffic]) -> Table:
    """What each step reads, writes and computes."""
    columns = (
        Column("step", "Step"),
        Column("read_bytes", "Read, B", "right"),
        Column("write_bytes", "Written, B", "right"),
        Column("weight_bytes", "Weights, B", "right"),
        Column("operations", "Operations", "right", rank=1),
        Column("intensity", "per B", "right"),
    )
    rows = (
        Row((step.name, *_traffic_cells(moved)))
        for step, moved in zip(planned.schedule.steps, traffic, strict=True)
    )
    return Table(
        "Traffic", columns, tuple(rows), total=Row(("Total", *_traffic_cells(total(traffic))))
    )


def _traffic_cells(traffic: Traffic) -> tuple[Cell, ...]:
    intensity = traffic.intensity
    return (
        traffic.read_bytes,
        traffic.write_bytes,
        traffic.weight_bytes,
        traffic.operations,
        None if intensity is None else Ratio(intensity),
    )


def stage_table(patched: Patches) -> Table:
    """The stages that may run in patches, the best first."""
    columns = (
        Column("stage", "Up to"),
        Column("tile", "Tile", rank=3),
        Column("tile_bytes", "Tile, B", "right", rank=2),
        Column("output_bytes", "Output, B", "right", rank=2),
        Column("rest_bytes", "Rest, B", "right", rank=1),
        Column("peak_bytes", "RAM, B", "right"),
        Column("extra", "MACs more", "right", rank=4),
        Column("extra_percent", "% of all", "right"),
        Column("unclipped_percent", "Unclipped, %", "right", rank=5),
    )
    rows = tuple(
        Row(
            (
                stage.last,
                Dimensions(channels_last(stage.halos["clipped"].tile)),
                stage.halos["clipped"].tile_bytes,
                stage.output_bytes,
                stage.rest_bytes,
                stage.peak,
                stage.extra_macs("clipped"),
                Share(stage.extra_macs("clipped"), patched.macs),
                Share(stage.extra_macs("unclipped"), patched.macs),
            )
        )
        for stage in patched.stages
    )
    return Table(f"Stages in {patched.patches} × {patched.patches} patches", columns, rows)
