"""The layer graph of a page: boxes for the rows of its table, a level for each block.

A level shows the inside of a block, or the network; a block in it is one box, which opens
into a level of its own.  Equal blocks have the same level: its boxes name rows of the table
by their distance from the row of the block that is open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from costcalc.graph.layer import NETWORK_INPUT, LayerGraph
from costcalc.names import paths
from costcalc.records import NamedTuple
from costcalc.reporting.tree import BRANCH

LONG = 24
"""The most boxes of a level in which each of a run of equal blocks has a box of its own."""

RUN = 3
"""The fewest blocks in a row that are a run."""


class TreeRow(Protocol):
    """What a drawing needs of a row of the table."""

    @property
    def path(self) -> str:
        """The name of a layer, or the path of a block."""

    @property
    def type(self) -> str:
        """The type of the layer, or the name of the block."""

    @property
    def depth(self) -> int:
        """The blocks and branches around it that have rows."""

    @property
    def is_sum(self) -> bool:
        """Whether its members have rows."""


class LevelBox(NamedTuple):
    """A layer, a block, a run of equal blocks; or a tensor that enters or leaves."""

    rows: tuple[int, ...]
    """The rows that it stands for, from the first row of its level; none for a tensor."""
    title: str
    type: str
    opens: int | None = None
    """The level inside a block or a run, whose rows count from the first of these."""
    is_bus: bool = False
    """Whether it joins tensors into one, drawn as a bar below all of them."""


class NetworkLevel(NamedTuple):
    """The boxes of a block or a network from input to output, and which reads which."""

    boxes: tuple[LevelBox, ...]
    arrows: tuple[tuple[int, int], ...]


class Levels(NamedTuple):
    """The levels of a network, each once; the last is the network itself, its rows from 0."""

    levels: tuple[NetworkLevel, ...]


class LevelSheet:
    """The levels that a network has in all its structures.

    Attributes:
        levels: in the order in which they were first used, those inside others first.
    """

    def __init__(self) -> None:
        self.levels: list[NetworkLevel] = []
        self._numbers: dict[NetworkLevel, int] = {}

    def number(self, structure: Levels) -> int:
        """The number of the outermost level of a structure, whose levels the sheet then has."""
        numbers: list[int] = []
        for level in structure.levels:
            boxes = tuple(
                box if box.opens is None else box._replace(opens=numbers[box.opens])
                for box in level.boxes
            )
            numbers.append(self._number(level._replace(boxes=boxes)))
        return numbers[-1]

    def _number(self, level: NetworkLevel) -> int:
        if level not in self._numbers:
            self._numbers[level] = len(self.levels)
            self.levels.append(level)
        return self._numbers[level]


class LevelBook:
    """The levels of a network in its structures: worked out once for those that are alike."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Levels] = {}

    def levels(self, graph: LayerGraph, rows: Sequence[TreeRow]) -> Levels:
        """The levels of a structure.

        Args:
            graph: its layers.
            rows: the rows of its table, blocks before their members.
        """
        key = (
            tuple([(layer.name, layer.inputs, layer.host) for layer in graph.layers]),
            tuple([(row.path, row.type, row.is_sum) for row in rows]),
        )
        if key not in self._known:
            self._known[key] = levels(graph, rows)
        return self._known[key]


def levels(graph: LayerGraph, rows: Sequence[TreeRow]) -> Levels:
    """The levels of a network.

    Args:
        graph: its layers.
        rows: the rows of its table, blocks before their members.
    """
    return _Levels(graph, rows).all()


class _Inside:
    """What is seen inside a block or the network: rows, what they read, what leaves."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.arrows: dict[tuple[int, int], None] = {}
        """From a row to a row."""
        self.entering: dict[tuple[int, int], None] = {}
        """From a layer outside, or the network's input, to a row."""
        self.leaving: dict[int, None] = {}
        """Rows that others outside read."""


