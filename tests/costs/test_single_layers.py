"""Every convention against its tool, layer by layer.

``tools/judges`` holds the scripts that measured the numbers; here no framework is needed.
"""

import csv
import json
from collections import Counter

import pytest

from costcalc.costs import convention as conventions
from costcalc.costs.count import count
from costcalc.errors import ConventionError
from costcalc.graph.expand import expand
from costcalc.kinds.base import elements
from costcalc.spec.reader import read
from tests.collection import some
from tests.costs.measured_layers import CONVENTIONS, DATA, NotInSpec, layers, step

TOOLS, LAYERS = layers()
ON_A_CPU = {"torch": {"attention"}}
"""Kinds that a tool counts, but not on a CPU, whose kernels are unknown to it."""


def graph(kind, arguments, shape):
    """The graph of one layer, with constants for inputs other than the network's."""
    layer, sources = "", []
    for source in arguments.get("from", ()):
        if source != "input":
            layer += f"  - constant: {{name: other, shape: {json.dumps(source)}}}\n"
        sources.append("input" if source == "input" else "other")
    arguments = arguments | ({"from": sources} if sources else {})
    layer += f"  - {kind}: {json.dumps(arguments)}\n"
    text = f"name: one\ninput: {json.dumps(shape)}\nlayers:\n{layer}"
    return expand(read(text.encode(), "one.yaml", lambda name: None), {})


def expressible():
    for row in LAYERS:
        try:
            yield row, step(row)
        except NotInSpec:
            continue


@pytest.mark.parametrize("reading", some(TOOLS, {"fvcore", "ptflops", "torch"}))
def test_every_layer_has_the_count_of_the_tool(reading):
    convention = conventions.load(CONVENTIONS.get(reading, reading))
    index = TOOLS.index(reading)
    wrong, compared = [], 0
    for row, (kind, arguments, shape) in expressible():
        if row["macs"][index] is None:
            continue
        one = graph(kind, arguments, shape)
        assert elements(one.layers[-1].output) == elements(row["output"])
        if kind in convention.undefined:
            with pytest.raises(ConventionError, match=f"'{convention.name}' does not define"):
                count(one, convention)
            continue
        cost = count(one, convention)[-1]
        compared += 1
        told = (row["macs"][index], row["params"][index])
        if kind in ON_A_CPU.get(reading, ()):
            assert told[0] == 0
            continue
        found = (cost.mult_adds, told[1] if told[1] is None else cost.params)
        if found != told:
            wrong.append((row["kind"], row["variant"], "costcalc", found, reading, told))
    assert wrong == []
    assert compared > 350


def test_layers_that_no_spec_can_express_have_a_reason():
    reasons = Counter()
    for row in LAYERS:
        try:
            step(row)
        except NotInSpec as reason:
            reasons[str(reason)] += 1
    assert reasons == {
        # blocks of several layers, which stand in test_blocks
        "no such kind of layer": 3,
        "padding that is given as a word": 4,
        # a stack of eight products is a batch to the row's author
        "a batch of several images": 5,
        "padding with other values than zeros": 2,
        "a subclass of the module": 2,
        "a norm without running statistics": 1,
        "work in place": 1,
        "a shuffle as a module of its own": 1,
        "interpolation of aligned corners": 1,
    }
    assert (len(LAYERS), reasons.total()) == (411, 20)


BLOCKS = {
    "layer-scale": """
  - learned: {name: gain, shape: [8, 1, 1]}
  - multiply: {from: [input, gain], functional: operator}
""",
    "squeeze-excitation": """
  - multiply:
    - ~
    - - adaptive_avg_pool: 1
      - conv: {out: 2, kernel: 1, act: relu}
      - conv: {out: 8, kernel: 1, act: sigmoid}
""",
    "conv-norm-activation": "\n  - conv: {out: 16, kernel: 3, norm: batch, act: relu}\n",
}


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("reading", TOOLS)
def test_blocks(reading, kind):
    row = next(row for row in LAYERS if row["kind"] == kind)
    spec = f"name: block\ninput: [8, 10, 10]\nlayers:{BLOCKS[kind]}"
    one = expand(read(spec.encode(), "block.yaml", lambda name: None), {})
    costs = count(one, conventions.load(CONVENTIONS.get(reading, reading)))
    told = (row["macs"][TOOLS.index(reading)], row["params"][TOOLS.index(reading)])
    params = sum(cost.params for cost in costs) if told[1] is not None else None
    assert (sum(cost.mult_adds for cost in costs), params) == told


