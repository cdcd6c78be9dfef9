"""What most convolutions say, said once for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

from costcalc.blocks.steps import Step
from costcalc.kinds import KINDS


class _Said(NamedTuple):
    """What a convolution says, or a default for all of them."""

    norm: Any
    act: Any
    bias: Any
    """None: as there is a norm or not."""
    functional_act: Any
    """None where there is no activation."""


_SILENT = _Said("none", "none", None, False)

_NEVER = 10**9
"""Length of what cannot be said."""


def convolutions(steps: Iterable[Step]) -> Mapping[str, Any]:
    """The defaults with which the convolutions have least to say."""
    found: Counter[_Said] = Counter()
    for step in steps:
        kind = KINDS.get(step.word)
        if kind is not None and "conv" in (kind.name, kind.becomes):
            act = step.value("act")
            called = None if act == "none" else step.value("functional_act")
            found[_Said(step.value("norm"), act, step.value("bias"), called)] += 1
    options = [
        dict.fromkeys([silent, *(each[at] for each in found if isinstance(each[at], str | bool))])
        for at, silent in enumerate(_SILENT)
    ]
    choices = (_Said(*choice) for choice in product(*options))
    best = min(choices, key=lambda choice: _length(choice, found))
    return {
        name: value
        for name, value, silent in zip(_Said._fields, best, _SILENT, strict=True)
        if value != silent
    }


def _length(choice: _Said, found: Counter[_Said]) -> int:
    """How many arguments all convolutions give, the default's own among them."""
    length: int = sum(value != silent for value, silent in zip(choice, _SILENT, strict=True))
    for each, times in found.items():
        if each.bias is None and choice.bias is not None:
            return _NEVER
        bias = each.norm == "none" if choice.bias is None else choice.bias
        said = (
            each.norm != choice.norm,
            each.act != choice.act,
            each.bias not in (None, bias),
            each.functional_act not in (None, choice.functional_act),
        )
        length += times * said.count(True)
    return length
