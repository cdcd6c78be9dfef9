"""Networks that a spec uses as blocks: shipped ones, and specs beside its own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from costcalc.errors import Problems, SpecError, did_you_mean
from costcalc.records import NamedTuple
from costcalc.spec.document import Document, Parameter
from costcalc.spec.keys import refuse_others
from costcalc.spec.parameters import IDENTIFIER
from costcalc.spec.tree import MapNode, Scalar, given
from costcalc.spec.values import constant

DEPTH = 8
"""How many networks may use each other in a row."""

KEYS: Mapping[str, str] = {
    "network": "the name of a shipped network, or of a spec beside this one",
    "as": "what layers call it here; by default its name",
}
"""What a used network states."""

_NAME = re.compile(r"[A-Za-z0-9_][\w\-.]*", re.ASCII)


class FoundNetwork(NamedTuple):
    """A spec that a name leads to, with the settings that the name stands for."""

    path: str
    settings: Mapping[str, Any]


class FindNetwork(NamedTuple):
    """Finds and reads the networks that a spec may use."""

    find: Callable[[str], FoundNetwork | None]
    """The spec of that name; None if there is none."""
    read: Callable[[str, FindNetwork], Document]
    """The document at a path."""
    names: Callable[[], list[str]]
    """The names of shipped networks."""
    around: tuple[str, ...]
    """The paths of this spec and of those that use it, the outermost first."""
    documents: dict[str, Document]
    """The documents read so far, by their paths."""


class UsedNetwork(NamedTuple):
    """A network that a spec uses as a block."""

    document: Document
    settings: Mapping[str, Any]
    """Values that its name stands for; calls override them."""

    @property
    def parameters(self) -> NetworkParameters:
        """What a call may set."""
        mark = next(iter(self.document.input)).mark
        always = {
            name: Parameter(name, constant(value, f"{value}", mark), mark)
            for name, value in (("alpha", 1), ("res", 1))
        }
        return NetworkParameters({**always, **self.document.parameters})


class NetworkParameters(dict[str, Parameter]):
    """The parameters of a network, whose calls may also name the last layer: ``to``."""


class MissingNetwork(dict[str, Parameter]):
    """A network of ``use:`` that could not be read, so that its calls say nothing more."""


def is_name(text: str) -> bool:
    """Whether it may be the name of a network to use: nothing that leads to another folder."""
    return _NAME.fullmatch(text) is not None


def used_network(
    node: MapNode, finder: FindNetwork | None, problems: Problems
) -> tuple[str, UsedNetwork] | None:
    """A network of ``use:``, such as ``{network: mobilenet_v2, as: backbone}``, with its name.

    None after a problem.
    """
    refuse_others(node.keys, KEYS, "a used network has no", problems)
    written, word = node.get("network"), given(node.get("as"))
    name = written.text if isinstance(written, Scalar) else ""
    found = finder.find(name) if finder is not None and is_name(name) else None
    if finder is None or found is None:
        known = finder.names() if finder is not None else []
        problems.add(
            (written or node).mark,
            f"there is no network '{name}' to use",
            expected="the name of a shipped network, or of a spec beside this one",
            hint=did_you_mean(name, known),
        )
        return None
    called = name if word is None else word.text if isinstance(word, Scalar) else str(word)
    if not IDENTIFIER.fullmatch(called):
        problems.add(
            (word or written or node).mark,
            f"'{called}' cannot name a block",
            expected="a name of letters, digits and '_'",
            hint=f"{{network: {name}, as: backbone}}",
        )
        return None
    document = _document(found.path, node, finder, problems)
    return None if document is None else (called, UsedNetwork(document, found.settings))


def _document(path: str, node: MapNode, finder: FindNetwork, problems: Problems) -> Document | None:
    """The document at a path, read once; None after a problem."""
    around = [*map(os.path.realpath, finder.around), os.path.realpath(path)]
    first = around.index(around[-1])
    if first < len(around) - 1 or len(around) > DEPTH:
        circle = (*finder.around[first:], path)
        problems.add(
            node.mark,
            "networks use each other" if len(circle) > 1 else "networks use others too deeply",
            expected=f"at most {DEPTH} networks, each of which uses the next, and no circle",
            found=" -> ".join(map(os.path.basename, circle)) if len(circle) > 1 else "more",
        )
        return None
    if path not in finder.documents:
        inside = finder._replace(around=(*finder.around, path))
        try:
            finder.documents[path] = finder.read(path, inside)
        except SpecError as error:
            for problem in error.problems:
                problems.note(problem)
            return None
    return finder.documents[path]
