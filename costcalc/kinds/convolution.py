"""Convolutions: standard, grouped, depthwise, pointwise, dilated, transposed."""

from math import gcd

from costcalc.formulas.algebra import Size
from costcalc.formulas.convolution import (
    conv_mult_adds,
    conv_weights,
    transposed_conv_mult_adds,
)
from costcalc.formulas.windows import transposed_output
from costcalc.kinds.base import (
    Count,
    Events,
    Flag,
    Offsets,
    Padding,
    Shape,
    ShapeError,
    Spatial,
    Width,
    channels_of,
    elements,
    sides_text,
    spatial_axes,
    spread,
)
from costcalc.kinds.windows import pads, slide
from costcalc.records import NamedTuple


class Conv(NamedTuple):
    """A convolution; ``groups`` split both the input's and the output's channels."""

    out: Width
    kernel: Spatial
    stride: Spatial = 1
    padding: Padding = "same"
    dilation: Spatial = 1
    groups: Count = 1
    bias: Flag = True

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(out, H', W')``."""
        axes = spatial_axes(inputs[0], "a convolution")
        spread(self.kernel, len(axes), "kernel")
        _check_groups(inputs[0][0], self.out, self.groups)
        return (
            self.out,
            *slide(axes, self.kernel, self.stride, self.padding, self.dilation),
        )

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Every weight once per output position; with a bias, an addition per output element."""
        (M, *axes), (N, *positions) = inputs[0], output
        kernel = spread(self.kernel, len(axes), "kernel")
        return Events(
            macs=conv_mult_adds(kernel, M, N, positions, self.groups),
            additions=elements(output) if self.bias else 0,
            reads=elements(inputs[0]),
            writes=elements(output),
            weights=conv_weights(kernel, M, N, self.groups),
            biases=N if self.bias else 0,
        )


class Depthwise(NamedTuple):
    """A convolution with one group for every input channel."""

    kernel: Spatial
    stride: Spatial = 1
    padding: Padding = "same"
    dilation: Spatial = 1
    multiplier: Count = 1
    bias: Flag = True

    def resolve(self, inputs: tuple[Shape, ...]) -> Conv:
        """The grouped convolution that this is, once the channels are known."""
        channels = channels_of(inputs[0])
        return Conv(
            out=channels * self.multiplier,
            kernel=self.kernel,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=channels,
            bias=self.bias,
        )


class Pointwise(NamedTuple):
    """A 1 x 1 convolution."""

    out: Width
    stride: Spatial = 1
    groups: Count = 1
    bias: Flag = True

    def resolve(self, inputs: tuple[Shape, ...]) -> Conv:
        """The convolution that this is."""
        return Conv(out=self.out, kernel=1, stride=self.stride, groups=self.groups, bias=self.bias)


class TransposedConv(NamedTuple):
    """A transposed convolution ("deconvolution"); ``same`` padding gives stride times input."""

    out: Width
    kernel: Spatial
    stride: Spatial = 1
    padding: Padding = "same"
    output_padding: Offsets = 0
    dilation: Spatial = 1
    groups: Count = 1
    bias: Flag = True

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(out, H', W')``."""
        axes = spatial_axes(inputs[0], "a transposed convolution")
        rank = len(axes)
        _check_groups(inputs[0][0], self.out, self.groups)
        kernels = spread(self.kernel, rank, "kernel")
        strides = spread(self.stride, rank, "stride")
        dilations = spread(self.dilation, rank, "dilation")
        extras = spread(self.output_padding, rank, "output_padding")
        if isinstance(self.padding, str) and self.padding == "same":
            if any(extra > 0 for extra in extras):
                raise ShapeError(
                    "'same' padding leaves no room for an output padding",
                    expected="a padding in numbers",
                    found=f"output_padding: {sides_text(extras)}",
                )
            return (self.out, *(n * s for n, s in zip(axes, strides, strict=True)))
        if any(
            extra > 0 and extra >= s and extra >= d
            for extra, s, d in zip(extras, strides, dilations, strict=True)
        ):
            raise ShapeError(
                "an output padding must be smaller than the stride, or than the dilation",
                expected=f"less than {sides_text(strides)} or {sides_text(dilations)}",
                found=f"output_padding: {sides_text(extras)}",
            )
        sides = tuple(
            transposed_output(n, k, s, before, after, d, extra)
            for n, k, s, (before, after), d, extra in zip(
                axes, kernels, strides, pads(self.padding, rank), dilations, extras, strict=True
            )
        )
        if any(side <= 0 for side in sides):
            raise ShapeError(
                "the padding cuts away the whole output",
                expected="an output of at least 1",
                found=sides_text(sides),
                hint="less padding",
            )
        return (self.out, *sides)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Every weight once per input position; with a bias, an addition per output element."""
        (M, *axes), N = inputs[0], output[0]
        kernel = spread(self.kernel, len(axes), "kernel")
        return Events(
            macs=transposed_conv_mult_adds(kernel, M, N, axes, self.groups),
            additions=elements(output) if self.bias else 0,
            reads=elements(inputs[0]),
            writes=elements(output),
            weights=conv_weights(kernel, M, N, self.groups),
            biases=N if self.bias else 0,
        )


class TransposedDepthwise(NamedTuple):
    """A transposed convolution with one group for every input channel."""

    kernel: Spatial
    stride: Spatial = 1
    padding: Padding = "same"
    output_padding: Offsets = 0
    dilation: Spatial = 1
    multiplier: Count = 1
    bias: Flag = True

    def resolve(self, inputs: tuple[Shape, ...]) -> TransposedConv:
        """The grouped convolution that this is, once the channels are known."""
        channels = channels_of(inputs[0])
        return TransposedConv(
            out=channels * self.multiplier,
            kernel=self.kernel,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation,
            groups=channels,
            bias=self.bias,
        )


def is_depthwise(groups: Size, channels: Size) -> bool:
    """Whether every input channel is a group of its own; a single channel is not split."""
    return bool(groups == channels and groups != 1)


def _check_groups(M: Size, N: Size, groups: Size) -> None:
    """Checks that groups divide the input's and the output's channels.

    Raises:
        ShapeError: they do not.
    """
    for channels, which in ((M, "input"), (N, "output")):
        if channels % groups != 0:
            raise ShapeError(
                f"{channels} {which} channels cannot be split into {groups} groups",
                expected=f"groups that divide the {M} input and the {N} output channels",
                found=f"groups: {groups}",
                hint=_nearest_groups(M, N, groups),
            )


def _nearest_groups(M: Size, N: Size, groups: Size) -> str:
    if isinstance(M, int) and isinstance(N, int) and isinstance(groups, int):
        common = gcd(M, N)
        fewer = next(g for g in range(min(groups, common, 4096), 0, -1) if common % g == 0)
        return f"groups: {fewer}"
    return ""
