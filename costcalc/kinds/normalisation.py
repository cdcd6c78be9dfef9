"""Normalisations, as they run at inference."""

from costcalc.formulas.algebra import Size, exact_div
from costcalc.formulas.normalisation import (
    batch_norm_buffers,
    centring_additions,
    centring_divisions,
    centring_multiplications,
    lrn_additions,
    mean_square_additions,
    norm_params,
    norm_scales,
    scale_and_shift,
)
from costcalc.kinds.base import (
    Axes,
    Count,
    Events,
    Flag,
    Shape,
    axes_of,
    channels_of,
    check_groups,
    elements,
)
from costcalc.records import NamedTuple


class BatchNorm(NamedTuple):
    """Scales and shifts each channel, by statistics that training left behind.

    Ioffe and Szegedy, arXiv 1502.03167, algorithm 2: at inference one
    multiplication and one addition per element.  The learned params are gamma
    and beta; the running mean and variance are stored, not learned.
    """

    affine: Flag = True
    scale: Flag = True
    """Whether it has gamma, if affine."""
    bias: Flag = True
    """Whether it has beta, if affine."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape.

        Raises:
            ShapeError: it has no channels.
        """
        channels_of(inputs[0])
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """One multiplication and one addition per element."""
        n, channels = elements(output), output[0]
        return Events(
            multiplications=scale_and_shift(n),
            additions=scale_and_shift(n),
            reads=n,
            writes=n,
            norm_params=self._learned(channels) if self.affine else 0,
            buffers=batch_norm_buffers(channels),
        )

    def _learned(self, channels: Size) -> Size:
        if self.scale and self.bias:
            return norm_params(channels)
        return norm_scales(channels) if self.scale or self.bias else 0


class LayerNorm(NamedTuple):
    """Normalises over some axes, by default over the channels (Ba et al., arXiv 1607.06450)."""

    affine: Flag = True
    axes: Axes = (0,)
    """The channels by default."""
    bias: Flag = True
    """Whether it also shifts, if affine."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape.

        Raises:
            ShapeError: it has no such axes.
        """
        axes_of(self.axes, inputs[0])
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A mean and a variance at every position."""
        normalised = _extent(self.axes, output)
        statistics = exact_div(elements(output), normalised)
        return _normalised(output, statistics, self.affine, normalised, self.bias)


class RmsNorm(NamedTuple):
    """Divides by the root of the mean square over some axes, by default over the channels.

    Zhang and Sennrich, arXiv 1910.07467, equation (4): no mean is subtracted, and
    only a learned scale follows.
    """

    affine: Flag = True
    axes: Axes = (0,)

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape.

        Raises:
            ShapeError: it has no such axes.
        """
        axes_of(self.axes, inputs[0])
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A mean square at every position."""
        n, normalised = elements(output), _extent(self.axes, output)
        statistics = exact_div(n, normalised)
        return Events(
            additions=mean_square_additions(n, statistics),
            multiplications=centring_multiplications(n)
            + (scale_and_shift(n) if self.affine else 0),
            divisions=statistics,
            functions=statistics,
            reads=n,
            writes=n,
            norm_params=norm_scales(normalised) if self.affine else 0,
        )


class GroupNorm(NamedTuple):
    """Normalises groups of channels over the map (Wu and He, arXiv 1803.08494)."""

    groups: Count
    affine: Flag = True

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape.

        Raises:
            ShapeError: the groups do not divide the channels.
        """
        check_groups(inputs[0], self.groups, "split into")
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Mean and variance of each group."""
        return _normalised(output, self.groups, self.affine, output[0])


class InstanceNorm(NamedTuple):
    """Normalises each channel over the map (Ulyanov et al., arXiv 1607.08022)."""

    affine: Flag = False

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape.

        Raises:
            ShapeError: it has no channels.
        """
        channels_of(inputs[0])
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Mean and variance of each channel."""
        return _normalised(output, output[0], self.affine, output[0])


class LocalResponseNorm(NamedTuple):
    """AlexNet's normalisation over ``size`` neighbouring channels, section 3.3."""

    size: Count = 5

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape.

        Raises:
            ShapeError: it has no channels.
        """
        channels_of(inputs[0])
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


def _extent(axes: tuple[int, ...], shape: Shape) -> Size:
    """Elements that are normalised together."""
    return elements(tuple(shape[axis] for axis in axes_of(axes, shape)))


def _normalised(
    shape: Shape, statistics: Size, affine: bool, scales: Size, has_shift: bool = True
) -> Events:
    """The events of normalising ``shape`` by that many means and variances.

    Each element is added to a mean, centred, squared, added to a variance, and
    scaled; a mean and a variance take two divisions, an epsilon and a root.
    """
    n = elements(shape)
    affinity = scale_and_shift(n) if affine else 0
    learned = norm_params(scales) if has_shift else norm_scales(scales)
    return Events(
        additions=centring_additions(n, statistics) + (affinity if has_shift else 0),
        multiplications=centring_multiplications(n) + affinity,
        divisions=centring_divisions(statistics),
        functions=statistics,
        reads=n,
        writes=n,
        norm_params=learned if affine else 0,
    )
