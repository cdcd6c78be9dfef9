"""How a spec expresses a network: folded lines, padding, branches, chains, blocks, tables."""

from __future__ import annotations

import re
from itertools import product

import pytest

from costcalc.blocks.concatenation import chained
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.importers.document import document
from costcalc.importers.model import Model, Node
from costcalc.spec.reader import read
from costcalc.specwriter.spec import spec


def graph(layers: str, head: str = "input: [3, 64, 64]\n") -> LayerGraph:
    return expand(read(f"{head}layers:\n{layers}".encode(), "net.yaml", lambda name: None), {})


def model(*nodes: Node) -> LayerGraph:
    made = Model("Small", "small.onnx", {}, (3, 64, 64), nodes)
    return expand(document(made), {})


def layers(text: str) -> str:
    return text.partition("layers:\n")[2]


def conv(name: str, inputs: tuple[int, ...], **arguments: object) -> Node:
    return Node(name, "conv", {"out": 8, "kernel": 3, "bias": False, **arguments}, inputs)


def test_a_model_without_lines_gets_them() -> None:
    made = model(
        conv("conv", (-1,), padding=1, stride=2),
        Node("bn", "batch_norm", {}, (0,)),
        Node("act", "relu", {}, (1,)),
        Node("conv_2", "conv", {"out": 8, "kernel": 1, "bias": True}, (2,)),
        Node("act_2", "swish", {}, (3,)),
    )
    assert "  - conv: {out: 8, kernel: 3, stride: 2, norm: batch, act: relu}\n" in spec(made)
    assert "  - pointwise: {out: 8, act: swish}\n" in spec(made)


def test_a_layer_with_several_readers_is_not_folded() -> None:
    made = model(
        conv("conv", (-1,)),
        Node("act", "relu", {}, (0,)),
        Node("sum", "add", {}, (0, 1)),
    )
    assert layers(spec(made)) == (
        "  - conv: {out: 8, kernel: 3, bias: false}\n  - residual:\n      - relu\n"
    )


