"""Turns the tables of a claims file, with their columns, rows and cells, into claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from costcalc.claims.attributes import ATTRIBUTES, AttributeReader, Nodes, attributes_in
from costcalc.claims.claim import Claim, PaperTable
from costcalc.claims.measure import FORMER, METRICS, title
from costcalc.errors import Problems, did_you_mean
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given
from costcalc.spec.variants import FIGURES, VariantColumn, Variants

_BUDGETS = '{storage: tflm, peak_bytes: "<= 256 KiB", weight_bytes: "<= 1 MiB"}'
TABLE: Mapping[str, str] = {
    "table": "where it is printed: Table 6, section 4.2",
    "title": "the table's title",
    "columns": "attributes and metrics, each the head of a column",
    "rows": "lists with a cell for each column, or mappings of attributes and metrics",
}
"""What a table states, besides attributes of its figures."""


class ClaimColumn(NamedTuple):
    """A column of a table: an attribute of its rows, or the figures of one metric."""

    name: str
    title: str = ""
    ids: str = ""
    """The pattern of its figures' ids, with a star for the row's id."""
    attributes: Mapping[str, Node] = MappingProxyType({})


class TableReader:
    """Reads tables and lists of claims; figures without an id get one."""

    def __init__(self, stem: str, attributes: AttributeReader, problems: Problems) -> None:
        self.stem = stem
        self.attributes = attributes
        self.problems = problems
        self.quotients: dict[str, tuple[Scalar, Scalar]] = {}
        """The ids that quotients name, by the id of their claim."""

    def table(self, node: Node, inherited: Nodes) -> PaperTable:
        """A table as the paper prints it, or a passage of text whose rows are mappings."""
        if not isinstance(node, MapNode):
            self.problems.add(node.mark, "a table must be a mapping", "table, columns, rows")
            return PaperTable("", "", (), ())
        self.attributes.refuse(node, (*TABLE, *ATTRIBUTES), "a table")
        name = self.attributes.text(node.get("table"))
        attributes = {**inherited, **attributes_in(node)}
        columns = self.columns(node.get("columns"))
        rows = node.get("rows")
        if not name or not isinstance(rows, ListNode):
            self.problems.add(
                node.mark, "a table needs a name and rows", "{table: Table 2, rows: [...]}"
            )
            return PaperTable(name, "", (), ())
        claims = [claim for row in rows.items for claim in self.row(row, columns, attributes, name)]
        return PaperTable.of(name, self.attributes.text(node.get("title")), claims)

    def variants(self, variants: Variants, inherited: Nodes) -> PaperTable:
        """The figures that a spec's table of variants prints."""
        columns = tuple(
            ClaimColumn(
                column.name.text,
                title(column.name.text) if column.is_plain else column.printed.text,
                attributes=self.counting(column),
            )
            for column in variants.columns
            if column.name.text in FIGURES
        )
        name = self.attributes.text(variants.node.get("table"))
        rows = zip(*(variants.cells(column.name) for column in columns), strict=True)
        claims = []
        for pick, row in zip(variants.picks, rows, strict=True):
            at = Scalar(f"{variants.parameter.text}={pick.text}", True, pick.mark)
            nodes = {**inherited, "row": pick, "at": at}
            for column, cell in zip(columns, row, strict=True):
                own = cell.entries if isinstance(cell, MapNode) else ()
                entries = tuple((key, _at_row(key.text, value, at)) for key, value in own)
                figure = MapNode(entries, cell.mark) if own else cell
                counted = {key: _at_row(key, node, at) for key, node in column.attributes.items()}
                claims += self.claim(column, figure, {**nodes, **counted}, name)
        return PaperTable.of(name, self.attributes.text(variants.node.get("title")), claims)

    def counting(self, column: VariantColumn) -> Nodes:
        """How the figures of a column of variants are counted."""
        node = MapNode(column.counting, column.name.mark)
        self.attributes.refuse(node, ATTRIBUTES, "a column")
        return attributes_in(node)

    def own(self, top: MapNode, items: Sequence[Node], inherited: Nodes) -> tuple[PaperTable, ...]:
        """The figures at the top of a file and the items of its list, as one table."""
        claims = self.mapped(top, inherited, "")
        for item in items:
            claims += self.row(item, (), inherited, "")
        return (PaperTable.of("", "", claims),) if claims else ()

    def budgets(self, node: Node, inherited: Nodes) -> PaperTable:
        """The bounds of a spec: ``{storage: tflm, peak_bytes: "<= 256 KiB"}``."""
        claims: list[Claim] = []
        if isinstance(node, MapNode):
            claims = self.row(node, (), inherited, "")
        else:
            self.problems.add(node.mark, "budgets are a mapping", _BUDGETS, found=str(node))
        for claim in claims:
            if not claim.figure.bound:
                name = claim.quantity.metric
                expected = f'{name}: "<= {claim.figure.text}"'
                self.problems.add(claim.mark, f"the budget of {name} is not a bound", expected)
        return PaperTable.of("", "budgets", claims)

    def columns(self, node: Node | None) -> tuple[ClaimColumn, ...]:
        """The columns of a table, without those that are wrong."""
        if node is None:
            return ()
        if not isinstance(node, ListNode):
            self.problems.add(node.mark, "columns must be a list", "[row, at, mult_adds, params]")
            return ()
        return tuple(column for item in node.items if (column := self.column(item)) is not None)

    def column(self, node: Node) -> ClaimColumn | None:
        """A column: ``row``, ``mult_adds``, ``mult_adds: id``, or a mapping with attributes."""
        if isinstance(node, Scalar):
            head, rest = node, MapNode((), node.mark)
            ids = ""
        elif isinstance(node, MapNode) and node.entries:
            head, first = node.entries[0]
            ids = self.attributes.text(first)
            rest = MapNode(node.entries[1:], node.mark)
        else:
            self.problems.add(
                node.mark,
                "a column must be a word or a mapping",
                "an attribute, a metric, or 'metric: id'",
            )
            return None
        if head.text not in (*ATTRIBUTES, *METRICS):
            self.problems.add(
                head.mark,
                f"there is no column '{head.text}'",
                expected="a metric (" + ", ".join(METRICS) + ") or one of " + ", ".join(ATTRIBUTES),
                hint=FORMER.get(head.text) or did_you_mean(head.text, (*ATTRIBUTES, *METRICS)),
            )
            return None
        self.attributes.refuse(rest, (*ATTRIBUTES, "title"), "a column")
        shown = self.attributes.text(rest.get("title"))
        if not shown and head.text in METRICS:
            shown = title(head.text)
        return ClaimColumn(head.text, shown, ids, attributes_in(rest))

    def row(
        self, row: Node, columns: tuple[ClaimColumn, ...], inherited: Nodes, table: str
    ) -> list[Claim]:
        """The claims of a row: a mapping, or a list with a cell for each column."""
        if isinstance(row, MapNode):
            allowed = (*ATTRIBUTES, *METRICS)
            self.attributes.refuse(row, allowed, "a claim")
            if not any(key.text in METRICS for key, _ in row.entries):
                self.problems.add(
                    row.mark,
                    "this claims nothing",
                    "a metric and its figure, as in 'params: 4.2 M'",
                )
            return self.mapped(row, inherited, table)
        if not table:
            self.problems.add(
                row.mark,
                "a claim is a mapping",
                expected="a metric and its figure, as in {params: 4.2 M}",
                found=str(row),
            )
            return []
        if not isinstance(row, ListNode) or not columns or len(row.items) != len(columns):
            self.problems.add(
                row.mark,
                "a row must have one cell for each column",
                f"{len(columns)} cells: " + ", ".join(column.name for column in columns),
                f"{len(row.items)}" if isinstance(row, ListNode) else str(row),
            )
            return []
        cells = list(zip(columns, row.items, strict=True))
        attributes = {
            column.name: cell
            for column, cell in cells
            if column.name in ATTRIBUTES and given(cell) is not None
        }
        claims = []
        for column, cell in cells:
            if column.name in METRICS:
                nodes = {**inherited, **attributes, **column.attributes}
                claims += self.claim(column, cell, nodes, table)
        return claims

    def mapped(self, row: MapNode, inherited: Nodes, table: str) -> list[Claim]:
        """The claims of a mapping of attributes and of metrics to figures."""
        attributes = attributes_in(row)
        metrics = [(key, value) for key, value in row.entries if key.text in METRICS]
        id_ = self.attributes.text(attributes.get("id"))
        claims = []
        for key, cell in metrics:
            ids = id_ if len(metrics) == 1 else f"{id_}.{key.text}" if id_ else ""
            shown = "figure" if table and len(metrics) == 1 else title(key.text)
            column = ClaimColumn(key.text, shown, ids)
            claims += self.claim(column, cell, {**inherited, **attributes}, table)
        return claims

    def claim(self, column: ClaimColumn, cell: Node, nodes: Nodes, table: str) -> list[Claim]:
        """The claim of a cell; none if the cell is empty or wrong."""
        if given(cell) is None:
            return []
        mark, ids = cell.mark, column.ids
        if isinstance(cell, MapNode):
            self.attributes.refuse(cell, ("figure", *ATTRIBUTES), "a figure")
            nodes = {**nodes, **attributes_in(cell)}
            printed = cell.get("figure")
            if printed is None:
                self.problems.add(cell.mark, "the figure is missing", "{figure: 569 M, ...}")
                return []
            ids = self.attributes.text(cell.get("id")) or ids
            cell = printed
        figure = self.attributes.figure(cell, column.name)
        quantity = self.attributes.quantity(column.name, nodes, cell)
        erratum = self.attributes.erratum(column.name, nodes)
        pinned = given(nodes.get("unexplained"))
        unexplained = self.attributes.figure(pinned, column.name) if pinned is not None else None
        if figure is None or quantity is None:
            return []
        row = self.attributes.text(nodes.get("row")) or _label(nodes)
        own = self.attributes.text(nodes.get("id"))
        if not ids:
            parts = filter(None, (self.stem, table, "*", column.name))
            ids = f"{own}.{column.name}" if own else ":".join(parts)
        ids = ids.replace("*", own or row.replace(" ", ""))
        operands = self.attributes.operands(nodes)
        if operands is not None:
            self.quotients[ids] = operands
        return [
            Claim(
                id=ids,
                mark=mark,
                table=table,
                row=row,
                column=column.title,
                figure=self.attributes.to_digits(figure, nodes.get("digits")),
                quantity=quantity,
                about=self.attributes.text(nodes.get("about")),
                note=self.attributes.text(nodes.get("note")),
                gives=self.attributes.gives(nodes),
                unexplained=unexplained,
                erratum=erratum,
            )
        ]


def _at_row(key: str, value: Node, row: Scalar) -> Node:
    """Settings of a figure (``at``), with those that pick its row."""
    if key == "at" and isinstance(value, Scalar) and given(value) is not None:
        return Scalar(f"{row.text},{value.text}", value.quoted, value.mark)
    return row if key == "at" and given(value) is None else value


def _label(nodes: Nodes) -> str:
    """The label of a row without one, from what its figures are about."""
    parts: list[str] = []
    for name in ("only", "network", "at"):
        node = nodes.get(name)
        items = node.items if isinstance(node, ListNode) else (node,)
        words = [item.text for item in map(given, items) if isinstance(item, Scalar)]
        if words and not (name == "network" and parts):
            parts.append(" + ".join(words))
    return " ".join(parts)
