"""The JSON that commands write, as types: what each key holds, and what it means.

Docstrings below the keys say what their names do not.  Keys are added in later releases, and
none is renamed without raising ``format_version``.
"""

from collections.abc import Mapping
from typing import Any, NotRequired, get_type_hints

from costcalc.costs.rules import COUNTS
from costcalc.kinds import TABLE
from costcalc.metrics import METRICS
from costcalc.reporting.layers import TypeCost
from costcalc.reporting.stored import RowBytes
from costcalc.schemas.answers.common import Number
from costcalc.schemas.answers.counts import (
    ComparedCount,
    ComparedLayer,
    ComparisonJson,
    DiffJson,
    ExplainedCount,
    ExplainedLayer,
    ExplanationJson,
    LayerComparisonJson,
    LayerData,
    ReportJson,
    TypeData,
)
from costcalc.schemas.answers.figures import CheckJson, ReconciliationJson, SearchJson
from costcalc.schemas.answers.formulas import (
    ClosedFormJson,
    ClosedTotal,
    FormulaCount,
    LayerFormulaJson,
)
from costcalc.schemas.answers.resources import (
    FitsAllJson,
    FitsJson,
    LatencyJson,
    MemoryJson,
    StepLatencyJson,
    StepMemoryJson,
    TrainingJson,
)
from costcalc.schemas.answers.settings import (
    CandidateData,
    CountJson,
    HistogramJson,
    NetworksJson,
    QuantilesJson,
    SolutionJson,
    SolvedSpaceJson,
    SpaceRow,
    SweepJson,
    SweepRow,
)
from costcalc.schemas.answers.shipped import (
    ConventionListJson,
    DeviceListJson,
    KindListJson,
    NetworkListJson,
    OneConventionJson,
    OneDeviceJson,
    OneKindJson,
    OneStorageJson,
    ParametersJson,
    StorageListJson,
)

COMMANDS: Mapping[str, tuple[type, ...]] = {
    "report": (ReportJson, ExplanationJson),
    "formula": (LayerFormulaJson, ClosedFormJson),
    "compare": (ComparisonJson, LayerComparisonJson),
    "diff": (DiffJson,),
    "sweep": (SweepJson, CountJson, HistogramJson, QuantilesJson, NetworksJson),
    "solve": (SolutionJson, SolvedSpaceJson),
    "check": (CheckJson, SearchJson),
    "reconcile": (ReconciliationJson, SearchJson),
    "memory": (MemoryJson, StepMemoryJson),
    "fits": (FitsJson, FitsAllJson),
    "latency": (LatencyJson, StepLatencyJson),
    "training": (TrainingJson,),
    "networks": (NetworkListJson, ParametersJson),
    "conventions": (ConventionListJson, OneConventionJson),
    "storages": (StorageListJson, OneStorageJson),
    "devices": (DeviceListJson, OneDeviceJson),
    "kinds": (KindListJson, OneKindJson),
}
"""What each command writes, as JSON."""

_ATTRIBUTES = sorted({name for kind in TABLE for name in kind.attributes} - {"out"})

MORE: Mapping[type, Mapping[str, Any]] = {
    TypeData: {**get_type_hints(TypeCost), **dict.fromkeys(RowBytes._fields, NotRequired[Any])},
    LayerData: {**dict.fromkeys((*_ATTRIBUTES, *RowBytes._fields), NotRequired[Any])},
    ExplainedLayer: dict.fromkeys(COUNTS, NotRequired[ExplainedCount]),
    ComparedLayer: dict.fromkeys(COUNTS, NotRequired[ComparedCount]),
    LayerFormulaJson: dict.fromkeys(COUNTS, NotRequired[FormulaCount]),
    ClosedFormJson: dict.fromkeys(METRICS, NotRequired[ClosedTotal]),
    SweepRow: dict.fromkeys(METRICS, NotRequired[Number | None]),
    SpaceRow: dict.fromkeys(METRICS, NotRequired[Number | None]),
    CandidateData: dict.fromkeys(METRICS, NotRequired[Number | None]),
}
"""Keys that are the names of a table's rows: metrics, and attributes of layer kinds."""
