"""The schemas of specs and of libraries of blocks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
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
    NOT_OF_BLOCKS,
    OF_PARAMS,
    ROWS,
    STEP_NAME,
    STRUCTURES,
)
from costcalc.spec.defaults import Headers
from costcalc.spec.document import Parameter
from costcalc.spec.family import FAMILIES, WRITTEN_YEAR, YEAR
from costcalc.spec.library import block_finder, shipped_folder, shipped_path
from costcalc.spec.numbers import PATCH
from costcalc.spec.tree import Scalar

NAME: Term = {**WORD, "pattern": pattern(STEP_NAME), "minimum": 0}
"""The name of a step, or the word by which steps share params."""

_BARE_NAME = pattern(parameters.IDENTIFIER)

_SINGLE = [name for name, kind in KINDS.items() if not kind.joins]
"""Names of layer kinds without branches, which are the same in every list of steps."""


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
            **{f"defaults-{kind.name}": mapping({}, shared=_of_layer(kind)) for kind in TABLE},
            "bare-kind": _words((*KINDS, *STRUCTURES)),
            "defaults": {
                "properties": {
                    name: reference(f"defaults-{kind.name}") for name, kind in KINDS.items()
                }
            },
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
        "step": {"properties": _common()},
        "line": {"properties": _fused()},
        "parameters-of-a-block": _parameters(COMMON),
        **{
            f"attributes-{kind.name}": {"properties": attributes.attributes(kind)}
            for kind in TABLE
            if kind.attributes
        },
        **{f"kind-{kind.name}": _layer(kind) for kind in TABLE},
        "kinds": {"properties": {name: reference(f"kind-{KINDS[name].name}") for name in _SINGLE}},
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
    year = {"type": ["integer", "string", "null"], "minimum": 1900, "maximum": 2099}
    return mapping(
        {
            **{name: described(LINE, meaning) for name, meaning in SOURCE.items()},
            YEAR: described({**year, "pattern": pattern(WRITTEN_YEAR)}, "four digits"),
        },
        others=LINE,
    )


def _rounding() -> Term:
    divisor: Term = {"type": ["integer", "string"], "minimum": 1, "maximum": limits.SIZE}
    rules = mapping(dict.fromkeys(reader.ROUNDINGS_TO, divisor))
    return either(one_of(reader.ROUNDINGS), {**rules, "minProperties": 1, "maxProperties": 1})


def _accuracy() -> Term:
    percent = {"type": ["number", "string"], "minimum": 0, "maximum": 100, "pattern": "[0-9]"}
    values = {"at": by_name(WORD), "top1": percent, "source": WORD}
    return mapping(keyed(accuracy.KEYS, values), ("top1", "source"))


def _space() -> Term:
    values = either(NOTHING, {"type": "string", "pattern": ":"}, listed(WORD, 1))
    return either(by_name(values), listed(WORD), NOTHING)


def _variants() -> Term:
    headed = {**by_name({}), "minProperties": 1}
    columns = either(suggested((variants.NAME, variants.TOP1, *variants.FIGURES)), headed)
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
    network = {
        **keyed(
            networks.KEYS, {"network": WORD, "as": either({**WORD, "pattern": _BARE_NAME}, NOTHING)}
        )
    }
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
    called = dict.fromkeys(calls.blocks, by_name({}))
    others = by_name({}) if calls.is_open else False
    return either(mapping(called, others=others, shared={"defaults": KINDS}), NOTHING)


def _of_layer(kind: Kind) -> dict[str, Iterable[str]]:
    """The arguments of a layer that defaults may set, by their definitions."""
    has_patch = {"kernel", "stride"} <= {*kind.attributes}
    own = {f"attributes-{kind.name}": kind.attributes} if kind.attributes else {}
    return {**own, "line": [name for name in FUSED if name != "patch" or has_patch]}


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
        "norm": either(one_of(("none", *_of_family("norm"))), EXPRESSION),
        "act": _activation(),
        "filter": either(SHAPE, NOTHING),
        "patch": either({"type": "string", "pattern": pattern(PATCH)}, NOTHING),
        "functional": how,
        "functional_act": how,
    }
    return keyed(FUSED, values)


def _activation() -> Term:
    return either(one_of(("none", *_of_family("activation"))), EXPRESSION)


@cache
def _of_family(family: str) -> tuple[str, ...]:
    """The norms or activations that a line may name."""
    kinds = (kind for kind in TABLE if kind.family == family and not kind.required)
    return tuple(kind.name.removesuffix("_norm") for kind in kinds)


def _layer(kind: Kind) -> Term:
    """``kind: arguments``, for a layer; its branches, if it joins any, are another definition's."""
    own = mapping(
        {"branches": True} if kind.joins else {}, shared={**_of_layer(kind), "step": COMMON}
    )
    branches: tuple[Term, ...] = ()
    if kind.joins:
        without = dict.fromkeys((*(name for name in FUSED if name not in JOIN), *OF_PARAMS), False)
        own["dependencies"] = {"branches": {"properties": without}}
        branches = ({"type": "array"},)
    main = (attributes.bare(kind.attributes[kind.main]),) if kind.main else ()
    return described(either(own, *branches, *main, NOTHING), summary(kind))


