"""Bytes of weights, gradients and optimizers: tables with their sources, and ZeRO's stages."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import did_you_mean, refuse
from costcalc.records import NamedTuple


class Optimizer(NamedTuple):
    """What an optimizer keeps from one update to the next."""

    title: str
    states: int
    """Numbers for each param that is updated."""
    source: str
    bytes_: int | None = None
    """Of one number; None for those of the precision."""
    is_factored: bool = False
    """Whether it keeps sums of rows and columns instead, as :mod:`.factors` counts them."""


OPTIMIZERS: Mapping[str, Optimizer] = {
    "sgd": Optimizer("stochastic gradient descent", 0, "torch.optim.SGD"),
    "momentum": Optimizer("SGD with momentum", 1, "torch.optim.SGD(momentum=0.9): momentum_buffer"),
    "adam": Optimizer(
        "Adam", 2, "Kingma and Ba (arXiv 1412.6980), algorithm 1: m and v; torch.optim.Adam"
    ),
    "adamw": Optimizer(
        "AdamW", 2, "Loshchilov and Hutter (arXiv 1711.05101), algorithm 2; torch.optim.AdamW"
    ),
    "amsgrad": Optimizer(
        "Adam with AMSGrad", 3, "Reddi et al. (arXiv 1904.09237), algorithm 2: also the largest v"
    ),
    "adamax": Optimizer("AdaMax", 2, "Kingma and Ba (arXiv 1412.6980), algorithm 2: m and u"),
    "nadam": Optimizer("NAdam", 2, "torch.optim.NAdam: exp_avg and exp_avg_sq"),
    "radam": Optimizer("RAdam", 2, "torch.optim.RAdam: exp_avg and exp_avg_sq"),
    "adagrad": Optimizer("Adagrad", 1, "torch.optim.Adagrad: sum"),
    "adadelta": Optimizer("Adadelta", 2, "torch.optim.Adadelta: square_avg and acc_delta"),
    "rmsprop": Optimizer("RMSprop", 1, "torch.optim.RMSprop: square_avg"),
    "rprop": Optimizer("Rprop", 2, "torch.optim.Rprop: prev and step_size"),
    "adafactor": Optimizer(
        "Adafactor, sums of rows and columns",
        0,
        "Shazeer and Stern (arXiv 1804.04235), section 3; torch.optim.Adafactor",
        is_factored=True,
    ),
    "lion": Optimizer("Lion", 1, "Chen et al. (arXiv 2302.06675), algorithm 2: m"),
    "adam8bit": Optimizer(
        "8-bit Adam, without the scales of its blocks",
        2,
        "Dettmers et al. (arXiv 2110.02861), section 2: m and v in 8 bits",
        bytes_=1,
    ),
}
"""Optimizers by name."""


class Precision(NamedTuple):
    """How many bytes one number takes in training."""

    title: str
    weight: int
    gradient: int
    master: int
    """Of a copy of each param that the optimizer updates, in full precision; 0 without one."""
    state: int
    activation: int
    statistic: int
    """Of a mean or deviation that a norm keeps."""
    source: str


PRECISIONS: Mapping[str, Precision] = {
    "fp32": Precision("every number in 32 bits", 4, 4, 0, 4, 4, 4, "IEEE 754 single precision"),
    "mixed": Precision(
        "16 bits, with weights and states of the optimizer in 32 as well",
        2,
        2,
        4,
        4,
        2,
        4,
        "Rajbhandari et al., ZeRO (arXiv 1910.02054), section 3.1: 2 + 2 + 12 bytes with Adam",
    ),
    "bf16": Precision(
        "16 bits, the states of the optimizer in 32",
        2,
        2,
        0,
        4,
        2,
        2,
        "2 + 2 + 8 bytes with Adam: no copy of the weights in 32 bits",
    ),
}
"""Precisions by name."""

ZERO_STAGES: Mapping[int, str] = {
    0: "every rank holds everything",
    1: "the optimizer's states divided among the ranks",
    2: "the optimizer's states and gradients divided among the ranks",
    3: "the optimizer's states, gradients and weights divided among the ranks",
}
"""Stages of ZeRO (arXiv 1910.02054), sections 5.1 to 5.3: P_os, P_os+g, P_os+g+p."""


class StateBytes(NamedTuple):
    """Bytes on one rank that do not depend on the batch."""

    weights: int
    gradients: int
    optimizer: int


def state_bytes(
    params: int,
    trained: int,
    optimizer: Optimizer,
    precision: Precision,
    zero: int,
    ranks: int,
    factors: int = 0,
) -> StateBytes:
    """Weights, gradients and the optimizer's states, on one of the ranks.

    ZeRO, section 3.1 and figure 1: of P params under Adam in mixed precision 2 P, 2 P and
    12 P bytes; each stage divides one more of the three, from the right.  ``factors`` are the
    numbers of a factored optimizer, for all params together.

    >>> state_bytes(1000, 1000, OPTIMIZERS["adam"], PRECISIONS["mixed"], 0, 1)
    StateBytes(weights=2000, gradients=2000, optimizer=12000)
    >>> state_bytes(1000, 1000, OPTIMIZERS["adam"], PRECISIONS["mixed"], 2, 8)
    StateBytes(weights=2000, gradients=250, optimizer=1500)
    """
    state = precision.state if optimizer.bytes_ is None else optimizer.bytes_

    def part(count: int, stage: int) -> int:
        """What one rank holds: the largest of equal parts."""
        return -(-count // ranks) if zero >= stage else count

    return StateBytes(
        weights=part(params, 3) * precision.weight,
        gradients=part(trained, 2) * precision.gradient,
        optimizer=part(trained, 1) * (precision.master + optimizer.states * state)
        + part(factors, 1) * state,
    )


def named_optimizer(name: str) -> Optimizer:
    """An optimizer of the table.

    Raises:
        SpecError: there is none of that name.
    """
    if name not in OPTIMIZERS:
        hint = did_you_mean(name, OPTIMIZERS)
        refuse(None, f"there is no optimizer '{name}'", "one of " + ", ".join(OPTIMIZERS), "", hint)
    return OPTIMIZERS[name]


def named_precision(name: str) -> Precision:
    """A precision of the table.

    Raises:
        SpecError: there is none of that name.
    """
    if name not in PRECISIONS:
        hint = did_you_mean(name, PRECISIONS)
        refuse(None, f"there is no dtype '{name}'", "one of " + ", ".join(PRECISIONS), "", hint)
    return PRECISIONS[name]
