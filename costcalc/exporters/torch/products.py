"""Matrix products: with weights, and between activations."""

from __future__ import annotations

from typing import Any

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.torch.modules import (
    CALL,
    ForwardLine,
    ForwardLines,
    called,
    new,
    option,
    positional,
)
from costcalc.exporters.torch.norms import called_along, without
from costcalc.graph.layer import Layer
from costcalc.kinds.base import Shape, axis_of, elements

_FLATTEN = ForwardLine("{0}.flatten(1)", suffix="flatten")
_UNSQUEEZE = ForwardLine("{0}.unsqueeze(1)", suffix="unsqueeze")


def _as_vector(shape: Shape) -> ForwardLines:
    """The lines that turn a tensor into a vector."""
    return () if len(shape) == 1 else (_FLATTEN,) if shape else (_UNSQUEEZE,)


def fc(layer: Layer) -> ForwardLines:
    """``nn.Linear``, which acts on the last axis."""
    operation: Any = layer.operation
    shape = layer.input_shapes[0]
    axis = axis_of(operation.axis, shape) if operation.per_position else 0
    features = shape[axis] if operation.per_position else elements(shape)
    module = new(
        "nn.Linear",
        positional("in_features", features),
        positional("out_features", operation.out),
        option("bias", operation.bias, True),
    )
    if operation.per_position and axis != len(shape) - 1:
        return (called_along(module, axis + 1, -1),)
    front = () if operation.per_position else _as_vector(shape)
    return (*front, ForwardLine(CALL, module))


def embedding(layer: Layer) -> ForwardLines:
    """``nn.Embedding`` of integers."""
    operation: Any = layer.operation
    sizes = positional("num_embeddings", operation.rows), positional("embedding_dim", operation.out)
    return (ForwardLine("{module}({0}.long())", new("nn.Embedding", *sizes)),)


def lstm(layer: Layer) -> ForwardLines:
    """The hidden state of an ``nn.LSTMCell`` whose states start at zero."""
    operation: Any = layer.operation
    shape = layer.input_shapes[0]
    if operation.bias_vectors > 2:
        raise UnwritableLayer(
            f"nn.LSTMCell has at most two bias vectors, not {operation.bias_vectors}"
        )
    sizes = positional("input_size", elements(shape)), positional("hidden_size", operation.hidden)
    bias = option("bias", operation.bias_vectors > 0, True)
    module = new("nn.LSTMCell", *sizes, bias)
    if operation.bias_vectors == 1:
        module = without(module, "bias_hh")
    cell = ForwardLine("{module}({0})[0]", module)
    return (*_as_vector(shape), cell)


def attention(layer: Layer) -> ForwardLines:
    """``F.scaled_dot_product_attention``, with a mask if there is one."""
    mask = ", attn_mask={3}" if len(layer.inputs) > 3 else ""
    return (ForwardLine(f"F.scaled_dot_product_attention({{0}}, {{1}}, {{2}}{mask})"),)


def flatten(layer: Layer) -> ForwardLines:
    """``flatten`` of all axes but the batch."""
    return _as_vector(layer.input_shapes[0]) or (called("nn.Identity"),)


def channel_shuffle(layer: Layer) -> ForwardLines:
    """``nn.ChannelShuffle``, or the same in views for a vector."""
    operation: Any = layer.operation
    if len(layer.output) > 1:
        return (called("nn.ChannelShuffle", positional("groups", operation.groups)),)
    text = "{0}.unflatten(1, ({groups}, -1)).transpose(1, 2).flatten(1)"
    return (ForwardLine(text, numbers={"groups": operation.groups}),)
