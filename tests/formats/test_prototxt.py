"""Reading and writing prototxt, and refusing invalid text at its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcalc.errors import SpecError
from costcalc.formats import prototxt
from costcalc.formats.prototxt import Field, Unquoted, lines, parse


def plain(message):
    """A message as names and texts."""
    return [
        (name.text, plain(value) if isinstance(value, prototxt.Message) else value.text)
        for name, value in message.entries
    ]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("a: 1 b: x", [("a", "1"), ("b", "x")]),
        ("a: 1, b: 2; c: 3", [("a", "1"), ("b", "2"), ("c", "3")]),
        ("a { b: 1 } c < d: 2 >", [("a", [("b", "1")]), ("c", [("d", "2")])]),
        ("a: { b: 1 }", [("a", [("b", "1")])]),
        ("a: [1, 2,3] # and no more\n# nothing\nb: -0.5e-3", [*[("a", n) for n in "123"],
         ("b", "-0.5e-3")]),
        ("""a: "x#{y" 'z\\'"\\x41\\n\\060'""", [("a", "x#{yz'\"A\n0")]),
        ("a{}b{}", [("a", []), ("b", [])]),
        ("\ufeffa:1", [("a", "1")]),
        ("", []),
    ],
)  # fmt: skip
def test_parsing(text, fields):
    assert plain(parse(text.encode(), "x")) == fields


def test_every_value_has_its_place():
    message = parse(b'a {\n  bb: "x"\n}\n', "net.prototxt")
    ((name, inner),) = message.entries
    ((key, value),) = inner.entries
    assert str(name.mark) == "net.prototxt:1:1"
    assert (str(key.mark), str(value.mark)) == ("net.prototxt:2:3", "net.prototxt:2:7")


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
VALUES = st.one_of(
    st.text(max_size=12),
    st.integers(),
    st.booleans(),
    st.sampled_from(["MAX", "1e-4"]).map(Unquoted),
)
FIELDS = st.recursive(
    st.builds(Field, NAMES, VALUES, st.sampled_from(["", "a remark { : "])),
    lambda inner: st.builds(Field, NAMES, st.lists(inner, max_size=3).map(tuple)),
    max_leaves=12,
)


def texts(fields):
    """Fields as the names and texts that :func:`plain` returns after reading."""
    return [
        (
            field.name,
            texts(field.value)
            if isinstance(field.value, tuple)
            else str(field.value).lower()
            if isinstance(field.value, bool)
            else str(field.value),
        )
        for field in fields
    ]


@given(st.lists(FIELDS, max_size=4))
def test_what_is_written_is_read_back(fields):
    text = "\n".join(lines(fields))
    assert text.isascii()
    assert plain(parse(text.encode(), "x")) == texts(fields)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("layer {\n  name: 'x\n}", "2:9", "a string does not end on its line"),
        ("layer {\n name: 'x'\n", "1:1", "'layer' is not closed"),
        ("layer { } }", "1:11", "unexpected '}'"),
        ("layer < }", "1:9", "unexpected '}'"),
        ("layer", "1:1", "'layer' has no value"),
        ("layer:", "1:1", "'layer' has no value"),
        ("a b", "1:3", "unexpected 'b'"),
        ("a: :", "1:4", "':' is not a value"),
        ("a: [1, 2", "1:4", "is not closed"),
        ("a: [{}]", "1:5", "unexpected '{' in a list"),
        ("3: 4", "1:1", "unexpected '3'"),
        ("a: 1 ! b: 2", "1:6", "unexpected '!'"),
        ("a {" * 100_000, "1:192", "nested too deeply"),
        (b"name: 'x'\n\xff\xfe", "2:1", "its text is not UTF-8"),
    ],
)
def test_invalid_prototxt_is_refused_at_its_place(text, place, message):
    with pytest.raises(SpecError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), "net.prototxt")
    assert str(caught.value).startswith(f"net.prototxt:{place}: not prototxt: ")
    assert message in str(caught.value)


def test_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(prototxt, "VALUES", 100)
    for text in ("a:1 " * 200, "a:[" + "1," * 200 + "]"):
        with pytest.raises(SpecError, match="too large"):
            parse(text.encode(), "x")
    with pytest.raises(SpecError, match="too long"):
        parse(b" " * (prototxt.FILE_BYTES + 1), "x")
