"""What people may put in the place of a formula's symbols."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from costcalc.errors import Problem, Problems, SpecError, did_you_mean
from costcalc.formulas.algebra import is_whole
from costcalc.spec import limits
from costcalc.symbolic.formula_view import FormulaView
from costcalc.symbolic.notation import MULTIPLIERS, SPELLINGS, Symbol


def asked_multipliers(asked: tuple[str, ...], settings: Mapping[str, Any]) -> tuple[Symbol, ...]:
    """The multipliers that are asked for, or that a setting speaks of.

    Raises:
        SpecError: there is no such multiplier.
    """
    names = [SPELLINGS.get(name, name) for name in asked]
    known = {multiplier.name.name: multiplier for multiplier in MULTIPLIERS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SpecError(
            [
                Problem(None, f"'{name}' is not a multiplier", expected="alpha, rho, or both")
                for name in unknown
            ]
        )
    return tuple(one for name, one in known.items() if name in names or name in settings)


def check_settings(view: FormulaView, settings: Mapping[str, Any]) -> None:
    """Every setting must be a number that its symbol can have.

    Raises:
        SpecError: with everything that is wrong.
    """
    problems = Problems()
    metrics = [
        metric for metric in view.entry.counts if not view.other or metric in view.other.counts
    ]
    known = [each.name.name for each in view.used(metrics)]
    for name, value in settings.items():
        if name not in known:
            problems.add(
                None,
                f"{view.entry.name} has no symbol '{name}'",
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
    problems.raise_any()
    _check_groups(view, settings, problems)
    for each in view.notation.symbols:
        own, factor = settings.get(each.name.name), settings.get(each.scaled_by)
        if own is not None and factor is not None and not is_whole(own * factor):
            problems.add(
                None,
                f"{each.scaled_by} times {each.name.name} is {own * factor}, "
                "which is not a whole number",
                expected=f"a multiplier that leaves {each.meaning} whole",
                hint="costcalc report, which rounds as the network's spec says",
            )
    problems.raise_any()


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
