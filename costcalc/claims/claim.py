"""The figures that a paper prints, as typed, frozen data with their places."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from costcalc.errors import Mark
from costcalc.reporting.printed import Figure
from costcalc.spec.data_file import is_path
from costcalc.spec.document import Expression


class ClaimedNetwork(NamedTuple):
    """A network named by a claim."""

    name: str
    """As written, without its settings."""
    path: str
    """The path of its spec; ``claims.yaml#name`` for a network written in a claims file."""
    settings: tuple[tuple[str, Any], ...] = ()


class Subject(NamedTuple):
    """What a figure is about: layers of one network, or of several taken together."""

    networks: tuple[ClaimedNetwork, ...]
    only: tuple[str, ...] = ()
    """Layers, blocks, types or kinds; by default everything."""
    side: int | None = None
    """Only layers whose output maps have this side; by default all."""


class Counting(NamedTuple):
    """How the paper counts, if not by the convention 'paper'."""

    convention: str = "paper"
    """Its name, or the path of its file."""
    without: tuple[str, ...] = ()
    """Layers, blocks, types or kinds that the paper leaves out."""
    times: int = 1
    """Operations for each multiply-accumulate."""
    storage: str | None = None
    """How bytes are kept: a storage's name, or the path of its file; None for the network's own."""
    planner: str | None = None
    """The planner of peaks; None for the storage's."""
    batch: int = 1
    device: str | None = None
    """The device of times and energy: its name, or the path of its file."""
    dtype: str | None = None
    """What is multiplied; None for what the storage, or the device, has."""

    @property
    def words(self) -> str:
        """The differences from the default in words; empty if there are none."""
        words = []
        if self.convention != "paper":
            name, _ = os.path.splitext(os.path.basename(self.convention))
            words.append(name if is_path(self.convention) else self.convention)
        if self.without:
            words.append("without " + ", ".join(self.without))
        if self.times != 1:
            words.append(f"{self.times} operations for each multiply-accumulate")
        return "; ".join(words)


class Quantity(NamedTuple):
    """A number determined by an architecture."""

    metric: str
    subject: Subject
    counting: Counting
    over: Subject | None = None
    """The second subject of a ratio, an increase or a difference."""


class Erratum(NamedTuple):
    """Why a printed figure differs from what the architecture gives."""

    why: str
    computed: Figure
    """The recomputed value, pinned."""
    mark: Mark
    reads: Figure | None = None
    """The figure the paper should print: the recomputed value must agree with it."""
    counts: Quantity | None = None
    """Another count, which gives the printed figure."""
    gives: Expression | None = None
    """Arithmetic that gives the printed figure, with ``computed`` in scope."""


class Claim(NamedTuple):
    """One printed figure."""

    id: str
    mark: Mark
    table: str
    """Where it is printed: 'Table 2', 'section 4.2'; empty for claims about one's own networks."""
    row: str
    column: str
    figure: Figure
    quantity: Quantity
    about: str = ""
    """The words that make the figure approximate: its trailing zeros are not significant."""
    note: str = ""
    quotient: tuple[Figure, Figure] | None = None
    """The two printed figures of which a ratio is the quotient."""
    gives: Expression | None = None
    """Arithmetic that gives the printed figure, with ``computed`` in scope; the note says why."""
    unexplained: Figure | None = None
    """The recomputed value, pinned, of a figure known not to reproduce."""
    erratum: Erratum | None = None

    @property
    def title(self) -> str:
        """The claim in short: ``Table 6, 0.5 MobileNet-224, Mult-Adds``."""
        return ", ".join(filter(None, (self.table, self.row, self.column)))

    @property
    def location(self) -> Mark:
        """Its place for CI servers: a line that exists, and a relative path inside this folder."""
        path = os.path.relpath(self.mark.file)
        file = self.mark.file if path.startswith(os.pardir) else path
        return Mark(file, self.mark.line or 1, self.mark.column or 1)


class Undetermined(NamedTuple):
    """A printed figure that the architecture does not determine."""

    id: str
    mark: Mark
    table: str
    what: str
    printed: str
    reason: str


class PaperTable(NamedTuple):
    """A table of a paper, or a passage of its text, with the figures it prints."""

    table: str
    title: str
    columns: tuple[str, ...]
    claims: tuple[Claim, ...]

    @classmethod
    def of(cls, table: str, title: str, claims: Iterable[Claim]) -> PaperTable:
        """A table with the columns of its claims."""
        claims = tuple(claims)
        return cls(table, title, tuple(dict.fromkeys(claim.column for claim in claims)), claims)


class ClaimsFile(NamedTuple):
    """All figures of a paper, or of one's own networks."""

    path: str
    title: str
    source: Mapping[str, str]
    tables: tuple[PaperTable, ...]
    undetermined: tuple[Undetermined, ...] = ()
    spec: ClaimedNetwork | None = None
    """The network that the file describes, if it is a spec."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims of all tables."""
        return tuple(claim for table in self.tables for claim in table.claims)

    def place(self, table: str) -> str:
        """Where a figure is printed: ``MobileNets, arXiv 1704.04861, Table 2``."""
        arxiv = self.source.get("arxiv")
        return ", ".join(filter(None, (self.title, f"arXiv {arxiv}" if arxiv else "", table)))
