"""The inputs of steps: the layers that they name, or the steps before them."""

from __future__ import annotations

from collections.abc import Iterator

from costcalc.errors import Mark, Problems
from costcalc.graph import outline
from costcalc.graph.bindings import Tensor, UnknownShape
from costcalc.graph.outline import default_name
from costcalc.graph.scope import NameScope
from costcalc.spec.document import BlockStep, Document, LayerStep, Step


class Sources:
    """Finds the tensors that steps of a document read; errors go to ``problems``."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self.document = document
        self.problems = problems

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

    def _named(
        self, words: tuple[tuple[str, Mark], ...], scope: NameScope
    ) -> Iterator[Tensor | None]:
        """The tensors of some names; None after a problem."""
        for name, mark in words:
            tensor = scope.find(name)
            if tensor is None:
                self.problems.add(
                    mark,
                    f"no layer above is named '{name}'",
                    expected="the name of a layer before this one, or 'input'",
                    hint=scope.hint(name) or self._cycle_hint(name),
                )
            yield tensor

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
