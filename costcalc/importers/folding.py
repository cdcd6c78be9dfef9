"""Finds a model's lines: the norms and activations that share the row of the layer before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.model import Model, Node
from costcalc.kinds import KINDS
from costcalc.kinds.base import MATRICES
from costcalc.names import paths
from costcalc.records import NamedTuple

_JOINS = ("add", "concat")
"""Kinds whose line may have an activation but no norm."""


def hosted_nodes(nodes: Sequence[Node]) -> frozenset[int]:
    """The indices of the norms and activations that belong to another layer's line.

    As in a spec's ``conv: {norm: batch, act: relu}``, each is the only reader of
    the layer before it, and has only default arguments.
    """
    readers = [0] * len(nodes)
    for node in nodes:
        for index in node.inputs:
            if index != NETWORK_INPUT:
                readers[index] += 1
    lines: dict[int, tuple[int, ...]] = {}
    for number, node in enumerate(nodes):
        before = node.inputs[0] if len(node.inputs) == 1 else NETWORK_INPUT
        if before != NETWORK_INPUT and readers[before] == 1:
            line = lines.get(before, (before,))
            if _follows(node, [nodes[index] for index in line]):
                lines[number] = (*line, number)
    return frozenset(lines)


def _follows(node: Node, line: Sequence[Node]) -> bool:
    kind, first = KINDS[node.kind], KINDS[line[0].kind]
    if kind.required:
        return False
    if any(value != kind.default(name) for name, value in node.arguments.items()):
        return False
    families = [KINDS[hosted.kind].family for hosted in line[1:]]
    if kind.family == "norm":
        return first.family in MATRICES and not families
    if kind.family != "activation" or "activation" in families:
        return False
    return first.family in MATRICES or (first.name in _JOINS and not families)


class Blocks(NamedTuple):
    """The blocks of a model's tables."""

    shown: Mapping[str, str]
    """The module class of each path that is a block."""
    folded: frozenset[str]
    """Those that are one row unless a depth is asked for."""


def blocks(model: Model, hosted: frozenset[int]) -> Blocks:
    """The model's blocks that hold several rows, and fewer than the block around them.

    A single operation of many nodes is a block that is folded; where a module does nothing
    else, the module is.
    """
    rows: dict[str, int] = {}
    for number, node in enumerate(model.nodes):
        if number not in hosted:
            for path in paths(node.name):
                rows[path] = rows.get(path, 0) + 1

    def outermost(path: str) -> str:
        while rows[path] == rows.get(path.rpartition("/")[0]):
            path = path.rpartition("/")[0]
        return path

    folded = frozenset(outermost(path) for path in model.folded if path in rows)
    shown = {
        path: name
        for path, name in model.blocks.items()
        if path in folded or 1 < rows.get(path, 0) != rows.get(path.rpartition("/")[0])
    }
    return Blocks(shown, folded)
