"""Every shipped figure holds, and no known figure is missing."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest

from costcalc.claims.check import Checked, check
from costcalc.claims.networks import Networks
from costcalc.claims.sources import collect, papers
from costcalc.reporting.printed import parse

DATA = Path(__file__).parents[1] / "data"
FIGURES, MOBILE = DATA / "paper_figures.csv", DATA / "mobile_figures.csv"

QUOTED = {
    "starnet StarNet-S050 224 mult_adds 92.7 M": "92.8 M in the paper's Table 14",
    "starnet StarNet-S100 224 mult_adds 187.3 M": "187.1 M in the paper's Table 14",
}
"""Figures of mobile networks that are not claims, since their papers print others."""


@pytest.fixture(scope="module")
def everything() -> Checked:
    networks = Networks()
    return check(collect((), networks, shipped=True), networks)


def test_every_claim_holds(everything: Checked) -> None:
    failed = [result for result in everything.results if not result.holds]
    assert not failed, "\n".join(f"{result.claim.id}: {result.explanation}" for result in failed)


def test_every_paper_is_checked(everything: Checked) -> None:
    claimed = {path for files in papers().values() for path in files if "/claims/" in path}
    assert claimed <= {file.file.path for file in everything.files}
    assert len(claimed) >= 26
    assert all(file.tables for file in everything.files)


def test_ids_are_unique_across_papers(everything: Checked) -> None:
    ids = [result.claim.id for result in everything.results]
    assert len(ids) == len(set(ids))


def test_claims_of_a_file_have_distinct_titles(everything: Checked) -> None:
    # What pytest and JUnit's XML call a claim.
    for file in everything.files:
        titles = [claim.title for claim in file.file.claims]
        assert len(titles) == len(set(titles)), file.file.path


def test_misprints_of_counts_pin_an_exact_integer(everything: Checked) -> None:
    for result in everything.results:
        claim = result.claim
        pinned = claim.erratum.computed if claim.erratum else claim.unexplained
        if pinned and claim.quantity.metric in ("params", "mult_adds"):
            assert pinned.unit == "", claim.id
            assert pinned.fit(result.computed) == "exact", claim.id


def _known() -> dict[str, str]:
    """Every printed figure that was collected, by its id."""
    with FIGURES.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["printed"] for row in csv.DictReader(file)}


def test_no_known_figure_is_missing(everything: Checked) -> None:
    claimed = {result.claim.id for result in everything.results}
    undetermined = {figure.id for file in everything.files for figure in file.file.undetermined}
    known = _known()
    assert len(known) == 390 + 160  # those of counts, and those of memory and what goes with it
    assert not claimed & undetermined
    assert sorted(set(known) - claimed - undetermined) == []


def test_figures_equal_the_printed_ones(everything: Checked) -> None:
    known = _known()
    for result in everything.results:
        claim = result.claim
        if claim.id in known:
            reads = claim.erratum.reads.text if claim.erratum and claim.erratum.reads else ""
            prints = {claim.figure.text, reads, claim.figure.text.replace("< ", "")}
            assert _same(known[claim.id]) in {_same(text) for text in prints}, claim.id
    for file in everything.files:
        for figure in file.file.undetermined:
            if figure.id in known:
                assert _same(known[figure.id]) == _same(figure.printed), figure.id


def _same(printed: str) -> str:
    """A figure without differences in spelling: spaces, and Ki for the K of 1024."""
    return printed.replace(" ", "").replace("Ki", "K")


def test_every_figure_of_the_mobile_networks_is_a_claim(everything: Checked) -> None:
    claimed = {
        (
            Path(network.path.partition("#")[0]).stem,
            str(result.parameters["res"]),
            result.claim.quantity.metric,
            _decimal(result.claim.figure.text),
        )
        for result in everything.results
        for network in result.claim.quantity.subject.networks[:1]
    }
    with MOBILE.open(encoding="utf-8", newline="") as file:
        figures = list(csv.DictReader(file))
    assert len(figures) == 205
    missing = [
        " ".join(row.values())
        for row in figures
        if (row["spec"], row["res"], row["metric"], _decimal(row["printed"])) not in claimed
    ]
    assert missing == list(QUOTED)


def _decimal(printed: str) -> Fraction:
    """A figure with its unit in thousands, whether or not the paper's is one of 1024."""
    figure = parse(printed)
    return figure.number * Fraction(1000) ** (
        "KMGT".find(figure.unit.replace("B", "G")[:1] or "-") + 1
    )
