"""Prototxt, read back by Caffe's own rules."""

import re

import pytest
from click.testing import CliRunner

from costcalc import opening
from costcalc.cli import main
from costcalc.errors import SpecError
from costcalc.exporters.prototxt import write
from costcalc.exporters.prototxt.kinds import MISSING
from costcalc.spec import library
from tests.collection import networks
from tests.exporters.caffe import Net, every, one
from tests.exporters.every_kind import specs
from tests.exporters.networks import lacks, shipped

LACKING = {
    **dict.fromkeys(("mobilenet_v3", "mobilenet_v3_large", "mobilenet_v3_small"), "h_swish"),
    **{f"resnet{depth}_cifar": "pad_channels" for depth in (20, 32, 44, 56, 110, 1202)},
    "resnet_cifar": "pad_channels",
    **dict.fromkeys(("skipnet50", "skipnet101", "skipnet_imagenet"), "lstm"),
    **{name: "channel_shuffle" for name in library.shipped() if name.startswith("shufflenet")},
}
"""A kind that Caffe lacks, for each shipped network that it cannot express."""

UNEVEN = ("ds_cnn_m", "ds_cnn_l", "micronet_kws")
"""Networks whose padding differs before and after, which Caffe cannot express."""

INEXPRESSIBLE = (
    "padding: [[0, 1], [2, 0]]",
    "transposed_conv: {out: 6, kernel: 3, stride: 2",
    "fc: {out: 7, per_position: true}",
    "fc: {out: 7, per_position: true, axis: 1",
    "max_pool: {kernel: 2, dilation: 2",
    "avg_pool: {kernel: 9x1}",
    "prelu: {axis: ",
    "step: 3",
    "mean: {axes: [1], keep: true",
    "sum: {axes: [1], keep: true",
    "argmax: [-1]",
    "gates",
    "sources",
    "maps of one axis",
    "maps of three axes",
)
"""Networks of :func:`.specs` that Caffe cannot express, although it has the kinds."""


def is_inexpressible(name: str) -> bool:
    """Whether Caffe has the kinds of a network, but not in its form."""
    return name == "argmax" or any(form in name for form in INEXPRESSIBLE)


def expanded(layers: str, tmp_path, input_: str = "[4, 9, 9]"):
    path = tmp_path / "small.yaml"
    path.write_text(f"input: {input_}\nlayers:\n{layers}", encoding="utf-8")
    return opening.opened(str(path)).graph()


def layer(layers: str, tmp_path, input_: str = "[4, 9, 9]") -> dict:
    """The fields of the parameter of the last layer."""
    net = Net(write(expanded(layers, tmp_path, input_)))
    (param,) = (value for name, value in net.layers[-1] if name.endswith("_param"))
    return dict(param)


def params(graph) -> int:
    events = [each.events() for each in graph.layers if each.shares is None]
    return sum(each.weights + each.biases + each.norm_params + each.other_params for each in events)


def check(graph) -> None:
    """The shapes, params and multiply-accumulates of the file are those of the graph."""
    net = Net(write(graph))
    assert one(net.message, "name") == graph.name
    # All layers give what they are said to; an identity has no layer.
    passing = {each.name for each in graph.layers if each.kind.name == "identity"}
    shapes = {each.name: each.output for each in graph.layers if each.name not in passing}
    assert shapes.items() <= net.shapes.items()
    # Those that nothing reads are the network's outputs.
    outputs = {graph.layers[index].name for index in graph.outputs}
    if not outputs & passing:
        assert net.outputs == outputs
    assert sum(net.learned.values()) == params(graph)
    assert net.mult_adds == sum(each.events().macs for each in graph.layers)


@pytest.mark.parametrize("name", networks(without=UNEVEN))
def test_every_network_that_ships(name):
    graph = shipped(name)
    if lacks(graph, MISSING):
        with pytest.raises(SpecError, match="cannot be written for Caffe"):
            write(graph)
        return
    check(graph)


