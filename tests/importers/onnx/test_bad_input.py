"""Truncated, damaged or hostile files: an error that names the file, never a traceback."""

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError, SpecError
from tests.importers.onnx.models import (
    attribute,
    function,
    graph,
    model,
    node,
    subgraph,
    tensor,
    value,
)
from tests.importers.onnx.protobuf import field, message, varint

CONV = node("Conv", "x w", "y", name="stem")
WEIGHTS = tensor("w", [4, 3, 3, 3])
SMALL = model(graph([CONV], [value("x", 1, 3, 8, 8)], [value("y", 1, 4, 6, 6)], [WEIGHTS]))


def refused(network, *arguments, **settings):
    with pytest.raises(SpecError) as caught:
        network(*arguments, **settings)
    return str(caught.value)


def opens_or_refuses(data, path):
    """Report the file, or refuse it with an error; anything else fails the test."""
    path.write_bytes(data)
    try:
        costcalc.report(str(path), allow_unknown=True)
    except CostcalcError as error:
        assert str(error).startswith(str(path)) or "'y'" in str(error) or error.problems


def test_a_file_truncated_anywhere_is_read_or_refused(tmp_path):
    path = tmp_path / "net.onnx"
    for length in range(len(SMALL)):
        opens_or_refuses(SMALL[:length], path)


@pytest.mark.parametrize("data", [b"", SMALL[:40], b"\xff" * 64, SMALL.replace(b"Conv", b"Cunv")])
def test_the_command_prints_an_error_and_exits_with_2(tmp_path, data):
    path = tmp_path / "net.onnx"
    path.write_bytes(data)
    result = CliRunner().invoke(main, ["report", str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(path) in result.stderr
    assert "Traceback" not in result.stderr


def test_inconsistent_graphs_are_refused(network):
    x, relu = (1, 4), node("Relu", "x", "a")
    for nodes, expected in (
        (
            [node("Add", "x b", "a", name="one"), node("Relu", "a", "b"), node("Relu", "b", "y")],
            "the graph has a cycle: node 'one' (Add) -> node 'the_relu' (Relu) -> node 'one' (Add)",
        ),
        (
            [node("Relu", "nowhere", "y", name="one")],
            "node 'one' (Relu): reads 'nowhere', which nothing computes",
        ),
        (
            [relu, node("Sqrt", "x", "a", name="two"), node("Relu", "a", "y")],
            "node 'two' (Sqrt): computes 'a', which exists already",
        ),
        ([relu], "no node computes the graph's output 'y'"),
        ([node("Relu", "x", "x"), node("Relu", "x", "y")], "computes 'x', which exists already"),
        ([node("Identity", "w", "y")], "no output depends on the network's input"),
    ):
        assert expected in refused(network, nodes, x, [tensor("w", [4])])


def test_names_of_an_outputs_sides_may_be_wrong_and_are_noted(opened):
    relu, x = [node("Relu", "x", "y")], [value("x", 1, 4, 8)]
    result = opened(model(graph(relu, x, [value("y", 1, "length")])))
    assert result.notes == ("The file states its output 'y' as (1, length); it is (1, 4, 8).",)
    assert opened(model(graph(relu, x, [value("y", 1, "channels", "length")]))).notes == ()
    with pytest.raises(SpecError, match="in a different shape than the file states"):
        opened(model(graph(relu, x, [value("y", 1, 4)])))


def test_all_unknown_operators_are_named_at_once(network):
    nodes = [
        node("Foo", "x", "a", name="one"),
        node("Relu", "a", "b"),
        node("Bar", "b", "y", name="two", domain="com.example"),
    ]
    text = refused(network, nodes, (1, 4), values=[value("a", 1, 4)])
    assert "node 'one' (Foo): an operator that costcalc does not know" in text
    assert "node 'two' (com.example.Bar)" in text
    assert "--allow-unknown" in text
    behind = refused(network, nodes, (1, 4))
    assert behind == text
    missing = refused(network, nodes, (1, 4), allow_unknown=True)
    assert "--shape one=C,H,W" in missing
    assert "--shape two=C,H,W" in missing


def test_what_reads_a_sequence_of_an_unknown_operator_is_unknown_too(network):
    nodes = [
        node("Mystery", "x", "none", name="none"),
        node("SequenceInsert", "none x", "one", name="one"),
        node("SequenceAt", "one i", "a", name="at"),
        node("Relu", "a", "y"),
    ]
    first = [tensor("i", (), (0,))]
    shapes = {"shape.none": (4,), "shape.one": (4,)}
    text = refused(network, nodes, (1, 4), first, allow_unknown=True, **shapes)
    assert "--shape at=C,H,W" in text
    shapes["shape.at"] = (4,)
    result = network(nodes, (1, 4), first, allow_unknown=True, **shapes)
    assert [layer.kind.name for layer in result.layers][-2:] == ["uncounted", "relu"]


def test_unknown_operators_can_be_allowed_and_are_not_counted(network):
    nodes = [node("Foo", "x", "a"), node("Relu", "a", "y")]
    result = network(nodes, (1, 4), values=[value("a", 1, 9)], allow_unknown=True)
    assert [layer.kind.name for layer in result.layers] == ["uncounted", "relu"]
    assert result.layers[0].output == (9,)
    text = refused(network, nodes, (1, 4), allow_unknown=True)
    assert "the file does not state its shape" in text


@pytest.mark.parametrize(
    "dims, expected",
    [
        ((1, -3, 8, 8), "input 'x' has a dimension of -3"),
        ((1, 3, 2**62, 8), "input 'x' has a dimension of 4611686018427387904"),
        ((), "input 'x' is not a tensor"),
    ],
)
def test_inputs_of_invalid_shapes_are_refused(network, dims, expected):
    assert expected in refused(network, [CONV], dims, [WEIGHTS])


def test_weights_of_invalid_shapes_are_refused(network):
    for dims in ([4, -3, 3, 3], [4, 3, 2**41, 3]):
        text = refused(network, [CONV], (1, 3, 8, 8), [tensor("w", dims)])
        assert "tensor 'w' has dimensions out of range" in text


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"group": 0}, "has an attribute 'group' that it cannot have"),
        ({"group": 2}, "reads 3 channels, but its filters have 6"),
        ({"strides": (2,)}, "has an attribute 'strides' that it cannot have"),
        ({"strides": (0, 1)}, "has an attribute 'strides' that it cannot have"),
        ({"pads": (-1, 0, 0, 0)}, "has an attribute 'pads' that it cannot have"),
        ({"pads": (2**50, 0, 0, 0)}, "has an attribute 'pads' that it cannot have"),
        ({"dilations": (4, 4)}, "the window is larger than its input"),
        ({"auto_pad": "SOME"}, "has an 'auto_pad' that ONNX does not have"),
    ],
)
def test_invalid_attributes_are_refused_with_the_node(network, change, expected):
    nodes = [node("Conv", "x w", "y", name="stem", **change)]
    text = refused(network, nodes, (1, 3, 8, 8), [WEIGHTS])
    assert f"node 'stem' (Conv): {expected}" in text


