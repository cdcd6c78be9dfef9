"""Variants of a network, as papers print them: a table whose rows set parameters.

    variants:
      table: Table 2
      columns: [Model: variant, name, w: alpha, d: depth, r: res, top1, "#Params": params]
      rows:
        - [B0, efficientnet_b0, 1.0, 1.0, 224, 77.1, 5.3 M]
        - [B1, efficientnet_b1, 1.0, 1.1, 240, 79.1, 7.8 M]

The first column is the parameter that picks a row, by default the first unless it has a default
under ``parameters``; a row sets the parameters of its other columns.  ``name`` is what people
type for it, ``top1`` its accuracy, and a figure, such as ``params``, is a claim, which
``costcalc check`` recomputes.

The table stands for parameters with defaults by case, and for a list of accuracies: nothing
that reads a spec knows it, but for the names and the claims.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

from costcalc.errors import Mark, Problems, did_you_mean
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.keys import refuse_others
from costcalc.spec.parameters import NETWORK_NAMES
from costcalc.spec.tree import Choice, ListNode, MapNode, Node, Scalar, given
from costcalc.spec.values import line, literal

KEYS: Mapping[str, str] = {
    "table": "where the paper prints it: Table 2",
    "title": "the table's title",
    "columns": "a parameter that picks the row, parameters that rows set, name, top1, figures",
    "rows": "lists with a cell for each column",
}
"""What a table of variants states."""

FIGURES = ("mult_adds", "params", "weight_bytes", "peak_bytes", "traffic_bytes")
"""Columns whose cells are claims."""

NAME, TOP1 = "name", "top1"


_Entries: TypeAlias = dict[str, tuple[Scalar, Node]]
"""Parameters by name: keys with values."""


class VariantColumn(NamedTuple):
    """A column: what its cells are, how the paper heads it, and how a figure is counted."""

    name: Scalar
    printed: Scalar
    counting: tuple[tuple[Scalar, Node], ...] = ()

    @property
    def is_parameter(self) -> bool:
        """Whether its cells are values of a parameter."""
        return self.name.text not in (NAME, TOP1, *FIGURES)

    @property
    def is_plain(self) -> bool:
        """Whether it is headed by what its cells are."""
        return self.name is self.printed


class Variants(NamedTuple):
    """The table, with a cell in every row for each column."""

    node: MapNode
    columns: tuple[VariantColumn, ...]
    rows: tuple[tuple[Node, ...], ...]

    @property
    def parameter(self) -> Scalar:
        """The parameter that picks a row."""
        return self.columns[0].name

    @property
    def settings(self) -> tuple[Scalar, ...]:
        """The other parameters, which the rows set."""
        return tuple(column.name for column in self.columns[1:] if column.is_parameter)

    @property
    def has_figures(self) -> bool:
        """Whether it prints what the networks cost."""
        return any(column.name.text in FIGURES for column in self.columns)

    @property
    def picks(self) -> tuple[Scalar, ...]:
        """The values that pick the rows."""
        return tuple(row[0] for row in self.rows if isinstance(row[0], Scalar))

    def cells(self, name: str) -> tuple[Node, ...]:
        """The cells of a column; none if the table does not have it."""
        names = [column.name.text for column in self.columns]
        return tuple(row[names.index(name)] for row in self.rows) if name in names else ()

    def named(self) -> Iterator[tuple[Scalar, str]]:
        """The names that people type, and the settings that they stand for."""
        for pick, name in zip(self.picks, self.cells(NAME), strict=False):
            if isinstance(name, Scalar) and given(name) is not None:
                yield name, f"{self.parameter.text}={pick.text}"


def read_variants(node: Node | None, problems: Problems) -> Variants | None:
    """The table of variants; None if there is none, or after a problem."""
    if node is None:
        return None
    if not isinstance(node, MapNode):
        problems.add(node.mark, "variants are a table", "columns and rows", str(node))
        return None
    refuse_others(node.keys, KEYS, "a table of variants has no", problems)
    for name in ("table", "title"):
        line(node.get(name), problems)
    heads, body = node.get("columns"), node.get("rows")
    if not (isinstance(heads, ListNode) and isinstance(body, ListNode)) or not (
        heads.items and body.items
    ):
        problems.add(node.mark, "a table of variants needs columns and rows, each a list")
        return None
    if len(body.items) > limits.CASES:
        problems.add(body.mark, f"{len(body.items):,} rows", f"at most {limits.CASES}")
        return None
    columns = [_column(item, problems) for item in heads.items]
    rows = [_row(item, len(heads.items), problems) for item in body.items]
    if None in columns or None in rows:
        return None
    variants = Variants(
        node,
        tuple(column for column in columns if column is not None),
        tuple(row for row in rows if row is not None),
    )
    return variants if _is_sound(variants, problems) else None


def _column(node: Node, problems: Problems) -> VariantColumn | None:
    if isinstance(node, Scalar):
        return VariantColumn(node, node)
    if isinstance(node, MapNode) and node.entries:
        (printed, name), *counting = node.entries
        if isinstance(name, Scalar) and (not counting or name.text in FIGURES):
            return VariantColumn(name, printed, tuple(counting))
    problems.add(
        node.mark,
        "a column of variants is a name",
        expected="name, 'printed: name', or {printed: params, convention: paper-with-norm}",
        found=str(node),
    )
    return None


def _row(node: Node, width: int, problems: Problems) -> tuple[Node, ...] | None:
    if isinstance(node, ListNode) and len(node.items) == width:
        return node.items
    problems.add(
        node.mark,
        "a row must have one cell for each column",
        expected=f"{width} cells",
        found=f"{len(node.items)}" if isinstance(node, ListNode) else str(node),
    )
    return None


def _is_sound(variants: Variants, problems: Problems) -> bool:
    """Whether its first column picks a row, and no two columns, rows or networks have one name."""
    before = len(problems)
    if not variants.columns[0].is_parameter:
        problems.add(
            variants.parameter.mark,
            "the first column picks the row",
            expected="a parameter, which need not stand under parameters",
            found=str(variants.parameter),
        )
    for name in variants.cells(NAME):
        if not isinstance(name, Scalar):
            problems.add(name.mark, "a name of a network is a word", found=str(name))
    if len(variants.picks) < len(variants.rows):
        odd = next(row[0] for row in variants.rows if not isinstance(row[0], Scalar))
        problems.add(odd.mark, "the first cell picks the row", "a word or a number", str(odd))
    for pick in variants.picks:
        # People write it in a list of settings: --set size=S,depth=2.
        if literal(pick) is None or not pick.text.strip() or "," in pick.text:
            problems.add(
                pick.mark, "the first cell picks the row", "text without a comma", str(pick)
            )
    for what, names in (
        ("column", [(column.name, column.name.text) for column in variants.columns]),
        # 0.5 and 0.50 are one value.
        ("row", [(pick, literal(pick)) for pick in variants.picks]),
        ("name", [(name, name.text) for name, _ in variants.named()]),
    ):
        seen = set[Any]()
        for name, value in names:
            if value in seen:
                problems.add(name.mark, f"the {what} '{name.text}' is given twice")
            seen.add(value)
    return len(problems) == before


def with_variants(root: MapNode, problems: Problems) -> MapNode:
    """A spec's root with parameters and accuracies in place of its table of variants."""
    variants = read_variants(root.get("variants"), problems)
    if variants is None:
        return root
    replaced = {
        "parameters": _parameters(variants, root.get("parameters"), problems),
        "accuracy": _accuracies(variants, root.get("accuracy")),
    }
    return _with(root, replaced, root.mark)


