"""The builder and the operations that all importers use."""

from __future__ import annotations

import pytest

from costcalc.errors import Refusal
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers import emit
from costcalc.importers.builder import ModelBuilder, OpContext, Operand, StoredParams


@pytest.fixture
def builder() -> ModelBuilder:
    return ModelBuilder((8, 10, 10))


def op(builder: ModelBuilder, name: str = "x") -> OpContext:
    return OpContext(builder, builder.free_name(name), origin=f"layer '{name}'")


def test_the_kind_determines_the_shape(builder: ModelBuilder) -> None:
    x = emit.conv(op(builder), builder.input, out=4, kernel=3, stride=2)
    assert x == Operand(0, (4, 4, 4))
    assert builder.nodes[0].inputs == (NETWORK_INPUT,)


def test_default_arguments_are_left_out(builder: ModelBuilder) -> None:
    emit.conv(op(builder), builder.input, out=4, kernel=(3, 3), dilation=(1, 1))
    assert builder.nodes[0].arguments == {"out": 4, "kernel": 3, "padding": 0}


def test_names_are_unique(builder: ModelBuilder) -> None:
    names = [builder.free_name(wanted) for wanted in ("conv", "conv", "input", "a\nb")]
    assert names == ["conv", "conv_2", "input_2", "a_b"]


def test_a_convolution_with_a_group_for_each_channel_is_depthwise(builder: ModelBuilder) -> None:
    emit.conv(op(builder), builder.input, out=16, kernel=3, groups=8)
    emit.conv(op(builder), builder.input, out=16, kernel=3, groups=4)
    assert [node.kind for node in builder.nodes] == ["depthwise", "conv"]
    assert builder.nodes[0].arguments["multiplier"] == 2


def test_several_images_become_an_axis_that_windows_do_not_span(builder: ModelBuilder) -> None:
    images = builder.add("many", "rearrange", (builder.input,), {"shape": (5, 8, 10, 10)})
    x = emit.conv(op(builder), images, out=4, kernel=3, padding=((1, 0), (1, 0)), spatial_rank=2)
    assert x.shape == (5, 4, 9, 9)
    assert [node.kind for node in builder.nodes[1:]] == ["transpose", "conv", "transpose"]
    arguments = builder.nodes[2].arguments
    assert arguments["kernel"] == (1, 3, 3)
    assert arguments["padding"] == ((0, 0), (1, 0), (1, 0))


def test_params_stored_once_count_once(builder: ModelBuilder) -> None:
    params = {"weights": [StoredParams("w", 288)], "biases": [StoredParams("b", 4)]}
    for _ in range(2):
        emit.conv(op(builder, "conv"), builder.input, out=4, kernel=3, params=params)
    assert [node.shares for node in builder.nodes] == ["conv", "conv"]
    assert [node.borrows for node in builder.nodes] == [{}, {}]


def test_params_of_another_layer_are_borrowed(builder: ModelBuilder) -> None:
    weights = {"weights": [StoredParams("w", 288)]}
    emit.conv(op(builder, "a"), builder.input, out=4, kernel=3, bias=False, params=weights)
    own = {**weights, "biases": [StoredParams("b", 4)]}
    emit.conv(op(builder, "b"), builder.input, out=4, kernel=3, params=own)
    assert builder.nodes[1].borrows == {"weights": "all"}
    assert builder.nodes[1].shares == ""


def test_parts_of_a_tensor_never_count_more_than_the_whole(builder: ModelBuilder) -> None:
    builder.params.left["w"] = 300
    for part in range(2):
        stored = StoredParams("w", 288, part)
        emit.conv(
            op(builder), builder.input, out=4, kernel=3, bias=False, params={"weights": [stored]}
        )
    assert [node.borrows for node in builder.nodes] == [{}, {"weights": 276}]  # 288 - (300 - 288)
    assert builder.params.rest("w") == 0


def test_params_that_are_not_stored_do_not_count(builder: ModelBuilder) -> None:
    emit.conv(op(builder), builder.input, out=4, kernel=3, params={"weights": [], "biases": []})
    assert builder.nodes[0].borrows == {"weights": "all", "biases": "all"}


