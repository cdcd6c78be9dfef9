"""Energy: a device's power for as long as a network needs; or a sum over events, under its name.

Power times time is what boards measure.  A sum over events, so much for a multiply-accumulate and
so much for a byte of each memory, compares designs: it leaves out clocks, leakage, control and
all else that a board draws, and is far below what boards measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from costcalc.errors import DeviceError, did_you_mean, refuse
from costcalc.performance.device import Device, Memory
from costcalc.records import NamedTuple
from costcalc.render.formatting import counted, prefixed
from costcalc.storing.traffic import Traffic

PICO = Fraction(1, 10**12)


class Level(NamedTuple):
    """A memory of an event model."""

    name: str
    most: int | None
    """The bytes of the largest memory that it stands for; None for one beside the chip."""
    per_byte: Fraction
    arithmetic: str


class EventModel(NamedTuple):
    """What events cost, by one source."""

    name: str
    title: str
    source: str
    unit: str
    """``J``, or what the figures are multiples of."""
    macs: Mapping[str, Fraction]
    """One multiply-accumulate, by dtype."""
    arithmetic: Mapping[str, str]
    levels: tuple[Level, ...]
    """The smallest first, memory beside the chip last."""

    def level(self, memory: Memory | None) -> Level:
        """The level that a memory is of: the first that is as large, or that beside the chip."""
        if memory is None or not memory.is_on_chip:
            return self.levels[-1]
        size = 0 if memory.size is None else memory.size.value
        on_chip = self.levels[:-1]
        fitting = (level for level in on_chip if level.most is not None and size <= level.most)
        return next(fitting, on_chip[-1])

    def cost(self, traffic: Traffic, dtype: str, device: Device) -> Fraction:
        """The sum over a step's events, its tensors in one memory and its weights in another."""
        tensors = device.ram or (device.dram and device.dram._replace(is_on_chip=False))
        weights = device.flash or tensors
        moved = traffic.read_bytes + traffic.write_bytes
        total: Fraction = (
            traffic.macs * self.macs[dtype]
            + moved * self.level(tensors).per_byte
            + traffic.weight_bytes * self.level(weights).per_byte
        )
        return total


class EventEnergy(NamedTuple):
    """An event model, and how far it was from a board."""

    model: EventModel
    board: Board
    on_board: Fraction
    """What the model gives for the network that was measured on the board."""

    @property
    def factor(self) -> Fraction | None:
        """How many times more was measured; None for a model without joules."""
        return self.board.joules / self.on_board if self.model.unit == "J" else None

    def amount(self, cost: Fraction) -> str:
        """A sum of the model for people."""
        if self.model.unit == "J":
            return prefixed(cost, "J")
        return f"{counted(int(cost))} {self.model.unit}"


class Board(NamedTuple):
    """A measured energy, to see how far an event model is from it."""

    network: str
    device: str
    joules: Fraction
    source: str


MEASURED = Board(
    network="mobilenet_v1_vww",
    device="stm32u575",
    joules=Fraction(19_206, 10**7),
    source="MLPerf Tiny v1.1, STMicroelectronics, NUCLEO_U575ZI_Q, visual wake words: 1,920.6 uJ",
)

_KIB = 1024

HOROWITZ = EventModel(
    name="horowitz-45nm",
    title="operations and accesses of 64 bits in 45 nm at 0.9 V",
    source="Horowitz, Computing's Energy Problem (and what we can do about it), ISSCC 2014",
    unit="J",
    macs=MappingProxyType(
        {
            "int8": Fraction(3, 10) * PICO,
            "fp16": Fraction(15, 10) * PICO,
            "fp32": Fraction(46, 10) * PICO,
        }
    ),
    arithmetic=MappingProxyType(
        {
            "int8": "0.2 + 0.1 pJ: a product of 8 bits, a sum of 32",
            "fp16": "1.1 + 0.4 pJ",
            "fp32": "3.7 + 0.9 pJ",
        }
    ),
    levels=(
        Level("cache of 8 KB", 8 * _KIB, Fraction(10, 8) * PICO, "10 / 8 pJ"),
        Level("cache of 32 KB", 32 * _KIB, Fraction(20, 8) * PICO, "20 / 8 pJ"),
        Level("cache of 1 MB", 1024 * _KIB, Fraction(100, 8) * PICO, "100 / 8 pJ"),
        Level("DRAM", None, Fraction(1300, 8) * PICO, "1300 / 8 pJ, the lower of 1.3 to 2.6 nJ"),
    ),
)

EYERISS = EventModel(
    name="eyeriss-65nm",
    title="multiples of a multiply-accumulate of 16 bits in 65 nm",
    source="Chen, Emer, Sze, Eyeriss: A Spatial Architecture, ISCA 2016, Table IV",
    unit="MAC",
    macs=MappingProxyType(dict.fromkeys(("int8", "fp16", "fp32"), Fraction(1))),
    arithmetic=MappingProxyType(dict.fromkeys(("int8", "fp16", "fp32"), "1, whatever the dtype")),
    levels=(
        Level("global buffer", None, Fraction(6, 2), "6 / 2 for a word of 16 bits"),
        Level("DRAM", None, Fraction(200, 2), "200 / 2 for a word of 16 bits"),
    ),
)

MODELS: Mapping[str, EventModel] = {model.name: model for model in (HOROWITZ, EYERISS)}
"""The event models by name."""


def named_model(name: str) -> EventModel:
    """The event model of that name.

    Raises:
        SpecError: there is none.
    """
    if name not in MODELS:
        hint = did_you_mean(name, MODELS)
        refuse(None, f"there is no energy model '{name}'", "one of " + ", ".join(MODELS), hint=hint)
    return MODELS[name]


def power(device: Device) -> Fraction:
    """Watts while a device runs a network.

    Raises:
        DeviceError: no source states them.
    """
    if device.power is None:
        refuse(
            None,
            f"no source states the power of {device.name}",
            expected="a device with a power; only then energy follows from time",
            error=DeviceError,
        )
    return device.power.value