def test_all_invalid_nodes_are_named_at_once(network):
    nodes = [
        node("Flatten", "x", "a", name="one", axis=9),
        node("Transpose", "x", "b", name="two", perm=(0, 0)),
        node("Add", "a b", "y"),
    ]
    text = refused(network, nodes, (1, 4))
    assert "node 'one' (Flatten): has no axis 9" in text
    assert "node 'two' (Transpose): has a 'perm' that is not a permutation of the axes" in text


def test_a_shape_beyond_the_limits_is_refused(network):
    nodes = [node("Tile", "x r", "y", name="more")]
    text = refused(network, nodes, (1, 4), [tensor("r", [2], [1, 2**40])])
    assert "node 'more' (Tile): computes a tensor that is too large" in text


def test_a_shape_that_contradicts_the_file_is_refused(network):
    text = refused(
        network, [node("Relu", "x", "a"), node("Relu", "a", "y")], (1, 4), values=[value("a", 1, 5)]
    )
    assert "computes 'a' in a different shape than the file states" in text
    assert "expected (1, 5)" in " ".join(text.split())


def test_a_shape_that_depends_on_the_input_is_refused(network):
    nodes = [node("Reshape", "x x", "y", name="odd")]
    assert "node 'odd' (Reshape): its input 'x' decides a shape" in refused(network, nodes, (4,))


def test_functions_that_call_themselves_are_refused(network):
    body = [node("Loop", "a", "b", domain="own")]
    nodes = [node("Loop", "x", "y", domain="own")]
    text = refused(network, nodes, (1, 4), functions=[function("Loop", "a", "b", body)])
    assert "function 'Loop' calls itself" in text


