"""The networks that claims speak of: each spec read once, each count made once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from costcalc.claims.claim import ClaimedNetwork
from costcalc.costs import convention as conventions
from costcalc.costs.convention import Convention
from costcalc.costs.count import LayerCost, count
from costcalc.errors import did_you_mean, refuse
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.graph.settings import setting
from costcalc.importers import SUFFIXES, importer
from costcalc.opening import AnyNetwork, carried, opened, opened_at, read_spec
from costcalc.spec import library
from costcalc.spec.document import Document

Settings = tuple[tuple[str, Any], ...]


class Networks:
    """Documents, graphs and costs, kept while claims are checked.

    Attributes:
        convention: how figures are counted that name no convention themselves.
    """

    def __init__(self, convention: str = "paper") -> None:
        self.convention = convention
        self._documents: dict[str, Document] = {}
        self._models: dict[tuple[str, Settings], tuple[Document, dict[str, Any]]] = {}
        self._graphs: dict[tuple[str, Settings], LayerGraph] = {}
        self._costs: dict[tuple[str, Settings, str], tuple[LayerCost, ...]] = {}
        self._conventions: dict[str, Convention] = {}
        self._aliases: Mapping[str, str] | None = None

    def find(self, text: str, folder: str) -> ClaimedNetwork:
        """The network that a claims file in ``folder`` names, with the settings it carries.

        A name with the suffix of a spec or a model, or with a slash, is a path
        inside that folder; any other is one of those that ship.

        Raises:
            SpecError: there is none, it lies outside the folder, or a setting is none.
        """
        name, _, _ = text.partition("@")
        if "/" in name or name.endswith((".yaml", ".yml", *SUFFIXES)):
            path = os.path.join(folder, name)
            inside = os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)
            if not inside or not os.path.isfile(path):
                refuse(None, f"there is no spec '{name}'", "a path inside the folder of this file")
            return _network(name, os.path.join(folder, text))
        if self._aliases is None:
            self._aliases = library.aliases()
        stands_for = self._aliases.get(name, name).partition("@")
        shipped = os.path.join(library.shipped_folder(), f"{stands_for[0]}.yaml")
        if not os.path.isfile(shipped):
            refuse(
                None,
                f"there is no network '{name}'",
                "a name that 'costcalc networks' lists, or the path of a spec, as in my/net.yaml",
                hint=did_you_mean(name, library.shipped()),
            )
        settings = ",".join(filter(None, (stands_for[2], text[len(name) + 1 :])))
        return _network(name, f"{shipped}@{settings}" if settings else shipped)

    def named(self, text: str) -> ClaimedNetwork:
        """The network that the command line names: a path first, then one that ships.

        Raises:
            SpecError: there is none, or a setting is none.
        """
        reference = library.reference(text)
        network = _network(text.partition("@")[0], text)
        if importer(reference.network) is not None:
            return network
        return network._replace(path=library.locate(reference.network))

    def subject(self, subject: AnyNetwork) -> str | ClaimedNetwork:
        """What ``check`` is asked about: a word of the command line, or an open network.

        Raises:
            SpecError: it is neither.
        """
        if isinstance(subject, str | os.PathLike):
            return os.fspath(subject)
        found = opened(subject)
        path = f"<{found.label} {len(self._documents)}>"
        self.add(path, found.document)
        return with_settings(ClaimedNetwork(found.label, path), found.settings)

    def add(self, path: str, document: Document) -> None:
        """Adds a document that has no file of its own."""
        self._documents[path] = document

    def document(self, network: ClaimedNetwork) -> Document:
        """The network's spec.

        Raises:
            SpecError: it is wrong.
        """
        return self._read(network)[0]

    def _read(self, network: ClaimedNetwork) -> tuple[Document, dict[str, Any]]:
        """The network's document, and the settings that are left for it: a model takes some."""
        if importer(network.path) is not None:
            key = (network.path, network.settings)
            if key not in self._models:
                found = opened_at(network.path, dict(network.settings))
                self._models[key] = found.document, dict(found.settings)
            return self._models[key]
        if network.path not in self._documents:
            self._documents[network.path] = read_spec(network.path)
        return self._documents[network.path], dict(network.settings)

    def graph(self, network: ClaimedNetwork) -> LayerGraph:
        """The network's layers at its settings.

        Raises:
            SpecError: the spec, a setting or a shape is wrong.
        """
        key = (network.path, network.settings)
        if key not in self._graphs:
            self._graphs[key] = expand(*self._read(network))
        return self._graphs[key]

    def costs(self, network: ClaimedNetwork, convention: str) -> tuple[LayerCost, ...]:
        """What each of the network's layers costs under a convention.

        Raises:
            CostcalcError: the network is wrong, or the convention.
        """
        key = (network.path, network.settings, convention)
        if key not in self._costs:
            if convention not in self._conventions:
                self._conventions[convention] = conventions.load(convention)
            self._costs[key] = count(self.graph(network), self._conventions[convention])
        return self._costs[key]


def with_settings(network: ClaimedNetwork, settings: Mapping[str, Any]) -> ClaimedNetwork:
    """The network at its settings and these, which win."""
    merged = {**dict(network.settings), **settings}
    return network._replace(settings=tuple(sorted(merged.items())))


def read_settings(text: str) -> dict[str, Any]:
    """``alpha=0.5,res=160`` as settings.

    Raises:
        SpecError: one is not ``name=value``.
        ExpressionError: a number is beyond a limit.
    """
    return {name: setting(value) for name, value in library.parse_settings(text, text).items()}


def _network(name: str, text: str) -> ClaimedNetwork:
    reference = library.reference(text)
    return with_settings(ClaimedNetwork(name, reference.network), carried(reference))
