"""The short scripts that pages carry are those of the sources as they are now."""

import runpy
from pathlib import Path

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "make_scripts.py"))


@pytest.mark.complete
def test_short_scripts_are_up_to_date():
    stored = (SCRIPT["MINIFIED"] / SCRIPT["HASHES"]).read_text(encoding="utf-8")
    assert stored == SCRIPT["hashes"](), "costcalc/webpage/minified: nox -s scripts"
