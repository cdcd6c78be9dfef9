"""How a convention covers a kind: by a rule of its own, by its family's rule, or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.costs.rules import Convention
from costcalc.kinds import TABLE
from costcalc.kinds.base import Kind

_MEASURED = """
conv transposed_conv fc embedding matmul attention max_pool avg_pool adaptive_max_pool
adaptive_avg_pool global_avg_pool batch_norm layer_norm rms_norm group_norm instance_norm
lrn relu relu6 leaky_relu prelu sigmoid tanh h_sigmoid swish h_swish gelu gelu_tanh elu
selu celu mish softplus softsign log_sigmoid hard_tanh softmax log_softmax add subtract
multiply divide minimum maximum power compare scale shift clip exp log sqrt rsqrt
reciprocal erf sin cos abs neg square floor ceil round sign logical_not mean sum
reduce_max reduce_min argmax product variance l2_norm concat split slice channel_shuffle
flatten zero_pad upsample reshape transpose rearrange dropout identity
"""

MEASURED = frozenset(_MEASURED.split())
"""Kinds of the single layers that every tool was run on; tests compare the counts."""


def unmeasured(convention: Convention) -> tuple[Kind, ...]:
    """Kinds that a tool's convention covers by their family's rule alone, without a measurement.

    A paper's convention follows its text: there is nothing to measure.
    """
    if not convention.tool:
        return ()
    rules = convention.mult_adds
    return tuple(
        kind
        for kind in TABLE
        if not (kind.becomes or kind.name in MEASURED or kind.name in rules)
        and kind.family in rules
    )


def undefined(convention: Convention) -> Mapping[str, list[Kind]]:
    """Kinds without a rule, by the reason that the convention gives."""
    by_reason: dict[str, list[Kind]] = {}
    for kind in TABLE:
        names = (kind.name, kind.family)
        if kind.is_counted and not any(name in convention.mult_adds for name in names):
            reasons = (convention.undefined.get(name, "") for name in names)
            by_reason.setdefault(next(filter(None, reasons), ""), []).append(kind)
    return by_reason
