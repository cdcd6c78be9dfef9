"""Models written to a file and opened like a command opens them."""

from collections.abc import Callable
from typing import Any

import pytest

from costcalc import opening
from costcalc.graph.layer import LayerGraph
from tests.importers.onnx.models import graph, model, value


@pytest.fixture
def opened(tmp_path) -> Callable[..., LayerGraph]:
    """Open a model's bytes with settings, as a layer graph."""

    def open_(data: bytes, **settings: Any) -> LayerGraph:
        path = tmp_path / "net.onnx"
        path.write_bytes(data)
        return opening.opened(str(path), settings).graph()

    return open_


@pytest.fixture
def network(opened) -> Callable[..., LayerGraph]:
    """Open nodes that compute ``y`` from ``x`` of a shape, as a layer graph."""

    def open_(nodes, x, initializers=(), opset=20, values=(), functions=(), **settings):
        inside = graph(nodes, [value("x", *x)], [value("y")], initializers, values)
        return opened(model(inside, opset, functions), **settings)

    return open_
