"""Layers that slide a window.

Caffe's convolutions round down, its pools up unless they say FLOOR; a padding
is the same before and after.
"""

from __future__ import annotations

from operator import floordiv

from costcalc.exporters.prototxt.site import Site
from costcalc.exporters.unsayable import UnsayableError
from costcalc.formats.prototxt import Field, Word
from costcalc.formulas.algebra import ceil_div
from costcalc.formulas.windows import window_output
from costcalc.kinds.base import Shape, spread
from costcalc.kinds.windows import explicit_pads, transposed_pads

Pairs = tuple[tuple[int, int], ...]

UNEVEN = "Caffe pads as much before as after, and this padding is {}"


def conv(site: Site) -> None:
    """Convolution.

    What ``same`` padding adds at one end alone is added at both, where the output
    is as large: ``same`` is a word for that size, numbers say which end.
    """
    operation = site.operation
    axes = site.input_shapes[0][1:]
    rank = len(axes)
    kernel = spread(operation.kernel, rank, "kernel")
    stride = spread(operation.stride, rank, "stride")
    dilation = spread(operation.dilation, rank, "dilation")
    pads = explicit_pads(axes, kernel, stride, operation.padding, dilation)
    padding = tuple(after for _, after in pads)
    remark = ""
    if any(before != after for before, after in pads):
        windows = tuple(
            window_output(n, k, s, p, p, d)
            for n, k, s, p, d in zip(axes, kernel, stride, padding, dilation, strict=True)
        )
        if operation.padding != "same" or windows != site.shape[1:]:
            raise UnsayableError(UNEVEN.format(_ends(pads)))
        remark = f"'same' is {_ends(pads)}, which Caffe cannot say"
    site.last(
        "Convolution",
        site.inputs,
        *_weighed(site),
        Field(
            "convolution_param",
            (
                *_matrix(site),
                *_sides("kernel_size", kernel),
                *_sides("pad", padding, 0, remark),
                *_sides("stride", stride, 1),
                *_sides("dilation", dilation, 1),
            ),
        ),
    )


def transposed_conv(site: Site) -> None:
    """Deconvolution, whose padding is what is cut off both ends."""
    operation = site.operation
    rank = len(site.shape) - 1
    kernel = spread(operation.kernel, rank, "kernel")
    stride = spread(operation.stride, rank, "stride")
    dilation = spread(operation.dilation, rank, "dilation")
    output_padding = spread(operation.output_padding, rank, "output_padding")
    pads, extra = transposed_pads(kernel, stride, operation.padding, dilation, output_padding)
    if any(extra):
        raise UnsayableError("Caffe's Deconvolution has no output padding")
    if any(before != after for before, after in pads):
        raise UnsayableError(UNEVEN.format(_ends(pads)))
    site.last(
        "Deconvolution",
        site.inputs,
        *_weighed(site),
        Field(
            "convolution_param",
            (
                *_matrix(site),
                *_sides("kernel_size", kernel),
                *_sides("pad", tuple(before for before, _ in pads), 0),
                *_sides("stride", stride, 1),
                *_sides("dilation", dilation, 1),
            ),
        ),
    )


def pool(method: str, site: Site) -> None:
    """Pooling: the windows begin where the padding before does, and are as many.

    Where the last one then hangs over the end, Caffe cuts it off.
    """
    operation = site.operation
    axes = site.input_shapes[0][1:]
    rank = len(axes)
    if rank != 2:
        raise UnsayableError(f"Caffe's pools have two axes, not {rank}")
    if any(each != 1 for each in spread(operation.dilation, rank, "dilation")):
        raise UnsayableError("Caffe's pools have no dilation")
    kernel = spread(operation.kernel, rank, "kernel")
    stride = kernel if operation.stride is None else spread(operation.stride, rank, "stride")
    pads = explicit_pads(axes, kernel, stride, operation.padding)
    padding = tuple(before for before, _ in pads)
    for rounding in ("CEIL", "FLOOR"):
        if _pool_windows(axes, kernel, stride, padding, rounding) == site.shape[1:]:
            break
    else:
        raise UnsayableError(UNEVEN.format(_ends(pads)))
    _pooling(site, method, kernel, stride, padding, rounding)


def adaptive_pool(method: str, site: Site) -> None:
    """Pooling whose windows are all alike, or the global one."""
    axes, results = site.input_shapes[0][1:], site.shape[1:]
    if all(result == 1 for result in results):
        global_pool(method, site)
        return
    if len(axes) != 2 or any(n % result for n, result in zip(axes, results, strict=True)):
        raise UnsayableError(
            "Caffe has no adaptive pool, and windows of several sizes are no other pool"
        )
    kernel = tuple(n // result for n, result in zip(axes, results, strict=True))
    _pooling(site, method, kernel, kernel, (0, 0), "CEIL")


def global_pool(method: str, site: Site) -> None:
    """Pooling of the whole map."""
    rank = len(site.shape) - 1
    if rank != 2:
        raise UnsayableError(f"Caffe's pools have two axes, not {rank}")
    fields = (Field("pool", Word(method)), Field("global_pooling", True))
    site.last("Pooling", site.inputs, Field("pooling_param", fields))


def _pooling(
    site: Site, method: str, kernel: Shape, stride: Shape, padding: Shape, rounding: str
) -> None:
    fields = (
        Field("pool", Word(method)),
        *_sides("kernel_size", kernel),
        *_sides("pad", padding, 0),
        *_sides("stride", stride, 1),
        *((Field("round_mode", Word(rounding)),) if rounding != "CEIL" else ()),
    )
    site.last("Pooling", site.inputs, Field("pooling_param", fields))


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


def _matrix(site: Site) -> tuple[Field, ...]:
    """The channels and groups of a convolution."""
    operation = site.operation
    return (
        Field("num_output", operation.out),
        *(() if operation.bias else (Field("bias_term", False),)),
        *((Field("group", operation.groups),) if operation.groups != 1 else ()),
    )


def _weighed(site: Site) -> tuple[Field, ...]:
    return site.params("weight", *(("bias",) if site.operation.bias else ()))


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


def _ends(pads: Pairs) -> str:
    """What is added along each axis, in words."""
    ends = dict.fromkeys(f"{before} before and {after} after" for before, after in pads)
    return ", then ".join(ends)