def _branches(steps: Term, item: Term) -> Term:
    """Two or more branches, or some that repeat, as a list or by their names.

    A branch is a step, a list of them, nothing, or layers with a condition.
    """
    values = {"layers": steps, "when": EXPRESSION, "repeat": EXPRESSION}
    branch = either(steps, mapping(keyed(BRANCH, values), ("layers",)), item)
    repeats = {"type": "object", "required": ["repeat"]}
    return {
        **{"type": ["array", "object"], "items": branch},
        **{"additionalProperties": branch, "propertyNames": NAME},
        "anyOf": [
            {"minItems": 2, "minProperties": 2},
            {"contains": repeats, "minProperties": 1, "additionalProperties": repeats},
        ],
    }


def _steps(calls: Calls) -> dict[str, Term]:
    """The definitions of a list of steps, and of its items."""
    steps, item, branches, join = (
        reference(f"{calls.name}{part}") for part in ("", "-item", "-branches", "-join")
    )
    called = {
        **{
            name: {"allOf": [reference(f"kind-{kind.name}"), join]}
            for name, kind in KINDS.items()
            if kind.joins
        },
        **{name: reference(f"{calls.name}-{name}") for name in STRUCTURES},
        **calls.blocks,
    }
    words = [reference("bare-kind"), *([_words(calls.blocks)] if calls.blocks else ())]
    if calls.is_open:
        words = [{"type": "string", "pattern": _BARE_NAME}]
    others = _call({}, others=reference("argument")) if calls.is_open else False
    single = mapping(called, others=others, shared={"kinds": _SINGLE})
    described_branches = described(branches, JOIN["branches"])
    return {
        calls.name: either(listed(item), NOTHING),
        f"{calls.name}-item": either({**single, "minProperties": 1, "maxProperties": 1}, *words),
        f"{calls.name}-branches": _branches(steps, item),
        f"{calls.name}-join": {
            **{"if": {"type": "array"}, "then": branches},
            "else": {"properties": {"branches": described_branches}},
        },
        **prefixed(calls.name, _structures(steps, item)),
    }


def _words(names: Iterable[str]) -> Term:
    """Any of some names; as a pattern, which is not completed: a key is, with room for more."""
    return {"type": "string", "pattern": f"^(?:{'|'.join(names)})$"}


def _structures(steps: Term, item: Term) -> dict[str, Term]:
    """The steps that contain others."""
    inner = listed(item, 1)
    common = {"step": [name for name in COMMON if name not in OF_PARAMS]}
    residual = {
        **{name: {} for name in FUSED},
        "layers": inner,
        "shortcut": either(steps, NOTHING),
        "only_if": EXPRESSION,
    }
    values = {"sequence": {"layers": inner}, "residual": residual, "table": _table_values(common)}
    terms = {}
    for name, structure in STRUCTURES.items():
        required = ("columns", "rows") if name == "table" else ("layers",)
        of_line = [argument for argument in structure.arguments if argument in FUSED]
        body = mapping(
            keyed(structure.arguments, values[name]),
            required,
            shared={**common, **({"line": of_line} if of_line else {})},
        )
        bare = () if name == "table" else (inner,)
        terms[name] = described(either(body, *bare), structure.does)
    return terms


def _table_values(common: Mapping[str, Iterable[str]]) -> dict[str, Term]:
    by_parameter = {**by_name(listed(WORD, 1)), "minProperties": 1, "maxProperties": 1}
    headed = {**by_name(either(WORD, by_parameter)), "minProperties": 1, "maxProperties": 1}
    group = mapping(keyed(ROWS, {"rows": {"type": "array"}}), ("rows",), shared=common)
    return {
        "layer": WORD,
        "columns": listed(either(WORD, headed)),
        "first_only": one_or_more(WORD),
        "rows": listed(either(listed({}), group)),
    }


def _call(own: Mapping[str, Term], others: Term = False) -> Term:
    """``block: arguments``."""
    common = {"step": [name for name in COMMON if name not in NOT_OF_BLOCKS]}
    body = mapping({**own, **dict.fromkeys(NOT_OF_BLOCKS, False)}, others=others, shared=common)
    return either(body, ARITHMETIC, listed(reference("argument")))


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
