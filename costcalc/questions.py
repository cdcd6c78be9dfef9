"""What may be asked of a network: each question is one function, here.

    what opens --opened--> OpenNetwork --expand--> LayerGraph --count--> LayerCosts --> answer

``import costcalc`` offers these functions, ``costcalc.Network`` has those about one network
as methods, and the command line calls them.  What a question needs is imported when it is
asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from costcalc import importers, opening
from costcalc.costs import convention as conventions_
from costcalc.costs.convention import Convention
from costcalc.costs.count import count
from costcalc.errors import did_you_mean, refuse
from costcalc.opening import AnyNetwork, OpenNetwork, exact, exact_value, opened
from costcalc.reporting import report as reports
from costcalc.reporting.layers import Totals
from costcalc.reporting.layers import totals as totalled
from costcalc.spec import library

if TYPE_CHECKING:
    from costcalc.claims.check import Checked
    from costcalc.claims.verdict import Result
    from costcalc.comparing.compare import Comparison
    from costcalc.comparing.diff import Difference
    from costcalc.comparing.layers import LayerComparison
    from costcalc.grid.axes import Axis
    from costcalc.grid.sweep import Sweep
    from costcalc.reconciling.reconcile import Reconciliation
    from costcalc.reconciling.search import Search
    from costcalc.reporting.conventions import ConventionRules, Conventions
    from costcalc.reporting.kinds import KindDescription, KindList
    from costcalc.reporting.networks import ShippedNetworks
    from costcalc.reporting.parameters import Settings
    from costcalc.solving.solve import Solution
    from costcalc.symbolic.explain import Explanation
    from costcalc.symbolic.layers import Formula
    from costcalc.symbolic.networks import ClosedForm

    Amount = float | Fraction | str | None
    Watch = Callable[[Iterable[Result], int], Iterable[Result]]


def report(
    network: AnyNetwork, *, convention: str = "paper", unit: str | None = None, **settings: Any
) -> reports.Report:
    """What a network costs.

    Args:
        network: the path of a spec, the name of a shipped one, a model such as
            ``"net.onnx"`` or ``"torch:torchvision.models:resnet18"``, an
            ``nn.Module``, or a :class:`Network` that is open; a text may carry
            settings, as in ``"mobilenet_v1@alpha=0.5,res=160"``.
        convention: the name of a counting convention, or the path of one.
        unit: ``"macs"`` or ``"flops"``, two of which are one multiply-accumulate;
            the convention's own by default.
        settings: the network's parameters, ``alpha`` and ``res`` among them.
            Integers, fractions, text and floats; a float means the decimal
            that it prints as, so that 0.35 is 7/20.

    Returns:
        Counts as exact integers; shapes are channels first, without the batch.

    Raises:
        CostcalcError: the network, a setting, a shape or the convention is
            wrong; the message names file, line and column of every problem.

    >>> report("mobilenet_v1", alpha=0.5, res=160).totals
    Totals(params=1319648, mult_adds=76524800)
    """
    counting = _counting(convention, unit)
    network = opened(network, exact(settings))
    return reports.report(network.document, network.settings, counting)


def totals(
    network: AnyNetwork, *, convention: str = "paper", unit: str | None = None, **settings: Any
) -> Totals:
    """The params and mult-adds of a network, without a report: for loops.

    Takes what :func:`report` takes; of a network that is open, this reads no file.

    >>> totals("mobilenet_v1", alpha=0.5, res=160)
    Totals(params=1319648, mult_adds=76524800)
    """
    counting = _counting(convention, unit)
    return totalled(count(opened(network, exact(settings)).graph(), counting))


def explain(
    network: AnyNetwork,
    layer: str,
    *,
    convention: str = "paper",
    unit: str | None = None,
    **settings: Any,
) -> Explanation:
    """How the cost of one layer comes about: formula, numbers, result.

    Args:
        network: a network as :func:`report` takes it.
        layer: a layer's name, or a block's, as the report names them.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
        settings: the network's parameters.

    Returns:
        A step for params and one for mult-adds, for the layer or for each
        layer of the block; counts are exact integers.

    Raises:
        CostcalcError: the network has no such layer; or as for :func:`report`.

    >>> explain("mobilenet_v1", "depthwise1").total("params")  # 3 * 3 * 32
    288
    """
    from costcalc.symbolic import explain as explaining

    counting = _counting(convention, unit)
    return explaining.explain(opened(network, exact(settings)).graph(), layer, counting)


def formula(
    network: AnyNetwork,
    *,
    over: str | None = None,
    multipliers: Iterable[str] = (),
    variables: Iterable[str] = (),
    convention: str | None = None,
    unit: str | None = None,
    at: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Formula | ClosedForm:
    """What a layer or a whole network costs, as a formula.

    Args:
        network: a network as :func:`report` takes it; or a layer, ``"separable"``, as
            ``costcalc formula --help`` lists them.
        over: the layer to divide by, for a layer.
        multipliers: ``"alpha"``, ``"rho"`` or both, for a layer.
        variables: the parameters that stay symbols, for a network; alpha and
            res by default.
        convention: as for :func:`report`, for a network.
        unit: as for :func:`report`, for a network.
        at: more settings, whatever their names.
        settings: numbers for a layer's symbols, ``D_K=3``; or the settings at
            which a network is worked out.

    Returns:
        ``params`` and ``mult_adds`` as SymPy expressions, ``latex`` as the lines
        of an ``align`` environment; for a network also where that is exact.

    Raises:
        CostcalcError: a name or a setting is wrong, an argument is not about what was
            asked, or a network has no closed form.

    >>> formula("separable", over="conv", D_K=3, M=16, N=32).params
    41/288
    >>> formula("mobilenet_v1").params
    3139584*alpha**2 + 1069504*alpha
    """
    values = exact({**(at or {}), **settings})
    if isinstance(network, str) and is_layer(network):
        about = {"variables": variables, "convention": convention, "unit": unit}
        _refuse_others(about, f"'{network}' is a layer", "a network")
        from costcalc.symbolic.layers import layer_formula

        return layer_formula(network, over, tuple(multipliers), values)
    if isinstance(network, str):
        refuse_unknown(network)
    about = {"over": over, "multipliers": multipliers}
    _refuse_others(about, "this is a network", "a layer")
    from costcalc.symbolic.networks import closed_form

    counting = _counting(convention or "paper", unit)
    network = opened(network, values)
    return closed_form(network.document, network.settings, counting, tuple(variables))


def compare(
    *networks: AnyNetwork,
    baseline: str | None = None,
    convention: str = "paper",
    unit: str | None = None,
    at: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Comparison | LayerComparison:
    """Networks side by side; or layers, in one notation.

    Args:
        networks: networks as :func:`report` takes them; or layers as :func:`formula`
            does, each with numbers of its own where it shall, ``"separable@M=32,N=64"``.
        baseline: the one to measure by, for networks; the first by default.
        convention: as for :func:`report`, for networks.
        unit: as for :func:`report`, for networks.
        at: more settings, whatever their names.
        settings: parameters that hold for all of them.

    Returns:
        The comparison.  Of networks, its entries hold the reports; ``ratio`` and
        ``saved`` measure by the baseline, and ``causes`` says what a difference comes
        from.  Of layers, it has their formulas and, where the symbols are set, numbers.

    Raises:
        CostcalcError: a network, a layer, a setting, the baseline or the convention is
            wrong; or there are both networks and layers.

    >>> found = compare("mobilenet_v1", "vgg16")
    >>> round(float(found.ratio(found.entries[1], "mult_adds")), 1)
    27.2
    """
    values = exact({**(at or {}), **settings})
    layers = _layers(networks)
    if layers:
        from costcalc.comparing.layers import compare_layers

        return compare_layers(layers, values)
    from costcalc.comparing.compare import compare, side_by_side

    there = [opened(network, values) for network in networks]
    return compare(side_by_side(there, _counting(convention, unit)), baseline)


def diff(
    old: AnyNetwork | None,
    new: AnyNetwork | None,
    *,
    title: str = "",
    convention: str = "paper",
    unit: str | None = None,
    **settings: Any,
) -> Difference:
    """What changed between two versions of a network, layer by layer, and what that costs.

    Args:
        old: a network as :func:`report` takes it; None where there was none.
        new: the later version; None where it is gone.
        title: what the versions are called; by default what each is called.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
        settings: parameters that hold for both.

    Raises:
        CostcalcError: as for :func:`report`.

    >>> [change.layer.name for change in diff("vgg11", "vgg13").changes if change.added("params")]
    ['conv2', 'conv4']
    """
    from costcalc.comparing.diff import difference

    counting = _counting(convention, unit)
    values = exact(settings)
    versions = [None if each is None else opened(each, values) for each in (old, new)]
    costs = [
        None if each is None else reports.report(each.document, each.settings, counting)
        for each in versions
    ]
    names = ["nothing" if each is None else each.label for each in versions]
    return difference(costs[0], costs[1], title or " → ".join(names))


def sweep(
    *networks: AnyNetwork,
    where: str | None = None,
    convention: str = "paper",
    unit: str | None = None,
    at: Mapping[str, Iterable[Any] | str] | None = None,
    **values: Iterable[Any] | str,
) -> Sweep:
    """What networks cost over a grid of settings.

    Args:
        networks: networks as :func:`report` takes them.
        where: a condition that rows must meet, ``"mult_adds <= 100M"``.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
        at: values of more parameters, whatever their names.
        values: the values of each parameter that varies, the last one fastest:
            an iterable, or text as the command line takes it, ``"0.05:2:0.001"``.

    Returns:
        The sweep; its ``rows()`` are computed as they are read, with counts as
        exact integers, and ``top`` and ``pareto`` choose among them.

    Raises:
        CostcalcError: a network, a value, the condition or the convention is wrong.

    >>> [row.mult_adds for row in sweep("mobilenet_v1", alpha=[0.5, 1], res=[224]).rows()]
    [149497088, 568740352]
    """
    from costcalc.grid.axes import axis, parse
    from costcalc.grid.select import Condition
    from costcalc.grid.sweep import Sweep, SweptNetwork, check_size

    axes = [
        parse(name, taken) if isinstance(taken, str) else axis(name, map(exact_value, taken))
        for name, taken in {**(at or {}), **values}.items()
    ]
    if not networks:
        refuse(None, "a sweep needs a network", expected="one network, or more")
    check_size(len(networks), axes)
    counting = _counting(convention, unit)
    condition = Condition(where) if where is not None else None
    varied = tuple(axis for axis in axes if axis.name not in importers.REQUESTS)
    swept = [
        SweptNetwork(each.label, each.document, each.settings, varied, counting)
        for each in (_opened_on(network, axes) for network in networks)
    ]
    return Sweep(swept, condition)


def _opened_on(network: AnyNetwork, axes: Sequence[Axis]) -> OpenNetwork:
    """A network of a sweep; what a model is built or read at has the first of its values.

    Raises:
        SpecError: the network, or a setting of it, is wrong.
    """
    if not isinstance(network, str | os.PathLike):
        return opened(network)
    first = {axis.name: axis.values[0] for axis in axes if axis.name != "alpha"}
    if importers.importer(library.reference(os.fspath(network)).network) is None:
        first = {name: value for name, value in first.items() if name in importers.REQUESTS}
    return opened(network, first)


def solve(
    network: AnyNetwork,
    name: str = "",
    *,
    max_mult_adds: Amount = None,
    max_params: Amount = None,
    step: Any = None,
    values: Iterable[Any] | str = (),
    convention: str = "paper",
    unit: str | None = None,
    **settings: Any,
) -> Solution:
    """The largest value of a parameter at which a network stays within its budgets.

    Args:
        network: a network as :func:`report` takes it.
        name: the parameter, such as ``"alpha"`` or ``"res"``.
        max_mult_adds: the most mult-adds, ``100_000_000``, ``100e6`` or ``"100M"``; None
            for any number.
        max_params: the most params; None for any number.
        step: between the values that are searched; 0.001 for alpha, else 1.
        values: the values to choose from, instead of steps.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
        settings: the network's other parameters.

    Returns:
        The solution; its ``best`` is None where nothing fits, and ``nearest``
        then says what comes nearest.

    Raises:
        CostcalcError: the network, the parameter, a setting or the convention is wrong.

    >>> solve("mobilenet_v1", "res", max_mult_adds=10**8, step=32, alpha=0.5).best
    Candidate(value=160, params=1319648, mult_adds=76524800)
    """
    from costcalc.graph.budgets import budget
    from costcalc.grid.axes import parse
    from costcalc.solving import solve as solving

    if not name:
        refuse(
            None,
            "the parameter to solve for is missing",
            'solve(network, "alpha", max_mult_adds=...)',
        )
    if step is not None and values:
        refuse(None, "step and values both set what is searched", "one of the two")
    if isinstance(values, str):
        chosen: Sequence[Any] = parse(name, values).values
    else:
        chosen = [exact_value(value) for value in values]
    by = budget("step", exact_value(step)) if step is not None else None
    budgets = solving.Budgets(
        budget("max_mult_adds", _amount(max_mult_adds)), budget("max_params", _amount(max_params))
    )
    counting = _counting(convention, unit)
    network = opened(network, exact(settings))
    return solving.solve(
        network.document,
        counting,
        name,
        network.settings,
        budgets,
        by,
        chosen,
        has_closed_form=unit is None,
    )


def reconcile(
    network: AnyNetwork, *conventions: str | Sequence[str], **settings: Any
) -> Reconciliation:
    """Why conventions disagree on a network.

    Args:
        network: a network as :func:`report` takes it.
        conventions: names or paths of conventions, one by one or as a list; each is
            explained by its difference from the first.
        settings: as for :func:`report`.  Where the network has several
            implementations and none is set, it is the one that the conventions'
            tools are usually run on.

    Returns:
        Counts in the order of the conventions; the causes of each add up to its
        difference from the first, exactly, in both metrics.

    Raises:
        CostcalcError: the network, a setting, a shape or a convention is wrong.

    >>> thop = reconcile("mobilenet_v2", "paper", "thop").counts[1]
    >>> thop.mult_adds, [(cause.what, cause.each) for cause in thop.causes["mult_adds"]]
    (327486720, [('Batch Norm', '4 per element')])
    """
    from costcalc.graph.expand import expand
    from costcalc.reconciling import reconcile as reconciling

    countings = [conventions_.load(name) for name in _names(conventions)]
    network = opened(network, exact(settings))
    values = dict(network.settings)
    implementation = network.document.parameters.get("implementation")
    if implementation is not None:
        usual = {counting.implementation for counting in countings} - {"paper"}
        values.setdefault("implementation", min(usual & {*implementation.choices} or {"paper"}))
    return reconciling.reconcile(expand(network.document, values), countings)


def search(
    network: AnyNetwork, printed: str, *conventions: str | Sequence[str], **settings: Any
) -> Search:
    """Which convention and settings give a number that somebody quoted for a network.

    Args:
        network: a network as :func:`report` takes it.
        printed: the number, ``"327.5M"`` or ``"320.3 MMac"``.
        conventions: names or paths of conventions to try; every one that ships by default.
        settings: as for :func:`report`.

    Returns:
        What gives the number, the likeliest first; what comes near where nothing does.

    Raises:
        CostcalcError: the network, a setting, a shape or a convention is wrong, or the
            number is none.

    >>> search("mobilenet_v2", "327.5M").matches[0].convention
    'thop'
    """
    from costcalc.reconciling import search as searching

    figure = searching.quoted(printed)
    countings = [
        conventions_.load(name) for name in _names(conventions) or conventions_.available()
    ]
    network = opened(network, exact(settings))
    return searching.search(network.document, network.settings, countings, figure)


def check(
    *subjects: AnyNetwork,
    max_mult_adds: Amount = None,
    max_params: Amount = None,
    convention: str = "paper",
    watch: Watch | None = None,
) -> Checked:
    """Whether printed figures reproduce, and budgets are kept.

    Args:
        subjects: claims files, specs with claims of their own, folders of either, papers
            by name or arXiv number, or networks; everything that ships by default.
        max_mult_adds: a bound on the networks' mult-adds, ``"600M"``.
        max_params: a bound on the networks' params.
        convention: how figures are counted that name no convention themselves.
        watch: is handed the results as they come, and how many there will be, and hands
            them on: to show how far they are.

    Returns:
        The verdict on every claim; ``holds`` says whether all of them stand.

    Raises:
        CostcalcError: a name means nothing, a file or a network is wrong.

    >>> check("mobilenet_v2", max_params="5M").holds
    True
    """
    from costcalc.claims import check as checking
    from costcalc.claims import sources
    from costcalc.claims.networks import Networks

    conventions_.load(convention)
    networks = Networks(convention)
    bounds = sources.bounds({"mult_adds": max_mult_adds, "params": max_params})
    named = [networks.subject(subject) for subject in subjects]
    files = sources.bounded(named, bounds, networks) if bounds else sources.collect(named, networks)
    total = sum(len(file.claims) for file in files)
    watched = (lambda results: watch(results, total)) if watch is not None else iter
    return checking.check(files, networks, watched)


def to_spec(
    network: AnyNetwork, *, flat: bool = False, comments: Sequence[str] = (), **settings: Any
) -> str:
    """A network as the text of a spec, a model of a framework above all.

    The text is read back and held to the network, layer by layer, before it is
    returned.

    Args:
        network: a network as :func:`report` takes it.
        flat: whether to leave out repeats, branches and blocks.
        comments: lines to stand above it.
        settings: the network's parameters, at which it is written.

    Raises:
        CostcalcError: the network, a setting or a shape is wrong, or no spec can say it.

    >>> print(to_spec("alexnet").splitlines()[0])
    name: AlexNet
    """
    from costcalc.specwriter.spec import to_spec

    network = opened(network, exact(settings))
    return to_spec(network.document, network.settings, tuple(comments), is_flat=flat)


class Exported:
    """A network as another tool's model: text, or bytes that come in chunks.

    Attributes:
        format: the format that it is in.
    """

    def __init__(self, format: str, write: Callable[[], str | Iterable[bytes]]) -> None:
        """Writes it once, so that what the format cannot say is refused now.

        Raises:
            SpecError: the format cannot say some of the network's layers.
        """
        self.format = format
        self._write = write
        self._first: str | Iterable[bytes] | None = write()

    @property
    def content(self) -> str | Iterable[bytes]:
        """What its file holds; the chunks of bytes are written anew for every reader."""
        first = self._first
        if first is None:
            return self._write()
        if not isinstance(first, str):
            self._first = None
        return first

    def __str__(self) -> str:
        content = self._first
        return content if isinstance(content, str) else f"<{self.format}>"

    def __bytes__(self) -> bytes:
        content = self.content
        return content.encode() if isinstance(content, str) else b"".join(content)


def export(
    network: AnyNetwork,
    to: str = "torch",
    *,
    weights: Literal["none", "random"] | None = None,
    seed: int | None = None,
    **settings: Any,
) -> Exported:
    """A network as another tool's model.

    Args:
        network: a network as :func:`report` takes it.
        to: ``"torch"``, ``"onnx"``, ``"prototxt"`` or ``"csv-scalesim"``.
        weights: for ONNX: ``"none"``, so that they are inputs, or ``"random"`` numbers.
        seed: the same random weights for the same number.
        settings: the network's parameters, at which it is written.

    Returns:
        The model; ``str`` or ``bytes`` of it is what its file holds.

    Raises:
        CostcalcError: the network or a setting is wrong, the format cannot say some of
            its layers, or an option means nothing to it.

    >>> str(export("alexnet")).splitlines()[0]
    'import torch'
    """
    from costcalc.exporters import EXPORTERS, export_graph, exporter

    names = [row.name for row in EXPORTERS]
    if to not in names:
        hint = did_you_mean(to, names)
        refuse(None, f"there is no export to '{to}'", "one of " + ", ".join(names), hint=hint)
    given = {"weights": weights, "seed": seed}
    options = {name: value for name, value in given.items() if value is not None}
    for name in options:
        if name not in exporter(to).options:
            refuse(None, f"--{name} means nothing to {to}")
    if seed is not None and weights != "random":
        refuse(None, "--seed needs random weights", expected="--weights random")
    graph = opened(network, exact(settings)).graph()
    return Exported(to, lambda: export_graph(graph, to, **options))


def networks(
    search: str = "", *, convention: str = "paper", unit: str | None = None
) -> ShippedNetworks:
    """The names of the networks that ship with costcalc; printed, with what they cost.

    Args:
        search: words that each must have in its name, its title or its source.
        convention: as for :func:`report`.
        unit: as for :func:`report`.

    >>> "mobilenet_v1" in networks()
    True
    """
    from costcalc.reporting.networks import ShippedNetworks

    return ShippedNetworks(search, _counting(convention, unit))


def parameters(network: AnyNetwork) -> Settings:
    """What may be set of a network, with the defaults that it has.

    Raises:
        SpecError: the network, or a setting that it carries, is wrong.

    >>> [each.name for each in parameters("mobilenet_v1").parameters][:2]
    ['alpha', 'res']
    """
    from costcalc.reporting.parameters import settings_of

    return settings_of(opened(network))


def conventions(name: str | None = None) -> Conventions | ConventionRules:
    """The conventions that ship, or the rules of one.

    Raises:
        ConventionError: there is none of that name, or it is wrong.

    >>> conventions("torch").convention.unit
    'flops'
    """
    from costcalc.reporting.conventions import ConventionRules, Conventions

    if name is not None:
        return ConventionRules(conventions_.load(name))
    return Conventions(tuple(map(conventions_.load, conventions_.available())))


def kinds(name: str | None = None) -> KindList | KindDescription:
    """The layer kinds with their arguments, or one with an example.

    Raises:
        SpecError: there is none of that name.
    """
    from costcalc.reporting.kinds import kind, kinds

    return kinds() if name is None else kind(name)


def is_layer(name: str) -> bool:
    """Whether a name is that of a layer's formula."""
    from costcalc.symbolic.catalogue import FORMULAS

    return name in FORMULAS


