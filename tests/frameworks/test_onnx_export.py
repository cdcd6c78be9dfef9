"""Exported ONNX files, judged by ONNX's own checker, shape inference and evaluator."""

from fractions import Fraction

import numpy
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from costcalc import opening
from costcalc.errors import SpecError
from costcalc.exporters.onnx import write
from costcalc.exporters.onnx.kinds import MISSING
from costcalc.graph.layer import INPUT, LayerGraph
from costcalc.spec import library
from tests.exporters.every_kind import specs
from tests.exporters.networks import lacks

EVALUATOR_LACKS = (
    "transposed_conv: {out: 6, kernel: 3, stride: 2, groups: 2}",
    "transposed_depthwise: {",
    "three axes",
)
"""What ONNX's evaluator gets wrong: groups of ConvTranspose, GlobalMaxPool of three axes."""


def model(graph: LayerGraph, weights: str) -> onnx.ModelProto:
    return onnx.load_from_string(b"".join(write(graph, weights)))


def check(graph: LayerGraph) -> None:
    """The checker takes the file, and every shape in it is the one that is inferred."""
    found = model(graph, "none")
    onnx.checker.check_model(found, full_check=True)
    del found.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(
        found, check_type=True, strict_mode=True, data_prop=True
    ).graph
    shapes = {
        value.name: tuple(side.dim_value for side in value.type.tensor_type.shape.dim)
        for value in (*inferred.value_info, *inferred.output, *inferred.input)
    }
    expected = {layer.name: (1, *layer.output) for layer in graph.layers}
    assert expected.items() <= shapes.items()


def run(graph: LayerGraph) -> None:
    """With random weights it runs, and what comes out has its shape and is a number."""
    found = model(graph, "random")
    onnx.checker.check_model(found, full_check=True)
    numbers = numpy.random.default_rng(0)
    given = {"input": graph.input}
    given |= {layer.name: layer.output for layer in graph.layers if layer.kind.name == INPUT}
    fed = {name: numbers.random((1, *shape), dtype=numpy.float32) for name, shape in given.items()}
    results = ReferenceEvaluator(found).run(None, fed)
    outputs = {layer.name: (1, *layer.output) for layer in graph.layers}
    for value, result in zip(found.graph.output, results, strict=True):
        assert result.shape == outputs[value.name]
        assert result.dtype == numpy.float32
        assert numpy.isfinite(result).all()


@pytest.mark.parametrize("name", library.shipped())
def test_every_network_that_ships(name):
    graph = opening.opened(name).graph()
    if lacks(graph, MISSING):
        with pytest.raises(SpecError, match="cannot be written for ONNX"):
            write(graph)
    elif lacks(graph, {"group_norm"}):
        # With the values of shapes, onnx infers none behind a GroupNormalization.
        onnx.checker.check_model(model(graph, "none"), full_check=True)
    else:
        check(graph)


@pytest.mark.parametrize(
    "name", [name for name in specs() if name.partition(":")[0] not in MISSING]
)
def test_every_kind(name, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(specs()[name], encoding="utf-8")
    graph = opening.opened(str(path)).graph()
    check(graph)
    if not any(word in name for word in EVALUATOR_LACKS):
        run(graph)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("mobilenet_v2", {"alpha": Fraction(1, 10), "res": 32}),
        ("shufflenet_v1", {"groups": 4, "res": 32}),
        ("mobilenet_v3", {"alpha": Fraction(1, 4), "res": 32}),
        ("googlenet", {"alpha": Fraction(1, 8), "res": 32}),
        ("skipnet38", {"gate": "rnn", "alpha": Fraction(1, 4)}),
        ("highway", {}),
    ],
)
def test_networks_run(name, settings):
    run(opening.opened(name, settings).graph())
