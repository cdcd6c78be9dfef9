"""Kernel, strides, pads and dilations as ONNX writes them: what all sliding windows share."""

from __future__ import annotations

from typing import Any

from costcalc.errors import Refusal
from costcalc.importers.model import Sides
from costcalc.importers.onnx.op_view import OpView
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
            Refusal: along some axis there are none.
        """
        pads = "same" if self.pads is None else self.pads
        return slide(axes, self.kernel, self.strides, pads, self.dilations, self.is_ceil)

    def arguments(self) -> dict[str, Any]:
        """The window in the words of costcalc's operations."""
        return {
            "kernel": self.kernel,
            "stride": self.strides,
            "padding": "same" if self.pads is None else self.pads,
            "dilation": self.dilations,
        }


def window(op: OpView, kernel: Sides) -> Window:
    """The window of a node, its kernel known.

    Raises:
        Refusal: its attributes do not fit the kernel.
    """
    rank = len(kernel)
    return Window(
        kernel,
        op.sizes("strides", rank, 1),
        padding(op, rank),
        op.sizes("dilations", rank, 1),
        bool(op.whole("ceil_mode", 0)),
    )


def padding(op: OpView, rank: int) -> Pairs | None:
    """The pads of a node, None where they are chosen by its strides."""
    auto = op.word("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        return None
    if auto not in ("NOTSET", "VALID"):
        raise Refusal(
            "has an 'auto_pad' that ONNX does not have",
            expected="NOTSET, VALID, SAME_UPPER or SAME_LOWER",
            found=auto,
        )
    pads = op.sizes("pads", 2 * rank, 0, lowest=0) if auto == "NOTSET" else (0,) * (2 * rank)
    return tuple(zip(pads[:rank], pads[rank:], strict=True))
