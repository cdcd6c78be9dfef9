"""Hints for words that are not layer kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from costcalc.errors import did_you_mean
from costcalc.kinds import KINDS, TABLE

_AXES = re.compile(r"[123]d")


def hint(word: str, others: Iterable[str] = ()) -> str:
    """A hint: the kind that a framework calls so, the kinds of a family, or a similar word.

    >>> hint("ReLU"), hint("BatchNorm2d"), hint("depthwse")
    ("did you mean 'relu'?", "did you mean 'batch_norm'?", "did you mean 'depthwise'?")
    >>> hint("recurrent")
    'one of lstm'
    """
    plain = _plain(word)
    for name, kind in KINDS.items():
        if plain in (_plain(name), _plain(kind.title)):
            return f"did you mean '{kind.name}'?"
    family = [kind.name for kind in TABLE if _plain(kind.family) == plain]
    return "one of " + ", ".join(family) if family else did_you_mean(word, (*KINDS, *others))


def _plain(word: str) -> str:
    """A word in a single spelling: ``BatchNorm2d`` and ``batch_norm`` are the same."""
    return _AXES.sub("", re.sub(r"[\W_]", "", word.lower()))
