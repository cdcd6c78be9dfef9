"""The tables of a claims file: columns, rows and cells to claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from costcalc.claims.attributes import ATTRIBUTES, AttributeReader
from costcalc.claims.claim import Claim, PaperTable
from costcalc.claims.measure import METRICS, title
from costcalc.errors import Problems, did_you_mean
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given

Nodes = Mapping[str, Node]

_TABLE = ("table", "title", "columns", "rows")


class ClaimColumn(NamedTuple):
    """A column of a table: an attribute of its rows, or figures of one metric."""

    name: str
    title: str = ""
    ids: str = ""
    """The pattern of its figures' ids, a star for the row's own."""
    attributes: Mapping[str, Node] = MappingProxyType({})


class TableReader:
    """Reads tables and lists of claims; ids are made where none is given."""

    def __init__(self, stem: str, attributes: AttributeReader, problems: Problems) -> None:
        self.stem = stem
        self.attributes = attributes
        self.problems = problems

    def table(self, node: Node, inherited: Nodes) -> PaperTable:
        """A table as the paper prints it, or a passage whose rows are mappings."""
        if not isinstance(node, MapNode):
            self.wrong(node, "a table is a mapping", "table, columns, rows")
            return PaperTable("", "", (), ())
        self.attributes.refuse(node, (*_TABLE, *ATTRIBUTES), "a table")
        name = self.attributes.text(node.get("table"))
        own = {key.text: value for key, value in node.entries if key.text in ATTRIBUTES}
        columns = self.columns(node.get("columns"))
        rows = node.get("rows")
        if not name or not isinstance(rows, ListNode):
            self.wrong(
                node, "a table says which it is, and has rows", "{table: Table 2, rows: [...]}"
            )
            return PaperTable(name, "", (), ())
        claims: list[Claim] = []
        for row in rows.items:
            claims += self.row(row, columns, {**inherited, **own}, name)
        heads = tuple(dict.fromkeys(claim.column for claim in claims))
        return PaperTable(name, self.attributes.text(node.get("title")), heads, tuple(claims))

    def own(self, top: MapNode, items: Sequence[Node], inherited: Nodes) -> tuple[PaperTable, ...]:
        """The figures at the top of a file, and the claims of its list, as one table."""
        claims = self.mapped(top, inherited, "")
        for item in items:
            claims += self.row(item, (), inherited, "")
        heads = tuple(dict.fromkeys(claim.column for claim in claims))
        return (PaperTable("", "", heads, tuple(claims)),) if claims else ()

    def columns(self, node: Node | None) -> tuple[ClaimColumn, ...]:
        """The head of a table; columns that are wrong are noted and left out."""
        if node is None:
            return ()
        if not isinstance(node, ListNode):
            self.wrong(node, "columns are a list", "[row, at, mult_adds, params]")
            return ()
        return tuple(column for item in node.items if (column := self.column(item)) is not None)

    def column(self, node: Node) -> ClaimColumn | None:
        """``row``, ``mult_adds``, ``mult_adds: id`` or a mapping with more to say."""
        if isinstance(node, Scalar):
            head, rest = node, MapNode((), node.mark)
            ids = ""
        elif isinstance(node, MapNode) and node.entries:
            head, first = node.entries[0]
            ids = self.attributes.text(first)
            rest = MapNode(node.entries[1:], node.mark)
        else:
            self.wrong(node, "a column is a word", "an attribute, a metric, or 'metric: id'")
            return None
        if head.text not in (*ATTRIBUTES, *METRICS):
            self.problems.add(
                head.mark,
                f"there is no column '{head.text}'",
                expected="a metric (" + ", ".join(METRICS) + ") or one of " + ", ".join(ATTRIBUTES),
                hint=did_you_mean(head.text, (*ATTRIBUTES, *METRICS)),
            )
            return None
        self.attributes.refuse(rest, (*ATTRIBUTES, "title"), "a column")
        own = {key.text: value for key, value in rest.entries if key.text in ATTRIBUTES}
        shown = self.attributes.text(rest.get("title"))
        if not shown and head.text in METRICS:
            shown = title(head.text)
        return ClaimColumn(head.text, shown, ids, own)

    def row(
        self, row: Node, columns: tuple[ClaimColumn, ...], inherited: Nodes, table: str
    ) -> list[Claim]:
        """The claims of one row: a mapping, or cells under the columns."""
        if isinstance(row, MapNode):
            allowed = (*ATTRIBUTES, *METRICS)
            self.attributes.refuse(row, allowed, "a claim")
            if not any(key.text in METRICS for key, _ in row.entries):
                self.wrong(
                    row, "this claims nothing", "a metric and its figure, as in 'params: 4.2 M'"
                )
            return self.mapped(row, inherited, table)
        if not isinstance(row, ListNode) or len(row.items) != len(columns):
            self.wrong(
                row,
                "a row must have one cell for each column",
                f"{len(columns)} cells: " + ", ".join(column.name for column in columns),
                f"{len(row.items)}" if isinstance(row, ListNode) else str(row),
            )
            return []
        cells = list(zip(columns, row.items, strict=True))
        said = {
            column.name: cell
            for column, cell in cells
            if column.name in ATTRIBUTES and given(cell) is not None
        }
        claims = []
        for column, cell in cells:
            if column.name in METRICS:
                nodes = {**inherited, **said, **column.attributes}
                claims += self.claim(column, cell, nodes, table)
        return claims

    def mapped(self, row: MapNode, inherited: Nodes, table: str) -> list[Claim]:
        """The figures of a row that is a mapping: attributes, and metrics with figures."""
        given = {key.text: value for key, value in row.entries if key.text in ATTRIBUTES}
        metrics = [(key, value) for key, value in row.entries if key.text in METRICS]
        id_ = self.attributes.text(given.get("id"))
        claims = []
        for key, cell in metrics:
            ids = id_ if len(metrics) == 1 else f"{id_}.{key.text}" if id_ else ""
            shown = "figure" if table and len(metrics) == 1 else title(key.text)
            column = ClaimColumn(key.text, shown, ids)
            claims += self.claim(column, cell, {**inherited, **given}, table)
        return claims

    def claim(self, column: ClaimColumn, cell: Node, nodes: Nodes, table: str) -> list[Claim]:
        """The claim of one cell, or none where the cell is empty or wrong."""
        if given(cell) is None:
            return []
        mark, ids = cell.mark, column.ids
        if isinstance(cell, MapNode):
            self.attributes.refuse(cell, ("figure", *ATTRIBUTES), "a figure")
            inner = {key.text: value for key, value in cell.entries if key.text in ATTRIBUTES}
            nodes = {**nodes, **inner}
            printed = cell.get("figure")
            if printed is None:
                self.wrong(cell, "the figure is missing", "{figure: 569 M, ...}")
                return []
            ids = self.attributes.text(cell.get("id")) or ids
            cell = printed
        figure = self.attributes.figure(cell)
        quantity = self.attributes.quantity(column.name, nodes, cell)
        erratum = self.attributes.erratum(column.name, nodes)
        pinned = given(nodes.get("unexplained"))
        unexplained = self.attributes.figure(pinned) if pinned is not None else None
        if figure is None or quantity is None:
            return []
        row = self.attributes.text(nodes.get("row")) or _label(nodes)
        own = self.attributes.text(nodes.get("id"))
        if not ids:
            made = filter(None, (self.stem, table, "*", column.name))
            ids = f"{own}.{column.name}" if own else ":".join(made)
        return [
            Claim(
                id=ids.replace("*", own or row.replace(" ", "")),
                mark=mark,
                table=table,
                row=row,
                column=column.title,
                figure=figure,
                quantity=quantity,
                about=self.attributes.text(nodes.get("about")),
                note=self.attributes.text(nodes.get("note")),
                unexplained=unexplained,
                erratum=erratum,
            )
        ]

    def wrong(self, node: Node, message: str, expected: str, found: str = "") -> None:
        """Notes a problem."""
        self.problems.add(node.mark, message, expected=expected, found=found)


def _label(nodes: Nodes) -> str:
    """The label of a row without a name: what its figures are about."""
    parts: list[str] = []
    for name in ("only", "network", "at"):
        node = nodes.get(name)
        items = node.items if isinstance(node, ListNode) else (node,)
        words = [item.text for item in map(given, items) if isinstance(item, Scalar)]
        if words and not (name == "network" and parts):
            parts.append(" + ".join(words))
    return " ".join(parts)
