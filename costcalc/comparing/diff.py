"""Two versions of a network, layer by layer: what changed, and what that costs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple, TypeAlias

from costcalc.reporting.report import LayerReport, Report, Totals

Kind: TypeAlias = Literal["changed", "added", "removed"]


class Change(NamedTuple):
    """A layer that is not as it was."""

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


class Difference(NamedTuple):
    """What became of a network; None where it is new, or gone."""

    old: Report | None
    new: Report | None
    changes: tuple[Change, ...]

    def totals(self, side: Literal["old", "new"]) -> Totals:
        """The totals of one version; nothing where there is none."""
        report: Report | None = getattr(self, side)
        return report.totals if report is not None else Totals(0, 0)


def difference(old: Report | None, new: Report | None) -> Difference:
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
    told = (each for each in changes if not _follows(each) and not _came_with(each, moved))
    return Difference(old, new, tuple(told))


def _aligned(before: Sequence[LayerReport], after: Sequence[LayerReport]) -> Iterator[Change]:
    """The changes between two lists of layers, those that are alike passed over."""
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
    """Whether a layer changed in nothing but the shapes that arrive at it, for free."""
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
