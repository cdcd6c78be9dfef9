"""Products with matrices: of weights, and between activations."""

from __future__ import annotations

from typing import Any

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.torch.modules import (
    ForwardLine,
    ForwardLines,
    Module,
    Word,
    built,
    given,
    option,
)
from costcalc.exporters.torch.norms import called_along, without
from costcalc.graph.layer import Layer
from costcalc.kinds.base import Shape, axis_of, elements

_FLATTEN = ForwardLine("{0}.flatten(1)", suffix="flatten")
_UNSQUEEZE = ForwardLine("{0}.unsqueeze(1)", suffix="unsqueeze")


def _as_vector(shape: Shape) -> ForwardLines:
    """What makes a vector of a tensor."""
    return () if len(shape) == 1 else (_FLATTEN,) if shape else (_UNSQUEEZE,)


def fc(layer: Layer) -> ForwardLines:
    """``nn.Linear``, whose axis is the last one."""
    operation: Any = layer.operation
    shape = layer.input_shapes[0]
    axis = axis_of(operation.axis, shape) if operation.per_position else 0
    features = shape[axis] if operation.per_position else elements(shape)
    module = Module(
        Word("nn.Linear"),
        (
            given("in_features", features),
            given("out_features", operation.out),
            option("bias", operation.bias, True),
        ),
    )
    linear = ForwardLine("{module}({0})", module)
    if not operation.per_position:
        return (*_as_vector(shape), linear)
    if axis == len(shape) - 1:
        return (linear,)
    return (called_along(module, axis + 1, -1),)


def embedding(layer: Layer) -> ForwardLines:
    """``nn.Embedding`` of whole numbers."""
    operation: Any = layer.operation
    sizes = given("num_embeddings", operation.rows), given("embedding_dim", operation.out)
    return (ForwardLine("{module}({0}.long())", Module(Word("nn.Embedding"), sizes)),)


def lstm(layer: Layer) -> ForwardLines:
    """``nn.LSTMCell``, whose states begin at zero; its hidden state."""
    operation: Any = layer.operation
    shape = layer.input_shapes[0]
    if operation.bias_vectors > 2:
        raise UnwritableLayer(
            f"nn.LSTMCell has at most two bias vectors, not {operation.bias_vectors}"
        )
    sizes = given("input_size", elements(shape)), given("hidden_size", operation.hidden)
    bias = option("bias", operation.bias_vectors > 0, True)
    module = Module(Word("nn.LSTMCell"), (*sizes, bias))
    if operation.bias_vectors == 1:
        module = without(module, "bias_hh")
    cell = ForwardLine("{module}({0})[0]", module)
    return (*_as_vector(shape), cell)


def attention(layer: Layer) -> ForwardLines:
    """``F.scaled_dot_product_attention``, with a mask where there is one."""
    mask = ", attn_mask={3}" if len(layer.inputs) > 3 else ""
    return (ForwardLine(f"F.scaled_dot_product_attention({{0}}, {{1}}, {{2}}{mask})"),)


def flatten(layer: Layer) -> ForwardLines:
    """``flatten`` of all but the batch."""
    return _as_vector(layer.input_shapes[0]) or (built("nn.Identity"),)


def channel_shuffle(layer: Layer) -> ForwardLines:
    """``nn.ChannelShuffle``, which needs a map."""
    operation: Any = layer.operation
    if len(layer.output) > 1:
        return (built("nn.ChannelShuffle", given("groups", operation.groups)),)
    text = "{0}.unflatten(1, ({groups}, -1)).transpose(1, 2).flatten(1)"
    return (ForwardLine(text, numbers={"groups": operation.groups}),)
