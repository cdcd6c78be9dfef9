"""The defaults that shorten a spec's convolutions most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

from costcalc.blocks.steps import Step
from costcalc.kinds import KINDS


class _Line(NamedTuple):
    """The arguments of a convolution, or defaults for all of them."""

    norm: Any
    act: Any
    bias: Any
    """None: a bias exactly if there is no norm."""
    functional_act: Any
    """None if there is no activation."""


_NOTHING = _Line("none", "none", None, False)

_NEVER = 10**9
"""The length for invalid defaults."""


def convolutions(steps: Iterable[Step]) -> Mapping[str, Any]:
    """The defaults with which the convolutions have fewest arguments."""
    lines: Counter[_Line] = Counter()
    for step in steps:
        kind = KINDS.get(step.word)
        if kind is not None and "conv" in (kind.name, kind.becomes):
            act = step.value("act")
            functional = None if act == "none" else step.value("functional_act")
            lines[_Line(step.value("norm"), act, step.value("bias"), functional)] += 1
    options = [
        dict.fromkeys([nothing, *(line[at] for line in lines if isinstance(line[at], str | bool))])
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
    """How many arguments the convolutions and the defaults have."""
    length: int = sum(value != nothing for value, nothing in zip(choice, _NOTHING, strict=True))
    for line, times in lines.items():
        if line.bias is None and choice.bias is not None:
            return _NEVER
        bias = line.norm == "none" if choice.bias is None else choice.bias
        mentioned = (
            line.norm != choice.norm,
            line.act != choice.act,
            line.bias not in (None, bias),
            line.functional_act not in (None, choice.functional_act),
        )
        length += times * mentioned.count(True)
    return length
