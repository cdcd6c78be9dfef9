"""Writes the schemas that the files in ``specs/`` name: ``tools/make_schemas.py``."""

import re
from pathlib import Path

from costcalc.schemas.schema import schema

SPECS = Path(__file__).parents[1] / "specs"
FOLDERS = {"spec": SPECS, "blocks": SPECS / "blocks", "claims": SPECS / "claims"}
"""Where the files of each schema are."""

MODELINE = re.compile(r"# yaml-language-server: \$schema=.*\n")
"""The comment by which an editor finds the schema of a file."""

NAMES = "names.yaml"
"""A file of names, which is no spec."""


def modeline(name: str) -> str:
    """The first line of a file whose schema has that name."""
    up = "" if FOLDERS[name] == SPECS else "../"
    return f"# yaml-language-server: $schema={up}schemas/{name}.json\n"


def stored(name: str) -> Path:
    """The file of a schema."""
    return SPECS / "schemas" / f"{name}.json"


def main() -> None:
    """Writes the schemas, and the modeline of each file."""
    stored("spec").parent.mkdir(exist_ok=True)
    for name, folder in FOLDERS.items():
        stored(name).write_text(schema(name).to_json(), encoding="utf-8")
        for path in sorted(folder.glob("*.yaml")):
            if path.name != NAMES:
                text = MODELINE.sub("", path.read_text(encoding="utf-8"), count=1)
                path.write_text(modeline(name) + text, encoding="utf-8")


if __name__ == "__main__":
    main()
