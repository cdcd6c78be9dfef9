"""A model behaves like a spec, whichever importer made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import costcalc
from costcalc import importers
from costcalc.errors import SpecError
from costcalc.graph.input import sides_at
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.model import Model, Node, Request

Read = Callable[[Request], Model]


def small(is_sized: bool, requests: list[Request] | None = None) -> Read:
    """A convolution, its activation, pooling and a classifier."""

    def read(request: Request) -> Model:
        if requests is not None:
            requests.append(request)
        rows, columns = sides_at(request.res or 8, 2)
        out = request.settings.get("filters", 4)
        nodes = (
            Node(
                "stem/conv",
                "conv",
                {"out": out, "kernel": (3, 3), "padding": (1, 1), "bias": False},
                (NETWORK_INPUT,),
                (out, rows, columns),
            ),
            Node("stem/act", "relu", {}, (0,), (out, rows, columns), functional="function"),
            Node("pool", "global_avg_pool", {}, (1,), (out, 1, 1)),
            Node("classifier", "fc", {"out": 10}, (2,), (10,)),
        )
        taken = {name: value for name, value in request.settings.items() if name == "filters"}
        return Model(
            "Small", "small.onnx", {}, (3, rows, columns), nodes, taken, is_sized, {"stem": "Stem"}
        )

    return read


def network(read: Read, **settings: Any) -> costcalc.Network:
    return costcalc.Network(importers.import_with(read, settings)[0])


def test_a_model_is_reported_like_a_spec():
    report = network(small(is_sized=False)).report()
    assert report.network == "Small"
    assert [layer.name for layer in report.layers] == [
        "stem/conv",
        "stem/act",
        "pool",
        "classifier",
    ]
    assert report.totals.params == 3 * 3 * 3 * 4 + 4 * 10
    assert report.totals.mult_adds == 3 * 3 * 3 * 4 * 8 * 8 + 4 * 10
    assert report.blocks == {}  # "stem" is one row


def test_the_width_multiplier_scales_all_layers_but_the_classifier():
    report = network(small(is_sized=True)).report(alpha=0.5)
    assert report.totals.params == 3 * 3 * 3 * 2 + 2 * 10


@pytest.mark.parametrize("is_sized", [True, False])
def test_another_resolution_is_counted_with_or_without_a_new_import(is_sized):
    requests: list[Request] = []
    model = network(small(is_sized, requests))
    assert model.report(res=16).totals.mult_adds == 3 * 3 * 3 * 4 * 16 * 16 + 4 * 10
    assert [request.res for request in requests] == ([None, 16] if is_sized else [None])


@pytest.mark.parametrize("is_sized", [True, False])
def test_a_sweep_varies_resolution_and_width(is_sized):
    rows = list(costcalc.sweep(network(small(is_sized)), alpha=[0.5, 1], res=[8, 16]).rows())
    assert [row.mult_adds for row in rows] == [
        27 * 2 * 64 + 2 * 10,
        27 * 2 * 256 + 2 * 10,
        27 * 4 * 64 + 4 * 10,
        27 * 4 * 256 + 4 * 10,
    ]


def test_an_importers_setting_is_set_like_a_parameter():
    model = network(small(is_sized=True), filters=6)
    assert model.report().parameters == {"alpha": 1, "res": 8, "filters": 6}
    assert model.report(filters=2).totals.params == 27 * 2 + 2 * 10


def test_solving_for_the_resolution():
    # 27 * 4 * r^2 + 40 <= 20000 at 13: 108 * 169 + 40 = 18292; 14: 21208
    solution = costcalc.solve(
        network(small(is_sized=True)), "res", max_mult_adds=20_000, values=range(8, 17)
    )
    assert solution.best is not None
    assert solution.best.value == 13


def test_the_formula_of_a_fixed_size_model_has_only_the_width():
    document = network(small(is_sized=True)).document
    assert costcalc.formula(document).totals["params"].value == 27 * 4 + 40
    with pytest.raises(SpecError, match="'res' cannot stay a symbol"):
        costcalc.formula(document, variables=["res"])


def test_a_wrong_stated_shape_is_an_error_that_names_the_node():
    def read(request: Request) -> Model:
        node = Node(
            "conv", "conv", {"out": 4, "kernel": 3}, (NETWORK_INPUT,), (4, 9, 9), "node 'Conv_0'"
        )
        return Model("Wrong", "wrong.onnx", {}, (3, 8, 8), (node,))

    with pytest.raises(SpecError) as error:
        network(read).report()
    assert "wrong.onnx" in str(error.value)
    assert "node 'Conv_0'" in str(error.value)


def test_only_models_take_an_input():
    with pytest.raises(SpecError, match="is a spec, and a spec states its own input"):
        costcalc.report("mobilenet_v2", input=(3, 160, 160))


def test_norms_and_activations_share_the_row_of_their_convolution():
    conv = {"out": 4, "kernel": (1, 1), "bias": False}

    def read(request: Request) -> Model:
        nodes = (
            Node("a/conv", "conv", conv, (NETWORK_INPUT,)),
            Node("a/norm", "batch_norm", {"affine": True}, (0,)),
            Node("a/act", "relu", {}, (1,)),
            Node("b/conv", "conv", conv, (2,)),
            Node("b/norm", "batch_norm", {}, (3,)),
            Node("sum", "add", {}, (4, 2)),
            Node("act", "relu6", {}, (5,)),
            Node("soft", "sigmoid", {}, (6,)),
            Node("lean", "batch_norm", {"affine": False}, (7,)),
        )
        return Model("Rows", "rows.onnx", {}, (3, 8, 8), nodes, blocks={"a": "A", "b": "B"})

    report = network(read).report()
    assert {layer.name: layer.host for layer in report.layers} == {
        "a/conv": None,
        "a/norm": "a/conv",
        "a/act": "a/conv",
        "b/conv": None,
        "b/norm": "b/conv",
        "sum": None,
        "act": "sum",
        "soft": None,  # the row has an activation
        "lean": None,  # no convolution's
    }
    assert report.blocks == {}  # each is one row, which needs no block above it


def test_an_activation_has_its_own_row_if_its_layer_has_other_readers():
    conv = {"out": 4, "kernel": (1, 1)}

    def read(request: Request) -> Model:
        nodes = (
            Node("conv", "conv", conv, (NETWORK_INPUT,)),
            Node("act", "relu", {}, (0,)),
            Node("sum", "add", {}, (0, 1)),
        )
        return Model("Two readers", "two.onnx", {}, (3, 8, 8), nodes)

    assert [layer.host for layer in network(read).report().layers] == [None, None, None]
