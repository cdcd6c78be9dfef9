"""The Python package's face: every question, and ``costcalc.Network``.

Messages of these functions name arguments, where the command line's name options.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from operator import index
from typing import Any, ParamSpec, TypeVar

from costcalc import checking, exploring, interactive, questions, resources
from costcalc.advice import in_python
from costcalc.errors import CostcalcError, Problem, refuse
from costcalc.importers import ALLOW_UNKNOWN, INPUT
from costcalc.importers.model import IMAGE
from costcalc.opening import AnyNetwork, OpenNetwork, exact, of_call, opened, refuse_value
from costcalc.schemas import schema as schemas

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


check = _in_python(checking.check)
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
page = _in_python(interactive.page)
parameters = _in_python(questions.parameters)
readings = _in_python(checking.readings)
reconcile = _in_python(questions.reconcile)
report = _in_python(questions.report)
schema = _in_python(schemas.schema)
search = _in_python(checking.search)
solve = _in_python(exploring.solve)
storages = _in_python(resources.storages)
space = _in_python(exploring.space)
sweep = _in_python(exploring.sweep)
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
    page = page
    diff = diff
    space = space
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
def from_torch(
    module: Any,
    input: Any = IMAGE,
    *,
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    allow_unknown: bool = False,
) -> Network:
    """A PyTorch module as a network, from one run without its weights.

    The module is not changed or moved, and its weights are neither read nor copied, unless
    shapes in it depend on the values of tensors.  The network has two parameters:
    ``alpha``, a multiplier of the module's widths, and ``res``, which runs the module again
    at another resolution: at that of its first input, and of all others of the same sides.

    Args:
        module: an ``nn.Module``.
        input: the shape of its input, without the batch; or a batch, a tensor whose
            first dimension is left out; or shapes by the names of ``forward``'s parameters,
            ``{"x": (3, 224, 224), "ids": ((128,), "int64")}``.
        args: instead, what the module is called on: tensors of any type, on any device, in
            sequences, mappings and dataclasses, and whatever else ``forward`` takes.  Counts
            are those of one such call, of the whole of each tensor.
        kwargs: keyword arguments of that call.
        allow_unknown: whether to report unknown operations as not counted; by default
            they are an error.

    Raises:
        SpecError: PyTorch is not installed, the module does not run on such an input,
            or it uses an unknown operation.
    """
    if isinstance(module, str | OpenNetwork) or not hasattr(module, "named_modules"):
        refuse_value(module, "an nn.Module")
    settings = {ALLOW_UNKNOWN: allow_unknown}
    if args is None and kwargs is None:
        inputs = exact({INPUT: input if isinstance(input, Mapping) else _shape(input)})
        return Network(*opened(module, {**inputs, **settings}))
    if input is not IMAGE:
        refuse(None, "the input of the module is given twice", "input, or args and kwargs")
    if args is not None and not isinstance(args, list | tuple):
        found = f"a value of type {type(args).__name__}"
        refuse(None, "args is a tuple of arguments", "args=(x,), for one", found)
    if kwargs is not None and not isinstance(kwargs, Mapping):
        found = f"a value of type {type(kwargs).__name__}"
        refuse(None, "kwargs maps names to arguments", 'kwargs={"t": t}', found)
    return Network(*of_call(module, args or (), kwargs or {}, settings))


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
