"""What ``import costcalc`` offers: the questions of the command line, as functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from costcalc import pipeline
from costcalc.errors import Problem, SpecError
from costcalc.graph.settings import from_python
from costcalc.reporting import report as reports
from costcalc.spec import library
from costcalc.spec.numbers import ExpressionError

if TYPE_CHECKING:
    from costcalc.comparing.compare import Comparison
    from costcalc.grid.sweep import Sweep
    from costcalc.importers.model import Model, Request
    from costcalc.reconciling.reconcile import Reconciliation
    from costcalc.solving.solve import Solution
    from costcalc.spec.document import Document
    from costcalc.symbolic.explain import Explanation
    from costcalc.symbolic.layers import Formula
    from costcalc.symbolic.networks import ClosedForm


class Report(reports.Report):
    """A network's cost, as a notebook shows it and a script takes it."""

    __slots__ = ()

    def to_json(self) -> str:
        """The report as JSON text, in the shape of ``costcalc report --format json``."""
        from costcalc.render.json import report_json

        return report_json(self)

    def _repr_html_(self) -> str:
        from costcalc.render.html import report_html

        return report_html(self)


class Network:
    """A network that is open: every function of costcalc takes it where it takes a name."""

    __slots__ = ("document",)

    def __init__(self, document: Document) -> None:
        self.document = document

    def report(
        self, *, convention: str = "paper", unit: str | None = None, **settings: Any
    ) -> Report:
        """What it costs, as :func:`report` says it."""
        return report(self, convention=convention, unit=unit, **settings)

    def _repr_html_(self) -> str:
        return self.report()._repr_html_()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.document.title.text}>"


def from_torch(
    module: Any, input: tuple[int, ...] = (3, 224, 224), *, allow_unknown: bool = False
) -> Network:
    """A PyTorch module as a network, from one run on the meta device.

    The module stays as it is, on whatever device; its weights are neither read
    nor copied.  What the network's functions set is ``alpha``, a width multiplier
    over the widths that the module has, and ``res``, at which it is run again.

    Args:
        module: an ``nn.Module``.
        input: the shape of what it reads, without the batch.
        allow_unknown: whether operations that costcalc does not know stand in the
            report as not counted; they are an error by default.

    Raises:
        SpecError: PyTorch is not installed, the module does not run on an input of
            that shape, or it does what costcalc does not know.
    """
    from costcalc import importers
    from costcalc.importers.torch import trace

    def read(request: Request) -> Model:
        sides = request.input or input
        return trace(module, (sides[0], *(request.res or sides[1:])), request.allow_unknown)

    document, _ = importers.documented(read, {importers.ALLOW_UNKNOWN: allow_unknown})
    return Network(document)


def report(
    network: str | Network, *, convention: str = "paper", unit: str | None = None, **settings: Any
) -> Report:
    """What a network costs.

    Args:
        network: the path of a spec, the name of a shipped one, a model such as
            ``"net.onnx"`` or ``"torch:torchvision.models:resnet18"``, or a
            :class:`Network` that is open; a text may carry settings, as in
            ``"mobilenet_v1@alpha=0.5,res=160"``.
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
    return Report(*pipeline.report(_taken(network), _exact(settings), convention, unit))


def compare(
    *networks: str | Network,
    baseline: str | None = None,
    convention: str = "paper",
    unit: str | None = None,
    **settings: Any,
) -> Comparison:
    """Networks side by side.

    Args:
        networks: networks as :func:`report` takes them.
        baseline: the one to measure by; the first by default.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
        settings: parameters that hold for all of them.

    Returns:
        The comparison: its entries hold the reports; ``ratio`` and ``saved``
        measure by the baseline, and ``causes`` says what a difference comes from.

    Raises:
        CostcalcError: a network, a setting, the baseline or the convention is wrong.

    >>> found = compare("mobilenet_v1", "vgg16")
    >>> round(float(found.ratio(found.entries[1], "mult_adds")), 1)
    27.2
    """
    return pipeline.compare(
        [_taken(network) for network in networks], _exact(settings), baseline, convention, unit
    )


def sweep(
    *networks: str | Network,
    where: str | None = None,
    convention: str = "paper",
    unit: str | None = None,
    **values: Iterable[Any] | str,
) -> Sweep:
    """What networks cost over a grid of settings.

    Args:
        networks: networks as :func:`report` takes them.
        where: a condition that rows must meet, ``"mult_adds <= 100M"``.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
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

    axes = [
        parse(name, taken)
        if isinstance(taken, str)
        else axis(name, (_exact({name: value})[name] for value in taken))
        for name, taken in values.items()
    ]
    return pipeline.sweep([_taken(network) for network in networks], axes, convention, unit, where)


