"""Whose memory a tensor is in, and in which order: views, copies, channels last."""

import pytest

import costcalc
from costcalc.gradients.layouts import (
    Layout,
    channels_last,
    in_order_of,
    is_channels_last,
    packed,
    view_strides,
)


@pytest.fixture
def kept(tmp_path):
    """What layers keep, as pairs of what it is and its bytes, by the layer."""

    def found(layers, shape="[4, 8, 8]", **how):
        path = tmp_path / "net.yaml"
        path.write_text(f"name: net\ninput: {shape}\nlayers:\n{layers}", encoding="utf-8")
        answer = costcalc.training(str(path), **how)
        return {
            layer.name: [(one.what, one.bytes) for one in layer.kept]
            for layer in answer.layers
            if layer.kept
        }

    return found


SPLIT = """\
  - pointwise: {out: 4, name: first}
  - split: {parts: 2, name: half}
  - pointwise: {out: 3, name: second}
"""


def test_half_of_a_split_keeps_the_whole(kept):
    # 4*8*8 elements, of which the second layer reads 2*8*8.
    assert kept(SPLIT)["second"] == [("first", 4 * 256)]
    assert kept(SPLIT, keeps="minimal")["second"] == [("half", 4 * 128)]


def test_halves_together_are_no_more_than_the_whole(kept):
    parts = SPLIT + "  - slice: {from: [first], start: 1, stop: 4, name: most}\n"
    parts += "  - pointwise: {out: 3, name: third}\n  - add: {from: [second, third]}\n"
    assert kept(parts)["second"] == [("first", 4 * 256)]
    assert "third" not in kept(parts)
    # Two of four channels, and three of the same four: the rest of them.
    least = kept(parts, keeps="minimal")
    assert least["second"] == [("half", 4 * 128)]
    assert least["third"] == [("most", 4 * 128)]


def test_a_tensor_whose_parts_are_all_kept_needs_no_signs(kept):
    rows = """\
  - conv: {out: 4, kernel: 1, act: relu, name: first}
  - slice: {from: [first], stop: 1, name: one}
  - pointwise: {out: 3, name: second}
  - slice: {from: [first], start: START, stop: 4, name: most}
  - pointwise: {out: 3, name: third}
  - add: {from: [second, third]}
"""
    parts = {"second": [("one", 256)], "third": [("most", 3 * 256)]}
    whole = kept(rows.replace("START", "1"), keeps="minimal")
    assert {name: whole[name] for name in parts} == parts
    assert "first.relu" not in whole
    # A bit for each of 4*8*8 elements, of which the second channel is in no part.
    assert kept(rows.replace("START", "2"), keeps="minimal")["first.relu"] == [("signs", 32)]


def test_attention_whose_output_is_kept_keeps_a_number_for_each_row(kept):
    # 8 tokens of 8 for each of 4 heads: 8 keys are fewer than 8 + 1.
    rows = """\
  - conv: {out: 4, kernel: 1, name: q}
  - conv: {out: 4, kernel: 1, name: k, from: q}
  - conv: {out: 4, kernel: 1, name: v, from: k}
  - attention: {from: [q, k, v], name: attended}
"""
    alone = kept(rows + "  - relu\n", keeps="minimal")
    assert ("scores", 4 * 4 * 8 * 8) in alone["attended"]
    read = kept(rows + "  - conv: {out: 3, kernel: 1, name: last}\n", keeps="minimal")
    assert ("row sums", 4 * 4 * 8) in read["attended"]
    assert read["last"] == [("attended", 4 * 256)]


def test_a_flattened_tensor_is_a_view_and_a_transposed_one_a_copy(kept):
    view = "  - pointwise: {out: 4, name: first}\n  - flatten\n  - fc: {out: 2, name: head}\n"
    assert kept(view)["head"] == [("first", 4 * 256)]
    copy = view.replace("  - flatten\n", "  - transpose: [1, 2, 0]\n  - flatten: {name: flat}\n")
    assert kept(copy)["head"] == [("flat", 4 * 256)]