def _counting(convention: str, unit: str | None) -> Convention:
    """The convention to count by, in the unit that is asked for."""
    is_file = os.sep in convention or convention.endswith((".yaml", ".yml"))
    load = conventions_.load if is_file else _shipped_convention
    return load(convention).converted(unit)


@cache
def _shipped_convention(name: str) -> Convention:
    """A convention that ships, which nobody changes while the process runs."""
    return conventions_.load(name)


def _amount(value: Amount) -> Any:
    """A budget; a float that is whole, such as 100e6, as the integer that it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _names(conventions: Sequence[str | Sequence[str]]) -> list[str]:
    """Names that are given one by one, or as a list."""
    names: list[str] = []
    for each in conventions:
        names += [each] if isinstance(each, str) else each
    return names


def _refuse_others(arguments: Mapping[str, Any], message: str, owner: str) -> None:
    """Arguments that say nothing about what is asked for.

    Raises:
        SpecError: one of them is given.
    """
    for name, value in arguments.items():
        if value:
            refuse(None, f"{message}, and '{name}' is about {owner}", f"the name of {owner}")


def refuse_unknown(name: str) -> None:
    """Refuses a name that is neither a layer nor a network.

    Raises:
        SpecError: it is neither.
    """
    if not opening.is_network(name):
        from costcalc.symbolic.catalogue import refuse_neither

        refuse_neither(library.reference(name).network)


def _layers(names: Sequence[AnyNetwork]) -> list[str]:
    """The names where all of them are layers, and no network has one of them.

    Raises:
        SpecError: some are layers and some are networks, which do not compare.
    """
    texts = [name for name in names if isinstance(name, str)]
    others = [name for name in texts if not opening.is_network(name)]
    layers = [name for name in others if is_layer(library.reference(name).network)]
    if layers and len(layers) < len(names):
        refuse(
            None,
            f"'{layers[0]}' is a layer, and cannot be compared with a network",
            expected="networks alone, or layers alone",
        )
    return layers
