"""Schemas of printed figures and of the attributes that say what they are about."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.arena.plan import PLANNERS
from costcalc.claims.attributes import ATTRIBUTES, COUNTS, ERRATUM, REPRODUCES, SUBJECT
from costcalc.claims.measure import METRICS, title
from costcalc.costs import convention
from costcalc.graph.whole_numbers import WHOLE_NUMBERS
from costcalc.performance import DTYPES
from costcalc.performance import files as devices
from costcalc.reporting.printed import FIGURE
from costcalc.schemas.terms import (
    ARITHMETIC,
    LINE,
    NOTHING,
    WORD,
    Term,
    counted,
    described,
    either,
    keyed,
    listed,
    mapping,
    named,
    one_of,
    one_or_more,
    pattern,
    prefixed,
    reference,
    referred,
)
from costcalc.spec import limits
from costcalc.storing import files as storages

PRINTED: Term = {"type": ["number", "string"], "minimum": 0, "pattern": pattern(FIGURE)}
"""A figure as it is printed: a number with or without a unit, or a bound."""


def attributes() -> dict[str, Term]:
    """The attributes of a figure, as references to their definitions."""
    return referred("attribute", ATTRIBUTES)


def _attributes() -> dict[str, Term]:
    names = either(one_or_more(WORD), NOTHING)
    above_zero = either(counted(10**limits.DIGITS - 1), NOTHING)
    values = {
        "network": names,
        "at": LINE,
        "only": names,
        "side": above_zero,
        "convention": named(convention.available()),
        "without": names,
        "times": above_zero,
        "storage": named(storages.available()),
        "planner": either(one_of(PLANNERS), NOTHING),
        "batch": either(counted(WHOLE_NUMBERS["batch"].highest), NOTHING),
        "device": named(devices.available()),
        "dtype": either(one_of(DTYPES), NOTHING),
        "over": either(names, reference("subject")),
        "id": LINE,
        "row": LINE,
        "digits": above_zero,
        "about": LINE,
        "note": LINE,
        "quotient": either(listed(WORD, 2, 2), NOTHING),
        "gives": ARITHMETIC,
        "unexplained": either(PRINTED, NOTHING),
        "erratum": either(reference("erratum"), NOTHING),
    }
    return keyed(ATTRIBUTES, values)


def definitions() -> dict[str, Term]:
    """What these schemas, and those of specs and claims, refer to."""
    own = attributes()
    subject = {name: own[name] for name in SUBJECT}
    counts = {name: own[name] for name in COUNTS}
    one_way: Term = {"oneOf": [{"required": [name]} for name in REPRODUCES]}
    erratum = keyed(
        ERRATUM,
        {
            "why": WORD,
            "computed": PRINTED,
            "reads": PRINTED,
            "gives": ARITHMETIC,
            "counts": mapping(counts),
        },
    )
    bound: Term = {"type": "string", "pattern": r"^\s*[<≤]"}
    return {
        **prefixed("attribute", _attributes()),
        "subject": mapping(subject),
        "erratum": {**mapping(erratum, ("why", "computed")), **one_way},
        "figure": figure(PRINTED),
        "bound": figure({**PRINTED, **bound}),
        "claim": claim(reference("figure")),
        "budgets": claim(reference("bound")),
    }


def figure(printed: Term) -> Term:
    """A figure alone, or with its attributes."""
    own = {"figure": described(printed, "the figure as it is printed")}
    return either(printed, mapping({**own, **attributes()}, ("figure",)), NOTHING)


def claim(figure: Term) -> Term:
    """A mapping of attributes and of metrics, at least one of these, to figures."""
    # Without a metric, all its keys are attributes.
    claims_nothing = {"propertyNames": one_of(ATTRIBUTES)}
    return {**mapping({**attributes(), **metrics(figure)}), "not": claims_nothing}


def metrics(figure: Term) -> Mapping[str, Term]:
    """The metrics of claims, each with the schema of a figure."""
    return {name: described(figure, title(name)) for name in METRICS}
