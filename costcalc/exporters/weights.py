"""Random numbers for learnable tensors, reproducible from a seed on any machine.

They are uniform numbers from the raw bits of NumPy's PCG64, whose stream NumPy promises
not to change.  Each tensor has its own stream, generated in blocks as the file is
written, so that memory does not grow with the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import sqrt
from typing import NamedTuple

from costcalc.formats.file_bytes import ByteStream
from costcalc.formulas.algebra import product

NUMBER_BYTES = 4

_BLOCK = 1 << 18
"""How many numbers are generated at once."""


class Spread(NamedTuple):
    """A uniform distribution around a centre."""

    centre: float
    reach: float


BIAS = SHIFT = MEAN = Spread(0.0, 0.1)
SCALE = VARIANCE = Spread(1.0, 0.1)
OTHER = Spread(0.0, 0.25)


def weight(fan_in: int) -> Spread:
    """The spread of a weight that preserves the variance of activations.

    By He et al., arXiv 1502.01852, equation 10, the variance is 2 / fan-in; that of a
    uniform number is a third of its squared reach.
    """
    return Spread(0.0, sqrt(6 / fan_in))


def random_data(shape: tuple[int, ...], spread: Spread, seed: int, index: int) -> ByteStream:
    """The bytes of a tensor; ``index`` is its place among the network's tensors."""
    count = product(shape)
    return ByteStream(NUMBER_BYTES * count, partial(_chunks, count, spread, seed, index))


def random_bytes(count: int, reach: int, seed: int, index: int) -> ByteStream:
    """Whole numbers from ``-reach`` to ``reach``, a byte each."""
    return ByteStream(count, partial(_whole_chunks, count, reach, seed, index))


def zeros(size: int) -> ByteStream:
    """Bytes that are all 0."""
    return ByteStream(size, partial(_zero_chunks, size))


def _zero_chunks(size: int) -> Iterator[bytes]:
    for start in range(0, size, _BLOCK):
        yield bytes(min(_BLOCK, size - start))


def _whole_chunks(count: int, reach: int, seed: int, index: int) -> Iterator[bytes]:
    import numpy as np

    bits = np.random.PCG64(np.random.SeedSequence((seed, index)))
    for start in range(0, count, _BLOCK):
        raw = bits.random_raw(min(_BLOCK, count - start)) >> np.uint64(32)
        # Of 2^32 numbers, 2 * reach + 1 equal shares, as good as even.
        places = (raw * np.uint64(2 * reach + 1)) >> np.uint64(32)
        yield (places.astype(np.int64) - reach).astype(np.int8).tobytes()


def _chunks(count: int, spread: Spread, seed: int, index: int) -> Iterator[bytes]:
    import numpy as np

    bits = np.random.PCG64(np.random.SeedSequence((seed, index)))
    for start in range(0, count, _BLOCK):
        length = min(_BLOCK, count - start)
        # A float32 holds 24 bits exactly; the high bits are of better quality.
        uniform = (bits.random_raw(length) >> np.uint64(40)).astype(np.float64) / (1 << 24)
        numbers = spread.centre + spread.reach * (2 * uniform - 1)
        yield numbers.astype("<f4").tobytes()
