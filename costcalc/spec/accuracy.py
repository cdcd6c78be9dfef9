"""Accuracies that papers print for a network, to set beside its costs.

    accuracy:
      - {top1: 70.6, source: "Table 6"}
      - {at: {alpha: 0.5, res: 160}, top1: 60.2, source: "Table 9"}

``top1`` is on ImageNet, in per cent; ``at`` holds the settings it was measured
at, unless they are the defaults.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any

from costcalc.errors import Problems
from costcalc.spec.document import Accuracy
from costcalc.spec.keys import refuse_others
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given
from costcalc.spec.values import literal

KEYS: Mapping[str, str] = {
    "at": "the settings that it was measured at: {alpha: 0.5}",
    "top1": "ImageNet top-1, in per cent",
    "source": "where it is printed",
}
"""What an accuracy states."""


def read_accuracies(
    node: Node | None, parameters: Collection[str], problems: Problems
) -> tuple[Accuracy, ...]:
    """The accuracies that a spec states; errors go to ``problems``."""
    if node is None:
        return ()
    items = node.items if isinstance(node, ListNode) else (node,)
    accuracies = [_accuracy(item, parameters, problems) for item in items]
    return tuple(accuracy for accuracy in accuracies if accuracy is not None)


def _accuracy(node: Node, parameters: Collection[str], problems: Problems) -> Accuracy | None:
    pairs = node.entries if isinstance(node, MapNode) else ()
    entries = {key.text: (key, value) for key, value in pairs}
    refuse_others((key for key, _ in pairs), KEYS, "an accuracy has no", problems)
    stated = entries["top1"][1] if "top1" in entries else node
    top1 = literal(stated)
    source = given(entries["source"][1]) if "source" in entries else None
    if isinstance(top1, bool) or not isinstance(top1, int | Fraction) or not 0 <= top1 <= 100:
        problems.add(
            stated.mark,
            "an accuracy must state its top1",
            expected="a number from 0 to 100",
            found=str(stated),
        )
        return None
    if not isinstance(source, Scalar) or not source.text:
        problems.add(node.mark, "an accuracy must state its source", "the paper's table or section")
        return None
    at = entries["at"][1] if "at" in entries else None
    return Accuracy(_settings(at, parameters, problems), top1, source.text, node.mark)


def _settings(node: Node | None, parameters: Collection[str], problems: Problems) -> dict[str, Any]:
    if node is None:
        return {}
    if not isinstance(node, MapNode):
        problems.add(node.mark, "settings are a mapping", "'name: value'", found=str(node))
        return {}
    refuse_others(node.keys, sorted(parameters), "the network has no parameter", problems)
    settings = {key.text: literal(value) for key, value in node.entries}
    for key, value in node.entries:
        if settings[key.text] is None:
            expected = "a number or a word"
            problems.add(value.mark, f"'{key.text}' has no value", expected, found=str(value))
    return settings
