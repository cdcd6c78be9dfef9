"""A report's layers as a tree of blocks with their total costs."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from costcalc.kinds.base import Shape
from costcalc.names import paths
from costcalc.records import NamedTuple
from costcalc.reporting.layers import LayerReport

BRANCH = "branch"
"""What a group is whose path no block has."""


class ReportLine:
    """One line of the network: a layer with its norm and activation."""

    __slots__ = ("fused", "is_free", "layer", "mult_adds", "params")

    def __init__(self, layer: LayerReport) -> None:
        self.layer = layer
        self.fused: list[LayerReport] = []
        self.mult_adds = layer.mult_adds
        self.params = layer.params
        self.is_free = layer.is_free

    def fuse(self, layer: LayerReport) -> None:
        """Adds a norm or an activation with its costs."""
        self.fused.append(layer)
        self.mult_adds += layer.mult_adds
        self.params += layer.params
        self.is_free = self.is_free and layer.is_free

    def names(self) -> Iterator[str]:
        """The names of its layers."""
        yield self.layer.name
        yield from (layer.name for layer in self.fused)


class ReportGroup:
    """A block, a branch or the whole network, with the total cost of its lines."""

    __slots__ = (
        "guessed",
        "input",
        "input_axis",
        "is_free",
        "lines",
        "members",
        "mult_adds",
        "output",
        "output_axis",
        "params",
        "path",
        "uncounted",
    )

    def __init__(self, path: str) -> None:
        self.path = path
        self.members: list[ReportLine | ReportGroup] = []
        self.lines = 0
        self.uncounted = 0
        self.guessed = 0
        self.mult_adds = 0
        self.params = 0
        self.is_free = True
        self.input: Shape = ()
        self.output: Shape = ()
        self.input_axis: int | None = None
        self.output_axis = 0

    def add(self, line: ReportLine) -> None:
        """Adds a line but its costs; the caller adds it to ``members`` of the innermost group."""
        self.lines += 1
        self.uncounted += not line.layer.is_counted
        self.guessed += line.layer.is_guessed
        self.is_free = self.is_free and line.is_free
        if not self.input:
            self.input, self.input_axis = line.layer.input, line.layer.input_axis
        self.output, self.output_axis = line.layer.output, line.layer.output_axis

    def add_up(self) -> None:
        """Takes the costs of its members, which are added up before it."""
        self.mult_adds = sum(member.mult_adds for member in self.members)
        self.params = sum(member.params for member in self.members)

    @property
    def doubts(self) -> str:
        """What a reader must know of its costs; '' for nothing."""
        doubts = f", {self.uncounted} not counted" if self.uncounted else ""
        return f"{doubts}, {self.guessed} at guessed shapes" if self.guessed else doubts

    def title(self, block: str) -> str:
        """Its row in a table: its name, with its block if the name does not say it."""
        name = self.path.rpartition("/")[2]
        is_named_after_block = name.startswith(block) or block in (BRANCH, "sequence")
        return (name if is_named_after_block else f"{block} ({name})") + self.doubts

    def names(self) -> Iterator[str]:
        """The names of the layers in all its lines."""
        for member in self.members:
            yield from member.names()


class Place(NamedTuple):
    """A line or a group with its position in the tree."""

    node: ReportLine | ReportGroup
    depth: int
    is_sum: bool
    """Whether the rows that it sums follow below it."""


def lines(layers: Sequence[LayerReport], has_all_layers: bool = False) -> list[ReportLine]:
    """The lines of a network; with ``has_all_layers``, a line for every layer."""
    by_host: dict[str, ReportLine] = {}
    for layer in layers:
        if has_all_layers or layer.host is None:
            by_host[layer.name] = ReportLine(layer)
        else:
            by_host[layer.host].fuse(layer)
    return list(by_host.values())


def tree(network: Sequence[ReportLine]) -> ReportGroup:
    """The lines grouped by the blocks and branches in the paths of their names."""
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
    for group in reversed((root, *groups.values())):
        group.add_up()
    return root


def places(
    blocks: Mapping[str, str],
    root: ReportGroup,
    depth: int | None,
    folded: Container[str] = (),
) -> Iterator[Place]:
    """Every node from the top, blocks before their members, folded below ``depth`` levels.

    Without a depth, only the blocks in ``folded`` are.

    A branch with one member is replaced by that member, and a block with one branch has
    the branch's members: only blocks that the spec names always have a row.
    """
    levels = [iter(root.members)]
    while levels:
        node = next(levels[-1], None)
        if node is None:
            levels.pop()
            continue
        while isinstance(node, ReportGroup) and len(node.members) == 1 and node.path not in blocks:
            node = node.members[0]
        level = len(levels) - 1
        is_open = isinstance(node, ReportGroup) and (
            node.path not in folded if depth is None else level + 1 < depth
        )
        yield Place(node, level, is_open)
        if isinstance(node, ReportGroup) and is_open:
            levels.append(iter(_members(node, blocks)))


def _members(group: ReportGroup, blocks: Mapping[str, str]) -> list[ReportLine | ReportGroup]:
    """The nodes below a group's row."""
    members = group.members
    while len(members) == 1:
        (only,) = members
        if not isinstance(only, ReportGroup) or only.path in blocks:
            break
        members = only.members
    return members