@pytest.mark.parametrize("name", specs())
def test_every_kind(name, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(specs()[name], encoding="utf-8")
    graph = opening.opened(str(path)).graph()
    lacking = {each.kind.name for each in graph.layers} & set(MISSING)
    if lacking or is_inexpressible(name):
        with pytest.raises(SpecError, match="cannot be written for Caffe") as caught:
            write(graph)
        assert all(MISSING[kind] in str(caught.value) for kind in lacking)
    else:
        check(graph)


@pytest.mark.parametrize(("name", "lacking"), LACKING.items())
def test_a_kind_that_caffe_lacks_is_named(name, lacking):
    reason = re.escape(MISSING[lacking])
    with pytest.raises(SpecError, match=rf"Caffe: {reason}\n +found +'{lacking}'"):
        write(shipped(name))


def test_mobilenet_v1_with_settings():
    net = Net(write(opening.opened("mobilenet_v1", {"alpha": 2, "res": 192}).graph()))
    assert net.shapes["conv1"] == (64, 96, 96)
    # 32 * 2 channels of 3 x 3, each on its own
    assert net.learned["depthwise1 0"] == 576


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ("out: 8, kernel: 3", {"num_output": 8, "kernel_size": 3, "pad": 1}),
        # 4 * 2 + 3 - 9 = 2, one at each end
        ("out: 8, kernel: 3, stride: 2", {"kernel_size": 3, "pad": 1, "stride": 2}),
        (
            "out: 8, kernel: 1x5, stride: 1x2, padding: [0, 1]",
            {"kernel_h": 1, "kernel_w": 5, "pad_h": 0, "pad_w": 1, "stride_h": 1, "stride_w": 2},
        ),
        ("out: 8, kernel: 3, groups: 4, bias: false", {"bias_term": False, "group": 4}),
        ("out: 8, kernel: 3, dilation: 2", {"pad": 2, "dilation": 2}),
    ],
)
def test_a_convolution(arguments, fields, tmp_path):
    assert fields.items() <= layer(f"  - conv: {{{arguments}}}", tmp_path).items()


def test_same_padding_is_made_even_if_the_size_stays_the_same(tmp_path):
    graph = expanded("  - conv: {out: 8, kernel: 3, stride: 2}", tmp_path, "[4, 8, 8]")
    written = write(graph)  # 3 * 2 + 3 - 8 = 1, after
    assert "pad: 1  # 'same' is 0 before and 1 after, which Caffe cannot express\n" in written
    assert list(Net(written).shapes.values())[-1] == (8, 4, 4)


@pytest.mark.parametrize(
    "arguments",
    [
        "out: 8, kernel: 2",  # one more row with a padding at both ends
        "out: 8, kernel: 3, stride: 2, padding: [[0, 1], [0, 1]]",  # said in numbers
    ],
)
def test_uneven_padding_is_an_error(arguments, tmp_path):
    with pytest.raises(SpecError, match=r"pads as much before as after.* 0 before and 1 after"):
        write(expanded(f"  - conv: {{{arguments}}}", tmp_path))


@pytest.mark.parametrize(
    ("arguments", "fields", "output"),
    [
        ("kernel: 3, stride: 2", {}, 4),  # ceil and floor of 6 / 2
        ("kernel: 2", {"round_mode": "FLOOR"}, 4),  # floor(7 / 2) + 1
        ("kernel: 2, ceil_mode: true", {}, 5),  # ceil(7 / 2) + 1
        ("kernel: 2, padding: same", {}, 5),  # the last window hangs over the end
        ("kernel: 3, stride: 2, padding: 1", {"pad": 1}, 5),  # 8 / 2 + 1
        ("kernel: 3, stride: 3, padding: 1", {"pad": 1, "round_mode": "FLOOR"}, 3),
    ],
)
def test_a_pool_states_its_rounding(arguments, fields, output, tmp_path):
    layers = f"  - max_pool: {{name: a, {arguments}}}"
    found = layer(layers, tmp_path)
    assert fields.items() <= found.items()
    assert ("round_mode" in found) == ("round_mode" in fields)
    assert Net(write(expanded(layers, tmp_path))).shapes["a"] == (4, output, output)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("max_pool: {kernel: 2, dilation: 2}", "no dilation"),
        ("adaptive_avg_pool: 4", "no adaptive pool"),
        ("transposed_conv: {out: 4, kernel: 1, stride: 2}", "no output padding"),
        ("transposed_conv: {out: 4, kernel: 3, stride: 2}", "0 before and 1 after"),
        ("fc: {out: 4, per_position: true}", "not on one in the middle"),
        ("gelu", "Caffe has no GELU"),
        ("fc: {out: 4, borrows: {biases: 4}}", "shares parameters with a layer"),
        ("layer_norm", "Caffe has no layer normalisation"),
    ],
)
def test_what_caffe_cannot_express(layers, message, tmp_path):
    with pytest.raises(SpecError, match=message):
        write(expanded(f"  - {layers}", tmp_path))


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ("transposed_conv: {name: a, out: 6, kernel: 4, stride: 2}", (6, 18, 18)),
        ("transposed_conv: {name: a, out: 6, kernel: 4, stride: 2, groups: 2}", (6, 18, 18)),
        ("adaptive_max_pool: {name: a, size: 3}", (4, 3, 3)),
        ("adaptive_avg_pool: {name: a, size: 1}", (4, 1, 1)),
        ("instance_norm: {name: a, affine: true}", (4, 9, 9)),
        ("prelu: {name: a, shared: true}", (4, 9, 9)),
        ("prelu: {name: a}", (4, 9, 9)),
        ("batch_norm: {name: a, affine: false}", (4, 9, 9)),
        ("slice: {name: a, start: 1, stop: 3}", (2, 9, 9)),
        ("slice: {name: a, stop: 3}", (3, 9, 9)),
    ],
)
def test_other_layers(layers, shape, tmp_path):
    graph = expanded(f"  - {layers}", tmp_path)
    net = Net(write(graph))
    assert net.shapes["a"] == shape
    assert net.outputs == {"a"}
    assert sum(net.learned.values()) == params(graph)
    events = graph.layers[0].operation.events(((4, 9, 9),), shape)
    assert net.mult_adds == events.macs


