"""What most convolutions say, said once for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

from costcalc.blocks.steps import Step
from costcalc.kinds import KINDS


class _Line(NamedTuple):
    """What the line of a convolution says, or a default for all of them."""

    norm: Any
    act: Any
    bias: Any
    """None: as there is a norm or not."""
    functional_act: Any
    """None where there is no activation."""


_NOTHING = _Line("none", "none", None, False)

_NEVER = 10**9
"""The length of defaults that cannot be."""


def convolutions(steps: Iterable[Step]) -> Mapping[str, Any]:
    """The defaults with which the convolutions have least to say."""
    lines: Counter[_Line] = Counter()
    for step in steps:
        kind = KINDS.get(step.word)
        if kind is not None and "conv" in (kind.name, kind.becomes):
            act = step.value("act")
            called = None if act == "none" else step.value("functional_act")
            lines[_Line(step.value("norm"), act, step.value("bias"), called)] += 1
    options = [
        dict.fromkeys([nothing, *(each[at] for each in lines if isinstance(each[at], str | bool))])
        for at, nothing in enumerate(_NOTHING)
    ]
    choices = (_Line(*choice) for choice in product(*options))
    best = min(choices, key=lambda choice: _length(choice, lines))
    return {
        name: value
        for name, value, nothing in zip(_Line._fields, best, _NOTHING, strict=True)
        if value != nothing
    }


def _length(choice: _Line, lines: Counter[_Line]) -> int:
    """How many arguments all convolutions give, the default's own among them."""
    length: int = sum(value != nothing for value, nothing in zip(choice, _NOTHING, strict=True))
    for each, times in lines.items():
        if each.bias is None and choice.bias is not None:
            return _NEVER
        bias = each.norm == "none" if choice.bias is None else choice.bias
        mentioned = (
            each.norm != choice.norm,
            each.act != choice.act,
            each.bias not in (None, bias),
            each.functional_act not in (None, choice.functional_act),
        )
        length += times * mentioned.count(True)
    return length
