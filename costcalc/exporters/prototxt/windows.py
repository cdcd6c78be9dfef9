"""Layers with a sliding window.

Caffe rounds the output size of convolutions down, and that of pools up unless they state
FLOOR.  Padding is the same before and after.
"""

from __future__ import annotations

from operator import floordiv

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.prototxt.writer import LayerWriter
from costcalc.exporters.windows import Pads, Window, even_kernel, transposed_window, window_of
from costcalc.formats.prototxt import Field, Unquoted
from costcalc.formulas.algebra import ceil_div
from costcalc.formulas.windows import window_output
from costcalc.kinds.base import Shape

UNEVEN = "Caffe pads as much before as after, and this padding is {}"


def conv(writer: LayerWriter) -> None:
    """Convolution.

    Uneven ``same`` padding is made even if the output keeps its size: ``same`` asks only
    for that size, while explicit numbers also state the ends.
    """
    sliding, axes = window_of(writer.layer), writer.input_shapes[0][1:]
    padding = tuple(after for _, after in sliding.pads)
    remark = ""
    if _is_uneven(sliding.pads):
        dims = zip(axes, sliding.kernel, sliding.stride, padding, sliding.dilation, strict=True)
        positions = tuple(window_output(n, k, s, p, p, d) for n, k, s, p, d in dims)
        if writer.operation.padding != "same" or positions != writer.shape[1:]:
            raise UnwritableLayer(UNEVEN.format(_ends(sliding.pads)))
        remark = f"'same' is {_ends(sliding.pads)}, which Caffe cannot express"
    _convolution(writer, "Convolution", sliding, padding, remark)


def transposed_conv(writer: LayerWriter) -> None:
    """Deconvolution, whose padding is cropped from both ends of the output."""
    sliding, output_padding = transposed_window(writer.layer)
    if any(output_padding):
        raise UnwritableLayer("Caffe's Deconvolution has no output padding")
    if _is_uneven(sliding.pads):
        raise UnwritableLayer(UNEVEN.format(_ends(sliding.pads)))
    _convolution(writer, "Deconvolution", sliding, tuple(before for before, _ in sliding.pads))


def pool(method: str, writer: LayerWriter) -> None:
    """Pooling with the same first window and the same number of windows.

    If the last window exceeds the input, Caffe clips it.
    """
    _check_two_axes(writer)
    sliding, axes = window_of(writer.layer), writer.input_shapes[0][1:]
    if any(rate != 1 for rate in sliding.dilation):
        raise UnwritableLayer("Caffe's pooling has no dilation")
    padding = tuple(before for before, _ in sliding.pads)
    for rounding in ("CEIL", "FLOOR"):
        windows = _pool_windows(axes, sliding.kernel, sliding.stride, padding, rounding)
        if windows == writer.shape[1:]:
            break
    else:
        raise UnwritableLayer(UNEVEN.format(_ends(sliding.pads)))
    _pooling(writer, method, sliding.kernel, sliding.stride, padding, rounding)


def adaptive_pool(method: str, writer: LayerWriter) -> None:
    """Pooling with windows of one size, or global pooling."""
    if all(result == 1 for result in writer.shape[1:]):
        global_pool(method, writer)
        return
    _check_two_axes(writer)
    kernel = even_kernel(writer.layer)
    if kernel is None:
        raise UnwritableLayer("Caffe has no adaptive pooling, and these windows differ in size")
    _pooling(writer, method, kernel, kernel, (0, 0), "CEIL")


def global_pool(method: str, writer: LayerWriter) -> None:
    """Pooling with ``global_pooling``."""
    _check_two_axes(writer)
    fields = (Field("pool", Unquoted(method)), Field("global_pooling", True))
    writer.last("Pooling", writer.inputs, Field("pooling_param", fields))


def _convolution(
    writer: LayerWriter, type_: str, sliding: Window, padding: Shape, remark: str = ""
) -> None:
    operation = writer.operation
    fields = (
        Field("num_output", operation.out),
        *(() if operation.bias else (Field("bias_term", False),)),
        *((Field("group", operation.groups),) if operation.groups != 1 else ()),
        *_per_axis("kernel_size", sliding.kernel),
        *_per_axis("pad", padding, 0, remark),
        *_per_axis("stride", sliding.stride, 1),
        *_per_axis("dilation", sliding.dilation, 1),
    )
    writer.last(type_, writer.inputs, *writer.weight_and_bias(), Field("convolution_param", fields))


def _check_two_axes(writer: LayerWriter) -> None:
    """Checks that the map has two spatial axes, as Caffe's pooling needs.

    Raises:
        UnwritableLayer: it has more or fewer.
    """
    rank = len(writer.shape) - 1
    if rank != 2:
        raise UnwritableLayer(f"Caffe pools over two axes, not {rank}")


def _pooling(
    writer: LayerWriter, method: str, kernel: Shape, stride: Shape, padding: Shape, rounding: str
) -> None:
    fields = (
        Field("pool", Unquoted(method)),
        *_per_axis("kernel_size", kernel),
        *_per_axis("pad", padding, 0),
        *_per_axis("stride", stride, 1),
        *((Field("round_mode", Unquoted(rounding)),) if rounding != "CEIL" else ()),
    )
    writer.last("Pooling", writer.inputs, Field("pooling_param", fields))


def _pool_windows(
    axes: Shape, kernel: Shape, stride: Shape, padding: Shape, rounding: str
) -> Shape | None:
    """The number of windows along each axis in Caffe; None if it rejects the padding.

    If there is padding, Caffe drops a last window that begins after the end of the map.
    """
    if any(p >= k for p, k in zip(padding, kernel, strict=True)):
        return None
    counts = []
    for n, k, s, p in zip(axes, kernel, stride, padding, strict=True):
        windows = (ceil_div if rounding == "CEIL" else floordiv)(n + 2 * p - k, s) + 1
        counts.append(windows - (any(padding) and (windows - 1) * s >= n + p))
    return tuple(counts)


def _per_axis(
    name: str, sizes: Shape, default: int | None = None, remark: str = ""
) -> tuple[Field, ...]:
    """One size for all axes, or one for each: as ``_h`` and ``_w``, or by repeating the field."""
    if set(sizes) == {default}:
        return ()
    if len(set(sizes)) == 1:
        return (Field(name, sizes[0], remark),)
    names = (name,) * len(sizes)
    if len(sizes) == 2 and name != "dilation":
        stem = name.removesuffix("_size")
        names = (f"{stem}_h", f"{stem}_w")
    fields = [Field(key, size) for key, size in zip(names, sizes, strict=True)]
    return (*fields[:-1], fields[-1]._replace(remark=remark))


def _is_uneven(pads: Pads) -> bool:
    return any(before != after for before, after in pads)


def _ends(pads: Pads) -> str:
    """The padding of each axis, in words."""
    ends = dict.fromkeys(f"{before} before and {after} after" for before, after in pads)
    return ", then ".join(ends)
