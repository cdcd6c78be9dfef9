"""Steps as the items of a spec's layer lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.blocks.columns import ABSENT, is_same
from costcalc.blocks.steps import BORROWS, OFTEN, Block, Formula, Part, Step, size
from costcalc.kinds import KINDS
from costcalc.kinds.base import NONE
from costcalc.specwriter.tables import in_tables, table
from costcalc.specwriter.yaml import Below, Node, Rows

_LAST = ("when", "repeat", "first_only")
"""Arguments at the end of an item."""

_SUM = frozenset(KINDS["add"].attributes)
"""Arguments that a sum may have, but not a residual."""


class Context(NamedTuple):
    """The defaults and blocks of the spec, which shorten items."""

    conv: Mapping[str, Any]
    """Defaults of convolutions."""
    blocks: Mapping[str, Block]


def items(steps: tuple[Step, ...], context: Context) -> Below:
    """Steps as a list, with tables for calls of one block."""
    return Below(
        item(run[0], context) if len(run) == 1 else table(run, context.blocks[run[0].word])
        for run in in_tables(steps, context.blocks)
    )


def block(written: Block, context: Context) -> Node:
    """A block as a spec defines it."""
    entries: dict[str, Node] = {}
    if written.parameters:
        entries["parameters"] = {
            name: "width"
            if parameter.is_width
            else None
            if parameter.default is ABSENT
            else parameter.default
            for name, parameter in written.parameters.items()
        }
    return Rows({**entries, "layers": items(written.steps, context)})


def item(step: Step, context: Context) -> Node:
    """A step as an item: its word and its arguments."""
    entries = _entries(step, context)
    if step.parts:
        return _with_parts(step, entries, context)
    main = _main(step, context)
    if not entries:
        return step.word
    if list(entries) == [main]:
        return {step.word: entries[main]}
    return {step.word: entries}


def _entries(step: Step, context: Context) -> dict[str, Node]:
    """The arguments of a step, in their order."""
    entries: dict[str, Node] = {"name": step.name} if step.name else {}
    if step.sources:
        names = list(map(str, step.sources))
        entries["from"] = names[0] if len(names) == 1 else names
    implied = _implied(step, context)
    for name, value in step.values.items():
        if name not in _LAST and (name not in implied or not is_same(value, implied[name])):
            entries[name] = value
    entries.update({name: step.values[name] for name in _LAST if step.values.get(name, 1) != 1})
    borrows = {name: entries.pop(name) for name in [*entries] if name.startswith(BORROWS)}
    if any(count != 0 for count in borrows.values()):
        entries["borrows"] = {name.removeprefix(BORROWS): n for name, n in borrows.items()}
    return entries


def _implied(step: Step, context: Context) -> dict[str, Any]:
    """The values of arguments that a step leaves out."""
    if step.word in context.blocks:
        parameters = context.blocks[step.word].parameters
        return {
            name: parameter.default
            for name, parameter in parameters.items()
            if not parameter.is_width
        }
    if step.word not in KINDS:
        return OFTEN
    kind = KINDS[step.word]
    is_conv = "conv" in (kind.name, kind.becomes)
    defaults = {name: kind.default(name) for name in kind.attributes if name not in kind.required}
    implied = {**OFTEN, **defaults, **(context.conv if is_conv else {})}
    if "stride" in implied and implied["stride"] is None:
        implied["stride"] = step.values.get("kernel")
    if is_conv and context.conv and step.value("act") == "none":
        implied["functional_act"] = step.value("functional_act")
    if "bias" in kind.attributes and not (is_conv and "bias" in context.conv):
        norm = step.values.get("norm", implied["norm"])
        # If the norm depends on the call, the line states whether there is a bias.
        implied["bias"] = None if isinstance(norm, Formula) else norm == "none"
    return implied


def _main(step: Step, context: Context) -> str:
    if step.word in context.blocks:
        return next(iter(context.blocks[step.word].parameters), "")
    return KINDS[step.word].main


def _with_parts(step: Step, entries: dict[str, Node], context: Context) -> Node:
    """A step that contains others: a sequence, a residual, a join."""
    if step.word == "sequence":
        layers, *gate = step.parts
        entries.update({part.label: _branch(part, context) for part in gate})
        return {"sequence": {**entries, "layers": items(layers.steps, context)}}
    if _is_residual(step, entries):
        shortcut, body = step.parts
        if shortcut.steps:
            entries["shortcut"] = _branch(shortcut, context)
        layers_ = items(body.steps, context)
        return {"residual": {**entries, "layers": layers_} if entries else layers_}
    if all(part.label for part in step.parts):
        named = {part.label: _branch(part, context) for part in step.parts}
        return {step.word: {**entries, "branches": named}}
    lists = (items(part.steps, context) for part in step.parts)
    branches = Below(below[0] if len(below) == 1 else below for below in lists)
    return {step.word: {**entries, "branches": branches} if entries else branches}


def _is_residual(step: Step, entries: Mapping[str, Node]) -> bool:
    """Whether a step is the sum of a shortcut and something larger that has an input."""
    if step.word != "add" or len(step.parts) != 2 or not _SUM.isdisjoint(entries):
        return False
    shortcut, body = step.parts
    if not body.steps or size(shortcut.steps) >= size(body.steps):
        return False
    return KINDS.get(body.steps[0].word, KINDS["add"]).arity != NONE


def _branch(part: Part, context: Context) -> Node:
    """The steps of a named branch or a gate, on the line of its name if there is only one."""
    below = items(part.steps, context)
    return list(below) if len(below) == 1 else below
