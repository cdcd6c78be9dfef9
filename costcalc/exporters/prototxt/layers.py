"""Layers that slide no window."""

from __future__ import annotations

from collections.abc import Callable

from costcalc.exporters.parts import split_of
from costcalc.exporters.prototxt.site import Site
from costcalc.exporters.unsayable import UnsayableError
from costcalc.formats.prototxt import Field, Word
from costcalc.kinds.base import Shape, axes_of, axis_of


def simple(type_: str, *fields: Field) -> Callable[[Site], str]:
    """The layer of that type, with all that is read."""
    return lambda site: site.last(type_, site.inputs, *fields)


def fc(site: Site) -> None:
    """InnerProduct, which flattens what it reads from an axis on."""
    operation, rank = site.operation, len(site.input_shapes[0])
    fields = [Field("num_output", operation.out)]
    if not operation.bias:
        fields.append(Field("bias_term", False))
    if operation.per_position and rank > 1:
        if axis_of(operation.axis, site.shape) != rank - 1:
            raise UnsayableError("Caffe's InnerProduct reads trailing axes, and not a middle one")
        fields.append(Field("axis", rank))
    names = ("weight", "bias") if operation.bias else ("weight",)
    param = Field("inner_product_param", tuple(fields))
    site.last("InnerProduct", site.inputs, *site.params(*names), param)


def embedding(site: Site) -> None:
    """Embed."""
    operation = site.operation
    sizes = (Field("input_dim", operation.rows), Field("num_output", operation.out))
    param = Field("embed_param", (*sizes, Field("bias_term", False)))
    site.last("Embed", site.inputs, *site.params("weight"), param)


def batch_norm(site: Site) -> None:
    """BatchNorm, which keeps the statistics; Scale or Bias learn."""
    operation = site.operation
    stored = site.params("mean", "variance", "factor")
    param = Field("batch_norm_param", (Field("use_global_stats", True),))
    scales, shifts = (operation.affine and each for each in (operation.scale, operation.bias))
    _normalised(site, "BatchNorm", (*stored, param), scales, shifts)


def instance_norm(site: Site) -> None:
    """MVN, and Scale where a scale and a shift are learned."""
    affine = site.operation.affine
    _normalised(site, "MVN", (), affine, affine)


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
    """PReLU, whose slopes are the channels'."""
    if not site.operation.shared and axis_of(site.operation.axis, site.shape) != 0:
        raise UnsayableError("Caffe's slopes stand along the channels")
    shared = (Field("channel_shared", True),) if site.operation.shared else ()
    param = (Field("prelu_param", shared),) if shared else ()
    site.last("PReLU", site.inputs, *site.params("weight"), *param)


def add(site: Site) -> None:
    """Eltwise, whose operation is SUM by default."""
    _check_alike(site)
    site.last("Eltwise", site.inputs)


def subtract(site: Site) -> None:
    """Eltwise, a sum with factors."""
    _check_alike(site)
    factors = (Field("coeff", 1), Field("coeff", -1))
    site.last("Eltwise", site.inputs, Field("eltwise_param", factors))


def maximum(site: Site) -> None:
    """Eltwise."""
    _check_alike(site)
    site.last("Eltwise", site.inputs, _operation("MAX"))


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
        tops = tuple(names.get(part) for part in range(1, operation.parts + 1))
        _slice(site, tops, _axis(site))
    elif names[operation.part] != name:
        site.builder.passes(site.index, names[operation.part])


def slice_(site: Site) -> None:
    """Slice at the ends of what is kept."""
    operation, shape = site.operation, site.input_shapes[0]
    if operation.step != 1:
        raise UnsayableError("Caffe's Slice has no steps")
    side = shape[axis_of(operation.axis, shape)]
    points = tuple(each for each in (operation.start, operation.stop) if 0 < each < side)
    before = (None,) if operation.start > 0 else ()
    after = (None,) if operation.stop < side else ()
    if not points:
        passes(site)
        return
    fields = tuple(Field("slice_point", point) for point in points)
    _slice(site, (*before, site.layer.name, *after), (*_axis(site), *fields))


