"""A report's layers as a tree of blocks, costs added up at every branch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from costcalc.kinds.base import Shape
from costcalc.names import paths
from costcalc.records import NamedTuple
from costcalc.reporting.layers import LayerReport


class ReportLine:
    """One line of the network: a layer with the norm and the activation written in it."""

    __slots__ = ("fused", "is_free", "layer", "mult_adds", "params")

    def __init__(self, layer: LayerReport) -> None:
        self.layer = layer
        self.fused: list[LayerReport] = []
        self.mult_adds = layer.mult_adds
        self.params = layer.params
        self.is_free = layer.is_free

    def fuse(self, layer: LayerReport) -> None:
        """Adds a norm or an activation, its costs included."""
        self.fused.append(layer)
        self.mult_adds += layer.mult_adds
        self.params += layer.params
        self.is_free = self.is_free and layer.is_free


class ReportGroup:
    """A block, a branch or the whole network: what it holds, added up."""

    __slots__ = (
        "input",
        "is_free",
        "lines",
        "members",
        "mult_adds",
        "output",
        "params",
        "path",
        "uncounted",
    )

    def __init__(self, path: str) -> None:
        self.path = path
        self.members: list[ReportLine | ReportGroup] = []
        self.lines = 0
        self.uncounted = 0
        self.mult_adds = 0
        self.params = 0
        self.is_free = True
        self.input: Shape = ()
        self.output: Shape = ()

    def add(self, line: ReportLine) -> None:
        """Adds a line's costs; its place among the members is the caller's to choose."""
        self.lines += 1
        self.uncounted += not line.layer.is_counted
        self.mult_adds += line.mult_adds
        self.params += line.params
        self.is_free = self.is_free and line.is_free
        self.input = self.input or line.layer.input
        self.output = line.layer.output


class Place(NamedTuple):
    """A line or a group where it stands in the tree."""

    node: ReportLine | ReportGroup
    depth: int
    is_sum: bool
    """Whether what it adds up stands below it."""


def lines(layers: Sequence[LayerReport], is_every_layer: bool = False) -> list[ReportLine]:
    """The lines of a network; ``is_every_layer`` gives norms and activations their own."""
    listed: list[ReportLine] = []
    by_name: dict[str, ReportLine] = {}
    for layer in layers:
        host = None if is_every_layer or layer.host is None else by_name[layer.host]
        if host is None:
            line = ReportLine(layer)
            listed.append(line)
        else:
            line = host
            host.fuse(layer)
        by_name[layer.name] = line
    return listed


def tree(network: Sequence[ReportLine]) -> ReportGroup:
    """The lines under the blocks and branches in the paths of their names."""
    root = ReportGroup("")
    groups: dict[str, ReportGroup] = {}
    for line in network:
        name = line.layer.name
        parent = root
        root.add(line)
        for path in paths(name):
            group = groups.get(path)
            if group is None:
                group = groups[path] = ReportGroup(path)
                parent.members.append(group)
            group.add(line)
            parent = group
        parent.members.append(line)
    return root


def places(blocks: Mapping[str, str], root: ReportGroup, depth: int | None) -> Iterator[Place]:
    """Every node from the top, blocks before what they hold, folded below ``depth`` levels.

    A branch that holds one thing is that thing, and what a block holds in one
    branch it holds itself: only blocks that the spec names keep a row of their own.
    """
    open_ = [iter(root.members)]
    while open_:
        node = next(open_[-1], None)
        if node is None:
            open_.pop()
            continue
        while isinstance(node, ReportGroup) and len(node.members) == 1 and node.path not in blocks:
            node = node.members[0]
        level = len(open_) - 1
        is_open = isinstance(node, ReportGroup) and (depth is None or level + 1 < depth)
        yield Place(node, level, is_open)
        if isinstance(node, ReportGroup) and is_open:
            open_.append(iter(_members(node, blocks)))


def _members(group: ReportGroup, blocks: Mapping[str, str]) -> list[ReportLine | ReportGroup]:
    """What stands below a group's row."""
    members = group.members
    while len(members) == 1:
        (only,) = members
        if not isinstance(only, ReportGroup) or only.path in blocks:
            break
        members = only.members
    return members
