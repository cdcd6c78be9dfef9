"""``costcalc.Network``: an open network, with the questions of :mod:`.questions` as methods."""

from __future__ import annotations

from typing import Any

from costcalc import questions
from costcalc.errors import Problem, SpecError, refuse
from costcalc.importers import ALLOW_UNKNOWN, INPUT
from costcalc.opening import AnyNetwork, OpenNetwork, exact, opened


class Network(OpenNetwork):
    """An open network; costcalc's functions accept it wherever they accept a name.

    Each method is the function of the same name, applied to this network.
    """

    __slots__ = ()

    report = questions.report
    totals = questions.totals
    explain = questions.explain
    formula = questions.formula
    compare = questions.compare
    diff = questions.diff
    sweep = questions.sweep
    solve = questions.solve
    reconcile = questions.reconcile
    search = questions.search
    check = questions.check
    to_spec = questions.to_spec
    export = questions.export

    def _repr_html_(self) -> str | None:
        return self.report()._repr_html_()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>"


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
    shape = _shape(input)
    try:
        return Network(*opened(module, {INPUT: shape, ALLOW_UNKNOWN: allow_unknown}))
    except SpecError as error:
        raise SpecError([_in_python(problem, shape) for problem in error.problems]) from None


def _shape(input: Any) -> tuple[int, ...]:
    """The shape of one input, without the batch.

    Raises:
        SpecError: it is neither a shape nor a tensor.
    """
    if hasattr(input, "shape"):
        return tuple(input.shape)[1:]
    shape = tuple(input) if isinstance(input, tuple | list) else ()
    if not shape or not all(isinstance(size, int) and size > 0 for size in shape):
        refuse(
            None,
            "the input of a module is a shape",
            expected="whole numbers above zero, without the batch: (3, 224, 224)",
            found=repr(input),
        )
    return shape


def _in_python(problem: Problem, shape: tuple[int, ...]) -> Problem:
    """A problem with a hint about ``from_torch`` in place of one about ``--input``."""
    if "--input" not in problem.hint:
        return problem
    hint = "from_torch(module, (C, H, W)), the shape it is made for, without the batch"
    if shape[0] == 1 and len(shape) > 1:
        hint = f"from_torch(module, {shape[1:]}), without the batch"
    return problem._replace(hint=hint)
