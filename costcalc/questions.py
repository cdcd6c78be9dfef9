"""Questions about networks at one setting each, and about what ships, one function each.

    reference --opened--> OpenNetwork --expand--> LayerGraph --count--> LayerCosts --> answer

``import costcalc`` exports these functions, ``costcalc.Network`` has those about one network
as methods, and the command line calls them.  Each function imports what it alone needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from costcalc import opening
from costcalc.advice import Advice, advice, option
from costcalc.beside_counts import asks_for_bytes, bytes_under, costs_beside
from costcalc.costs import convention as convention_files
from costcalc.costs.convention import load_convention
from costcalc.costs.count import count
from costcalc.errors import Problems, refuse
from costcalc.opening import AnyNetwork, exact, names_in, opened
from costcalc.reporting import report as reports
from costcalc.reporting.implementations import as_usually_run
from costcalc.reporting.layers import Totals
from costcalc.reporting.layers import totals as sums
from costcalc.spec import library
from costcalc.spec.library import NameOrPath

if TYPE_CHECKING:
    from costcalc.comparing.compare import Comparison
    from costcalc.comparing.diff import Difference
    from costcalc.comparing.layers import LayerComparison
    from costcalc.exporters.exported import Exported
    from costcalc.reconciling.reconcile import Reconciliation
    from costcalc.reporting.conventions import ConventionRules, Conventions
    from costcalc.reporting.kinds import KindDescription, KindList
    from costcalc.reporting.networks import ShippedNetworks
    from costcalc.reporting.parameters import Settings
    from costcalc.symbolic.explain import Explanation
    from costcalc.symbolic.layers import Formula
    from costcalc.symbolic.networks import ClosedForm


def report(
    network: AnyNetwork,
    *,
    convention: NameOrPath = "paper",
    unit: str | None = None,
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    has_bytes: bool = False,
    **settings: Any,
) -> reports.Report:
    """What a network costs.

    Args:
        network: the path of a spec, the name of a shipped one, a model such as
            ``"net.onnx"`` or ``"torch:torchvision.models:resnet18"``, an
            ``nn.Module``, or an open :class:`Network`.  Text may carry settings:
            ``"mobilenet_v1@alpha=0.5,res=160"``.
        convention: the name of a counting convention, or the path of its file.
        unit: ``"macs"``, or ``"flops"`` at two per multiply-accumulate; by default the
            convention's own.
        storage: adds the bytes of each layer under a storage: its name, or the path of
            its file.
        planner: the planner of the peak; by default the storage's.
        batch: how many inputs are run at once, in bytes; counts are those of one.
        has_bytes: adds bytes without naming a storage: the network's own, or ``fp32``.
        settings: values for the network's parameters, such as ``alpha`` and ``res``:
            integers, fractions, text or floats.  A float means the decimal that it
            prints as: 0.35 is 7/20.

    Returns:
        Counts as exact integers; shapes are channels first, without the batch.

    Raises:
        CostcalcError: the network, a setting, a shape or the convention is wrong.
            The message gives file, line and column of every problem.

    >>> report("mobilenet_v1", alpha=0.5, res=160).totals
    Totals(params=1319648, mult_adds=76524800)
    """
    loaded_convention = load_convention(convention, unit)
    network = as_usually_run(opened(network, exact(settings)), loaded_convention)
    bytes_of = bytes_under(storage, planner, batch, has_bytes)
    return reports.report(network.document, network.settings, loaded_convention, bytes_of)


def totals(
    network: AnyNetwork,
    *,
    convention: NameOrPath = "paper",
    unit: str | None = None,
    **settings: Any,
) -> Totals:
    """The params and mult-adds of a network, without the rest of a report: for loops.

    Takes the arguments of :func:`report`; reads no file if the network is open.

    >>> totals("mobilenet_v1", alpha=0.5, res=160)
    Totals(params=1319648, mult_adds=76524800)
    """
    loaded_convention = load_convention(convention, unit)
    network = as_usually_run(opened(network, exact(settings)), loaded_convention)
    return sums(count(network.graph(), loaded_convention))


def explain(
    network: AnyNetwork,
    layer: str,
    *,
    convention: NameOrPath = "paper",
    unit: str | None = None,
    **settings: Any,
) -> Explanation:
    """How the cost of one layer is computed: formula, numbers, result.

    Args:
        network: as for :func:`report`.
        layer: the name of a layer or a block, as in the report.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
        settings: as for :func:`report`.

    Returns:
        A step for params and one for mult-adds, for the layer or for each
        layer of the block; counts are exact integers.

    Raises:
        CostcalcError: the network has no such layer; or as for :func:`report`.

    >>> explain("mobilenet_v1", "depthwise1").total("params")  # 3 * 3 * 32
    288
    """
    from costcalc.symbolic import explain as explaining

    loaded_convention = load_convention(convention, unit)
    network = as_usually_run(opened(network, exact(settings)), loaded_convention)
    return explaining.explain(network.graph(), layer, loaded_convention)


def formula(
    network: AnyNetwork,
    *,
    over: str | None = None,
    multipliers: str | Iterable[str] = (),
    variables: str | Iterable[str] = (),
    convention: NameOrPath | None = None,
    unit: str | None = None,
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    at: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Formula | ClosedForm:
    """What a layer or a whole network costs, as a formula.

    Args:
        network: as for :func:`report`; or a layer such as ``"separable"`` or
            ``"separable@M=32"`` (``costcalc formula --help`` lists them).
        over: for a layer: the layer to divide by.
        multipliers: for a layer: ``"alpha"``, ``"rho"`` or both.
        variables: for a network: the parameters that stay symbols; alpha and res by
            default.
        convention: for a network: as for :func:`report`.
        unit: for a network: as for :func:`report`.
        storage: for a network: adds its bytes, as in :func:`memory`, but without addresses:
            a planner with addresses gives their lower bound.
        planner: for a network: as for :func:`report`.
        batch: for a network: as for :func:`report`.
        at: settings whose names are arguments of this function.
        settings: numbers for a layer's symbols, ``D_K=3``; for a network as for
            :func:`report`.

    Returns:
        ``params`` and ``mult_adds`` as SymPy expressions, ``latex`` as the lines of an
        ``align`` environment; for a network also the settings where they are exact.

    Raises:
        CostcalcError: a name or a setting is wrong, an argument does not apply, or the
            network has no closed form.

    >>> formula("separable", over="conv", D_K=3, M=16, N=32).params
    41/288
    >>> formula("mobilenet_v1").params
    3139584*alpha**2 + 1069504*alpha
    """
    from costcalc.symbolic.naming import is_layer, refuse_unknown

    values = exact({**(at or {}), **settings})
    multipliers, variables = names_in(multipliers), names_in(variables)
    if isinstance(network, str) and is_layer(network):
        only_networks = {"variables": variables, "convention": convention, "unit": unit}
        only_networks |= _of_bytes(storage, planner, batch)
        _refuse_given({**only_networks, "res": values.get("res")}, "a network")
        from costcalc.symbolic.layers import layer_formula

        own = opening.stated(network, is_one_of_several=False)
        opening.refuse_contradictions(network, own, {name: (values[name],) for name in values})
        layer = library.reference(network).network
        return layer_formula(layer, over, multipliers, {**own, **values})
    if isinstance(network, str):
        refuse_unknown(network)
    _refuse_given({"over": over, "multipliers": multipliers}, "a layer")
    from costcalc.symbolic.networks import closed_form

    loaded_convention = load_convention(convention or "paper", unit)
    network = as_usually_run(opened(network, values), loaded_convention)
    how = (storage, planner, batch) if asks_for_bytes(storage, planner, batch) else None
    return closed_form(network.document, network.settings, loaded_convention, variables, how)


def compare(
    *networks: AnyNetwork,
    baseline: str | None = None,
    convention: NameOrPath = "paper",
    unit: str | None = None,
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    device: NameOrPath | None = None,
    dtype: str | None = None,
    metrics: str | Iterable[str] = (),
    at: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Comparison | LayerComparison:
    """Networks side by side; or layers, in one notation.

    Args:
        networks: each as for :func:`report`; or layers as for :func:`formula`, which may
            carry numbers of their own, ``"separable@M=32,N=64"``.
        baseline: for networks: the one to compare with; by default the first.
        convention: for networks: as for :func:`report`.
        unit: for networks: as for :func:`report`.
        storage: for networks: adds flash, RAM and traffic under a storage.
        planner: for networks: as for :func:`report`.
        batch: for networks: as for :func:`report`.
        device: for networks: adds the bound and the energy on a device, as for :func:`latency`.
        dtype: for networks: as for :func:`latency`.
        metrics: for networks: what is shown, such as ``"mult_adds,peak_bytes"``.
        at: settings whose names are arguments of this function.
        settings: values of parameters, or of symbols, for all of them.

    Returns:
        For networks, ``entries`` with their reports; ``ratio`` and ``saved`` compare one
        with the baseline, and ``causes`` lists what a difference comes from.  For layers,
        their formulas, and their numbers where all symbols are set.

    Raises:
        CostcalcError: a network, a layer, a setting, the baseline or the convention is
            wrong; or networks and layers are mixed.

    >>> comparison = compare("mobilenet_v1", "vgg16")
    >>> round(float(comparison.ratio(comparison.entries[1], "mult_adds")), 1)
    27.2
    """
    from costcalc.symbolic.naming import layer_names

    values = exact({**(at or {}), **settings})
    layers = layer_names(networks)
    if layers:
        only_networks = {**_of_bytes(storage, planner, batch), "metrics": metrics}
        only_networks |= {"device": device, "dtype": dtype}
        _refuse_given(only_networks, "a network")
        from costcalc.comparing.layers import compare_layers

        return compare_layers(layers, values)
    from costcalc.comparing.compare import compare, side_by_side

    open_networks = [opened(network, values, is_one_of_several=True) for network in networks]
    from costcalc.metrics import named_metrics

    shown = named_metrics(names_in(metrics))
    bytes_of = costs_beside(storage, planner, batch, device, dtype, shown)
    entries = side_by_side(open_networks, load_convention(convention, unit), bytes_of)
    return compare(entries, baseline, values, shown)


def diff(
    old: AnyNetwork | None,
    new: AnyNetwork | None,
    *,
    title: str = "",
    convention: NameOrPath = "paper",
    unit: str | None = None,
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    **settings: Any,
) -> Difference:
    """What changed between two versions of a network, layer by layer, and what it costs.

    Args:
        old: a network as for :func:`report`; None if the new one was added.
        new: the later version; None if the network was deleted.
        title: a title for the comparison; by default the names of both versions.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
        storage: adds flash, RAM and traffic to the totals, under a storage.
        planner: as for :func:`report`.
        batch: as for :func:`report`.
        settings: values of parameters for both versions.

    Raises:
        CostcalcError: as for :func:`report`.

    >>> [change.layer.name for change in diff("vgg11", "vgg13").changes if change.added("params")]
    ['conv2', 'conv4']
    """
    from costcalc.comparing.diff import difference

    loaded_convention = load_convention(convention, unit)
    values = exact(settings)
    labels: list[str] = []
    versions: list[reports.Report | None] = []
    bytes_of = bytes_under(storage, planner, batch)
    for version in (old, new):
        if version is None:
            labels.append("nothing")
            versions.append(None)
            continue
        network = opened(version, values, is_one_of_several=True)
        network = as_usually_run(network, loaded_convention)
        labels.append(network.label)
        version_report = reports.report(
            network.document, network.settings, loaded_convention, bytes_of
        )
        versions.append(version_report)
    return difference(versions[0], versions[1], title or " → ".join(labels))


def reconcile(
    network: AnyNetwork, *conventions: NameOrPath | Sequence[NameOrPath], **settings: Any
) -> Reconciliation:
    """Why conventions disagree on a network.

    Args:
        network: as for :func:`report`.
        conventions: names or paths, one by one, as a list or as ``"paper,thop"``; each is
            compared with the first.  By default ``paper`` and the usual counters
            (``costcalc.reconciling.reconcile.USUAL``), without those that do not
            define a layer of the network.
        settings: as for :func:`report`.  If the network has several implementations and
            none is set, the default is the one that the conventions' tools are usually
            run on.

    Returns:
        Counts in the order of the conventions.  The causes of each add up exactly to its
        difference from the first, in both metrics.

    Raises:
        CostcalcError: the network, a setting, a shape or a convention is wrong.

    >>> thop = reconcile("mobilenet_v2", "paper", "thop").counts[1]
    >>> thop.mult_adds, [(cause.what, cause.each) for cause in thop.causes["mult_adds"]]
    (327486720, [('Batch Norm', '4 per element')])
    """
    from costcalc.reconciling import reconcile as reconciling

    names = names_in(conventions)
    if len(names) == 1:
        other = "thop" if names[0] == "paper" else names[0]
        refuse(
            None,
            f"'{names[0]}' alone has nothing to be compared with",
            expected="two or more conventions, or none for the usual ones",
            hint=Advice(f"--between paper,{other}", f'"paper", "{other}"'),
        )
    loaded_conventions = [convention_files.load(name) for name in names or reconciling.USUAL]
    network = as_usually_run(opened(network, exact(settings)), *loaded_conventions)
    return reconciling.reconcile(network.graph(), loaded_conventions, are_optional=not names)


def to_spec(
    network: AnyNetwork, *, flat: bool = False, comments: Sequence[str] = (), **settings: Any
) -> str:
    """A network, usually a framework's model, as the text of a spec.

    The text is read back and compared with the network, layer by layer, before it is
    returned.

    Args:
        network: as for :func:`report`.
        flat: whether to leave out repeats, branches and blocks.
        comments: comment lines for the top of the spec.
        settings: as for :func:`report`; the spec is written at these.

    Raises:
        CostcalcError: the network, a setting or a shape is wrong, or a spec cannot
            express the network.

    >>> print(to_spec("alexnet").splitlines()[0])
    name: AlexNet
    """
    from costcalc.specwriter.spec import to_spec

    network = opened(network, exact(settings))
    return to_spec(network.document, network.settings, tuple(comments), is_flat=flat)


def export(
    network: AnyNetwork,
    to: str = "torch",
    *,
    weights: Literal["none", "zeros", "random"] | None = None,
    seed: int | None = None,
    dtype: Literal["float32", "int8"] | None = None,
    **settings: Any,
) -> Exported:
    """A network as another tool's model.

    Args:
        network: as for :func:`report`.
        to: ``"torch"``, ``"onnx"``, ``"tflite"``, ``"prototxt"`` or ``"csv-scalesim"``.
        weights: for ONNX: ``"none"``, the default, makes weights graph inputs;
            for TFLite: ``"zeros"``, the default, stores zeros;
            for both: ``"random"`` stores random numbers.
        seed: the seed of random weights, 0 by default.
        dtype: for TFLite: ``"float32"``, the default, or ``"int8"``.
        settings: as for :func:`report`; the model is written at these.

    Returns:
        The model; ``str`` or ``bytes`` of it is the contents of its file.

    Raises:
        CostcalcError: the network or a setting is wrong, the format cannot express some
            of its layers, or an option does not apply to the format.

    >>> str(export("alexnet")).splitlines()[0]
    'import torch'
    """
    from costcalc.exporters import checked_options, export_graph
    from costcalc.exporters.exported import Exported

    options = checked_options(to, {"weights": weights, "seed": seed, "dtype": dtype})
    graph = opened(network, exact(settings)).graph()
    return Exported(to, lambda: export_graph(graph, to, **options))


def networks(
    search: str = "",
    *,
    family: str | Sequence[str] = (),
    year: int | str | None = None,
    convention: NameOrPath = "paper",
    unit: str | None = None,
) -> ShippedNetworks:
    """The names of the networks that ship with costcalc; prints them with their costs.

    Args:
        search: words that must all occur in a network's name, title or source.
        family: only of these families, such as ``"mobile"``, or ``"mobile,searched"``.
        year: only of a year, ``2019``, or of several, ``"2016:2020"``; either end may be
            left out.
        convention: as for :func:`report`.
        unit: as for :func:`report`.

    Raises:
        CostcalcError: there is no such family, or the year is not one.

    >>> "mobilenet_v1" in networks()
    True
    >>> networks(family="mobile", year=2016)
    ['squeezenet', 'squeezenet1_0', 'squeezenet1_1']
    """
    from costcalc.reporting.gallery import selection
    from costcalc.reporting.networks import ShippedNetworks

    which = selection(search, names_in(family), year)
    return ShippedNetworks(which, load_convention(convention, unit))


def parameters(network: AnyNetwork) -> Settings:
    """The parameters of a network, with their defaults.

    Raises:
        SpecError: the network, or a setting that it carries, is wrong.

    >>> [parameter.name for parameter in parameters("mobilenet_v1").parameters][:2]
    ['alpha', 'res']
    """
    from costcalc.reporting.parameters import settings_of

    return settings_of(opened(network))


def conventions(name: NameOrPath | None = None) -> Conventions | ConventionRules:
    """The conventions that ship, or the rules of one.

    Raises:
        ConventionError: there is no such convention, or it is wrong.

    >>> conventions("torch").convention.unit
    'flops'
    """
    from costcalc.reporting.conventions import ConventionRules, Conventions

    if name is not None:
        return ConventionRules(convention_files.load(name))
    return Conventions(tuple(map(convention_files.load, convention_files.available())))


def kinds(name: str | None = None) -> KindList | KindDescription:
    """The layer kinds with their arguments, or one with an example.

    Raises:
        SpecError: there is no kind of that name.
    """
    from costcalc.reporting.kinds import kind, kinds

    return kinds() if name is None else kind(name)


def _of_bytes(storage: NameOrPath | None, planner: str | None, batch: int) -> dict[str, Any]:
    """The arguments that determine bytes, by their names; None for those that are not given."""
    return {"storage": storage, "planner": planner, "batch": batch if batch != 1 else None}


def _refuse_given(arguments: Mapping[str, Any], owner: str) -> None:
    """Refuses arguments that do not apply.

    Raises:
        SpecError: some of them are given.
    """
    problems = Problems()
    for name, value in arguments.items():
        if value not in (None, ()):
            message = advice("{} applies only to {}", option(name), owner)
            problems.add(None, message, expected=f"the name of {owner}")
    problems.raise_any()
