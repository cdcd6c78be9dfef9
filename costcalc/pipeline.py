"""The whole way on one screen: spec, document, layer graph, costs, report.

    spec file --load--> Document --expand--> LayerGraph --count--> LayerCosts --build--> Report

One direction, no way back; every stage hands the next a frozen value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from costcalc import importers
from costcalc.costs import convention as conventions
from costcalc.costs.convention import Convention
from costcalc.costs.count import LayerCost, count
from costcalc.errors import Problem, Problems, SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.graph.parameters import allowed, every, published, resolve
from costcalc.graph.settings import setting
from costcalc.reporting.report import Report, Totals, build
from costcalc.spec import library
from costcalc.spec.document import Document
from costcalc.spec.reader import read

if TYPE_CHECKING:
    from costcalc.claims.figure import Figure
    from costcalc.comparing.compare import Comparison
    from costcalc.grid.axes import Axis
    from costcalc.grid.sweep import Sweep
    from costcalc.reconciling.printed import Search
    from costcalc.reconciling.reconcile import Reconciliation
    from costcalc.reporting.networks import Entry
    from costcalc.reporting.parameters import Settings
    from costcalc.solving.solve import Budgets, Solution


def load(network: str, beside: str | None = None) -> Document:
    """The document of a path, or of the name of a network that ships.

    Its libraries of blocks stand beside it, or beside another path that it is
    a version of.

    Raises:
        SpecError: there is no such network, or its spec is wrong.
    """
    path = library.locate(network)
    return read(library.read_bytes(path, path), path, library.block_finder(beside or path))


def opened(
    network: str | Document, settings: Mapping[str, Any], beside: str | None = None
) -> tuple[Document, dict[str, Any]]:
    """The document of a network reference, and the settings that it carries under ``settings``.

    A network that is open already stays as it is.

    Raises:
        SpecError: the network is wrong, or a setting.
    """
    if isinstance(network, Document):
        return network, dict(settings)
    reference = library.reference(network)
    return read_at(reference.network, {**_carried(reference), **settings}, beside)


def read_at(
    network: str, settings: Mapping[str, Any], beside: str | None = None
) -> tuple[Document, dict[str, Any]]:
    """The document of a network, a spec or a model, and the settings that are left for it.

    Raises:
        SpecError: there is no such network, or it is wrong, or a setting.
    """
    if importers.importer(network) is not None:
        return importers.opened(network, settings)
    left = dict(settings)
    left.pop(importers.ALLOW_UNKNOWN, None)
    if importers.INPUT in left:
        raise SpecError(
            [
                Problem(
                    None,
                    f"'{network}' is a spec, which says its input itself",
                    expected="--input for models: ONNX, PyTorch, Keras, Caffe",
                    hint="--res, or model.onnx@input=3x224x224 for one network of several",
                )
            ]
        )
    return load(network, beside), left


def _shown(network: str | Document) -> str:
    """What a network is called where its user gave it."""
    return network if isinstance(network, str) else network.title.text


def is_network(network: str) -> bool:
    """Whether a network reference means a spec that is there, or a model."""
    reference = library.reference(network)
    return importers.importer(reference.network) is not None or library.is_network(network)


def _carried(reference: library.Reference) -> dict[str, Any]:
    return {name: setting(text) for name, text in reference.settings.items()}


def graph(network: str | Document, settings: Mapping[str, Any]) -> LayerGraph:
    """The layer graph of a network reference, ``mobilenet_v1@alpha=0.5``, at settings.

    Raises:
        SpecError: the network, a setting or a shape is wrong.
    """
    document, values = opened(network, settings)
    return expand(document, values)


def report(
    network: str | Document,
    settings: Mapping[str, Any],
    convention: str = "paper",
    unit: str | None = None,
    beside: str | None = None,
) -> Report:
    """The report of a network reference at settings, under a convention.

    The unit is the convention's own; ``macs`` or ``flops`` converts to it.
    Blocks are looked for beside the spec, or ``beside`` another path.

    Raises:
        CostcalcError: the network, a setting, a shape or the convention is wrong.
    """
    weighing = conventions.load(convention).converted(unit)
    document, values = opened(network, settings, beside)
    expanded = expand(document, values)
    accuracy = published(document, expanded.parameters)
    return build(expanded, count(expanded, weighing), weighing, accuracy)


def counted(
    network: str | Document,
    settings: Mapping[str, Any],
    convention: str = "paper",
    unit: str | None = None,
) -> tuple[LayerGraph, tuple[LayerCost, ...]]:
    """The layer graph of a network reference at settings, and what its layers cost.

    Raises:
        CostcalcError: the network, a setting, a shape or the convention is wrong.
    """
    weighing = conventions.load(convention).converted(unit)
    expanded = graph(network, settings)
    return expanded, count(expanded, weighing)


def compare(
    networks: Sequence[str | Document],
    settings: Mapping[str, Any],
    baseline: str | None = None,
    convention: str = "paper",
    unit: str | None = None,
) -> Comparison:
    """Network references side by side, under the settings that hold for all of them.

    Raises:
        CostcalcError: a network, a setting, the baseline or the convention is wrong.
    """
    from costcalc.comparing import compare as comparing

    entries = [
        comparing.Entry(_shown(network), report(network, settings, convention, unit))
        for network in networks
    ]
    return comparing.compare(entries, baseline)


def sweep(
    networks: Sequence[str | Document],
    axes: Sequence[Axis],
    convention: str = "paper",
    unit: str | None = None,
    where: str | None = None,
) -> Sweep:
    """Network references over a grid of settings, those where a condition holds.

    Raises:
        CostcalcError: a network, a value, the condition or the convention is wrong.
    """
    from costcalc.grid.select import Condition
    from costcalc.grid.sweep import Sweep, SweptNetwork, check_size

    if not networks:
        raise SpecError([Problem(None, "a sweep needs a network", expected="one network, or more")])
    check_size(len(networks), axes)
    weighing = conventions.load(convention).converted(unit)
    condition = Condition(where) if where is not None else None
    varied = tuple(axis for axis in axes if axis.name not in importers.REQUESTS)
    opened_networks = [
        SweptNetwork(_shown(network), *_opened_on(network, axes), varied, weighing)
        for network in networks
    ]
    return Sweep(opened_networks, condition)


def _opened_on(network: str | Document, axes: Sequence[Axis]) -> tuple[Document, dict[str, Any]]:
    """A network of a sweep; what a model is built or read at has the first of its values.

    Raises:
        SpecError: the network, or a setting of it, is wrong.
    """
    if isinstance(network, Document):
        return network, {}
    reference = library.reference(network)
    first = {axis.name: axis.values[0] for axis in axes if axis.name != "alpha"}
    if importers.importer(reference.network) is None:
        first = {name: value for name, value in first.items() if name in importers.REQUESTS}
    return opened(network, first)


def solve(
    network: str | Document,
    name: str,
    budgets: Budgets,
    settings: Mapping[str, Any],
    convention: str = "paper",
    unit: str | None = None,
    *,
    step: int | Fraction | None = None,
    values: Sequence[Any] = (),
) -> Solution:
    """The largest value of a parameter at which a network reference keeps its budgets.

    Raises:
        CostcalcError: the network, a setting, the parameter or the convention is wrong.
    """
    from costcalc.solving import solve as solving

    weighing = conventions.load(convention).converted(unit)
    document, carried = opened(network, settings)
    solution = solving.solve(document, weighing, name, carried, budgets, step, values)
    if unit is not None:
        return solution
    from costcalc.solving.closed import closed_answer

    closed = closed_answer(network, name, budgets, settings, convention)
    return solution._replace(closed=closed)


def reconcile(
    network: str | Document, settings: Mapping[str, Any], names: Sequence[str]
) -> Reconciliation:
    """A network reference under several conventions, and what makes their differences.

    Where the network has several implementations and the settings choose none, it
    is the one that the conventions' tools are usually run on.

    Raises:
        CostcalcError: the network, a setting, a shape or a convention is wrong.
    """
    from costcalc.reconciling.reconcile import reconcile

    weighings = [conventions.load(name) for name in names]
    document, values = opened(network, settings)
    implementation = document.parameters.get("implementation")
    if implementation is not None:
        usual = {weighing.implementation for weighing in weighings} - {"paper"}
        values.setdefault("implementation", min(usual & {*implementation.choices} or {"paper"}))
    return reconcile(expand(document, values), weighings)


def search(
    network: str | Document, settings: Mapping[str, Any], names: Sequence[str], printed: Figure
) -> Search:
    """What gives a printed number for a network reference; every convention where none is named.

    Raises:
        CostcalcError: the network, a setting, a shape or a convention is wrong.
    """
    from costcalc.reconciling.printed import search

    weighings = [conventions.load(name) for name in names or conventions.available()]
    document, values = opened(network, settings)
    return search(document, values, weighings, printed)


def parameters(network: str) -> Settings:
    """What may be set of a network reference, with the defaults that it has.

    Raises:
        SpecError: the network, or a setting of the reference, is wrong.
    """
    from costcalc.reporting.parameters import Setting, Settings

    document, carried = opened(network, {})
    problems = Problems()
    values = resolve(document, carried, problems).values
    problems.raise_any()
    found = every(document).items()
    return Settings(
        document.titled(values),
        document.source,
        document.description,
        tuple(Setting(name, values[name], allowed(each), each.doc) for name, each in found),
    )


def networks(search: str, weighing: Convention) -> list[Entry]:
    """The networks that ship and have every word of ``search`` in name, title or source."""
    from costcalc.reporting.networks import Entry

    documents: dict[str, Document] = {}
    found = []
    for name in library.shipped():
        reference = library.reference(name)
        document = documents.get(reference.network) or load(reference.network)
        documents[reference.network] = document
        known = " ".join((name, document.title.text, *document.source.values())).lower()
        if all(word in known for word in search.lower().split()):
            expanded = expand(document, _carried(reference))
            costs = count(expanded, weighing)
            totals = Totals(sum(c.params for c in costs), sum(c.mult_adds for c in costs))
            found.append(
                Entry(
                    name,
                    expanded.name,
                    document.source,
                    expanded.parameters,
                    expanded.input,
                    totals,
                )
            )
    return found
