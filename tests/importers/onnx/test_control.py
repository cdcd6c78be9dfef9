"""If, Loop and Scan: what the values of tensors decide, and graphs that run several times."""

import pytest

from costcalc.errors import SpecError
from tests.importers.onnx.counted import kinds, macs, outputs, params
from tests.importers.onnx.models import BOOL, INT64, graph, model, node, scalar, tensor, value
from tests.importers.onnx.protobuf import message

X = (1, 6)
SMALL, LARGE = tensor("small", [6, 2]), tensor("large", [6, 5])


def graph_attribute(name, graph_):
    return message((1, name), (6, graph_), (20, 5))


def control(operator, inputs, outs, name, **attributes):
    """A node with graphs as attributes, and whole numbers."""
    made = [
        graph_attribute(key, of) if isinstance(of, bytes) else message((1, key), (3, of), (20, 2))
        for key, of in attributes.items()
    ]
    fields = (1, inputs.split()), (2, outs.split()), (3, name), (4, operator), (5, made)
    return message(*fields)


def branch(operator, weights, out):
    return graph([node(operator, f"x {weights}", out, name=f"inner_{out}")], [], [value(out)])


IF = control(
    "If",
    "flag",
    "y",
    "choice",
    then_branch=branch("MatMul", "small", "a"),
    else_branch=branch("MatMul", "large", "b"),
)


def if_model(nodes=(IF,), stored=(SMALL, LARGE), outs=("y",)):
    inputs = [value("x", *X), scalar("flag", of=BOOL)]
    return model(graph(list(nodes), inputs, [value(out) for out in outs], list(stored)))


def test_the_dearer_branch_of_a_value_counts_and_is_said(opened):
    result = opened(if_model())
    assert (macs(result), outputs(result)[-1]) == (6 * 5, (5,))
    assert result.parameters["choice"] == "else"
    (note,) = result.notes
    assert "Node 'choice' decides by a value: its branch 'else' counts" in note
    assert "the dearer by 18 multiply-accumulates" in note  # 30 - 12
    assert "choice=then" in note


@pytest.mark.parametrize("setting", ["then", "else", True, False])
def test_a_setting_chooses_the_branch(opened, setting):
    result = opened(if_model(), choice=setting)
    assert macs(result) == (12 if setting in ("then", True) else 30)
    assert result.notes == ()
    with pytest.raises(SpecError, match="has no branch 'maybe'"):
        opened(if_model(), choice="maybe")


def test_a_branch_that_cannot_be_read_is_left_out_by_a_setting(opened):
    unread = control(
        "If",
        "flag",
        "y",
        "choice",
        then_branch=branch("Mystery", "small", "a"),
        else_branch=branch("MatMul", "large", "b"),
    )
    with pytest.raises(SpecError, match="its branch 'then' cannot be read") as caught:
        opened(if_model([unread]))
    assert "(Mystery): an operator that costcalc does not know" in str(caught.value)
    assert "--set choice=else" in str(caught.value)
    assert macs(opened(if_model([unread]), choice="else")) == 30


@pytest.mark.parametrize("misfit", ["then", "else"])
def test_a_branch_that_does_not_fit_is_left_out_and_said(opened, misfit):
    # Matrices of 7 rows do not fit 6 numbers.
    branches = {misfit: branch("MatMul", "seven", "a")}
    other = "else" if misfit == "then" else "then"
    branches[other] = branch("MatMul", "large", "b")
    chosen = control(
        "If", "flag", "y", "choice", **{f"{name}_branch": of for name, of in branches.items()}
    )
    result = opened(if_model([chosen], [tensor("seven", [7, 2]), LARGE]))
    assert macs(result) == 30
    (note,) = result.notes
    assert f"its branch '{other}' counts, as the other does not fit these sizes" in note
    with pytest.raises(SpecError, match="multiplies matrices that do not fit"):
        opened(if_model([chosen], [tensor("seven", [7, 2]), LARGE]), choice=misfit)


def test_the_value_itself_may_be_set(opened):
    assert macs(opened(if_model(), flag=True)) == 12
    assert macs(opened(if_model(), flag=False)) == 30


def test_inner_branches_are_decided_before_the_ones_around_them(opened):
    # Only with its own dearer branch is 'then' dearer than 'else': 30 + 12 > 36.
    inner = control(
        "If",
        "flag",
        "c",
        "inner",
        then_branch=branch("MatMul", "small", "d"),
        else_branch=branch("MatMul", "large", "e"),
    )
    summed = [inner, node("MatMul", "x small", "f"), node("ReduceSum", "f", "g", keepdims=1)]
    summed.append(node("Add", "c g", "a"))
    outer = control(
        "If",
        "flag",
        "y",
        "outer",
        then_branch=graph(summed, [], [value("a")]),
        else_branch=branch("MatMul", "middle", "b"),
    )
    result = opened(if_model([outer], [SMALL, LARGE, tensor("middle", [6, 6])]))
    assert macs(result) == 30 + 12
    assert (result.parameters["outer"], result.parameters["outer/inner"]) == ("then", "else")
    assert len(result.notes) == 2


def test_branches_that_cost_the_same_are_said_too(opened):
    same = control(
        "If",
        "flag",
        "y",
        "choice",
        then_branch=branch("MatMul", "small", "a"),
        else_branch=branch("MatMul", "small", "b"),
    )
    (note,) = opened(if_model([same], [SMALL])).notes
    assert "its branch 'then' counts, as dear" in note


def loop_body(carried="v", nodes=None):
    """``v = relu(v W)``, and ``v`` collected."""
    if nodes is None:
        nodes = [node("MatMul", f"{carried} w", "p"), node("Relu", "p", "next")]
    inputs = [value("i"), value("go"), value(carried)]
    return graph([*nodes, node("Identity", "go", "goes")], inputs, list(map(value, ENDS)))


