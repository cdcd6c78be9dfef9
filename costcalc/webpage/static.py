"""The tables of an interactive page as they stand without JavaScript."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from costcalc.escaping import html
from costcalc.formulas.algebra import Size
from costcalc.render.formatting import counted, exact, scaled, share
from costcalc.reporting.phrases import settings_line
from costcalc.tape.number import TapeNumber
from costcalc.webpage.model import Counts, NetworkModel, Structure, TableRow


def region(name: str) -> str:
    """What is wider than a narrow screen, and scrolls there."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{html(name)}">'


def opened_table(name: str, caption: str, heads: Sequence[str], unit: str) -> str:
    """A table up to its first row: words, then costs with their shares."""
    columns = "".join(f'<th scope="col">{head}' for head in heads)
    columns += f'<th scope="col" class="unit">{html(unit)}'
    columns += "".join(f'<th scope="col">{head}' for head in ("%", "Params", "%"))
    return f'<table class="{name}"><caption>{caption}</caption><thead><tr>{columns}</thead><tbody>'


class StaticNetwork:
    """The tables of a network at the settings that its page opens with."""

    def __init__(self, model: NetworkModel) -> None:
        self.model = model
        structure = model.opening.result
        assert isinstance(structure, Structure)  # or there would be no page
        self.structure = structure
        defaults = model.defaults
        self.numbers = [defaults[parameter.name] for parameter in model.program.tape.parameters]

    def value(self, number: Size) -> Size:
        """A number of the tape at these settings."""
        if isinstance(number, TapeNumber):
            return self.model.program.player.value(number.node, tuple(self.numbers))
        return number

    def totals(self) -> str:
        """The row of totals."""
        settings = {control.name: control.default for control in self.model.controls}
        total = self.counts(self.structure.totals[0])
        words = "".join(
            f"<td><span>{scaled(value)}</span> <small>{counted(value)}</small> <small></small>"
            for value in total
        )
        line = html(settings_line(settings))
        return f'<tr><th scope="row">{html(self.model.title)}<td>{line}{words}'

    def rows(self) -> Iterator[str]:
        """The rows of the table of layers."""
        for row in self.structure.rows:
            classes = [f"d{min(row.depth, 8)}"] * (row.depth > 0)
            classes += ["sum"] * row.is_sum + ["free"] * row.is_free[0]
            attribute = f' class="{" ".join(classes)}"' if classes else ""
            filter_ = self.size(row.filter) + row.suffix
            words = [row.path, filter_, self.size(row.input)]
            cells = "".join(f"<td>{html(each)}" for each in words)
            yield f"<tr{attribute}><th>{html(row.title)}{cells}{self.costs(row)}"

    def types(self) -> Iterator[str]:
        """The rows of the table of types, the costliest first."""
        rows = [(row, self.counts(row.counts[0])) for row in self.structure.types if row.layers[0]]
        for row, counts in sorted(rows, key=lambda pair: (-pair[1][0], -pair[1][1])):
            costs = self.shares(counts)
            yield f'<tr><th scope="row">{html(row.type)}<td>{counted(row.layers[0])}{costs}'

    def total(self, span: int) -> str:
        """The row below a table, whose first columns are words."""
        blank = "<td>" * (span - 1)
        mult_adds, params = map(counted, self.counts(self.structure.totals[0]))
        return f'</tbody><tfoot><tr><th scope="row">Total{blank}<td>{mult_adds}<td><td>{params}<td>'

    def notes(self) -> str:
        """What a reader must know of the totals."""
        return " ".join(self.structure.notes[0])

    def costs(self, row: TableRow) -> str:
        """The costs of a row; none for a layer that is not counted."""
        return self.shares(self.counts(row.counts[0])) if row.counts else "<td>" * 4

    def shares(self, counts: Iterable[Size]) -> str:
        """Costs with their shares of the totals."""
        pairs = zip(counts, self.counts(self.structure.totals[0]), strict=True)
        return "".join(f"<td>{counted(part)}<td>{share(part, total)}" for part, total in pairs)

    def counts(self, counts: Counts) -> tuple[Size, ...]:
        """Costs at these settings."""
        return tuple(map(self.value, counts))

    def size(self, shape: Iterable[Size] | None) -> str:
        """Dimensions; empty for none."""
        return " × ".join(exact(self.value(side)) for side in shape or ())
