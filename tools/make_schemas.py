"""Writes the schemas that the files in ``specs/`` name: ``tools/make_schemas.py``."""

import re
from pathlib import Path

from costcalc.schemas.schema import as_file, schema

SPECS = Path(__file__).parents[1] / "specs"
FOLDERS = {"spec": SPECS, "blocks": SPECS / "blocks", "claims": SPECS / "claims"}
"""Where the files of each schema are."""

MODELINE = re.compile(r"# yaml-language-server: \$schema=.*\n")
"""The comment by which an editor finds the schema of a file."""

REFERENCE = re.compile(r'"#/definitions/([^"]+)"')

NAMES = "names.yaml"
"""A file of names, which is no spec."""


def modeline(name: str) -> str:
    """The first line of a file whose schema has that name."""
    up = "" if FOLDERS[name] == SPECS else "../"
    return f"# yaml-language-server: $schema={up}schemas/{name}.json\n"


def stored(name: str) -> Path:
    """The file of a schema."""
    return SPECS / "schemas" / f"{name}.json"


def text(name: str) -> str:
    """The text of such a file, which takes from ``spec.json`` what a spec's schema has, too.

    Raises:
        ValueError: a definition is another one in a spec's schema.
    """
    if name == "spec":
        return schema(name).to_json()
    data = {**schema(name).data()}
    own, shared = data.pop("definitions"), schema("spec").data()["definitions"]
    for word in own.keys() & shared:
        if own[word] != shared[word]:
            raise ValueError(f"'{word}' is another definition in '{name}' than in 'spec'")
    rest = {word: term for word, term in own.items() if word not in shared and word != "spec"}

    def elsewhere(reference: re.Match[str]) -> str:
        word = reference[1]
        if word == "spec":
            return '"spec.json"'
        return f'"spec.json#/definitions/{word}"' if word in shared else reference[0]

    return REFERENCE.sub(elsewhere, as_file({**data, **({"definitions": rest} if rest else {})}))


def main() -> None:
    """Writes the schemas, and the modeline of each file."""
    stored("spec").parent.mkdir(exist_ok=True)
    for name, folder in FOLDERS.items():
        stored(name).write_text(text(name), encoding="utf-8")
        for path in sorted(folder.glob("*.yaml")):
            if path.name != NAMES:
                rest = MODELINE.sub("", path.read_text(encoding="utf-8"), count=1)
                path.write_text(modeline(name) + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
