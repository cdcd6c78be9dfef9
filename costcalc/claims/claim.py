"""What a paper prints, as typed, frozen data; every claim knows its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.errors import Mark
from costcalc.reporting.printed import Figure
from costcalc.spec.document import Expression


class ClaimedNetwork(NamedTuple):
    """A network as a claim names it."""

    name: str
    """As it is written, without its settings."""
    path: str
    """Its spec; for a network written in the claims file, that file's path and '#' and the name."""
    settings: tuple[tuple[str, Any], ...] = ()


class Subject(NamedTuple):
    """What a figure speaks of: layers of one network, or of several taken together."""

    networks: tuple[ClaimedNetwork, ...]
    only: tuple[str, ...] = ()
    """Layers, blocks, types or kinds; everything where none is named."""
    side: int | None = None
    """The side of the output maps that are meant; all where none is named."""


class Counting(NamedTuple):
    """How the paper counts, where that differs from the convention 'paper'."""

    convention: str = "paper"
    without: tuple[str, ...] = ()
    """Layers, blocks, types or kinds that the paper leaves out."""
    times: int = 1
    """Operations for each multiply-accumulate."""

    @property
    def words(self) -> str:
        """What differs, for people; empty for the default."""
        words = []
        if self.convention != "paper":
            words.append(self.convention)
        if self.without:
            words.append("without " + ", ".join(self.without))
        if self.times != 1:
            words.append(f"{self.times} operations for each multiply-accumulate")
        return "; ".join(words)


class Quantity(NamedTuple):
    """A number that an architecture determines."""

    metric: str
    subject: Subject
    counting: Counting
    over: Subject | None = None
    """What a ratio, an increase or a difference is taken against."""


class Erratum(NamedTuple):
    """Why a printed figure is not what the architecture gives."""

    why: str
    computed: Figure
    """The recomputed value, pinned."""
    mark: Mark
    reads: Figure | None = None
    """What the paper would print: the recomputed value must agree with it."""
    counts: Quantity | None = None
    """The count that gives the printed figure instead."""
    gives: Expression | None = None
    """Arithmetic that gives the printed figure, with ``computed`` in scope."""


class Claim(NamedTuple):
    """One printed figure."""

    id: str
    mark: Mark
    table: str
    """Where it is printed: 'Table 2', 'section 4.2'; empty in a claims file of one's own."""
    row: str
    column: str
    figure: Figure
    quantity: Quantity
    about: str = ""
    """The words that make the figure approximate: its zeros at the end are no digits."""
    note: str = ""
    unexplained: Figure | None = None
    """The recomputed value, pinned, of a figure that is known not to reproduce."""
    erratum: Erratum | None = None

    @property
    def title(self) -> str:
        """The claim in a few words: ``Table 6, 0.5 MobileNet-224, Mult-Adds``."""
        return ", ".join(filter(None, (self.table, self.row, self.column)))


class Undetermined(NamedTuple):
    """A printed figure that no architecture determines."""

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


class ClaimsFile(NamedTuple):
    """All figures of one paper, or of one's own networks."""

    path: str
    title: str
    source: Mapping[str, str]
    tables: tuple[PaperTable, ...]
    undetermined: tuple[Undetermined, ...] = ()
    spec: ClaimedNetwork | None = None
    """The network that the file itself describes, where it is a spec."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims of all tables."""
        return tuple(claim for table in self.tables for claim in table.claims)

    def place(self, table: str) -> str:
        """Where a figure is printed: ``MobileNets, arXiv 1704.04861, Table 2``."""
        arxiv = self.source.get("arxiv")
        return ", ".join(filter(None, (self.title, f"arXiv {arxiv}" if arxiv else "", table)))
