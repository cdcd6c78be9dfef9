"""Schedules against walks along a graph's edges: bytes alive, and every byte of every address.

Neither walk knows what a schedule is made from.  The first counts what is made and needed
later.  The second runs a plan: each step finds at its addresses what the layers that it
reads have written there.
"""

from itertools import combinations
from math import prod
from random import Random

import pytest

import costcalc
from costcalc.arena.plan import PLANNERS
from costcalc.storing.schedule import stored
from tests.collection import networks
from tests.storing.random_networks import random_spec

WITH_ADDRESSES = [name for name, row in PLANNERS.items() if row.has_addresses]
IN_PLACE = {"activation", "norm", "elementwise"}


def is_view(layer):
    return layer.kind.name in ("dropout", "flatten", "reshape")


def is_depthwise(layer):
    return layer.kind.name == "conv" and layer.operation.groups > 1


def is_stored(layer):
    return layer.kind.family == "source"


def drawn(network, random, most=12):
    """A random network in which nothing works on weights alone but what other layers read."""
    while True:
        graph = network(random_spec(random, most))
        if all(is_stored(graph.layers[index]) for index in graph.of_weights):
            return graph


def walked(graph, batch=1, works_in_place=False, has_views=False, keeps_inputs=False):
    """The bytes alive in each step, by following the edges of the graph.

    Args:
        graph: a network in which, if concats are views, a tensor is a part of one output
            alone, and parts are made by steps and are no outputs.
        batch: how many inputs are run at once.
        works_in_place: whether elementwise layers and depthwise convolutions do.
        has_views: whether concats are views.
        keeps_inputs: whether the network's input stays.
    """
    layers = graph.layers
    home = {-1: -1}  # of each layer, the layer whose tensor has its output; None if stored
    for index, layer in enumerate(layers):
        if is_stored(layer):
            home[index] = None
        else:
            home[index] = home[layer.inputs[0]] if is_view(layer) else index
    if has_views:
        for index, layer in enumerate(layers):
            if layer.kind.name == "concat":
                for source in layer.inputs:
                    part = home[source]
                    home = {one: index if at == part else at for one, at in home.items()}
    steps = [
        index
        for index, layer in enumerate(layers)
        if not (is_stored(layer) or is_view(layer) or (has_views and layer.kind.name == "concat"))
    ]

    def size(index):
        return batch * prod(graph.input if index == -1 else layers[index].output)

    at = {layer: step for step, layer in enumerate(steps)}
    first, last = {-1: 0}, {-1: 0}
    for index in steps:
        tensor, now = home[index], at[index]
        first.setdefault(tensor, now)
        last[tensor] = now
        for source in layers[index].inputs:
            if home[source] is not None:
                last[home[source]] = now
    read = {source for layer in layers for source in layer.inputs}
    kept = {
        home[index]
        for index, layer in enumerate(layers)
        if index == len(layers) - 1 or (index not in read and not is_stored(layer))
    } - {None}
    kept |= {-1} if keeps_inputs else set()
    for tensor in kept:
        last[tensor] = max(len(steps) - 1, 0)
    same = {tensor: tensor for tensor in first}
    extra = [0] * len(steps)
    if works_in_place:
        written, given = {home[index] for index in steps}, set()
        for index in steps:
            layer, now = layers[index], at[index]
            if layer.kind.family not in IN_PLACE and not is_depthwise(layer):
                continue
            for source in layer.inputs:
                tensor = home[source]
                if (
                    tensor in written
                    and tensor not in kept | given
                    and last[tensor] == now
                    and size(home[index]) <= size(tensor)
                ):
                    given.add(tensor)
                    same[home[index]] = same[tensor]
                    if is_depthwise(layer):
                        extra[now] = batch * prod(layer.input_shapes[0][1:])
                    break
    alive = []
    for now in range(len(steps)):
        buffers = {}
        for tensor, buffer in same.items():
            buffers.setdefault(buffer, []).append(tensor)
        alive.append(
            extra[now]
            + sum(
                max(map(size, tensors))
                for tensors in buffers.values()
                if min(first[one] for one in tensors) <= now <= max(last[one] for one in tensors)
            )
        )
    return alive


