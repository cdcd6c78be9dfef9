"""A message's fields, each read as what it must be."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from costcalc.errors import Mark, Refusal, did_you_mean
from costcalc.formats.prototxt import Message, Scalar
from costcalc.spec import limits
from costcalc.spec.numbers import ExpressionError, exact_number


class Fields:
    """The fields of one message.

    Every reader raises :class:`Refusal`, with the place, where a value is not
    of its type.
    """

    def __init__(self, message: Message, known: Collection[str] = ()) -> None:
        self.mark: Mark = message.mark
        self._values: dict[str, list[Scalar | Message]] = {}
        for name, value in message.entries:
            if known and name.text not in known:
                raise Refusal(
                    f"'{name.text}' is not a field here",
                    "one of " + ", ".join(sorted(known)),
                    hint=did_you_mean(name.text, known),
                    mark=name.mark,
                )
            self._values.setdefault(name.text, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def names(self) -> Collection[str]:
        """The names of the fields."""
        return self._values.keys()

    def messages(self, name: str) -> list[Message]:
        """Every message of that name."""
        found = []
        for value in self._values.get(name, ()):
            if not isinstance(value, Message):
                raise Refusal(f"'{name}' must be a message", f"{name} {{ ... }}", mark=value.mark)
            found.append(value)
        return found

    def message(self, name: str, known: Collection[str] = ()) -> Fields:
        """The message of that name, several merged as one; without fields where there is none."""
        entries = [entry for each in self.messages(name) for entry in each.entries]
        first = self._values.get(name)
        return Fields(Message(tuple(entries), first[0].mark if first else self.mark), known)

    def scalars(self, name: str) -> list[Scalar]:
        """Every value of that name."""
        found = []
        for value in self._values.get(name, ()):
            if not isinstance(value, Scalar):
                raise Refusal(f"'{name}' must be a value", f"{name}: ...", mark=value.mark)
            found.append(value)
        return found

    def single(self, name: str) -> Scalar | None:
        """The value of that name, None where there is none."""
        found = self.scalars(name)
        if len(found) > 1:
            raise Refusal(f"'{name}' is given twice", "one value", mark=found[1].mark)
        return found[0] if found else None

    def text(self, name: str) -> str:
        """A string, empty where there is none."""
        found = self.single(name)
        return found.text if found else ""

    def whole(self, name: str, default: int | None = None, lowest: int = 1) -> int:
        """A whole number from ``lowest`` up."""
        found = self.single(name)
        if found is not None:
            return whole(found, name, lowest)
        if default is None:
            raise Refusal(f"'{name}' is missing", f"{name}: ...", mark=self.mark)
        return default

    def wholes(self, name: str, lowest: int = 1) -> tuple[int, ...]:
        """Every whole number of that name."""
        found = self.scalars(name)
        if len(found) > limits.AXES:
            mark = found[limits.AXES].mark
            raise Refusal(f"'{name}' has too many axes", f"at most {limits.AXES}", mark=mark)
        return tuple(whole(each, name, lowest) for each in found)

    def numbers(self, name: str) -> tuple[float, ...]:
        """Every number of that name."""
        return tuple(_number(each, name) for each in self.scalars(name))

    def number(self, name: str, default: float) -> float:
        """A number."""
        found = self.single(name)
        return default if found is None else _number(found, name)

    def flag(self, name: str, default: bool) -> bool:
        """A truth value."""
        found = self.single(name)
        if found is None:
            return default
        word = found.text.lower()
        if word not in _TRUTH:
            raise _not_that(found, name, "true or false")
        return _TRUTH[word]

    def word(self, name: str, known: Sequence[str], default: str, first: int = 0) -> str:
        """One of some words; their numbers, from ``first`` on, stand for them."""
        found = self.single(name)
        if found is None:
            return default
        if found.text.isdecimal() and len(found.text) == 1:
            place = int(found.text) - first
            if 0 <= place < len(known):
                return known[place]
        if found.text not in known:
            hint = did_you_mean(found.text, known)
            raise _not_that(found, name, "one of " + ", ".join(known), hint)
        return found.text


_TRUTH = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def whole(value: Scalar, name: str, lowest: int) -> int:
    """A whole number from ``lowest`` up.

    Raises:
        Refusal: the value is another.
    """
    try:
        number = None if value.quoted else exact_number(value.text)
    except ExpressionError:
        number = None
    if not isinstance(number, int) or not lowest <= number <= limits.SIZE:
        raise _not_that(value, name, f"a whole number from {lowest} to {limits.SIZE:,}")
    return number


def _number(value: Scalar, name: str) -> float:
    try:
        return float(value.text.removesuffix("f") if not value.quoted else "")
    except ValueError:
        raise _not_that(value, name, "a number") from None


def _not_that(value: Scalar, name: str, expected: str, hint: str = "") -> Refusal:
    return Refusal(f"'{name}' is not valid", expected, f"'{value.text}'", hint, mark=value.mark)
