"""The schemas of specs and of libraries of blocks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from costcalc.claims.reader import SOURCE
from costcalc.errors import Mark, Problems
from costcalc.kinds import KINDS, TABLE
from costcalc.kinds.base import PARAMS, Kind
from costcalc.reporting.kinds import summary
from costcalc.schemas import attributes, figures
from costcalc.schemas.attributes import EXPRESSION, SHAPE
from costcalc.schemas.terms import (
    ARITHMETIC,
    LINE,
    NOTHING,
    WORD,
    Term,
    by_name,
    choice,
    described,
    either,
    keyed,
    listed,
    mapping,
    one_of,
    one_or_more,
    pattern,
    prefixed,
    reference,
    referred,
    suggested,
    whole,
)
from costcalc.spec import accuracy, blocks, limits, networks, parameters, reader, variants
from costcalc.spec.arguments import (
    BRANCH,
    COMMON,
    FUSED,
    JOIN,
    ROWS,
    STEP_NAME,
    STRUCTURES,
)
from costcalc.spec.defaults import Headers
from costcalc.spec.document import Parameter
from costcalc.spec.family import FAMILIES
from costcalc.spec.library import block_finder, shipped_folder, shipped_path
from costcalc.spec.numbers import PATCH
from costcalc.spec.tree import Scalar

NAME: Term = {**WORD, "pattern": pattern(STEP_NAME), "minimum": 0}
"""The name of a step, or the word by which steps share params."""

_BARE_NAME = pattern(parameters.IDENTIFIER)


class Calls(NamedTuple):
    """Which blocks the steps of a spec may call, besides layer kinds."""

    name: str
    """The name of the definition of its lists of steps."""
    blocks: Mapping[str, Term]
    """The known ones."""
    is_open: bool = False
    """Whether there may be others: those of the spec itself, of its own libraries, networks."""


def spec() -> Term:
    """The schema of a spec.

    Which layers a spec may have depends on its blocks.  A spec without any has layer kinds
    alone; one that uses libraries that ship has their blocks, too; in one with blocks of its
    own, any name may be one of them.
    """
    of_libraries = one_or_more(one_of(_libraries()))
    blocks_that_ship = _shipped_blocks()
    known = referred("block", blocks_that_ship)
    calls: tuple[tuple[Calls, Mapping[str, Term]], ...] = (
        (Calls("layers", {}), {"blocks": False, "use": False}),
        (Calls("layers-and-blocks", known), {"blocks": False, "use": of_libraries}),
        (Calls("layers-and-any-block", {}, is_open=True), {}),
    )
    return {
        **mapping(keyed(reader.TOP, _top()), ("input", "layers")),
        **_by_blocks([*calls]),
        "definitions": {
            **figures.definitions(),
            "parameters": _parameters(()),
            **_definitions(*(call for call, _ in calls)),
            **{f"defaults-{kind.name}": _defaults_of(kind) for kind in TABLE},
            **{f"defaults-of-{call.name}": _defaults(call) for call, _ in calls},
            **prefixed("block", blocks_that_ship),
        },
    }


def library() -> Term:
    """The schema of a library of blocks."""
    calls = Calls("layers-and-any-block", {}, is_open=True)
    values = {"use": _use(), "blocks": _blocks()}
    return {
        **mapping(keyed(blocks.LIBRARY, values), ("blocks",)),
        "definitions": _definitions(calls),
    }


def _by_blocks(cases: list[tuple[Calls, Mapping[str, Term]]]) -> Term:
    """The layers, and their defaults, of the first case whose conditions a spec's keys fulfil."""
    (calls, when), *rest = cases
    names = {"layers": calls.name, "defaults": f"defaults-of-{calls.name}"}
    then = {"properties": {key: reference(name) for key, name in names.items()}}
    if not rest:
        return then
    return {"if": {"properties": {**when}}, "then": then, "else": _by_blocks(rest)}


def _definitions(*calls: Calls) -> dict[str, Term]:
    return {
        **attributes.definitions(),
        **prefixed("step", _common()),
        **prefixed("line", _fused()),
        "parameters-of-a-block": _parameters(COMMON),
        **{f"kind-{kind.name}": _layer(kind) for kind in TABLE if not kind.joins},
        **{name: term for call in calls for name, term in _steps(call).items()},
    }


