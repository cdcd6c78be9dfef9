"""Layers that move elements without computing: split, slice, shuffle, flatten, pad, crop."""

from typing import Annotated

from costcalc.formulas.algebra import Size, ceil_div, exact_div, product
from costcalc.formulas.windows import adaptive_rows
from costcalc.kinds.base import (
    Axis,
    Count,
    Events,
    FirstAxis,
    Number,
    Offset,
    Offsets,
    Padding,
    Shape,
    ShapeError,
    Spatial,
    Width,
    axis_of,
    channels_of,
    check_groups,
    elements,
    shape_text,
    sides_text,
    spatial_axes,
    spread,
)
from costcalc.kinds.pooling import mean
from costcalc.kinds.sampling import weighted
from costcalc.kinds.windows import pads
from costcalc.records import NamedTuple

Interpolation = Annotated[str, ("nearest", "bilinear", "bicubic", "area")]
Border = Annotated[str, ("zero", "reflect", "replicate", "circular")]
Noise = Annotated[str, ("element", "channel", "image")]


class Split(NamedTuple):
    """One of several equal parts of an axis, by default the channels; ``part`` counts from 1."""

    parts: Count
    part: Count = 1
    axis: Axis = 0

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C / parts, H, W)``.

        Raises:
            ShapeError: the parts are not equal, or there is no such part or axis.
        """
        axis = axis_of(self.axis, inputs[0])
        side, (what, where) = inputs[0][axis], _along(axis)
        if side % self.parts != 0:
            raise ShapeError(
                f"{side} {what} cannot be split into {self.parts} equal parts{where}",
                expected=f"parts that divide the {what}",
                found=f"parts: {self.parts}",
            )
        if self.part > self.parts:
            raise ShapeError(
                f"there is no part {self.part} of {self.parts}",
                expected=f"a part from 1 to {self.parts}",
                found=f"part: {self.part}",
            )
        return _replaced(inputs[0], axis, exact_div(side, self.parts))

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The part is read and written."""
        return _moved(output, output)


class Slice(NamedTuple):
    """Channels ``start`` up to but not including ``stop``, counted from 0; or another axis."""

    stop: Count
    start: Offset = 0
    axis: Axis = 0
    step: Count = 1
    """The distance from one place taken to the next."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``((stop - start) / step, H, W)``, rounded up.

        Raises:
            ShapeError: the input has no such channels, or no such axis.
        """
        axis = axis_of(self.axis, inputs[0])
        side, (what, where) = inputs[0][axis], _along(axis)
        if self.stop > side or self.start >= self.stop:
            raise ShapeError(
                f"{what} {self.start} to {self.stop} are not a part of {side}{where}",
                expected=f"0 <= start < stop <= {side}",
                found=f"start: {self.start}, stop: {self.stop}",
            )
        return _replaced(inputs[0], axis, ceil_div(self.stop - self.start, self.step))

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The slice is read and written."""
        return _moved(output, output)


class ChannelShuffle(NamedTuple):
    """Channels redistributed across groups (ShuffleNet, arXiv 1707.01083, section 3.1)."""

    groups: Count

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape.

        Raises:
            ShapeError: the groups do not divide the channels.
        """
        check_groups(inputs[0], self.groups, "shuffled across")
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
    """Does nothing at inference; in training, its ``rate`` is the share that it drops.

    By element (Srivastava et al., JMLR 15, 2014), by channel (Tompson et al., arXiv 1411.4280)
    or by image, which is stochastic depth (Huang et al., arXiv 1603.09382).
    """

    rate: Number = None
    noise: Noise = "element"
    """What is dropped as a whole: an element, a channel, or an image of the batch."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Nothing happens."""
        return Events()


class Identity(NamedTuple):
    """The input, under another name."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Nothing happens."""
        return Events()


class ZeroPad(NamedTuple):
    """Zeros around the map, or what ``mode`` puts there instead."""

    padding: Padding
    """In numbers."""
    axis: FirstAxis = 1
    """The first of the axes that are padded."""
    mode: Border = "zero"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C, H + before + after, W + before + after)``.

        Raises:
            ShapeError: there is no such axis, or it has too few elements to reflect or
                repeat; or the padding is 'same' or 'valid', which need a window.
        """
        if isinstance(self.padding, str):
            raise ShapeError(
                f"'{self.padding}' padding needs a window", expected="how many rows to add"
            )
        shape = inputs[0]
        if self.axis == 1:
            spatial_axes(shape, "zero padding")
        first = axis_of(self.axis, shape)
        sides = pads(self.padding, len(shape) - first)
        if self.mode in ("reflect", "circular"):
            # A reflection leaves out the element at the edge.
            left_out = 1 if self.mode == "reflect" else 0
            for n, pair in zip(shape[first:], sides, strict=True):
                if any(side > n - left_out for side in pair):
                    raise ShapeError(
                        f"{self.mode} padding needs as many elements as it adds",
                        expected=f"a padding of at most {n - left_out}",
                        found=" and ".join(str(side) for side in pair),
                    )
        return (
            *shape[:first],
            *(n + before + after for n, (before, after) in zip(shape[first:], sides, strict=True)),
        )

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The input is read, the padded map written."""
        return _moved(inputs[0], output)


