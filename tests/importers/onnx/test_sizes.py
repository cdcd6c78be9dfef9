"""Open dimensions, sizes other than those in the file, and batches."""

from fractions import Fraction

import pytest
from click.testing import CliRunner

import costcalc
from costcalc import opening
from costcalc.cli import main
from costcalc.errors import SpecError
from costcalc.importers import import_model
from tests.importers.onnx.counted import kinds, macs, outputs
from tests.importers.onnx.models import (
    INT64,
    UNRANKED,
    graph,
    model,
    node,
    scalar,
    tensor,
    value,
)

CONV = node("Conv", "x w", "y", pads=(1, 1, 1, 1))
WEIGHTS = tensor("w", [4, 3, 3, 3])


def cost(positions):
    """The multiply-accumulates of 4 filters of 3 x 3 x 3 at some positions."""
    return 108 * positions


def test_an_open_batch_is_one_image(network):
    result = network([CONV], ("N", 3, 8, 8), [WEIGHTS])
    assert (result.input, macs(result)) == ((3, 8, 8), cost(64))
    assert result.parameters["N"] == 1
    assert network([CONV], (None, 3, 8, 8), [WEIGHTS]).input == (3, 8, 8)


def test_counts_are_of_one_image(network):
    nodes = [node("Flatten", "x", "a"), node("Gemm", "a w", "y")]
    result = network(nodes, (8, 3, 4, 4), [tensor("w", [48, 10])])
    assert (result.input, macs(result)) == ((3, 4, 4), 480)
    assert macs(network([CONV], ("N", 3, 8, 8), [WEIGHTS], N=16)) == cost(64)


def test_a_graph_that_mixes_its_leading_axis_has_no_batch(network):
    left = tensor("w", [5, 8])
    result = network([node("MatMul", "w x", "y")], (8, 3), [left])
    assert (result.input, macs(result)) == ((8, 3), 5 * 8 * 3)
    nodes = [node("Reshape", "x s", "a"), node("Gemm", "a w", "y", name="mixed")]
    stored = [tensor("s", [2], [16, 3]), tensor("w", [3, 2])]
    assert macs(network(nodes, (8, 6), stored)) == 16 * 3 * 2
    # A Gram matrix, which multiplies every row with every other.
    nodes = [node("Transpose", "x", "t"), node("MatMul", "x t", "y")]
    assert macs(network(nodes, (8, 3))) == 8 * 8 * 3


def test_a_map_without_a_batch_is_read_as_it_is(network):
    nodes = [node("Unsqueeze", "x zero", "a"), node("Conv", "a w", "b"), node("Squeeze", "b", "y")]
    result = network(nodes, (3, 8, 8), [WEIGHTS, tensor("zero", [1], [0])])
    assert (result.input, macs(result)) == ((3, 8, 8), cost(36))
    assert kinds(result) == ["conv"]


def test_mixing_the_images_of_a_batch_is_said(network):
    nodes = [node("Reshape", "x s", "a", name="mixed"), node("Relu", "a", "y")]
    stored = [tensor("s", [3], [4, 12, 3])]
    result = network(nodes, (8, 6, 3), stored)
    assert outputs(result)[-1] == (4, 12, 3)
    (note,) = result.notes
    assert note.endswith("counts are of all of (8, 6, 3).")
    assert "node 'mixed' (Reshape): mixes the 8 images of a batch" in note


def test_input_may_name_every_axis_of_a_graph_without_a_batch(network):
    gemm = [node("Gemm", "x w", "y")]
    stored = [tensor("w", [3, 2])]
    assert macs(network(gemm, (8, 3), stored)) == 3 * 2
    assert macs(network(gemm, (8, 3), stored, input=(4, 3))) == 4 * 3 * 2
    assert outputs(network([node("Relu", "x", "y")], (5,), input=(7,))) == [(7,)]


@pytest.mark.parametrize("side", [-1, 0])
def test_a_side_stored_as_no_size_is_open(network, side):
    dims = (side, 3, side, side)
    with pytest.raises(SpecError) as caught:
        network([CONV], dims, [WEIGHTS])
    assert "input 'x' leaves dimensions open: axis 2, axis 3" in str(caught.value)
    assert "(?, 3, ?, ?)" in str(caught.value)
    assert macs(network([CONV], dims, [WEIGHTS], res=5)) == cost(25)


