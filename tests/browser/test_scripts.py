"""The short scripts that pages carry are what terser makes of the sources."""

import os
import runpy
from pathlib import Path

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "make_scripts.py"))


def test_short_scripts_are_those_of_the_sources():
    made = dict(SCRIPT["minified"](os.environ["TERSER"]))
    stored = {path.name: path.read_text(encoding="utf-8") for path in SCRIPT["MINIFIED"].iterdir()}
    assert made == stored, "nox -s scripts"
