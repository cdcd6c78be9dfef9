"""The schemas of conventions, storages and devices."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.costs import convention as conventions
from costcalc.costs.rule_file import KIND_NAMES, OWN, RULE
from costcalc.costs.rules import COUNTS, UNITS, WEIGHTS_ALONE
from costcalc.kinds import TABLE
from costcalc.performance import DTYPES
from costcalc.performance import files as devices
from costcalc.performance.device import CLASSES, MEMORIES
from costcalc.schemas.terms import (
    ARITHMETIC,
    LINE,
    NO_TERMS,
    NOTHING,
    WORD,
    Term,
    by_name,
    counted,
    described,
    either,
    keyed,
    listed,
    mapping,
    measured,
    one_of,
    reference,
)
from costcalc.storing import files as storages
from costcalc.storing.storage import KEPT, ROLES


def convention() -> Term:
    """The schema of a convention; one that extends another states only what differs."""
    rules = by_name(reference("rule"), one_of(sorted(KIND_NAMES)))
    values = {
        **dict.fromkeys(conventions.REQUIRED, WORD),
        **dict.fromkeys(conventions.OPTIONAL, LINE),
        "unit": one_of(UNITS),
        "weights_alone": either(one_of(WEIGHTS_ALONE), NOTHING),
        "extends": one_of(conventions.available()),
        **dict.fromkeys(COUNTS, rules),
        "undefined": by_name(LINE, one_of(sorted(KIND_NAMES))),
    }
    return {
        **mapping(keyed(conventions.KEYS, values), OWN),
        **_unless_extended((*conventions.REQUIRED, *COUNTS)),
        "definitions": {"rule": _rule()},
    }


def storage() -> Term:
    """The schema of a storage; one that extends another states only what differs."""
    bits = counted(storages.MOST_BITS)
    rules = either(reference("rule"), listed(reference("rule"), most=storages.BUFFERS))
    values = {
        **dict.fromkeys(storages.TEXTS, WORD),
        "extends": one_of(storages.available()),
        "bits": mapping(dict.fromkeys(ROLES, bits)),
        "mixed": by_name(bits, most=storages.PATTERNS),
        "fused": listed(one_of(_of_families(storages.FUSED))),
        "in_place": listed(one_of(_of_families(storages.IN_PLACE))),
        "keeps": listed(one_of(KEPT)),
        "alignment": counted(storages.MOST_BYTES),
        "scratch": by_name(rules, one_of(sorted(KIND_NAMES))),
        "scales": mapping(
            {name: counted(most) for name, (most, _) in storages.SCALES.items()}, ("bits",)
        ),
        **{name: one_of(words) for name, words in storages.WORDS.items()},
    }
    return {
        **mapping(keyed(storages.KEYS, values), OWN),
        **_unless_extended(
            (*storages.TEXTS, "bits"), {"bits": {"required": [*storages.STATED_BITS]}}
        ),
        "definitions": {"rule": _rule()},
    }


def device() -> Term:
    """The schema of a device."""
    figure = {
        quantity: either(_figure(devices.QUANTITIES[quantity]), NOTHING)
        for quantity in devices.QUANTITIES
    }
    memory = {
        "size": reference("size"),
        "bandwidth": reference("bandwidth"),
        "on_chip": one_of((True, False)),
    }
    by_dtype = mapping(dict.fromkeys(DTYPES, reference("peak")))
    lanes = mapping(dict.fromkeys(DTYPES, either(counted(devices.MOST_LANES), NOTHING)))
    values = {
        **dict.fromkeys(devices.TEXTS, WORD),
        "class": one_of(CLASSES),
        "cores": either(counted(devices.MOST_CORES), NOTHING),
        "clock": reference("clock"),
        "peak": {**by_dtype, "minProperties": 1},
        "sparse": either(by_dtype, NOTHING),
        "lanes": either(lanes, NOTHING),
        **dict.fromkeys(MEMORIES, either(reference("memory"), NOTHING)),
        "power": reference("power"),
    }
    return {
        **mapping(keyed(devices.KEYS, values), (*devices.TEXTS, "class", "peak")),
        "definitions": {**figure, "memory": mapping(keyed(devices.MEMORY, memory))},
    }


def _unless_extended(required: tuple[str, ...], values: Mapping[str, Term] = NO_TERMS) -> Term:
    """What a file must have unless it extends another: keys, and what is in them."""
    then = {"required": [*required], "properties": {**values}}
    return {"if": {"properties": {"extends": False}}, "then": then}


def _rule() -> Term:
    rule = {"type": ["string", "number"], "minLength": 1}
    free_or_rule = either(one_of(("free",)), rule)
    values = {"rule": free_or_rule, "source": LINE, "note": LINE}
    return either(free_or_rule, mapping(keyed(RULE, values), ("rule",)))


def _of_families(families: tuple[str, ...]) -> list[str]:
    """Some families or kinds, and the kinds of these families."""
    kinds = (kind.name for kind in TABLE if kind.family in families)
    return [*dict.fromkeys((*families, *kinds))]


def _figure(quantity: devices.Quantity) -> Term:
    """A quantity with its unit, alone or with its source and arithmetic."""
    printed = described(measured(quantity.unit), quantity.range, examples=[quantity.example])
    values = {"figure": printed, "source": LINE, "arithmetic": ARITHMETIC, "note": LINE}
    return either(printed, mapping(keyed(devices.FIGURE, values), ("figure",)))
