"""Which norms and activations of a model belong in the row of the layer that they follow."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.model import Model, Node
from costcalc.kinds import KINDS
from costcalc.kinds.base import MATRICES
from costcalc.names import paths

_JOINED = ("add", "concat")
"""Kinds that an activation alone follows."""


def hosted_nodes(nodes: Sequence[Node]) -> frozenset[int]:
    """Indexes of the norms and activations that can be written in their layer's own line.

    As in the line of a spec, ``conv: {norm: batch, act: relu}``: each is the one
    reader of what it follows, and has no arguments that the line has no place for.
    """
    readers = [0] * len(nodes)
    for node in nodes:
        for index in node.inputs:
            if index != NETWORK_INPUT:
                readers[index] += 1
    found: set[int] = set()
    lines: dict[int, tuple[int, ...]] = {}
    for number, node in enumerate(nodes):
        before = node.inputs[0] if len(node.inputs) == 1 else NETWORK_INPUT
        if before != NETWORK_INPUT and readers[before] == 1:
            line = lines.get(before, (before,))
            if _follows(node, [nodes[index] for index in line]):
                found.add(number)
                lines[number] = (*line, number)
    return frozenset(found)


def _follows(node: Node, line: Sequence[Node]) -> bool:
    kind, first = KINDS[node.kind], KINDS[line[0].kind]
    if kind.required:
        return False
    if any(value != kind.default(name) for name, value in node.arguments.items()):
        return False
    families = [KINDS[each.kind].family for each in line[1:]]
    if kind.family == "norm":
        return first.family in MATRICES and not families
    if kind.family != "activation" or "activation" in families:
        return False
    return first.family in MATRICES or (first.name in _JOINED and not families)


def shown_blocks(model: Model, hosted: frozenset[int]) -> dict[str, str]:
    """The model's blocks, but for those that hold one row, or what the one around them holds."""
    rows: dict[str, int] = {}
    for number, node in enumerate(model.nodes):
        if number not in hosted:
            for path in paths(node.name):
                rows[path] = rows.get(path, 0) + 1
    return {
        path: name
        for path, name in model.blocks.items()
        if 1 < rows.get(path, 0) != rows.get(path.rpartition("/")[0])
    }
