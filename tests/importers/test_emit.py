"""The vocabulary of importers: what each operation becomes, by arithmetic."""

from math import prod

import pytest

from costcalc.graph.expand import expand
from costcalc.importers import emit
from costcalc.importers.builder import ModelBuilder, OpContext, Operand, StoredParams
from costcalc.importers.document import document


def built(*input):
    builder = ModelBuilder(input)
    return builder, OpContext(builder, builder.free_name("op"), class_name="Op")


def layers(builder):
    return expand(document(builder.model("net", "net")), {}).layers


def total(builder, event):
    return sum(getattr(layer.events(), event) for layer in layers(builder) if layer.shares is None)


def source(op, *shape):
    return op.add("constant", (), {"shape": shape}, ".source")


def test_images_are_sampled_each_at_its_own_places():
    builder, op = built(2, 4, 8, 9)
    y = emit.grid_sample(op, builder.input, source(op, 2, 5, 6, 2), "bicubic")
    assert y.shape == (2, 4, 5, 6)
    # Sixteen neighbours of each element.
    assert total(builder, "multiplications") == prod(y.shape) * 16


@pytest.mark.parametrize(
    ("mode", "neighbours"), [("linear", 8), ("nearest-exact", 0), ("cubic", 64)]
)
def test_a_volume_is_sampled_along_three_axes(mode, neighbours):
    builder, op = built(4, 8, 9, 3)
    y = emit.grid_sample(op, builder.input, source(op, 5, 6, 2, 3), mode)
    assert y.shape == (4, 5, 6, 2)
    assert total(builder, "multiplications") == prod(y.shape) * neighbours


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("offset_groups", [1, 2])
def test_a_deformable_convolution(groups, offset_groups):
    builder, op = built(8, 6, 5)
    offsets, mask = (source(op, n * offset_groups * 9, 3, 2) for n in (2, 1))
    y = emit.deform_conv(
        op, builder.input, offsets, out=12, kernel=(3, 3), groups=groups,
        offset_groups=offset_groups, mask=mask,
        params={"weights": [StoredParams("w")], "biases": [StoredParams("b")]},
    )  # fmt: skip
    assert y.shape == (12, 3, 2)
    assert total(builder, "macs") == 3 * 2 * 9 * 8 // groups * 12
    assert total(builder, "weights") == 9 * 8 // groups * 12
    # Four neighbours and a factor for each of 9 samples of 8 channels in 3 * 2 windows.
    assert total(builder, "multiplications") == 9 * 8 * 3 * 2 * (4 + 1)


def test_a_complex_product_is_four_real_ones():
    builder, op = built(3, 5)
    left = emit.complex_parts(op, builder.input, "left")
    right = emit.complex_parts(op, source(op, 5, 4), "right")

    def product(one: Operand, other: Operand, part: str) -> Operand:
        return op.add("matmul", (one, other), part=part)

    y = emit.complex_product(op, left, right, product, (3, 4))
    assert y.shape == (3, 4)
    assert total(builder, "macs") == 4 * 3 * 5 * 4
    # The difference and the sum of products.
    assert total(builder, "additions") == 2 * 3 * 4
    assert builder.model("net", "net").folded == {"op"}


def test_numbers_are_added_at_places():
    builder, op = built(9, 4)
    assert emit.add_at(op, builder.input, source(op, 5, 4)).shape == (9, 4)
    assert total(builder, "additions") == 5 * 4


@pytest.mark.parametrize(
    ("kind", "additions", "divisions"), [("sum", 6 * 4, 0), ("mean", 6 * 4, 3 * 4)]
)
def test_groups_of_any_sizes_are_reduced(kind, additions, divisions):
    builder, op = built(9, 4)
    # 9 rows to 3: 9 - 3 additions of 4 numbers.
    assert emit.ragged(op, builder.input, kind, (3, 4)).shape == (3, 4)
    assert total(builder, "additions") == additions
    assert total(builder, "divisions") == divisions


def test_running_sums_add_every_element_but_the_first():
    builder, op = built(9, 4)
    assert emit.scan(op, builder.input, 0).shape == (9, 4)
    assert total(builder, "additions") == 8 * 4


@pytest.mark.parametrize(
    ("p", "kinds"),
    [
        (2, ["l2_norm"]),
        (1, ["abs", "sum"]),
        (float("inf"), ["abs", "reduce_max"]),
        (0, ["constant", "compare", "sum"]),
        (3, ["abs", "constant", "power", "sum", "constant", "power"]),
    ],
)
def test_lengths(p, kinds):
    builder, op = built(9, 4)
    assert emit.length(op, builder.input, (1,), p, keep=False).shape == (9,)
    assert [layer.kind.name for layer in layers(builder)] == kinds


def test_a_module_that_is_one_operation_is_its_row():
    builder = ModelBuilder((9, 4))
    op = OpContext(builder, builder.free_name("net/conv/inner"), class_name="Inner")
    emit.scan(op, builder.input, 0)
    builder.blocks["net/conv"] = "Conv"
    builder.blocks["net"] = "Net"
    read = document(builder.model("net", "net"))
    assert (read.folded, read.groups) == ({"net"}, {"net": "Net"})
    builder.add("net/act", "relu", (builder.input,))
    read = document(builder.model("net", "net"))
    assert (read.folded, read.groups) == ({"net/conv"}, {"net": "Net", "net/conv": "Conv"})
