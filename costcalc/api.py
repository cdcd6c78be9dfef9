"""A network that is open, with the questions of :mod:`.questions` as its methods."""

from __future__ import annotations

from typing import Any

from costcalc import questions
from costcalc.errors import Problem, SpecError, refuse
from costcalc.importers import ALLOW_UNKNOWN, INPUT
from costcalc.opening import AnyNetwork, OpenNetwork, exact, opened


class Network(OpenNetwork):
    """A network that is open: every function of costcalc takes it where it takes a name.

    Each method asks what the function of its name asks, about this network.
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
    """The network that somebody means, open.

    Args:
        network: a name, a path, a model, an ``nn.Module``, as :func:`report` takes them.
        settings: what every question about it starts from; a question's own win.

    Raises:
        CostcalcError: there is no such network, or it is wrong, or a setting.

    >>> load("mobilenet_v1", alpha=0.5).totals(res=160)
    Totals(params=1319648, mult_adds=76524800)
    """
    return Network(*opened(network, exact(settings)))


def from_torch(module: Any, input: Any = (3, 224, 224), *, allow_unknown: bool = False) -> Network:
    """A PyTorch module as a network, from one run on the meta device.

    The module stays as it is, on whatever device; its weights are neither read
    nor copied.  What the network's functions set is ``alpha``, a width multiplier
    over the widths that the module has, and ``res``, at which it is run again.

    Args:
        module: an ``nn.Module``.
        input: the shape of what it reads, without the batch; or a batch, a tensor
            whose first side is left out.
        allow_unknown: whether operations that costcalc does not know stand in the
            report as not counted; they are an error by default.

    Raises:
        SpecError: PyTorch is not installed, the module does not run on an input of
            that shape, or it does what costcalc does not know.
    """
    sides = _sides(input)
    try:
        return Network(*opened(module, {INPUT: sides, ALLOW_UNKNOWN: allow_unknown}))
    except SpecError as error:
        raise SpecError([_in_python(problem, sides) for problem in error.problems]) from None


def _sides(input: Any) -> tuple[int, ...]:
    """The sides of one input.

    Raises:
        SpecError: it is neither a shape nor a tensor.
    """
    if hasattr(input, "shape"):
        return tuple(input.shape)[1:]
    sides = tuple(input) if isinstance(input, tuple | list) else ()
    if not sides or not all(isinstance(side, int) and side > 0 for side in sides):
        refuse(
            None,
            "the input of a module is a shape",
            expected="whole numbers above zero, without the batch: (3, 224, 224)",
            found=repr(input),
        )
    return sides


def _in_python(problem: Problem, sides: tuple[int, ...]) -> Problem:
    """A problem whose hint is about an argument, where it is about an option of a command."""
    if "--input" not in problem.hint:
        return problem
    hint = "from_torch(module, (C, H, W)), the shape that it is made for, without the batch"
    if sides[0] == 1 and len(sides) > 1:
        hint = f"from_torch(module, {sides[1:]}), without the batch"
    return problem._replace(hint=hint)
