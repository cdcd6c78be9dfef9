"""Counts of a network straight from its layers' events, before any convention."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from costcalc import pipeline


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
        events = [
            layer.operation.events(layer.input_shapes, layer.output)
            for layer in pipeline.graph(network, {}).layers
        ]
        return Counts(
            sum(event.weights for event in events),
            sum(event.biases for event in events),
            sum(event.norm_params for event in events),
            sum(event.macs for event in events),
        )

    return count
