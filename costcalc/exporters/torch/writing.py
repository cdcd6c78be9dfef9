"""The text of a class."""

from __future__ import annotations

from typing import Any

from costcalc.blocks.columns import ABSENT
from costcalc.blocks.parameters import Parameter
from costcalc.exporters.torch.code import INDENT, WIDTH, Call, flat, lines, literal, statement
from costcalc.exporters.torch.forward import Forward, flag
from costcalc.exporters.torch.module_class import ModuleClass
from costcalc.exporters.torch.pieces import Word
from costcalc.exporters.torch.steps import Shared, is_plain
from costcalc.exporters.torch.unions import UnionStep


def class_lines(blueprint: ModuleClass, doc: list[str]) -> list[str]:
    """A class, with its docstring's lines."""
    head = [f"class {blueprint.name}({blueprint.base}):", *doc]
    if blueprint.base == "nn.Sequential":
        return [*head, "", *_init(blueprint), *_chain(blueprint)]
    inputs = blueprint.instances[0].inputs
    written = Forward(blueprint, inputs).written()
    made = [*head, "", *_init(blueprint), *_attributes(blueprint)]
    if not written:
        return made
    many = len(blueprint.union.outputs) > 1
    gives = "tuple[torch.Tensor, ...]" if many else "torch.Tensor"
    parameters = ("self", *(f"{name}: torch.Tensor" for name in inputs))
    forward = lines(Call("def forward", parameters), 1, suffix=f" -> {gives}:")
    return [*made, "", *forward, *(line for each in written for line in statement(each, 2))]


def _init(blueprint: ModuleClass) -> list[str]:
    parameters = tuple(_parameter(each) for each in blueprint.parameters)
    head = Call("def __init__", ("self", *parameters))
    found = lines(head, 1, suffix=" -> None:")
    if blueprint.base != "nn.Sequential":
        found.append(f"{INDENT * 2}super().__init__()")
    found += [f"{INDENT * 2}{name} = {text}" for text, name in blueprint.locals.items()]
    return found


def _attributes(blueprint: ModuleClass) -> list[str]:
    return [line for step in blueprint.union.steps for line in _attribute(blueprint, step)]


def _attribute(blueprint: ModuleClass, step: UnionStep) -> list[str]:
    """The lines that build a step's module, or keep whether there is one."""
    condition = blueprint.condition(step)
    name = f"self.{blueprint.names[step.key]}"
    kept = [
        f"{INDENT * 2}{attribute} = {blueprint.number(step, number)}"
        for number in step.any.numbers
        if (attribute := blueprint.kept(step, number)) is not None
    ]
    if step.any.module is None:
        if condition is None:
            return kept
        return [*kept, f"{INDENT * 2}self.{flag(blueprint, step)} = {condition}"]
    return [*kept, *_building(blueprint, step, name, condition)]


def _building(
    blueprint: ModuleClass, step: UnionStep, name: str, condition: str | None
) -> list[str]:
    """The lines that build a step's module, under its condition."""
    built = blueprint.built(step)
    if condition is None:
        return lines(built, 2, f"{name} = ")
    if is_plain(step.any):
        one = f"{INDENT * 2}{name} = {flat(built)} if {condition} else nn.Identity()"
        if len(one) <= WIDTH:
            return [one]
        first = f"{INDENT * 2}{name} = nn.Identity()"
    else:
        first = f"{INDENT * 2}self.{flag(blueprint, step)} = {condition}"
    return [first, f"{INDENT * 2}if {condition}:", *lines(built, 3, f"{name} = ")]


def _chain(blueprint: ModuleClass) -> list[str]:
    """The call that hands a sequence its modules."""
    items = []
    for step in blueprint.union.steps:
        built = blueprint.built(step)
        condition = blueprint.condition(step)
        items.append(built if condition is None else f"*([{flat(built)}] if {condition} else [])")
    return lines(Call("super().__init__", tuple(items)), 2)


def _parameter(parameter: Parameter) -> str:
    given = (value for value in parameter.column if value is not ABSENT and value is not None)
    kinds = list(dict.fromkeys(_type(value) for value in given))
    if parameter.default is None or None in parameter.column:
        kinds.append("None")
    text = f"{parameter.name}: {' | '.join(kinds)}"
    return text if parameter.default is ABSENT else f"{text} = {literal(parameter.default)}"


def _type(value: Any) -> str:
    if isinstance(value, Shared):
        return "nn.Module"
    if isinstance(value, Word):
        return "type[nn.Module]"
    if isinstance(value, tuple):
        return "tuple[int, ...]"
    return type(value).__name__
