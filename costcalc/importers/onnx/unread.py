"""The operators that costcalc knows and does not read, and why."""

from __future__ import annotations

from collections.abc import Mapping

STRINGS = "works on strings, whose lengths are values"
SEQUENCES = "works on optional tensors, or on whole sequences, which costcalc does not follow"
TRAINING = "updates weights: costcalc reads networks as they run after training"
CLASSICAL = "is of classical machine learning, not of neural networks"
DECODED = "decodes a file, whose size is in its bytes"
GENERATES = "runs its decoder until a value says so: a file of the decoder alone has a cost"
BLOCKED = (
    "pads channels to the blocks of one processor, so that its numbers are not the network's:"
    " report the file that onnxruntime read, or one that it wrote at ORT_ENABLE_EXTENDED"
)
NO_KIND = "is computed by elimination, for which costcalc has no layer kind"

UNREAD: Mapping[str, str] = {
    **dict.fromkeys(("StringConcat", "StringNormalizer", "StringSplit"), STRINGS),
    **dict.fromkeys(("RegexFullMatch", "TfIdfVectorizer", "com.microsoft.Tokenizer"), STRINGS),
    "SequenceMap": SEQUENCES,
    **dict.fromkeys(("Optional", "OptionalGetElement", "OptionalHasElement"), SEQUENCES),
    "ImageDecoder": DECODED,
    **dict.fromkeys(("com.microsoft.BeamSearch", "com.microsoft.GreedySearch"), GENERATES),
    **dict.fromkeys(("com.microsoft.Sampling", "com.microsoft.WhisperBeamSearch"), GENERATES),
    "Det": NO_KIND,
    "com.microsoft.Inverse": NO_KIND,
}
"""By the operator's name."""

DOMAINS: Mapping[str, str] = {
    "ai.onnx.ml": CLASSICAL,
    "ai.onnx.preview.training": TRAINING,
    "com.microsoft.nchwc": BLOCKED,
}
"""By the operator's domain."""


def reason(operator: str) -> str:
    """Why an operator is not read; empty if it is not known at all."""
    return UNREAD.get(operator) or DOMAINS.get(operator.rpartition(".")[0], "")
