"""Modules that several parts of a network call: each is built where the parts meet.

Parts of one module call it by its name.  Where they stand apart, the module that
holds them all builds it and hands it to those inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from costcalc.exporters.torch.lowering import Run
from costcalc.exporters.torch.names import attribute, variable
from costcalc.exporters.torch.pieces import Module, Word, given
from costcalc.exporters.torch.steps import Shared, Step
from costcalc.exporters.torch.tree import Group, Leaf, Node, base, groups
from costcalc.names import FreeNames


class Site(NamedTuple):
    """A node whose params others use, and where its modules are built."""

    owner: Node
    users: tuple[Node, ...]
    """All that use them, the owner first."""
    home: Group
    """The innermost group that holds all of them."""
    name: str
    """What it is called there and inside."""
    unlike: frozenset[Node] = frozenset()
    """The users whose modules differ in what is no param: a padding."""

    @property
    def is_local(self) -> bool:
        """Whether all users stand side by side, and call one module."""
        return not self.unlike and all(user in self.home.children for user in self.users)

    def is_like(self, user: Node) -> bool:
        """Whether it calls the owner's module, and not one of its own with the same params."""
        return user not in self.unlike

    def shared(self, part: str = "") -> Shared:
        """The module, or that of one part of it."""
        return Shared(self.owner.identity, part, variable(f"{self.name}{part}", "shared"))


class Sharing:
    """The sites of a tree, whose leaves become those runs."""

    def __init__(self, root: Group, runs: Mapping[Leaf, Sequence[Run]]) -> None:
        self.parents: dict[Node, Group] = {}
        for group in groups(root):
            self.parents.update(dict.fromkeys(group.children, group))
        _find_owners(root, runs)
        users: dict[Node, list[Node]] = {}
        for node in _tops(root):
            if node.owner is not None:
                users.setdefault(node.owner, [node.owner]).append(node)
        self.of: dict[Node, Site] = {}
        """The site of each node that shares."""
        self.at: dict[Group, list[Site]] = {}
        """The sites that a group builds for those inside it."""
        for owner, found in users.items():
            home = self._home(found)
            here = self.at.setdefault(home, [])
            unlike = frozenset(
                node
                for node in found
                if isinstance(node, Leaf) and isinstance(owner, Leaf) and runs[node] != runs[owner]
            )
            site = Site(owner, tuple(found), home, owner.key, unlike)
            self.of.update(dict.fromkeys(found, site))
            if not site.is_local:
                taken = {attribute(child.key) for child in home.children} | {s.name for s in here}
                word = owner.key if owner.is_named else base(owner.key)
                site = site._replace(name=FreeNames(taken).free(attribute(word)))
                self.of.update(dict.fromkeys(found, site))
                here.append(site)

    def _home(self, nodes: list[Node]) -> Group:
        """The innermost group that holds all of them."""
        around = [list(self.around(node)) for node in nodes]
        return next(group for group in around[0] if all(group in each for each in around))

    def around(self, node: Node) -> Iterator[Group]:
        """The groups that hold a node, the innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node


def handed(module: Module, sites: Sequence[Site]) -> Module:
    """The module, with what it is handed by the names that it has where the sites are built."""
    built = {site.owner.identity for site in sites}
    arguments = []
    for argument in module.arguments:
        value = argument.value
        if isinstance(value, Module):
            value = handed(value, sites)
        elif isinstance(value, Shared) and value.owner in built:
            value = _here(value)
        arguments.append(argument._replace(value=value))
    return module._replace(arguments=tuple(arguments))


def calling(step: Step, shared: Shared, sites: Sequence[Site], is_like: bool = True) -> Step:
    """The step with a module that one of the sites builds, or that is handed to its own module.

    A module that is unlike takes its params alone.
    """
    is_here = any(shared.owner == site.owner.identity for site in sites)
    if not is_like and isinstance(step.module, Module):
        owner = given("owner", _here(shared) if is_here else shared)
        tied = Module(Word("tied"), (given("module", step.module), owner))
        return step._replace(module=tied)
    if is_here:
        return step._replace(module=None, calls=shared.name)
    return step._replace(module=shared)


def _here(shared: Shared) -> Word:
    return Word(f"self.{attribute(shared.name)}")


def _tops(group: Group) -> Iterator[Node]:
    """Every node that is not inside another that shares as a whole."""
    for child in group.children:
        yield child
        if isinstance(child, Group) and child.owner is None:
            yield from _tops(child)


def _find_owners(root: Group, runs: Mapping[Leaf, Sequence[Run]]) -> None:
    """Whose params each leaf uses, and each group whose every leaf uses another's."""
    leaves = list(root.leaves)
    by_index = {index: leaf for leaf in leaves for index in leaf.indexes}
    by_path = {group.path: group for group in groups(root)}
    for leaf in leaves:
        owner = leaf.layers[0].shares
        if owner is not None and any(run.is_stateful for run in runs[leaf]):
            leaf.owner = by_index[owner]
    for group in by_path.values():
        group.owner = _group_owner(group, by_path, runs)


def _group_owner(
    group: Group, by_path: Mapping[str, Group], runs: Mapping[Leaf, Sequence[Run]]
) -> Group | None:
    """The group whose leaves are this one's, one by one, and become the same."""
    leaves = list(group.leaves)
    first = leaves[0].owner if leaves else None
    if not isinstance(first, Leaf) or not group.path:
        return None
    tail = leaves[0].path[len(group.path) :]
    owner = by_path.get(first.path.removesuffix(tail))
    if owner is None or owner is group or len(owner.gives) != len(group.gives):
        return None
    theirs = list(owner.leaves)
    if len(theirs) != len(leaves):
        return None
    for mine, other in zip(leaves, theirs, strict=True):
        if mine.path[len(group.path) :] != other.path[len(owner.path) :]:
            return None
        if mine.owner is not None and mine.owner is not other:
            return None
        if runs[mine] != runs[other]:
            return None
        if any(layer.shares is None for layer in mine.layers):
            return None
    return owner