def test_current_torchinfo_counts_every_position_of_a_linear_layer():
    released, main = conventions.load("torchinfo-1.8.0"), conventions.load("torchinfo")
    one = graph("fc", {"out": 10, "per_position": True}, [64, 3, 5])
    # 64 weights and a bias for each of 10 outputs, once; at each of 3*5 positions
    assert count(one, released)[0].mult_adds == 650
    assert count(one, main)[0].mult_adds == 9750
    vector = graph("fc", {"out": 10}, [64])
    assert count(vector, released)[0].mult_adds == count(vector, main)[0].mult_adds == 650


CONV = {"out": 16, "kernel": 3, "padding": 1, "bias": False}
MAP, VECTOR = [8, 10, 10], [64]
OPERATORS = {
    "conv 3x3 p1 bias 8->16": ("conv", CONV | {"bias": True}, MAP),
    "conv 3x3 p1 no bias": ("conv", CONV, MAP),
    "conv 3x3 s2 p1 no bias": ("conv", CONV | {"stride": 2}, MAP),
    "conv 3x3 dil2 p2 no bias": ("conv", CONV | {"dilation": 2, "padding": 2}, MAP),
    "conv 1x5 p(0,2) no bias": ("conv", CONV | {"kernel": [1, 5], "padding": [0, 2]}, MAP),
    "conv groups=4 no bias": ("conv", CONV | {"groups": 4}, MAP),
    "conv depthwise no bias": ("conv", CONV | {"out": 8, "groups": 8}, MAP),
    "conv1d k3 p1 no bias": ("conv", CONV, [8, 10]),
    "conv3d k3 p1 no bias": ("conv", CONV | {"out": 4}, [2, 6, 6, 6]),
    "convT 2x2 s2 8->4 bias": (
        "transposed_conv", {"out": 4, "kernel": 2, "stride": 2, "padding": 0}, MAP,
    ),
    "convT 3x3 s2 p1 op1 8->4 no bias": (
        "transposed_conv", CONV | {"out": 4, "stride": 2, "output_padding": 1}, MAP,
    ),
    "x @ x (1,8,10,10)": (
        "matmul", {"from": ["input", "input"], "functional": "operator"}, MAP,
    ),
    "torch.matmul": ("matmul", {"from": ["input", "input"], "functional": True}, MAP),
    "F.scaled_dot_product_attention (1,2,10,16)": (
        "attention", {"from": ["input"] * 3, "functional": True}, [2, 10, 16],
    ),
    "F.conv2d with a Parameter": ("conv", CONV | {"functional": True}, MAP),
    "linear 2-D input 64->10 bias": ("fc", {"out": 10}, VECTOR),
    "linear 2-D input no bias": ("fc", {"out": 10, "bias": False}, VECTOR),
    "linear 3-D input (1,5,64)->10 bias": ("fc", {"out": 10, "per_position": True}, [64, 5]),
    "BatchNorm2d affine": ("batch_norm", {}, MAP),
    "BatchNorm2d no affine": ("batch_norm", {"affine": False}, MAP),
    "LayerNorm(10)": ("layer_norm", {}, [10, 8, 10]),
    "GroupNorm(2,8)": ("group_norm", {"groups": 2}, MAP),
    "ReLU": ("relu", {}, MAP),
    "F.relu": ("relu", {"functional": True}, MAP),
    "ReLU6": ("relu6", {}, MAP),
    "SiLU": ("swish", {}, MAP),
    "GELU": ("gelu", {}, MAP),
    "Hardswish": ("h_swish", {}, MAP),
    "Hardsigmoid": ("h_sigmoid", {}, MAP),
    "Sigmoid": ("sigmoid", {}, MAP),
    "LeakyReLU": ("leaky_relu", {}, MAP),
    "PReLU": ("prelu", {"shared": True}, MAP),
    "Softmax(1)": ("softmax", {}, MAP),
    "MaxPool2d(2)": ("max_pool", {"kernel": 2}, MAP),
    "AvgPool2d(2)": ("avg_pool", {"kernel": 2}, MAP),
    "F.avg_pool2d(2)": ("avg_pool", {"kernel": 2, "functional": True}, MAP),
    "AdaptiveAvgPool2d(1)": ("global_avg_pool", {}, MAP),
    "AdaptiveAvgPool2d(5)": ("adaptive_avg_pool", {"size": 5}, MAP),
    "F.adaptive_avg_pool2d(1)": ("global_avg_pool", {"functional": True}, MAP),
    "x.mean((2,3))": ("global_avg_pool", {"functional": "operator"}, MAP),
    "x + x": ("add", {"from": ["input", "input"]}, MAP),
    "torch.add(x,x)": ("add", {"from": ["input", "input"], "functional": True}, MAP),
    "x * x": ("multiply", {"from": ["input", "input"]}, MAP),
    "torch.mul(x,x)": ("multiply", {"from": ["input", "input"], "functional": True}, MAP),
    "torch.cat([x,x])": ("concat", {"from": ["input", "input"]}, MAP),
    "Dropout": ("dropout", {}, MAP),
    "Upsample x2 nearest": ("upsample", {"scale": 2}, MAP),
    "Upsample x2 bilinear": ("upsample", {"scale": 2, "mode": "bilinear"}, MAP),
}  # fmt: skip
"""The operators of ``single_ops.csv`` that a spec can express."""

