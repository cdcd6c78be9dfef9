"""Names of layers: the paths around a layer, and unique new names."""

from hypothesis import given
from hypothesis import strategies as st

from costcalc.names import FreeNames, paths


def test_the_outer_paths_come_first():
    assert list(paths("features/3/conv")) == ["features", "features/3"]
    assert list(paths("conv")) == []


@given(st.lists(st.sampled_from(["a", "a_2", "a_2_2", "a_3", "b"]), max_size=30))
def test_no_name_is_given_twice(wanted):
    names = FreeNames(["a"])
    given = [names.free(each) for each in wanted]
    assert len({"a", *given}) == len(given) + 1
    assert all(name.startswith(each) for name, each in zip(given, wanted, strict=True))
