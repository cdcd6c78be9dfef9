"""Distributions of sums, and sums of products, equal those of a loop over Python's integers."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcalc.spaces import distribution as module
from costcalc.spaces.distribution import Distribution, distribution, dot

KEYS = st.sampled_from([st.integers(0, 40), st.integers(0, 2**61)])
COUNTS = st.sampled_from([st.integers(1, 9), st.integers(2**30, 2**40), st.integers(2**62, 2**70)])


@st.composite
def distributions(draw):
    counts = draw(st.dictionaries(draw(KEYS), draw(COUNTS), min_size=1, max_size=12))
    kind = np.int64 if sum(counts.values()) < module.LIMIT else object
    return distribution(np.array([*counts], np.int64), np.array([*counts.values()], kind)), counts


@given(distributions(), distributions(), st.sampled_from([1, 3, 10**6]), st.sampled_from([0, 100]))
def test_a_sum_has_each_pair_of_keys(first, second, pairs, dense):
    """As one table, rows at a time that are united, or an array with a place for each key."""
    expected = Counter()
    for key, count in first[1].items():
        for other, more in second[1].items():
            expected[key + other] += count * more
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PAIRS", pairs)
        patch.setattr(module, "DENSE", dense)
        total = first[0].plus(second[0])
    assert total.keys.tolist() == sorted(expected)
    assert dict(zip(total.keys.tolist(), total.counts.tolist(), strict=True)) == expected
    assert (total.total, total.last) == (sum(expected.values()), max(expected))


@given(st.lists(st.tuples(*[st.one_of(st.integers(0, 9), st.integers(0, 2**62 - 1))] * 2)))
def test_sums_of_products_beyond_64_bits(pairs):
    a, b = (np.array([pair[at] for pair in pairs], np.int64) for at in range(2))
    assert dot(a, b) == sum(one * other for one, other in pairs)
    assert dot(a.astype(object), b) == sum(one * other for one, other in pairs)


def test_no_keys():
    nothing = np.zeros(0, np.int64)
    assert Distribution(nothing, nothing).total == Distribution(nothing, nothing).last == 0