NOT_OPERATORS = {
    "conv padding='same' no bias": "padding that is given as a word",
    "conv batch 4 no bias": "a batch of several images",
    "subclass of Conv2d, no bias": "a subclass of the module",
    "subclass of Linear": "a subclass of the module",
    "one conv module called twice": "weights that two layers share",
    "module never called (unused conv)": "params that no layer uses",
}
COLUMNS = {
    "fvcore": "fvcore",
    "thop": "thop",
    "ptflops": "ptflops_pytorch",
    "ptflops-aten": "ptflops_aten",
    "torchinfo-1.8.0": "torchinfo_1.8.0",
    "torchprofile": "torchprofile",
    "calflops": "calflops_macs",
    "calflops-flops": "calflops_flops",
    "deepspeed": "deepspeed_macs",
    "deepspeed-flops": "deepspeed_flops",
}


def operators():
    with (DATA / "single_ops.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", COLUMNS)
def test_single_operators(name):
    convention = conventions.load(name)
    rows = [row for row in operators() if row["op"] in OPERATORS]
    found = {row["op"]: count(graph(*OPERATORS[row["op"]]), convention)[0] for row in rows}
    told = {row["op"]: int(row[COLUMNS[name]]) for row in rows}
    assert {op: cost.mult_adds for op, cost in found.items()} == told
    if name == "thop":
        params = {row["op"]: int(row["thop_params"]) for row in rows}
        assert {op: cost.params for op, cost in found.items()} == params


def test_single_operators_under_flop_counter_mode_whose_counts_the_file_halves():
    torch = conventions.load("torch").converted("macs")
    for row in operators():
        if row["op"] in OPERATORS and OPERATORS[row["op"]][0] not in ON_A_CPU["torch"]:
            cost = count(graph(*OPERATORS[row["op"]]), torch)[0]
            assert cost.mult_adds == int(row["torch_flop_counter_half"]), row["op"]


def test_every_single_operator_is_tested_or_has_a_reason():
    names = [row["op"] for row in operators()]
    assert sorted(names) == sorted([*OPERATORS, *NOT_OPERATORS])
    assert len(names) == 54
