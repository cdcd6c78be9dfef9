"""A sweep as a folder of Parquet files, one for each unit of its settings.

Units are given to any number of processes, and each file says all of its own rows: a sweep
that is interrupted goes on from the files that are there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from itertools import chain
from typing import Any

from costcalc.errors import Mark, Problem, SpecError
from costcalc.grid.evaluate import RefusedSettings
from costcalc.grid.pieces import NetworkRefusal, Unit, Work
from costcalc.grid.streamed import ROWS, Streamed
from costcalc.jobs.parts import PartFolder
from costcalc.jobs.workers import Engine, versions
from costcalc.metrics import has_bytes
from costcalc.records import NamedTuple
from costcalc.render.formatting import exact
from costcalc.storing.files import load
from costcalc.storing.storage import DEFAULT_STORAGE


class Dataset(NamedTuple):
    """A folder that has all its parts."""

    path: str
    rows: int
    parts: int
    kept: int
    """Parts that were there before."""
    refused: tuple[NetworkRefusal, ...]
    unfolded: Mapping[str, int]
    """How often each network was unfolded for the parts, by its name."""

    def __str__(self) -> str:
        kept = f", {self.kept:,} of them written before" if self.kept else ""
        parts = f"{self.parts:,} {'part' if self.parts == 1 else 'parts'}"
        rows = f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}"
        return f"{self.path}: {rows} in {parts}{kept}."


class _Part(NamedTuple):
    """What is known of a part that is there."""

    number: int
    network: str
    rows: int
    settings: int
    evaluations: int
    refused: list[Any]


class _PartWriter(NamedTuple):
    """Computes units and writes their parts, on whichever worker."""

    work: Work
    streamed: Streamed
    folder: PartFolder

    def written(self, numbered: tuple[int, Unit]) -> _Part:
        """The part of a unit, once it is in the folder."""
        number, unit = numbered
        piece = self.work.piece(unit)
        network = self.work.networks[unit.network].name
        refused = [_stated(NetworkRefusal(network, refusal)) for refusal in piece.refusals]
        known = len(piece.cells), unit.settings, piece.evaluations
        part = _Part(number, network, *known, refused)
        batches = map(self.streamed.columns, piece.parts(ROWS))
        self.folder.write(number, self.streamed.kinds, batches, part._asdict())
        return part


def write(
    work: Work,
    streamed: Streamed,
    engine: Engine,
    path: str,
    progress: Callable[[int], None] | None = None,
) -> Dataset:
    """Writes the parts that a folder lacks.

    Args:
        work: the sweep.
        streamed: the columns of its rows.
        engine: who computes the units and writes their parts.
        path: the folder, which is made if it is not there.
        progress: called with the number of settings done.

    Raises:
        CostcalcError: the folder holds something else or cannot be written, or what the
            engine and the work raise.
    """
    about = _about(work, streamed)
    folder = PartFolder(os.path.abspath(path), _digest((about, *_determining(work))))
    folder.begin(about)
    kept: list[_Part] = []

    def lacking() -> Iterator[tuple[int, Unit]]:
        for number, unit in enumerate(work.units()):
            facts = folder.facts(number)
            if facts is None:
                yield number, unit
            else:
                kept.append(_Part(*(facts[name] for name in _Part._fields)))

    writer = _PartWriter(work, streamed, folder)
    written: list[_Part] = []
    done = 0
    for part in engine.results(writer.written, lacking(), in_order=False):
        written.append(part)
        done += part.settings
        if progress is not None:
            progress(done + sum(part.settings for part in kept))
    parts = sorted((*kept, *written))
    rows = sum(part.rows for part in parts)
    folder.end(about, {"parts": len(parts), "rows": rows})
    refused = tuple(map(_refusal, chain.from_iterable(part.refused for part in parts)))
    unfolded: Counter[str] = Counter()
    for part in parts:
        unfolded[part.network] += part.evaluations
    return Dataset(path, rows, len(parts), len(kept), refused, unfolded)


def _stated(refusal: NetworkRefusal) -> list[Any]:
    """A refusal as a part keeps it."""
    network, (settings, first, error) = refusal
    texts = {name: exact(value) for name, value in first.items()}
    return [network, settings, texts, error.problems[0].message]


def _refusal(stated: list[Any]) -> NetworkRefusal:
    network, settings, first, message = stated
    error = SpecError([Problem(None, message)])
    return NetworkRefusal(network, RefusedSettings(settings, first, error))


def _about(work: Work, streamed: Streamed) -> dict[str, Any]:
    """What a folder says of its rows, for people."""
    grid = work.networks[0].grid
    axes = work.networks[0].grid.axes
    return {
        "networks": list(streamed.names),
        "parameters": {axis.name: len(axis.values) for axis in axes},
        "metrics": list(grid.metrics),
        "where": work.condition.text if work.condition is not None else None,
        "convention": grid.accounting.convention.name,
        **{name: str(value) for name, value in grid.accounting.facts(grid.metrics).items()},
        "costcalc": versions()[0],
    }


def _determining(work: Work) -> Iterator[Any]:
    """Everything that determines the rows and how they are cut into parts."""
    for network in work.networks:
        grid = network.grid
        yield grid.document, grid.settings, grid.axes, grid.accounting
        if has_bytes(grid.metrics):
            yield load(grid.accounting.storage or DEFAULT_STORAGE)
    yield sum(1 for _ in work.units())


def _digest(value: Any) -> str:
    """A digest of data, the same in every process; places in files are left out."""
    digest = sha256()

    def add(value: Any) -> None:
        digest.update(f"{type(value).__name__}(".encode())
        if isinstance(value, Mapping):
            add(tuple(value.items()))
        elif isinstance(value, frozenset):
            add(tuple(sorted(value)))
        elif isinstance(value, tuple | list):
            for part in value:
                if not callable(part) and not isinstance(part, Mark):
                    add(part)
        else:
            digest.update(repr(value).encode())
        digest.update(b")")

    add(value)
    return digest.hexdigest()