class Crop(NamedTuple):
    """A part of a map: what ``cropping`` leaves, a ``size``, or the size of a second input.

    A part of a size is in the middle unless ``offset`` says where it begins, as in U-Net
    (arXiv 1505.04597) and Caffe.
    """

    cropping: Padding = None
    """What is taken off, in numbers."""
    size: Spatial = None
    offset: Offsets = None

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C, H', W')``.

        Raises:
            ShapeError: the part is not given, given twice, or not inside the map.
        """
        return (channels_of(inputs[0]), *(stop - start for start, stop in self.ends(inputs)))

    def ends(self, inputs: tuple[Shape, ...]) -> tuple[tuple[Size, Size], ...]:
        """Where the part begins and ends along each spatial axis.

        Raises:
            ShapeError: as :meth:`output_shape`.
        """
        axes = spatial_axes(inputs[0], "a crop")
        given = (self.cropping is not None) + (self.size is not None) + (len(inputs) > 1)
        if given != 1 or (self.cropping is not None and self.offset is not None):
            raise ShapeError(
                "a crop takes a cropping, a size or a second input",
                expected="one of the three; with an offset, one of the last two",
                found="none" if not given else "several" if given > 1 else "cropping and offset",
            )
        if self.cropping is not None:
            if isinstance(self.cropping, str):
                raise ShapeError(
                    f"'{self.cropping}' is not a cropping", expected="how many rows to take off"
                )
            sides = pads(self.cropping, len(axes))
            ends = tuple(
                (before, n - after) for n, (before, after) in zip(axes, sides, strict=True)
            )
        else:
            ends = self._of_size(inputs, axes)
        for n, (start, stop) in zip(axes, ends, strict=True):
            if start < 0 or stop > n or stop <= start:
                raise ShapeError(
                    f"places {start} to {stop} are not a part of {n}",
                    expected="a part of each side of the map",
                    found=f"a map of {sides_text(axes)}",
                )
        return ends

    def _of_size(self, inputs: tuple[Shape, ...], axes: Shape) -> tuple[tuple[Size, Size], ...]:
        if len(inputs) > 1:
            sizes = spatial_axes(inputs[1], "the size of a crop")
            if len(sizes) != len(axes):
                raise ShapeError(
                    "a map is cropped to one with as many axes",
                    expected=f"{len(axes)} spatial axes",
                    found=shape_text(inputs[1]),
                )
        else:
            sizes = spread(self.size, len(axes), "size")
        if self.offset is None:
            starts = tuple((n - size) // 2 for n, size in zip(axes, sizes, strict=True))
        else:
            starts = spread(self.offset, len(axes), "offset")
        return tuple((start, start + size) for start, size in zip(starts, sizes, strict=True))

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The part is read and written."""
        return _moved(output, output)


class PadChannels(NamedTuple):
    """Channels of zeros after those of the input, up to ``out``.

    The shortcut of ResNet's option A (arXiv 1512.03385, section 3.3).
    """

    out: Width

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(out, H, W)``.

        Raises:
            ShapeError: the input has more channels.
        """
        channels = channels_of(inputs[0])
        if self.out < channels:
            raise ShapeError(
                f"{channels} channels cannot be padded to {self.out}",
                expected=f"at least {channels} channels",
                found=f"out: {self.out}",
            )
        return (self.out, *inputs[0][1:])

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The input is read, the padded map written."""
        return _moved(inputs[0], output)


class Upsample(NamedTuple):
    """A map enlarged by a whole ``scale``, or brought to a ``size``."""

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
        """Copies for ``nearest``; for the others, a weighted sum per element of the output.

        Along each axis, the sum is over two neighbours for ``bilinear``, which is linear along
        one axis and trilinear along three, and over four for ``bicubic``; for ``area`` it is the
        mean over a window.
        """
        moved, n = _moved(inputs[0], output), elements(output)
        if self.mode == "nearest":
            return moved
        if self.mode == "area":
            rows = (adaptive_rows(a, b) for a, b in zip(inputs[0][1:], output[1:], strict=True))
            averaged = mean(output[0] * product(rows), n)
            return averaged._replace(reads=moved.reads, writes=n)
        return weighted(self.mode, len(output) - 1, n)._replace(reads=moved.reads, writes=n)


def _along(axis: int) -> tuple[str, str]:
    """Words for the elements along an axis, and for the axis unless it is the channels'."""
    return ("places", f" along axis {axis}") if axis else ("channels", "")


def _replaced(shape: Shape, axis: int, side: Size) -> Shape:
    """The shape with another side along an axis."""
    return (*shape[:axis], side, *shape[axis + 1 :])


def _moved(input: Shape, output: Shape) -> Events:
    return Events(reads=elements(input), writes=elements(output))