def along(type_: str, param: str) -> Callable[[Site], object]:
    """The layer of that type along an axis, the channels by default."""

    def write(site: Site) -> None:
        fields = _axis(site)
        site.last(type_, site.inputs, *((Field(param, fields),) if fields else ()))

    return write


def reduced(word: str) -> Callable[[Site], object]:
    """Reduction of trailing axes."""

    def write(site: Site) -> None:
        rank = len(site.input_shapes[0])
        axes = axes_of(site.operation.axes, site.input_shapes[0])
        if axes != tuple(range(axes[0], rank)) or site.operation.keep:
            raise UnsayableError("Caffe's Reduction takes trailing axes, and leaves no sides of 1")
        fields = (Field("operation", Word(word)), Field("axis", axes[0] + 1))
        site.last("Reduction", site.inputs, Field("reduction_param", fields))

    return write


def reshape(site: Site) -> None:
    """Reshape."""
    site.last("Reshape", site.inputs, Field("reshape_param", (_shape(site.shape),)))


def learned(site: Site) -> None:
    """Parameter, which holds learned numbers and reads nothing."""
    params = site.params("weight")
    site.last("Parameter", (), *params, Field("parameter_param", (_shape(site.shape),)))


def constant(site: Site) -> None:
    """DummyData, zeros by default."""
    site.last("DummyData", (), Field("dummy_data_param", (_shape(site.shape),)))


def passes(site: Site) -> None:
    """No layer: what is read is given."""
    site.builder.passes(site.index, site.inputs[0])


def dropout(site: Site) -> None:
    """Dropout."""
    rate = site.operation.rate
    param = () if rate is None else (Field("dropout_ratio", Word(f"{float(rate):g}")),)
    site.last("Dropout", site.inputs, *((Field("dropout_param", param),) if param else ()))


def _slice(site: Site, names: tuple[str | None, ...], fields: tuple[Field, ...]) -> None:
    """Slice; what nothing reads goes to Silence, or else it would be a result of the network."""
    free = site.builder.names.free
    tops = tuple(name or free(f"{site.layer.name}.rest") for name in names)
    param = (Field("slice_param", fields),) if fields else ()
    site.write("Slice", site.layer.name, site.inputs, tops, param)
    unread = tuple(top for top, name in zip(tops, names, strict=True) if name is None)
    if unread:
        site.write("Silence", free(f"{site.layer.name}.silence"), unread, ())


def _normalised(
    site: Site, type_: str, fields: tuple[Field, ...], scales: bool, shifts: bool
) -> None:
    """A normalisation, and what is learned behind it, in place."""
    name = site.last(type_, site.inputs, *fields)
    if scales:
        shift = (Field("scale_param", (Field("bias_term", True),)),) if shifts else ()
        params = site.params("weight", "bias") if shifts else site.params("weight")
        _in_place(site, "Scale", name, (*params, *shift))
    elif shifts:
        _in_place(site, "Bias", name, site.params("bias"))


def _in_place(site: Site, type_: str, blob: str, fields: tuple[Field, ...]) -> None:
    name = site.builder.names.free(f"{blob}.{type_.lower()}")
    site.write(type_, name, (blob,), (blob,), fields)


def _check_alike(site: Site) -> None:
    """Eltwise repeats no sides.

    Raises:
        UnsayableError: the inputs differ in shape.
    """
    if len(set(site.input_shapes)) > 1:
        raise UnsayableError("Caffe's Eltwise reads maps of one shape")


def _operation(word: str) -> Field:
    return Field("eltwise_param", (Field("operation", Word(word)),))


def _axis(site: Site) -> tuple[Field, ...]:
    """The axis, where it is not the channels."""
    axis = axis_of(site.operation.axis, site.input_shapes[0])
    return (Field("axis", axis + 1),) if axis else ()


def _shape(shape: Shape) -> Field:
    return Field("shape", tuple(Field("dim", side) for side in (1, *shape)))
