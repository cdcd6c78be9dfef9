"""Two versions of a network, layer by layer: what changed, and what that costs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeAlias

from costcalc.costs.rules import METRICS, UNITS
from costcalc.kinds.base import shape_text
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, exact, number, rounded
from costcalc.render.page import Cell, Column, Page, Row, Signed, Table, Word
from costcalc.reporting.layers import LayerReport, Totals
from costcalc.reporting.phrases import metric_titles, uncounted_notes
from costcalc.reporting.report import Report

Kind: TypeAlias = Literal["changed", "added", "removed"]

_TONES: Mapping[Kind, Literal["good", "bad", "quiet"]] = {
    "changed": "quiet",
    "added": "good",
    "removed": "bad",
}


class Change(NamedTuple):
    """A layer that changed, came or went."""

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
        """The layer as it is now, or as it was last."""
        layer = self.new or self.old
        if layer is None:
            raise AssertionError("a change is of a layer")
        return layer

    def added(self, metric: str) -> int:
        """How much more the layer costs than before."""
        return _cost(self.new, metric) - _cost(self.old, metric)

    def details(self) -> dict[str, tuple[Any, Any]]:
        """What the layer was and is, by attribute, where it differs."""
        if self.old is None or self.new is None:
            return {}
        before, after = _details(self.old), _details(self.new)
        return {
            name: (before.get(name), after.get(name))
            for name in dict.fromkeys([*before, *after])
            if before.get(name) != after.get(name)
        }


@dataclass(frozen=True)
class Difference(Answer):
    """Two versions of a network; None where it is new, or gone."""

    old: Report | None
    new: Report | None
    changes: tuple[Change, ...]
    title: str = ""
    """Which versions they are: ``vgg11 → vgg13``."""

    def totals(self, side: Literal["old", "new"]) -> Totals:
        """The totals of one version; nothing where there is none."""
        report: Report | None = getattr(self, side)
        return report.totals if report is not None else Totals(0, 0)

    def page(self) -> Page:
        """The layers that changed, and the totals before and after."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """Totals, and the layers that changed."""
        return {
            "format_version": FORMAT_VERSION,
            "totals": {"old": self.totals("old")._asdict(), "new": self.totals("new")._asdict()},
            "changes": [_change_data(change) for change in self.changes],
        }


def difference(old: Report | None, new: Report | None, title: str) -> Difference:
    """What changed from one version of a network to the next.

    Where all names stay, layers are matched by them.  Else they are matched by
    what they are, so that one more convolution is one change, whatever it does
    to the numbers in the names below it; where a stretch of layers differs, by
    their names.  Layers that cost nothing and whose shapes alone are others,
    since those above changed, are left out, and so are free norms and
    activations that came or went with their layer.
    """
    before = old.layers if old is not None else ()
    after = new.layers if new is not None else ()
    if [layer.name for layer in before] == [layer.name for layer in after]:
        pairs = zip(before, after, strict=True)
        changes = [Change(a, b) for a, b in pairs if _signature(a) != _signature(b)]
    else:
        changes = list(_aligned(before, after))
    moved = {(each.kind, each.layer.name) for each in changes}
    shown = (each for each in changes if not _follows(each) and not _came_with(each, moved))
    return Difference(old, new, tuple(shown), title)


def _aligned(before: Sequence[LayerReport], after: Sequence[LayerReport]) -> Iterator[Change]:
    """The changes between two lists of layers; those that are alike are passed over."""
    ours, theirs = map(_signature, before), map(_signature, after)
    matcher = SequenceMatcher(None, list(ours), list(theirs), autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            yield from _matched(before[i:j], after[k:m])


def _came_with(change: Change, moved: Collection[tuple[Kind, str | None]]) -> bool:
    """Whether a free norm or activation came or went with the layer whose line names it."""
    layer = change.layer
    return change.kind != "changed" and layer.is_free and (change.kind, layer.host) in moved


def _follows(change: Change) -> bool:
    """Whether nothing but the shapes of a free layer changed."""
    return (
        change.kind == "changed"
        and change.layer.is_free
        and change.details().keys() <= {"input", "output"}
    )


def _matched(before: Sequence[LayerReport], after: Sequence[LayerReport]) -> Iterator[Change]:
    """The layers of a stretch that differs, in order, those of one name together."""
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
    """What a layer is, apart from its name, as something that can be looked up."""
    return repr((layer.kind, _details(layer), layer.mult_adds, layer.params))


def _details(layer: LayerReport) -> dict[str, Any]:
    shapes = {"input": layer.input, "output": layer.output}
    return {"type": layer.type, **layer.attributes, **shapes}


def _cost(layer: LayerReport | None, metric: str) -> int:
    return getattr(layer, metric) if layer is not None else 0


def _page(difference: Difference) -> Page:
    report = difference.new or difference.old
    facts = []
    if report is not None:
        facts.append(("convention", f"{report.convention}: {report.convention_title}"))
    titles = _titles(difference)
    columns = (
        Column("change", "Change"),
        Column("layer", "Layer"),
        Column("what", "What"),
        *(Column(metric, title, "right") for metric, title in titles.items()),
    )
    rows = tuple(_row(change) for change in difference.changes)
    tables = [Table("Layers", columns, rows)] if rows else []
    return Page(difference.title, tuple(facts), (*tables, _totals(difference)), _notes(difference))


def _titles(difference: Difference) -> dict[str, str]:
    report = difference.new or difference.old
    return metric_titles(report.unit if report else UNITS["macs"].title)


def _row(change: Change) -> Row:
    cells: list[Cell] = [Word(change.kind, _TONES[change.kind]), change.layer.name, _what(change)]
    cells += [Signed(change.added(metric)) for metric in METRICS]
    return Row(tuple(cells))


def _what(change: Change) -> str:
    """What is different, ``output 64x56x56 → 96x56x56``; the type of a layer that came or went."""
    details = change.details()
    if change.kind != "changed":
        return change.layer.type
    if not details:
        return "the same, counted differently"
    if "output" in details and "out" in details:
        del details["out"]
    return ", ".join(
        f"{name} {_shown(name, old)} → {_shown(name, new)}" for name, (old, new) in details.items()
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
    for metric, title in _titles(difference).items():
        old: int = getattr(difference.totals("old"), metric)
        new: int = getattr(difference.totals("new"), metric)
        percent = rounded(Fraction(100 * (new - old), old), 2) if old else ""
        sign = "+" if new > old and percent else ""
        rows.append(Row((title, old, new, Signed(new - old), f"{sign}{percent}")))
    return Table("Totals", columns, tuple(rows))


def _notes(difference: Difference) -> tuple[str, ...]:
    notes = ["No layer changed."]
    if difference.changes:
        count = len(difference.changes)
        notes = [f"{counted(count)} {'layer' if count == 1 else 'layers'} changed."]
    for which, report in (("the old", difference.old), ("the new", difference.new)):
        if report is not None:
            notes += uncounted_notes(report.uncounted, which)
    return tuple(notes)


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "none"
    if name in ("input", "output"):
        return shape_text(value)
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