def _parameters(variants: Variants, node: Node | None, problems: Problems) -> Node:
    """The parameters of a spec, with defaults by case for those that the rows set."""
    entries = _with_picking(variants, dict(_by_name(node)), problems)
    for name in variants.settings:
        if name.text not in entries and name.text not in NETWORK_NAMES:
            allowed = dict.fromkeys([*entries, *sorted(NETWORK_NAMES), NAME, TOP1, *FIGURES])
            problems.add(
                name.mark,
                f"the network has no parameter {name}",
                expected="one of " + ", ".join(allowed),
                hint=did_you_mean(name.text, allowed),
            )
            continue
        key, value = entries.get(name.text, (name, _with(None, {}, name.mark)))
        cases = _cases(variants, name, value, problems)
        entries[name.text] = key, _with(value, {"default": cases}, name.mark)
    return MapNode(tuple(entries.values()), variants.node.mark)


def _with_picking(variants: Variants, entries: _Entries, problems: Problems) -> _Entries:
    """The parameters with the one that picks a row: its choices are the rows."""
    picking, first = variants.parameter, variants.picks[0]
    picks: dict[str, Node] = {"choices": ListNode(variants.picks, picking.mark), "default": first}
    others = [name.text for name in variants.settings]
    if picking.text not in entries:
        doc = Scalar(f"the variant, which sets {', '.join(others)}", True, picking.mark)
        chosen = _with(None, {**picks, "doc": doc}, picking.mark)
        return {picking.text: (picking, chosen), **entries}
    key, own = entries[picking.text]
    if isinstance(own, MapNode) and own.get("default") is not None:
        del picks["default"]
    _refuse_keys(own, picks, "the rows of the variants", problems)
    if isinstance(own, Scalar) and given(own) is not None:
        picks["default"] = own
    chosen = _with(own, picks, picking.mark)
    return _with_picking_first({**entries, picking.text: (key, chosen)}, picking.text, others)