def test_every_second_row_is_copied_to_be_flattened_and_every_second_column_is_not(kept):
    every = "  - pointwise: {out: 4, name: first}\n  - slice: {stop: 8, axis: AXIS, step: 2}\n"
    every += "  - flatten: {name: flat}\n  - fc: {out: 2, name: head}\n"
    assert kept(every.replace("AXIS", "1"))["head"] == [("flat", 4 * 128)]
    # Two apart, from one row to the next as well: one axis, in the memory of the whole.
    assert kept(every.replace("AXIS", "2"))["head"] == [("first", 4 * 256)]


def test_stored_numbers_are_not_kept_besides(kept):
    scaled = """\
  - pointwise: {out: 4, name: first}
  - learned: {shape: [4, 1, 1], name: scale}
  - multiply: {from: [first, scale], name: product}
"""
    for keeps in ("pytorch", "minimal"):
        assert kept(scaled, keeps=keeps)["product"] == [("first", 4 * 256)]


def test_what_depends_on_stored_numbers_alone_is_computed_once(kept):
    table = """\
  - learned: {shape: [1, 8, 8], name: table}
  - sigmoid: {from: [table], name: gate}
  - pointwise: {from: [input], out: 1, name: first}
  - multiply: {from: [first, gate], name: product}
"""
    assert kept(table, batch=5) == {
        "gate": [("gate", 4 * 64)],
        "first": [("input", 5 * 4 * 256)],
        "product": [("first", 5 * 4 * 64)],
    }


def test_what_is_only_compared_has_no_backward_pass(kept):
    compared = """\
  - pointwise: {out: 4, bias: false, name: left}
  - pointwise: {from: [input], out: 4, name: right}
  - compare: {from: [left, left], name: mask}
  - multiply: {from: [mask, right], name: product}
"""
    assert kept(compared) == {"right": [("input", 4 * 256)], "product": [("mask", 4 * 256)]}


def test_a_condition_is_kept_in_bytes(kept):
    chosen = """\
  - pointwise: {out: 4, name: left}
  - compare: {from: [input, input], name: mask}
  - where: {from: [mask, left, input], name: chosen}
"""
    assert kept(chosen)["chosen"] == [("mask", 256)]


@pytest.mark.parametrize(
    ("sizes", "strides", "shape", "expected"),
    [
        ((2, 3, 4), (12, 4, 1), (24,), (1,)),
        ((2, 3, 4), (12, 4, 1), (2, 12), (12, 1)),
        ((2, 3, 4), (12, 4, 1), (2, 3, 2, 2), (12, 4, 2, 1)),
        # Rows of a wider matrix: the rows can be divided, but not joined.
        ((4, 3), (5, 1), (2, 2, 3), (10, 5, 1)),
        ((4, 3), (5, 1), (12,), None),
        # Transposed: each axis can be divided.
        ((3, 4), (1, 3), (3, 2, 2), (1, 6, 3)),
        ((3, 4), (1, 3), (12,), None),
        # A repeated axis alone, and beside another one.
        ((2, 3), (0, 1), (2, 3, 1), (0, 1, 1)),
        ((2, 3), (0, 1), (6,), None),
        ((1, 5, 1), (7, 1, 1), (5,), (1,)),
        ((6,), (1,), (4,), None),
    ],
)
def test_views(sizes, strides, shape, expected):
    assert view_strides(sizes, strides, shape) == expected


def test_orders_of_memory():
    assert in_order_of(packed((2, 3, 4)), (2, 3, 4)) == (12, 4, 1)
    assert in_order_of((24, 1, 6, 3), (2, 3, 4, 2)) == channels_last((2, 3, 4, 2))
    last = Layout(0, (2, 3, 4, 5), channels_last((2, 3, 4, 5)))
    assert is_channels_last(last)
    assert not last.is_contiguous
    assert not is_channels_last(Layout(0, (2, 3, 4, 5), packed((2, 3, 4, 5))))
    # Of one image, PyTorch looks at the stride of the images, too.
    assert not is_channels_last(Layout(0, (1, 5, 6, 4), (5, 1, 20, 5)))
    assert is_channels_last(Layout(0, (1, 5, 6, 4), (120, 1, 20, 5)))
    assert not is_channels_last(Layout(0, (2, 3, 4), (12, 1, 3)))
