"""Bytes, seconds and training, as JSON: ``memory``, ``latency``, ``fits``, ``training``."""

from collections.abc import Mapping
from typing import Annotated, Literal, NotRequired, TypedDict

from costcalc.arena.plan import PLANNERS
from costcalc.gradients.optimizers import OPTIMIZERS
from costcalc.performance import DTYPES
from costcalc.schemas.answers.common import (
    AnswerJson,
    Notes,
    Number,
    Remarks,
    Setting,
    Settings,
    Shape,
)
from costcalc.storing.explain import AliveTensor


class OrderData(TypedDict):
    """The peaks of two orders of the steps."""

    searched: bool
    file_bytes: int
    best_bytes: int | None


class HaloData(TypedDict):
    """Patches under one way to treat their halos."""

    tile: Shape
    tile_bytes: int
    mult_adds: int
    extra_mult_adds: int


class PatchStage(TypedDict):
    """A first stage of layers that is run in patches, with what its halos cost."""

    last: str
    peak_bytes: int
    resident_peak_bytes: int
    output_bytes: int
    rest_bytes: int
    mult_adds: int
    clipped: HaloData
    unclipped: HaloData


class PatchData(TypedDict):
    """The first layers in patches."""

    patches: int
    mult_adds: int
    stages: list[PatchStage]


class StepData(TypedDict):
    """A step of the schedule."""

    name: str
    alive_bytes: int
    read_bytes: int
    write_bytes: int
    weight_bytes: int
    operations: int
    intensity: float | None


class TensorData(TypedDict):
    """A tensor of the schedule."""

    name: str
    bytes: int
    first: int
    last: int
    """The steps between which it is alive, both included."""
    offset: int | None
    """Null for a planner without addresses."""


class MemoryJson(AnswerJson, Notes):
    """``costcalc memory``."""

    network: str
    parameters: Settings
    storage: str
    planner: Annotated[str, tuple(PLANNERS)]
    batch: int
    weight_bytes: int
    peak_bytes: int
    """The planner's."""
    peak_step: str | None
    lower_bound_bytes: int
    lower_bound_step: str | None
    optimum_bytes: int | None
    """Null where it was not searched."""
    sum_bytes: int
    file_bytes: NotRequired[int]
    order: NotRequired[OrderData]
    patches: NotRequired[PatchData]
    stored: Mapping[str, int]
    steps: list[StepData]
    tensors: list[TensorData]


class StepMemoryJson(AnswerJson):
    """``costcalc memory --explain``."""

    network: str
    storage: str
    step: str
    layers: list[str]
    alive_bytes: int
    read_bytes: int
    write_bytes: int
    weight_bytes: int
    operations: int
    macs: int
    first_bytes: int
    intensity: float | None
    tensors: list[AliveTensor]


class Compulsory(TypedDict):
    """The bytes that any run moves."""

    input_output_bytes: int
    weight_bytes: int


class SpreadData(TypedDict):
    """How far measurements are from one another at one utilisation."""

    device: str | None
    count: int
    factor: float
    from_seconds: float
    to_seconds: float


class CalibrationData(TypedDict):
    """An estimate at the utilisation of another network."""

    network: str
    bound_seconds: float
    measured_seconds: float
    utilisation: float
    estimate_seconds: float
    spread: SpreadData


class EnergyModel(TypedDict):
    """Energy by the events of the layers."""

    name: str
    unit: str
    total: float
    measured_over_model: float | None


class TimedStep(TypedDict):
    """A step, and what limits it."""

    name: str
    operations: int
    bytes: int
    intensity: float | None
    limit: Literal["compute", "memory"]
    seconds: float
    energy: NotRequired[float]


class LatencyJson(AnswerJson, Remarks):
    """``costcalc latency``."""

    network: str
    parameters: Settings
    device: str
    dtype: Annotated[str, DTYPES]
    storage: str
    cores: int
    batch: int
    fused: bool
    fast_bytes: int | None
    peak: Number
    """Operations a second."""
    bandwidth: Number | None
    """Bytes a second."""
    weight_bandwidth: Number | None
    ridge: float | None
    """Operations for each byte at which both limits meet."""
    compulsory: Compulsory
    bound_seconds: float
    """No run is faster."""
    roofline_seconds: float
    serial_seconds: float
    operations: int
    measured_seconds: NotRequired[float]
    utilisation: NotRequired[float]
    calibration: NotRequired[CalibrationData]
    power_watts: NotRequired[float]
    bound_joules: NotRequired[float]
    measured_joules: NotRequired[float]
    energy_model: NotRequired[EnergyModel]
    layers: list[TimedStep]


class StepLatencyJson(AnswerJson):
    """``costcalc latency --explain``."""

    network: str
    device: str
    dtype: Annotated[str, DTYPES]
    storage: str
    step: str
    operations: int
    macs: int
    bytes: int
    read_bytes: int
    write_bytes: int
    weight_bytes: int
    intensity: float | None
    limit: Literal["compute", "memory"]
    compute_seconds: float
    memory_seconds: float
    seconds: float


class FitCheck(TypedDict):
    """What is needed of a device, and what it has."""

    name: str
    what: str
    unit: str
    needed: Number
    available: Number | None
    """Null if no source states it."""
    margin: Number | None
    holds: bool | None
    change: str
    fitting: NotRequired[Mapping[str, Setting]]


class FitsOnDevice(TypedDict):
    """Whether a network fits a device."""

    device: str
    dtype: Annotated[str, DTYPES]
    storage: str
    planner: str
    bound_ms: float
    fits: bool | None
    checks: list[FitCheck]


class FitsJson(AnswerJson, Remarks, FitsOnDevice):
    """``costcalc fits --device``."""

    network: str
    parameters: Settings
    fitting: NotRequired[Mapping[str, Setting]]


class FitsAllJson(AnswerJson, Remarks):
    """``costcalc fits`` without a device."""

    network: str
    parameters: Settings
    fits: bool
    devices: list[FitsOnDevice]
    without: NotRequired[list[str]]


class UpdateData(TypedDict):
    """Which params are updated."""

    subset: str
    last: int | None
    freeze: list[str]


class ZeroData(TypedDict):
    """How states are divided among ranks."""

    stage: int
    ranks: int


class TrainedParams(TypedDict):
    """Params, and those that are trained."""

    total: int
    trained: int


class TrainingCounts(TypedDict):
    """Mult-adds of one image."""

    forward: Number
    backward: Number
    recomputed: Number


class TrainingBytes(TypedDict):
    """Bytes of a batch."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    total: int
    buffers: int
    temporary: int
    lower_bound: int | None
    """Null for an estimate."""


class Kept(TypedDict):
    """What a layer keeps for its gradient."""

    what: str
    bytes: int


class TrainedLayer(TypedDict):
    """A layer of a network that is trained."""

    name: str
    kind: str
    forward: Number
    backward: Number
    kept_bytes: int
    kept: list[Kept]


class TrainingJson(AnswerJson):
    """``costcalc training``."""

    network: str
    parameters: Settings
    batch: int
    optimizer: Annotated[str, tuple(OPTIMIZERS)]
    dtype: str
    keeps: str
    mode: str
    update: UpdateData
    checkpoint: int | None
    zero: ZeroData
    params: TrainedParams
    mult_adds: TrainingCounts
    bytes: TrainingBytes
    layers: list[TrainedLayer]
    is_estimate: bool
    notes: list[str]
