"""Two versions of a network, layer by layer: what changed, and what it costs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeAlias

from costcalc.costs.rules import COUNTS, UNITS
from costcalc.kinds.base import shape_text
from costcalc.metrics import heading
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, exact, number, rounded
from costcalc.render.page import Cell, Column, Page, Row, Signed, Table, Word
from costcalc.reporting.implementations import implementations_line
from costcalc.reporting.layers import LayerReport, Totals
from costcalc.reporting.phrases import metric_titles
from costcalc.reporting.report import Report

Kind: TypeAlias = Literal["changed", "added", "removed"]

_TONES: Mapping[Kind, Literal["good", "bad", "quiet"]] = {
    "changed": "quiet",
    "added": "good",
    "removed": "bad",
}


class Change(NamedTuple):
    """A layer that changed, was added or was removed."""

    old: LayerReport | None
    new: LayerReport | None

    @property
    def kind(self) -> Kind:
        """What happened to the layer."""
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"

    @property
    def layer(self) -> LayerReport:
        """The new layer, or the old one if it was removed."""
        layer = self.new or self.old
        assert layer is not None  # a change has one of them
        return layer

    def added(self, metric: str) -> int:
        """How much more the new layer costs than the old one."""
        return _cost(self.new, metric) - _cost(self.old, metric)

    def details(self) -> dict[str, tuple[Any, Any]]:
        """The attributes that changed, with their old and new values."""
        if self.old is None or self.new is None:
            return {}
        before, after = _details(self.old), _details(self.new)
        return {
            name: (before.get(name), after.get(name))
            for name in dict.fromkeys([*before, *after])
            if before.get(name) != after.get(name)
        }


@dataclass(frozen=True, repr=False)
class Difference(Answer):
    """Two versions of a network; one is None if the network was added or removed."""

    old: Report | None
    new: Report | None
    changes: tuple[Change, ...]
    title: str = ""
    """The names of both versions, such as ``vgg11 → vgg13``."""

    def totals(self, side: Literal["old", "new"]) -> Totals:
        """The counts of one version; zero if there is none."""
        report: Report | None = getattr(self, side)
        return report.totals if report is not None else Totals(0, 0)

    def all_totals(self, side: Literal["old", "new"]) -> dict[str, int]:
        """The totals of one version by metric, bytes included if there is a storage."""
        report: Report | None = getattr(self, side)
        if report is not None:
            return report.all_totals()
        other = self.new or self.old
        return dict.fromkeys(other.all_totals() if other is not None else Totals._fields, 0)

    def caveats(self) -> tuple[str, ...]:
        """Those of each version."""
        versions = (("the old", self.old), ("the new", self.new))
        return tuple(note for which, report in versions if report for note in report.caveats(which))

    def page(self) -> Page:
        """The layers that changed, and the totals before and after."""
        report = self.new or self.old
        facts = []
        if report is not None:
            line = implementations_line([(report.network, report.parameters)])
            facts += [("implementation", line)] if line else []
            facts.append(("convention", f"{report.convention}: {report.convention_title}"))
            stored = dict(report.stored.facts) if report.stored is not None else {}
            facts += [(name, stored[name]) for name in ("storage", "batch") if stored.get(name)]
        titles = _titles(self)
        columns = (
            Column("change", "Change"),
            Column("layer", "Layer"),
            Column("what", "What"),
            *(Column(metric, title, "right") for metric, title in titles.items()),
        )
        rows = tuple(_row(change) for change in self.changes)
        tables = [Table("Layers", columns, rows)] if rows else []
        return Page(self.title, tuple(facts), (*tables, _totals(self)), _notes(self))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc diff --format json``."""
        report = self.new or self.old
        stored = report.stored if report is not None else None
        return {
            "format_version": FORMAT_VERSION,
            **({"storage": stored.storage, "planner": stored.planner} if stored else {}),
            "totals": {"old": self.all_totals("old"), "new": self.all_totals("new")},
            **({"notes": list(self.caveats())} if self.caveats() else {}),
            "changes": [_change_data(change) for change in self.changes],
        }


def difference(old: Report | None, new: Report | None, title: str) -> Difference:
    """What changed from one version of a network to the next.

    If all names are the same, layers are matched by name.  Otherwise equal layers are
    aligned, so that one more convolution is one change although it renumbers the layers
    below it; where the alignment leaves a stretch of layers that differ, these are
    matched by name.  Two sorts of change are left out: free layers of which only the
    shapes changed, because of the layers above, and free norms and activations that were
    added or removed with their layer.
    """
    before = old.layers if old is not None else ()
    after = new.layers if new is not None else ()
    if [layer.name for layer in before] == [layer.name for layer in after]:
        pairs = zip(before, after, strict=True)
        changes = [Change(a, b) for a, b in pairs if _signature(a) != _signature(b)]
    else:
        changes = list(_aligned(before, after))
    kinds = {(change.kind, change.layer.name) for change in changes}
    shown = tuple(
        change
        for change in changes
        if not _is_reshaped_only(change) and not _is_with_host(change, kinds)
    )
    return Difference(old, new, shown, title)


