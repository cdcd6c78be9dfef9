"""Normalisations, as they run at inference."""

from typing import Any, NamedTuple

from costcalc.formulas.algebra import exact_div
from costcalc.formulas.normalisation import (
    batch_norm_buffers,
    centring_additions,
    centring_divisions,
    centring_multiplications,
    lrn_additions,
    norm_params,
    scale_and_shift,
)
from costcalc.kinds.base import Count, Events, Flag, Shape, ShapeError, elements


class BatchNorm(NamedTuple):
    """Scale and shift of each channel, by statistics that training left behind.

    Ioffe and Szegedy, arXiv 1502.03167, algorithm 2: at inference one
    multiplication and one addition per element.  The learned params are gamma
    and beta; the running mean and variance are stored, not learned.
    """

    affine: Flag = True

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """One multiplication and one addition per element."""
        n, channels = elements(output), output[0]
        return Events(
            multiplications=scale_and_shift(n),
            additions=scale_and_shift(n),
            reads=n,
            writes=n,
            norm_params=norm_params(channels) if self.affine else 0,
            buffers=batch_norm_buffers(channels),
        )


class LayerNorm(NamedTuple):
    """Normalises all channels of a position together (Ba et al., arXiv 1607.06450)."""

    affine: Flag = True

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Mean and variance of each position over its channels."""
        channels = output[0]
        return _normalised(output, exact_div(elements(output), channels), self.affine)


class GroupNorm(NamedTuple):
    """Normalises groups of channels over the map (Wu and He, arXiv 1803.08494)."""

    groups: Count
    affine: Flag = True

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's.

        Raises:
            ShapeError: the groups do not divide the channels.
        """
        if inputs[0][0] % self.groups != 0:
            raise ShapeError(
                f"{inputs[0][0]} channels cannot be split into {self.groups} groups",
                expected="groups that divide the channels",
                found=f"groups: {self.groups}",
            )
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Mean and variance of each group."""
        return _normalised(output, self.groups, self.affine)


class InstanceNorm(NamedTuple):
    """Normalises each channel over the map (Ulyanov et al., arXiv 1607.08022)."""

    affine: Flag = False

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Mean and variance of each channel."""
        return _normalised(output, output[0], self.affine)


class LocalResponseNorm(NamedTuple):
    """AlexNet's normalisation over ``size`` neighbouring channels, section 3.3."""

    size: Count = 5

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Squares, their sum over the neighbours, a power and a division per element."""
        n = elements(output)
        return Events(
            multiplications=2 * n,
            additions=lrn_additions(n, self.size),
            functions=n,
            divisions=n,
            reads=n,
            writes=n,
        )


def _normalised(shape: Shape, statistics: Any, affine: bool) -> Events:
    """The events of normalising ``shape`` by that many means and variances.

    Each element is added to a mean, centred, squared and added to a variance,
    and scaled; each statistic takes two divisions, an epsilon and a root.
    """
    n = elements(shape)
    affinity = scale_and_shift(n) if affine else 0
    return Events(
        additions=centring_additions(n, statistics) + affinity,
        multiplications=centring_multiplications(n) + affinity,
        divisions=centring_divisions(statistics),
        functions=statistics,
        reads=n,
        writes=n,
        norm_params=norm_params(shape[0]) if affine else 0,
    )
