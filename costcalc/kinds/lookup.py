"""Hints for words that are not layer kinds."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from costcalc import errors
from costcalc.errors import suggested
from costcalc.kinds import KINDS, TABLE
from costcalc.kinds.base import Kind

_AXES = re.compile(r"[123]d|\dx\d")

_ELSEWHERE = {
    **dict.fromkeys(("gemm", "innerproduct", "mlp"), "fc"),
    **dict.fromkeys(("dw", "dwise"), "depthwise"),
    **dict.fromkeys(("pw", "pwise"), "pointwise"),
    **dict.fromkeys(("pad", "padding"), "zero_pad"),
    **dict.fromkeys(("transformer", "selfattention", "multihead", "mha"), "attention"),
    **dict.fromkeys(("gru", "rnn"), "recurrent"),
    **dict.fromkeys(("normalization", "normalisation", "normalize"), "norm"),
    **dict.fromkeys(("roialign", "psroialign", "roipooling"), "roi_pool"),
    **dict.fromkeys(("argsort", "kthvalue", "topkv2"), "top_k"),
    **dict.fromkeys(("dft", "rfft", "irfft", "stft", "fourier"), "fft"),
    **dict.fromkeys(("act", "nonlinearity"), "activation"),
    "pool": "pooling",
    **dict.fromkeys(("separableconv", "sepconv", "dsconv", "depthwiseseparable"), "separable"),
    **dict.fromkeys(("invertedresidual", "mbconv"), "bottleneck"),
    **dict.fromkeys(("se", "seblock", "selayer", "squeezeexcitation"), "squeeze_excite"),
}
"""What frameworks and papers call a kind, a family or a block, in plain spelling."""


def hint(word: str, others: Collection[str] = (), blocks: Mapping[str, str] | None = None) -> str:
    """A hint: the kind that a framework calls so, the kinds of a family, or a similar word.

    Args:
        word: the word.
        others: other words that may stand there.
        blocks: the blocks that may be used, with the library of each.

    >>> hint("ReLU"), hint("BatchNorm2d"), hint("depthwse")
    ("did you mean 'relu'?", "did you mean 'batch_norm'?", "did you mean 'depthwise'?")
    >>> hint("recurrent")
    'one of lstm'
    >>> hint("SEBlock", blocks={"squeeze_excite": "squeeze_excite"})
    "use: [squeeze_excite], a library with the block 'squeeze_excite'"
    """
    kind = kind_of(word)
    if kind is not None:
        return suggested([kind.name])
    plain = _elsewhere(word)
    family = [kind.name for kind in TABLE if _plain(kind.family) == plain]
    if family:
        return "one of " + ", ".join(family)
    libraries = {name: of for name, of in (blocks or {}).items() if name not in others}
    names = [name for name in libraries if _plain(name) == plain][:1]
    names = names or similar(word, (*KINDS, *others)) or similar(word, libraries)
    if len(names) == 1 and names[0] in libraries:
        return f"use: [{libraries[names[0]]}], a library with the block '{names[0]}'"
    return suggested(names)


def kind_of(word: str) -> Kind | None:
    """The kind that a framework, a paper or a report calls so, however it is spelt."""
    plain = _elsewhere(word)
    for name, kind in KINDS.items():
        if plain in (_plain(name), _plain(kind.title)):
            return kind
    return None


def similar(word: str, known: Collection[str]) -> list[str]:
    """The known word that is this one in another spelling, or else the similar ones."""
    plain = _elsewhere(word)
    same = [name for name in known if _plain(name) == plain]
    return same[:1] or errors.similar(word, known)


def _elsewhere(word: str) -> str:
    """The plain spelling of costcalc's word for it, or else of the word itself."""
    return _plain(_ELSEWHERE.get(_plain(word), word))


def _plain(word: str) -> str:
    """A word in a single spelling: ``BatchNorm2d`` and ``batch_norm`` are the same."""
    return _AXES.sub("", re.sub(r"[\W_]", "", word.lower())) or word.lower()
