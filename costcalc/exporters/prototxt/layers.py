"""Layers that slide no window."""

from __future__ import annotations

from collections.abc import Callable

from costcalc.exporters.parts import split_of
from costcalc.exporters.prototxt.site import Site
from costcalc.exporters.prototxt.text import Field, Word
from costcalc.exporters.unsayable import UnsayableError
from costcalc.kinds.base import Shape


def simple(type_: str, *fields: Field) -> Callable[[Site], str]:
    """The layer of that type, with all that is read."""
    return lambda site: site.last(type_, site.inputs, *fields)


def fc(site: Site) -> None:
    """InnerProduct, which flattens what it reads."""
    operation = site.operation
    if operation.per_position and len(site.shape) > 1:
        raise UnsayableError("Caffe's InnerProduct reads the whole map", "a pointwise convolution")
    bias = () if operation.bias else (Field("bias_term", False),)
    names = ("weight", "bias") if operation.bias else ("weight",)
    param = Field("inner_product_param", (Field("num_output", operation.out), *bias))
    site.last("InnerProduct", site.inputs, *site.params(*names), param)


def batch_norm(site: Site) -> None:
    """BatchNorm, which keeps the statistics, and Scale, which learns."""
    stored = site.params("mean", "variance", "factor")
    param = Field("batch_norm_param", (Field("use_global_stats", True),))
    _normalised(site, "BatchNorm", (*stored, param), site.operation.affine)


def instance_norm(site: Site) -> None:
    """MVN, and Scale where a scale and a shift are learned."""
    _normalised(site, "MVN", (), site.operation.affine)


def local_response_norm(site: Site) -> None:
    """LRN with AlexNet's numbers, which divides alpha by the size where AlexNet does not."""
    size = site.operation.size
    alpha = Word(f"{size}e-4")
    param = (
        Field("local_size", size),
        Field("alpha", alpha),
        Field("beta", Word("0.75")),
        Field("k", 2),
    )
    site.last("LRN", site.inputs, Field("lrn_param", param))


def prelu(site: Site) -> None:
    """PReLU."""
    shared = (Field("channel_shared", True),) if site.operation.shared else ()
    param = (Field("prelu_param", shared),) if shared else ()
    site.last("PReLU", site.inputs, *site.params("weight"), *param)


def multiply(site: Site) -> None:
    """Eltwise, or Scale where one has a number for each channel; one after another."""
    product, shape = site.inputs[0], site.input_shapes[0]
    last = len(site.inputs) - 1
    for index in range(1, last + 1):
        write = site.last if index == last else site.between
        other, other_shape = site.inputs[index], site.input_shapes[index]
        if other_shape == shape:
            product = write("Eltwise", (product, other), _operation("PROD"))
            continue
        if is_gate(shape, other_shape):
            product, shape, other, other_shape = other, other_shape, product, shape
        elif not is_gate(other_shape, shape):
            raise UnsayableError("Caffe multiplies maps of one shape, or by a number per channel")
        if len(other_shape) > 1:
            other = site.between("Flatten", (other,))
        axis = Field("scale_param", (Field("axis", 0),))
        product = write("Scale", (product, other), axis)


def is_gate(shape: Shape, of: Shape) -> bool:
    """Whether it is a number for each channel of another shape."""
    return shape == (of[0], *(1 for _ in of[1:]))


def split(site: Site) -> None:
    """Slice into all parts at once: the first layer that reads one writes it for all of them."""
    operation, name = site.operation, site.layer.name
    names = site.builder.parts[split_of(site.layer)]
    if next(iter(names.values())) == name:
        _slice(site, tuple(names.get(part) for part in range(1, operation.parts + 1)))
    elif names[operation.part] != name:
        site.builder.passes(site.index, names[operation.part])


def slice_(site: Site) -> None:
    """Slice at the ends of what is kept."""
    operation, channels = site.operation, site.input_shapes[0][0]
    points = tuple(each for each in (operation.start, operation.stop) if 0 < each < channels)
    before = (None,) if operation.start > 0 else ()
    after = (None,) if operation.stop < channels else ()
    if points:
        _slice(site, (*before, site.layer.name, *after), points)
    else:
        passes(site)


def passes(site: Site) -> None:
    """No layer: what is read is given."""
    site.builder.passes(site.index, site.inputs[0])


def dropout(site: Site) -> None:
    """Dropout."""
    rate = site.operation.rate
    param = () if rate is None else (Field("dropout_ratio", Word(f"{float(rate):g}")),)
    site.last("Dropout", site.inputs, *((Field("dropout_param", param),) if param else ()))


def _slice(site: Site, names: tuple[str | None, ...], points: tuple[int, ...] = ()) -> None:
    """Slice; what nothing reads goes to Silence, or else it would be a result of the network."""
    free = site.builder.names.free
    tops = tuple(name or free(f"{site.layer.name}.rest") for name in names)
    fields = tuple(Field("slice_point", point) for point in points)
    param = (Field("slice_param", fields),) if fields else ()
    site.write("Slice", site.layer.name, site.inputs, tops, param)
    unread = tuple(top for top, name in zip(tops, names, strict=True) if name is None)
    if unread:
        site.write("Silence", free(f"{site.layer.name}.silence"), unread, ())


def _normalised(site: Site, type_: str, fields: tuple[Field, ...], affine: bool) -> None:
    if not affine:
        site.last(type_, site.inputs, *fields)
        return
    name = site.between(type_, site.inputs, *fields)
    param = Field("scale_param", (Field("bias_term", True),))
    site.last("Scale", (name,), *site.params("weight", "bias"), param)


def _operation(word: str) -> Field:
    return Field("eltwise_param", (Field("operation", Word(word)),))
