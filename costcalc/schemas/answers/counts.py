"""What a network costs, as JSON: ``report``, ``compare``, ``diff``."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from costcalc.schemas.answers.common import (
    AnswerJson,
    Costs,
    Notes,
    Number,
    Remarks,
    Settings,
    Shape,
    Source,
    Unit,
)


class InputData(TypedDict):
    """An input of a network that has several."""

    name: str
    shape: Shape
    dtype: NotRequired[str]


class AccuracyData(TypedDict):
    """A published accuracy."""

    top1: Number
    """ImageNet, in per cent."""
    source: str


class GateCost(TypedDict):
    """What the gates of a network cost."""

    params: Number
    mult_adds: Number


class GatedBlock(TypedDict):
    """A block that a gate decides on."""

    name: str
    execute: Number | None
    """The probability that it runs."""
    gate_mult_adds: Number
    block_mult_adds: Number
    gate_percent: float


class GatedData(TypedDict):
    """The mult-adds of a network whose blocks do not always run."""

    gates: GateCost
    minimum: Number
    expected: Number | None
    maximum: Number
    blocks: list[GatedBlock]


class TypeData(TypedDict):
    """All layers of one type; with a storage, their bytes."""


class LayerData(TypedDict):
    """A layer with the attributes of its kind; with a storage, its bytes."""

    name: str
    kind: str
    type: str
    """As in MobileNetV1's Table 2."""
    input: Shape
    output: Shape
    mult_adds: Number | None
    """Null if the layer is not counted."""
    params: Number | None
    guessed: NotRequired[bool]
    """Whether its shape is a guess."""
    weights_alone: NotRequired[bool]
    """Whether it works on weights alone, whatever the input."""
    step: NotRequired[str | None]
    """The step of the schedule that computes it."""


class NetworkCosts(AnswerJson, Remarks):
    """What a network costs."""

    network: str
    convention: str
    unit: Unit
    source: Source
    parameters: Settings
    input: Shape
    inputs: NotRequired[list[InputData]]
    accuracy: NotRequired[AccuracyData]
    storage: NotRequired[str]
    planner: NotRequired[str]
    batch: NotRequired[int]
    totals: Costs
    types: list[TypeData]
    free: Mapping[str, int]
    """How many layers of a type the convention does not count."""
    guessed: NotRequired[list[str]]
    gated: NotRequired[GatedData]


class ReportJson(NetworkCosts):
    """``costcalc report``."""

    layers: list[LayerData]
    """In topological order."""


class ExplainedSymbol(TypedDict):
    """A symbol of a formula, with its value."""

    name: str
    meaning: str
    value: int | str | None
    """A whole number, or a ratio as text."""


class ExplainedCount(TypedDict):
    """A count of a layer, step by step."""

    rule: str
    text: str
    """The formula."""
    ascii: str
    latex: str
    numbers: str
    """The formula with the numbers in it."""
    value: Number


class ExplainedLayer(TypedDict):
    """A layer of an explanation, with its counts by metric."""

    name: str
    type: str
    free: bool
    shares: str | None
    symbols: list[ExplainedSymbol]


class ExplanationJson(AnswerJson):
    """``costcalc report --explain``."""

    network: str
    convention: str
    unit: Unit
    parameters: Settings
    explained: str
    block: str | None
    totals: Costs
    layers: list[ExplainedLayer]


class StageData(TypedDict):
    """The layers of one resolution."""

    size: Shape
    mult_adds: Number


class CauseOfRatio(TypedDict):
    """Layers that one network has fewer of, or more."""

    fewer: list[str]
    more: list[str]
    saved: Number


class ComparedNetwork(NetworkCosts):
    """A network's report without its layers, and its ratios to the baseline."""

    reference: str
    """As it was asked for."""
    stages: list[StageData]
    ratio: Costs
    causes: Mapping[str, list[CauseOfRatio]]


class ComparisonJson(AnswerJson):
    """``costcalc compare`` of networks."""

    baseline: str
    networks: list[ComparedNetwork]


class ComparedCount(TypedDict):
    """A count of a layer in a comparison."""

    formula: str
    value: Number | None


class ComparedLayer(TypedDict):
    """A layer of a comparison, with its counts by metric."""

    reference: str
    layer: str


class LayerComparisonJson(AnswerJson):
    """``costcalc compare`` of layers."""

    settings: Settings
    layers: list[ComparedLayer]


class Detail(TypedDict):
    """A value of two versions."""

    old: Any
    new: Any


class Change(TypedDict):
    """A layer that was added, removed or changed."""

    change: str
    layer: str
    type: str
    details: Mapping[str, Detail]
    mult_adds: Number
    params: Number


class DiffTotals(TypedDict):
    """The totals of two versions."""

    old: Costs
    new: Costs


class DiffJson(AnswerJson, Notes):
    """``costcalc diff``."""

    storage: NotRequired[str]
    planner: NotRequired[str]
    totals: DiffTotals
    changes: list[Change]
