"""Lists in which items repeat, or count up, as generators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from costcalc.exporters.torch.code import CallCode, Code, KeywordCode

_FEWEST = 3
"""Items that are worth a loop."""

_INDEX = "i"


def counted(items: Sequence[Code]) -> tuple[Code, ...]:
    """The items; three or more in a row that are alike or count up, as a generator.

    >>> counted(["f(1)", CallCode("g", ("64",)), CallCode("g", ("96",)), CallCode("g", ("128",))])
    ('f(1)', CallCode(head='*', items=(CallCode(head='g', items=('64 + 32 * i',)...
    """
    found: list[Code] = []
    start = 0
    while start < len(items):
        length = _length(items[start:])
        if length < _FEWEST:
            found.append(items[start])
            start += 1
            continue
        steps = list(_differences(items[start], items[start + 1]))
        index = _INDEX if any(steps) else "_"
        loop = f"for {index} in range({length})"
        found.append(CallCode("*", (_counting(items[start], iter(steps)), loop), ""))
        start += length
    return tuple(found)


def _length(items: Sequence[Code]) -> int:
    """How many items at the beginning are alike but for numbers that count up evenly."""
    if len(items) < _FEWEST or not isinstance(items[0], CallCode):
        return 1
    try:
        steps = list(_differences(items[0], items[1]))
    except ValueError:
        return 1
    length = 2
    while length < len(items):
        try:
            if list(_differences(items[length - 1], items[length])) != steps:
                break
        except ValueError:
            break
        length += 1
    return length


def _differences(first: Code, second: Code) -> Iterator[int]:
    """The differences of their numbers.

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
    """The first item of a row, with the index in its numbers."""
    if isinstance(item, CallCode):
        return item._replace(items=tuple(_counting(each, steps) for each in item.items))
    if isinstance(item, KeywordCode):
        return item._replace(value=_counting(item.value, steps))
    step = next(steps)
    if not step:
        return item
    sign, factor = ("+", step) if step > 0 else ("-", -step)
    return f"{item} {sign} {_INDEX if factor == 1 else f'{factor} * {_INDEX}'}"
