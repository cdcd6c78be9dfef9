"""Unfolds a document into a layer graph: expands blocks, repeats and branches.

Sizes may be numbers of any algebra.  All decisions here are comparisons, so the
same code unfolds integers, grids of settings and symbols.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from contextlib import suppress
from typing import Any

from costcalc.errors import Mark, Problems, Refusal, SpecError, did_you_mean
from costcalc.formulas import algebra
from costcalc.graph.attributes import AttributeReader
from costcalc.graph.bindings import AXES, Bindings, LastResults, StepScope, Tensor, UnknownShape
from costcalc.graph.builder import LayerBuilder, implementation_calls, operation_of
from costcalc.graph.calls import bind, network_bindings, plain_value
from costcalc.graph.executions import Executions
from costcalc.graph.layer import NETWORK_INPUT, BlockCall, Gated, LayerGraph, Outermost, Repeats
from costcalc.graph.outline import default_name, described
from costcalc.graph.parameters import CHANNELS, Resolved, resolve
from costcalc.graph.predictions import last_widths, predictions
from costcalc.graph.printed_shapes import check_shape
from costcalc.graph.scope import NameScope
from costcalc.graph.sources import Sources
from costcalc.kinds.base import Shape
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.document import (
    Block,
    BlockStep,
    Branch,
    Document,
    Expression,
    JoinStep,
    LayerStep,
    PrintedShape,
    SequenceStep,
    Step,
    inner_steps,
)
from costcalc.spec.numbers import is_number


class Expanded(NamedTuple):
    """A layer graph as far as a document has one at some settings."""

    graph: LayerGraph
    problems: Problems
    """There are none if the graph is whole."""
    refused: Step | None = None
    """The first outermost step with a problem, if it is one step's."""


def expand(document: Document, settings: Mapping[str, Any]) -> LayerGraph:
    """The layer graph of a document at some settings of its parameters.

    Raises:
        SpecError: with every problem at these settings.
    """
    expanded = expand_part(document, settings)
    expanded.problems.raise_any()
    return expanded.graph


def expand_part(document: Document, settings: Mapping[str, Any]) -> Expanded:
    """The layer graph up to the first outermost step that is wrong at some settings.

    Raises:
        SpecError: the settings themselves are wrong.
    """
    problems = Problems()
    document = at_sizes(document, settings)
    resolved = resolve(document, settings, problems)
    problems.raise_any()
    walk = _unfolded(document, resolved)
    graph = walk.graph()
    if not walk.problems:
        walk.executions.refuse_unused(graph.name, walk.gated, walk.problems)
    return Expanded(graph, walk.problems, walk.refused)


def _unfolded(document: Document, resolved: Resolved) -> _Walk:
    """The layers of a document; predictions keep the widths they are written with.

    Only the graph tells which layers are predictions.  Most networks have none that the
    multiplier would scale, and are unfolded once.
    """
    alpha = resolved.values["alpha"]
    walk = _Walk(document, resolved, ())
    if is_number(alpha):
        walk.unfold()
        if not walk.scales:
            return walk
        if not walk.problems:
            kept = walk.predictions()
            return _Walk(document, resolved, kept).unfold() if kept else walk
    # Scaled predictions may have no channels left, or need several closed forms.
    written = _Walk(document, resolved, _Everything()).unfold()
    if written.problems:
        return walk if walk.problems else walk.unfold()
    return _Walk(document, resolved, written.predictions()).unfold()


class _Everything:
    """Contains every name."""

    def __contains__(self, name: object) -> bool:
        return True


def _resolution(shape: Shape) -> Any:
    """The resolution of a map: its side, or its sides if they differ."""
    sides = shape[1:]
    return sides[0] if all(side == sides[0] for side in sides[1:]) else sides


def at_sizes(document: Document, settings: Mapping[str, Any]) -> Document:
    """The document, read again if it is valid only at other sizes.

    Raises:
        SpecError: it cannot be read at these sizes.
    """
    if document.reread is None:
        return document
    values = resolve(document, {}, Problems()).values
    others = {
        name: settings[name]
        for name in document.sized_by
        if name in settings and settings[name] != values.get(name)
    }
    return document.reread(others) if others else document


def _shapes(tensors: tuple[Tensor, ...]) -> tuple[Shape | None, ...]:
    return tuple(tensor.shape for tensor in tensors)


class _TooManySteps(Exception):
    """A limit on steps is exceeded; unfolding stops here."""


class _Reached(Exception):
    """The last layer of a used network is reached; its steps below it are left out."""

    def __init__(self, result: Tensor) -> None:
        self.result = result


