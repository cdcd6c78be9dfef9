"""A device as typed, frozen data: what a chip can compute, hold and move, with its sources.

A device is to seconds what a storage is to bytes: a small YAML file.  Each figure states where
it is printed, or the arithmetic that it follows from, and a test does the arithmetic again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType

from costcalc.records import NamedTuple

CLASSES = ("mcu", "npu", "accelerator", "phone", "board", "gpu")
"""What kind of device it is."""

MEMORIES = ("flash", "ram", "cache", "dram")
"""The names of memories."""


class Figure(NamedTuple):
    """A quantity of a device in base units: hertz, bytes, bytes or operations a second, watts."""

    value: Fraction
    source: str
    """Where it is printed, or what its arithmetic rests on."""
    arithmetic: str = ""
    """The expression that it follows from, over the device's ``clock`` and ``cores``."""
    note: str = ""
    text: str = ""
    """As it is written in the file: ``216 MHz``."""


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
    clock: Figure | None
    """Its highest."""
    peaks: Mapping[str, Figure]
    """Dense operations a second of all cores, by dtype; a multiply-accumulate is two."""
    sparse: Mapping[str, Figure] = MappingProxyType({})
    """The same at the sparsity that its data sheet prints; no bound uses it."""
    lanes: Mapping[str, int] = MappingProxyType({})
    """How many numbers one instruction works on, by dtype."""
    flash: Memory | None = None
    """Where weights are kept; None if they are loaded into ``ram`` or ``dram``."""
    ram: Memory | None = None
    """The memory on the chip that programs address, in which activations are."""
    cache: Memory | None = None
    """The caches on the chip, together, which keep what was used last of ``dram``."""
    dram: Memory | None = None
    """The memory beside the chip."""
    power: Figure | None = None
    """Watts while it runs a network, where a source states them."""

    @property
    def memories(self) -> Mapping[str, Memory]:
        """The memories that it has, by name."""
        named = {name: getattr(self, name) for name in MEMORIES}
        return {name: memory for name, memory in named.items() if memory is not None}

    @property
    def figures(self) -> Iterator[tuple[str, Figure | None]]:
        """Every figure with its name, ``peak int8``; None for what no source states."""
        yield "clock", self.clock
        yield from ((f"peak {dtype}", figure) for dtype, figure in self.peaks.items())
        yield from ((f"sparse {dtype}", figure) for dtype, figure in self.sparse.items())
        for name, memory in self.memories.items():
            yield f"{name} size", memory.size
            yield f"{name} bandwidth", memory.bandwidth
        yield "power", self.power

    def peak(self, dtype: str, cores: int | None = None) -> Fraction | None:
        """Dense operations a second of some cores, by default all; None without a peak."""
        figure = self.peaks.get(dtype)
        if figure is None:
            return None
        return figure.value * Fraction(cores or self.cores, self.cores)
