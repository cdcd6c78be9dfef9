"""What ships, as JSON: ``networks``, ``conventions``, ``storages``, ``devices``, ``kinds``."""

from collections.abc import Mapping
from typing import Annotated, NotRequired, TypedDict

from costcalc.arena.plan import PLANNERS
from costcalc.costs.rules import COUNTS
from costcalc.performance import DTYPES
from costcalc.performance.device import CLASSES
from costcalc.reporting.kinds import Argument
from costcalc.reporting.layers import Totals
from costcalc.schemas.answers.common import (
    AnswerJson,
    Number,
    Setting,
    Settings,
    Shape,
    Source,
)
from costcalc.schemas.answers.counts import AccuracyData
from costcalc.storing.storage import ROLES


class ShippedNetwork(TypedDict):
    """A network that ships, at its defaults."""

    name: str
    title: str
    source: Source
    parameters: Settings
    input: Shape
    totals: Totals
    family: str
    year: int | None
    accuracy: NotRequired[AccuracyData]
    spec: str
    """The network that it is a variant of."""


class NetworkListJson(AnswerJson):
    """``costcalc networks``."""

    convention: str
    networks: list[ShippedNetwork]


class ParameterData(TypedDict):
    """A parameter of a network."""

    name: str
    default: Setting
    allowed: str
    doc: str
    space: NotRequired[str]


class ParametersJson(AnswerJson):
    """``costcalc networks NETWORK``."""

    network: str
    source: Source
    description: str
    parameters: list[ParameterData]


class RuleData(TypedDict):
    """A rule of a convention."""

    metric: Annotated[str, COUNTS]
    kind: str
    rule: str
    source: str
    note: str


class ConventionData(TypedDict):
    """A counting convention."""

    name: str
    title: str
    tool: str
    version: str
    unit: str
    source: str
    rules: list[RuleData]
    unmeasured: list[str]
    undefined: Mapping[str, str]


class ConventionListJson(AnswerJson):
    """``costcalc conventions``."""

    conventions: list[ConventionData]


class OneConventionJson(AnswerJson, ConventionData):
    """``costcalc conventions NAME``."""


class StorageData(TypedDict):
    """A storage."""

    name: str
    title: str
    source: str
    bits: Mapping[Annotated[str, ROLES], int]
    mixed: Mapping[str, int]
    norms: str
    fused: list[str]
    in_place: list[str]
    concat: str
    keeps: list[str]
    alignment: int
    scratch: Mapping[str, list[str]]
    scales: Mapping[str, int]
    planner: Annotated[str, tuple(PLANNERS)]
    unit: str


class StorageListJson(AnswerJson):
    """``costcalc storages``."""

    storages: list[StorageData]


class OneStorageJson(AnswerJson, StorageData):
    """``costcalc storages NAME``."""


class FigureData(TypedDict):
    """A figure of a device, in base units."""

    value: Number
    text: str
    arithmetic: str
    source: str
    note: str


class MemoryData(TypedDict):
    """A memory of a device; null for what no source states."""

    size: FigureData | None
    bandwidth: FigureData | None
    on_chip: bool


_Class = TypedDict("_Class", {"class": Annotated[str, CLASSES]})


class DeviceData(_Class):
    """A device."""

    name: str
    title: str
    processor: str
    source: str
    cores: int
    clock: FigureData | None
    peak: Mapping[Annotated[str, DTYPES], FigureData]
    sparse: Mapping[Annotated[str, DTYPES], FigureData]
    lanes: Mapping[Annotated[str, DTYPES], int]
    flash: MemoryData | None
    ram: MemoryData | None
    cache: MemoryData | None
    dram: MemoryData | None
    power: FigureData | None


class DeviceListJson(AnswerJson):
    """``costcalc devices``."""

    devices: list[DeviceData]


class OneDeviceJson(AnswerJson, DeviceData):
    """``costcalc devices NAME``."""


class ArityData(TypedDict):
    """How many inputs a layer reads; null for no bound."""

    least: int
    most: int | None


class KindData(TypedDict):
    """A layer kind."""

    name: str
    title: str
    family: str
    aliases: list[str]
    inputs: ArityData
    becomes: str | None
    summary: str
    arguments: list[Argument]


class ExampleData(TypedDict):
    """A layer of a kind, with the events in it."""

    spec: str
    inputs: list[Shape]
    output: Shape
    events: Mapping[str, int]


class KindListJson(AnswerJson):
    """``costcalc kinds``."""

    kinds: list[KindData]


class OneKindJson(AnswerJson, KindData):
    """``costcalc kinds NAME``."""

    example: ExampleData