def _top() -> dict[str, Term]:
    """The values of a spec's keys."""
    return {
        "name": either(LINE, choice(LINE)),
        "description": LINE,
        "family": either(one_of(FAMILIES), NOTHING),
        "source": either(LINE, _source()),
        "input": SHAPE,
        "parameters": reference("parameters"),
        "variants": _variants(),
        "space": _space(),
        "accuracy": one_or_more(_accuracy()),
        "width_rounding": _rounding(),
        "symbols": either(listed(WORD), NOTHING),
        "use": _use(),
        "blocks": _blocks(),
        # Which kinds and blocks there may be depends on other keys.
        "defaults": {},
        "layers": listed({}, 1),
        "mult_adds": reference("figure"),
        "params": reference("figure"),
        "claims": listed(reference("claim")),
        "budgets": reference("budgets"),
    }


def _source() -> Term:
    year = {"type": ["integer", "string"], "minimum": 1900, "maximum": 2099}
    return mapping(
        {
            **{name: described(LINE, meaning) for name, meaning in SOURCE.items()},
            "year": described({**year, "pattern": r"^(?:19|20)[0-9][0-9]$"}, "four digits"),
        },
        others=LINE,
    )


def _rounding() -> Term:
    divisor: Term = {"type": ["integer", "string"], "minimum": 1, "maximum": limits.SIZE}
    rules = mapping({"nearest_multiple": divisor, "divisible_by": divisor})
    return either(one_of(("floor", "nearest")), {**rules, "minProperties": 1, "maxProperties": 1})


def _accuracy() -> Term:
    percent = {"type": ["number", "string"], "minimum": 0, "maximum": 100, "pattern": "[0-9]"}
    values = {"at": either(by_name(LINE), NOTHING), "top1": percent, "source": WORD}
    return mapping(keyed(accuracy.KEYS, values), ("top1", "source"))


def _space() -> Term:
    values = either(NOTHING, {"type": "string", "pattern": ":"}, listed(WORD, 1))
    return either(by_name(values), listed(WORD), NOTHING)


def _variants() -> Term:
    headed = {**by_name({}), "minProperties": 1}
    columns = either(suggested(("name", "top1", *variants.FIGURES)), headed)
    values = {
        "table": LINE,
        "title": LINE,
        "columns": listed(columns, 1),
        "rows": listed(listed({}), 1, limits.CASES),
    }
    return mapping(keyed(variants.KEYS, values), ("columns", "rows"))


def _parameters(reserved: Mapping[str, str] | tuple[()]) -> Term:
    """Parameters of a spec, or of a block, whose names cannot be those of arguments."""
    names = {"pattern": _BARE_NAME, "not": one_of(sorted({*parameters.WORDS, *reserved}))}
    bound = {"type": ["number", "string", "null"]}
    values = {
        "default": EXPRESSION,
        "range": listed(bound, 2, 2),
        "choices": listed(WORD, 1),
        "doc": LINE,
        "width": one_of((True, False)),
    }
    described_parameter = mapping(keyed(parameters.KEYS, values))
    return either(
        by_name(either(ARITHMETIC, described_parameter), names, limits.PARAMETERS),
        listed({**WORD, **names}, most=limits.PARAMETERS),
        NOTHING,
    )


def _use() -> Term:
    network = {**keyed(networks.KEYS, {"network": WORD, "as": {**WORD, "pattern": _BARE_NAME}})}
    return one_or_more(either(suggested(_libraries()), mapping(network, ("network",))))


def _blocks() -> Term:
    names = {"pattern": _BARE_NAME, "not": one_of(sorted({*KINDS, *STRUCTURES}))}
    values = {
        "parameters": reference("parameters-of-a-block"),
        "inputs": listed({**WORD, "pattern": _BARE_NAME}, 1),
        "layers": reference("layers-and-any-block"),
    }
    return by_name(mapping(keyed(blocks.KEYS, values), ("layers",)), names)


