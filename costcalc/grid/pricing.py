"""Prices the parts of a network, each for the few parameters that it depends on.

A part depends on the parameters that its text names (:mod:`.parts`) and on those that change
what reaches it: shapes, and the layers that made them.  Along which parameters these vary is
read off the parts before it, from the first one on.

    text --what each part depends on--> runs of parts (:mod:`.tabulation`) --> PricedPart

What depends on what is guessed for all parts and tabulated; it is right up to the first part
that turns out to depend on more, so this is repeated until nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, NoReturn

import numpy

from costcalc.errors import Problems
from costcalc.graph.bindings import AXES
from costcalc.graph.expand import expand_part
from costcalc.graph.outline import described
from costcalc.graph.parameters import resolve
from costcalc.grid.bounded import Array, along
from costcalc.grid.evaluate import Grid
from costcalc.grid.memory import Crossing, crossings, entangled
from costcalc.grid.parts import PartText, joined, parts, predicting
from costcalc.grid.tabulation import Evaluate, Needs, TabulatedPart, Tabulation, varying
from costcalc.grid.unfolded import KNOWN, STEPS, Entangled, Leaning, UnfoldedParts
from costcalc.metrics import has_bytes
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.storing.network import storage_or_default
from costcalc.storing.storage import Storage

CELLS = 2**20
"""Combinations of parameters that one part may have."""

TRIES = 16
"""Settings that are tried in order to find one at which the parts before one exist."""

SEARCHED = 64
"""Settings that are tried in order to find one at which the network exists."""


class PricedPart(NamedTuple):
    """What a part costs, and where it exists."""

    axes: tuple[int, ...]
    """What it depends on, ascending."""
    costs: Mapping[str, Array]
    """By metric, an axis of the array for each; anything where the part does not exist."""
    exists: Array


class _Seen(NamedTuple):
    """What other parts need to know of a part's output."""

    part: TabulatedPart
    """Without values if nothing is missing."""
    outputs: frozenset[int]
    """The axes along which its output varies, if nothing is missing."""
    places: Mapping[int, int]
    """The dimension of each axis that varies in the run."""
    varied: frozenset[int]
    """The dimensions that its output varies along."""
    steps: int
    """The most steps that it unfolds to."""


