"""Models, written to a file and opened as a command opens them."""

from collections.abc import Callable
from typing import Any

import pytest

from costcalc import opening
from costcalc.graph.layer import LayerGraph
from tests.importers.onnx.models import graph, model, value


@pytest.fixture
def opened(tmp_path) -> Callable[..., LayerGraph]:
    """The layer graph of a model's bytes, at some settings."""

    def open_(data: bytes, **settings: Any) -> LayerGraph:
        path = tmp_path / "net.onnx"
        path.write_bytes(data)
        return opening.opened(str(path), settings).graph()

    return open_


@pytest.fixture
def network(opened) -> Callable[..., LayerGraph]:
    """The layer graph of some nodes from ``x`` of a shape to ``y``."""

    def open_(nodes, x, initializers=(), opset=20, values=(), functions=(), **settings):
        inside = graph(nodes, [value("x", *x)], [value("y")], initializers, values)
        return opened(model(inside, opset, functions), **settings)

    return open_