def _defaults(calls: Calls) -> Term:
    kinds = {name: reference(f"defaults-{kind.name}") for name, kind in KINDS.items()}
    called = dict.fromkeys(calls.blocks, by_name({}))
    return either(mapping({**kinds, **called}, others=calls.is_open and by_name({})), NOTHING)


def _defaults_of(kind: Kind) -> Term:
    return mapping({**attributes.attributes(kind), **_line(kind)})


def _step() -> dict[str, Term]:
    """The arguments of every step."""
    return referred("step", COMMON)


def _line(kind: Kind) -> dict[str, Term]:
    """The arguments of a layer besides its kind's attributes."""
    has_patch = {"kernel", "stride"} <= {*kind.attributes}
    return referred("line", (name for name in FUSED if name != "patch" or has_patch))


def _common() -> dict[str, Term]:
    words = one_or_more(WORD)
    borrowed = {name: either(one_of(("all",)), whole(0), reference("choice")) for name in PARAMS}
    values = {
        "name": either(NAME, NOTHING),
        "from": either(words, NOTHING),
        "when": EXPRESSION,
        "repeat": either(whole(0), reference("choice"), NOTHING),
        "first_only": either(words, NOTHING),
        "input": either(SHAPE, NOTHING),
        "output": either(SHAPE, NOTHING),
        "gate": either(reference("layers-and-any-block"), NOTHING),
        "execute": EXPRESSION,
        "shares": either(NAME, NOTHING),
        "borrows": either(mapping(borrowed), NOTHING),
    }
    return keyed(COMMON, values)


def _fused() -> dict[str, Term]:
    how = either(one_of((True, False, "operator")), EXPRESSION)
    values = {
        "norm": either(one_of(("none", *_words("norm"))), EXPRESSION),
        "act": _activation(),
        "filter": either(SHAPE, NOTHING),
        "patch": either({"type": "string", "pattern": pattern(PATCH)}, NOTHING),
        "functional": how,
        "functional_act": how,
    }
    return keyed(FUSED, values)


def _activation() -> Term:
    return either(one_of(("none", *_words("activation"))), EXPRESSION)


@cache
def _words(family: str) -> tuple[str, ...]:
    """The norms or activations that a line may name."""
    kinds = (kind for kind in TABLE if kind.family == family and not kind.required)
    return tuple(kind.name.removesuffix("_norm") for kind in kinds)


def _layer(kind: Kind) -> Term:
    """``kind: arguments``, for a layer."""
    own = {**attributes.attributes(kind), **_line(kind), **_step()}
    main = (attributes.bare(kind.attributes[kind.main]),) if kind.main else ()
    return described(either(mapping(own), *main, NOTHING), summary(kind))


def _join(kind: Kind, steps: Term) -> Term:
    """``kind: arguments``, for a layer that joins branches, or reads layers by name."""
    several: Term = {
        "anyOf": [{"minItems": 2}, {"contains": {"type": "object", "required": ["repeat"]}}]
    }
    branch = _branch(steps)
    listed_branches = {**listed(branch), **several}
    branches = either(listed_branches, {**by_name(branch, NAME), "minProperties": 1})
    own = mapping(
        {
            **attributes.attributes(kind),
            **_line(kind),
            "branches": described(branches, JOIN["branches"]),
            **_step(),
        }
    )
    # A layer with branches has no norm on its line, and no filter.
    without = {name: False for name in FUSED if name not in JOIN}
    own["dependencies"] = {"branches": {"properties": without}}
    main = (attributes.bare(kind.attributes[kind.main]),) if kind.main else ()
    return described(either(own, listed_branches, *main, NOTHING), summary(kind))


def _branch(steps: Term) -> Term:
    """A branch: a step, a list of them, nothing, or layers with a condition."""
    values = {"layers": steps, "when": EXPRESSION, "repeat": EXPRESSION}
    conditional = mapping(keyed(BRANCH, values), ("layers",))
    return either(steps, conditional, reference(_item(steps)))


def _item(steps: Term) -> str:
    """The definition of one item of a list of steps."""
    return f"{steps['$ref'].rpartition('/')[2]}-item"