class Pricing:
    """Prices the parts of a network in order."""

    def __init__(self, grid: Grid, fits: Callable[[int], bool]) -> None:
        """Reads the network's text.

        Args:
            grid: the network, and the parameters that vary.
            fits: whether a number of combinations is acceptable for all parts together.

        Raises:
            Entangled: costs do not add up over parts, or the network exists at few settings.
        """
        self.grid = grid
        self.fits = fits
        self.document = document = grid.document
        self.missing: dict[int, tuple[list[int], Array]] = {}
        """By part: its axes, and where it or a part before it does not exist."""
        if document.reread is not None:
            raise Entangled("the network is read again at each setting")
        for metric in grid.metrics:
            if reason := entangled(metric, grid.accounting):
                raise Entangled(reason)
        self.storage: Storage | None = None
        if has_bytes(grid.metrics):
            self.storage = storage_or_default(grid.accounting.storage)
        self.is_whole = False
        """Whether parts are priced only where the whole network exists."""
        sides = frozenset[str]().union(*(side.names for side in document.input))
        self.input = self.axes_of({"res", "in", *sides})
        self.read_text(parts(document))
        if not self.parts:
            raise Entangled("the network has no layers")
        self.check(self.own)
        self.chosen = self.existing()
        base = {axis.name: axis.values[self.chosen[at]] for at, axis in enumerate(grid.axes)}
        self.tabulation = Tabulation(grid, base)

    @property
    def evaluations(self) -> int:
        """How often the network was unfolded."""
        return self.tabulation.evaluations

    def read_text(self, parts: tuple[PartText, ...]) -> None:
        """Finds what the text of parts tells."""
        self.parts = parts
        self.predicting = frozenset[int]()
        if self.scales():
            self.predicting = predicting(self.document, parts)
        self.own = [self.axes_of(names) for names in self.texts()]
        self.unfolded = UnfoldedParts(self.grid, parts, self.predicting, self.storage)
        self.crossings: tuple[Crossing, ...] = ()
        has_peak = "peak_bytes" in self.grid.metrics
        is_alive = has_peak and self.grid.accounting.planner_of_peaks == "liveness"
        if self.storage is not None and is_alive:
            self.crossings = tuple(crossings(parts, self.storage))

    def priced(self) -> Iterator[PricedPart]:
        """Every part, for all that it depends on; without metrics, only where it exists.

        Raises:
            Entangled: a part depends on too much.
        """
        while True:
            try:
                needs = self.needs()
                break
            except Leaning as leaning:
                self.read_text(joined(self.parts, leaning.part))
        if not self.grid.metrics:
            for axes, missing in self.missing.values():
                yield PricedPart(tuple(axes), {}, ~missing)
            return
        self.is_whole = self.storage is not None
        for group, run in self.tabulation.groups(needs, self.unfolded.costs):
            for index in group:
                part = run.part(index, self.grid.lengths(needs[index]))
                part = self.taken(part, index, needs, self.unfolded.costs)
                costs = {name: part.values[name] for name in self.grid.metrics}
                yield PricedPart(tuple(sorted(needs[index])), costs, ~part.refused)

    # what parts depend on

    def axes_of(self, names: Iterable[str]) -> frozenset[int]:
        """The axes that some names depend on, except axes of one value."""
        axes = self.grid.axes_of(names)
        return frozenset(axis for axis in axes if len(self.grid.axes[axis].values) > 1)

    def scales(self) -> bool:
        """Whether the width multiplier, or its rounding, may change widths."""
        alpha = resolve(self.document, self.grid.settings, Problems()).values["alpha"]
        documents, pending = [], [self.document]
        while pending:
            documents.append(one := pending.pop())
            pending += [block.network for block in one.blocks.values() if block.network is not None]
        return (
            bool(self.grid.axes_of({"alpha"}))
            or alpha != 1
            or any(one.rounding.divisor != 1 for one in documents)
        )

    def texts(self) -> Iterator[frozenset[str]]:
        """For each part the names in its text, and in that of the parts that share with it."""
        kept = frozenset[str]().union(*(self.kept_by(self.parts[at]) for at in self.predicting))
        together: dict[tuple[str, str], frozenset[str]] = {}
        for index, part in enumerate(self.parts):
            for key in self.shared(index):
                together[key] = together.get(key, frozenset()) | part.names
        for index, part in enumerate(self.parts):
            names = part.names.union(*(together[key] for key in self.shared(index)))
            yield names | kept if index in self.predicting else names

    def kept_by(self, part: PartText) -> frozenset[str]:
        """The names that decide which widths are kept, in the text of a part at the end."""
        ends = (self.parts[at].structure for at in self.predicting)
        is_of_shape = any(not structure.isdisjoint(AXES) for structure in ends)
        return part.names if is_of_shape else part.structure

    def shared(self, index: int) -> set[tuple[str, str]]:
        """What a part has in common with others: params, or a name."""
        part = self.parts[index]
        return {("params", word) for word in part.shares} | {("name", name) for name in part.called}

    def needs(self) -> Needs:
        """The axes that each part depends on.

        Raises:
            Entangled: they are too many.
        """
        needs = self.guessed()
        while True:
            self.check(needs)
            seen = self.seen(needs)
            following = self.following(needs, seen)
            if following == needs:
                self.check_steps(seen)
                return needs
            needs = following

    def guessed(self) -> list[frozenset[int]]:
        """What parts depend on if each reads a map as wide as the text of the one before has it.

        A wrong guess costs a run; one that has too many combinations is not made.
        """
        handed = [frozenset(), *(self.axes_of(part.widths) for part in self.parts)]
        needs = [
            own | before if part.follows else own
            for own, before, part in zip(self.own, handed, self.parts, strict=False)
        ]
        is_small = all(map(self.is_small, needs)) and self.fits(sum(map(self.grid.cells, needs)))
        return needs if is_small else [*self.own]

    def check(self, needs: Needs) -> None:
        """Refuses parts that depend on too much, each by itself or all together.

        Raises:
            Entangled: they do.
        """
        cells = [*map(self.grid.cells, needs)]
        index = max(range(len(cells)), key=cells.__getitem__)
        names = [self.grid.axes[axis].name for axis in sorted(needs[index])]
        most = f"{self.described(index)} depends on {cells[index]:,}"
        if not self.is_small(needs[index]):
            raise Entangled(f"{most} combinations of parameters", names)
        if not self.fits(total := sum(cells)):
            raise Entangled(f"{most} of its parts' {total:,} combinations of parameters", names)

    def is_small(self, axes: Iterable[int]) -> bool:
        """Whether a part may depend on these axes."""
        cells = self.grid.cells(axes)
        return cells <= CELLS and self.fits(cells)

    def described(self, index: int) -> str:
        """A part in a message."""
        first = self.parts[index].steps[0]
        return f"{described(first)} on line {first.common.mark.line}"

    def following(self, needs: Needs, seen: Sequence[_Seen]) -> list[frozenset[int]]:
        """What parts depend on, given what reaches them if they depend on ``needs``.

        It is right for the parts up to the first that differs, and a guess for the others.

        Raises:
            Entangled: a part depends on too much.
        """
        here = self.input
        outputs: list[frozenset[int]] = []
        found: list[frozenset[int]] = []
        is_proven = True
        for index, part in enumerate(self.parts):
            need = self.own[index].union(*self.read(index, needs, outputs))
            if part.follows or part.is_optional:
                need |= here
            is_small = self.is_small(need)
            if is_proven and not is_small:
                self.check([*found, need])
            need = need if is_small else self.own[index]
            is_proven = is_proven and need == needs[index]
            if is_proven:
                here = self.handed(seen[index], index, needs)
            else:
                here = _guessed(seen[index], need, needs[index])
            outputs.append(here)
            found.append(need)
        return found

    def read(
        self, index: int, needs: Needs, outputs: Sequence[frozenset[int]]
    ) -> Iterator[frozenset[int]]:
        """What a part depends on because it reads, or shares, what parts before it have."""
        part, shared = self.parts[index], self.shared(index)
        inside = {name.partition("/")[0] for name in part.reads if "/" in name}
        for before, other in enumerate(self.parts[:index]):
            if not part.reads.isdisjoint(other.called) or part.has_recent:
                yield outputs[before]
                yield self.decided(before, index, needs)
            if self.storage is not None and self.storage.mixed and part.words & other.words:
                # Layers are numbered, and the storage knows them by their names.
                yield needs[before] if other.is_optional else frozenset()
            if not (
                inside.isdisjoint(other.called)
                and part.reads.isdisjoint(other.inner)
                and shared.isdisjoint(self.shared(before))
            ):
                yield needs[before]
        if "input" in part.reads or part.has_recent:
            yield self.input
        yield from self.remembered(index, needs, outputs)

    def remembered(
        self, index: int, needs: Needs, outputs: Sequence[frozenset[int]]
    ) -> Iterator[frozenset[int]]:
        """What a part depends on because tensors of others are in memory at the same time."""
        part = self.parts[index]
        if self.storage is not None and (len(part.steps) > 1 or part.inner):
            # Whether its own layers are one step depends on what else reads them.
            later = self.parts[index + 1 :]
            read = part.called | part.inner
            readers = [at for at, other in enumerate(later, index + 1) if other.reads & read]
            yield from (self.decided(at, index, needs) for at in readers)
        for crossing in self.crossings:
            if crossing.made < index <= crossing.last:
                yield outputs[crossing.made] if crossing.made >= 0 else self.input
                for at in {crossing.made, *crossing.decided_by} - {-1}:
                    yield self.decided(at, index, needs)

    def decided(self, at: int, index: int, needs: Needs) -> frozenset[int]:
        """What decides whether a part exists, as another one depends on it.

        Raises:
            Entangled: it is a shape that comes later.
        """
        other = self.parts[at]
        if other.conditions.isdisjoint(AXES):
            return self.axes_of(other.conditions)
        if at >= index:
            raise Entangled(f"{self.described(index)} is in memory with {self.described(at)}")
        return needs[at]

    def handed(self, seen: _Seen, index: int, needs: Needs) -> frozenset[int]:
        """The axes that a part's output depends on."""
        part = self.taken(seen.part, index, needs, self.unfolded.interfaces)
        if not part.values:
            return seen.outputs
        axes = sorted(needs[index])
        arrays = (array for key, array in part.values.items() if key != STEPS)
        return frozenset(axes[at] for array in arrays for at in varying(array))

    # running

    def seen(self, needs: Needs) -> list[_Seen]:
        """What every part hands on, if parts depend on ``needs``."""
        found: dict[int, _Seen] = {}
        for group, run in self.tabulation.groups(needs, self.unfolded.interfaces):
            for index in group:
                arrays = run.arrays(index)
                steps = int(arrays.pop(STEPS, numpy.zeros(1)).max())
                varied = frozenset(at for array in arrays.values() for at in varying(array))
                part = run.part(index, self.grid.lengths(needs[index]))
                is_missing = part.missing.any()
                outputs = frozenset(axis for axis in needs[index] if run.places[axis] in varied)
                kept = part if is_missing else part._replace(values={})
                found[index] = _Seen(kept, outputs, run.places, varied, steps)
        return [found[index] for index in range(len(self.parts))]

    def taken(
        self, part: TabulatedPart, index: int, needs: Needs, evaluate: Evaluate
    ) -> TabulatedPart:
        """A part's values along the axes that it depends on; anything where it does not exist.

        Raises:
            Entangled: it is not reached at some of them.
        """
        axes = sorted(needs[index])
        dead = self.dead(index, axes) if part.unknown.any() else part.unknown
        base: Mapping[str, Any] | None = self.tabulation.base
        for _ in range(TRIES):
            if base is not None and part.unknown.any():
                alone = self.tabulation.run([index], needs, evaluate, base)
                part = part.completed(alone.part(index, self.grid.lengths(axes)))
            left = part.unknown & ~dead
            if not left.any():
                break
            cell = numpy.unravel_index(int(left.argmax()), left.shape)
            base = self.reaching(index, dict(zip(axes, map(int, cell), strict=True)))
            if base is None:
                dead = dead.copy()
                dead[cell] = True
        else:
            self.refuse_few(axes)
        self.missing[index] = axes, part.missing
        if part.missing.all():
            self.refuse_few(axes)
        return part.filled()

    def refuse_few(self, axes: Iterable[int]) -> NoReturn:
        """Refuses a network that was found at too few settings.

        Raises:
            Entangled: always.
        """
        names = [self.grid.axes[axis].name for axis in axes]
        raise Entangled("the network exists at few values of some parameters", names)

    def reaching(self, index: int, fixed: Mapping[int, int]) -> dict[str, Any] | None:
        """A setting at which the parts before one exist; None if they do at none.

        Args:
            index: the part.
            fixed: the places of values of axes that it depends on.

        Raises:
            Entangled: none was found.
        """
        grid, random = self.grid, Random(0)
        chosen = {**self.chosen, **fixed}
        for _ in range(TRIES):
            settings = grid.at([chosen[axis] for axis in range(len(grid.axes))])
            wrong = self.unfolded.parts_at(settings)[1][-1]
            if wrong.state == KNOWN or (wrong.number >= index and not self.is_whole):
                return {axis.name: settings[axis.name] for axis in grid.axes}
            axes, missing = self.missing[wrong.number]
            place = tuple(fixed.get(axis, slice(None)) for axis in axes)
            others = numpy.argwhere(~missing[place])
            if not len(others):
                return None
            free = [axis for axis in axes if axis not in fixed]
            chosen |= zip(free, map(int, others[random.randrange(len(others))]), strict=True)
        self.refuse_few(fixed)

    def dead(self, index: int, axes: Sequence[int]) -> Array:
        """Where a part before does not exist for any values of the other axes."""
        dead = numpy.zeros([len(self.grid.axes[axis].values) for axis in axes], bool)
        for before in [*self.missing] if self.is_whole else range(index):
            others, missing = self.missing[before]
            if {*others} <= {*axes} and missing.any():
                dead |= along(missing, others, axes)
        return dead

    def check_steps(self, seen: Iterable[_Seen]) -> None:
        """Refuses parts that may be too many layers together.

        Raises:
            Entangled: they may.
        """
        steps = sum(part.steps for part in seen)
        if steps > limits.STEPS:
            raise Entangled(f"parts may unfold to {steps:,} layers together")

    def existing(self) -> dict[int, int]:
        """For each axis the place of a value, so that the network exists: by default the default.

        Raises:
            Entangled: none was found.
        """
        grid, random = self.grid, Random(0)
        chosen = dict(enumerate(grid.defaults()))
        for number in range(SEARCHED):
            expanded = expand_part(self.document, grid.at([*chosen.values()]))
            if not expanded.problems:
                return chosen
            wrong = self.unfolded.index.get(id(expanded.refused))
            drawn = chosen if number % 2 or wrong is None else self.own[wrong]
            chosen |= {axis: random.randrange(len(grid.axes[axis].values)) for axis in drawn}
        raise Entangled("no setting was found at which the network exists")


def _guessed(seen: _Seen, need: frozenset[int], taken: frozenset[int]) -> frozenset[int]:
    """The axes that a part's output seems to depend on, though others vary with them.

    Args:
        seen: what it hands on if it depends on ``taken`` alone.
        need: what it depends on, as is known by now.
        taken: what a dimension is taken to be, if one of these varies along it.
    """
    known = {seen.places.get(axis) for axis in taken}
    others = {axis for axis in need if seen.places.get(axis) not in known}
    return frozenset(axis for axis in taken | others if seen.places.get(axis) in seen.varied)
