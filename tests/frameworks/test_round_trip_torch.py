"""Every network exported to PyTorch and built there: params, mult-adds and each layer's shape."""

from __future__ import annotations

import types
from collections.abc import Iterator
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from costcalc import opening
from costcalc.errors import CostcalcError, SpecError
from costcalc.exporters import export_graph
from costcalc.exporters.layers import UNDEFINED
from costcalc.graph.expand import expand
from costcalc.graph.layer import Layer, LayerGraph
from costcalc.spec import library
from costcalc.spec.reader import read
from tests.drawing import draws
from tests.exporters.every_kind import words
from tests.exporters.networks import lacks
from tests.frameworks.drawing import networks
from tests.frameworks.random_networks import text as written

OPERATORS = {
    "convolution": "convolution",
    "batch_norm": "batch_norm",
    "concat": "cat",
}
"""What the name of a layer's operator contains, by its family or kind."""

SILENT = {"inactive", "reshaping"}
"""Families whose layers call no operator where they give what they read."""


class Outputs(TorchDispatchMode):
    """Records every operator that runs, and the shape of what it gives."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[int, ...]]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        tensors = (each for each in tree_leaves(result) if isinstance(each, torch.Tensor))
        self.seen += [(func.name(), tuple(tensor.shape)) for tensor in tensors]
        return result


def built(graph: LayerGraph, device: str = "meta") -> nn.Module:
    """The exported network, in memory that holds no weights."""
    text = export_graph(graph, "torch")
    module = types.ModuleType("net")
    exec(compile(text, "net.py", "exec"), module.__dict__)
    network = [each for each in vars(module).values() if isinstance(each, type)][-1]
    with torch.device(device):
        return network().eval()


def unfold(layers: str, input_: str = "[4, 9, 8]", more: str = "") -> LayerGraph:
    spec = f"name: small\ninput: {input_}\n{more}layers:\n{layers}"
    return expand(read(spec.encode(), "small.yaml", lambda name: None), {})


def learned(graph: LayerGraph) -> int:
    own = [layer.events() for layer in graph.layers if layer.shares is None]
    return sum(e.weights + e.biases + e.norm_params + e.other_params for e in own)


def missing(graph: LayerGraph, seen: list[tuple[str, tuple[int, ...]]]) -> Iterator[Layer]:
    """The layers whose operator and shape do not follow, in order, among those that ran."""
    ran = iter(seen)
    read = {source for layer in graph.layers for source in layer.inputs}
    for index, layer in enumerate(graph.layers):
        if layer.kind.family in SILENT and layer.output == layer.input_shapes[0]:
            continue
        if layer.kind.family == "source" and index not in read:
            continue
        names = (layer.kind.name, layer.kind.family)
        operator = next((OPERATORS[name] for name in names if name in OPERATORS), "")
        if not any(shape == (1, *layer.output) and operator in name for name, shape in ran):
            yield layer


def judge(graph: LayerGraph) -> None:
    if lacks(graph, UNDEFINED):
        with pytest.raises(SpecError, match="cannot be written for PyTorch"):
            export_graph(graph, "torch")
        return
    network = built(graph)
    counter, outputs = FlopCounterMode(display=False), Outputs()
    with counter, outputs:
        network(torch.empty(1, *graph.input, device="meta"))
    assert sum(param.numel() for param in network.parameters()) == learned(graph)
    macs = sum(layer.events().macs for layer in graph.layers)
    assert counter.get_total_flops() == 2 * macs
    assert list(missing(graph, outputs.seen)) == []


@pytest.mark.parametrize("name", library.shipped())
def test_a_shipped_network(name):
    judge(opening.opened(name).graph())


DOUBLED = ("shufflenet_v1", "edgenext")
"""The networks whose groups or heads do not divide half of their channels."""

EVEN = ("blazeface",)
"""The networks that add maps pooled with strides of two to maps convolved with them."""


@pytest.mark.parametrize("name", library.shipped())
def test_a_shipped_network_at_other_settings(name):
    default = opening.opened(name).graph()
    factor = Fraction(2) if name.startswith(DOUBLED) else Fraction(1, 2)
    chosen = {"alpha": default.parameters["alpha"] * factor}
    res = default.parameters["res"]  # none where the input is not square
    if isinstance(res, tuple):
        chosen["res"] = tuple(side + 33 for side in res)
    elif res and res > 100 and not name.startswith(("vgg", "alexnet")):
        chosen["res"] = res + (64 if name.startswith(EVEN) else 33)
    judge(opening.opened(name, chosen).graph())


SETTINGS = """
mobilenet_v1@convolution=full,alpha=0.75,res=160
mobilenet_v1@classifier=false,shallow=true
mobilenet_v2@implementation=torchvision,alpha=1.4,res=96
mobilenet_v3@size=Small,implementation=torchvision,res=192
resnet@depth=50,shortcut=A
resnet@depth=101,shortcut=C,stride_on=1,res=225
resnet@depth=18,implementation=torchvision
shufflenet_v1@groups=8,se=true
shufflenet_v1@groups=1,shallow=true,res=192
shufflenet_v2@implementation=torchvision,scale=0.5
inception_v3@aux=true
highway@carry=own,depth=20
highway@type=plain
highway_conv@carry=own
skipnet@depth=74,gate=rnn
skipnet@depth=38,gate=ffgate2
skipnet_imagenet@gate=ffgate1,res=160x192
densenet_cifar@bottleneck=false
alexnet@gpus=1
nasnet@n=3,filters=240,skip_reduction=true,res=127
vgg@norm=batch,implementation=torchvision,res=100
googlenet@res=160x96
"""


@pytest.mark.parametrize("reference", SETTINGS.split())
def test_a_network_at_its_own_settings(reference):
    judge(opening.opened(reference).graph())


BLOCKS = """blocks:
  pair:
    parameters: {c: width}
    layers: [conv: {out: c, kernel: 3, norm: batch}, fc: {out: 4, per_position: true}]