class _Levels:
    """The levels of one network."""

    def __init__(self, graph: LayerGraph, rows: Sequence[TreeRow]) -> None:
        self.graph = graph
        self.rows = rows
        self.known: dict[NetworkLevel, int] = {}
        self.buses = {layer.name for layer in graph.layers if layer.kind.name == "concat"}
        self.chains = _chains(rows)
        self.inside: dict[int, _Inside] = {}
        """By the row of the block; -1 is the network."""

    def all(self) -> Levels:
        """Every level, those inside others first."""
        for number, chain in enumerate(self.chains):
            if self.rows[number].type != BRANCH or not self.rows[number].is_sum:
                self._level([-1, *chain][-2]).rows.append(number)
        self._connect()
        self._add(-1)
        return Levels(tuple(self.known))

    def _level(self, row: int) -> _Inside:
        return self.inside.setdefault(row, _Inside())

    def _connect(self) -> None:
        """Adds each tensor to every level that it is seen in."""
        leaves = dict(_leaves(self.graph, self.rows))
        leaves[NETWORK_INPUT] = -1
        for line in self.graph.lines:
            reader = leaves[line.host]
            for source in self.graph.layers[line.host].inputs:
                self._pass(source, leaves[source], reader)
        for output in self.graph.outputs:
            for block, member in self._steps(leaves[output]):
                self._level(block).leaving[member] = None

    def _steps(self, row: int) -> list[tuple[int, int]]:
        """From the network to a row: each block, and the member of it that the row is in."""
        chain = self.chains[row] if row >= 0 else ()
        return list(zip((-1, *chain), chain, strict=False))

    def _pass(self, source: int, giver: int, reader: int) -> None:
        """A tensor that one row gives to another: an arrow, and what enters and leaves blocks."""
        if giver == reader:
            return
        left, right = self._steps(giver), self._steps(reader)
        while left and right and left[0] == right[0]:
            del left[0], right[0]
        if left and right:
            (block, one), (_, other) = left.pop(0), right.pop(0)
            self._level(block).arrows[one, other] = None
        for block, member in left:
            self._level(block).leaving[member] = None
        for block, member in right:
            self._level(block).entering[source, member] = None

    def _add(self, block: int) -> int:
        """The number of a block's level, those inside it before it."""
        inside = self.inside.get(block, _Inside())
        base = max(block, 0)
        sources = list(dict.fromkeys(source for source, _ in inside.entering))
        names = ["input"] if len(sources) == 1 else [f"input {n + 1}" for n in range(len(sources))]
        boxes = [LevelBox((), name, "") for name in names]
        places: dict[int, int] = {}
        for row in inside.rows:
            places[row] = len(boxes)
            boxes.append(self._box(row, base, block))
        arrows = [(sources.index(source), places[row]) for source, row in inside.entering]
        arrows += [(places[one], places[other]) for one, other in inside.arrows]
        if len(inside.leaving) > 1:
            for number, row in enumerate(inside.leaving, 1):
                arrows.append((places[row], len(boxes)))
                boxes.append(LevelBox((), f"output {number}", ""))
        level = NetworkLevel(tuple(boxes), tuple(arrows))
        return self._number(self._with_runs(level) if len(boxes) > LONG else level)

    def _number(self, level: NetworkLevel) -> int:
        return self.known.setdefault(level, len(self.known))

    def _box(self, row: int, base: int, block: int) -> LevelBox:
        path, is_sum = self.rows[row].path, self.rows[row].is_sum
        title = path if block < 0 else path.removeprefix(f"{self.rows[block].path}/")
        opens = self._add(row) if is_sum else None
        return LevelBox((row - base,), title, self.rows[row].type, opens, path in self.buses)

    def _with_runs(self, level: NetworkLevel) -> NetworkLevel:
        """The level with each run of equal blocks as one box, which opens into them."""
        before, after = _degrees(level)
        runs: list[list[int]] = []
        for number, box in enumerate(level.boxes):
            last = level.boxes[runs[-1][-1]] if runs else None
            is_next = (
                last is not None
                and box.opens is not None
                and (box.type, box.opens) == (last.type, last.opens)
                and before[number] == [runs[-1][-1]]
                and after[runs[-1][-1]] == [number]
            )
            if is_next:
                runs[-1].append(number)
            else:
                runs.append([number])
        runs = [
            part
            for run in runs
            for part in ([run] if len(run) >= RUN else [[each] for each in run])
        ]
        places = {number: place for place, run in enumerate(runs) for number in run}
        boxes = [self._run([level.boxes[number] for number in run]) for run in runs]
        arrows = dict.fromkeys((places[one], places[other]) for one, other in level.arrows)
        return NetworkLevel(tuple(boxes), tuple(pair for pair in arrows if pair[0] != pair[1]))

    def _run(self, run: Sequence[LevelBox]) -> LevelBox:
        first, last = run[0], run[-1]
        if len(run) == 1:
            return first
        base = first.rows[0]
        members = [box._replace(rows=(box.rows[0] - base,)) for box in run]
        boxes = (LevelBox((), "input", ""), *members)
        chain = tuple((place, place + 1) for place in range(len(run)))
        opens = self._number(NetworkLevel(boxes, chain))
        rows = tuple(box.rows[0] for box in run)
        return LevelBox(rows, f"{first.title} … {last.title}", f"{len(run)} × {first.type}", opens)


def _chains(rows: Sequence[TreeRow]) -> list[tuple[int, ...]]:
    """For each row, the rows from the outermost block around it to itself, without branches."""
    chains: list[tuple[int, ...]] = []
    around: list[tuple[int, ...]] = [()]
    for number, row in enumerate(rows):
        del around[row.depth + 1 :]
        is_branch = row.type == BRANCH and row.is_sum
        chain = around[-1] if is_branch else (*around[-1], number)
        chains.append(chain or (-1,))
        around.append(chain)
    return chains


def _leaves(graph: LayerGraph, rows: Sequence[TreeRow]) -> Iterator[tuple[int, int]]:
    """Each layer with the row that shows it: its line's, or a folded block's."""
    shown = {row.path: number for number, row in enumerate(rows) if not row.is_sum}
    for line in graph.lines:
        name = graph.layers[line.host].name
        row = shown.get(name)
        if row is None:
            row = next(shown[path] for path in paths(name) if path in shown)
        for index in line.layers:
            yield index, row


def _degrees(level: NetworkLevel) -> tuple[Mapping[int, list[int]], Mapping[int, list[int]]]:
    """The boxes that each box reads, and those that read it."""
    before: dict[int, list[int]] = {number: [] for number in range(len(level.boxes))}
    after: dict[int, list[int]] = {number: [] for number in range(len(level.boxes))}
    for one, other in level.arrows:
        before[other].append(one)
        after[one].append(other)
    return before, after
