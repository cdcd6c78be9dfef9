"""A layer graph as a tree, by the paths in its layers' names.

A leaf is a line: a layer with its norm and its activation.  A group consists of the
layers under a path: a block, a named sequence, a named branch.  Like a module, it has
input and output tensors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from string import digits
from typing import TypeAlias

from costcalc.blocks.groups import spans
from costcalc.graph.layer import NETWORK_INPUT, BlockCall, Layer, LayerGraph
from costcalc.kinds import TABLE
from costcalc.names import FreeNames, paths

_KINDS = {kind.name for kind in TABLE}


class LayerLine:
    """The layers of a line, and their indexes."""

    def __init__(self, name: str, indexes: tuple[int, ...], layers: tuple[Layer, ...]) -> None:
        self.path = name
        self.key = name.rpartition("/")[2]
        self.indexes = indexes
        self.layers = layers
        self.owner: Node | None = None
        """The node whose params it uses, if they are not its own."""
        self.is_read = True
        """False for a stored tensor that nothing reads."""

    @property
    def is_source(self) -> bool:
        """Whether it is a stored tensor."""
        return self.layers[0].kind.family == "source"

    @property
    def identity(self) -> str:
        """A unique identity: two branches may have layers of one name."""
        return str(self.indexes[0])

    @property
    def reads(self) -> tuple[int, ...]:
        """Its input tensors, each identified by the layer that computes it."""
        return self.layers[0].inputs

    @property
    def outputs(self) -> tuple[int, ...]:
        """Its output tensor."""
        return self.indexes[-1:]

    @property
    def is_named(self) -> bool:
        """Whether the spec named it; otherwise it has the name of its kind and a number."""
        return without_number(self.key) not in _KINDS


class Group:
    """The layers under a path."""

    def __init__(self, path: str, block: str, call: BlockCall | None) -> None:
        self.path = path
        self.key = path.rpartition("/")[2]
        self.block = block
        """The block's name; ``sequence``; empty for a branch."""
        self.call = call
        self.children: list[Node] = []
        self.keys = FreeNames()
        """The keys of its children."""
        self.reads: tuple[int, ...] = ()
        self.outputs: tuple[int, ...] = ()
        self.owner: Node | None = None

    @property
    def identity(self) -> str:
        """A unique identity."""
        return f"{self.path}/"

    @property
    def lines(self) -> Iterator[LayerLine]:
        """The lines inside, in order."""
        for child in self.children:
            if isinstance(child, Group):
                yield from child.lines
            else:
                yield child

    @property
    def is_named(self) -> bool:
        """Whether the spec named it; otherwise it has the name of its block and a number."""
        return without_number(self.key) not in (self.block, "sequence")

    @property
    def is_block(self) -> bool:
        """Whether it is a block or a model's module, not a branch or a sequence."""
        return self.block not in ("", "sequence")

    @property
    def family(self) -> str:
        """The same for groups that may share a class."""
        return self.block if self.is_block else without_number(self.key)

    @property
    def inputs(self) -> Mapping[str, int]:
        """The inputs of its module, by name: the block's, or else those of its layers."""
        if self.call is not None and {*self.reads} <= {*self.call.inputs.values()}:
            return self.call.inputs
        if len(self.reads) == 1:
            return {"input": self.reads[0]}
        return {f"input_{number}": tensor for number, tensor in enumerate(self.reads, 1)}


Node: TypeAlias = LayerLine | Group


def tree(graph: LayerGraph) -> Group:
    """The root of a graph's tree."""
    lines = list(_lines(graph))
    # Only consecutive layers can be in one module.
    consecutive = spans(line.path for line in lines)
    root = Group("", "", None)
    by_path: dict[str, Group] = {}
    for line in lines:
        parent = root
        for path in paths(line.path):
            if path not in consecutive:
                continue
            if path not in by_path:
                by_path[path] = Group(path, graph.blocks.get(path, ""), graph.calls.get(path))
                _append(by_path[path], parent)
            parent = by_path[path]
        _append(line, parent)
    _connect(root, set(graph.outputs), graph.readers)
    return root


def _append(node: Node, parent: Group) -> None:
    """Appends a node to a group, under a unique key."""
    key = node.path[len(parent.path) :].lstrip("/")
    node.key = parent.keys.free(key)
    parent.children.append(node)


def without_number(key: str) -> str:
    """A key without the number that distinguishes it from its siblings.

    >>> without_number("conv2_x3"), without_number("dense1_12"), without_number("stem")
    ('conv2_x', 'dense1', 'stem')
    """
    word = key.rstrip(digits)
    if word == key:
        return key
    return (word[:-1] if word.endswith(("_", "-")) else word) or key


def groups(group: Group) -> Iterator[Group]:
    """A group and all groups inside it, inner ones first."""
    for child in group.children:
        if isinstance(child, Group):
            yield from groups(child)
    yield group


def _lines(graph: LayerGraph) -> Iterator[LayerLine]:
    """The lines of a graph; those that share only some params are split into layers."""
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


def _connect(group: Group, results: set[int], readers: Sequence[Sequence[int]]) -> set[int]:
    """Sets the input and output tensors of all groups; returns the tensors made inside."""
    made: set[int] = set()
    read: dict[int, None] = {}
    unread: list[int] = []
    for child in group.children:
        inside = _connect(child, results, readers) if isinstance(child, Group) else {*child.indexes}
        read.update(dict.fromkeys(tensor for tensor in child.reads if tensor not in made))
        made |= inside
        if isinstance(child, LayerLine) and child.is_source:
            child.is_read = bool(readers[child.outputs[0]]) or child.outputs[0] in results
        else:
            unread += [tensor for tensor in child.outputs if not readers[tensor]]
    outputs = [
        tensor
        for child in group.children
        for tensor in child.outputs
        if tensor in results or not made.issuperset(readers[tensor])
    ]
    if NETWORK_INPUT in results:
        outputs.append(NETWORK_INPUT)
    group.outputs = tuple(outputs or unread)
    # Stored tensors are expanded to the batch, whose size is known only from an input.
    group.reads = tuple(read) or ((NETWORK_INPUT,) if group.outputs else ())
    return made
