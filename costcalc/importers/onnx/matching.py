"""Finds patterns in a graph and replaces each by a single node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from costcalc.importers.onnx.patterns import PATTERNS, Bound, Match, Pattern, Tree
from costcalc.importers.onnx.tensors import OnnxNode, TensorInfo

COMMUTATIVE = frozenset({"Add", "Mul"})

TOLERANCE = 1e-3
"""The relative difference allowed between a constant and a pattern's: exporters round."""

ABSORBED = "absorbed"
"""The attribute of a replaced pattern that names its constants, which are not params."""

_BY_LAST: dict[str, list[Pattern]] = defaultdict(list)
for _pattern in PATTERNS:
    _BY_LAST[_pattern.tree[0]].append(_pattern)


def replace_patterns(
    nodes: Sequence[OnnxNode], tensors: Mapping[str, TensorInfo], outputs: Iterable[str]
) -> list[OnnxNode]:
    """The nodes, with each pattern replaced by one."""
    matcher = _Matcher(nodes, tensors, outputs)
    gone: set[tuple[str, ...]] = set()
    remaining = []
    for node in reversed(nodes):
        if node.outputs in gone:
            continue
        match = matcher.match(node, gone)
        if match is None:
            remaining.append(node)
            continue
        replacement, parts = match
        gone.update(part.outputs for part in parts)
        remaining.append(replacement)
    return remaining[::-1]


class _Matcher:
    """Matches patterns against a graph, from a tensor backwards."""

    def __init__(
        self,
        nodes: Sequence[OnnxNode],
        tensors: Mapping[str, TensorInfo],
        outputs: Iterable[str],
    ) -> None:
        self.tensors = tensors
        self.producers = {name: node for node in nodes for name in node.outputs}
        self.readers: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for node in nodes:
            for name in node.inputs:
                self.readers[name].add(node.outputs)
        for name in outputs:
            self.readers[name].add(())

    def match(
        self, node: OnnxNode, gone: set[tuple[str, ...]]
    ) -> tuple[OnnxNode, tuple[OnnxNode, ...]] | None:
        """The node that replaces a pattern ending in this one, and the nodes it replaces."""
        if self.tensors[node.outputs[0]].is_static:
            return None
        for pattern in _BY_LAST.get(node.operator, ()):
            for bound, parts in self._tree(pattern.tree, node.outputs[0], {}, ()):
                if not self._is_closed(parts) or any(part.outputs in gone for part in parts):
                    continue
                attributes = pattern.attributes(Match(bound, parts, self.tensors))
                if attributes is not None:
                    inputs = tuple(bound[variable] for variable in pattern.reads)
                    absorbed = tuple(
                        name
                        for part in parts
                        for name in (*part.inputs, *part.attributes.get(ABSORBED, ()))
                        if self.tensors[name].is_static and name not in inputs
                    )
                    replacement = node._replace(
                        operator=pattern.name,
                        inputs=inputs,
                        attributes={**attributes, ABSORBED: absorbed},
                    )
                    return replacement, parts
        return None

    def _is_closed(self, parts: tuple[OnnxNode, ...]) -> bool:
        """Whether only the parts read the tensors between them."""
        inside = {part.outputs for part in parts}
        return all(
            self.readers[name] <= inside for part in parts[1:] for name in part.outputs if name
        )

    def _tree(
        self, tree: Tree, name: str, bound: Bound, parts: tuple[OnnxNode, ...]
    ) -> Iterator[tuple[Bound, tuple[OnnxNode, ...]]]:
        """The ways a tree can match a tensor: the variables' tensors, and the nodes matched."""
        info = self.tensors.get(name)
        if info is None:
            return
        if isinstance(tree, float):
            values = info.values or ()
            if len({*values}) == 1 and abs(values[0] - tree) <= TOLERANCE * tree:
                yield bound, parts
            return
        if isinstance(tree, str):
            if bound.get(tree, name) == name and (info.is_static or not tree.isupper()):
                yield {**bound, tree: name}, parts
            return
        node = self.producers.get(name)
        if node is None or node.operator != tree[0]:
            return
        wanted, inputs = tree[1:], node.inputs
        if node not in parts:
            parts = (*parts, node)
        if node.operator == "Clip" and len(inputs) < 3:
            yield from self._bounds(tree, node, bound, parts)
            return
        if len(inputs) < len(wanted):
            return
        yield from self._inputs(wanted, inputs, bound, parts)
        if node.operator in COMMUTATIVE and inputs[0] != inputs[-1]:
            yield from self._inputs(wanted, inputs[::-1], bound, parts)

    def _inputs(
        self,
        trees: Sequence[Tree],
        names: Sequence[str],
        bound: Bound,
        parts: tuple[OnnxNode, ...],
    ) -> Iterator[tuple[Bound, tuple[OnnxNode, ...]]]:
        """The ways trees can match the same number of tensors."""
        if not trees:
            yield bound, parts
            return
        for extended, matched in self._tree(trees[0], names[0], bound, parts):
            yield from self._inputs(trees[1:], names[1:], extended, matched)

    def _bounds(
        self,
        tree: tuple[Tree, ...],
        node: OnnxNode,
        bound: Bound,
        parts: tuple[OnnxNode, ...],
    ) -> Iterator[tuple[Bound, tuple[OnnxNode, ...]]]:
        """The ways a tree can match a Clip of older opsets, whose bounds are attributes."""
        stated = (node.attributes.get("min"), node.attributes.get("max"))
        if stated == tree[2:]:
            yield from self._inputs(tree[1:2], node.inputs[:1], bound, parts)