def reconcile(network: str | Network, *conventions: str, **settings: Any) -> Reconciliation:
    """A network under several conventions, and what makes their differences.

    Args:
        network: a network as :func:`report` takes it.
        conventions: names or paths of conventions; each is explained by its
            difference from the first.
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
    return pipeline.reconcile(_taken(network), _exact(settings), conventions)


def solve(
    network: str | Network,
    name: str,
    *,
    max_mult_adds: int | str | None = None,
    max_params: int | str | None = None,
    step: Any = None,
    values: Iterable[Any] = (),
    convention: str = "paper",
    unit: str | None = None,
    **settings: Any,
) -> Solution:
    """The largest value of a parameter at which a network keeps its budgets.

    Args:
        network: a network as :func:`report` takes it.
        name: the parameter, such as ``"alpha"`` or ``"res"``.
        max_mult_adds: the most mult-adds, ``100_000_000`` or ``"100M"``; None for any number.
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
    from costcalc.solving.solve import Budgets

    chosen = [_exact({name: value})[name] for value in values]
    by = budget("step", _exact({"step": step})["step"]) if step is not None else None
    budgets = Budgets(budget("max_mult_adds", max_mult_adds), budget("max_params", max_params))
    return pipeline.solve(
        _taken(network), name, budgets, _exact(settings), convention, unit, step=by, values=chosen
    )


def formula(
    name: str,
    *,
    over: str | None = None,
    multipliers: Iterable[str] = (),
    variables: Iterable[str] = (),
    convention: str = "paper",
    unit: str | None = None,
    **settings: Any,
) -> Formula | ClosedForm:
    """What a layer or a whole network costs, as a formula.

    Args:
        name: a layer, ``"separable"``, as ``costcalc formula --help`` lists them;
            or a network as :func:`report` takes it.
        over: the layer to divide by, for a layer.
        multipliers: ``"alpha"``, ``"rho"`` or both, for a layer.
        variables: the parameters that stay symbols, for a network; alpha and
            res by default.
        convention: as for :func:`report`, for a network.
        unit: as for :func:`report`, for a network.
        settings: numbers for a layer's symbols, ``D_K=3``; or the settings at
            which a network is worked out.

    Returns:
        ``params`` and ``mult_adds`` as SymPy expressions, ``latex`` as the lines
        of an ``align`` environment; for a network also where that is exact.

    Raises:
        CostcalcError: a name or a setting is wrong, or a network has no closed form.

    >>> formula("separable", over="conv", D_K=3, M=16, N=32).params
    41/288
    >>> formula("mobilenet_v1").params
    3139584*alpha**2 + 1069504*alpha
    """
    from costcalc.symbolic.catalogue import FORMULAS

    values = _exact(settings)
    if name in FORMULAS:
        from costcalc.symbolic.layers import layer_formula

        return layer_formula(name, over, tuple(multipliers), values)
    from costcalc.symbolic.networks import closed_form

    return closed_form(name, values, tuple(variables), convention, unit)


def explain(
    network: str | Network,
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

    return explaining.explain(_taken(network), layer, _exact(settings), convention, unit)


def to_spec(network: str | Network, *, flat: bool = False, **settings: Any) -> str:
    """A network as the text of a spec, a model of a framework above all.

    The text is read back and held to the network, layer by layer, before it is
    returned.

    Args:
        network: a network as :func:`report` takes it.
        flat: whether to leave out repeats, branches and blocks.
        settings: the network's parameters, at which it is written.

    Raises:
        CostcalcError: the network, a setting or a shape is wrong, or no spec can say it.

    >>> print(to_spec("alexnet").splitlines()[0])
    name: AlexNet
    """
    from costcalc.specwriter.network import to_spec

    return to_spec(_taken(network), _exact(settings), is_flat=flat)


def _taken(network: str | Network) -> str | Document:
    """A network as the pipeline takes it."""
    return network.document if isinstance(network, Network) else network


def _exact(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with their exact values.

    Raises:
        SpecError: a number is beyond a limit.
    """
    try:
        return {name: from_python(value) for name, value in settings.items()}
    except ExpressionError as error:
        raise SpecError([Problem(None, error.message, expected=error.expected)]) from None


def networks() -> list[str]:
    """The names of the networks that ship with costcalc."""
    return library.shipped()
