"""The inputs of steps: the layers that they name, or the steps before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from costcalc.errors import Mark, Problems, did_you_mean
from costcalc.graph import outline
from costcalc.graph.bindings import Tensor, UnknownShape
from costcalc.graph.layer import Layer
from costcalc.graph.outline import default_name
from costcalc.graph.scope import NameScope
from costcalc.names import paths
from costcalc.spec.document import BlockStep, Document, LayerStep, Step


class Sources:
    """Finds the tensors that steps of a document read; errors go to ``problems``."""

    def __init__(
        self,
        document: Document,
        problems: Problems,
        layers: Sequence[Layer],
        networks: Mapping[str, range],
    ) -> None:
        self.document = document
        self.problems = problems
        self.layers = layers
        self.networks = networks
        """The layers of used networks, by the paths of their calls."""

    def of(self, step: Step, here: Tensor, scope: NameScope) -> tuple[Tensor, ...]:
        """The inputs of a step: the layers that it names, or the steps before it.

        A block with several inputs reads that many steps, the latest first.  For a
        layer that reads nothing, this is the step before it, whose output is its scope.

        Raises:
            UnknownShape: a name is unknown, or there are too many or too few
                inputs; the problem is noted.
        """
        inputs = self.document.blocks[step.block].inputs if isinstance(step, BlockStep) else ()
        words = step.common.sources
        if words is None:
            tensors = list(scope.recent[: len(inputs)] if inputs else (here,))
        else:
            tensors = [tensor for tensor in self._named(words, scope) if tensor is not None]
            if len(tensors) < len(words):
                raise UnknownShape
        if inputs or not isinstance(step, LayerStep):
            self._check_inputs(step, inputs or ("input",), len(tensors))
        return tuple(tensors) or (here,)

    def check_names(self, step: Step, scope: NameScope) -> None:
        """Checks the names that a step would read, which is left out at these settings.

        Raises:
            UnknownShape: no step above has such a name; the problem is noted.
        """
        unknown = [
            (name, mark)
            for name, mark in step.common.sources or ()
            if scope.place_left_out(name) is None
        ]
        tensors = list(self._named(tuple(unknown), scope))
        if any(tensor is None for tensor in tensors):
            raise UnknownShape

    def _named(
        self, words: tuple[tuple[str, Mark], ...], scope: NameScope
    ) -> Iterator[Tensor | None]:
        """The tensors of some names; None after a problem."""
        for name, mark in words:
            tensor = scope.find(name) or self._inside(name, scope)
            if tensor is None:
                self.problems.add(
                    mark,
                    f"no layer above is named '{name}'",
                    expected="the name of a layer before this one, or 'input'",
                    hint=_left_out_hint(name, scope)
                    or scope.hint(name)
                    or self._cycle_hint(name)
                    or self._inside_hint(name),
                )
            yield tensor

    def _inside(self, name: str, scope: NameScope) -> Tensor | None:
        """The output of a layer, or of a block, inside a used network: ``backbone/stage2``."""
        call, slash, _ = name.partition("/")
        for around in scope.outwards() if slash else ():
            path = around.full(name)
            for index in reversed(self.networks.get(around.full(call), ())):
                layer = self.layers[index].name
                if layer == path or layer.startswith((f"{path}/", f"{path}.")):
                    return Tensor(index, self.layers[index].output)
        return None

    def _inside_hint(self, name: str) -> str:
        """A hint if the name is similar to one inside a used network."""
        if "/" not in name:
            return ""
        layers = [self.layers[index].name for inside in self.networks.values() for index in inside]
        groups = dict.fromkeys(path for layer in layers for path in paths(layer))
        return did_you_mean(name, [*groups, *layers])

    def _check_inputs(self, step: Step, inputs: tuple[str, ...], count: int) -> None:
        """Checks the number of inputs of a step that contains others.

        Raises:
            UnknownShape: it is wrong; the problem is noted.
        """
        if count == len(inputs):
            return
        what = f"{'block ' if isinstance(step, BlockStep) else ''}'{default_name(step)}'"
        many = f"{len(inputs)} inputs" if len(inputs) > 1 else "one input"
        self.problems.add(
            step.common.mark,
            f"{what} reads {many}",
            expected="from: [" + ", ".join(inputs) + "]" if len(inputs) > 1 else "from: name",
            found=f"{count}",
        )
        raise UnknownShape

    def _cycle_hint(self, name: str) -> str:
        """A hint if the name belongs to a later step: reading it would make a cycle."""
        below = outline.named(self.document.steps, name)
        if below is None:
            return ""
        return f"'{name}' is below, on line {below.line}: a cycle, unless it moves above"


def _left_out_hint(name: str, scope: NameScope) -> str:
    """A hint if the name belongs to a step that does not occur at these settings."""
    place = scope.place_left_out(name)
    return "" if place is None else f"'{name}', on line {place.line}, is left out at these settings"
