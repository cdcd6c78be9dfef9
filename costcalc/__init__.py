"""costcalc says what a neural network costs before anyone builds it.

>>> import costcalc
>>> costcalc.report("mobilenet_v1").totals.mult_adds
568740352
"""

from costcalc.api import Network, from_torch, load
from costcalc.errors import ConventionError, CostcalcError, SpecError
from costcalc.questions import (
    check,
    compare,
    conventions,
    diff,
    explain,
    export,
    formula,
    networks,
    parameters,
    reconcile,
    report,
    search,
    solve,
    sweep,
    to_spec,
    totals,
)
from costcalc.reporting.layers import LayerReport, Totals, TypeCost
from costcalc.reporting.report import Report

__all__ = [
    "ConventionError",
    "CostcalcError",
    "LayerReport",
    "Network",
    "Report",
    "SpecError",
    "Totals",
    "TypeCost",
    "check",
    "compare",
    "conventions",
    "diff",
    "explain",
    "export",
    "formula",
    "from_torch",
    "load",
    "networks",
    "parameters",
    "reconcile",
    "report",
    "search",
    "solve",
    "sweep",
    "to_spec",
    "totals",
]
__version__ = "0.1.0"
