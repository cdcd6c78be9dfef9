"""Files that costcalc writes are read back as the same layers, with the same totals."""

from collections import Counter
from fractions import Fraction
from math import prod

import pytest

import costcalc
from costcalc import opening
from costcalc.errors import SpecError
from costcalc.exporters import export_graph, onnx, prototxt, tflite
from costcalc.graph.layer import Layer, LayerGraph
from costcalc.kinds import KINDS
from costcalc.kinds.base import PARAMS, Shape
from costcalc.kinds.examples import EXAMPLES, step
from tests.collection import networks
from tests.exporters.every_kind import forms, specs
from tests.exporters.networks import lacks, shipped
from tests.exporters.test_prototxt import UNEVEN, is_inexpressible
from tests.exporters.test_tflite import UNWRITABLE

SETTINGS = [
    ("mobilenet_v1", {"alpha": Fraction(1, 4), "res": 128}),
    ("mobilenet_v2", {"alpha": Fraction(7, 20), "res": 97}),
    ("mobilenet_v3", {"size": "Small", "res": (160, 224)}),
    ("shufflenet_v1", {"groups": 8, "se": True}),
    ("resnet", {"depth": 18, "shortcut": "A", "classes": 7}),
    ("densenet_cifar", {"k": 24, "bottleneck": True}),
    ("nasnet", {"n": 3, "res": 65}),
    ("skipnet38", {"gate": "rnn"}),
    ("highway", {"carry": "own"}),
    ("vgg", {"configuration": "A", "norm": "batch", "res": 32, "alpha": Fraction(1, 8)}),
]

CHANGED = {
    "onnx": {
        # Neither format has adaptive pools: those with equal windows become ordinary pools.
        "adaptive_max_pool": {"max_pool"},
        "adaptive_avg_pool": {"avg_pool"},
    },
    "prototxt": {
        "adaptive_max_pool": {"max_pool"},
        "adaptive_avg_pool": {"avg_pool"},
        # The graph keeps no numbers: the Power that is written changes nothing, and is dropped.
        "scale": set(),
        "shift": set(),
        # Caffe crops to the size of another blob, which is written for it.
        "crop": {"crop", "constant"},
    },
    "tflite": {
        "adaptive_max_pool": {"max_pool"},
        "adaptive_avg_pool": {"avg_pool"},
        "global_max_pool": {"reduce_max"},
        "batch_norm": {"learned", "multiply", "add"},
        "swish": {"sigmoid", "multiply"},
        "h_sigmoid": {"shift", "relu6", "scale"},
        "channel_shuffle": {"reshape", "transpose"},
        "flatten": {"flatten"},
        "dropout": set(),
    },
}
"""The kinds that are read back as others, by format."""

VIEWS = {"flatten", "reshape", "transpose", "identity"}
"""Kinds that a format may add around a layer, or leave out."""


def shape_of(layer: Layer) -> tuple[int, ...]:
    """The output's shape, but for what ONNX says otherwise.

    Of a layer norm, which it has along the last axis, in any order; of attention, with all that
    is not a token or its numbers, such as patches and heads, as one axis.
    """
    if layer.kind.name == "attention":
        return (prod(layer.output[:-2]), *layer.output[-2:])
    return tuple(sorted(layer.output)) if layer.kind.name == "layer_norm" else layer.output


def rows(graph: LayerGraph) -> list[tuple]:
    """All layers but views: name, kind, output shape, events, and whether they own their params."""
    return [
        (layer.name, layer.kind.name, shape_of(layer), layer.events(), layer.shares is None)
        for layer in graph.layers
        if layer.kind.name not in ("flatten", "reshape", "identity")
    ]


def check(graph: LayerGraph, path) -> None:
    back = opening.opened(str(path)).graph()
    written, read = rows(graph), rows(back)
    # Around a norm over channels, ONNX has views.
    names = {layer.name for layer in graph.layers}
    read = [row for row in read if row[1] != "transpose" or row[0] in names]
    # The parts of a split are one node, with one name; and so are, in Caffe, a slice and the rest.
    parts, rest = {"split"}, set()
    if path.suffix == ".prototxt":
        parts, rest = {"split", "slice"}, {"slice"}
    named = [row for row in written if row[1] not in parts]
    assert [row for row in read if row[1] not in parts] == named
    before, after = Counter(row[1:] for row in written), Counter(row[1:] for row in read)
    assert not before - after
    assert {row[0] for row in after - before} <= rest


def totals(network: str, settings: dict, convention: str):
    return costcalc.report(network, convention=convention, **settings).totals


@pytest.mark.parametrize("name", networks())
def test_onnx(name, tmp_path):
    graph, path = shipped(name), tmp_path / "net.onnx"
    if lacks(graph, onnx.MISSING):
        return
    path.write_bytes(b"".join(onnx.write(graph)))
    check(graph, path)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_onnx_at_other_settings(name, settings, tmp_path):
    graph, path = opening.opened(name, settings).graph(), tmp_path / "net.onnx"
    path.write_bytes(b"".join(onnx.write(graph)))
    check(graph, path)
    # Conventions of tools count another implementation, unless the settings name the file's.
    implementation = graph.parameters.get("implementation")
    stated = {"implementation": implementation, **settings} if implementation else settings
    # Conventions of tools without a rule for LSTMs have no total for such a network.
    has_lstm = any(layer.kind.name == "lstm" for layer in graph.layers)
    for convention in ("paper",) if has_lstm else ("paper", "torch", "fvcore"):
        assert totals(str(path), {}, convention) == totals(name, stated, convention)


