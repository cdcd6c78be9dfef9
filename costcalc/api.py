"""What ``import costcalc`` offers: the questions of the command line, as functions."""

from __future__ import annotations

from typing import Any

from costcalc import pipeline
from costcalc.errors import Problem, SpecError
from costcalc.graph.settings import from_python
from costcalc.reporting import report as reports
from costcalc.spec import library
from costcalc.spec.numbers import ExpressionError


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


def report(
    network: str, *, convention: str = "paper", unit: str | None = None, **settings: Any
) -> Report:
    """What a network costs.

    Args:
        network: the path of a spec, or the name of a shipped one; it may carry
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
    try:
        values = {name: from_python(value) for name, value in settings.items()}
    except ExpressionError as error:
        raise SpecError([Problem(None, error.message, expected=error.expected)]) from None
    return Report(*pipeline.report(network, values, convention, unit))


def networks() -> list[str]:
    """The names of the networks that ship with costcalc."""
    return library.shipped()