def _with_picking_first(entries: _Entries, picking: str, others: Collection[str]) -> _Entries:
    """The parameters with the one that picks a row above all whose defaults follow it."""
    names = list(entries)
    at = next(names.index(name) for name in names if name == picking or name in others)
    names.remove(picking)
    return {name: entries[name] for name in (*names[:at], picking, *names[at:])}


def _cases(variants: Variants, name: Scalar, value: Node, problems: Problems) -> Choice:
    """What the rows set, and the parameter's own default where they leave their cells empty."""
    own = value.get("default") if isinstance(value, MapNode) else value
    own, is_used = given(own), False
    if not isinstance(own, Scalar | None):
        problems.add(
            own.mark,
            f"rows set '{name.text}', so its default is one value",
            expected="what holds where a row leaves its cell empty",
            found=str(own),
        )
        own = None
    cases = []
    for pick, cell in zip(variants.picks, variants.cells(name.text), strict=True):
        if not isinstance(cell, Scalar):
            problems.add(cell.mark, "a row sets a parameter to one value", found=str(cell))
        elif given(cell) is not None:
            cases.append((pick, cell))
        elif own is not None:
            cases.append((pick, own))
            is_used = True
        else:
            problems.add(
                cell.mark, f"this row does not set '{name.text}'", hint="give it a default"
            )
    if own is not None and not is_used:
        problems.add(own.mark, f"every row sets '{name.text}', so its default is never used")
    return Choice(variants.parameter, tuple(cases), name.mark)


def _accuracies(variants: Variants, node: Node | None) -> Node:
    """The accuracies of a spec, with those of the rows."""
    own = node.items if isinstance(node, ListNode) else () if node is None else (node,)
    mark, source = variants.node.mark, given(variants.node.get("table")) or variants.parameter
    rows = []
    for pick, cell in zip(variants.picks, variants.cells(TOP1), strict=False):
        if given(cell) is not None:
            at = _mapping({variants.parameter.text: pick}, cell.mark)
            rows.append(_mapping({"at": at, TOP1: cell, "source": source}, cell.mark))
    return ListNode((*own, *rows), mark)


def _refuse_keys(node: Node, keys: Collection[str], who: str, problems: Problems) -> None:
    for key in node.keys if isinstance(node, MapNode) else ():
        if key.text in keys:
            problems.add(key.mark, f"'{key.text}' is set twice", found=f"here, and by {who}")


def _by_name(node: Node | None) -> Iterator[tuple[str, tuple[Scalar, Node]]]:
    entries = node.entries if isinstance(node, MapNode) else ()
    return ((key.text, (key, value)) for key, value in entries)


def _with(node: Node | None, values: Mapping[str, Node], mark: Mark) -> MapNode:
    """A mapping with other values of some keys; one of these alone in place of anything else."""
    entries = {name: entry for name, entry in _by_name(node) if name != "variants"}
    for name, value in values.items():
        entries[name] = entries.get(name, (Scalar(name, False, mark), value))[0], value
    return MapNode(tuple(entries.values()), mark)


def _mapping(values: Mapping[str, Node], mark: Mark) -> MapNode:
    return _with(None, values, mark)