@pytest.mark.slow
def test_functions_that_call_each_other_too_deeply_or_too_often_are_refused(network):
    deep = [
        function(f"F{level}", "a", "b", [node(f"F{level + 1}", "a", "b", domain="own")])
        for level in range(99)
    ]
    nodes = [node("F0", "x", "y", domain="own")]
    assert "functions are called more than 64 levels deep" in refused(
        network, nodes, (1, 4), functions=deep
    )
    # Each function calls the next one twice: 2 ** 40 operations.
    twice = [
        function(
            f"F{level}",
            "a",
            "b",
            [
                node(f"F{level + 1}", "a", "c", domain="own"),
                node(f"F{level + 1}", "c", "b", domain="own"),
            ],
        )
        for level in range(40)
    ]
    twice.append(function("F40", "a", "b", [node("Relu", "a", "b")]))
    assert "more than 300,000 nodes" in refused(network, nodes, (1, 4), functions=twice)


def test_graphs_nested_too_deeply_are_refused(network):
    inner = subgraph([node("Relu", "x", "z")], "z")
    for _ in range(70):
        branch = message((1, "then_branch"), (6, inner), (20, 5))
        inner = subgraph([message((1, "c"), (2, "z"), (4, "If"), (5, branch))], "z")
    branch = message((1, "then_branch"), (6, inner), (20, 5))
    nodes = [message((1, "c"), (2, "y"), (3, "outer"), (4, "If"), (5, branch))]
    text = refused(network, nodes, (1, 4), [tensor("c", [], [True], 9)])
    assert "is nested in more than 64 graphs" in text


@pytest.mark.slow
def test_too_much_shape_arithmetic_is_refused(network):
    doubled = [node("Add", f"r{i} r{i}", f"r{i + 1}", name=f"n{i}") for i in range(1500)]
    nodes = [*doubled, node("Tile", "x r1500", "y")]
    # 8,000 values each: 1,250 of them make 10 million, and the next one exceeds the limit.
    text = refused(network, nodes, (1, 4), [tensor("r0", [8000], [0] * 8000)])
    assert (
        "node 'n1250' (Add): exceeds the limit of 10,000,000 values for arithmetic on sizes" in text
    )


def test_sparse_tensors_are_refused(opened):
    inside = graph([CONV], [value("x", 1, 3, 8, 8)], [value("y")]) + field(15, field(1, WEIGHTS))
    assert "holds sparse tensors" in refused(opened, model(inside))


def test_a_reference_to_a_function_attribute_outside_functions_is_ignored(network):
    refers = message((1, "alpha"), (21, "nothing"), (20, 1))
    nodes = [message((1, "x"), (2, "y"), (4, "Elu"), (5, refers))]
    assert network(nodes, (1, 4)).layers[0].kind.name == "elu"


def test_external_weight_files_are_never_opened(network, tmp_path):
    location = message((1, "location"), (2, "../../../etc/passwd"))
    outside = message((1, [4, 3, 3, 3]), (2, 1), (8, "w"), (13, location), (14, 1))
    result = network([CONV], (1, 3, 8, 8), [outside])
    # 4 filters of 3 x 3 x 3, at 6 x 6 positions.
    events = result.layers[0].operation.events(
        result.layers[0].input_shapes, result.layers[0].output
    )
    assert (events.weights, events.macs) == (108, 3888)


def test_values_of_weights_are_never_read(opened, tmp_path):
    # A file of 4 GiB that is nearly all hole: reading its weights would exhaust the memory.
    count = 2**30
    head = message((1, [1, count]), (2, 1), (8, "w")) + varint(9 << 3 | 2) + varint(4 * count)
    inside = graph([node("MatMul", "x w", "y")], [value("x", 1, 1)], [value("y", 1, count)])
    inside += varint(5 << 3 | 2) + varint(len(head) + 4 * count) + head
    start = message((1, 10), (8, message((1, ""), (2, 20))))
    start += varint(7 << 3 | 2) + varint(len(inside) + 4 * count) + inside
    path = tmp_path / "large.onnx"
    path.write_bytes(start)
    with path.open("r+b") as file:
        file.truncate(len(start) + 4 * count)
    report = costcalc.report(str(path))
    assert report.totals.params == count


def test_a_list_too_long_for_a_shape_is_refused(network):
    many = message((1, "axes"), (8, varint(1) * 700_000), (20, 7))
    nodes = [message((1, "x"), (2, "y"), (4, "Squeeze"), (5, many))]
    assert "a list of 700,000 bytes" in refused(network, nodes, (1, 4))


def test_attributes_of_the_wrong_type_are_refused(network):
    nodes = [node("Transpose", "x", "y", name="odd", perm="ab")]
    assert "node 'odd' (Transpose)" in refused(network, nodes, (1, 4))
    assert attribute("perm", "ab")
