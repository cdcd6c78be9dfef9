"""Finds and reads the networks that a spec uses as blocks."""

from __future__ import annotations

import os

from costcalc.spec import library
from costcalc.spec.document import Document
from costcalc.spec.networks import FindNetwork, FoundNetwork
from costcalc.spec.numbers import plain_value
from costcalc.spec.reader import read


def network_finder(spec: str) -> FindNetwork:
    """Finds networks to use beside a spec, then among the shipped ones."""

    def find(name: str) -> FoundNetwork | None:
        folder = os.path.dirname(os.path.abspath(spec))
        path = os.path.join(folder, f"{name}.yaml")
        if os.path.isfile(path) and os.path.dirname(os.path.realpath(path)) == os.path.realpath(
            folder
        ):
            return FoundNetwork(os.path.relpath(path), {})
        shipped = library.shipped_reference(name, library.aliases())
        if shipped is None:
            return None
        settings = {key: plain_value(text) for key, text in shipped.defaults.items()}
        return FoundNetwork(shipped.network, settings)

    def read_at(path: str, finder: FindNetwork) -> Document:
        own = network_finder(path)._replace(around=finder.around, documents=finder.documents)
        return read(library.read_bytes(path, path), path, library.block_finder(path), own)

    return FindNetwork(find, read_at, library.shipped, (spec,), {})