def test_computed_params_are_never_shared(builder: ModelBuilder) -> None:
    params = {"weights": [StoredParams("w", is_computed=True)], "biases": [StoredParams("b", 4)]}
    builder.params.left["w"] = 288
    for _ in range(2):
        emit.conv(op(builder), builder.input, out=4, kernel=3, params=params)
    assert [node.shares for node in builder.nodes] == ["", ""]
    assert builder.nodes[1].borrows == {"weights": "all", "biases": "all"}


def test_a_view_of_the_same_shape_is_the_tensor_itself(builder: ModelBuilder) -> None:
    assert builder.view(builder.input, (8, 10, 10), "v") is builder.input
    assert builder.view(builder.input, (800,), "v").shape == (800,)
    assert builder.view(builder.input, (8, 100), "w").shape == (8, 100)
    assert [node.kind for node in builder.nodes] == ["flatten", "reshape"]
    assert [node.name for node in builder.nodes] == ["v", "w"]
    assert op(builder, "w").view(builder.input, (8, 1, 100)).node == 2
    with pytest.raises(Refusal, match="a different shape than costcalc computes"):
        builder.view(builder.input, (8, 9), "v")


@pytest.mark.parametrize(
    ("kind", "left", "right", "expected"),
    [
        ("add", "x", 3, ["shift"]),
        ("subtract", 3, "x", ["shift"]),
        ("subtract", 1, "x", ["complement"]),
        ("multiply", "x", 0.5, ["scale"]),
        ("divide", "x", 2, ["scale"]),
        ("divide", 1, "x", ["reciprocal"]),
        ("divide", 2, "x", ["constant", "divide"]),
        ("power", "x", 2, ["square"]),
        ("power", "x", 3, ["constant", "power"]),
        ("power", 2, "x", ["constant", "power"]),
        ("maximum", "x", 0, ["constant", "maximum"]),
        ("multiply", "x", "x", ["multiply"]),
    ],
)
def test_a_tensor_and_a_number(
    builder: ModelBuilder, kind: str, left: str | float, right: str | float, expected: list[str]
) -> None:
    a, b = (builder.input if side == "x" else float(side) for side in (left, right))
    assert emit.binary(op(builder), kind, a, b).shape == (8, 10, 10)
    assert [node.kind for node in builder.nodes] == expected


def test_an_addition_of_different_shapes_broadcasts(builder: ModelBuilder) -> None:
    one = emit.reduce(op(builder), builder.input, "mean", (1, 2), keep=True)
    emit.join(op(builder), "add", (builder.input, one))
    assert builder.nodes[1].arguments == {"broadcast": True}


def test_slices(builder: ModelBuilder) -> None:
    x = builder.input
    assert emit.take(op(builder), x, 0, range(8)) is x
    assert emit.take(op(builder), x, 0, range(2, 6)).shape == (4, 10, 10)
    assert emit.take(op(builder), x, 1, range(9, -1, -1)).shape == (8, 10, 10)
    assert [node.kind for node in builder.nodes] == ["slice", "rearrange"]


def test_a_negative_padding_crops(builder: ModelBuilder) -> None:
    assert emit.pad(op(builder), builder.input, {1: (-1, 2), 2: (0, 0)}).shape == (8, 11, 10)
    assert emit.pad(op(builder), builder.input, {0: (0, 4)}).shape == (12, 10, 10)
    assert [node.kind for node in builder.nodes] == ["slice", "zero_pad", "pad_channels"]


def test_nodes_can_be_moved_to_the_front(builder: ModelBuilder) -> None:
    x = emit.conv(op(builder, "conv"), builder.input, out=4, kernel=3)
    op(builder, "relu").add("relu", (x,))
    builder.add("stored", "learned", (), {"shape": (3,)})
    builder.move_to_front(2)
    assert [node.name for node in builder.nodes] == ["stored", "conv", "relu"]
    assert [node.inputs for node in builder.nodes] == [(), (NETWORK_INPUT,), (1,)]
