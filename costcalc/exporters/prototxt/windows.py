"""Layers that slide a window.

Caffe's convolutions round down, its pools up unless they say FLOOR; a padding
is the same before and after.
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

    What ``same`` padding adds at one end alone is added at both, where the output
    is as large: ``same`` is a word for that size, numbers say which end.
    """
    slides, axes = window_of(writer.layer), writer.input_shapes[0][1:]
    padding = tuple(after for _, after in slides.pads)
    remark = ""
    if _is_uneven(slides.pads):
        sides = zip(axes, slides.kernel, slides.stride, padding, slides.dilation, strict=True)
        positions = tuple(window_output(n, k, s, p, p, d) for n, k, s, p, d in sides)
        if writer.operation.padding != "same" or positions != writer.shape[1:]:
            raise UnwritableLayer(UNEVEN.format(_ends(slides.pads)))
        remark = f"'same' is {_ends(slides.pads)}, which Caffe cannot express"
    _convolution(writer, "Convolution", slides, padding, remark)


def transposed_conv(writer: LayerWriter) -> None:
    """Deconvolution, whose padding is what is cut off both ends."""
    slides, extra = transposed_window(writer.layer)
    if any(extra):
        raise UnwritableLayer("Caffe's Deconvolution has no output padding")
    if _is_uneven(slides.pads):
        raise UnwritableLayer(UNEVEN.format(_ends(slides.pads)))
    _convolution(writer, "Deconvolution", slides, tuple(before for before, _ in slides.pads))


def pool(method: str, writer: LayerWriter) -> None:
    """Pooling: the windows begin where the padding before does, and are as many.

    Where the last one then hangs over the end, Caffe cuts it off.
    """
    _check_two_axes(writer)
    slides, axes = window_of(writer.layer), writer.input_shapes[0][1:]
    if any(each != 1 for each in slides.dilation):
        raise UnwritableLayer("Caffe's pooling has no dilation")
    padding = tuple(before for before, _ in slides.pads)
    for rounding in ("CEIL", "FLOOR"):
        found = _pool_windows(axes, slides.kernel, slides.stride, padding, rounding)
        if found == writer.shape[1:]:
            break
    else:
        raise UnwritableLayer(UNEVEN.format(_ends(slides.pads)))
    _pooling(writer, method, slides.kernel, slides.stride, padding, rounding)


def adaptive_pool(method: str, writer: LayerWriter) -> None:
    """Pooling whose windows are all alike, or the global one."""
    if all(result == 1 for result in writer.shape[1:]):
        global_pool(method, writer)
        return
    _check_two_axes(writer)
    kernel = even_kernel(writer.layer)
    if kernel is None:
        raise UnwritableLayer("Caffe has no adaptive pooling, and these windows differ in size")
    _pooling(writer, method, kernel, kernel, (0, 0), "CEIL")


def global_pool(method: str, writer: LayerWriter) -> None:
    """Pooling of the whole map."""
    _check_two_axes(writer)
    fields = (Field("pool", Unquoted(method)), Field("global_pooling", True))
    writer.last("Pooling", writer.inputs, Field("pooling_param", fields))


def _convolution(
    writer: LayerWriter, type_: str, slides: Window, padding: Shape, remark: str = ""
) -> None:
    operation = writer.operation
    fields = (
        Field("num_output", operation.out),
        *(() if operation.bias else (Field("bias_term", False),)),
        *((Field("group", operation.groups),) if operation.groups != 1 else ()),
        *_sides("kernel_size", slides.kernel),
        *_sides("pad", padding, 0, remark),
        *_sides("stride", slides.stride, 1),
        *_sides("dilation", slides.dilation, 1),
    )
    writer.last(type_, writer.inputs, *writer.weight_and_bias(), Field("convolution_param", fields))


def _check_two_axes(writer: LayerWriter) -> None:
    """Caffe's pooling knows images alone.

    Raises:
        UnwritableLayer: the map has more axes, or fewer.
    """
    rank = len(writer.shape) - 1
    if rank != 2:
        raise UnwritableLayer(f"Caffe pools over two axes, not {rank}")


def _pooling(
    writer: LayerWriter, method: str, kernel: Shape, stride: Shape, padding: Shape, rounding: str
) -> None:
    fields = (
        Field("pool", Unquoted(method)),
        *_sides("kernel_size", kernel),
        *_sides("pad", padding, 0),
        *_sides("stride", stride, 1),
        *((Field("round_mode", Unquoted(rounding)),) if rounding != "CEIL" else ()),
    )
    writer.last("Pooling", writer.inputs, Field("pooling_param", fields))


def _pool_windows(
    axes: Shape, kernel: Shape, stride: Shape, padding: Shape, rounding: str
) -> Shape | None:
    """Windows along each axis as Caffe counts them, None where it refuses the padding.

    With any padding, a window that begins beyond the map and the padding before
    it is dropped.
    """
    if any(p >= k for p, k in zip(padding, kernel, strict=True)):
        return None
    found = []
    for n, k, s, p in zip(axes, kernel, stride, padding, strict=True):
        windows = (ceil_div if rounding == "CEIL" else floordiv)(n + 2 * p - k, s) + 1
        found.append(windows - (any(padding) and (windows - 1) * s >= n + p))
    return tuple(found)


def _sides(
    name: str, sides: Shape, default: int | None = None, remark: str = ""
) -> tuple[Field, ...]:
    """A size for all axes, by the names of rows and columns, or one after another."""
    if set(sides) == {default}:
        return ()
    if len(set(sides)) == 1:
        return (Field(name, sides[0], remark),)
    stem = name.removesuffix("_size")
    names = (
        (f"{stem}_h", f"{stem}_w")
        if len(sides) == 2 and name != "dilation"
        else (name,) * len(sides)
    )
    fields = [Field(each, side) for each, side in zip(names, sides, strict=True)]
    return (*fields[:-1], fields[-1]._replace(remark=remark))


def _is_uneven(pads: Pads) -> bool:
    return any(before != after for before, after in pads)


def _ends(pads: Pads) -> str:
    """What is added along each axis, in words."""
    ends = dict.fromkeys(f"{before} before and {after} after" for before, after in pads)
    return ", then ".join(ends)