def _steps(calls: Calls) -> dict[str, Term]:
    """The definitions of a list of steps, and of its items."""
    steps = reference(calls.name)
    joins = {kind.name: f"{calls.name}-{kind.name}" for kind in TABLE if kind.joins}
    structures = {name: f"{calls.name}-{name}" for name in STRUCTURES}
    kinds = {name: joins.get(kind.name, f"kind-{kind.name}") for name, kind in KINDS.items()}
    called = {
        **{name: reference(target) for name, target in (kinds | structures).items()},
        **calls.blocks,
    }
    any_call = _call({}, others=reference("argument"))
    # As a pattern, they are not completed: a key is, with room for its arguments.
    names = _BARE_NAME if calls.is_open else f"^(?:{'|'.join(called)})$"
    words = {"type": "string", "pattern": names}
    item = mapping(called, others=any_call if calls.is_open else False)
    return {
        calls.name: either(listed(reference(_item(steps))), NOTHING),
        _item(steps): either({**item, "minProperties": 1, "maxProperties": 1}, words),
        **{joins[kind.name]: _join(kind, steps) for kind in TABLE if kind.joins},
        **{structures[name]: term for name, term in _structures(steps).items()},
    }


def _structures(steps: Term) -> dict[str, Term]:
    """The steps that contain others."""
    inner = listed(reference(_item(steps)), 1)
    residual = {
        "layers": inner,
        "shortcut": either(steps, NOTHING),
        "act": reference("line-act"),
        "only_if": EXPRESSION,
        "functional": reference("line-functional"),
        "functional_act": reference("line-functional_act"),
    }
    common = {name: term for name, term in _step().items() if name not in ("shares", "borrows")}
    values = {"sequence": {"layers": inner}, "residual": residual, "table": _table_values(common)}
    terms = {}
    for name, structure in STRUCTURES.items():
        required = ("columns", "rows") if name == "table" else ("layers",)
        body = mapping({**common, **keyed(structure.arguments, values[name])}, required)
        bare = () if name == "table" else (inner,)
        terms[name] = described(either(body, *bare), structure.does)
    return terms


def _table_values(common: Mapping[str, Term]) -> dict[str, Term]:
    by_parameter = {**by_name(listed(WORD, 1)), "minProperties": 1, "maxProperties": 1}
    headed = {**by_name(either(WORD, by_parameter)), "minProperties": 1, "maxProperties": 1}
    group = mapping({**common, **keyed(ROWS, {"rows": {"type": "array"}})}, ("rows",))
    return {
        "layer": WORD,
        "columns": listed(either(WORD, headed)),
        "first_only": one_or_more(WORD),
        "rows": listed(either(listed({}), group)),
    }


def _call(own: Mapping[str, Term], others: Term = False) -> Term:
    """``block: arguments``."""
    return either(
        mapping({**own, **_step()}, others=others), ARITHMETIC, listed(reference("argument"))
    )


@cache
def _libraries() -> tuple[str, ...]:
    """The libraries of blocks that ship."""
    files = sorted(os.listdir(os.path.join(shipped_folder(), "blocks")))
    return tuple(file.removesuffix(".yaml") for file in files if file.endswith(".yaml"))


def _shipped_blocks() -> dict[str, Term]:
    """Calls of the blocks that ship; libraries that nobody uses together may share a name."""
    calls: dict[str, list[Term]] = {}
    for library in _libraries():
        for name, own in _headers(library).items():
            call = _call({key: _argument(parameter) for key, parameter in own.items()})
            others = calls.setdefault(name, [])
            if call not in others:
                others.append(call)
    return {name: either(*terms) for name, terms in calls.items()}


def _headers(library: str) -> Headers:
    """The blocks of a library that ships, and of those that it uses, with their parameters."""
    problems = Problems()
    path = shipped_path("blocks")
    found = blocks.BlockReader(parameters.NETWORK_NAMES, block_finder(path), None, problems)
    headers = found.headers(Scalar(library, False, Mark(path)), None)
    problems.raise_any()
    return headers


def _argument(parameter: Parameter) -> Term:
    """The value of a block's parameter."""
    choices = [value for value in parameter.choices if isinstance(value, str | int)]
    suggestions = (one_of(choices),) if choices else ()
    return described(either(*suggestions, reference("argument")), parameter.doc)
