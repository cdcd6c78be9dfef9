"""costcalc says what a neural network costs before anyone builds it.

>>> import costcalc
>>> costcalc.report("mobilenet_v1").totals.mult_adds
568740352
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from costcalc.api import Network, from_torch, load
    from costcalc.arena.plan import Plan, plan
    from costcalc.checking import check, readings, search
    from costcalc.errors import (
        ConventionError,
        CostcalcError,
        CostcalcWarning,
        DeviceError,
        SpecError,
        StorageError,
    )
    from costcalc.exploring import solve, space, sweep
    from costcalc.interactive import page
    from costcalc.questions import (
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
        to_spec,
        totals,
    )
    from costcalc.reporting.layers import LayerReport, Totals, TypeCost
    from costcalc.reporting.report import Report
    from costcalc.resources import devices, fits, latency, memory, storages, training
    from costcalc.schemas.schema import Schema, schema

__all__ = [
    "ConventionError",
    "CostcalcError",
    "CostcalcWarning",
    "DeviceError",
    "LayerReport",
    "Network",
    "Plan",
    "Report",
    "Schema",
    "SpecError",
    "StorageError",
    "Totals",
    "TypeCost",
    "check",
    "compare",
    "conventions",
    "devices",
    "diff",
    "explain",
    "export",
    "fits",
    "formula",
    "from_torch",
    "latency",
    "load",
    "memory",
    "networks",
    "page",
    "parameters",
    "plan",
    "readings",
    "reconcile",
    "report",
    "schema",
    "search",
    "solve",
    "space",
    "storages",
    "sweep",
    "to_spec",
    "totals",
    "training",
]
__version__ = "0.1.0"

_MODULES = (
    "api",
    "checking",
    "errors",
    "exploring",
    "interactive",
    "questions",
    "resources",
    "reporting.layers",
    "reporting.report",
    "arena.plan",
    "schemas.schema",
)
"""Where the public names are defined."""


def __getattr__(name: str) -> Any:
    """A public name: the module that defines it is imported when the name is first used."""
    if name in __all__:
        for path in _MODULES:
            module = import_module(f"costcalc.{path}")
            if name in vars(module):
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"module 'costcalc' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
