"""A device as typed, frozen data: what a chip can compute, hold and move, with its sources.

A device is to seconds what a storage is to bytes: a small YAML file.  Each figure states where
it is printed, or the arithmetic that it follows from, and a test does the arithmetic again.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from costcalc.records import NamedTuple

DTYPES = ("int8", "fp16", "fp32")
"""Types of numbers that a device may have a peak for."""

CLASSES = ("mcu", "npu", "accelerator", "phone", "board", "gpu")
"""What kind of device it is."""


class Figure(NamedTuple):
    """A quantity of a device in base units: hertz, bytes, bytes or operations a second, watts."""

    value: Fraction
    source: str
    """Where it is printed."""
    arithmetic: str = ""
    """The expression that it follows from, over the device's ``clock`` and ``cores``."""
    note: str = ""


class Memory(NamedTuple):
    """A memory; None for what no source states."""

    size: Figure | None
    bandwidth: Figure | None
    is_on_chip: bool = True


class Device(NamedTuple):
    """A chip or a board, with its source."""

    name: str
    title: str
    device_class: str
    """One of :data:`CLASSES`."""
    processor: str
    source: str
    cores: int
    clock: Figure
    peaks: Mapping[str, Figure]
    """Dense operations a second of all cores, by dtype; a multiply-accumulate is two."""
    sparse: Mapping[str, Figure] = MappingProxyType({})
    """The same at the sparsity that its data sheet prints; no bound uses it."""
    lanes: Mapping[str, int] = MappingProxyType({})
    """How many numbers one instruction works on, by dtype."""
    flash: Memory | None = None
    """Where weights are kept; None if they are loaded into ``ram`` or ``dram``."""
    ram: Memory | None = None
    """The memory on the chip in which activations are."""
    dram: Memory | None = None
    """The memory beside the chip."""
    power: Figure | None = None
    """Watts while it runs a network, where a source states them."""

    def peak(self, dtype: str, cores: int | None = None) -> Fraction | None:
        """Dense operations a second of some cores, by default all; None without a peak."""
        figure = self.peaks.get(dtype)
        if figure is None:
            return None
        return figure.value * Fraction(cores or self.cores, self.cores)
