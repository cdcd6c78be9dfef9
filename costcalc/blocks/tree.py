"""A layer graph as the tree that the paths of its layers' names spell.

A leaf is a line: a layer with the norm and the activation that are written with it; a
group is what a path holds: a block, a named sequence, a named branch.  A group reads
tensors and gives tensors, as a module does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from costcalc.blocks.groups import spans
from costcalc.graph.layer import NETWORK_INPUT, BlockCall, Layer, LayerGraph
from costcalc.kinds import TABLE
from costcalc.names import FreeNames, paths

_NUMBERED = re.compile(r"(.*?)[_-]?(\d+)")
_KINDS = {kind.name for kind in TABLE}


class LayerLine:
    """A layer, and those of its line; each is named by its index."""

    def __init__(self, name: str, indexes: tuple[int, ...], layers: tuple[Layer, ...]) -> None:
        self.path = name
        self.key = name.rpartition("/")[2]
        self.indexes = indexes
        self.layers = layers
        self.owner: Node | None = None
        """Whose params it uses, where it uses another's."""
        self.is_read = True
        """Whether anything needs what it gives, as nothing does a tensor that is merely held."""

    @property
    def is_source(self) -> bool:
        """Whether it is a tensor that the network holds."""
        return self.layers[0].kind.family == "source"

    @property
    def identity(self) -> str:
        """What tells it from every other node: two branches may have layers of one name."""
        return str(self.indexes[0])

    @property
    def reads(self) -> tuple[int, ...]:
        """The tensors that it reads, each named by the layer that gives it."""
        return self.layers[0].inputs

    @property
    def gives(self) -> tuple[int, ...]:
        """The tensor that it gives."""
        return self.indexes[-1:]

    @property
    def is_named(self) -> bool:
        """Whether the spec named it, and not its kind and a number."""
        return _spoken(self.key, _KINDS)


class Group:
    """What a path inside the layers' names holds."""

    def __init__(self, path: str, block: str, call: BlockCall | None) -> None:
        self.path = path
        self.key = path.rpartition("/")[2]
        self.block = block
        """The block's name; ``sequence``; empty for a branch."""
        self.call = call
        self.children: list[Node] = []
        self.keys = FreeNames()
        """Those of its children."""
        self.reads: tuple[int, ...] = ()
        self.gives: tuple[int, ...] = ()
        self.owner: Node | None = None

    @property
    def identity(self) -> str:
        """What tells it from every other node."""
        return f"{self.path}/"

    @property
    def lines(self) -> Iterator[LayerLine]:
        """The lines inside, in their order."""
        for child in self.children:
            if isinstance(child, Group):
                yield from child.lines
            else:
                yield child

    @property
    def is_named(self) -> bool:
        """Whether the spec named it, and not its block and a number."""
        return _spoken(self.key, {self.block, "sequence"})

    @property
    def is_block(self) -> bool:
        """Whether it is a block or a model's module, and no branch or sequence."""
        return self.block not in ("", "sequence")

    @property
    def family(self) -> str:
        """What those are called together that may be one class."""
        return self.block if self.is_block else without_number(self.key)

    @property
    def inputs(self) -> Mapping[str, int]:
        """What its module reads, by names: the block's inputs, or else what its layers read."""
        if self.call is not None and {*self.reads} <= {*self.call.inputs.values()}:
            return self.call.inputs
        if len(self.reads) == 1:
            return {"input": self.reads[0]}
        return {f"input_{number}": tensor for number, tensor in enumerate(self.reads, 1)}


Node: TypeAlias = LayerLine | Group


def tree(graph: LayerGraph) -> Group:
    """The root of a graph's tree."""
    lines = list(_lines(graph))
    # Only layers that stand together can be held by one module.
    standing = spans(line.path for line in lines)
    root = Group("", "", None)
    found: dict[str, Group] = {"": root}
    for line in lines:
        parent = root
        for path in paths(line.path):
            if path not in standing:
                continue
            if path not in found:
                found[path] = Group(path, graph.blocks.get(path, ""), graph.calls.get(path))
                _put(found[path], parent)
            parent = found[path]
        _put(line, parent)
    _connect(root, set(graph.outputs), _readers(lines))
    return root


def _put(node: Node, parent: Group) -> None:
    """Makes a node the last one of a group, under a key that no other there has."""
    key = node.path[len(parent.path) :].lstrip("/")
    node.key = parent.keys.free(key)
    parent.children.append(node)


def without_number(key: str) -> str:
    """A key without the number that tells it from its siblings.

    >>> without_number("conv2_x3"), without_number("dense1_12"), without_number("stem")
    ('conv2_x', 'dense1', 'stem')
    """
    numbered = _NUMBERED.fullmatch(key)
    return numbered[1] if numbered and numbered[1] else key


def groups(group: Group) -> Iterator[Group]:
    """A group and all groups inside it, the inner ones first."""
    for child in group.children:
        if isinstance(child, Group):
            yield from groups(child)
    yield group


def _spoken(key: str, words: set[str]) -> bool:
    return without_number(key) not in words


def _lines(graph: LayerGraph) -> Iterator[LayerLine]:
    """The lines of a graph; those apart whose layers do not share their params as one."""
    layers, lines = graph.layers, graph.lines
    line_of = {index: line for line in lines for index in line.layers}
    apart: set[int] = set()
    for line in lines:
        shared = [layers[index].shares for index in line.layers]
        owners = tuple(owner for owner in shared if owner is not None)
        if owners and owners != line_of[owners[0]].layers:
            apart.update((line.host, *(line_of[owner].host for owner in owners)))
    for line in lines:
        for part in zip(line.layers) if line.host in apart else (line.layers,):
            members = tuple(layers[index] for index in part)
            yield LayerLine(layers[part[0]].name, part, members)


def _readers(lines: list[LayerLine]) -> Mapping[int, list[int]]:
    """Which tensors read each tensor."""
    readers: dict[int, list[int]] = {}
    for line in lines:
        for tensor in line.reads:
            readers.setdefault(tensor, []).extend(line.gives)
    return readers


def _connect(group: Group, results: set[int], readers: Mapping[int, list[int]]) -> set[int]:
    """Finds what each group reads and gives; the tensors that are made inside."""
    made: set[int] = set()
    read: dict[int, None] = {}
    unread: list[int] = []
    for child in group.children:
        inside = set(child.gives)
        if isinstance(child, Group):
            inside = _connect(child, results, readers)
        read.update(dict.fromkeys(tensor for tensor in child.reads if tensor not in made))
        made |= inside
        if isinstance(child, LayerLine) and child.is_source:
            child.is_read = child.gives[0] in readers or child.gives[0] in results
        else:
            unread += [tensor for tensor in child.gives if not readers.get(tensor)]
    given = [
        tensor
        for child in group.children
        for tensor in child.gives
        if tensor in results or not made.issuperset(readers.get(tensor, ()))
    ]
    group.gives = tuple(given or unread)
    # What a group holds stands for every image of a batch: it must read something to know it.
    group.reads = tuple(read) or ((NETWORK_INPUT,) if group.gives else ())
    return made