def test_a_gate_scales_every_channel(tmp_path):
    graph = expanded(
        """
  - global_avg_pool: {name: gate}
  - multiply: {name: one, from: [gate, input]}
  - multiply: {name: three, from: [one, input, gate]}
""",
        tmp_path,
    )
    net = Net(write(graph))
    types = [one(each, "type") for each in net.layers[1:]]
    assert types == ["Pooling", "Flatten", "Scale", "Eltwise", "Flatten", "Scale"]
    assert every(net.layers[3], "bottom") == ["data", "one.flatten"]
    assert net.shapes["three"] == (4, 9, 9)
    wide = "  - avg_pool: {name: row, kernel: 9x1}\n  - multiply: {from: [input, row]}"
    with pytest.raises(SpecError, match="or by a number per channel"):
        write(expanded(wide, tmp_path))


def test_tensors_without_inputs(tmp_path):
    graph = expanded(
        """
  - learned: {name: places, shape: [4, 9, 9]}
  - constant: {name: grid, shape: [4, 9, 9]}
  - add: {from: [input, places, grid]}
""",
        tmp_path,
    )
    check(graph)
    assert Net(write(graph)).learned == {"places 0": 324}  # 4 * 9 * 9


def test_a_split_is_written_once(tmp_path):
    graph = expanded(
        """
  - split: {name: b, parts: 4, part: 2, from: input}
  - split: {name: again, parts: 4, part: 2, from: input}
  - split: {name: d, parts: 4, part: 4, from: input}
  - identity: {name: same, from: d}
  - concat: {name: joined, from: [b, again, same]}
""",
        tmp_path,
    )
    net = Net(write(graph))
    types = [one(each, "type") for each in net.layers[1:]]
    assert types == ["Slice", "Concat", "Silence"]
    assert every(net.layers[1], "top") == ["b.rest", "b", "b.rest_2", "d"]
    assert every(net.layers[2], "bottom") == ["b", "b", "d"]


def test_shared_params_have_one_name(tmp_path):
    graph = expanded(
        """
  - conv: {name: a, out: 4, kernel: 3, shares: filters, norm: batch}
  - conv: {name: b, out: 4, kernel: 3, shares: filters, norm: batch}
""",
        tmp_path,
    )
    net = Net(write(graph))
    assert net.learned == {
        "a.weight": 144,  # 3 * 3 * 4 * 4
        "a.batch_norm.weight": 4,
        "a.batch_norm.bias": 4,
    }


def test_a_name_is_any_text(tmp_path):
    graph = expanded("  - relu", tmp_path)
    hostile = '"}\nlayer { name: "x" \\ #\x00é'
    graph = graph._replace(name=hostile, layers=(graph.layers[0]._replace(name=hostile),))
    written = write(graph)
    assert written.isascii()
    net = Net(written)
    assert one(net.message, "name") == one(net.layers[1], "name") == hostile
    assert every(net.layers[1], "top") == [hostile]


def test_the_command(tmp_path):
    path = tmp_path / "net.prototxt"
    done = CliRunner().invoke(main, ["export", "alexnet", "-o", str(path)])
    assert (done.exit_code, done.output) == (0, "")
    assert path.read_bytes().decode() == write(shipped("alexnet"))