ENDS = ("goes", "next", "next")
SQUARE = tensor("w", [6, 6])


def loop(inputs="m go x", body=None):
    return control("Loop", inputs, "y all", "repeat", body=body or loop_body())


def test_a_loop_of_known_length_runs_so_often(network):
    stored = [SQUARE, tensor("m", [], [7]), tensor("go", [], [True], data_type=BOOL)]
    result = network([loop(), node("Relu", "all", "z")], X, stored)
    assert (macs(result), params(result)) == (7 * 36, 36)
    assert result.notes == ()


def test_what_a_loop_collects_has_an_axis_of_its_runs(opened):
    stored = [SQUARE, tensor("m", [], [7]), tensor("go", [], [True], data_type=BOOL)]
    data = model(graph([loop()], [value("x", *X)], [value("all")], stored))
    assert outputs(opened(data))[-1] == (7, 6)


def test_weights_inside_a_loop_count_once(network):
    inside = message((1, "value"), (5, tensor("", [6, 6], [0.5] * 36)), (20, 4))
    nodes = [
        message((2, "w"), (4, "Constant"), (5, inside)),
        node("MatMul", "v w", "p"),
        node("Relu", "p", "next"),
    ]
    stored = [tensor("m", [], [5]), tensor("go", [], [True], data_type=BOOL)]
    result = network([loop(body=loop_body(nodes=nodes))], X, stored)
    assert (macs(result), params(result)) == (5 * 36, 36)


def test_a_loop_stops_where_its_condition_is_known_to_fail(network):
    nodes = [
        node("MatMul", "v w", "p"),
        node("Relu", "p", "next"),
        node("Less", "i three", "goes"),
    ]
    inputs = [value("i"), value("go"), value("v")]
    body = graph(nodes, inputs, list(map(value, ENDS)))
    stored = [SQUARE, tensor("three", [], [3]), tensor("go", [], [True], data_type=BOOL)]
    # The runs 0, 1, 2 and 3, after which 3 < 3 fails.
    result = network(
        [loop(body=body)],
        X,
        [
            *stored,
            tensor("m", [], [2**62]),
        ],
    )
    assert macs(result) == 4 * 36


def test_a_loop_that_a_value_may_stop_counts_all_its_runs_and_says_so(network):
    nodes = [
        node("MatMul", "v w", "p"),
        node("Relu", "p", "next"),
        node("ReduceSum", "next", "sum", keepdims=0),
        node("Greater", "sum zero", "goes"),
    ]
    inputs = [value("i"), value("go"), value("v")]
    body = graph(nodes, inputs, list(map(value, ENDS)))
    stored = [SQUARE, tensor("zero", [], [0.0]), tensor("go", [], [True], data_type=BOOL)]
    result = network([loop(body=body)], X, [*stored, tensor("m", [], [7])])
    assert macs(result) == 7 * 36
    assert result.notes == ("Node 'repeat' (Loop) may stop earlier, by a value: all 7 runs count.",)
    # Without a limit, only a setting can say how often it runs.
    endless = [*stored, tensor("m", [], [2**62])]
    with pytest.raises(SpecError, match="runs until a value says so") as caught:
        network([loop(body=body)], X, endless)
    assert "--set repeat=10" in str(caught.value)
    result = network([loop(body=body)], X, endless, repeat=3)
    assert (macs(result), result.parameters["repeat"]) == (3 * 36, 3)


def test_the_length_of_a_loop_may_be_an_input(opened):
    inputs = [value("x", *X), scalar("m", of=INT64)]
    stored = [SQUARE, tensor("go", [], [True], data_type=BOOL)]
    data = model(graph([loop()], inputs, [value("y")], stored))
    assert macs(opened(data, m=4)) == 4 * 36
    with pytest.raises(SpecError, match=r"node 'repeat' \(Loop\): runs until a value says so"):
        opened(data)


@pytest.mark.parametrize("runs", [10_001, 10**9])
def test_runs_are_bounded(network, runs):
    often = [SQUARE, tensor("m", [], [runs]), tensor("go", [], [True], data_type=BOOL)]
    with pytest.raises(SpecError, match="runs its graph too often"):
        network([loop()], X, often)


def test_a_thousand_runs_are_read(network):
    stored = [SQUARE, tensor("m", [], [1000]), tensor("go", [], [True], data_type=BOOL)]
    result = network([loop()], X, stored)
    assert macs(result) == 1000 * 36
    assert params(result) == 36


@pytest.mark.parametrize("attributes", [{}, {"scan_input_axes": (1,)}])
def test_a_scan_runs_for_every_place_along_an_axis(network, attributes):
    # An Elman network over 9 steps: h' = tanh(e U + h V).
    body = graph(
        [
            node("MatMul", "e u", "p"),
            node("MatMul", "h v", "q"),
            node("Add", "p q", "s"),
            node("Tanh", "s", "t"),
        ],
        [value("h"), value("e")],
        [value("t"), value("t")],
    )
    made = [graph_attribute("body", body), message((1, "num_scan_inputs"), (3, 1), (20, 2))]
    if attributes:
        made.append(message((1, "scan_input_axes"), (8, [1]), (20, 7)))
    nodes = [message((1, ["h0", "x"]), (2, ["y", "all"]), (4, "Scan"), (5, made))]
    stored = [tensor("u", [6, 4]), tensor("v", [4, 4]), tensor("h0", [1, 4], [0.0] * 4)]
    x = (1, 9, 6) if attributes else (9, 1, 6)
    result = network([*nodes, node("Relu", "all", "z")], x, stored)
    assert macs(result) == 9 * (6 * 4 + 4 * 4)
    assert kinds(result).count("tanh") == 9
