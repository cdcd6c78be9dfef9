"""Values that go wrong where a program does not expect them."""

from __future__ import annotations

from typing import Any

from tests.drawing.draws import Draws

NUMBERS = (
    *("0", "1", "-1", "2", "7", "0.5", "1/3", "1/0", "0/0", "-0", "+1", "1_000", "00", "1."),
    *(".5", "1e3", "1e", "e1", "E5", "1e400", "1e-400", "1e99999999999", "nan", "inf", "-inf"),
    *("0x10", "0.1e1/3", "1/2/3", "1e3/1e3", "3x3", "3x", "x3", "3x3x3", "1x1x1x1x1x1x1x1x1"),
    *("2147483648", "1099511627776", "9223372036854775808", "1" + "0" * 30, "9" * 400),
    *("²", "٣", "３", "½", "1,5", "1 000", "7.5m", "7.5M", "100k", "5 MB", "6.49e6", "10%"),
)
"""Numbers, and what looks like one."""

WORDS = (
    *("", " ", ".", "..", "-", "--", "~", "null", "true", "no", "x", "e1", "alpha", "res", "in"),
    *("input", "output", "allow_unknown", "self", "None", "__class__", "relu", "ReLU", "conv"),
    *("Conv2d", "same", "valid", "name", "layers", "params", "mult_adds", "paper", "torch"),
    *(
        "\x1b[2J",
        "a\nb",
        "a\rb",
        "\u202eabc",
        "\u2028",
        "a\u0000b",
        "\ufeff",
        "é",
        "日本",
        "'",
        '"',
    ),
    *("\\input{x}", "$x$", "%", "&", "<b>", "|", "`", "{}", "[]", "#", "!", "*", "@", "=", ":"),
    *("=1+1", "a/b", "a.b", "a@b", "name with spaces", "\udcff", "x" * 300, "ab" * 20_000),
)
"""Names, and what is hard to print."""

EXPRESSIONS = (
    *("alpha", "res", "res / 0", "alpha * 8", "in", "in * 2", "2 ** 99", "2**8**8", "1 % 0"),
    *("ceil(res / 2)", "round_to_multiple(alpha * 8, 8)", "round_to_multiple(3, 0)", "min()"),
    *("min(1, 2)", "1 if res > 3 else 2", "alpha if alpha else 0", "(" * 40 + "1" + ")" * 40),
    *("'a' < 1", "not 1", "-res", "res - res", "floor(res)", "e1 * 2", "e1", "unknown + 1"),
    *("res // 0", "res // 7", "res % 2 == 0", "max(res, 1e30)", "fixed(8)", "1 <", "f(", "a.b"),
)
"""Expressions, and what is none."""

INTEGERS = (
    *(0, 1, -1, 2, 3, 5, 7, 8, 16, 64, -2, -8, 127, 128, 255, 256, 1000, 65535, 65536),
    *(2**31 - 1, 2**31, 2**32, 2**40, 2**40 + 1, 2**53 + 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1),
)


def integer(draws: Draws) -> int:
    """Mostly small."""
    return draws.upto(9, -2) if draws.chance(2) else draws.of(*INTEGERS)


def text(draws: Draws) -> str:
    """A number, a name or an expression."""
    return draws.of(*draws.of(NUMBERS, WORDS, EXPRESSIONS))


def value(draws: Draws, depth: int = 0) -> Any:
    """Any value that YAML and JSON have."""
    choice = draws.upto(9, 0)
    if choice < 3:
        return integer(draws)
    if choice < 6 or depth > 2:
        return text(draws)
    if choice == 6:
        return draws.of(None, True, False, 0.5, -1.5, 1e300, 0.1)
    if choice < 9:
        return [value(draws, depth + 1) for _ in range(draws.upto(4, 0))]
    return {draws.of(*WORDS): value(draws, depth + 1) for _ in range(draws.upto(3, 0))}