def test_inputs_may_be_scalars(opened):
    scaled = node("Mul", "x s", "y")
    image, number = value("x", 1, 3, 8, 8), scalar("s")
    for inputs in ([image, number], [number, image]):
        result = opened(model(graph([scaled], inputs, [value("y")])))
        assert outputs(result)[-1] == (3, 8, 8)
    assert opened(model(graph([node("Relu", "s", "y")], [number], [value("y")]))).input == (1,)


def test_inputs_are_sized_by_name(opened):
    inputs = [value("x", None, 3), value("state", 2, None, 4), value("z", None, None)]
    nodes = [node("Relu", "x", "a"), node("Relu", "state", "b"), node("Relu", "z", "c")]
    data = model(graph(nodes, inputs, list(map(value, "abc"))))
    with pytest.raises(SpecError, match="input 'state' leaves dimensions open: axis 1") as caught:
        opened(data)
    assert "--input state=..." in str(caught.value)
    sizes = {"input:state": (2, 1, 4), "input:z": (7,)}
    assert outputs(opened(data, **sizes))[-3:] == [(3,), (2, 1, 4), (7,)]
    assert opened(data, **sizes, **{"input:x": (5,)}).input == (5,)
    for wrong in ({"input:states": (2, 1, 4)}, {"input:state": (2, 1, 4, 5)}):
        with pytest.raises(
            SpecError, match=r"the model has no input 'states'|input 'state' cannot be"
        ):
            opened(data, **wrong)


def test_a_file_may_state_no_shape_of_its_input(network):
    with pytest.raises(SpecError, match="input 'x' has no shape") as caught:
        network([CONV], (UNRANKED,), [WEIGHTS])
    assert "--input 3,224,224" in str(caught.value)
    assert macs(network([CONV], (UNRANKED,), [WEIGHTS], input=(3, 5, 5))) == cost(25)


def test_numbers_that_decide_a_shape_are_set_by_name(opened):
    inside = graph(
        [node("ReduceSum", "x axes", "y", keepdims=0)],
        [value("x", 1, 3, 8, 7), value("axes", 1, of=INT64)],
        [value("y")],
    )
    with pytest.raises(SpecError, match="its input 'axes' decides a shape") as caught:
        opened(model(inside))
    assert "--set axes=..." in str(caught.value)
    assert outputs(opened(model(inside), axes=2)) == [(3, 7)]
    for wrong in ("two", (2, 3), Fraction(3, 2)):
        with pytest.raises(SpecError, match="input 'axes' cannot be"):
            opened(model(inside), axes=wrong)


def test_a_list_of_numbers_may_be_set(opened, tmp_path):
    inside = graph(
        [node("Resize", "x none scales", "y", mode="linear")],
        [value("x", 1, 3, 8, 8), value("none", 0, of=INT64), value("scales", 4)],
        [value("y")],
    )
    data = model(inside, opset=13)
    half = Fraction(1, 2)
    assert outputs(opened(data, scales=(1, 1, half, 2)))[-1] == (3, 4, 16)
    path = tmp_path / "scaled.onnx"
    path.write_bytes(data)
    report = costcalc.report(path, scales=(1, 1, 0.5, 2))
    assert report.parameters["scales"] == (1, 1, half, 2)
    command = ["report", str(path), "--set", "scales=1x1x0.5x2"]
    assert "scales = 1x1x0.5x2" in CliRunner().invoke(main, command).stdout
    command[-1] = "scales=1x1x0.5xa"
    assert "input 'scales' cannot be 1x1x0.5xa" in CliRunner().invoke(main, command).stderr


def test_an_input_that_only_lends_its_type_needs_no_size(opened):
    inside = graph(
        [node("CastLike", "x like", "a"), node("Relu", "a", "y")],
        [value("x", 1, 4), value("like", None)],
        [value("y")],
    )
    assert outputs(opened(model(inside))) == [(4,)]


def test_open_dimensions_are_set_by_name_or_by_res(network):
    dims = ("N", 3, "height", "width")
    assert macs(network([CONV], dims, [WEIGHTS], height=5, width=6)) == cost(30)
    assert macs(network([CONV], dims, [WEIGHTS], res=5)) == cost(25)
    result = network([CONV], dims, [WEIGHTS], res=(4, 6))
    assert (result.parameters["height"], result.parameters["width"]) == (4, 6)
    assert macs(network([CONV], (None, 3, None, None), [WEIGHTS], res=5)) == cost(25)
    assert macs(network([CONV], dims, [WEIGHTS], input=(3, 2, 9))) == cost(18)


