"""Operations to layers: who gives a tensor, and which layer counts a stored one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

from costcalc.errors import Mark, Problem, Problems
from costcalc.formats.onnx_schema import TensorProto
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.model import Node, Sides
from costcalc.importers.onnx.known import Known, NodeProblem, Operation, elements, text
from costcalc.importers.onnx.matching import ABSORBED
from costcalc.importers.onnx.names import Names
from costcalc.importers.onnx.numbers import is_learned
from costcalc.importers.onnx.site import Site
from costcalc.importers.onnx.walk import SCALED

VIEWS = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast", "CastLike", "Identity"})
"""Operators that leave the elements of their first input as they are, in their order."""

DEPTH = 64
"""Operations on stored tensors, each reading the one before."""

_OF_A_MODULE = re.compile(r"[A-Za-z_]\w*(\.\w+)*\.(?!lifted_tensor)\w+")
"""The name of a module's parameter, ``stages.0.gain``, which no exporter makes up."""

Rule = Callable[[Site], None]


def uncounted(site: Site) -> None:
    """A layer for each output of an operation that costcalc does not know."""
    word = site.operation.operator
    names = [index for index, name in enumerate(site.operation.inputs) if name]
    sources = [site.source(index) for index in names if not site.input(index).is_static]
    for index, name in enumerate(site.operation.outputs):
        if name and site.lowering.is_read(name):
            dims = site.output(index).dims
            site.give(site.layer("uncounted", {"op": word, "shape": dims}, sources, dims), index)


