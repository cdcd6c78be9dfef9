"""Writes the table of what each importer reads, ``docs/importing.md``, from the importers' own."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from costcalc.importers.caffe import layers as caffe
from costcalc.importers.caffe.layers.unread import REASONS as CAFFE
from costcalc.importers.keras import layers as keras
from costcalc.importers.keras.layers import operations, wrappers
from costcalc.importers.keras.layers.unread import OPERATIONS, REASONS
from costcalc.importers.onnx import control, fused
from costcalc.importers.onnx import operators as onnx
from costcalc.importers.tflite import operators as tflite
from costcalc.importers.tflite.operators.control import branches
from costcalc.importers.torch.table import RULES

PAGE = Path(__file__).parents[1] / "docs" / "importing.md"

READ: Mapping[str, frozenset[str]] = {
    "ONNX": frozenset({*onnx.TABLE, *fused.EXPANSIONS, *control.CONTROL}),
    "PyTorch": frozenset({*RULES.views, *RULES.operations}),
    "Keras": frozenset(
        {
            *keras.TABLE,
            *wrappers.TRANSPARENT,
            wrappers.WRAPPER,
            *(f"ops.{name}" for name in operations.TABLE),
        }
    ),
    "TFLite": frozenset(name for name, rule in tflite.TABLE.items() if rule is not branches),
    "Caffe": frozenset(caffe.TABLE),
}
"""The names of operations that each importer has a rule for."""

TOPICS: Mapping[str, str] = {
    "recurrent layers": "lstm|gru|rnn|svdf|bidirectional",
    "attention": "attention|rotaryembedding",
    "losses": "loss|crossentropy|kldiv",
    "embeddings": "^embed|embedding$",
    "normalisations": "(?<!random)norm|lrn|mvn|^bn$|localresponse",
    "quantised layers": "quant(?!ile)|qlinear|qgemm|integer|bnb4|densify",
    "resampling": "resiz|upsampl|interp|gridsample|affinegrid",
    "boxes": "roi|nms|nonmax|priorbox|detection|proposal",
    "deformable convolutions, folds": "deform|col2im|im2col|fold",
    "products along any axes": "einsum|tensordot|^bilinear$|chainmatmul|multidot|cdist|^dot$",
    "adaptive pooling": "adaptive",
    "sorting": "topk|sort|median|kthvalue|quantile|unique",
    "running sums": "^cum",
    "scattering and gathering": "scatter|gather|index(add|copy|fill|put|reduce)|takealong",
    "Fourier transforms": "fft|dft|stft|spectrogram",
    "branches and loops": "^if$|while|loop|^scan$|callonce|timedistributed",
}
"""What people look for, and the names of its operations, written small and without signs; an
operation is of the first topic that it fits."""


def topic_of(name: str) -> str:
    """The topic of an operation; empty for arithmetic, activations, layout and so on."""
    plain = re.sub(r"[^a-z0-9.]", "", name.lower()).rpartition(".")[2]
    return next((topic for topic, words in TOPICS.items() if re.search(words, plain)), "")


def table() -> str:
    """A row for each topic, and one for how many operations there are in all."""
    lines = [f"| | {' | '.join(READ)} |", "|---" * (len(READ) + 1) + "|"]
    for topic in TOPICS:
        lines.append(f"| {topic} | {' | '.join(_cells(topic))} |")
    counts = (str(len(names)) for names in READ.values())
    lines.append(f"| operations in all | {' | '.join(counts)} |")
    return "\n".join(lines)


def _cells(topic: str) -> Iterator[str]:
    for names in READ.values():
        own = sorted((name for name in names if topic_of(name) == topic), key=str.lower)
        yield _listed(own)


def unread() -> str:
    """Keras' layers and operations that are not read, each reason once."""
    lines = [
        f"- {_listed(f'ops.{name}' for name in names)}: {reason}"
        for reason, names in OPERATIONS.items()
    ]
    return "\n".join([_by_reason(REASONS), *lines])


def _by_reason(reasons: Mapping[str, str]) -> str:
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    return "\n".join(f"- {_listed(group)}: {reason}" for reason, group in names.items())


def unread_of_caffe() -> str:
    """Caffe's layers that are not read, each reason once."""
    return _by_reason(CAFFE)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


PARTS = {"importers": table, "unread": unread, "unread Caffe": unread_of_caffe}
"""What stands between the marks of the page."""


def filled() -> str:
    """The page as the importers are now."""
    text = PAGE.read_text(encoding="utf-8")
    for name, part in PARTS.items():
        start, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, _, rest = text.partition(start)
        text = f"{before}{start}{part()}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(), encoding="utf-8")
    sys.exit(0)
