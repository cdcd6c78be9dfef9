"""Every figure that ships: it holds, and none of the known ones is missing."""

from __future__ import annotations

import pytest

from costcalc.claims.check import Checked, check
from costcalc.claims.networks import Networks
from costcalc.claims.sources import collect, papers


@pytest.fixture(scope="module")
def everything() -> Checked:
    networks = Networks()
    return check(collect((), networks), networks)


def test_every_claim_holds(everything: Checked) -> None:
    failed = [result for result in everything.results if not result.holds]
    assert not failed, "\n".join(f"{each.claim.id}: {each.explanation}" for each in failed)


def test_every_paper_is_checked(everything: Checked) -> None:
    assert len(everything.files) == len(papers())
    assert all(file.tables for file in everything.files)


def test_ids_are_unique_across_papers(everything: Checked) -> None:
    ids = [result.claim.id for result in everything.results]
    assert len(ids) == len(set(ids))


def test_errata_of_counts_pin_an_exact_integer(everything: Checked) -> None:
    for result in everything.results:
        claim = result.claim
        if claim.erratum and claim.quantity.metric in ("params", "mult_adds"):
            assert claim.erratum.computed.unit == "", claim.id
            assert claim.erratum.computed.fit(result.computed) == "exact", claim.id
