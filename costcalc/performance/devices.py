"""Answers about devices: all that ship, or the figures of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from costcalc.performance import DTYPES
from costcalc.performance.device import CLASSES, Device, Figure, Memory
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import number, stated
from costcalc.render.page import Cell, Column, Page, Row, Table

_PEAKS = "Peaks are dense operations a second of all cores; a multiply-accumulate is two."
_NOT_STATED = "not stated"
_UNITS = {"clock": "Hz", "size": "B", "bandwidth": "B/s", "power": "W"}
"""The units of figures by the last word of their names; peaks are in operations a second."""


@dataclass(frozen=True, repr=False)
class Devices(Answer):
    """The devices that ship, or those that a search found."""

    devices: tuple[Device, ...]
    search: str = ""

    def page(self) -> Page:
        """One row for each device: peaks, the memory of activations, what it is."""
        columns = [
            Column("name", "Device"),
            Column("class", "Class", rank=2),
            *(Column(dtype, dtype, "right", audience="people") for dtype in DTYPES),
            Column("memory", "Memory", "right", audience="people", rank=1),
            Column("bandwidth", "Bandwidth", "right", audience="people", rank=3),
            *(Column(f"{dtype}_operations_per_second", "", audience="scripts") for dtype in DTYPES),
            *(Column(f"{name}_bytes", "", audience="scripts") for name in ("flash", "ram", "dram")),
            Column("title", "What it is", rank=2),
        ]
        rows = tuple(Row(_cells(device)) for device in self.devices)
        count = f"{len(rows)} device" + ("" if len(rows) == 1 else "s")
        found = (
            f" with '{self.search}' in name, title, class, processor or source"
            if self.search
            else ""
        )
        notes = (
            f"{count}{found}.",
            _PEAKS,
        )
        return Page("Devices", (), (Table("Devices", tuple(columns), rows, notes),))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc devices --format json``."""
        return {"format_version": FORMAT_VERSION, "devices": [_data(row) for row in self.devices]}


@dataclass(frozen=True, repr=False)
class DeviceFigures(Answer):
    """One device: every figure with its arithmetic and its source."""

    device: Device

    def page(self) -> Page:
        """The figures, as they are printed or multiplied out."""
        device = self.device
        facts = [
            ("class", device.device_class),
            ("processor", device.processor),
            ("cores", str(device.cores)),
            ("source", device.source),
        ]
        if device.lanes:
            lanes = (f"{count} {dtype}" for dtype, count in device.lanes.items())
            facts.insert(3, ("lanes", ", ".join(lanes)))
        beside = [name for name, memory in device.memories.items() if not memory.is_on_chip]
        if beside:
            facts.append(("beside the chip", ", ".join(beside)))
        columns = (
            Column("figure", "Figure"),
            Column("text", "Value", "right", audience="people"),
            Column("value", "Value", "right", audience="scripts"),
            Column("unit", "Unit", audience="scripts"),
            Column("arithmetic", "Arithmetic", rank=1),
            Column("note", "Note", rank=2),
            Column("other_source", "Source", audience="people", rank=1),
            Column("source", "Source", audience="scripts"),
        )
        rows = tuple(Row(_figure_cells(device, *figure)) for figure in device.figures)
        table = Table("Figures", columns, rows, tuple(_notes(device)))
        return Page(f"{device.name}: {device.title}", tuple(facts), (table,))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc devices NAME --format json``."""
        return {"format_version": FORMAT_VERSION, **_data(self.device)}


def listed(devices: Iterable[Device], search: str) -> Devices:
    """The devices with every word in their name, title, class, processor or source, by class."""
    words = search.lower().split()
    found = (device for device in devices if all(word in _searched(device) for word in words))
    by_class = sorted(found, key=lambda device: CLASSES.index(device.device_class))
    return Devices(tuple(by_class), search)


def _searched(device: Device) -> str:
    texts = (device.name, device.title, device.device_class, device.processor, device.source)
    return " ".join(texts).lower()


def _notes(device: Device) -> Iterator[str]:
    """How the figures are meant."""
    figures = [figure for _, figure in device.figures if figure is not None]
    yield _PEAKS
    if any(figure.arithmetic for figure in figures):
        yield "Arithmetic is in hertz, bytes, operations and watts."
    if any(figure.source == device.source for figure in figures):
        yield "An empty source: that of the device."


def _cells(device: Device) -> tuple[Cell, ...]:
    memory = device.ram or device.dram
    peaks = [device.peaks.get(dtype) for dtype in DTYPES]
    sizes = [named.size if named else None for named in (device.flash, device.ram, device.dram)]
    return (
        device.name,
        device.device_class,
        *(_text("peak", peak) for peak in peaks),
        _text("size", memory.size if memory else None),
        _text("bandwidth", memory.bandwidth if memory else None),
        *(_value(peak) for peak in peaks),
        *(_value(size) for size in sizes),
        device.title,
    )


def _figure_cells(device: Device, name: str, figure: Figure | None) -> tuple[Cell, ...]:
    unit = _unit(name)
    if figure is None:
        return (name, _NOT_STATED, None, unit, None, None, None, None)
    other = figure.source if figure.source != device.source else ""
    texts = (figure.arithmetic, figure.note, other, figure.source)
    return (name, _text(name, figure), _value(figure), unit, *(text or None for text in texts))


def _unit(name: str) -> str:
    return _UNITS.get(name.split()[-1], "OP/s")


def _text(name: str, figure: Figure | None) -> str | None:
    """A figure for people: sizes as they are written, KiB or GB, all others alike."""
    if figure is None:
        return None
    unit = _unit(name)
    return figure.text if unit == "B" else stated(figure.value, unit)


def _value(figure: Figure | None) -> Cell:
    """In base units, whole where it is."""
    if figure is None:
        return None
    return figure.value if figure.value.denominator > 1 else figure.value.numerator


def _data(device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "title": device.title,
        "class": device.device_class,
        "processor": device.processor,
        "source": device.source,
        "cores": device.cores,
        "clock": _figure_data(device.clock),
        "peak": _by_dtype(device.peaks),
        "sparse": _by_dtype(device.sparse),
        "lanes": dict(device.lanes),
        "flash": _memory_data(device.flash),
        "ram": _memory_data(device.ram),
        "cache": _memory_data(device.cache),
        "dram": _memory_data(device.dram),
        "power": _figure_data(device.power),
    }


def _by_dtype(figures: Mapping[str, Figure]) -> dict[str, Any]:
    return {dtype: _figure_data(figure) for dtype, figure in figures.items()}


def _memory_data(memory: Memory | None) -> dict[str, Any] | None:
    if memory is None:
        return None
    return {
        "size": _figure_data(memory.size),
        "bandwidth": _figure_data(memory.bandwidth),
        "on_chip": memory.is_on_chip,
    }


def _figure_data(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    texts = {"text": figure.text, "arithmetic": figure.arithmetic, "source": figure.source}
    return {"value": number(figure.value), **texts, "note": figure.note}