class _Walk:
    """Goes from step to step with the output of the last one."""

    def __init__(self, document: Document, resolved: Resolved, kept: Container[str]) -> None:
        self.document = document
        self.resolved = resolved
        self.kept = kept
        self.problems = problems = Problems()
        self.network = network_bindings(document, resolved.values)
        self.bindings: LastResults[Bindings] = LastResults()
        self.reader = AttributeReader(resolved.values["alpha"], document.rounding)
        self.builder = LayerBuilder(self.reader, kept, resolved.is_default, problems)
        self.networks: dict[str, range] = {}
        """The layers of used networks, by the paths of their calls."""
        self.sources = Sources(document, problems, self.builder.layers, self.networks)
        self.scales = self.reader.scales
        """Whether the multiplier changes any width, here or in a used network."""
        self.executions = Executions(resolved.executions)
        self.blocks: dict[str, str] = dict(document.groups)
        self.calls: dict[str, BlockCall] = {}
        self.gated: list[Gated] = []
        self.repeats: list[Repeats] = []
        self.outermost: list[Outermost] = []
        self.refused: Step | None = None
        """The first outermost step with a problem."""
        self.root: NameScope | None = None
        """The scope of the outermost steps; a used network has none."""
        self.later: dict[int, Step] = {}
        """Steps for later repeats, by the id of the first's, which the document keeps alive."""
        self.last = ""
        """The path at which a used network ends; '' for its own last step."""
        self.steps_taken = 0
        self.depth = 0

    def unfold(self) -> _Walk:
        """Unfolds all steps; problems are noted."""
        self.root = scope = NameScope("", self.network)
        start = Tensor(NETWORK_INPUT, self.resolved.input)
        scope.tensors["input"] = start
        scope.recent = (start,)
        with suppress(_TooManySteps):
            self.run(self.document.steps, start, scope)
        return self

    def graph(self) -> LayerGraph:
        """The layers so far."""
        schedule, is_as_stated = self.document.schedule, self.resolved.is_default is True
        return LayerGraph(
            name=self.document.titled(self.resolved.values),
            file=self.document.file,
            source=self.document.source,
            parameters={
                **self.resolved.values,
                **self.resolved.executions,
                **self.resolved.channels,
            },
            input=self.resolved.input,
            layers=tuple(self.builder.layers),
            blocks=self.blocks,
            folded=self.document.folded,
            notes=self.document.notes,
            gated=tuple(self.gated),
            repeats=tuple(self.repeats),
            calls=self.calls,
            schedule=schedule if is_as_stated else None,
            is_file_resized=self.document.is_file_resized
            or (schedule is not None and not is_as_stated),
            in_training=self.document.in_training,
            steps=tuple(self.outermost),
        )

    def predictions(self) -> frozenset[str]:
        """The names of the predictions, of those whose widths the multiplier would change."""
        graph, widths = self.graph(), self.builder.widths
        if not any(widths[index].origin == "scaled" for index in last_widths(graph, widths)):
            return frozenset()
        origins = {index: width.origin for index, width in widths.items()}
        return frozenset(graph.layers[index].name for index in predictions(graph, origins))

    def run(self, steps: tuple[Step, ...], tensor: Tensor, scope: NameScope) -> Tensor:
        """Steps one after another, each reading the one before."""
        scope.expect(step.common.name for step in steps if step.common.name)
        for step in steps:
            first, taken = len(self.builder.layers), self.steps_taken
            tensor = self.step(step, tensor, scope)
            if scope is not self.root:
                continue
            if tensor.shape is None or self.problems:
                self.refused = self.refused or step
                continue
            layers, unfolded = range(first, len(self.builder.layers)), self.steps_taken - taken
            self.outermost.append(Outermost(step, layers, tensor.shape, tensor.layer, unfolded))
        return tensor

    def step(self, step: Step, tensor: Tensor, scope: NameScope) -> Tensor:
        """One step with all its repeats, each of which reads the one before."""
        common = step.common
        self.count_steps(max(1, len(common.sources or ())), common.mark)
        try:
            if common.when is not None and self.is_left_out(step, common.when, tensor, scope):
                scope.leave_out(step)
                return tensor
            sources = self.sources.of(step, tensor, scope)
            here = scope.at(sources[0])
            times = self.reader.offset(common.repeat, here) if common.repeat else 1
        except UnknownShape:
            return tensor.unknown
        except Refusal as error:
            self.problems.note(error.problem())
            return tensor.unknown
        unfolded = algebra.times(times)
        if unfolded == 0:
            scope.leave_out(step)
            return tensor
        self.count_steps(unfolded - 1, common.mark)
        if common.input is not None:
            what = f"the input of {described(step)}"
            sources = (self.checked(common.input, sources[0], what, here), *sources[1:])
        if common.name in scope.tensors:
            self.problems.add(
                common.mark, f"the name '{common.name}' is used twice", hint="another name"
            )
        result = self.repeated(step, times, unfolded, sources, scope)
        if common.name:
            scope.tensors[common.name] = result
        if common.output is not None:
            what = f"the output of {described(step)}"
            result = self.checked(common.output, result, what, here)
        return result

    def is_left_out(self, step: Step, when: Expression, tensor: Tensor, scope: NameScope) -> bool:
        """Whether a step's condition does not hold.

        A condition upon the shape of what the step reads needs that layer.  Otherwise what it
        reads may be left out with it, but has to be named by some step.

        Raises:
            UnknownShape: what it reads is unknown; the problem is noted.
            Refusal: the condition is neither true nor false.
        """
        is_of_shape = not when.names.isdisjoint(AXES)
        read = self.sources.of(step, tensor, scope)[0] if is_of_shape else tensor
        if self.reader.truth(when, scope.at(read)):
            return False
        self.sources.check_names(step, scope)
        return True

    def repeated(
        self, step: Step, times: Any, unfolded: int, sources: tuple[Tensor, ...], scope: NameScope
    ) -> Tensor:
        """All repeats of a step; if their number is a symbol, with a note of what each is."""
        layers, result = self.builder.layers, sources[0]
        read, spans = [sources], []
        for index in range(unfolded):
            first = len(layers)
            one = self.after_the_first(step) if index else step
            result = self.once(one, sources, scope, unfolded > 1)
            sources = (result, *sources[:-1])
            scope.remember(result)
            read.append(sources)
            spans.append(range(first, len(layers)))
        if not isinstance(times, int):
            inputs = tuple(map(_shapes, read))
            is_first_other = self.after_the_first(step) is not step or self.shares(step)
            self.repeats.append(Repeats(times, inputs, tuple(spans), is_first_other))
        return result

    def shares(self, step: Step) -> bool:
        """Whether a step, or one inside it, shares params; a used network may."""
        inside = inner_steps(step)
        if isinstance(step, BlockStep):
            block = self.document.blocks[step.block]
            if block.network is not None:
                return True
            inside = (*inside, *block.steps)
        return bool(step.common.shares) or any(map(self.shares, inside))

    def after_the_first(self, step: Step) -> Step:
        """The step without the arguments that apply only to the first of its repeats."""
        if not step.common.first_only or not isinstance(step, LayerStep | BlockStep):
            return step
        later = self.later.get(id(step))
        if later is None:
            dropped = {name for name, _ in step.common.first_only}
            kept = {name: value for name, value in step.arguments.items() if name not in dropped}
            later = self.later[id(step)] = step._replace(arguments=kept)
        return later

    def once(
        self, step: Step, sources: tuple[Tensor, ...], scope: NameScope, is_repeated: bool
    ) -> Tensor:
        """One repeat of a step, with its name, its gate and the params that it shares."""
        common, path = step.common, scope.path
        if common.name or not isinstance(step, SequenceStep):
            path = scope.name(common.name or default_name(step), bool(common.name), is_repeated)
            is_repeated = False
        unfold = self.gated_step if common.gate or common.execute else self.unfolded
        if common.shares:
            with self.builder.sharing.inside(common.shares, path):
                result = unfold(step, sources, scope, path, is_repeated)
        else:
            result = unfold(step, sources, scope, path, is_repeated)
        if self.last and path == self.last:
            raise _Reached(result)
        return result

    def gated_step(
        self,
        step: Step,
        sources: tuple[Tensor, ...],
        scope: NameScope,
        path: str,
        is_repeated: bool,
    ) -> Tensor:
        """The gate's layers, then those of the step that it controls."""
        common, layers = step.common, self.builder.layers
        tensor = sources[0]
        try:
            execute = self.executions.of(path, common.execute, scope.at(tensor))
        except UnknownShape:
            return tensor.unknown
        except Refusal as error:
            self.problems.note(error.problem(subject=f"layer '{path}'"))
            return tensor.unknown
        recent, first = scope.recent, len(layers)
        scope.recent = (tensor,)
        self.inside(common.gate, tensor, scope, common.mark)
        scope.recent, decided = recent, len(layers)
        result = self.unfolded(step, sources, scope, path, is_repeated)
        gate, own = range(first, decided), range(decided, len(layers))
        self.gated.append(Gated(path or default_name(step), execute, gate, own))
        return result

    def unfolded(
        self,
        step: Step,
        sources: tuple[Tensor, ...],
        scope: NameScope,
        path: str,
        is_repeated: bool,
    ) -> Tensor:
        """The step's own layers; those of an unnamed sequence keep the path around it."""
        if isinstance(step, LayerStep):
            return self.builder.layer(step, sources, scope.bindings, path)
        if isinstance(step, BlockStep):
            return self.block(step, sources, scope, path)
        if isinstance(step, JoinStep):
            return self.join(step, sources, scope, path)
        if not step.common.name:
            inside = scope.inner(path) if is_repeated else scope
            return self.sequence(step, sources, inside, scope)
        self.blocks[path] = "sequence"
        return self.sequence(step, sources, scope.inner(path), scope)

    def sequence(
        self,
        step: SequenceStep,
        sources: tuple[Tensor, ...],
        inside: NameScope,
        outside: NameScope,
    ) -> Tensor:
        """The steps of a sequence; without a name, as if they were written in its place."""
        inside.recent = sources if step.common.sources else outside.recent
        result = self.inside(step.steps, sources[0], inside, step.common.mark)
        if inside.path == outside.path:
            outside.recent = inside.recent
        return result

    def inside(
        self, steps: tuple[Step, ...], tensor: Tensor, scope: NameScope, mark: Mark
    ) -> Tensor:
        """The steps inside a step.

        Raises:
            _TooManySteps: they are nested too deeply; the problem is noted.
        """
        self.depth += 1
        if self.depth > limits.NESTING:
            self.problems.add(
                mark,
                "steps are nested too deeply",
                expected=f"at most {limits.NESTING} levels, with blocks expanded",
            )
            raise _TooManySteps
        result = self.run(steps, tensor, scope)
        self.depth -= 1
        return result

    def block(
        self, step: BlockStep, sources: tuple[Tensor, ...], scope: NameScope, path: str
    ) -> Tensor:
        """The steps of a block, with its parameters bound to the step's arguments."""
        block, here = self.document.blocks[step.block], scope.at(sources[0])
        if block.network is not None:
            return self.network_block(block, block.network, step, here, path)
        bindings = self.bindings.at(step, here)
        if bindings is None:
            try:
                bindings = bind(block, step, here, self.network, self.reader)
            except UnknownShape:
                return sources[0].unknown
            except Refusal as error:
                self.problems.note(error.problem(subject=f"layer '{path}'"))
                return sources[0].unknown
            self.bindings.keep(step, here, bindings)
        self.blocks[path] = block.name
        inputs = dict(zip(block.inputs, (source.layer for source in sources), strict=True))
        arguments = {name: bindings.values[name] for name in block.parameters}
        self.calls[path] = BlockCall(block.name, arguments, inputs)
        inside = NameScope(path, bindings)
        inside.tensors.update(zip(block.inputs, sources, strict=True))
        inside.recent = sources
        return self.inside(block.steps, sources[0], inside, step.common.mark)

    def network_block(
        self, block: Block, network: Document, step: BlockStep, here: StepScope, path: str
    ) -> Tensor:
        """The layers of a network that is used as a block, up to the one that the call names."""
        tensor, first = here.tensor, len(self.builder.layers)
        if tensor.shape is None:
            return tensor
        problems = Problems()
        try:
            values = {name: plain_value(value, here) for name, value in step.arguments.items()}
            settings = {"alpha": self.resolved.values["alpha"], **block.settings, **values}
            if len(tensor.shape) > 1:
                settings.setdefault("res", _resolution(tensor.shape))
            settings[CHANNELS] = tensor.shape[0]
            resolved = resolve(network, settings, problems)._replace(is_default=False)
            problems.raise_any()
        except UnknownShape:
            return tensor.unknown
        except Refusal as error:
            self.problems.note(error.problem(subject=f"network '{path}'"))
            return tensor.unknown
        except SpecError as error:
            for problem in error.problems:
                self.problems.note(problem._replace(mark=problem.mark or step.common.mark))
            return tensor.unknown
        self.blocks[path] = block.name
        self.calls[path] = BlockCall(block.name, values, {"input": tensor.layer})
        inner = self.within(network, resolved)
        inner.last = f"{path}/{step.to[0]}" if step.to else ""
        inside = NameScope(path, inner.network)
        inside.tensors["input"], inside.recent = tensor, (tensor,)
        try:
            result = inner.inside(network.steps, tensor, inside, step.common.mark)
        except _Reached as reached:
            result = reached.result
        else:
            if step.to is not None:
                self.refuse_last(step.to, path, first)
                result = result.unknown
        self.networks[path] = range(first, len(self.builder.layers))
        self.steps_taken = inner.steps_taken
        self.scales = self.scales or inner.scales
        return result

    def within(self, network: Document, resolved: Resolved) -> _Walk:
        """A walk over a used network that adds to the layers of this one."""
        inner = _Walk(network, resolved, self.kept)
        inner.problems, inner.executions = self.problems, self.executions
        inner.builder = self.builder.reading(inner.reader)
        inner.networks = self.networks
        layers = self.builder.layers
        inner.sources = Sources(network, self.problems, layers, self.networks)
        inner.blocks, inner.calls, inner.gated = self.blocks, self.calls, self.gated
        inner.repeats = self.repeats
        inner.steps_taken, inner.depth = self.steps_taken, self.depth
        return inner

    def refuse_last(self, last: tuple[str, Mark], path: str, first: int) -> None:
        """Notes that a used network has no layer of that name."""
        name, mark = last
        layers = [layer.name for layer in self.builder.layers[first:]]
        names = [name.removeprefix(f"{path}/") for name in (*self.blocks, *layers)]
        self.problems.add(
            mark,
            f"the network '{path}' has no layer '{name}'",
            expected="a layer or a block as 'costcalc report' names it",
            hint=did_you_mean(name, names),
        )

    def join(
        self, step: JoinStep, sources: tuple[Tensor, ...], scope: NameScope, path: str
    ) -> Tensor:
        """The branches, which read the same input, and the layer that joins them."""
        tensor = sources[0]
        here = scope.at(tensor)
        try:
            branches = self.branches(step, here)
            values = self.builder.attributes(step, here, path)
            act = self.builder.fused(step.act, here, "activation")
            functional, functional_act = implementation_calls(step, here)
        except UnknownShape:
            return tensor.unknown
        except Refusal as error:
            self.problems.note(error.problem(subject=f"layer '{path}'"))
            return tensor.unknown
        mark, ends = step.common.mark, []
        for branch in branches:
            around = scope.inner(scope.full(branch.name) if branch.name else scope.path)
            around.recent = (tensor,)
            ends.append(self.inside(branch.steps, tensor, around, mark))
        joined, host = ends[0], None
        if len(ends) > 1:
            operation = operation_of(step.kind, values)
            joined = self.builder.append(
                step.kind, operation, tuple(ends), path, mark, functional=functional
            )
            host = joined.layer
        if act is None:
            return joined
        name = f"{path}.{act.name}"
        return self.builder.append(
            act, operation_of(act, {}), (joined,), name, mark, host, functional_act
        )

    def branches(self, step: JoinStep, here: StepScope) -> list[Branch]:
        """The branches that there are, each as often as it repeats.

        Raises:
            Refusal: there are none.
            UnknownShape: their number depends on an unknown shape.
            _TooManySteps: there are too many; the problem is noted.
        """
        branches: list[Branch] = []
        for branch in step.branches:
            if branch.when is not None and not self.reader.truth(branch.when, here):
                continue
            if branch.repeat is None:
                branches.append(branch)
                continue
            times = int(self.reader.offset(branch.repeat, here))
            self.count_steps(times, step.common.mark)
            name = branch.name
            branches += [
                branch._replace(name=f"{name}{number}" if name else "")
                for number in range(1, times + 1)
            ]
        if not branches:
            raise Refusal(f"'{step.kind.name}' joins branches, but none is left")
        return branches

    def count_steps(self, steps: int, mark: Mark) -> None:
        """Checks the number of steps before they are unfolded.

        Raises:
            _TooManySteps: the limit is exceeded; the problem is noted.
        """
        self.steps_taken += steps
        if self.steps_taken > limits.STEPS:
            self.problems.add(
                mark,
                "the spec unfolds to too many layers",
                expected=f"at most {limits.STEPS:,}, with repeats and blocks expanded",
                found=f"{self.steps_taken:,} or more",
                hint="a smaller repeat",
            )
            raise _TooManySteps

    def checked(self, printed: PrintedShape, tensor: Tensor, what: str, here: StepScope) -> Tensor:
        """The tensor, checked against the shape that the paper prints for it.

        Papers print the shapes of the network at its default settings, so they are
        compared only there.
        """
        if tensor.shape is None or not self.resolved.is_default:
            return tensor
        return Tensor(tensor.layer, check_shape(printed, tensor.shape, what, here, self.problems))
