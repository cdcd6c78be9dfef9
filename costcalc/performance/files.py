"""Devices, which are data files: where they are and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from costcalc.errors import DeviceError, Problems
from costcalc.performance import DTYPES
from costcalc.performance.device import CLASSES, Device, Figure, Memory
from costcalc.records import NamedTuple
from costcalc.reporting.printed import Figure as Printed
from costcalc.spec.data_file import DataFile, Shelf
from costcalc.spec.keys import refuse_others
from costcalc.spec.library import NameOrPath, read_bytes
from costcalc.spec.nodes import parse
from costcalc.spec.numbers import ExpressionError, Measure, is_number, measure
from costcalc.spec.tree import MapNode, Node, Scalar, given
from costcalc.spec.values import Values, line

TEXTS = ("name", "title", "processor", "source")
KEYS: Mapping[str, str] = {
    "name": "its name",
    "title": "the name that people know",
    "class": "what kind of device it is",
    "processor": "its processor: Cortex-M7",
    "source": "where its figures are printed; a figure may name another source",
    "cores": "how many cores it has; 1 by default",
    "clock": "its highest clock",
    "peak": "dense operations a second of all cores, by dtype; a multiply-accumulate is two",
    "sparse": "the same at the sparsity that its data sheet prints; no bound uses it",
    "lanes": "how many numbers one instruction works on, by dtype",
    "flash": "where weights are kept",
    "ram": "the memory on the chip that programs address",
    "cache": "the caches on the chip, together",
    "dram": "the memory beside the chip",
    "power": "watts while it runs a network",
}
"""What a device states."""

FIGURE: Mapping[str, str] = {
    "figure": "the quantity with its unit",
    "source": "where it is printed; by default the device's source",
    "arithmetic": "the expression that it follows from, over clock and cores",
    "note": "what a reader must know of it",
}
"""What a figure of a device states."""

MEMORY: Mapping[str, str] = {
    "size": "its bytes",
    "bandwidth": "bytes a second",
    "on_chip": "whether it is on the chip; dram is not, by default",
}
"""What a memory states."""

SHELF = Shelf("device", "devices", DeviceError)
MOST_CORES = 1_000_000
MOST_LANES = 65_536


class Quantity(NamedTuple):
    """What a figure must be."""

    unit: str
    least: Fraction
    most: Fraction
    range: str
    example: str


CLOCK = Quantity("Hz", Fraction(1000), Fraction(10**12), "1 kHz to 1 THz", "216 MHz")
SIZE = Quantity("B", Fraction(1), Fraction(1024**5), "1 B to 1024 TiB", "320 KiB")
BANDWIDTH = Quantity("B/s", Fraction(1), Fraction(10**18), "1 B/s to 1000 PB/s", "1.728 GB/s")
PEAK = Quantity("OP/s", Fraction(1), Fraction(10**21), "1 to 10^21 OP/s", "0.864 GOP/s")
POWER = Quantity("W", Fraction(1, 10**6), Fraction(10**6), "1 µW to 1 MW", "26 mW")
QUANTITIES: Mapping[str, Quantity] = {
    "clock": CLOCK,
    "size": SIZE,
    "bandwidth": BANDWIDTH,
    "peak": PEAK,
    "power": POWER,
}
"""The quantities that figures of a device state."""


def load(name: NameOrPath) -> Device:
    """The device of that name, or the one in the file of that path.

    Raises:
        DeviceError: there is no such device, or it is wrong.
    """
    return SHELF.load(name, _read)


def available() -> list[str]:
    """The names of the devices that ship with costcalc."""
    return SHELF.names()


def _read(path: str) -> Device:
    problems = Problems()
    device = _DeviceReader(path, problems).device()
    problems.raise_any(DeviceError)
    return device


class _DeviceReader(DataFile):
    """Reads one file; errors go to ``problems``."""

    def __init__(self, path: str, problems: Problems) -> None:
        super().__init__(path, SHELF, KEYS, problems)
        self.scope: dict[str, Any] = {}
        """The clock in hertz and the number of cores, once they are read."""
        self.source = ""

    def device(self) -> Device:
        """The device that the file describes.

        Raises:
            DeviceError: it is not a mapping.
        """
        data = read_bytes(self.path, self.path)
        root = self.mapping(parse(data, self.path, self.problems, self.noun))
        texts = {name: self.text(root, name, is_required=True) for name in TEXTS}
        self.source = texts["source"]
        self.check_name(root, texts["name"])
        node = self.required(root, "class", "one of " + ", ".join(CLASSES))
        device_class = self.word(node, CLASSES) if node else None
        node = given(root.get("cores"))
        cores = self.whole(node, MOST_CORES, "cores") if node else 1
        node = given(root.get("clock"))
        clock = self.figure(node, CLOCK) if node else None
        self.scope = {"cores": cores}
        if node is not None:
            self.scope["clock"] = clock and clock.value
        return Device(
            name=texts["name"],
            title=texts["title"],
            device_class=device_class or "",
            processor=texts["processor"],
            source=texts["source"],
            cores=cores or 1,
            clock=clock,
            peaks=self.peaks(root),
            sparse=self.figures(given(root.get("sparse"))),
            lanes=self.lanes(given(root.get("lanes"))),
            flash=self.memory(root.get("flash"), is_on_chip=True),
            ram=self.memory(root.get("ram"), is_on_chip=True),
            cache=self.memory(root.get("cache"), is_on_chip=True),
            dram=self.memory(root.get("dram"), is_on_chip=False),
            power=self.optional(root.get("power"), POWER),
        )

    def peaks(self, root: MapNode) -> Mapping[str, Figure]:
        """Dense operations a second by dtype, at least one."""
        expected = f"{{int8: {PEAK.example}}}"
        node = self.required(root, "peak", expected)
        count = len(self.problems)
        peaks = self.figures(node)
        if node and not peaks and len(self.problems) == count:
            self.problems.add(node.mark, "a device must state a peak", expected)
        return peaks

    def required(self, root: MapNode, name: str, expected: str) -> Node | None:
        """The value of a key; None, and a problem, if it is left out."""
        node = root.get(name)
        if given(node) is None:
            mark = node.mark if node else root.mark
            self.problems.add(mark, f"a device must state its {name}", expected)
            return None
        return node

    def memory(self, node: Node | None, is_on_chip: bool) -> Memory | None:
        """A memory, by default on the chip or not; None if there is none, or after a problem."""
        if given(node) is None or node is None:
            return None
        if not isinstance(node, MapNode):
            expected = "{size: 320 KiB, bandwidth: 1.728 GB/s}"
            self.problems.add(node.mark, "a memory is a mapping", expected, str(node))
            return None
        refuse_others(node.keys, MEMORY, "a memory has no", self.problems)
        size = self.optional(node.get("size"), SIZE)
        bandwidth = self.optional(node.get("bandwidth"), BANDWIDTH)
        where = node.get("on_chip")
        if where is not None:
            is_on_chip = self.word(where, ("true", "false")) == "true"
        return Memory(size, bandwidth, is_on_chip)

    def figures(self, node: Node | None) -> Mapping[str, Figure]:
        """Operations a second by dtype."""
        entries = self.by_dtype(node, PEAK.example)
        figures = {dtype: self.figure(value, PEAK) for dtype, value in entries.items()}
        return {dtype: figure for dtype, figure in figures.items() if figure is not None}

    def lanes(self, node: Node | None) -> Mapping[str, int]:
        """Numbers by dtype."""
        entries = self.by_dtype(node, "4")
        lanes = {dtype: self.whole(value, MOST_LANES, "lanes") for dtype, value in entries.items()}
        return {dtype: number for dtype, number in lanes.items() if number is not None}

    def by_dtype(self, node: Node | None, example: str) -> Mapping[str, Node]:
        """What is stated of each dtype; one that is null is left out."""
        if node is None:
            return {}
        if not isinstance(node, MapNode):
            expected = f"{{int8: {example}}}"
            self.problems.add(node.mark, "a value for each dtype is expected", expected, str(node))
            return {}
        refuse_others(node.keys, DTYPES, "there is no dtype", self.problems)
        entries = {key.text: value for key, value in node.entries if key.text in DTYPES}
        return {dtype: value for dtype, value in entries.items() if given(value) is not None}

    def optional(self, node: Node | None, quantity: Quantity) -> Figure | None:
        """A figure; None if it is left out or null."""
        return self.figure(node, quantity) if node and given(node) is not None else None

    def figure(self, node: Node, quantity: Quantity) -> Figure | None:
        """``216 MHz``, or a mapping with the figure, its source, arithmetic and a note."""
        parts: dict[str, Node] = {"figure": node}
        if isinstance(node, MapNode):
            refuse_others(node.keys, FIGURE, "a figure has no", self.problems)
            parts = {key.text: value for key, value in node.entries}
        printed = parts.get("figure", node)
        read = self.measured(printed, quantity)
        texts = {name: line(parts.get(name), self.problems) for name in FIGURE if name != "figure"}
        if read is None or not isinstance(printed, Scalar):
            return None
        if texts["arithmetic"]:
            self.check_arithmetic(parts["arithmetic"], printed.text, read)
        source = texts["source"] or self.source
        return Figure(read.value, source, texts["arithmetic"], texts["note"], printed.text)

    def measured(self, node: Node, quantity: Quantity) -> Measure | None:
        """A quantity within its bounds; None after a problem."""
        expected = f"{quantity.range}, as in '{quantity.example}'"
        read = None
        try:
            read = measure(node.text, quantity.unit) if isinstance(node, Scalar) else None
        except ExpressionError as error:
            expected = error.expected
        if read is not None and quantity.least <= read.value <= quantity.most:
            return read
        self.problems.add(node.mark, f"not a quantity in {quantity.unit}", expected, str(node))
        return None

    def check_arithmetic(self, node: Node, text: str, printed: Measure) -> None:
        """Notes arithmetic without a value, or with another one than the figure's digits."""
        # Names of quantities that are wrong themselves are known, so that they are noted once.
        expression = Values(self.scope, self.problems).size(node)
        if expression is None or any(self.scope[name] is None for name in expression.names):
            return
        try:
            value = expression.evaluate(self.scope)
        except ExpressionError as error:
            self.problems.note(error.problem(node.mark))
            return
        except ZeroDivisionError:
            self.problems.add(node.mark, "division by zero", found=str(node))
            return
        if not is_number(value):
            expected = "numbers, clock, cores, + - * / and parentheses"
            self.problems.add(node.mark, "this is not arithmetic", expected, str(node))
            return
        figure = Printed(text, "", printed.number, printed.decimals, "")
        if figure.fit(value / printed.scale) is None:
            shown = figure.show(value / printed.scale)
            unit = text.lstrip("0123456789,. ")
            self.problems.add(
                node.mark,
                f"the arithmetic gives {shown} {unit}, the figure is {text}",
                expected="the same digits, rounded or truncated",
                found=str(node),
            )


__all__ = ["available", "load"]