def test_all_open_dimensions_are_named_at_once(network):
    with pytest.raises(SpecError) as caught:
        network([CONV], ("N", 3, "height", None), [WEIGHTS])
    text = str(caught.value)
    assert "input 'x' leaves dimensions open: height, axis 3" in text
    assert "(N, 3, height, ?)" in text
    assert text.endswith("try      --res 224 or --input, with all dimensions")


@pytest.mark.parametrize(
    ("dims", "settings", "advised"),
    [
        (("N", 3, "h", "w"), {"h": 5, "w": 6}, "--res 224 or --set h=... and --set w=..."),
        (("N", 3, 48, "w"), {"w": 6}, "--set w=..."),
        (("N", 3, 48, None), {"input": (3, 48, 6)}, "--input, with all dimensions"),
        (("N", 3, None, "w"), {"res": 6}, "--res 224 or --input, with all dimensions"),
        (("N", None, None, None), {"input": (3, 5, 6)}, "--input, with all dimensions"),
    ],
)
def test_each_advice_on_open_dimensions_is_enough(network, dims, settings, advised):
    with pytest.raises(SpecError) as caught:
        network([CONV], dims, [WEIGHTS])
    assert str(caught.value).endswith(f"try      {advised}")
    assert macs(network([CONV], dims, [WEIGHTS], **settings)) > 0


@pytest.mark.parametrize("wrong", [{"height": 0}, {"height": "tall"}, {"height": (3, 4)}])
def test_invalid_dimensions_are_refused(network, wrong):
    with pytest.raises(SpecError, match="'height' cannot be"):
        network([CONV], ("N", 3, "height", 8), [WEIGHTS], **wrong)


def test_dimensions_in_the_file_can_be_overridden(network):
    stated = [value("a", 1, 4, 8, 8)]
    nodes = [node("Conv", "x w", "a", pads=(1, 1, 1, 1)), node("Relu", "a", "y")]
    result = network(nodes, (1, 3, 8, 8), [WEIGHTS], values=stated, res=16)
    assert macs(result) == cost(256)
    with pytest.raises(SpecError, match=r"input 'x' cannot be \(3, 8\)"):
        network(nodes, (1, 3, 8, 8), [WEIGHTS], input=(3, 8))


def test_a_size_that_a_file_holds_in_numbers_is_said(network):
    nodes = [node("Reshape", "x s", "a", name="flat"), node("Relu", "a", "y")]
    stored = [tensor("s", [2], [1, 3 * 8 * 8])]
    with pytest.raises(SpecError, match="node 'flat'") as caught:
        network(nodes, (1, 3, 8, 8), stored, res=16)
    assert "exported with open sides" in str(caught.value)
    with pytest.raises(SpecError, match="node 'flat'") as caught:
        network(nodes, (1, 3, 8, 9), stored)
    assert "open sides" not in str(caught.value)


def test_inputs_may_be_channels_last(network):
    nodes = [node("Transpose", "x", "t", perm=(0, 3, 1, 2)), node("Conv", "t w", "y")]
    result = network(nodes, (1, 8, 8, 3), [WEIGHTS], res=(6, 5))
    assert result.input == (6, 5, 3)
    assert macs(result) == cost(4 * 3)


def test_other_inputs_are_inputs(opened):
    inside = graph(
        [node("Add", "x mask", "y")], [value("x", 1, 4), value("mask", 1, 4)], [value("y")]
    )
    result = opened(model(inside))
    assert [layer.kind.name for layer in result.layers] == ["input", "add"]
    # Older files list their initializers among the inputs.
    inside = graph(
        [CONV], [value("x", 1, 3, 8, 8), value("w", 4, 3, 3, 3)], [value("y")], [WEIGHTS]
    )
    assert macs(opened(model(inside))) == cost(64)


def test_a_sweep_reads_the_file_again_at_every_size(tmp_path):
    nodes = [
        node("Shape", "x", "s"),
        node("Reshape", "c s", "a"),
        node("Add", "a x", "y"),
    ]
    nodes = [node("Conv", "x w", "c", pads=(1, 1, 1, 1)), *nodes]
    inside = graph(nodes, [value("x", "N", 4, "h", "h")], [value("y")], [tensor("w", [4, 4, 3, 3])])
    path = tmp_path / "net.onnx"
    path.write_bytes(model(inside))
    for side in (5, 7):
        # 4 filters of 4 x 3 x 3.
        assert macs(opening.opened(str(path), {"h": side}).graph()) == 144 * side * side
    document, left = import_model(str(path), {"h": 5, "other": 1})
    assert (document.file, left) == (str(path), {"other": 1})
