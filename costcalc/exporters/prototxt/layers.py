"""Layers without a sliding window."""

from __future__ import annotations

from collections.abc import Callable

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.prototxt.writer import LayerWriter, optional, shape_field
from costcalc.formats.prototxt import Field, Unquoted
from costcalc.kinds.base import Shape, axes_of, axis_of


def one_layer(type_: str, *fields: Field) -> Callable[[LayerWriter], str]:
    """A single layer of that type, with the same inputs."""
    return lambda writer: writer.last(type_, writer.inputs, *fields)


def fc(writer: LayerWriter) -> None:
    """InnerProduct, which flattens its input from an axis on."""
    operation, rank = writer.operation, len(writer.input_shapes[0])
    fields = [Field("num_output", operation.out)]
    if not operation.bias:
        fields.append(Field("bias_term", False))
    if operation.per_position and rank > 1:
        if axis_of(operation.axis, writer.shape) != rank - 1:
            raise UnwritableLayer(
                "Caffe's InnerProduct works on trailing axes, not on one in the middle"
            )
        fields.append(Field("axis", rank))
    param = Field("inner_product_param", tuple(fields))
    writer.last("InnerProduct", writer.inputs, *writer.weight_and_bias(), param)


def embedding(writer: LayerWriter) -> None:
    """Embed."""
    operation = writer.operation
    sizes = (Field("input_dim", operation.rows), Field("num_output", operation.out))
    param = Field("embed_param", (*sizes, Field("bias_term", False)))
    writer.last("Embed", writer.inputs, *writer.params("weight"), param)


def batch_norm(writer: LayerWriter) -> None:
    """BatchNorm for the statistics; Scale or Bias for the learnable params."""
    operation = writer.operation
    stored = writer.params("mean", "variance", "factor")
    param = Field("batch_norm_param", (Field("use_global_stats", True),))
    has_scale = operation.affine and operation.scale
    has_shift = operation.affine and operation.bias
    _norm(writer, "BatchNorm", (*stored, param), has_scale, has_shift)


def instance_norm(writer: LayerWriter) -> None:
    """MVN, and Scale for a learnable scale and shift."""
    affine = writer.operation.affine
    _norm(writer, "MVN", (), affine, affine)


def local_response_norm(writer: LayerWriter) -> None:
    """LRN with AlexNet's constants; Caffe divides alpha by the size, so it is multiplied here."""
    size = writer.operation.size
    param = (
        Field("local_size", size),
        Field("alpha", Unquoted(f"{size}e-4")),
        Field("beta", Unquoted("0.75")),
        Field("k", 2),
    )
    writer.last("LRN", writer.inputs, Field("lrn_param", param))


def prelu(writer: LayerWriter) -> None:
    """PReLU, with a slope for each channel."""
    if not writer.operation.shared and axis_of(writer.operation.axis, writer.shape) != 0:
        raise UnwritableLayer("Caffe's PReLU has its slopes along the channels")
    shared = (Field("channel_shared", True),) if writer.operation.shared else ()
    param = optional("prelu_param", shared)
    writer.last("PReLU", writer.inputs, *writer.params("weight"), *param)


def add(writer: LayerWriter) -> None:
    """Eltwise, which is a sum by default."""
    _check_same_shape(writer)
    writer.last("Eltwise", writer.inputs)


def subtract(writer: LayerWriter) -> None:
    """Eltwise, as a sum with coefficients."""
    _check_same_shape(writer)
    coefficients = (Field("coeff", 1), Field("coeff", -1))
    writer.last("Eltwise", writer.inputs, Field("eltwise_param", coefficients))


def maximum(writer: LayerWriter) -> None:
    """Eltwise."""
    _check_same_shape(writer)
    writer.last("Eltwise", writer.inputs, _operation("MAX"))


def multiply(writer: LayerWriter) -> None:
    """Eltwise of two inputs at a time, or Scale if one has a single number per channel."""
    product, shape = writer.inputs[0], writer.input_shapes[0]
    last = len(writer.inputs) - 1
    for index in range(1, last + 1):
        write = writer.last if index == last else writer.before
        other, other_shape = writer.inputs[index], writer.input_shapes[index]
        if other_shape == shape:
            product = write("Eltwise", (product, other), _operation("PROD"))
            continue
        if is_gate(shape, other_shape):
            product, shape, other, other_shape = other, other_shape, product, shape
        elif not is_gate(other_shape, shape):
            raise UnwritableLayer(
                "Caffe multiplies maps of the same shape, or by a number per channel"
            )
        if len(other_shape) > 1:
            other = writer.before("Flatten", (other,))
        axis = Field("scale_param", (Field("axis", 0),))
        product = write("Scale", (product, other), axis)


def is_gate(shape: Shape, of: Shape) -> bool:
    """Whether a shape has one number for each channel of another."""
    return shape == (of[0], *(1 for _ in of[1:]))


def split(writer: LayerWriter) -> None:
    """Slice into all parts at once, written by the first layer of the split."""
    operation, name = writer.operation, writer.layer.name
    splits = writer.builder.splits
    names = splits.names(writer.layer)
    if splits.is_first(writer.layer):
        tops = tuple(names.get(part) for part in range(1, operation.parts + 1))
        _slice(writer, tops, _axis(writer))
    elif names[operation.part] != name:
        writer.builder.pass_through(writer.index, names[operation.part])


