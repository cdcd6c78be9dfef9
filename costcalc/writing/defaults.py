"""What most convolutions say, said once for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from costcalc.kinds import KINDS
from costcalc.writing.step import Step

_SILENT: Mapping[str, Any] = {"norm": "none", "act": "none", "bias": None}

_NEVER = 10**9
"""Length of what cannot be said."""


def convolutions(steps: Iterable[Step]) -> Mapping[str, Any]:
    """The norm, activation and bias with which the convolutions have least to say."""
    found: Counter[tuple[Any, ...]] = Counter()
    for step in steps:
        kind = KINDS.get(step.word)
        if kind is not None and "conv" in (kind.name, kind.becomes):
            found[step.value("norm"), step.value("act"), step.value("bias")] += 1
    if not found:
        return {}
    options = [{key[at] for key in found if isinstance(key[at], str | bool)} for at in range(3)]
    choices = product(
        *(
            sorted({*values, none}, key=str)
            for values, none in zip(options, ("none", "none", None), strict=True)
        )
    )
    best = min(choices, key=lambda choice: (_length(choice, found), _given(choice)))
    return {
        name: value for name, value in zip(_SILENT, best, strict=True) if value != _SILENT[name]
    }


def _given(choice: tuple[Any, ...]) -> int:
    return sum(value != _SILENT[name] for name, value in zip(_SILENT, choice, strict=True))


def _length(choice: tuple[Any, ...], found: Counter[tuple[Any, ...]]) -> int:
    """How many arguments all convolutions have to give beside a default."""
    norm, act, bias = choice
    length = _given(choice)
    for (each_norm, each_act, each_bias), times in found.items():
        if each_bias is None and bias is not None:
            return _NEVER
        silent = each_norm == "none" if bias is None or each_bias is None else bias
        length += times * sum((each_norm != norm, each_act != act, each_bias != silent))
    return length
