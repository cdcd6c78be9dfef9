"""The answer to ``costcalc training``: mult-adds forward and backward, and bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from costcalc.advice import advice, option
from costcalc.costs.convention import load
from costcalc.costs.count import count
from costcalc.errors import refuse
from costcalc.gradients.factors import factored
from costcalc.gradients.kept import Keeper, Kept, Pass, checkpointed, stored
from costcalc.gradients.layouts import images
from costcalc.gradients.optimizers import (
    OPTIMIZERS,
    PRECISIONS,
    ZERO_STAGES,
    StateBytes,
    named_optimizer,
    named_precision,
    state_bytes,
)
from costcalc.gradients.rules import backward_macs, rule
from costcalc.gradients.updates import Update, Updated, updated
from costcalc.graph.in_training import (
    COPIED,
    DEPTH,
    DETACHED,
    FROZEN,
    IN_PLACE,
    INFERENCE,
    RECURRENT,
)
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.base import elements
from costcalc.kinds.naming import type_name
from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, number, rounded
from costcalc.render.page import Column, Page, Row, Table
from costcalc.reporting.phrases import notes_of, settings_line, source_line
from costcalc.storing.storage import byte_amount

CONVENTION = "paper"
"""Mult-adds are multiply-accumulates, which alone have a backward pass by a rule."""


class Training(NamedTuple):
    """How a network is trained."""

    batch: int = 1
    """Images at once, on each rank."""
    optimizer: str = "sgd"
    dtype: str = "fp32"
    keeps: str = "pytorch"
    mode: str = "train"
    checkpoint: int | None = None
    """Lines of each segment that runs again; None if none does."""
    update: Update = Update()
    zero: int = 0
    ranks: int = 1


class LayerTraining(NamedTuple):
    """One layer in training."""

    name: str
    kind: str
    type: str
    forward: int
    """Mult-adds of one image."""
    backward: int
    trained: int
    """Params that are updated, counted once if several layers share them."""
    kept: tuple[Kept, ...]
    """What it is the first to keep."""

    @property
    def kept_bytes(self) -> int:
        """The bytes of that."""
        return sum(one.bytes for one in self.kept)


class Peak(NamedTuple):
    """The most bytes that are certainly needed at once."""

    bytes: int
    layer: str
    """The layer whose backward pass needs them; empty if that of none does."""


@dataclass(frozen=True, repr=False)
class TrainingCost(Answer):
    """What one step of training costs.

    Attributes:
        forward: mult-adds of one image, by the convention ``paper``.
        recomputed: those of the second forward pass that checkpoints need.
        buffer_bytes: running statistics of norms.
        temporary: the largest gradients of activations that exist at once: of a layer's
            output and of its inputs.
        peak: a lower bound of the bytes that a step needs at once.
        is_estimate: whether some of what is kept may be less or more, as a note says; then
            ``peak`` is no bound.
    """

    network: str
    source: Mapping[str, str]
    parameters: Mapping[str, Any]
    training: Training
    layers: tuple[LayerTraining, ...]
    params: int
    recomputed: int
    states: StateBytes
    buffer_bytes: int
    temporary: int
    temporary_layer: str
    peak: Peak
    notes: tuple[str, ...]
    is_estimate: bool

    @cached_property
    def forward(self) -> int:
        """Mult-adds of the forward pass of one image."""
        return sum(layer.forward for layer in self.layers)

    @cached_property
    def backward(self) -> int:
        """Mult-adds of the backward pass of one image, without what is computed again."""
        return sum(layer.backward for layer in self.layers)

    @cached_property
    def trained(self) -> int:
        """Params that are updated."""
        return sum(layer.trained for layer in self.layers)

    @cached_property
    def activation_bytes(self) -> int:
        """What is kept from the forward pass, for the whole batch."""
        return sum(layer.kept_bytes for layer in self.layers)

    @property
    def total(self) -> int:
        """Weights, gradients, the optimizer's states and activations."""
        return sum(self.states) + self.activation_bytes

    def page(self) -> Page:
        """The layers, with what each computes and keeps."""
        return Page(self.network, tuple(self._facts()), (self._table(),), self.notes)

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc training --format json``."""
        how = self.training
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "parameters": {name: number(value) for name, value in self.parameters.items()},
            "batch": how.batch,
            "optimizer": how.optimizer,
            "dtype": how.dtype,
            "keeps": how.keeps,
            "mode": how.mode,
            "update": {
                "subset": how.update.subset,
                "last": how.update.last,
                "freeze": list(how.update.freeze),
            },
            "checkpoint": how.checkpoint,
            "zero": {"stage": how.zero, "ranks": how.ranks},
            "params": {"total": self.params, "trained": self.trained},
            "mult_adds": {
                "forward": self.forward,
                "backward": self.backward,
                "recomputed": self.recomputed,
            },
            "bytes": {
                "weights": self.states.weights,
                "gradients": self.states.gradients,
                "optimizer": self.states.optimizer,
                "activations": self.activation_bytes,
                "total": self.total,
                "buffers": self.buffer_bytes,
                "temporary": self.temporary,
                "lower_bound": None if self.is_estimate else self.peak.bytes,
            },
            "layers": [
                {
                    "name": layer.name,
                    "kind": layer.kind,
                    "forward": layer.forward,
                    "backward": layer.backward,
                    "kept_bytes": layer.kept_bytes,
                    "kept": [{"what": one.what, "bytes": one.bytes} for one in layer.kept],
                }
                for layer in self.layers
            ],
            "is_estimate": self.is_estimate,
            "notes": list(self.notes),
        }

    def _facts(self) -> Iterator[tuple[str, str]]:
        how = self.training
        yield from (
            (name, text)
            for name, text in (
                ("source", source_line(self.source)),
                ("settings", settings_line(self.parameters)),
                ("batch", counted(how.batch) if how.batch != 1 else ""),
            )
            if text
        )
        yield "optimizer", f"{how.optimizer}: {OPTIMIZERS[how.optimizer].title}"
        yield "dtype", f"{how.dtype}: {PRECISIONS[how.dtype].title}"
        yield "keeps", f"{how.keeps}: {_POLICIES[how.keeps]}, in {_MODES[how.mode]}"
        if self.trained < self.params:
            yield "updates", f"{counted(self.trained)} of {counted(self.params)} params"
        if how.zero:
            yield "ZeRO", f"stage {how.zero} on {how.ranks} ranks: {ZERO_STAGES[how.zero]}"
        yield "forward", f"{counted(self.forward)} mult-adds of one image"
        yield "backward", f"{counted(self.backward)} mult-adds{self._factor()}"
        if how.checkpoint is not None:
            yield (
                "again",
                f"{counted(self.recomputed)} mult-adds, for segments of {how.checkpoint} lines",
            )
        yield "weights", byte_amount(self.states.weights)
        yield "gradients", byte_amount(self.states.gradients)
        yield "states", f"{byte_amount(self.states.optimizer)}, of the optimizer"
        yield "activations", f"{byte_amount(self.activation_bytes)}, kept from the forward pass"
        yield "total", byte_amount(self.total)
        if self.temporary:
            yield (
                "temporary",
                f"{byte_amount(self.temporary)}, the gradients around {self.temporary_layer}",
            )
        if self.buffer_bytes:
            yield "buffers", byte_amount(self.buffer_bytes)
        where = f", in the backward pass of {self.peak.layer}" if self.peak.layer else ""
        if self.is_estimate:
            yield "estimate", f"{byte_amount(self.peak.bytes)} at once{where}; see the notes"
        else:
            yield "bound", f"at least {byte_amount(self.peak.bytes)} at once{where}"

    def _factor(self) -> str:
        """The mult-adds of a step, as a multiple of the forward pass."""
        if not self.forward:
            return ""
        step = Fraction(self.forward + self.backward + self.recomputed, self.forward)
        return f"; a step is {rounded(step, 3)} times the forward pass"

    def _table(self) -> Table:
        columns = (
            Column("layer", "Layer"),
            Column("type", "Type", rank=3),
            Column("forward", "Forward", "right"),
            Column("backward", "Backward", "right"),
            Column("kept_bytes", "Kept, B", "right"),
            Column("keeps", "Keeps", rank=2),
        )
        rows = tuple(
            Row(
                (
                    layer.name,
                    layer.type,
                    layer.forward,
                    layer.backward,
                    layer.kept_bytes,
                    ", ".join(dict.fromkeys(one.what for one in layer.kept)),
                ),
                is_quiet=not (layer.forward or layer.backward or layer.kept),
            )
            for layer in self.layers
        )
        total = Row(("total", "", self.forward, self.backward, self.activation_bytes, ""))
        return Table("Layers", columns, rows, total=total)


_POLICIES = {
    "pytorch": "what PyTorch's autograd saves on the CPU",
    "minimal": "the least that the gradients need",
}
_MODES = {"train": "training mode", "eval": "evaluation mode"}


def training(graph: LayerGraph, how: Training) -> TrainingCost:
    """What training a layer graph costs.

    Raises:
        SpecError: something of how it is trained is wrong, or means nothing.
    """
    _check(how)
    optimizer, precision = named_optimizer(how.optimizer), named_precision(how.dtype)
    is_training = how.mode == "train"
    by_layer = updated(graph, how.update, is_training)
    wanted = [layer.wanted for layer in by_layer]
    run = Pass(how.keeps, is_training, how.batch, precision.activation, precision.statistic)
    keeper = Keeper(graph, wanted, run)
    forward = [int(cost.mult_adds) for cost in count(graph, load(CONVENTION))]
    if how.checkpoint is None:
        kept, recomputed = keeper.kept(range(len(graph.layers))), 0
    else:
        segments = _segments(graph, how.checkpoint)
        kept = checkpointed(keeper, segments)
        recomputed = sum(
            forward[index]
            for segment in segments
            if any(wanted[index].is_any for index in segment)
            for index in segment
        )
    temporaries = _temporaries(graph, by_layer, run)
    largest = max(range(len(temporaries)), key=temporaries.__getitem__, default=None)
    trained = sum(sum(layer.trained) for layer in by_layer)
    params = sum(sum(layer.own) for layer in by_layer)
    buffers = sum(layer.events().buffers for layer in graph.layers if layer.shares is None)
    factors = sum(map(factored, graph.layers, by_layer)) if optimizer.is_factored else 0
    states = state_bytes(params, trained, optimizer, precision, how.zero, how.ranks, factors)
    layers = tuple(_layers(graph, by_layer, forward, kept))

    def gradients(count: int) -> int:
        return state_bytes(params, count, optimizer, precision, how.zero, how.ranks).gradients

    estimates = tuple(_estimates(graph, how))
    resident = states.weights + states.optimizer + buffers * _BUFFER
    return TrainingCost(
        network=graph.name,
        source=graph.source,
        parameters=graph.parameters,
        training=how,
        layers=layers,
        params=params,
        recomputed=recomputed,
        states=states,
        buffer_bytes=buffers * _BUFFER,
        temporary=0 if largest is None else temporaries[largest],
        temporary_layer="" if largest is None else layers[largest].name,
        peak=_peak(resident, layers, temporaries, gradients),
        notes=(*estimates, *_notes(graph, how)),
        is_estimate=bool(estimates),
    )


_BUFFER = 4
"""Bytes of a running statistic, which stays in 32 bits."""


def _layers(
    graph: LayerGraph, by_layer: Sequence[Updated], forward: Sequence[int], kept: Sequence[Kept]
) -> Iterator[LayerTraining]:
    first: dict[int, list[Kept]] = {}
    for one in kept:
        first.setdefault(one.layer, []).append(one)
    for index, (layer, row) in enumerate(zip(graph.layers, by_layer, strict=True)):
        yield LayerTraining(
            name=layer.name,
            kind=layer.kind.name,
            type=type_name(layer.kind, layer.operation, layer.input_shapes),
            forward=forward[index],
            backward=int(backward_macs(layer, row.wanted)),
            trained=sum(row.trained),
            kept=tuple(first.get(index, ())),
        )


def _segments(graph: LayerGraph, lines: int) -> list[list[int]]:
    """The layers of each segment: as many lines, one after another."""
    listed = graph.lines
    return [
        sorted(index for line in listed[at : at + lines] for index in line.layers)
        for at in range(0, len(listed), lines)
    ]


def _temporaries(graph: LayerGraph, by_layer: Sequence[Updated], how: Pass) -> list[int]:
    """The gradients of each layer's output and inputs together, in bytes.

    None of their own for what passes its gradient on, as an addition does.
    """
    batches = images(graph, how.batch)
    sizes = []
    for index, (layer, row) in enumerate(zip(graph.layers, by_layer, strict=True)):
        count = 0
        if row.wanted.is_any and not rule(layer.kind).is_passed:
            count = elements(layer.output) * batches[index]
            count += sum(
                elements(shape) * batches[source]
                for shape, source, needs in zip(
                    layer.input_shapes, layer.inputs, row.wanted.inputs, strict=True
                )
                if needs
            )
        sizes.append(stored(int(count), None, how))
    return sizes


def _peak(
    resident: int,
    layers: Sequence[LayerTraining],
    temporaries: Sequence[int],
    gradients: Callable[[int], int],
) -> Peak:
    """The most bytes that exist at once, layer by layer from the last to the first.

    While the backward pass is at a layer, there are: what is resident, what this layer and
    those before it were the first to keep, the gradients of the params from it on, and the
    gradients of its output and inputs.
    """
    alive = sum(layer.kept_bytes for layer in layers)
    best, trained = Peak(0, ""), 0
    for layer, temporary in zip(reversed(layers), reversed(temporaries), strict=True):
        trained += layer.trained
        needed = alive + temporary + gradients(trained)
        if needed > best.bytes:
            best = Peak(needed, layer.name)
        alive -= layer.kept_bytes
    return best._replace(bytes=best.bytes + resident)


def _check(how: Training) -> None:
    """Checks words that are not in a table of their own, and numbers that depend on each other.

    Raises:
        SpecError: one of them is wrong.
    """
    for name, word, words in (("keeps", how.keeps, _POLICIES), ("mode", how.mode, _MODES)):
        if word not in words:
            refuse(None, f"there is no {name} '{word}'", "one of " + ", ".join(words))
    if (how.zero == 0) != (how.ranks == 1):
        refuse(
            None,
            "ZeRO divides bytes among ranks",
            advice("both {} and {}, or neither", option("zero", "1"), option("ranks", "8")),
            found=f"stage {how.zero} on {how.ranks} {'rank' if how.ranks == 1 else 'ranks'}",
        )


_REMARKS: Mapping[str, str] = {
    DETACHED: "gradients are counted as if they passed, so that backward and kept are at most that",
    FROZEN: "left as they are by the model itself, and counted as updated: freeze them here, too",
}
"""What costcalc does about what a model does, by a word of :mod:`costcalc.graph.in_training`."""

_AS_PYTORCH: Mapping[str, str] = {
    **_REMARKS,
    IN_PLACE: "in place PyTorch keeps the output for the input, so that kept is at most that",
    COPIED: "a copy of a whole tensor counts as that tensor, so that what is kept is an estimate",
}
"""The same, with what only PyTorch does."""

_COPIED_TO_32_BITS = ("rms_norm", "instance_norm", "lrn", "prelu")
"""Kinds of which PyTorch keeps other tensors in 16 bits than in 32."""


def _estimates(graph: LayerGraph, how: Training) -> Iterator[str]:
    """Notes upon what is an estimate, or at most what is counted."""
    recurrent = [layer.name for layer in graph.layers if layer.kind.family == "recurrent"]
    recurrent += graph.in_training.get(RECURRENT, ())
    if recurrent:
        yield (
            f"An estimate of {_named(recurrent)}: gates and states by their formulas, not as a"
            " framework's recurrent kernel keeps them, and without its workspace; backward"
            " mult-adds are at most these, as the first state needs no gradient."
        )
    is_pytorch = how.keeps == "pytorch"
    copied = [layer.name for layer in graph.layers if layer.kind.name in _COPIED_TO_32_BITS]
    if copied and is_pytorch and how.dtype != "fp32":
        yield (
            f"An estimate of {_named(copied)}: in 16 bits PyTorch keeps some of its tensors in 32."
        )
    # The copies that PyTorch's own module makes before it are judged with it.
    flash = _attentions(graph)
    for word, meaning in (_AS_PYTORCH if is_pytorch else _REMARKS).items():
        names = [
            name
            for name in graph.in_training.get(word, ())
            if not (word == COPIED and name in flash)
        ]
        if names:
            yield f"{_named(names)}: {meaning}."


def _attentions(graph: LayerGraph) -> set[str]:
    """The paths in which there is attention."""
    return {one.name.rpartition("/")[0] for one in graph.layers if one.kind.name == "attention"}


def _notes(graph: LayerGraph, how: Training) -> Iterator[str]:
    """Notes upon what is left out."""
    yield "Without the loss: cross-entropy keeps the log-probabilities of its classes besides."
    if graph.gated:
        yield "With every gate open."
    if any(layer.kind.family == "recurrent" for layer in graph.layers):
        yield "Without the workspace that a framework's recurrent kernel takes."
    for name in graph.in_training.get(INFERENCE, ()):
        yield (
            f"The network as its {name} file runs at inference: norms that are folded into"
            " convolutions and dropouts that were taken out are not counted, and quantised numbers"
            " are those of the training's dtype."
        )
    if how.keeps == "pytorch" and how.mode == "train":
        if _attentions(graph):
            yield (
                "Attention without dropout of its probabilities: with it PyTorch keeps them three"
                " times, and scaled queries and keys, in place of the output."
            )
        depths = graph.in_training.get(DEPTH, ())
        if depths:
            yield (
                f"Without stochastic depth, which keeps {counted(len(depths))} numbers for each"
                f" image: {_named(depths)}."
            )
    if graph.uncounted:
        yield "What is not counted has no mult-adds, and keeps nothing: at least that is needed."
    yield from notes_of(graph)


def _named(names: Sequence[str]) -> str:
    """The first names of several, each once, and how many there are."""
    names = [*dict.fromkeys(names)]
    if len(names) <= _NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMES])} and {counted(len(names) - _NAMES)} more"


_NAMES = 3
"""The most names that a note lists."""
