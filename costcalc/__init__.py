"""costcalc says what a neural network costs before anyone builds it.

>>> import costcalc
>>> costcalc.report("mobilenet_v1").totals.mult_adds
568740352
"""

from costcalc.api import (
    Network,
    Report,
    compare,
    explain,
    formula,
    from_torch,
    networks,
    reconcile,
    report,
    solve,
    sweep,
    to_spec,
)
from costcalc.errors import ConventionError, CostcalcError, SpecError
from costcalc.reporting.report import LayerReport, Totals, TypeCost

__all__ = [
    "ConventionError",
    "CostcalcError",
    "LayerReport",
    "Network",
    "Report",
    "SpecError",
    "Totals",
    "TypeCost",
    "compare",
    "explain",
    "formula",
    "from_torch",
    "networks",
    "reconcile",
    "report",
    "solve",
    "sweep",
    "to_spec",
]
__version__ = "0.1.0"