def slice_(writer: LayerWriter) -> None:
    """Slice at the ends of the part that is kept."""
    operation, shape = writer.operation, writer.input_shapes[0]
    if operation.step != 1:
        raise UnwritableLayer("Caffe's Slice has no step")
    side = shape[axis_of(operation.axis, shape)]
    points = tuple(point for point in (operation.start, operation.stop) if 0 < point < side)
    before = (None,) if operation.start > 0 else ()
    after = (None,) if operation.stop < side else ()
    if not points:
        pass_through(writer)
        return
    fields = tuple(Field("slice_point", point) for point in points)
    _slice(writer, (*before, writer.layer.name, *after), (*_axis(writer), *fields))


def crop(writer: LayerWriter) -> None:
    """Crop to the size of another blob; one of the right size, if no layer has it."""
    ends = writer.operation.ends(writer.input_shapes)
    bottoms = writer.inputs
    if len(bottoms) == 1:
        shape = Field("dummy_data_param", (shape_field(writer.shape),))
        bottoms = (*bottoms, writer.before("DummyData", (), shape))
    offsets = tuple(Field("offset", start) for start, _ in ends)
    writer.last("Crop", bottoms, Field("crop_param", (Field("axis", 2), *offsets)))


def along(type_: str, param: str) -> Callable[[LayerWriter], object]:
    """A layer of that type along an axis, in Caffe the channels by default."""

    def write(writer: LayerWriter) -> None:
        writer.last(type_, writer.inputs, *optional(param, _axis(writer)))

    return write


def reduced(word: str) -> Callable[[LayerWriter], object]:
    """Reduction over trailing axes."""

    def write(writer: LayerWriter) -> None:
        rank = len(writer.input_shapes[0])
        axes = axes_of(writer.operation.axes, writer.input_shapes[0])
        if axes != tuple(range(axes[0], rank)) or writer.operation.keep:
            raise UnwritableLayer(
                "Caffe's Reduction works on trailing axes, and does not keep them"
            )
        fields = (Field("operation", Unquoted(word)), Field("axis", axes[0] + 1))
        writer.last("Reduction", writer.inputs, Field("reduction_param", fields))

    return write


def argmax(writer: LayerWriter) -> None:
    """ArgMax."""
    axes = axes_of(writer.operation.axes, writer.input_shapes[0])
    if len(axes) > 1 or not writer.operation.keep:
        raise UnwritableLayer("Caffe's ArgMax works along one axis, and keeps it")
    param = Field("argmax_param", (Field("axis", axes[0] + 1),))
    writer.last("ArgMax", writer.inputs, param)


def reshape(writer: LayerWriter) -> None:
    """Reshape."""
    writer.last("Reshape", writer.inputs, Field("reshape_param", (shape_field(writer.shape),)))


def learned(writer: LayerWriter) -> None:
    """Parameter."""
    params = writer.params("weight")
    writer.last("Parameter", (), *params, Field("parameter_param", (shape_field(writer.shape),)))


def input_(writer: LayerWriter) -> None:
    """Input, another one."""
    writer.last("Input", (), Field("input_param", (shape_field(writer.shape),)))


def constant(writer: LayerWriter) -> None:
    """DummyData, which is zeros by default."""
    writer.last("DummyData", (), Field("dummy_data_param", (shape_field(writer.shape),)))


def pass_through(writer: LayerWriter) -> None:
    """No layer: the input blob is also the output."""
    writer.builder.pass_through(writer.index, writer.inputs[0])


def dropout(writer: LayerWriter) -> None:
    """Dropout.

    Raises:
        UnwritableLayer: it drops more than single elements at a time.
    """
    rate, noise = writer.operation.rate, writer.operation.noise
    if noise != "element":
        raise UnwritableLayer("Caffe drops single elements", found=f"noise: {noise}")
    ratio = () if rate is None else (Field("dropout_ratio", Unquoted(f"{float(rate):g}")),)
    writer.last("Dropout", writer.inputs, *optional("dropout_param", ratio))


def _slice(writer: LayerWriter, names: tuple[str | None, ...], fields: tuple[Field, ...]) -> None:
    """Slice; a part without a name is not read by any layer."""
    builder = writer.builder
    tops = tuple(name or builder.names.free(f"{writer.layer.name}.rest") for name in names)
    builder.rest += (top for top, name in zip(tops, names, strict=True) if name is None)
    builder.add("Slice", writer.layer.name, writer.inputs, tops, optional("slice_param", fields))


def _norm(
    writer: LayerWriter, type_: str, fields: tuple[Field, ...], has_scale: bool, has_shift: bool
) -> None:
    """A normalisation, followed by an in-place layer with the learnable params."""
    name = writer.last(type_, writer.inputs, *fields)
    if has_scale:
        shift = (Field("scale_param", (Field("bias_term", True),)),) if has_shift else ()
        params = writer.params("weight", "bias") if has_shift else writer.params("weight")
        _in_place(writer, "Scale", name, (*params, *shift))
    elif has_shift:
        _in_place(writer, "Bias", name, writer.params("bias"))


def _in_place(writer: LayerWriter, type_: str, blob: str, fields: tuple[Field, ...]) -> None:
    name = writer.builder.names.free(f"{blob}.{type_.lower()}")
    writer.builder.add(type_, name, (blob,), (blob,), fields)


def _check_same_shape(writer: LayerWriter) -> None:
    """Checks the inputs of Eltwise, which does not broadcast.

    Raises:
        UnwritableLayer: the inputs differ in shape.
    """
    if len(set(writer.input_shapes)) > 1:
        raise UnwritableLayer("Caffe's Eltwise reads maps of the same shape")


def _operation(word: str) -> Field:
    return Field("eltwise_param", (Field("operation", Unquoted(word)),))


def _axis(writer: LayerWriter) -> tuple[Field, ...]:
    """The axis, unless it is the default, the channels."""
    axis = axis_of(writer.operation.axis, writer.input_shapes[0])
    return (Field("axis", axis + 1),) if axis else ()
