"""Writes the scripts of interactive pages as pages carry them: short, and so are their names.

    nox -s scripts

The sources are ``costcalc/webpage/*.js``, the results ``costcalc/webpage/minified/*.js``.  A page
has those that it needs, in one script: so a name of a source is the same short one in all of them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

SOURCES = Path(__file__).parent.parent / "costcalc" / "webpage"
FOLDER = SOURCES / "minified"

HASHES = "sources.sha256"
"""What the results were made from, as sha256sum writes it."""


def minified(terser: str) -> Iterator[tuple[str, str]]:
    """The name and the text of each file of the folder."""
    sources = sorted(SOURCES.glob("*.js"))
    with TemporaryDirectory() as folder:
        words = [
            *(terser, "--compress", "passes=3,ecma=2022", "--mangle", "toplevel"),
            *("--name-cache", str(Path(folder, "names.json"))),
        ]

        def run(files: list[Path]) -> str:
            paths = map(str, files)
            done = subprocess.run([*words, *paths], check=True, capture_output=True, text=True)
            return done.stdout

        run(sources)  # which gives every name its short one
        for source in sources:
            yield source.name, run([source]).rstrip("\n") + "\n"
    yield HASHES, hashes()


def hashes() -> str:
    """The hashes of the sources."""
    return "".join(
        f"{sha256(source.read_bytes()).hexdigest()}  {source.name}\n"
        for source in sorted(SOURCES.glob("*.js"))
    )


def main() -> None:
    """Writes them."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in minified(os.environ.get("TERSER", "terser")):
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