def source_of(graph, index):
    """The layer, or -1 for the network's input, whose output a view's is."""
    while index >= 0 and is_view(graph.layers[index]):
        index = graph.layers[index].inputs[0]
    return index


def has_plain_concats(graph):
    """Whether there are concats, and each can be a view in one way alone.

    A part must be made by a step, be a part once, be no concat's output and no network's.
    """
    read = {source for layer in graph.layers for source in layer.inputs}
    ends = {index for index in range(len(graph.layers)) if index not in read}
    kept = {source_of(graph, index) for index in ends | {len(graph.layers) - 1}}
    parts = [
        source_of(graph, source)
        for layer in graph.layers
        if layer.kind.name == "concat"
        for source in layer.inputs
    ]
    made = [
        part
        for part in parts
        if part not in kept | {-1}
        and not is_stored(graph.layers[part])
        and graph.layers[part].kind.name != "concat"
    ]
    return len(parts) == len(made) == len(set(parts)) > 0


@pytest.mark.parametrize("seed", range(80))
def test_bytes_alive_against_a_walk_along_the_edges(seed, network, storage):
    graph = drawn(network, Random(seed))
    in_place = "in_place: [activation, norm, elementwise, depthwise]"
    for batch, line, options in (
        (1, "concat: copy", {}),
        (3, "keeps: [inputs, outputs]", {"keeps_inputs": True}),
        (2, in_place, {"works_in_place": True}),
    ):
        found = stored(graph, storage("norms: kept", line), batch)
        assert list(found.schedule.alive) == walked(graph, batch, **options), line


@pytest.mark.parametrize("seed", range(40))
def test_bytes_alive_where_concats_are_views(seed, network, storage):
    random = Random(seed)
    graph = drawn(network, random, 7)
    while not has_plain_concats(graph):
        graph = drawn(network, random, 7)
    found = stored(graph, storage("norms: kept", "concat: view"))
    assert list(found.schedule.alive) == walked(graph, has_views=True)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_fused_or_shared_needs_no_more(seed, network, storage):
    graph = drawn(network, Random(seed))
    plain = stored(graph, storage("norms: kept")).schedule
    fused = stored(graph, storage("fused: [norm, activation, add]")).schedule
    assert fused.liveness <= plain.liveness
    shared = storage("norms: kept", "in_place: [activation, norm, add]", "concat: view")
    assert stored(graph, shared).schedule.planned("sum").peak <= plain.planned("sum").peak
    computed = [
        index
        for index, layer in enumerate(graph.layers)
        if not is_stored(layer) and not is_view(layer)
    ]
    for schedule in (plain, fused):
        layers = sorted(index for step in schedule.steps for index in step.layers)
        assert [index for index in layers if not is_view(graph.layers[index])] == computed


