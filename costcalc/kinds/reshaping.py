"""Layers that move elements without computing: split, slice, shuffle, flatten, pad."""

from typing import Annotated, NamedTuple

from costcalc.formulas.algebra import exact_div
from costcalc.kinds.base import (
    Count,
    Events,
    Number,
    Offset,
    Padding,
    Shape,
    ShapeError,
    Spatial,
    Width,
    elements,
    spatial_axes,
    spread,
)
from costcalc.kinds.windows import pads

Interpolation = Annotated[str, ("nearest", "bilinear")]


class Split(NamedTuple):
    """One of several equal parts of the channels; ``part`` counts from 1."""

    parts: Count
    part: Count = 1

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C / parts, H, W)``.

        Raises:
            ShapeError: the parts are not equal, or there is no such part.
        """
        channels, *axes = inputs[0]
        if channels % self.parts != 0:
            raise ShapeError(
                f"{channels} channels cannot be split into {self.parts} equal parts",
                expected="parts that divide the channels",
                found=f"parts: {self.parts}",
            )
        if self.part > self.parts:
            raise ShapeError(
                f"there is no part {self.part} of {self.parts}",
                expected=f"a part from 1 to {self.parts}",
                found=f"part: {self.part}",
            )
        return (exact_div(channels, self.parts), *axes)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The part is read and written."""
        return _moved(output, output)


class Slice(NamedTuple):
    """Channels from ``start`` up to, not including, ``stop``; counted from 0."""

    stop: Count
    start: Offset = 0

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(stop - start, H, W)``.

        Raises:
            ShapeError: the input has no such channels.
        """
        channels, *axes = inputs[0]
        if self.stop > channels or self.start >= self.stop:
            raise ShapeError(
                f"channels {self.start} to {self.stop} are not a part of {channels}",
                expected=f"0 <= start < stop <= {channels}",
                found=f"start: {self.start}, stop: {self.stop}",
            )
        return (self.stop - self.start, *axes)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The slice is read and written."""
        return _moved(output, output)


class ChannelShuffle(NamedTuple):
    """Channels dealt out anew across groups (ShuffleNet, arXiv 1707.01083, section 3.1)."""

    groups: Count

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's.

        Raises:
            ShapeError: the groups do not divide the channels.
        """
        if inputs[0][0] % self.groups != 0:
            raise ShapeError(
                f"{inputs[0][0]} channels cannot be shuffled across {self.groups} groups",
                expected="groups that divide the channels",
                found=f"groups: {self.groups}",
            )
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Everything is read and written once."""
        return _moved(inputs[0], output)


class Flatten(NamedTuple):
    """All axes in one."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C * H * W,)``."""
        return (elements(inputs[0]),)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A view: nothing moves."""
        return Events()


class Dropout(NamedTuple):
    """Nothing, at inference; ``rate`` is kept for the reader."""

    rate: Number = None

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Nothing happens."""
        return Events()


class Identity(NamedTuple):
    """The input, under another name."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Nothing happens."""
        return Events()


class ZeroPad(NamedTuple):
    """Zeros around the map."""

    padding: Padding

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C, H + before + after, W + before + after)``.

        Raises:
            ShapeError: 'same' and 'valid' have no meaning without a window.
        """
        if isinstance(self.padding, str):
            raise ShapeError(
                f"'{self.padding}' padding needs a window", expected="how many rows to add"
            )
        axes = spatial_axes(inputs[0], "zero padding")
        sides = pads(self.padding, len(axes))
        return (
            inputs[0][0],
            *(n + before + after for n, (before, after) in zip(axes, sides, strict=True)),
        )

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The input is read, the padded map written."""
        return _moved(inputs[0], output)


class PadChannels(NamedTuple):
    """Channels of zeros behind those of the input, up to ``out``.

    The shortcut of ResNet's option A (arXiv 1512.03385, section 3.3).
    """

    out: Width

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(out, H, W)``.

        Raises:
            ShapeError: the input has more channels.
        """
        channels, *axes = inputs[0]
        if self.out < channels:
            raise ShapeError(
                f"{channels} channels cannot be padded to {self.out}",
                expected=f"at least {channels} channels",
                found=f"out: {self.out}",
            )
        return (self.out, *axes)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The input is read, the padded map written."""
        return _moved(inputs[0], output)


class Upsample(NamedTuple):
    """A map enlarged by a whole ``scale``, or to a ``size``."""

    scale: Spatial = None
    size: Spatial = None
    mode: Interpolation = "nearest"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C, H', W')``.

        Raises:
            ShapeError: neither or both of scale and size are given.
        """
        axes = spatial_axes(inputs[0], "upsampling")
        if (self.scale is None) == (self.size is None):
            raise ShapeError(
                "an upsampling takes a scale or a size",
                expected="one of the two",
                found="neither" if self.scale is None else "both",
            )
        if self.size is not None:
            return (inputs[0][0], *spread(self.size, len(axes), "size"))
        scales = spread(self.scale, len(axes), "scale")
        return (inputs[0][0], *(n * s for n, s in zip(axes, scales, strict=True)))

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Copies for ``nearest``; for ``bilinear`` four products and three sums each."""
        moved = _moved(inputs[0], output)
        if self.mode == "nearest":
            return moved
        n = elements(output)
        return moved._replace(multiplications=4 * n, additions=3 * n)


def _moved(input: Shape, output: Shape) -> Events:
    return Events(reads=elements(input), writes=elements(output))