class Lowering:
    """The layers of a graph, made one operation after another."""

    def __init__(
        self,
        operations: Sequence[Operation],
        tensors: Mapping[str, Known],
        stored: Mapping[str, TensorProto],
        constants: Set[str],
        images: int,
        outputs: Iterable[str],
        rules: Mapping[str, Rule],
        names: Names,
        file: str,
    ) -> None:
        self.operations = operations
        self.tensors = tensors
        self.stored = stored
        self.constants = constants
        """Stored tensors that stand among the nodes; they count where they are weights alone."""
        self.images = images
        self.rules = rules
        self.names = names
        self.file = file
        self.problems = Problems()
        self.nodes: list[Node] = []
        self.made: dict[str, int] = {}
        """The layer that gives a tensor."""
        self.counted: dict[str, int] = {}
        """The layer that counts a stored tensor."""
        self.owners: dict[tuple[Any, ...], int] = {}
        """The layer that counts some stored tensors, each as some event."""
        self.ignored = {
            root
            for each in operations
            if each.operator in SCALED
            for name in each.inputs[1:]
            for root in tensors[name].roots
        }
        """Stored tensors that are no params: statistics, scales, bounds."""
        self.read = {*outputs, *(name for each in operations for name in each.inputs)}
        self.producers = {name: each for each in operations for name in each.outputs}
        self.depth = 0

    def is_read(self, name: str) -> bool:
        """Whether some operation reads a tensor, or the network gives it."""
        return name in self.read

    def start(self, first: str, others: Iterable[str]) -> None:
        """The network's input, and layers for what it reads besides."""
        self.made[first] = NETWORK_INPUT
        self.input_dims = self.tensors[first].dims
        for name in others:
            if self.is_read(name):
                self.made[name] = self._constant(name, self.tensors[name].dims)

    def run(self) -> None:
        """Makes the layers of all operations that depend on what the network reads."""
        for operation in self.operations:
            if not all(self.tensors[name].is_static for name in operation.outputs if name):
                self.lower(operation)

    def lower(self, operation: Operation) -> None:
        """Makes the layers of an operation; what is wrong with it is noted."""
        site = Site(operation, self)
        for name in operation.attributes.get(ABSORBED, ()):
            self.ignored.update(self.tensors[name].roots)
        try:
            self.rules.get(operation.operator, uncounted)(site)
        except NodeProblem as error:
            self.problems.note(
                Problem(
                    Mark(self.file),
                    f"{operation.origin}: {error.message}",
                    error.expected,
                    error.found,
                    error.hint,
                )
            )

    def source(self, name: str, dims: Sides | None, reader: Operation) -> int:
        """The layer that gives a tensor, in its own shape or another.

        Raises:
            NodeProblem: there is none.
        """
        known = self.tensors[name]
        if not known.is_static:
            self._check_images(known)
        elif name not in self.made:
            return self._static(name, dims or known.dims, reader)
        if name not in self.made:
            raise NodeProblem(f"reads '{name}', of which no layer could be made")
        return self.shaped(self.made[name], dims or known.dims, reader)

    def shaped(self, layer: int, dims: Sides, reader: Operation) -> int:
        """A layer's output in another shape of as many elements."""
        found = self.dims(layer)
        if found == dims:
            return layer
        if elements(found) != elements(dims):
            raise NodeProblem(
                "is not what costcalc takes it for",
                expected=f"as many elements as {text(dims)}",
                found=text(found),
            )
        if len(dims) == 1:
            return self.layer(reader, "flatten", {}, (layer,), dims)
        return self.layer(reader, "reshape", {"shape": dims}, (layer,), dims)

    def dims(self, layer: int) -> Sides:
        """The shape that a layer gives."""
        if layer == NETWORK_INPUT:
            return self.input_dims
        return self.nodes[layer].output or (1,)

    input_dims: Sides = ()
    """The network's input."""

    def layer(
        self,
        operation: Operation,
        kind: str,
        arguments: Mapping[str, Any],
        sources: Sequence[int],
        dims: Sides,
        params: Sequence[tuple[str, str, int]] = (),
    ) -> int:
        """A layer of an operation, with the stored tensors that it counts."""
        index = len(self.nodes)
        shares, borrows = self._owned(index, kind, params)
        self.nodes.append(
            Node(
                self.names.layer(operation, kind),
                kind,
                arguments,
                tuple(sources),
                dims,
                operation.origin,
                shares,
                borrows,
            )
        )
        return index

    def is_learned(self, name: str) -> bool:
        """Whether a tensor is static and comes of a stored one that may have been learned."""
        known = self.tensors[name]
        return known.is_static and any(self.is_param(root) for root in known.roots)

    def is_stored(self, name: str) -> bool:
        """Whether a tensor comes of a stored one that holds several different fractions."""
        known = self.tensors[name]
        return known.is_static and any(self._is_several(root) for root in known.roots)

    def _is_several(self, root: str) -> bool:
        """Whether a stored tensor may be weights; filled with one number, it is a constant."""
        tensor = self.stored[root]
        if root not in self.constants:
            return self.is_param(root)
        values = self.tensors[root].values
        is_filled = values is not None and len({*values}) < 2
        return is_learned(tensor.data_type) and not is_filled

    def is_param(self, root: str) -> bool:
        """Whether a stored tensor counts as learned.

        Files do not say what was learned.  It is floating point and has an
        axis; a single number is one where it has the name of a module's parameter.
        """
        tensor = self.stored[root]
        if root in self.constants or not is_learned(tensor.data_type):
            return False
        return elements(tensor.dims) > 1 or _OF_A_MODULE.fullmatch(root) is not None

    def layers(self) -> list[Node]:
        """All layers; ahead of them those of stored tensors that none counts: they are params."""
        made, self.nodes = self.nodes, []
        for name, tensor in self.stored.items():
            if name not in self.counted and name not in self.ignored and self.is_param(name):
                self._stored(name, tensor.dims or (1,))
        ahead = len(self.nodes)
        return self.nodes + [
            node._replace(
                inputs=tuple(
                    each if each == NETWORK_INPUT else each + ahead for each in node.inputs
                )
            )
            for node in made
        ]

    def _static(self, name: str, dims: Sides, reader: Operation) -> int:
        """The layer that gives what is the same for every input of the network."""
        leaf = self._leaf(name)
        if leaf in self.stored and self.is_param(leaf):
            if leaf not in self.made:
                self.made[leaf] = self._stored(leaf, dims)
            return self.shaped(self.made[leaf], dims, reader)
        known = self.tensors[name]
        if not self.is_learned(name) or name not in self.producers:
            self.ignored.update(known.roots)
            return self._constant(name, dims)
        self.depth += 1
        if self.depth > DEPTH:
            raise NodeProblem(f"reads '{name}', which too many operations compute from weights")
        self.lower(self.producers[name])
        self.depth -= 1
        if name not in self.made:
            raise NodeProblem(f"reads '{name}', of which no layer could be made")
        return self.shaped(self.made[name], dims, reader)

    def _constant(self, name: str, dims: Sides) -> int:
        """A layer that gives what is not learned."""
        self.nodes.append(
            Node(self.names.stored(name), "constant", {"shape": dims}, (), dims, f"tensor '{name}'")
        )
        return len(self.nodes) - 1

    def _leaf(self, name: str) -> str:
        """The tensor that a view is a view of."""
        while name in self.producers and self.producers[name].operator in VIEWS:
            name = self.producers[name].inputs[0]
        return name

    def _stored(self, name: str, dims: Sides) -> int:
        index = len(self.nodes)
        shares, borrows = self._owned(index, "learned", [("other_params", name, elements(dims))])
        self.nodes.append(
            Node(
                self.names.stored(name),
                "learned",
                {"shape": dims},
                (),
                dims,
                f"tensor '{name}'",
                shares,
                borrows,
            )
        )
        return index

    def _owned(
        self, index: int, kind: str, params: Sequence[tuple[str, str, int]]
    ) -> tuple[str, dict[str, int]]:
        """The word that a layer shares all its params under, or what it borrows."""
        owned = [(event, self._counts(name, count), count) for event, name, count in params]
        key = (kind, *((event, *tensors) for event, tensors, _ in owned))
        if owned and all(tensors for _, tensors, _ in owned):
            owner = self.owners.setdefault(key, index)
            if owner != index:
                word = self.nodes[owner].name
                self.nodes[owner] = self.nodes[owner]._replace(shares=word)
                return word, {}
        borrows: dict[str, int] = {}
        for event, tensors, count in owned:
            new = [name for name in tensors if name not in self.counted]
            self.counted.update(dict.fromkeys(new, index))
            borrowed = count - sum(elements(self.stored[name].dims) for name in new)
            if borrowed:
                borrows[event] = borrows.get(event, 0) + borrowed
        return "", borrows

    def _counts(self, name: str, count: int) -> tuple[str, ...]:
        """The stored tensors whose numbers a param is: one of as many, or several together."""
        roots = self.tensors[name].roots if name in self.tensors else (name,)
        exact = [root for root in roots if elements(self.stored[root].dims) == count]
        several = tuple(root for root in roots if self._is_several(root))
        if exact:
            return (next((root for root in exact if root in several), exact[0]),)
        total = sum(elements(self.stored[root].dims) for root in several)
        return several if total <= count else ()

    def _check_images(self, known: Known) -> None:
        """Counts are those of one image, so that a batch must stay apart.

        Raises:
            NodeProblem: the images of several are mixed.
        """
        if self.images > 1 and known.batch is None:
            raise NodeProblem(
                f"reads a tensor in which the {self.images} images of a batch are mixed",
                expected="an axis that is the batch's alone",
                found=text(known.shape),
                hint="the model exported with a batch of 1",
            )
