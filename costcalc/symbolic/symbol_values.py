"""Checks of the numbers that users set for a formula's symbols."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any

from costcalc.errors import Problem, Problems, SpecError, did_you_mean
from costcalc.formulas.algebra import is_whole
from costcalc.spec import limits
from costcalc.symbolic.formula_view import FormulaView
from costcalc.symbolic.notation import MULTIPLIERS, SPELLINGS, Symbol


def requested_multipliers(
    requested: tuple[str, ...], settings: Mapping[str, Any]
) -> tuple[Symbol, ...]:
    """The multipliers that are requested or set.

    Raises:
        SpecError: there is no such multiplier.
    """
    names = [SPELLINGS.get(name, name) for name in requested]
    known = {multiplier.name.name: multiplier for multiplier in MULTIPLIERS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SpecError(
            [
                Problem(None, f"'{name}' is not a multiplier", expected="alpha, rho, or both")
                for name in unknown
            ]
        )
    return tuple(
        multiplier for name, multiplier in known.items() if name in names or name in settings
    )


def check_settings(view: FormulaView, settings: Mapping[str, Any]) -> None:
    """Refuses settings that the formulas cannot be computed with.

    Raises:
        SpecError: with everything that is wrong.
    """
    problems = Problems()
    known = [symbol.name.name for symbol in view.used_symbols()]
    check_numbers(settings, known, f"{view.entry.name} has no symbol", problems)
    problems.raise_any()
    _check_groups(view, settings, problems)
    for symbol in view.notation.symbols:
        size, factor = settings.get(symbol.name.name), settings.get(symbol.scaled_by)
        if size is not None and factor is not None and not is_whole(size * factor):
            problems.add(
                None,
                f"{symbol.scaled_by} times {symbol.name.name} is {size * factor}, "
                "which is not a whole number",
                expected=f"a multiplier that leaves {symbol.meaning} whole",
                hint="costcalc report, which rounds as the network's spec says",
            )
    problems.raise_any()


def check_numbers(
    settings: Mapping[str, Any], known: Collection[str], unknown: str, problems: Problems
) -> None:
    """Notes each setting of an unknown symbol, and each value that its symbol cannot have.

    Args:
        settings: the values by the symbols' names.
        known: the names of the symbols that can be set.
        unknown: the message for any other name, which follows it.
        problems: what is wrong is noted here.
    """
    for name, value in settings.items():
        if name not in known:
            problems.add(
                None,
                f"{unknown} '{name}'",
                expected="one of " + ", ".join(known),
                hint=did_you_mean(name, known),
            )
        elif isinstance(value, bool) or not isinstance(value, int | Fraction):
            problems.add(None, f"{name} cannot be '{value}'", expected="a number")
        elif not 0 < value <= limits.SIZE:
            problems.add(
                None, f"{name} cannot be {value}", expected=f"above zero, at most {limits.SIZE:,}"
            )
        elif name not in ("alpha", "rho") and not is_whole(value):
            problems.add(None, f"{name} cannot be {value}", expected="a whole number above zero")


def _check_groups(view: FormulaView, settings: Mapping[str, Any], problems: Problems) -> None:
    names = view.notation.sizes
    groups = settings.get(names.g)
    for name, which in ((names.M, "input"), (names.N, "output")):
        channels = settings.get(name)
        if groups is not None and channels is not None and channels % groups:
            problems.add(
                None,
                f"{channels} {which} channels cannot be split into {groups} groups",
                expected=f"{names.g} that divides {name}",
                found=f"{names.g} = {groups}, {name} = {channels}",
            )
