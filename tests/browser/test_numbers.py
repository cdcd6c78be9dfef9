"""A page writes numbers by the rules of ``render/formatting.py``, and reads them as commands do."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import costcalc
from costcalc.comparing.compare import ratio_text
from costcalc.render import formatting
from tests.browser.conftest import Opening

Number = int | Fraction

FOLDER = Path(costcalc.__file__).parent / "webpage"

SCRIPT = f"""(asked) => {{
  {(FOLDER / "tape.js").read_text(encoding="utf-8")}
  {(FOLDER / "format.js").read_text(encoding="utf-8")}
  const [name, calls, rest] = asked;
  const rules = {{counted, scaled, share, rounded, significant, ratioText, quotient, difference,
                 sum, compared, writeExact}};
  const read = (parts) => quotient(...parts.map((part) => ratio(BigInt(part), 1n)));
  const write = (result) => typeof result === "string" ? result : writeExact(result);
  return calls.map((numbers) => write(rules[name](...numbers.map(read), ...rest)));
}}"""


def number(numbers: random.Random, *, is_whole: bool = False) -> Number:
    """Of any size, often near one where digits carry: 999,500, half of a unit, 2**53."""
    size = numbers.choice([1, 10, 100, 1000, 10**6, 2**31, 10**9, 2**53, 10**12, 10**18, 10**30])
    near = numbers.choice([0, size, size // 2, 995 * size // 1000, 9995 * size // 10_000])
    whole = near + numbers.randint(-min(size, 20), min(size, 20)) * numbers.choice([0, 1, 1])
    if numbers.random() < 1 / 3:
        whole = numbers.randint(-size, size)
    if is_whole or numbers.random() < 1 / 2:
        return whole
    return Fraction(whole, numbers.choice([2, 3, 5, 7, 8, 20, 1000, 2000, 99_999]))


def texts(reader: Any, name: str, calls: list[tuple[Number, ...]], *rest: Any) -> list[str]:
    """What a function of the page makes of some numbers."""
    exact = [[[str(each.numerator), str(each.denominator)] for each in call] for call in calls]
    return list(reader.page.evaluate(SCRIPT, [name, exact, rest]))


def exact(value: Number) -> str:
    """A number as the page's ``writeExact`` has it."""
    return formatting.exact(value)


RULES: dict[str, tuple[int, Callable[..., str], bool]] = {
    "counted": (1, formatting.counted, False),
    "scaled": (1, formatting.scaled, True),
    "significant": (1, formatting.significant, False),
    "share": (2, formatting.share, True),
    "difference": (2, lambda a, b: exact(a - b), False),
    "sum": (2, lambda a, b: exact(a + b), False),
    "quotient": (2, lambda a, b: exact(Fraction(a) / b) if b else "0", False),
    "ratioText": (1, lambda a: ratio_text(Fraction(a)), False),
    "compared": (2, lambda a, b: str((a > b) - (a < b)), False),
}
"""The page's rules: how many numbers they take, their twins, whether they are whole."""


@pytest.mark.parametrize("rule", RULES)
def test_rules(page: Opening, rule: str) -> None:
    count, twin, is_whole = RULES[rule]
    numbers = random.Random(rule)
    calls = [tuple(number(numbers, is_whole=is_whole) for _ in range(count)) for _ in range(3000)]
    if rule == "ratioText":
        calls = [(abs(each),) for (each,) in calls]
    assert texts(page("vgg16"), rule, calls) == [twin(*call) for call in calls]
