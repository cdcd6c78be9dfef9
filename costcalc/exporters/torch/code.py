"""Python code as lines of bounded length, broken as formatters do, and with loops."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from costcalc.exporters.torch.modules import Word

WIDTH = 100
INDENT = "    "

_FEWEST = 3
"""The fewest items that become a loop."""


class CallCode(NamedTuple):
    """Code in parentheses: a call, or a generator."""

    head: str
    """The code before the parenthesis."""
    items: tuple[Code, ...]
    joint: str = ","
    """The separator of the items: a comma, or nothing in a generator."""


class KeywordCode(NamedTuple):
    """A keyword argument."""

    name: str
    value: Code


Code: TypeAlias = str | CallCode | KeywordCode


def flat(code: Code) -> str:
    """The code on one line."""
    if isinstance(code, str):
        return code
    if isinstance(code, KeywordCode):
        return f"{code.name}={flat(code.value)}"
    return f"{code.head}({f'{code.joint} '.join(map(flat, code.items))})"


def lines(code: Code, depth: int, prefix: str = "", suffix: str = "") -> list[str]:
    """The code, on one line if it fits.

    >>> lines(CallCode("f", ("a", "b")), 1, "x = ")
    ['    x = f(a, b)']
    """
    margin = INDENT * depth
    one = f"{margin}{prefix}{flat(code)}{suffix}"
    if len(one) <= WIDTH or isinstance(code, str):
        return [one]
    if isinstance(code, KeywordCode):
        return lines(code.value, depth, f"{prefix}{code.name}=", suffix)
    body = [f"{margin}{INDENT}{f'{code.joint} '.join(map(flat, code.items))}"]
    if len(body[0]) > WIDTH or len(code.items) == 1:
        broken = [lines(item, depth + 1, suffix=code.joint) for item in code.items]
        body = [line for item in broken for line in item]
    return [f"{margin}{prefix}{code.head}(", *body, f"{margin}){suffix}"]


def paragraph(words: str, depth: int, first: str = "", last: str = "") -> list[str]:
    """Wrapped text, with a prefix on the first line and a suffix on the last."""
    margin = INDENT * depth
    *rows, end = textwrap.wrap(
        words,
        WIDTH - len(last),
        initial_indent=margin + first,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [*rows, end + last]


def literal(value: object) -> str:
    """A value as Python code.

    >>> literal(float("-inf")), literal((1, 2)), literal(None)
    ('float("-inf")', '(1, 2)', 'None')
    """
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value)


def statement(text: str, depth: int) -> list[str]:
    """A line of code; if it is too long, broken at its longest brackets.

    >>> statement("x = f(a, b)", 2)
    ['        x = f(a, b)']
    """
    margin = INDENT * depth
    if len(margin + text) <= WIDTH:
        return [margin + text]
    if text.startswith("return ") and len(_items(text)) > 1:
        text = f"return ({text.removeprefix('return ')})"
    start, end = _longest_brackets(text)
    if end - start < 2:
        return [margin + text]
    items = _items(text[start + 1 : end])
    body = [f"{margin}{INDENT}{', '.join(items)}"]
    if len(body[0]) > WIDTH:
        body = [line for item in items for line in statement(f"{item},", depth + 1)]
    return [margin + text[: start + 1], *body, margin + text[end:]]


def enclosed(text: str) -> str:
    """The expression, in parentheses if it has operators outside brackets.

    >>> enclosed("a + b"), enclosed("f(a + b)")
    ('(a + b)', 'f(a + b)')
    """
    return f"({text})" if any(character == " " for _, character in _outside(text)) else text


def _outside(text: str) -> Iterator[tuple[int, str]]:
    """The characters outside all brackets, the outermost brackets included, with indexes."""
    depth = 0
    for index, character in enumerate(text):
        depth -= character in ")]}"
        if not depth:
            yield index, character
        depth += character in "([{"


def _longest_brackets(text: str) -> tuple[int, int]:
    """The start and end of the longest outermost brackets; (0, 0) if there are none."""
    ends = [index for index, character in _outside(text) if character in "([{)]}"]
    pairs = zip(ends[::2], ends[1::2], strict=False)
    return max(pairs, key=lambda pair: pair[1] - pair[0], default=(0, 0))


def _items(text: str) -> list[str]:
    """The items of a list, without a trailing empty one."""
    commas = [index for index, character in _outside(text) if character == ","]
    starts, ends = [0, *(index + 1 for index in commas)], [*commas, len(text)]
    items = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return items if items[-1] else items[:-1]


def counted(items: Sequence[Code]) -> tuple[Code, ...]:
    """The items; three or more in a row that are equal or count up evenly, as a generator.

    >>> counted(["f(1)", CallCode("g", ("64",)), CallCode("g", ("96",)), CallCode("g", ("128",))])
    ('f(1)', CallCode(head='*', items=(CallCode(head='g', items=('64 + 32 * i',)...
    """
    shorter: list[Code] = []
    start = 0
    while start < len(items):
        length = _length(items[start:])
        if length < _FEWEST:
            shorter.append(items[start])
            start += 1
            continue
        steps = list(_differences(items[start], items[start + 1]))
        loop = f"for {'i' if any(steps) else '_'} in range({length})"
        shorter.append(CallCode("*", (_counting(items[start], iter(steps)), loop), ""))
        start += length
    return tuple(shorter)


def _length(items: Sequence[Code]) -> int:
    """How many of the first items differ only in numbers that count up evenly."""
    if len(items) < _FEWEST or not isinstance(items[0], CallCode):
        return 1
    steps: list[int] | None = None
    for length, (one, other) in enumerate(pairwise(items), 1):
        try:
            differences = list(_differences(one, other))
        except ValueError:
            return length
        if steps not in (None, differences):
            return length
        steps = differences
    return len(items)


def _differences(first: Code, second: Code) -> Iterator[int]:
    """The differences between the numbers of two pieces of code.

    Raises:
        ValueError: they differ in more than numbers.
    """
    if isinstance(first, CallCode) and isinstance(second, CallCode):
        if first.head != second.head or len(first.items) != len(second.items):
            raise ValueError
        for one, other in zip(first.items, second.items, strict=True):
            yield from _differences(one, other)
    elif isinstance(first, KeywordCode) and isinstance(second, KeywordCode):
        if first.name != second.name:
            raise ValueError
        yield from _differences(first.value, second.value)
    elif first == second:
        yield 0
    elif isinstance(first, str) and isinstance(second, str):
        yield int(second) - int(first)
    else:
        raise ValueError


def _counting(item: Code, steps: Iterator[int]) -> Code:
    """The first item of a loop, with the loop's index in its numbers."""
    if isinstance(item, CallCode):
        return item._replace(items=tuple(_counting(each, steps) for each in item.items))
    if isinstance(item, KeywordCode):
        return item._replace(value=_counting(item.value, steps))
    step = next(steps)
    if not step:
        return item
    sign, factor = ("+", step) if step > 0 else ("-", -step)
    return f"{item} {sign} {'i' if factor == 1 else f'{factor} * i'}"
