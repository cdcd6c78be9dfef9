"""Rows that are written while they are computed, against Python's own csv module."""

import csv
import io
from fractions import Fraction

import numpy
import pyarrow.parquet
from hypothesis import given
from hypothesis import strategies as st

from costcalc.render.stream import Choices, read_facts, write_csv, write_parquet

counts = st.integers(0, 2**63 - 1) | st.sampled_from(
    [10**n + d for n in range(18) for d in (-1, 0)]
)
words = st.text(max_size=6).filter(
    lambda word: word.isprintable() and word[:1] not in "=+-@＝＋－＠"
)


def written(batches, header=("a", "b")):
    file = io.StringIO()
    write_csv(file, header, batches)
    return list(csv.reader(io.StringIO(file.getvalue())))


@given(st.lists(counts, min_size=1, max_size=9))
def test_counts_are_written_in_all_their_digits(numbers):
    column = numpy.array(numpy.array(numbers, object), numpy.int64)
    assert written([[column, column]])[1:] == [[str(number)] * 2 for number in numbers]


def test_other_numbers_are_exact():
    signs = numpy.array([-5, 0, 10000])
    large = numpy.array([2**64, 0, -1], object)
    times = numpy.array([0.1, 1e30, 2.0])
    rows = [["-5", str(2**64), "0.1"], ["0", "0", "1e+30"], ["10000", "-1", "2.0"]]
    assert written([[signs, large, times]], "abc")[1:] == rows


@given(st.lists(words, min_size=1, max_size=5), st.data())
def test_values_that_rows_share_are_those_of_the_indexes(values, data):
    indexes = data.draw(st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=20))
    column = Choices(values, numpy.array(indexes))
    plain = numpy.arange(len(indexes))
    rows = [[values[index], str(place)] for place, index in enumerate(indexes)]
    assert written([[column, plain]])[1:] == rows


def test_values_of_every_type():
    values = (1, True, Fraction(1, 3), Fraction(7, 20), (160, 120), 'é,"', "=cmd()")
    column = Choices(values, numpy.arange(7))
    texts = ["1", "true", "1/3", "0.35", "160x120", 'é,"', "'=cmd()"]
    assert [row[0] for row in written([[column, numpy.arange(7)]])[1:]] == texts


def test_rows_are_put_together_in_blocks_of_bounded_size():
    """A long word in each of many rows, more than one block of text."""
    word, rows = "x" * 4000, 3000
    shared = Choices((word,), numpy.zeros(rows, int))
    expected = [[word, str(row)] for row in range(rows)]
    assert written([[shared, numpy.arange(rows)]])[1:] == expected


def test_parquet_has_a_row_group_for_each_batch_and_facts_beside_them(tmp_path):
    path = str(tmp_path / "rows.parquet")
    values = (Fraction(1, 2), 3)
    batches = ([Choices(values, numpy.array([1, 0])), numpy.array([n, 2**62])] for n in (5, 6))
    facts = {}

    def until_the_end():
        yield from batches
        facts["rows"] = [4]

    write_parquet(path, {"alpha": "double", "params": "int64"}, until_the_end(), facts)
    rows = [{"alpha": 3.0, "params": 5}, {"alpha": 0.5, "params": 2**62}]
    rows += [{"alpha": 3.0, "params": 6}, {"alpha": 0.5, "params": 2**62}]
    assert pyarrow.parquet.read_table(path).to_pylist() == rows
    assert pyarrow.parquet.read_metadata(path).num_row_groups == 2
    assert read_facts(path) == {"rows": [4]}


def test_a_file_that_is_not_whole_has_no_facts(tmp_path):
    path = tmp_path / "rows.parquet"
    write_parquet(str(path), {"params": "int64"}, [[numpy.arange(10)]], {"n": 5})
    assert read_facts(str(path)) == {"n": 5}
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert read_facts(str(path)) is None
    for place in range(len(data)):
        path.write_bytes(data[:place] + b"\xff" + data[place + 1 :])
        assert read_facts(str(path)) in (None, {"n": 5})
    path.write_bytes(b"")
    assert read_facts(str(path)) is None
    assert read_facts(str(tmp_path / "none.parquet")) is None
    write_parquet(str(path), {"params": "int64"}, [[numpy.arange(1000)]])
    assert read_facts(str(path)) is None
