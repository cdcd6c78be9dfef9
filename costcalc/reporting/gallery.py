"""Which of the networks that ship are asked for: by words, family and year."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from costcalc.advice import joined, option
from costcalc.errors import did_you_mean, refuse
from costcalc.opening import OpenNetwork, carried, opened_at
from costcalc.records import NamedTuple
from costcalc.spec import library
from costcalc.spec.family import FAMILIES, age, year_of

_YEAR = re.compile(r"\d{4}")


class Selection(NamedTuple):
    """Words, families and years; what is empty selects everything."""

    words: str = ""
    families: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None

    @property
    def text(self) -> str:
        """What it selects: `` of mobile since 2019 with 'ghost' in name or source``."""
        parts = [f"of {' or '.join(self.families)}"] if self.families else []
        if self.first == self.last:
            parts += [f"of {self.first}"] if self.first else []
        elif self.first:
            parts.append(
                f"from {self.first} to {self.last}" if self.last else f"since {self.first}"
            )
        else:
            parts.append(f"until {self.last}")
        parts += [f"with '{self.words}' in name or source"] if self.words else []
        return "".join(f" {part}" for part in parts)

    def has(self, network: OfCollection) -> bool:
        """Whether it selects a network."""
        document, year = network.network.document, network.year
        if self.families and document.family not in self.families:
            return False
        if (self.first or self.last) and year is None:
            return False
        if year is not None and not (self.first or year) <= year <= (self.last or year):
            return False
        searched = " ".join((network.name, document.title.text, *document.source.values())).lower()
        return all(word in searched for word in self.words.lower().split())


class OfCollection(NamedTuple):
    """A network that ships, at the settings of its name."""

    name: str
    spec: str
    """The name of its spec, of which it is a variant unless that is its own."""
    network: OpenNetwork

    @property
    def year(self) -> int | None:
        """When it was published."""
        return year_of(self.network.document.source)


def selection(words: str, families: Sequence[str], year: int | str | None) -> Selection:
    """What is asked for.

    Args:
        words: as in a search box.
        families: keys of the table of families.
        year: ``2019``, or ``"2016:2020"``, either end of which may be left out.

    Raises:
        SpecError: a family is unknown, or a year is not one.
    """
    for family in families:
        if family not in FAMILIES:
            refuse(
                None,
                f"there is no family '{family}'",
                expected="one of " + ", ".join(FAMILIES),
                hint=did_you_mean(family, FAMILIES),
            )
    first, last = _years(year)
    return Selection(words, tuple(families), first, last)


def _years(year: int | str | None) -> tuple[int | None, int | None]:
    if year is None:
        return None, None
    first, colon, last = (part.strip() for part in str(year).partition(":"))
    ends = (first, last) if colon else (first, first)
    if not any(ends) or not all(_YEAR.fullmatch(end) for end in ends if end):
        refuse(
            None,
            "the year of a network is a year, or a first and a last one",
            expected=joined(" or ", (option("year", "2019"), option("year", "2016:2020"))),
            found=f"'{year}'",
        )
    low, high = (int(end) if end else None for end in ends)
    if low and high and low > high:
        refuse(None, f"no year is from {low} to {high}", expected="the first year before the last")
    return low, high


def selected(which: Selection) -> Iterator[OfCollection]:
    """The networks that are asked for, in alphabetical order; each spec is read once."""
    aliases = library.aliases()
    open_at_defaults = cache(lambda path: opened_at(path, {}))
    for name in library.shipped():
        reference = library.shipped_reference(name, aliases)
        if reference is None:
            continue
        network = open_at_defaults(reference.network).at(carried(reference))
        spec, _, _ = aliases.get(name, name).partition("@")
        row = OfCollection(name, spec, network)
        if which.has(row):
            yield row


def oldest_first(which: Selection) -> list[OpenNetwork]:
    """The specs that are asked for, at their defaults."""
    rows = selected(which)
    specs = [row.network._replace(name=row.name) for row in rows if row.name == row.spec]
    return sorted(specs, key=lambda network: age(network.document.source))
