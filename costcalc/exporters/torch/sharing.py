"""Modules that several parts of a network share.

Users inside one module call it by its name.  Otherwise the innermost module that
contains all users builds it and passes it to those inside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from costcalc.blocks.tree import Group, LayerLine, Node, groups, without_number
from costcalc.exporters.torch.lowering import FusedModule
from costcalc.exporters.torch.modules import Module, ModuleRef, ModuleStep, Word, new, positional
from costcalc.exporters.torch.names import attribute, variable
from costcalc.names import FreeNames


class SharedModule(NamedTuple):
    """A node whose params others use."""

    owner: Node
    is_local: bool
    """Whether all users are steps of one module, which call the owner's module."""
    name: str
    """Its name where it is built, and inside."""
    unlike: frozenset[Node] = frozenset()
    """The users that share only the params: their modules differ, as in padding."""

    def ref(self, part: str = "") -> ModuleRef:
        """The module, or that of one part of it."""
        return ModuleRef(self.owner.identity, part, variable(f"{self.name}{part}", "shared"))


class Sharing:
    """The modules that the nodes of a tree share, once its lines are lowered."""

    def __init__(self, root: Group, lowered: Mapping[LayerLine, Sequence[FusedModule]]) -> None:
        self.parents: dict[Node, Group] = {}
        for group in groups(root):
            self.parents.update(dict.fromkeys(group.children, group))
        _find_owners(root, lowered)
        users: dict[Node, list[Node]] = {}
        for node in _tops(root):
            if node.owner is not None:
                users.setdefault(node.owner, [node.owner]).append(node)
        self.of: dict[Node, SharedModule] = {}
        """The module that a node shares."""
        self.at: dict[Group, list[SharedModule]] = {}
        """The shared modules that a group builds for the nodes inside it."""
        for owner, nodes in users.items():
            home = self._home(nodes)
            unlike = frozenset(
                node
                for node in nodes
                if isinstance(node, LayerLine)
                and isinstance(owner, LayerLine)
                and lowered[node] != lowered[owner]
            )
            is_local = not unlike and all(self.parents[node] is home for node in nodes)
            shared = SharedModule(owner, is_local, owner.key, unlike)
            if not is_local:
                here = self.at.setdefault(home, [])
                taken = {attribute(child.key) for child in home.children}
                names = FreeNames(taken | {other.name for other in here})
                key = owner.key if owner.is_named else without_number(owner.key)
                shared = shared._replace(name=names.free(attribute(key)))
                here.append(shared)
            self.of.update(dict.fromkeys(nodes, shared))

    def built(self, group: Group) -> frozenset[str]:
        """The identities of the owners whose modules a group builds."""
        return frozenset(shared.owner.identity for shared in self.at.get(group, ()))

    def around(self, node: Node) -> Iterator[Group]:
        """The groups that contain a node, innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def _home(self, nodes: Sequence[Node]) -> Group:
        """The innermost group that contains all the nodes."""
        common = set[Group].intersection(*(set(self.around(node)) for node in nodes))
        return next(group for group in self.around(nodes[0]) if group in common)


def resolved(module: Module, built: Collection[str]) -> Module:
    """The module, with ``self.NAME`` for each shared module that is built here."""
    arguments = []
    for argument in module.arguments:
        value = argument.value
        if isinstance(value, Module):
            value = resolved(value, built)
        elif isinstance(value, ModuleRef) and value.owner in built:
            value = _here(value)
        arguments.append(argument._replace(value=value))
    return module._replace(arguments=tuple(arguments))


def calling(
    step: ModuleStep, ref: ModuleRef, built: Collection[str], is_like: bool = True
) -> ModuleStep:
    """The step, calling a shared module that is built here or passed in.

    If its own module is not like the shared one, it takes only the params.
    """
    is_here = ref.owner in built
    if not is_like and isinstance(step.module, Module):
        owner = positional("owner", _here(ref) if is_here else ref)
        return step._replace(module=new("tied", positional("module", step.module), owner))
    if is_here:
        return step._replace(module=None, calls=ref.name)
    return step._replace(module=ref)


def _here(ref: ModuleRef) -> Word:
    return Word(f"self.{attribute(ref.name)}")


def _tops(group: Group) -> Iterator[Node]:
    """Every node outside groups that share a module as a whole."""
    for child in group.children:
        yield child
        if isinstance(child, Group) and child.owner is None:
            yield from _tops(child)


def _find_owners(root: Group, lowered: Mapping[LayerLine, Sequence[FusedModule]]) -> None:
    """Sets the owner of lines, and of groups all of whose lines share params."""
    lines = list(root.lines)
    by_index = {index: line for line in lines for index in line.indexes}
    by_path = {group.path: group for group in groups(root)}
    for line in lines:
        owner = line.layers[0].shares
        if owner is not None and any(fused.is_stateful for fused in lowered[line]):
            line.owner = by_index[owner]
    for group in by_path.values():
        group.owner = _group_owner(group, by_path, lowered)


def _group_owner(
    group: Group,
    by_path: Mapping[str, Group],
    lowered: Mapping[LayerLine, Sequence[FusedModule]],
) -> Group | None:
    """The group that this one repeats: the same modules, line by line, with the same params."""
    first = next(group.lines, None)
    if first is None or not isinstance(first.owner, LayerLine) or not group.path:
        return None
    tail = first.path[len(group.path) :]
    owner = by_path.get(first.owner.path.removesuffix(tail))
    if owner is None or owner is group or len(owner.outputs) != len(group.outputs):
        return None
    lines, theirs = list(group.lines), list(owner.lines)
    if len(theirs) != len(lines):
        return None
    for mine, other in zip(lines, theirs, strict=True):
        if mine.path[len(group.path) :] != other.path[len(owner.path) :]:
            return None
        if mine.owner is not None and mine.owner is not other:
            return None
        if lowered[mine] != lowered[other]:
            return None
        if any(layer.shares is None for layer in mine.layers):
            return None
    return owner
