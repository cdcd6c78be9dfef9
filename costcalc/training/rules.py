"""What each layer kind computes in the backward pass, and what it keeps for it.

A rule is of a kind, or of its family.  Mult-adds follow from the forward pass F of a layer:
the gradient of its weights is F, the gradient of its input is F, omitted where no input needs
a gradient (the first layer, a frozen prefix).  A product of two activations is F for each.
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.records import NamedTuple

INPUT, OUTPUT, INPUTS = "input", "output", "inputs"


class Gradient(NamedTuple):
    """The rule of a layer kind."""

    keeps: tuple[str, ...] = ()
    """Tensors kept from the forward pass to the backward pass; each tensor is kept once."""
    extra: str = ""
    """Numbers kept besides: statistics of a norm, indices of a pool, gates of an LSTM."""


RULES: Mapping[str, Gradient] = {
    "convolution": Gradient(keeps=(INPUT,)),
    "dense": Gradient(keeps=(INPUT,)),
}
"""By kind or by family of kinds; ``pytest -m complete`` names those without a rule."""
