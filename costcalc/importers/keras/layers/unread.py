"""Keras' layers that costcalc does not read, and why."""

from __future__ import annotations

from collections.abc import Mapping

_CODE = "its work is code that the file does not contain"
_WORDS = "it looks up words or numbers in a table, which is no arithmetic on tensors"
_PIXELS = "it changes images by their own pixels, before the network"

REASONS: Mapping[str, str] = {
    "Lambda": _CODE,
    "TorchModuleWrapper": f"{_CODE}: read its module by itself, torch:package.module:name",
    "JaxLayer": _CODE,
    "FlaxLayer": _CODE,
    "TFSMLayer": f"{_CODE}: its SavedModel",
    "Layer": "it is the base of other layers",
    "Wrapper": "it is the base of other layers",
    "StringLookup": _WORDS,
    "IntegerLookup": _WORDS,
    "TextVectorization": _WORDS,
    "Hashing": _WORDS,
    "HashedCrossing": _WORDS,
    "Discretization": _WORDS,
    "CategoryEncoding": _WORDS,
    "AutoContrast": _PIXELS,
    "ContrastLimitedAdaptiveHistogramEqualization": _PIXELS,
    "Pipeline": "it runs preprocessing layers before the network",
}
"""By class; a class that stands neither here nor among the rules is not one of Keras 3.15."""
