"""Writes the scripts of interactive pages as pages carry them: short, and so are their names.

    nox -s scripts

The sources are ``costcalc/webpage/*.js``, the results ``costcalc/webpage/minified/*.js``: one for
each combination of parts that a page may have, made short as a whole.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from hashlib import sha256

from costcalc.webpage.files import FOLDER, MINIFIED, bundles

HASHES = "sources.sha256"
"""What the results were made from, as sha256sum writes it."""


def minified(terser: str) -> Iterator[tuple[str, str]]:
    """The name and the text of each file of the folder."""
    for name, sources in bundles():
        words = [terser, *map(str, sources), "--toplevel", "--mangle"]
        words += ["--compress", "passes=3,ecma=2022,unsafe_arrows"]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        yield name, done.stdout.rstrip("\n") + "\n"
    yield HASHES, hashes()


def hashes() -> str:
    """The hashes of the sources."""
    return "".join(
        f"{sha256(source.read_bytes()).hexdigest()}  {source.name}\n"
        for source in sorted(FOLDER.glob("*.js"))
    )


def main() -> None:
    """Writes them."""
    MINIFIED.mkdir(exist_ok=True)
    for name, text in minified(os.environ.get("TERSER", "terser")):
        (MINIFIED / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
