"""The networks that claims are about: each spec is read once, and each count made once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from costcalc.advice import advice, listed_by
from costcalc.claims.claim import ClaimedNetwork, Counting
from costcalc.costs import convention as conventions
from costcalc.costs.convention import Convention
from costcalc.errors import Problems, refuse
from costcalc.graph.layer import LayerGraph
from costcalc.graph.parameters import resolve
from costcalc.importers import SUFFIXES, importer
from costcalc.metrics import BYTES, Measured, accounting
from costcalc.opening import (
    AnyNetwork,
    OpenNetwork,
    carried,
    of_texts,
    opened,
    opened_at,
    read_spec,
)
from costcalc.reporting.implementations import as_usually_run
from costcalc.spec import library
from costcalc.spec.document import Document
from costcalc.spec.library import NameOrPath

Settings = tuple[tuple[str, Any], ...]


class Networks:
    """Caches documents, graphs and costs while claims are checked.

    Attributes:
        default: how figures count that do not state it.
    """

    def __init__(
        self,
        convention: NameOrPath = "paper",
        storage: NameOrPath | None = None,
        planner: str | None = None,
        batch: int = 1,
        device: NameOrPath | None = None,
        dtype: str | None = None,
    ) -> None:
        """Checks how figures count that do not state it.

        Raises:
            CostcalcError: there is no such convention, storage, planner or device.
        """
        how = storage, planner, batch, device, dtype
        number = accounting(conventions.load(convention), BYTES, *how).batch
        stored, run = (None if name is None else os.fspath(name) for name in (storage, device))
        self.default = Counting(os.fspath(convention), (), 1, stored, planner, number, run, dtype)
        self._documents: dict[str, Document] = {}
        self._models: dict[tuple[str, Settings], tuple[Document, dict[str, Any]]] = {}
        self._graphs: dict[tuple[str, Settings, Settings], LayerGraph] = {}
        self._by_values: dict[tuple[str, Settings], LayerGraph] = {}
        self._measured: dict[tuple[Any, ...], Measured] = {}
        self._selected: dict[tuple[int, str], frozenset[int]] = {}
        self._conventions: dict[str, Convention] = {}
        self._aliases: Mapping[str, str] | None = None

    def find(self, text: str, folder: str) -> ClaimedNetwork:
        """The network that a claims file in ``folder`` names, at the settings in the name.

        A name with the suffix of a spec or a model, or with a slash, is a path
        inside that folder; any other is the name of a shipped network.

        Raises:
            SpecError: there is none, it lies outside the folder, or a setting is malformed.
        """
        name, _, _ = text.partition("@")
        if "/" in name or name.endswith((".yaml", ".yml", *SUFFIXES)):
            path = os.path.join(folder, name)
            inside = os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)
            if not inside or not os.path.isfile(path):
                refuse(None, f"there is no spec '{name}'", "a path inside the folder of this file")
            return _network(name, library.reference(os.path.join(folder, text)))
        if self._aliases is None:
            self._aliases = library.aliases()
        shipped = library.shipped_reference(name, self._aliases)
        if shipped is None:
            refuse(
                None,
                f"there is no network '{name}'",
                advice(
                    "a name that {}, or the path of a spec, as in my/net.yaml",
                    listed_by("networks"),
                ),
                hint=library.hint_of_network(name),
            )
        tail = text[len(name) + 1 :]
        own = library.parse_settings(tail, text) if tail else {}
        return _network(name, shipped._replace(settings=own))

    def named(self, text: str) -> ClaimedNetwork:
        """The network that the command line names: a path, or else a shipped network.

        Raises:
            SpecError: there is none, or a setting is malformed.
        """
        reference = library.reference(text)
        network = _network(text.partition("@")[0], reference)
        if importer(reference.network) is not None:
            return network
        return network._replace(path=library.locate(reference.network))

    def subject(self, subject: AnyNetwork) -> str | ClaimedNetwork:
        """A subject of ``check``: a path or name as text, anything else as a network.

        Raises:
            SpecError: it is neither text nor a network.
        """
        if isinstance(subject, str | os.PathLike):
            return os.fspath(subject)
        return self.claimed(opened(subject))

    def claimed(self, network: OpenNetwork) -> ClaimedNetwork:
        """An open network as one that claims are about."""
        path = f"<{network.label} {len(self._documents)}>"
        self.add(path, network.document)
        return with_settings(ClaimedNetwork(network.label, path), network.settings)

    def add(self, path: str, document: Document) -> None:
        """Adds a document without a file of its own."""
        self._documents[path] = document

    def document(self, network: ClaimedNetwork) -> Document:
        """The network's spec.

        Raises:
            SpecError: it is wrong.
        """
        return self._read(network)[0]

    def opened(self, network: ClaimedNetwork) -> OpenNetwork:
        """The network's document and its settings.

        Raises:
            SpecError: the document is wrong.
        """
        return OpenNetwork(*self._read(network))

    def _read(self, network: ClaimedNetwork) -> tuple[Document, dict[str, Any]]:
        """The network's document and its settings, except those used up by importing a model."""
        if importer(network.path) is not None:
            key = (network.path, network.settings)
            if key not in self._models:
                model = opened_at(network.path, dict(network.settings))
                self._models[key] = model.document, dict(model.settings)
            return self._models[key]
        if network.path not in self._documents:
            self._documents[network.path] = read_spec(network.path)
        return self._documents[network.path], dict(network.settings)

    def graph(self, network: ClaimedNetwork, convention: str = "paper") -> LayerGraph:
        """The network's layers at its settings, as a convention's tool usually runs it.

        Raises:
            CostcalcError: the spec, a setting, a shape or the convention is wrong.
        """
        usual = as_usually_run(self.opened(network), self.loaded(convention))
        key = (network.path, network.settings, tuple(usual.settings.items()))
        if key not in self._graphs:
            self._graphs[key] = self._expanded(network.path, usual)
        return self._graphs[key]

    def _expanded(self, path: str, network: OpenNetwork) -> LayerGraph:
        """The network's layers; those of a spec once for all settings that mean the same.

        Raises:
            SpecError: a setting or a shape is wrong.
        """
        problems = Problems()
        resolved = resolve(network.document, network.settings, problems)
        if problems or resolved.executions or resolved.channels or importer(path) is not None:
            return network.graph()
        key = (path, tuple(resolved.values.items()))
        if key not in self._by_values:
            self._by_values[key] = network.graph()
        return self._by_values[key]

    def selected(
        self, name: str, graph: LayerGraph, select: Callable[[str, LayerGraph], frozenset[int]]
    ) -> frozenset[int]:
        """The layers of a graph of :meth:`graph` that a name means, as indexes."""
        key = (id(graph), name)  # the graph is kept, and so is its id
        if key not in self._selected:
            self._selected[key] = select(name, graph)
        return self._selected[key]

    def loaded(self, convention: str) -> Convention:
        """The convention of that name or path.

        Raises:
            ConventionError: there is none, or it is wrong.
        """
        if convention not in self._conventions:
            self._conventions[convention] = conventions.load(convention)
        return self._conventions[convention]

    def measured(self, network: ClaimedNetwork, counting: Counting) -> Measured:
        """The network under the accounting of a figure.

        Raises:
            CostcalcError: the network or the convention is wrong.
        """
        convention = self.loaded(counting.convention)
        how = (
            counting.storage,
            counting.planner,
            counting.batch,
            counting.device,
            counting.dtype,
        )
        key = (network.path, network.settings, counting.convention, *how)
        if key not in self._measured:
            graph = self.graph(network, counting.convention)
            self._measured[key] = Measured(graph, accounting(convention, BYTES, *how))
        return self._measured[key]


def with_settings(network: ClaimedNetwork, settings: Mapping[str, Any]) -> ClaimedNetwork:
    """The network with more settings, which override its own."""
    merged = {**dict(network.settings), **settings}
    return network._replace(settings=tuple(sorted(merged.items())))


def read_settings(text: str) -> dict[str, Any]:
    """``alpha=0.5,res=160`` as settings.

    Raises:
        SpecError: one is not ``name=value``, is set twice, or has a number beyond a limit.
    """
    return of_texts(library.parse_settings(text, text))


def _network(name: str, reference: library.Reference) -> ClaimedNetwork:
    return with_settings(ClaimedNetwork(name, reference.network), carried(reference))
