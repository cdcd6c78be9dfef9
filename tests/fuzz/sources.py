"""The table of what cases are drawn from, and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import NamedTuple

from tests.drawing.draws import Draws
from tests.fuzz import command_lines, data_files, onnx_files, other_models, specs, tflite_files
from tests.fuzz.case import Case, one_of


class Source(NamedTuple):
    """A kind of case."""

    weight: int
    """How many of a hundred cases are of this kind."""
    draw: Callable[[Draws], Case]


SOURCES: Mapping[str, Source] = {
    "layers": Source(14, specs.layer),
    "networks": Source(5, specs.network),
    "spec texts": Source(9, specs.changed_text),
    "spec trees": Source(9, specs.changed_tree),
    "ONNX messages": Source(10, onnx_files.changed_messages),
    "ONNX bytes": Source(6, onnx_files.changed_bytes),
    "ONNX operators": Source(7, onnx_files.operator),
    "TFLite files": Source(5, tflite_files.changed),
    "Keras trees": Source(4, other_models.changed_keras),
    "Keras layers": Source(4, other_models.keras_layer),
    "prototxt": Source(7, other_models.changed_caffe),
    "command lines": Source(12, command_lines.command_line),
    "references": Source(4, command_lines.reference),
    "claims": Source(1, data_files.changed_claims),
    "conventions": Source(2, data_files.changed_convention),
}


def drawn(seed: int, number: int, kind: str = "") -> tuple[str, Case]:
    """The case of a number, with its kind: the same for ever, whatever was drawn before."""
    draws = Draws(Random(f"{seed}/{number}").randint, is_careful=False)
    kind = kind or one_of(draws, {name: source.weight for name, source in SOURCES.items()})
    case = SOURCES[kind].draw(draws)
    if draws.chance(8):
        case = case._replace(columns=draws.of(20, 40, 60, 80, 80, 80, 120, 200))
    return kind, case