"""
UNARY = words("elementwise")
BINARY = ("add", *words("elementwise", inputs=2))
# Those that PyTorch has for one axis alone are below.
REDUCTIONS = [name for name in draws.REDUCTIONS if name not in ("argmax", "product")]

KINDS = {
    "same_conv": "- conv: {out: 6, kernel: 4, stride: 3, dilation: 2, groups: 2}",
    "uneven_conv": "- conv: {out: 6, kernel: [1, 3], padding: [[1, 2], [0, 3]], norm: batch}",
    "grouped": "- depthwise: {kernel: 3, multiplier: 2}\n- pointwise: {out: 4, groups: 2}",
    "deconv_same": "- transposed_conv: {out: 4, kernel: 4, stride: 3, bias: false}",
    "deconv_narrow": "- transposed_conv: {out: 4, kernel: 2, stride: 3}",
    "deconv_even": "- transposed_conv: {out: 4, kernel: 4, stride: 1, dilation: 2, groups: 2}",
    "deconv_cut": "- transposed_conv: {out: 4, kernel: 5, stride: 2, padding: [[0, 2], [3, 1]]}",
    "deconv_extra": "- transposed_conv: {out: 4, kernel: 3, stride: 2, padding: 1,"
    " output_padding: 1, norm: batch, act: relu}",
    "pools": "- max_pool: {kernel: 3, stride: 2, ceil_mode: true}\n- avg_pool: 2",
    "same_pools": "- max_pool: {kernel: 3, stride: 2, padding: same}\n"
    "- avg_pool: {kernel: 3, stride: 2, padding: same}",
    "even_max_pool": "- max_pool: {kernel: 2, stride: 1, padding: same, dilation: 3}",
    "wide_pad_pool": "- avg_pool: {kernel: 2, padding: [[3, 1], [0, 2]]}\n"
    "- max_pool: {kernel: 3, padding: 2}",
    "wide_pad_ceil": "- avg_pool: {kernel: 2x1, padding: 2, ceil_mode: true}\n"
    "- max_pool: {kernel: 3, stride: 2, padding: [[0, 2], [1, 0]], ceil_mode: true, dilation: 2}",
    "adaptive": "- adaptive_avg_pool: {size: [5, 3]}\n- adaptive_max_pool: {size: 2}",
    "global_max": "- global_max_pool\n- fc: 3",
    "norms": "- layer_norm\n- rms_norm\n- group_norm: 2\n- instance_norm: {affine: true}\n- lrn: 3",
    "norm_axes": "- layer_norm: {axes: [1, 2], bias: false}\n- layer_norm: {axes: [0, 2]}\n"
    "- rms_norm: {axes: [-1], affine: false}\n- layer_norm: {axes: [-1]}",
    "half_norms": "- batch_norm: {scale: false}\n- batch_norm: {bias: false}\n"
    "- batch_norm: {affine: false}",
    "activations": "\n".join(f"- {name}" for name in draws.ACTIVATIONS),
    "axes": "- softmax: {axis: -1}\n- log_softmax: {axis: 1}\n- prelu: {axis: 2}\n- prelu\n"
    "- prelu: {shared: true}",
    "unary": "\n".join(f"- {name}" for name in UNARY),
    "binary": "- conv: {name: a, out: 4, kernel: 1}\n"
    + "\n".join(f"- {name}: {{from: [input, a]}}" for name in BINARY)
    + "\n- minimum: {from: [input, a, input]}\n- where: {from: [a, input, a]}",
    "broadcast": "- global_avg_pool: {name: g}\n- add: {from: [input, g], broadcast: true}",
    "reductions": "\n".join(
        f"- {name}: {{name: r{index}, from: input, axes: [1, 2], keep: true}}\n"
        f"- {name}: {{from: input, axes: [-1]}}\n- {name}: {{from: input}}"
        for index, name in enumerate(REDUCTIONS)
    ),
    "single_reductions": "- argmax: {from: input, axes: [0]}\n- product: {from: input, axes: [1],"
    " keep: true}\n- argmax: {from: input, keep: true}\n- product: {from: input}",
    "matmul": "- transpose: {name: t, axes: [0, 2, 1]}\n- matmul: {from: [input, t]}\n"
    "- matmul: {from: [t, input]}",
    "attention": "- fc: {name: q, out: 6, per_position: true, axis: -1}\n"
    "- fc: {name: v, out: 5, per_position: true, axis: -1, from: input}\n"
    "- fc: {name: k, out: 6, per_position: true, axis: 2, from: input}\n"
    "- attention: {from: [q, k, v]}",
    "masked": "- constant: {name: mask, shape: [1, 9, 9]}\n"
    "- attention: {from: [input, input, input, mask]}",
    "linear_axes": "- fc: {out: 5, per_position: true}\n"
    "- fc: {out: 7, per_position: true, axis: 1}",
    "layout": "- reshape: [9, -1]\n- transpose: [1, 0]\n- flatten",
    "joins": "- concat: {from: [input, input], axis: -1}\n- split: {parts: 4, part: 3, axis: 2}\n"
    "- slice: {start: 1, stop: 8, step: 3, axis: 1}\n- slice: {stop: 3}",
    "pads": "- zero_pad: 1\n- zero_pad: {padding: [[1, 0]], axis: 2, mode: zero}\n"
    "- zero_pad: {padding: 2, mode: reflect}\n- zero_pad: {padding: 1, mode: replicate}\n"
    "- zero_pad: {padding: [[0, 1], [2, 0]], mode: circular}\n- pad_channels: 7",
    "upsample": "- upsample: 2\n- upsample: {size: [7, 5], mode: bilinear}\n"
    "- upsample: {scale: 3, mode: bicubic}\n- upsample: {size: 4, mode: area}",
    "shuffle": "- channel_shuffle: 2\n- global_avg_pool\n- flatten\n- channel_shuffle: 2",
    "sources": "- learned: {name: token, shape: [4, 9, 1]}\n"
    "- concat: {name: both, from: [token, input], axis: -1}\n"
    "- learned: {name: place, shape: [4, 9, 9]}\n- constant: {name: one, shape: [1, 9, 9]}\n"
    "- add: {name: sum, from: [both, place]}\n- multiply: {from: [sum, one]}",
    "held": "- sequence: {name: kept, layers: [learned: [2, 3], constant: [4]]}\n"
    "- learned: {name: more, shape: [5]}\n- conv: {out: 2, kernel: 1, from: input}",
    "gates": "- sequence: {gate: [global_avg_pool, lstm: {hidden: 3, bias_vectors: 1}, fc: 1],"
    " execute: 0.5, layers: [conv: {out: 4, kernel: 3}]}\n- lstm: {hidden: 3, bias_vectors: 0}",
    "shared_padded": "- conv: {out: 4, kernel: 3, stride: 3, shares: w, norm: batch}\n"
    "- sequence: {name: deep, layers: [conv: {out: 4, kernel: 3, stride: 3, shares: w,"
    " norm: batch}]}\n- conv: {out: 4, kernel: 3, stride: 3, shares: w, norm: batch}",
    "shared_blocks": "- pair: {c: 4, shares: p}\n- relu\n- pair: {c: 4, shares: p}\n"
    "- sequence: {name: deep, layers: [pair: {c: 4, shares: p}]}",
    "shared": "- pointwise: {name: a, out: 4, repeat: 3, shares: w, norm: batch, act: relu}\n"
    "- sequence: {name: deep, layers: [sequence: {name: deeper,"
    " layers: [pointwise: {out: 4, shares: w, norm: batch, act: relu}]}]}",
    "silent": "- identity\n- dropout: 0.25\n- dropout",
}
"""Layers of every kind, on a map of 4 x 9 x 8 unless the name says otherwise."""

OTHER_INPUTS = {
    "[6]": "- fc: 4\n- batch_norm\n- layer_norm\n- relu\n- pad_channels: 8\n- softmax",
    "[5, 7]": "- conv: {out: 4, kernel: 3, stride: 2}\n- max_pool: 2\n- batch_norm\n"
    "- upsample: {scale: 2, mode: bilinear}\n- channel_shuffle: 2",
    "[2, 5, 6, 7]": "- conv: {out: 4, kernel: [3, 1, 2], stride: 2}\n- avg_pool: {kernel: 2,"
    " padding: same}\n- batch_norm\n- zero_pad: 1\n- transposed_conv: {out: 2, kernel: 3}\n"
    "- upsample: {scale: 2, mode: bilinear}",
    "[11]": "- embedding: {rows: 30, out: 8}\n- fc: {out: 4, per_position: true, axis: -1}",
}


@pytest.mark.parametrize("name", KINDS)
def test_layers_of_a_kind(name):
    judge(unfold(KINDS[name], more=BLOCKS))


@pytest.mark.parametrize("shape", OTHER_INPUTS)
def test_inputs_of_other_ranks(shape):
    judge(unfold(OTHER_INPUTS[shape], shape))


def test_a_mean_with_same_padding_is_of_the_map_alone():
    graph = unfold("- avg_pool: {kernel: 3, stride: 2, padding: same}", "[1, 6, 5]")
    ones = torch.ones(1, 1, 6, 5)
    assert torch.equal(built(graph, "cpu")(ones), torch.ones(1, 1, 3, 3))


def test_a_padding_is_never_the_largest():
    graph = unfold("- max_pool: {kernel: 2, stride: 1, padding: same}", "[1, 4, 3]")
    below = -torch.ones(1, 1, 4, 3)
    assert torch.equal(built(graph, "cpu")(below), below)


def test_same_padding_is_behind_where_it_is_odd():
    graph = unfold("- conv: {out: 1, kernel: 3, stride: 2, bias: false}", "[1, 4, 4]")
    network = built(graph, "cpu")
    nn.init.ones_(next(network.parameters()))
    # Windows from rows 0 and 2, 3 rows each, and one row of zeros below the four.
    seen = network(torch.arange(16.0).reshape(1, 1, 4, 4)).flatten().tolist()
    assert seen == [
        0 + 1 + 2 + 4 + 5 + 6 + 8 + 9 + 10,
        2 + 3 + 6 + 7 + 10 + 11,
        8 + 9 + 10 + 12 + 13 + 14,
        10 + 11 + 14 + 15,
    ]


def test_a_transposed_convolution_is_cut_as_its_convolution_pads():
    graph = unfold("- transposed_conv: {out: 1, kernel: 3, stride: 2, bias: false}", "[1, 2]")
    network = built(graph, "cpu")
    with torch.no_grad():
        next(network.parameters()).copy_(torch.tensor([[[1.0, 10.0, 100.0]]]))
    # 1, 10, 100 + 2, 20, 200 whole; one row more than twice two, which goes at the end.
    assert network(torch.tensor([[[1.0, 2.0]]])).flatten().tolist() == [1, 10, 102, 20]


def test_a_batch_goes_through():
    graph = unfold(KINDS["sources"])
    assert built(graph)(torch.empty(3, 4, 9, 8, device="meta")).shape == (3, 4, 9, 9)


REFUSED = ("smaller than kernel size (kT", "view size is not compatible")
"""What PyTorch's own modules refuse: AvgPool3d a map less than its window, LocalResponseNorm a map
whose axes were moved."""


@settings(max_examples=60)
@given(networks())
def test_random_networks(tmp_path_factory, spec):
    path = tmp_path_factory.mktemp("random") / "network.yaml"
    path.write_text(written(spec))
    try:
        judge(opening.opened(str(path)).graph())
    except CostcalcError:
        return
    except RuntimeError as error:
        if not any(words in str(error) for words in REFUSED):
            raise