@pytest.mark.parametrize("name", ["squeezenet1_1", "skipnet38", "shufflenet_v2_x0_5"])
def test_onnx_with_weights(name, tmp_path):
    graph, path = shipped(name), tmp_path / "net.onnx"
    path.write_bytes(b"".join(onnx.write(graph, "random", 1)))
    check(graph, path)


@pytest.mark.parametrize("name", networks(without=UNEVEN))
def test_caffe(name, tmp_path):
    graph, path = shipped(name), tmp_path / "net.prototxt"
    if lacks(graph, prototxt.MISSING):
        return
    path.write_text(prototxt.write(graph), encoding="utf-8")
    check(graph, path)


def written(graph: LayerGraph, format_: str, folder) -> str:
    """The file of a network in a format."""
    path = folder / f"net.{format_}"
    file = export_graph(graph, format_)
    path.write_bytes(file.encode() if isinstance(file, str) else b"".join(file))
    return str(path)


def counted(graph: LayerGraph) -> tuple[int, int]:
    """The network's multiply-accumulates and params."""
    events = [layer.events() for layer in graph.layers]
    own = [each for layer, each in zip(graph.layers, events, strict=True) if layer.shares is None]
    return sum(each.macs for each in events), sum(getattr(e, name) for e in own for name in PARAMS)


def expressible() -> list[tuple[str, str]]:
    """Each format with the name of each form of a kind that it can express."""
    tables = {"onnx": onnx.KINDS, "tflite": tflite.KINDS, "prototxt": prototxt.KINDS}
    return [
        (format_, name)
        for format_, table in tables.items()
        for name, (kind, _) in forms().items()
        if (kind.becomes or kind.name) in table
        and not (format_ == "prototxt" and is_inexpressible(name))
        and not (format_ == "tflite" and name in UNWRITABLE)
    ]


@pytest.mark.complete
@pytest.mark.parametrize(("format_", "name"), expressible())
def test_a_kind_round_trips(format_, name, tmp_path):
    kind, _ = forms()[name]
    spec = tmp_path / "small.yaml"
    spec.write_text(specs()[name], encoding="utf-8")
    graph = opening.opened(str(spec)).graph()
    path = written(graph, format_, tmp_path)
    if (kind.name, format_) == ("identity", "onnx"):
        assert not opening.opened(path).graph().layers
        return
    if (kind.name, format_) in NO_LAYER:
        with pytest.raises(SpecError, match="no output depends on the network's input"):
            opening.opened(path).graph()
        return
    back = opening.opened(path).graph()
    went, came = ({layer.kind.name for layer in each.layers} for each in (graph, back))
    changed = CHANGED[format_]
    if format_ == "tflite" and name == "mean: [1, 2]":
        changed = {"mean": {"global_avg_pool"}}
    expected = {new for old in went for new in changed.get(old, {old})}
    assert came - VIEWS == expected - VIEWS
    assert expected & (VIEWS - {"identity"}) <= came
    if format_ == "tflite" and kind.name == "batch_norm":
        return  # a product and a sum of numbers for each channel, whatever was learned of them
    assert counted(back) == counted(graph)


NO_LAYER = (("identity", "tflite"), ("dropout", "tflite"))
"""Kinds that are nothing in a format: a network of one alone has no layers."""

ONES = {"out": 1, "rows": 1, "hidden": 1, "groups": 1, "multiplier": 1, "shape": (1,)}
"""The attributes of a layer with one channel, and with one number of each learnable tensor."""


def one_channel() -> dict[str, tuple[Shape, str]]:
    """The input and the step of every form with params that ONNX can hold, by a name."""
    networks = {}
    for kind, attributes in (*forms().values(), (KINDS["instance_norm"], {"affine": True})):
        example = EXAMPLES[kind.name]
        counts = any(getattr(example.events, name) for name in PARAMS) or "affine" in attributes
        if (kind.becomes or kind.name) not in onnx.KINDS or not counts:
            continue
        narrow = {name: ONES.get(name, value) for name, value in attributes.items()}
        is_alone = kind.name in ("lstm", "learned")
        has_axes = bool({"axis", "axes"} & narrow.keys())
        source = (1,) if is_alone else (1, 1, 1) if has_axes else (1, 9, 8)
        line = step(kind, narrow, name="it")
        networks[step(kind, narrow)] = (source, line)
    return networks


@pytest.mark.parametrize("weights", ["none", "random"])
@pytest.mark.parametrize("name", one_channel())
@pytest.mark.parametrize("block", ["unit", "unit-1.0"])
def test_single_numbers_are_params(block, name, weights, tmp_path):
    """Files do not state what is learnable; costcalc's own hold nothing else."""
    source, line = one_channel()[name]
    read = "" if EXAMPLES[line.partition(":")[0]].inputs else "\n      - add: {from: [input, it]}"
    spec, path = tmp_path / "one.yaml", tmp_path / "one.onnx"
    spec.write_text(
        f"input: {list(source)}\nlayers:\n  - identity\n"
        f"  - sequence:\n      name: {block}\n      layers:\n      - {line}{read}\n",
        encoding="utf-8",
    )
    graph = opening.opened(str(spec)).graph()
    path.write_bytes(b"".join(onnx.write(graph, weights)))
    assert counted(opening.opened(str(path)).graph()) == counted(graph)
