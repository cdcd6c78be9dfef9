"""The fields of a message, with a checked reader for each type of value."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from costcalc.errors import Mark, Refusal, did_you_mean
from costcalc.formats.prototxt import Message, Scalar
from costcalc.spec import limits
from costcalc.spec.numbers import ExpressionError, exact_number


class Fields:
    """The fields of one message.

    Every reader raises :class:`Refusal`, with the place, if a value is not of its type.
    """

    def __init__(self, message: Message, allowed: Collection[str] = ()) -> None:
        self.mark: Mark = message.mark
        self._values: dict[str, list[Scalar | Message]] = {}
        for name, value in message.entries:
            if allowed and name.text not in allowed:
                raise Refusal(
                    f"'{name.text}' is not a field here",
                    "one of " + ", ".join(sorted(allowed)),
                    hint=did_you_mean(name.text, allowed),
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
        messages = []
        for value in self._values.get(name, ()):
            if not isinstance(value, Message):
                raise Refusal(f"'{name}' must be a message", f"{name} {{ ... }}", mark=value.mark)
            messages.append(value)
        return messages

    def message(self, name: str, allowed: Collection[str] = ()) -> Fields:
        """The message of that name, several merged into one; empty if there is none."""
        entries = [entry for message in self.messages(name) for entry in message.entries]
        first = self._values.get(name)
        return Fields(Message(tuple(entries), first[0].mark if first else self.mark), allowed)

    def scalars(self, name: str) -> list[Scalar]:
        """Every value of that name."""
        scalars = []
        for value in self._values.get(name, ()):
            if not isinstance(value, Scalar):
                raise Refusal(f"'{name}' must be a value", f"{name}: ...", mark=value.mark)
            scalars.append(value)
        return scalars

    def single(self, name: str) -> Scalar | None:
        """The value of that name, or None."""
        values = self.scalars(name)
        if len(values) > 1:
            raise Refusal(f"'{name}' is given twice", "one value", mark=values[1].mark)
        return values[0] if values else None

    def text(self, name: str) -> str:
        """A string, empty by default."""
        value = self.single(name)
        return value.text if value else ""

    def whole(self, name: str, default: int | None = None, lowest: int = 1) -> int:
        """A whole number from ``lowest`` up."""
        value = self.single(name)
        if value is not None:
            return whole(value, name, lowest)
        if default is None:
            raise Refusal(f"'{name}' is missing", f"{name}: ...", mark=self.mark)
        return default

    def wholes(self, name: str, lowest: int = 1) -> tuple[int, ...]:
        """Every whole number of that name."""
        values = self.scalars(name)
        if len(values) > limits.AXES:
            mark = values[limits.AXES].mark
            raise Refusal(f"'{name}' has too many axes", f"at most {limits.AXES}", mark=mark)
        return tuple(whole(value, name, lowest) for value in values)

    def numbers(self, name: str) -> tuple[float, ...]:
        """Every number of that name."""
        return tuple(_number(value, name) for value in self.scalars(name))

    def number(self, name: str, default: float) -> float:
        """A number."""
        value = self.single(name)
        return default if value is None else _number(value, name)

    def flag(self, name: str, default: bool) -> bool:
        """A boolean."""
        value = self.single(name)
        if value is None:
            return default
        word = value.text.lower()
        if word not in _BOOLEANS:
            raise _invalid(value, name, "true or false")
        return _BOOLEANS[word]

    def word(self, name: str, choices: Sequence[str], default: str, first: int = 0) -> str:
        """A value of an enum, by name or by number; the first choice has number ``first``."""
        value = self.single(name)
        if value is None:
            return default
        if value.text.isdecimal() and len(value.text) == 1:
            place = int(value.text) - first
            if 0 <= place < len(choices):
                return choices[place]
        if value.text not in choices:
            hint = did_you_mean(value.text, choices)
            raise _invalid(value, name, "one of " + ", ".join(choices), hint)
        return value.text


_BOOLEANS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def whole(value: Scalar, name: str, lowest: int) -> int:
    """A whole number from ``lowest`` up.

    Raises:
        Refusal: the value is not one.
    """
    try:
        number = None if value.quoted else exact_number(value.text)
    except ExpressionError:
        number = None
    if not isinstance(number, int) or not lowest <= number <= limits.SIZE:
        raise _invalid(value, name, f"a whole number from {lowest} to {limits.SIZE:,}")
    return number


def _number(value: Scalar, name: str) -> float:
    """A number as in Caffe, whose own are floats; they decide layer kinds, never a count.

    Raises:
        Refusal: the value is not one.
    """
    try:
        return float(value.text.removesuffix("f") if not value.quoted else "")
    except ValueError:
        raise _invalid(value, name, "a number") from None


def _invalid(value: Scalar, name: str, expected: str, hint: str = "") -> Refusal:
    return Refusal(f"'{name}' is not valid", expected, f"'{value.text}'", hint, mark=value.mark)
