"""When each tensor of a network is alive: steps in the order in which they run.

Sizes are bytes, and may be whole numbers, arrays of them or symbols, as everywhere.

>>> x, y = Tensor("x", 3072, 0, 0), Tensor("y", 14400, 0, 1)
>>> Schedule((Step("conv", reads=(0,), writes=(1,)), Step("relu", (1,), ())), (x, y)).alive
(17472, 14400)
"""

from __future__ import annotations

from collections.abc import Iterable

from costcalc.formulas.algebra import Size
from costcalc.records import NamedTuple


class Tensor(NamedTuple):
    """A tensor that needs memory while the network runs: an activation or scratch.

    Constants are not tensors of a schedule: they stand in flash.
    """

    name: str
    bytes: Size
    first: int
    """The step that produces it; 0 for an input of the network."""
    last: int
    """The last step that reads it, which is in use itself; never before ``first``."""
    offset: int | None = None
    """Its address, if the network's file fixes it."""


class Step(NamedTuple):
    """One operator of the network as a runtime runs it: a layer with what is fused into it."""

    name: str
    reads: tuple[int, ...] = ()
    """Indices of the schedule's tensors, each once."""
    writes: tuple[int, ...] = ()
    """Outputs and scratch."""
    layers: tuple[int, ...] = ()
    """Indices of the graph's layers that it computes; empty if there is no graph."""


CONSTANTS = ("weights", "biases", "constants", "quantisation", "metadata")
"""What is stored: numbers of layers, other tensors such as shapes, scales, facts for runtimes."""


class Constant(NamedTuple):
    """Stored numbers of a network: what flash holds."""

    name: str
    bytes: Size
    layer: int | None = None
    """The graph's layer that they belong to, if known."""
    role: str = "weights"
    """One of :data:`CONSTANTS`."""


class Schedule(NamedTuple):
    """The steps of a network in order, its tensors with their lifetimes, and its constants.

    The order of the tensors is the one in which they are handed to a planner, which decides
    between equals.
    """

    steps: tuple[Step, ...]
    tensors: tuple[Tensor, ...]
    constants: tuple[Constant, ...] = ()
    file_bytes: int | None = None
    """The size of the file that it was read from, with the constants and all else in it."""

    @property
    def alive(self) -> tuple[Size, ...]:
        """The bytes alive in each step: the liveness that bounds every plan from below."""
        sums: list[Size] = [0] * len(self.steps)
        for tensor in self.tensors:
            for step in range(tensor.first, tensor.last + 1):
                sums[step] += tensor.bytes
        return tuple(sums)

    def at(self, step: int) -> Iterable[Tensor]:
        """The tensors alive in a step."""
        return (tensor for tensor in self.tensors if tensor.first <= step <= tensor.last)
