"""What a small fast memory makes a step move, if its operands do not fit there at once.

Each formula is a lower bound on the words that pass between a fast memory of S words and a large
one, whatever the order of the multiply-accumulates; a step moves that or its operands, whichever
is more.

    a matrix product        2 MACs / sqrt(S) - 2 S       Hong and Kung, STOC 1981, with the
                                                         constant of Smith et al., arXiv 1702.02017
    a convolution of k x k  2 MACs / sqrt(S R) - 2 S     R = k k / (stride stride): a word of input
                                                         serves as many windows; Chen et al.,
                                                         HPCA 2020, arXiv 1911.05662
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt, prod
from typing import Any

from costcalc.graph.layer import Layer, LayerGraph
from costcalc.kinds.base import MATRICES, spread
from costcalc.performance.roofline import Moves
from costcalc.storing.schedule import StoredNetwork


def words_moved(macs: int, words: int, reuse: Fraction = Fraction(1)) -> int:
    """Words that a product moves at least through a fast memory; 0 if the bound says nothing.

    >>> words_moved(64**3, 256)  # 2 * 64^3 / 16 - 2 * 256
    32256
    """
    square = Fraction(4 * macs * macs) / (words * reuse)
    whole = -(-square.numerator // square.denominator)
    return max(isqrt(max(whole - 1, 0)) + (whole > 0) - 2 * words, 0)


def blocked(
    graph: LayerGraph, network: StoredNetwork, work: Moves, size: int, bits: int, batch: int
) -> Moves:
    """The traffic of steps through a fast memory of some bytes.

    Args:
        graph: the network.
        network: its steps.
        work: what they move if each operand is read once.
        size: bytes of the fast memory.
        bits: of a number of the activations.
        batch: how many inputs are run at once.
    """
    words = max(8 * size // bits, 1)
    hosts = {step.name: step.layers[0] for step in network.schedule.steps if step.layers}
    rows = []
    for name, row in zip(work.names, work.traffic, strict=True):
        layer = graph.layers[hosts[name]] if name in hosts else None
        more = 0
        if layer is not None and layer.kind.family in MATRICES:
            moved = -(-_words(layer, words, batch) * bits // 8)
            more = max(moved - row.traffic_bytes, 0)
        rows.append(row._replace(read_bytes=row.read_bytes + more))
    return work._replace(traffic=tuple(rows))


def _words(layer: Layer, words: int, batch: int) -> int:
    """The words that a layer moves at least: those of one group, for each group."""
    operation: Any = layer.operation
    groups = getattr(operation, "groups", 1)
    macs = batch * int(layer.computation.events.macs) // groups
    return groups * words_moved(macs, words, _reuse(layer))


def _reuse(layer: Layer) -> Fraction:
    """How many windows of a convolution read an element of its input, at least one."""
    operation: Any = layer.operation
    if layer.kind.family != "convolution":
        return Fraction(1)
    axes = len(layer.output) - 1
    kernel, stride = (spread(getattr(operation, name), axes, name) for name in ("kernel", "stride"))
    return max(Fraction(prod(kernel), prod(stride)), Fraction(1))
