"""A word where a size belongs is a misspelt name, and is said with all else that is wrong."""

from __future__ import annotations

import pytest

from costcalc.errors import SpecError
from costcalc.spec.reader import read

SPEC = b"""\
name: Net
input: [3, 8, 8]
parameters: {classes: 10, depth: 2}
layers:
  - conv: {out: 4, kernel: kernal, stride: [1, depht]}
  - conv: {out: 4, kernel: 3, padding: same}
  - fc: clases
  - relux
"""


def test_a_misspelt_name_is_found_before_anything_is_unfolded():
    with pytest.raises(SpecError) as error:
        read(SPEC, "net.yaml", lambda name: None)
    lines = [str(problem).splitlines()[0] for problem in error.value.problems]
    assert lines == [
        "net.yaml:5:28: 'kernal' has no meaning here",
        "net.yaml:5:48: 'depht' has no meaning here; did you mean 'depth'?",
        "net.yaml:7:9: 'clases' has no meaning here; did you mean 'classes'?",
        "net.yaml:8:5: unknown layer kind 'relux'; did you mean 'relu'?",
    ]
