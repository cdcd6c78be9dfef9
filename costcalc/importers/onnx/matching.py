"""Finds patterns in a graph, and puts one node in the place of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from costcalc.importers.onnx.patterns import PATTERNS, Bound, Match, Pattern, Tree
from costcalc.importers.onnx.tensors import OnnxNode, TensorInfo

COMMUTATIVE = frozenset({"Add", "Mul"})

CLOSE = 1e-3
"""How far a constant may be from a pattern's, as a part of it: exporters round."""

ABSORBED = "absorbed"
"""The attribute that holds the constants of a pattern, which are none of the network's."""

_BY_LAST: dict[str, list[Pattern]] = defaultdict(list)
for _pattern in PATTERNS:
    _BY_LAST[_pattern.tree[0]].append(_pattern)


def replace_patterns(
    nodes: Sequence[OnnxNode], tensors: Mapping[str, TensorInfo], outputs: Iterable[str]
) -> list[OnnxNode]:
    """The nodes, each pattern among them as one."""
    graph = _Graph(nodes, tensors, outputs)
    gone: set[tuple[str, ...]] = set()
    found = []
    for node in reversed(nodes):
        if node.outputs in gone:
            continue
        pattern_match = graph.match(node, gone)
        if pattern_match is None:
            found.append(node)
            continue
        replaced, parts = pattern_match
        gone.update(each.outputs for each in parts)
        found.append(replaced)
    return found[::-1]


class _Graph:
    """A graph, to be searched from each tensor upwards."""

    def __init__(
        self,
        nodes: Sequence[OnnxNode],
        tensors: Mapping[str, TensorInfo],
        outputs: Iterable[str],
    ) -> None:
        self.tensors = tensors
        self.producers = {name: each for each in nodes for name in each.outputs}
        self.readers: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for each in nodes:
            for name in each.inputs:
                self.readers[name].add(each.outputs)
        for name in outputs:
            self.readers[name].add(())

    def match(
        self, node: OnnxNode, gone: set[tuple[str, ...]]
    ) -> tuple[OnnxNode, tuple[OnnxNode, ...]] | None:
        """The node that stands for a pattern which ends here, and the pattern's parts."""
        if self.tensors[node.outputs[0]].is_static:
            return None
        for pattern in _BY_LAST.get(node.operator, ()):
            for bound, parts in self._tree(pattern.tree, node.outputs[0], {}, ()):
                if not self._is_whole(parts) or any(each.outputs in gone for each in parts):
                    continue
                attributes = pattern.found(Match(bound, parts, self.tensors))
                if attributes is not None:
                    inputs = tuple(bound[word] for word in pattern.reads)
                    absorbed = tuple(
                        name
                        for each in parts
                        for name in each.inputs
                        if self.tensors[name].is_static and name not in inputs
                    )
                    replaced = node._replace(
                        operator=pattern.name,
                        inputs=inputs,
                        attributes={**attributes, ABSORBED: absorbed},
                    )
                    return replaced, parts
        return None

    def _is_whole(self, parts: tuple[OnnxNode, ...]) -> bool:
        """Whether nothing else reads what passes between the parts."""
        inside = {each.outputs for each in parts}
        return all(
            self.readers[name] <= inside for each in parts[1:] for name in each.outputs if name
        )

    def _tree(
        self, tree: Tree, name: str, bound: Bound, parts: tuple[OnnxNode, ...]
    ) -> Iterator[tuple[Bound, tuple[OnnxNode, ...]]]:
        """The ways in which a tree gives a tensor, each with what its words are."""
        info = self.tensors.get(name)
        if info is None:
            return
        if isinstance(tree, float):
            values = info.values
            if values is not None and len({*values}) == 1 and abs(values[0] - tree) <= CLOSE * tree:
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
        """The ways in which trees give as many tensors, all at once."""
        if not trees:
            yield bound, parts
            return
        for first, so_far in self._tree(trees[0], names[0], bound, parts):
            yield from self._inputs(trees[1:], names[1:], first, so_far)

    def _bounds(
        self,
        tree: tuple[Tree, ...],
        node: OnnxNode,
        bound: Bound,
        parts: tuple[OnnxNode, ...],
    ) -> Iterator[tuple[Bound, tuple[OnnxNode, ...]]]:
        """A Clip of the time when its bounds were attributes."""
        stated = (node.attributes.get("min"), node.attributes.get("max"))
        if stated == tree[2:]:
            yield from self._inputs(tree[1:2], node.inputs[:1], bound, parts)
