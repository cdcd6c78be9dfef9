"""The levels of a page's graph: each row once, each arrow a tensor; equal blocks share one."""

from collections.abc import Iterator
from functools import cache

import pytest

import costcalc
from costcalc.graph.expand import expand
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph
from costcalc.opening import opened
from costcalc.records import NamedTuple
from costcalc.reporting.tree import BRANCH, ReportLine, lines, places, tree
from costcalc.webpage.levels import Levels, LevelSheet, NetworkLevel, levels
from tests.collection import specs


class Row(NamedTuple):
    path: str
    type: str
    depth: int
    is_sum: bool


class Block(NamedTuple):
    """A level where it stands in the network."""

    level: NetworkLevel
    base: int
    path: str


@cache
def drawn(network: str) -> tuple[LayerGraph, list[Row], Levels]:
    found = opened(network, {})
    graph = expand(found.document, found.settings)
    root = tree(lines(costcalc.report(network).layers))
    rows = [
        Row(node.layer.name, node.layer.type, depth, is_sum)
        if isinstance(node, ReportLine)
        else Row(node.path, graph.blocks.get(node.path, BRANCH), depth, is_sum)
        for node, depth, is_sum in places(graph.blocks, root, None, graph.folded)
    ]
    return graph, rows, levels(graph, rows)


def blocks(found: Levels, rows: list[Row]) -> Iterator[Block]:
    """Every level, as often as the network has a block with it."""
    waiting = [Block(found.levels[-1], 0, "")]
    while waiting:
        block = waiting.pop()
        yield block
        for box in block.level.boxes:
            if box.opens is not None:
                base = block.base + box.rows[0]
                is_run = len(box.rows) > 1
                path = block.path if is_run else rows[base].path
                waiting.append(Block(found.levels[box.opens], base, path))


@pytest.mark.parametrize("network", specs())
def test_each_row_has_one_box(network):
    _, rows, found = drawn(network)
    boxes = [
        block.base + box.rows[0]
        for block in blocks(found, rows)
        for box in block.level.boxes
        if len(box.rows) == 1
    ]
    named = [index for index, row in enumerate(rows) if row.type != BRANCH or not row.is_sum]
    assert sorted(boxes) == named


@pytest.mark.parametrize("network", specs())
def test_an_arrow_is_a_tensor_that_one_box_gives_another(network):
    graph, rows, found = drawn(network)
    hosts = {index: line.host for line in graph.lines for index in line.layers}
    names = [graph.layers[hosts[index]].name for index in range(len(graph.layers))]
    names.append("")  # of the network's input, whose index is -1

    for block in blocks(found, rows):
        paths = [
            [rows[block.base + row].path for row in box.rows] if box.rows else []
            for box in block.level.boxes
        ]
        inside = {
            index: number
            for number, members in enumerate(paths)
            for path in members
            for index, name in enumerate(names)
            if name == path or name.startswith(f"{path}/")
        }
        assert NETWORK_INPUT not in inside
        expected, entering = set(), set()
        for reader, layer in enumerate(graph.layers):
            if reader not in inside:
                continue
            for source in layer.inputs:
                if source not in inside:
                    entering.add(source)
                elif inside[source] != inside[reader]:
                    expected.add((inside[source], inside[reader]))
        arrows = block.level.arrows
        assert len(set(arrows)) == len(arrows)
        between = {pair for pair in arrows if paths[pair[0]] and paths[pair[1]]}
        assert between == expected
        tensors = {one for one, _ in arrows if not paths[one]}
        assert len(tensors) == len(entering)


def test_equal_blocks_share_a_level():
    _, _, found = drawn("mobilenet_v2")
    insides = [[box.title for box in level.boxes] for level in found.levels[:-1]]
    assert insides == [
        ["input", "dw", "project"],  # the first, which does not expand
        ["input", "expand", "dw", "project"],
        ["input", "expand", "dw", "project", "add1"],
    ]
    # Table 2 of the paper: 17 bottlenecks between three convolutions and a pool.
    assert len(found.levels[-1].boxes) == 1 + 17 + 4


def test_an_inception_module_is_figure_2b():
    _, _, found = drawn("googlenet")
    (inception,) = found.levels[:-1]
    titles = [box.title for box in inception.boxes]
    arrows = {(titles[one], titles[other]) for one, other in inception.arrows}
    assert arrows == {
        ("input", "1x1/pointwise1"),
        ("input", "3x3/reduce"),
        ("input", "5x5/reduce"),
        ("input", "pool/max_pool1"),
        ("3x3/reduce", "3x3/conv1"),
        ("5x5/reduce", "5x5/conv1"),
        ("pool/max_pool1", "pool/proj"),
        *((last, "concat1") for last in ("1x1/pointwise1", "3x3/conv1", "5x5/conv1", "pool/proj")),
    }
    assert [box.title for box in inception.boxes if box.is_bus] == ["concat1"]


def test_dense_blocks_are_one_box_each():
    _, _, found = drawn("densenet121")
    outermost = found.levels[-1]
    runs = [len(box.rows) for box in outermost.boxes if len(box.rows) > 1]
    assert runs == [6, 12, 24, 16]  # Table 1 of the paper, DenseNet-121
    assert [box.type for box in outermost.boxes if len(box.rows) > 1] == [
        "6 × dense_layer",
        "12 × dense_layer",
        "24 × dense_layer",
        "16 × dense_layer",
    ]


def test_a_sheet_has_each_level_of_several_structures_once():
    sheet = LevelSheet()
    _, _, small = drawn("mobilenet_v2")
    _, _, other = drawn("googlenet")
    first, second = sheet.number(small), sheet.number(other)
    assert len(sheet.levels) == len(small.levels) + len(other.levels)
    assert (sheet.number(small), sheet.number(other)) == (first, second)
    for number in (first, second):
        for box in sheet.levels[number].boxes:
            inside = (
                [] if box.opens is None else [each.title for each in sheet.levels[box.opens].boxes]
            )
            assert box.type != "bottleneck" or "project" in inside
            assert box.type != "inception" or "concat1" in inside
