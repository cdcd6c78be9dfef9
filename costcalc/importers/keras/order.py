"""The order in which the calls of a model's layers run."""

from __future__ import annotations

from collections.abc import Iterator

from costcalc.errors import Refusal, did_you_mean
from costcalc.importers.keras.structure import KerasLayer, KerasModel, TensorRef

Key = tuple[str, int]
"""A layer's name, and the number of one of its calls."""


def ordered(network: KerasModel) -> list[tuple[KerasLayer, int]]:
    """Every call after those whose outputs it reads, otherwise in the order of the file.

    Raises:
        Refusal: a call reads a missing layer or call, or the calls form a cycle.
    """
    done: dict[Key, None] = {}
    for name, layer in network.layers.items():
        for index in range(len(layer.calls)):
            _visit((name, layer.first_call + index), network, done)
    for ref in network.outputs:
        _check(ref, f"the model '{network.name}' ends in", network)
    return [(network.layers[name], call - network.layers[name].first_call) for name, call in done]


def _visit(start: Key, network: KerasModel, done: dict[Key, None]) -> None:
    """Adds a call after everything it reads; iterative because chains can be long."""
    if start in done:
        return
    path: dict[Key, Iterator[TensorRef]] = {start: _read(start, network)}
    while path:
        key = next(reversed(path))
        ref = next(path[key], None)
        if ref is None:
            del path[key]
            done[key] = None
            continue
        source = (ref.layer, ref.call)
        _check(ref, f"layer '{key[0]}' reads", network)
        if source in done or not network.layers[ref.layer].calls:
            continue
        if source in path:
            names = [name for name, _ in path]
            circle = [*names[names.index(ref.layer) :], ref.layer]
            raise Refusal(
                f"layer '{ref.layer}' reads its own output: a cycle",
                found=" -> ".join(reversed(circle)),
            )
        path[source] = _read(source, network)


def _read(key: Key, network: KerasModel) -> Iterator[TensorRef]:
    layer = network.layers[key[0]]
    return layer.calls[key[1] - layer.first_call].refs


def _check(ref: TensorRef, reader: str, network: KerasModel) -> None:
    """Checks that the referenced call exists; an input layer has one implicit call.

    Raises:
        Refusal: it does not.
    """
    layer = network.layers.get(ref.layer)
    if layer is None:
        raise Refusal(
            f"{reader} '{ref.layer}', which the file does not contain",
            "a layer of the same model",
            hint=did_you_mean(ref.layer, network.layers),
        )
    calls = range(layer.first_call, layer.first_call + max(1, len(layer.calls)))
    if ref.call not in calls:
        raise Refusal(
            f"{reader} call {ref.call} of '{ref.layer}', which is not in the file",
            f"a call from {calls[0]} to {calls[-1]}",
        )
