"""The Python package's face: every question, and ``costcalc.Network``.

Messages of these functions name arguments, where the command line's name options.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from operator import index
from typing import Any, ParamSpec, TypeVar

from costcalc import questions, resources
from costcalc.advice import in_python
from costcalc.errors import CostcalcError, Problem, refuse
from costcalc.importers import ALLOW_UNKNOWN, INPUT
from costcalc.opening import AnyNetwork, OpenNetwork, exact, opened, refuse_value

P = ParamSpec("P")
T = TypeVar("T")


def _in_python(question: Callable[P, T]) -> Callable[P, T]:
    """The question, with messages that name arguments of Python instead of options."""

    @wraps(question)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return question(*args, **kwargs)
        except CostcalcError as error:
            raise type(error)(list(map(_problem, error.problems))) from None

    return asked


def _problem(problem: Problem) -> Problem:
    return problem._replace(
        message=in_python(problem.message),
        expected=in_python(problem.expected),
        hint=in_python(problem.hint),
    )


check = _in_python(questions.check)
compare = _in_python(questions.compare)
conventions = _in_python(questions.conventions)
devices = _in_python(resources.devices)
diff = _in_python(questions.diff)
explain = _in_python(questions.explain)
export = _in_python(questions.export)
formula = _in_python(questions.formula)
fits = _in_python(resources.fits)
latency = _in_python(resources.latency)
memory = _in_python(resources.memory)
networks = _in_python(questions.networks)
parameters = _in_python(questions.parameters)
reconcile = _in_python(questions.reconcile)
report = _in_python(questions.report)
search = _in_python(questions.search)
solve = _in_python(questions.solve)
storages = _in_python(resources.storages)
sweep = _in_python(questions.sweep)
to_spec = _in_python(questions.to_spec)
totals = _in_python(questions.totals)
training = _in_python(resources.training)


class Network(OpenNetwork):
    """An open network; costcalc's functions accept it wherever they accept a name.

    Each method is the function of the same name, applied to this network.
    """

    __slots__ = ()

    report = report
    totals = totals
    explain = explain
    formula = formula
    compare = compare
    diff = diff
    sweep = sweep
    solve = solve
    reconcile = reconcile
    search = search
    check = check
    to_spec = to_spec
    export = export
    memory = memory
    latency = latency
    fits = fits
    training = training

    def _repr_html_(self) -> str | None:
        return self.report()._repr_html_()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>"


@_in_python
def load(network: AnyNetwork, **settings: Any) -> Network:
    """Opens a network.

    Args:
        network: a name, a path, a model or an ``nn.Module``, as for :func:`report`.
        settings: defaults for every question about the network; a question's own win.

    Raises:
        CostcalcError: there is no such network, or the network or a setting is wrong.

    >>> load("mobilenet_v1", alpha=0.5).totals(res=160)
    Totals(params=1319648, mult_adds=76524800)
    """
    return Network(*opened(network, exact(settings)))


@_in_python
def from_torch(module: Any, input: Any = (3, 224, 224), *, allow_unknown: bool = False) -> Network:
    """A PyTorch module as a network, from one run on the meta device.

    The module is not changed or moved, and its weights are neither read nor copied.
    The network has two parameters: ``alpha``, a multiplier of the module's widths, and
    ``res``, which runs the module again at another resolution.

    Args:
        module: an ``nn.Module``.
        input: the shape of its input, without the batch; or a batch, a tensor whose
            first dimension is left out.
        allow_unknown: whether to report unknown operations as not counted; by default
            they are an error.

    Raises:
        SpecError: PyTorch is not installed, the module does not run on an input of that
            shape, or it uses an unknown operation.
    """
    if isinstance(module, str | OpenNetwork) or not hasattr(module, "named_modules"):
        refuse_value(module, "an nn.Module")
    return Network(*opened(module, {INPUT: _shape(input), ALLOW_UNKNOWN: allow_unknown}))


def _shape(input: Any) -> tuple[int, ...]:
    """The shape of one input, without the batch.

    Raises:
        SpecError: it is neither a shape nor a tensor.
    """
    shape = getattr(input, "shape", None)
    if shape is not None and len(shape) != 1:
        if len(shape) < 2:
            input = ()
        else:
            return tuple(map(int, shape))[1:]
    try:
        sizes = tuple(map(index, input))
    except TypeError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        refuse(
            None,
            "the input of a module is a shape",
            expected="whole numbers above zero, without the batch: (3, 224, 224)",
            found=repr(input),
        )
    return sizes
