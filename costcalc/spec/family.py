"""What a network belongs to, and when it was published: what people list networks by.

family: mobile
source: {arxiv: "1704.04861"}
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from costcalc.errors import Problems, did_you_mean
from costcalc.spec.tree import Node, Scalar, given

FAMILIES = {
    "classic": "plain stacks of convolutions, and Inception modules",
    "residual": "shortcuts around blocks: ResNet and its successors",
    "gated": "gates that weigh or skip blocks",
    "mobile": "designed for phones",
    "searched": "found by architecture search, or scaled from such a network",
    "tiny": "for microcontrollers",
    "transformer": "attention over patches of an image",
    "head": "detection and segmentation on a backbone",
}
"""The families, and what each is."""

YEAR = "year"
"""The key of a source whose arXiv number does not give the year, or gives another."""

WRITTEN_YEAR = re.compile(r"(?:19|20)\d\d", re.ASCII)
"""What stands for it."""

_ARXIV = re.compile(r"(?:[A-Za-z.-]+/)?(\d\d)[01]\d")
"""The start of an arXiv number: year and month, after the archive's name until 2007."""

_FIRST = 91
"""arXiv began in 1991."""


def read_family(node: Node | None, problems: Problems) -> str:
    """The family that a spec states; '' without one."""
    node = given(node)
    if node is None:
        return ""
    if isinstance(node, Scalar) and node.text in FAMILIES:
        return node.text
    problems.add(
        node.mark,
        "unknown family of networks",
        expected="one of " + ", ".join(FAMILIES),
        found=str(node),
        hint=did_you_mean(str(node), FAMILIES),
    )
    return ""


def refuse_odd_year(node: Node | None, problems: Problems) -> None:
    """Notes a source's year that is not one."""
    year = given(node)
    if year is not None and not (isinstance(year, Scalar) and WRITTEN_YEAR.fullmatch(year.text)):
        problems.add(year.mark, "a year has four digits", "year: 2012", found=str(year))


def year_of(source: Mapping[str, str]) -> int | None:
    """The year of a source: its own, or else that of its arXiv number; None without either.

    >>> year_of({"arxiv": "1704.04861"}), year_of({"venue": "NIPS", "year": "2012"}), year_of({})
    (2017, 2012, None)
    >>> year_of({"arxiv": "cs/9901001"})
    1999
    """
    if YEAR in source:
        return int(source[YEAR])
    arxiv = _ARXIV.match(source.get("arxiv", ""))
    if arxiv is None:
        return None
    year = int(arxiv[1])
    return (1900 if year >= _FIRST else 2000) + year


def age(source: Mapping[str, str]) -> tuple[int, str]:
    """The sort key of a source: its year, and in a year its arXiv number."""
    return year_of(source) or 0, source.get("arxiv", "")
