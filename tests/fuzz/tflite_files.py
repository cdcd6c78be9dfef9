"""TFLite files: changed field by field and byte by byte."""

from __future__ import annotations

import struct
from random import Random

from tests.drawing.draws import Draws
from tests.fuzz import command_lines
from tests.fuzz.case import Case
from tests.importers.tflite import mutations

PATH = "case.tflite"


def changed(draws: Draws) -> Case:
    """A file with a few fields of its tables changed, or a few bytes."""
    random = Random(draws.whole(0, 2**32))
    of = mutations.table_case if draws.chance(2) else mutations.bytes_case
    try:
        data = of(random)
    except (struct.error, TypeError, KeyError, ValueError, AttributeError):
        data = mutations.bytes_case(random)  # no file can hold the change
    line = command_lines.of(draws, PATH)
    if line[0] in ("report", "import") and draws.chance(4):
        line = (*line, "--allow-unknown")
    return Case(line, {PATH: data})