def _aligned(before: Sequence[LayerReport], after: Sequence[LayerReport]) -> Iterator[Change]:
    """The changes between two lists of layers after equal layers have been aligned."""
    old, new = list(map(_signature, before)), list(map(_signature, after))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            yield from _matched(before[i:j], after[k:m])


def _is_with_host(change: Change, kinds: Collection[tuple[Kind, str | None]]) -> bool:
    """Whether a free norm or activation was added or removed with the layer of its line."""
    layer = change.layer
    return change.kind != "changed" and layer.is_free and (change.kind, layer.host) in kinds


def _is_reshaped_only(change: Change) -> bool:
    """Whether only the shapes of a free layer changed."""
    return (
        change.kind == "changed"
        and change.layer.is_free
        and change.details().keys() <= {"input", "output"}
    )


def _matched(before: Sequence[LayerReport], after: Sequence[LayerReport]) -> Iterator[Change]:
    """The changes in a stretch of layers, matched by name, in order."""
    names = {layer.name: layer for layer in before}
    kept = {layer.name for layer in after}
    waiting = list(before)
    for layer in after:
        if layer.name in names:
            while waiting and waiting[0].name != layer.name and waiting[0].name not in kept:
                yield Change(waiting.pop(0), None)
            if names[layer.name] in waiting:
                waiting.remove(names[layer.name])
            yield Change(names[layer.name], layer)
        else:
            yield Change(None, layer)
    for layer in waiting:
        yield Change(layer, None)


def _signature(layer: LayerReport) -> Any:
    """A hashable description of a layer without its name."""
    return repr((layer.kind, _details(layer), layer.mult_adds, layer.params))


def _details(layer: LayerReport) -> dict[str, Any]:
    shapes = {"input": layer.input, "output": layer.output}
    return {"type": layer.type, **layer.attributes, **shapes}


def _cost(layer: LayerReport | None, metric: str) -> int:
    return getattr(layer, metric) if layer is not None else 0


def _titles(difference: Difference) -> dict[str, str]:
    return metric_titles(_unit(difference))


def _unit(difference: Difference) -> str:
    report = difference.new or difference.old
    return report.unit if report else UNITS["macs"].title


def _row(change: Change) -> Row:
    cells: list[Cell] = [Word(change.kind, _TONES[change.kind]), change.layer.name, _what(change)]
    cells += [Signed(change.added(metric)) for metric in COUNTS]
    return Row(tuple(cells))


def _what(change: Change) -> str:
    """The changed attributes, ``output 56 x 56 x 64 → 56 x 56 x 96``, or the layer's type."""
    details = change.details()
    if change.old is None or change.new is None:
        return change.layer.type
    if not details:
        return "the same, counted differently"
    if "output" in details and "out" in details:
        del details["out"]
    return ", ".join(
        f"{name} {_shown(change.old, name, old)} → {_shown(change.new, name, new)}"
        for name, (old, new) in details.items()
    )


def _totals(difference: Difference) -> Table:
    columns = (
        Column("total", "Total"),
        Column("old", "Old", "right"),
        Column("new", "New", "right"),
        Column("difference", "Difference", "right"),
        Column("percent", "%", "right"),
    )
    rows = []
    before, after = difference.all_totals("old"), difference.all_totals("new")
    for metric in (*COUNTS, *(name for name in after if name not in COUNTS)):
        old, new = before[metric], after[metric]
        percent = _percent(new - old, old) if old else ""
        sign = "+" if new > old and percent else ""
        title = heading(metric, _unit(difference))
        rows.append(Row((title, old, new, Signed(new - old), f"{sign}{percent}")))
    return Table("Totals", columns, tuple(rows))


def _percent(part: int, total: int) -> str:
    """A difference in per cent, with as many decimals as it needs not to read as none."""
    value, digits = Fraction(100 * part, total), 2
    while value and not float(rounded(value, digits)):
        digits += 1
    return rounded(value, digits)


def _notes(difference: Difference) -> tuple[str, ...]:
    notes = ["No layer changed."]
    if difference.changes:
        count = len(difference.changes)
        notes = [f"{counted(count)} {'layer' if count == 1 else 'layers'} changed."]
    return (*notes, *difference.caveats())


def _shown(layer: LayerReport, name: str, value: Any) -> str:
    """The value of an attribute of a layer, or its shape, as people write it."""
    if value is None:
        return "none"
    if name in ("input", "output"):
        return shape_text(value, (layer.input_axis or 0) if name == "input" else layer.output_axis)
    return value if isinstance(value, str) else exact(value)


def _change_data(change: Change) -> dict[str, Any]:
    return {
        "change": change.kind,
        "layer": change.layer.name,
        "type": change.layer.type,
        "details": {
            name: {"old": number(old), "new": number(new)}
            for name, (old, new) in change.details().items()
        },
        "mult_adds": change.added("mult_adds"),
        "params": change.added("params"),
    }
