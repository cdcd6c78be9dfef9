"""Kernel, strides, pads and dilations as ONNX writes them: what all sliding windows share."""

from __future__ import annotations

from typing import Any

from costcalc.importers.model import Sides
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import NodeProblem
from costcalc.kinds.base import ShapeError
from costcalc.kinds.windows import slide
from costcalc.records import NamedTuple

Pairs = tuple[tuple[int, int], ...]


class Window(NamedTuple):
    """A window over the axes behind the channels."""

    kernel: Sides
    strides: Sides
    pads: Pairs | None
    """Before and after each axis; None where they keep one position for every stride begun."""
    dilations: Sides
    is_ceil: bool = False

    def over(self, axes: Sides) -> Sides:
        """How many positions there are.

        Raises:
            NodeProblem: along some axis there are none.
        """
        pads = "same" if self.pads is None else self.pads
        try:
            return slide(axes, self.kernel, self.strides, pads, self.dilations, self.is_ceil)
        except ShapeError as error:
            raise NodeProblem(error.message, error.expected, error.found, error.hint) from None

    def arguments(self) -> dict[str, Any]:
        """The window as attributes of a kind."""
        return {
            "kernel": alike(self.kernel),
            "stride": alike(self.strides),
            "padding": "same" if self.pads is None else sides(self.pads),
            "dilation": alike(self.dilations),
        }

    def ahead(self) -> Window:
        """The window with an axis before its own, along which nothing slides."""
        return self._replace(
            kernel=(1, *self.kernel),
            strides=(1, *self.strides),
            pads=None if self.pads is None else ((0, 0), *self.pads),
            dilations=(1, *self.dilations),
        )


def window(call: Call, kernel: Sides) -> Window:
    """The window of a node, its kernel known.

    Raises:
        NodeProblem: its attributes do not fit the kernel.
    """
    rank = len(kernel)
    return Window(
        kernel,
        call.sizes("strides", rank, 1),
        padding(call, rank),
        call.sizes("dilations", rank, 1),
        bool(call.whole("ceil_mode", 0)),
    )


def padding(call: Call, rank: int) -> Pairs | None:
    """The pads of a node, None where they are chosen by its strides."""
    auto = call.word("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        return None
    if auto not in ("NOTSET", "VALID"):
        raise NodeProblem(
            "has an 'auto_pad' that ONNX does not have",
            expected="NOTSET, VALID, SAME_UPPER or SAME_LOWER",
            found=auto,
        )
    pads = call.sizes("pads", 2 * rank, 0, lowest=0) if auto == "NOTSET" else (0,) * (2 * rank)
    return tuple(zip(pads[:rank], pads[rank:], strict=True))


def alike(sizes: Sides) -> int | Sides:
    """One size for all axes where they are the same."""
    return sizes[0] if len({*sizes}) == 1 else sizes


def sides(pads: Pairs) -> Any:
    """Pads as short as they can be said."""
    if all(before == after for before, after in pads):
        return alike(tuple(before for before, _ in pads))
    return pads