@pytest.mark.parametrize(
    ("k", "s", "d", "p"), list(product((1, 2, 3, 5), (1, 2, 3), (1, 2), (0, 1, 2)))
)
def test_padding_is_left_out_if_it_is_same_at_every_size(k: int, s: int, d: int, p: int) -> None:
    text = spec(model(conv("conv", (-1,), kernel=k, stride=s, dilation=d, padding=p)))
    is_left_out = not re.search(r"padding", text)
    extent = d * (k - 1) + 1
    outputs = [
        ((n + 2 * p - extent) // s + 1, -(-n // s)) for n in range(extent, extent + 3 * s + 1)
    ]
    assert is_left_out == all(own == same for own, same in outputs)


def test_convolutions_have_the_shortest_name() -> None:
    made = model(
        conv("pw", (-1,), kernel=1, padding=0),
        conv("dw", (0,), groups=8, padding=1),
        conv("twice", (1,), out=16, groups=8, padding=1),
        conv("grouped", (2,), out=16, groups=2, padding=(0, 1), kernel=(1, 3)),
        Node("pool", "max_pool", {"kernel": (2, 2), "stride": 2, "padding": 0}, (3,)),
    )
    assert layers(spec(made)) == (
        "  - pointwise: 8\n"
        "  - depthwise: 3\n"
        "  - depthwise: {kernel: 3, multiplier: 2}\n"
        "  - conv: {out: 16, kernel: [1, 3], groups: 2}\n"
        "  - max_pool: 2\n"
    )


def test_control_characters_in_names_are_escaped() -> None:
    made = model(Node("act", "relu", {}, (-1,)))._replace(name="A: \x1b[31m, '#1'")
    text = spec(made)
    assert "\x1b" not in text
    again = expand(read(text.encode(), "net.yaml", lambda name: None), {})
    assert again.name == "A: \\x1b[31m, '#1'"


def test_connections_that_cannot_be_nested_use_names() -> None:
    made = model(
        conv("stem/conv", (-1,), padding=1),
        conv("left", (0,), padding=1),
        conv("right", (0,), padding=1),
        Node("one", "add", {}, (1, 2)),
        Node("other", "multiply", {}, (1, 3)),
    )
    text = layers(spec(made))
    assert text.splitlines()[-2:] == [
        "  - add: {name: one, from: [left, right]}",
        "  - multiply: {from: [left, one]}",
    ]


def test_concatenations_of_all_previous_results_are_a_chain() -> None:
    found = graph(
        "  - conv: {name: a, out: 8, kernel: 3}\n"
        "  - conv: {name: b, out: 4, kernel: 3}\n"
        "  - concat: {name: ab, from: [a, b]}\n"
        "  - conv: {name: c, out: 4, kernel: 3}\n"
        "  - concat: {from: [a, b, c]}\n"
    )
    last = chained(found).layers[-1]
    assert last.inputs == (2, 3)
    # 8 + 4 channels of the first concatenation and 4 more, of 64 x 64 each, read and written.
    assert last.events().reads == last.events().writes == (8 + 4 + 4) * 64 * 64
    assert last.events() == found.layers[-1].events()
    repeated = "  - concat:\n      repeat: 2\n      branches:\n        - []\n"
    assert repeated in layers(spec(found))


BOTTLENECKS = "".join(
    f"""\
  - residual:
      shortcut: [conv: {{out: {4 * c}, kernel: 1, stride: {s}}}]
      layers:
        - conv: {{out: {c}, kernel: 1, act: relu}}
        - conv: {{out: {c}, kernel: 3, stride: {s}, act: relu}}
        - conv: {{out: {4 * c}, kernel: 1}}
"""
    + f"""\
  - residual:
      - conv: {{out: {c}, kernel: 1, act: relu}}
      - conv: {{out: {c}, kernel: 3, act: relu}}
      - conv: {{out: {4 * c}, kernel: 1}}
"""
    * n
    for c, s, n in ((16, 2, 1), (32, 2, 3), (48, 1, 2))
)


def test_similar_joins_are_rows_of_one_block() -> None:
    text = spec(graph(BOTTLENECKS))
    assert (
        "      - residual:\n"
        "          shortcut: [pointwise: {out: c * 4, stride: s, when: s != 1 or in != c * 4}]\n"
        "          layers:\n"
        "            - pointwise: {out: c, act: relu}\n"
        "            - conv: {out: c, kernel: 3, stride: s, act: relu}\n"
        "            - pointwise: c * 4\n"
    ) in text
    assert "columns: [c, n: repeat, s]\n      first_only: [s]\n" in text
    assert "        - [16, 2, 2]\n        - [32, 4, 2]\n        - [48, 3, 1]\n" in text


WEIGHED = """\
  - multiply:
      - []
      - - global_avg_pool
        - conv: {out: 4, kernel: 1}
        - conv: {out: %d, kernel: 1, act: sigmoid}
"""


def test_a_column_tells_which_rows_weigh_their_channels() -> None:
    rows = ((8, True), (16, False), (24, True), (24, False), (32, True))
    found = graph(
        "".join(
            f"  - conv: {{out: {c}, kernel: 3, act: relu}}\n{WEIGHED % c if se else ''}"
            f"  - conv: {{out: {c}, kernel: 5}}\n"
            for c, se in rows
        )
    )
    units = [at for at, (_, se) in enumerate(rows) for _ in range(3 + 5 * se)]
    named = tuple(
        layer._replace(name=f"unit{unit}/{layer.name}")
        for layer, unit in zip(found.layers, units, strict=True)
    )
    blocks = {f"unit{unit}": "WeighedUnit" for unit in units}
    text = spec(found._replace(layers=named, blocks=blocks))
    assert "\n  weighed_unit:\n    parameters: {c: width, se: true}\n" in text
    assert "      - multiply:\n          when: se\n" in text
    assert "        - [unit0, 8,  true]\n        - [unit1, 16, false]\n" in text


def test_layers_of_fixed_size_are_listed_and_fix_the_input() -> None:
    made = model(
        Node("flat", "reshape", {"shape": (6, 2048)}, (-1,)),
        Node("token", "learned", {"shape": (6, 2048)}, ()),
        Node("sum", "add", {}, (0, 1)),
    )
    text = spec(made, ("Where it is from.",), is_sized=True)
    assert text.startswith(
        "# Where it is from.\n# At another resolution the sizes would be others that these "
        "layers hold as numbers: flat, token.\n"
    )
    assert "\ninput: [3, 64, 64]\n" in text


def test_what_a_model_says_of_its_totals_is_a_comment() -> None:
    made = model(Node("act", "relu", {}, (-1,)))
    said = made._replace(notes=("One branch\nof 'x' counts, " + "the dearer of two " * 9,))
    lines = spec(said).splitlines()
    assert " ".join(line.removeprefix("# ") for line in lines[:2]).startswith(
        r"One branch\nof 'x' counts, the dearer of two"
    )
    assert all(line.startswith("# ") for line in lines[:2])


@pytest.mark.parametrize(
    ("input", "shape", "said"),
    [
        ((116, 28, 28), (2, 58, 28, 28), "[2, in / 2, in_height, in_width]"),
        ((58, 2, 28, 20), (116, 28, 20), "[in * in_height, in_width, -1]"),
        ((96, 14, 14), (96, 196), "[in, -1]"),
        ((96, 14, 14), (49, 384), "[49, 384]"),
    ],
)
def test_a_reshape_of_a_map_holds_at_every_resolution(
    input: tuple[int, ...], shape: tuple[int, ...], said: str
) -> None:
    made = Model(
        "View", "view.onnx", {}, input, (Node("view", "reshape", {"shape": shape}, (-1,)),)
    )
    text = spec(expand(document(made), {}))
    assert f"  - reshape: {said}\n" in text
    again = expand(read(text.encode(), "net.yaml", lambda name: None), {})
    assert again.layers[-1].output == shape


@pytest.mark.parametrize("last", ["mean", "argmax: {axes: [0, 1, 2]}"])
def test_a_network_that_ends_in_a_scalar_is_written(last: str) -> None:
    found = graph(f"  - relu\n  - {last}\n  - relu\n")
    assert found.layers[-1].output == ()
    again = expand(read(spec(found).encode(), "net.yaml", lambda name: None), {})
    assert [(each.kind, each.output) for each in again.layers] == [
        (each.kind, each.output) for each in found.layers
    ]


def test_groups_that_read_a_scalar_are_written() -> None:
    """A scalar has no channels that a width could be a multiple of."""
    layers = "".join(
        f"  - sequence: {{name: unit{n}, layers: [fc: {n + 4}, relu, argmax]}}\n" for n in range(4)
    )
    units = {f"unit{n}": "Unit" for n in range(4)}
    text = spec(graph(layers, "input: [6]\n")._replace(blocks=units))
    assert "  unit:\n    parameters: {hidden: width}\n" in text
    again = expand(read(text.encode(), "net.yaml", lambda name: None), {})
    assert [each.output for each in again.layers] == [
        shape for n in range(4) for shape in ((n + 4,), (n + 4,), ())
    ]


def test_groups_that_borrow_params_are_written() -> None:
    """As in a file that stores equal biases once: every second unit borrows them."""
    nodes: list[Node] = []
    for at, c in enumerate((8, 8, 16, 16)):
        here = len(nodes) - 1
        for kernel in (1, 3, 1):
            borrows = {"biases": c} if at % 2 else {}
            arguments = {"out": c, "kernel": kernel, "padding": kernel // 2, "bias": True}
            name = f"unit{at}/conv{kernel}_{len(nodes)}"
            nodes.append(Node(name, "conv", arguments, (len(nodes) - 1,), borrows=borrows))
        if at % 2:
            nodes.append(Node(f"unit{at}/sum", "add", {}, (here, len(nodes) - 1)))
    made = model(*nodes)
    again = expand(read(spec(made).encode(), "net.yaml", lambda name: None), {})
    # Three convolutions in each unit, biases counted in the first of two: 3 * 8 + 3 * 16 = 72.
    assert sum(layer.events().biases for layer in again.layers) == 72
    assert "borrows: {biases: all}" in spec(made)


def test_params_of_other_layers_and_unknown_operations_are_kept() -> None:
    made = model(
        Node("conv", "conv", {"out": 8, "kernel": 3, "padding": 1}, (-1,), shares="w"),
        Node("again", "conv", {"out": 8, "kernel": 3, "padding": 1}, (-1,), shares="w"),
        Node("sum", "add", {}, (0, 1)),
        Node("tied", "pointwise", {"out": 8}, (2,), borrows={"biases": 8}),
        Node("odd", "uncounted", {"op": "my::Op, really", "shape": (5,)}, ()),
    )
    text = spec(made)
    again = expand(read(text.encode(), "net.yaml", lambda name: None), {})
    assert [layer.shares for layer in again.layers] == [None, 0, None, None, None]
    assert again.layers[3].events().biases == 0
    assert '- uncounted: {op: "my::Op, really", shape: [5], from: []}' in text
