"""Steps as the items of a spec's lists of layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.blocks.columns import ABSENT, is_same
from costcalc.blocks.steps import BORROWS, OFTEN, Block, Formula, Part, Step, default, walk
from costcalc.kinds import KINDS
from costcalc.kinds.base import NONE
from costcalc.specwriter.tables import in_tables, table
from costcalc.specwriter.yaml import Below, Node, Rows

_LAST = ("when", "repeat", "first_only")
"""What a line says at its end."""

_SUM = frozenset(KINDS["add"].attributes)
"""What a sum may say that a residual may not."""


class Context(NamedTuple):
    """What lines need not say, since it is entries for all."""

    conv: Mapping[str, Any]
    """Defaults of convolutions."""
    blocks: Mapping[str, Block]


def items(steps: tuple[Step, ...], context: Context) -> Below:
    """Steps as a list, in which calls of one block are a table."""
    return Below(
        item(run[0], context) if len(run) == 1 else table(run, context.blocks[run[0].word])
        for run in in_tables(steps, context.blocks)
    )


def block(written: Block, context: Context) -> Node:
    """A block as a spec defines it."""
    entries: dict[str, Node] = {}
    if written.parameters:
        entries["parameters"] = {
            name: "width" if each.is_width else None if each.default is ABSENT else each.default
            for name, each in written.parameters.items()
        }
    return Rows({**entries, "layers": items(written.steps, context)})


def item(step: Step, context: Context) -> Node:
    """A step as an item: its word, and what it says."""
    if step.word == "sequence" or step.parts:
        return _holding(step, context)
    entries = _entries(step, context)
    main = _main(step, context)
    if not entries:
        return step.word
    if list(entries) == [main]:
        return {step.word: entries[main]}
    return {step.word: entries}


def _entries(step: Step, context: Context) -> dict[str, Node]:
    """What a line says beyond its word, in the order in which it says it."""
    entries: dict[str, Node] = {"name": step.name} if step.name else {}
    entries.update({"from": _sources(step)} if step.sources else {})
    implied = _implied(step, context)
    for name, value in step.values.items():
        if name not in _LAST and (name not in implied or not is_same(value, implied[name])):
            entries[name] = value
    entries.update({name: step.values[name] for name in _LAST if step.values.get(name, 1) != 1})
    borrows = {name: entries.pop(name) for name in [*entries] if name.startswith(BORROWS)}
    if any(count != 0 for count in borrows.values()):
        entries["borrows"] = {name.removeprefix(BORROWS): each for name, each in borrows.items()}
    return entries


def _implied(step: Step, context: Context) -> dict[str, Any]:
    """What each attribute is where a step does not mention it."""
    if step.word in context.blocks:
        parameters = context.blocks[step.word].parameters
        return {name: each.default for name, each in parameters.items() if not each.is_width}
    kind = KINDS[step.word]
    given = context.conv if kind.name == "conv" or kind.becomes == "conv" else {}
    implied = {
        **OFTEN,
        **{name: default(step.word, name) for name in kind.attributes if name not in kind.required},
        **given,
    }
    if "stride" in implied and implied["stride"] is None:
        implied["stride"] = step.values.get("kernel")
    if given and step.value("act") == "none":
        implied["functional_act"] = step.value("functional_act")
    if "bias" in kind.attributes and "bias" not in given:
        norm = step.values.get("norm", implied["norm"])
        # Where only a call says whether there is a norm, the line says whether there is a bias.
        implied["bias"] = None if isinstance(norm, Formula) else norm == "none"
    return implied


def _main(step: Step, context: Context) -> str:
    if step.word in context.blocks:
        return next(iter(context.blocks[step.word].parameters), "")
    return KINDS[step.word].main


def _sources(step: Step) -> Node:
    names = [str(each) for each in step.sources]
    return names[0] if len(names) == 1 else names


def _holding(step: Step, context: Context) -> Node:
    """A step that holds others: a sequence, a residual, a join."""
    entries = {**_common(step), **({"from": _sources(step)} if step.sources else {})}
    if step.word == "sequence":
        layers, *gate = step.parts
        entries.update({part.label: _held(part, context) for part in gate})
        return {"sequence": {**entries, "layers": items(layers.steps, context)}}
    residual = _residual(step, entries, context)
    if residual is not None:
        return residual
    if all(part.label for part in step.parts):
        return {
            step.word: {**entries, "branches": {p.label: _held(p, context) for p in step.parts}}
        }
    branches = Below(_branch(part, context) for part in step.parts)
    return {step.word: {**entries, "branches": branches} if entries else branches}


def _residual(step: Step, entries: dict[str, Node], context: Context) -> Node | None:
    """A sum as a residual, where it is of a shortcut and of more; None where it is none."""
    if step.word != "add" or len(step.parts) != 2 or not _SUM.isdisjoint(entries):
        return None
    shortcut, body = step.parts
    if not body.steps or _size(shortcut) >= _size(body):
        return None
    if KINDS.get(body.steps[0].word, KINDS["add"]).arity == NONE:
        return None
    layers = items(body.steps, context)
    if shortcut.steps:
        entries["shortcut"] = _held(shortcut, context)
    return {"residual": {**entries, "layers": layers} if entries else layers}


def _size(part: Part) -> int:
    return sum(1 for _ in walk(part.steps))


def _held(part: Part, context: Context) -> Node:
    """The steps of a branch or a gate; one short one stands in the line of its name."""
    below = items(part.steps, context)
    return list(below) if len(below) == 1 else below


def _branch(part: Part, context: Context) -> Node:
    below = items(part.steps, context)
    return below[0] if len(below) == 1 else below


def _common(step: Step) -> dict[str, Node]:
    """What a step that holds others says of itself."""
    entries: dict[str, Node] = {"name": step.name} if step.name else {}
    attributes = KINDS[step.word].attributes if step.word in KINDS else ()
    implied = {**OFTEN, **{name: default(step.word, name) for name in attributes}}
    return entries | {
        name: value
        for name, value in step.values.items()
        if name not in implied or not is_same(value, implied[name])
    }
