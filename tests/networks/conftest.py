"""Counts of a network straight from its layers' events, before any convention."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from costcalc import opening


class Counts(NamedTuple):
    """What frameworks count: every param of a module, and its multiply-accumulates."""

    weights: int
    biases: int
    norm_params: int
    macs: int


@pytest.fixture
def counts() -> Callable[[str], Counts]:
    """Counts of a network reference."""

    def count(network: str) -> Counts:
        layers = opening.opened(network).graph().layers
        events = [layer.operation.events(layer.input_shapes, layer.output) for layer in layers]
        owned = [event for layer, event in zip(layers, events, strict=True) if layer.shares is None]
        return Counts(
            sum(event.weights for event in owned),
            sum(event.biases for event in owned),
            sum(event.norm_params for event in owned),
            sum(event.macs for event in events),
        )

    return count