class Memory:
    """The bytes of an arena, each of which has what a layer wrote there last."""

    def __init__(self, graph, schedule, offsets):
        self.graph, self.schedule, self.offsets = graph, schedule, offsets
        self.hosts = {step.layers[0] for step in schedule.steps}
        self.bytes = {}
        self.tensor = {-1: 0}  # of each layer that a step ends in, its tensor
        for step in schedule.steps:
            self.tensor[self.ending(step)] = step.writes[0]
        self.inside = self.places()

    def is_computed(self, index):
        layer = self.graph.layers[index]
        vanished = layer.kind.name == "concat" and index not in self.hosts
        return not (is_view(layer) or is_stored(layer) or vanished)

    def ending(self, step):
        return [index for index in step.layers if self.is_computed(index)][-1]

    def source(self, index):
        return source_of(self.graph, index)

    def size(self, index):
        return prod(self.graph.input if index == -1 else self.graph.layers[index].output)

    def joins(self):
        """The concats that are views: what each joins, where in it."""
        for index, layer in enumerate(self.graph.layers):
            if layer.kind.name == "concat" and not self.is_computed(index):
                at = 0
                for source in layer.inputs:
                    yield index, self.source(source), at
                    at += self.size(source)

    def places(self):
        """Where in its tensor each layer's output is, as the concats require it."""
        joins = list(self.joins())
        parts = {part for _, part, _ in joins}
        inside = dict.fromkeys({index for index, _, _ in joins} - parts, 0)
        known = None
        while known != inside:
            known = dict(inside)
            for whole, part, at in joins:
                if whole in known:
                    assert inside.setdefault(part, known[whole] + at) == known[whole] + at
                elif part in known:
                    assert inside.setdefault(whole, known[part] - at) == known[part] - at
        assert all(part in inside for part in parts)
        for whole, part, _ in reversed(joins):
            if part in self.tensor:
                self.tensor.setdefault(whole, self.tensor[part])
        return inside

    def content(self, index):
        """What a layer's output has, byte by byte."""
        index = self.source(index)
        if index >= 0 and not self.is_computed(index) and not is_stored(self.graph.layers[index]):
            return [one for part in self.graph.layers[index].inputs for one in self.content(part)]
        return [(index, byte) for byte in range(self.size(index))]

    def address(self, index):
        return self.offsets[self.tensor[self.source(index)]] + self.inside.get(
            self.source(index), 0
        )

    def write(self, index):
        self.bytes |= dict(enumerate(self.content(index), self.address(index)))

    def read(self, index):
        if not is_stored(self.graph.layers[self.source(index)]) or index == -1:
            start = self.address(index)
            found = [self.bytes.get(start + at) for at in range(self.size(index))]
            assert found == self.content(index), index

    def run(self):
        self.write(-1)
        for step in self.schedule.steps:
            layers = [index for index in step.layers if self.is_computed(index)]
            for index in layers:
                for source in self.graph.layers[index].inputs:
                    if self.source(source) not in layers:
                        self.read(source)
            for scratch in step.scratch:
                tensor = self.schedule.tensors[scratch]
                start = self.offsets[scratch]
                self.bytes |= dict.fromkeys(range(start, start + tensor.bytes), "scratch")
            self.write(layers[-1])
        for index in self.graph.outputs:
            if index >= 0 and not is_stored(self.graph.layers[self.source(index)]):
                self.read(index)


RULES = [
    ("norms: kept",),
    ("fused: [norm, activation, elementwise]", "scratch: {conv: [5, 2 * n_out]}"),
    ("norms: kept", "in_place: [activation, norm, elementwise, depthwise]"),
    ("norms: kept", "concat: view"),
    ("fused: [norm, activation]", "concat: view", "in_place: [elementwise, depthwise]"),
    ("fused: [norm]", "concat: view", "in_place: [activation]", "keeps: [inputs, outputs]"),
]


@pytest.mark.parametrize("rules", RULES, ids=range(len(RULES)))
@pytest.mark.parametrize("seed", range(12))
def test_every_step_finds_what_it_reads(seed, rules, network, storage):
    graph = network(random_spec(Random(1000 + seed)))
    for planner, alignment in zip(WITH_ADDRESSES, (16, 1, 8, 64), strict=True):
        how = storage(*rules)
        schedule = stored(graph, how).schedule
        plan = schedule.planned(planner, alignment)
        Memory(graph, schedule, plan.offsets).run()


@pytest.mark.parametrize("name", networks())
def test_plans_of_shipped_networks_do_not_overlap(name):
    for storage, planner in (("tflm", None), ("tflite-mobile", None), ("mcunet", "greedy-by-size"),
                             ("int8", "greedy-by-breadth")):  # fmt: skip
        answer = costcalc.memory(name, storage=storage, planner=planner)
        rows = [
            (tensor["first"], tensor["last"], tensor["offset"], tensor["offset"] + tensor["bytes"])
            for tensor in answer.data()["tensors"]
            if tensor["bytes"]
        ]
        for (first, last, start, end), (begin, stop, low, high) in combinations(rows, 2):
            together = first <= stop and begin <= last
            assert not (together and start < high and low < end), (storage, start, low)
        assert max(end for *_, end in rows) <= answer.peak < max(end for *_, end in rows) + 16
        steps = range(len(answer.schedule.steps))
        rounded = 16 if storage == "tflm" else 1
        alive = max(
            sum(-(-(end - start) // rounded) * rounded for first, last, start, end in rows
                if first <= step <= last)
            for step in steps
        )  # fmt: skip
        assert answer.lower_bound == alive <= (answer.optimum or answer.peak) <= answer.peak
