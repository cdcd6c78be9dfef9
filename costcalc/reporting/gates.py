"""Tables of the cost of gates, and of the network when gated blocks are skipped."""

from __future__ import annotations

from fractions import Fraction

from costcalc.costs.gating import GatedCost, Gating
from costcalc.render.formatting import exact
from costcalc.render.page import Column, Ratio, Row, Share, Table


def gate_tables(gating: Gating, unit: str) -> tuple[Table, Table]:
    """The gates next to their blocks; then all gates, and minimum, expected and maximum cost."""
    return _blocks(gating, unit), _network(gating, unit)


def _blocks(gating: Gating, unit: str) -> Table:
    """A row for each run of consecutive gated blocks with the same cost."""
    columns = (
        Column("name", "Gated block"),
        Column("blocks", "Blocks", "right", rank=1),
        Column("execute", "Execute", "right"),
        Column("gate", f"{unit} of the gate", "right"),
        Column("block", "of the block", "right"),
        Column("gate_percent", "Gate / block %", "right"),
    )
    return Table("Gates", columns, tuple(_row(run) for run in _runs(gating.parts)))


def _runs(parts: tuple[GatedCost, ...]) -> list[list[GatedCost]]:
    """Runs of consecutive parts that differ only in their names."""
    runs: list[list[GatedCost]] = []
    for part in parts:
        if runs and runs[-1][0]._replace(name=part.name) == part:
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def _row(run: list[GatedCost]) -> Row:
    part = run[0]
    name = part.name if len(run) == 1 else f"{part.name} … {run[-1].name}"
    has_ratio = part.gate and part.part
    ratio = Ratio(Fraction(100 * part.gate, part.part), digits=4) if has_ratio else None
    return Row((name, len(run), exact(part.execute), part.gate, part.part, ratio))


def _network(gating: Gating, unit: str) -> Table:
    columns = (
        Column("what", "The network"),
        Column("mult_adds", unit, "right"),
        Column("mult_adds_percent", "%", "right"),
        Column("params", "Params", "right"),
    )
    rows = (
        ("Gates", gating.gates, gating.gate_params),
        ("Minimum", gating.minimum, None),
        ("Expected", gating.expected, None),
        ("Maximum", gating.maximum, gating.params),
    )
    return Table(
        "With gates that skip",
        columns,
        tuple(
            Row((what, mult_adds, _of(mult_adds, gating.maximum), params))
            for what, mult_adds, params in rows
        ),
    )


def _of(part: int | Fraction, total: int) -> Share:
    """The share of an expected cost in a total, with a common denominator."""
    return Share(part.numerator, total * part.denominator)
