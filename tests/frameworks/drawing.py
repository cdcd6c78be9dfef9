"""Random networks that PyTorch judges as they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from tests.drawing import steps
from tests.drawing.draws import Shape, Whole
from tests.frameworks.torch_network import REFUSALS, TorchNetwork


@st.composite
def networks(draw: Callable[..., Any]) -> dict[str, Any]:
    """Networks for Hypothesis, which shrinks one that fails."""
    return network(lambda least, most: int(draw(st.integers(least, most))))


def network(whole: Whole) -> dict[str, Any]:
    """A network of which PyTorch refuses the last step at most."""
    return steps.network(whole, after)


def after(shape: Shape, step: steps.Step, named: Mapping[str, Shape]) -> Shape | None:
    """The shape after a step; None where PyTorch refuses it."""
    try:
        return TorchNetwork({"input": shape, "layers": [step]}, above=named).output
    except REFUSALS:
        return None
