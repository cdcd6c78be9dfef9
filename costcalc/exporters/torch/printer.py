"""Prints classes as a Python module, with their docstrings and helper functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.blocks.columns import ABSENT
from costcalc.blocks.parameters import BlockParameter
from costcalc.escaping import quoted
from costcalc.exporters.torch.code import (
    INDENT,
    WIDTH,
    CallCode,
    flat,
    lines,
    literal,
    paragraph,
    statement,
)
from costcalc.exporters.torch.forward import flag, forward_lines
from costcalc.exporters.torch.module_class import ModuleClass
from costcalc.exporters.torch.modules import ModuleRef, Word, is_plain
from costcalc.exporters.torch.unions import UnionStep
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.base import PARAMS
from costcalc.spec.numbers import exact

_HELPERS: Mapping[str, str] = {
    "without": '''
def without(module: nn.Module, name: str) -> nn.Module:
    """The module, without one of its parameters."""
    module.register_parameter(name, None)
    return module
''',
    "tied": '''
def tied(module: nn.Module, owner: nn.Module) -> nn.Module:
    """The module, with the params of another."""
    holders = ([m for m in each.modules() if m._parameters] for each in (module, owner))
    for mine, other in zip(*holders, strict=True):
        for name, parameter in other.named_parameters(recurse=False):
            setattr(mine, name, parameter)
    return module
''',
    "borrowing": '''
def borrowing(module: nn.Module, *names: str) -> nn.Module:
    """The module, with buffers for the parameters that another module owns."""
    for name in names:
        tensor = getattr(module, name).detach()
        delattr(module, name)
        module.register_buffer(name, tensor)
    return module
''',
}
"""Helper functions that generated code may call, by name."""


def printed(graph: LayerGraph, classes: Sequence[ModuleClass]) -> str:
    """The code of a network; its own class is the last."""
    *inner, network = classes
    texts = [
        *(_class(each, _class_doc(each)) for each in inner),
        _class(network, _network_doc(graph)),
    ]
    code = "\n\n\n".join("\n".join(text) for text in texts)
    helpers = [text.strip() for name, text in _HELPERS.items() if f"{name}(" in code]
    body = "\n\n\n".join([*helpers, code])
    imports = ["import torch"]
    if " F." in body or "(F." in body:
        imports.append("import torch.nn.functional as F")
    return "\n".join([*imports, "from torch import nn", "", "", body, ""])


def _class_doc(module_class: ModuleClass) -> list[str]:
    """The docstring of a class: what it is, and where the network uses it."""
    *front, last = module_class.words
    title = f"{', '.join(front)} and {last} in a row" if front else f"Block '{last}'"
    first, *others = (instance.path for instance in module_class.instances)
    places = f"{first} to {others[-1]}, {len(module_class.instances)} in all" if others else first
    return paragraph(f"{quoted(title)}: {quoted(places)}.", 1, '"""', '"""')


def _network_doc(graph: LayerGraph) -> list[str]:
    """The docstring of the network: its settings, its source, its cost."""
    own = (layer.events() for layer in graph.layers if layer.shares is None)
    params = sum(getattr(events, name) for events in own for name in PARAMS)
    mult_adds = sum(layer.events().macs for layer in graph.layers)
    settings = ", ".join(f"{name}={exact(value)}" for name, value in graph.parameters.items())
    source = "; ".join(f"{name}: {text}" for name, text in graph.source.items())
    input_ = " x ".join(map(str, graph.input))
    doc = [*paragraph(f"{quoted(graph.name)}.", 1, '"""'), ""]
    for title, text in (("Settings", settings), ("Source", source), ("Input", input_)):
        if text:
            doc += paragraph(quoted(f"{title}: {text.rstrip('.')}."), 1)
    doc += paragraph(f"Params: {params:,}. Mult-adds: {mult_adds:,}.", 1)
    return [*doc, '    """']


def _class(module_class: ModuleClass, doc: list[str]) -> list[str]:
    head = [f"class {module_class.name}({module_class.base}):", *doc, "", *_init(module_class)]
    if module_class.base == "nn.Sequential":
        return [*head, *_chain(module_class)]
    steps = module_class.union.steps
    head += [line for step in steps for line in _attribute(module_class, step)]
    body = [line for text in forward_lines(module_class) for line in statement(text, 2)]
    if not body:
        return head
    many = len(module_class.union.outputs) > 1
    result = "tuple[torch.Tensor, ...]" if many else "torch.Tensor"
    inputs = module_class.instances[0].inputs
    parameters = ("self", *(f"{name}: torch.Tensor" for name in inputs))
    forward = lines(CallCode("def forward", parameters), 1, suffix=f" -> {result}:")
    return [*head, "", *forward, *body]


def _init(module_class: ModuleClass) -> list[str]:
    parameters = tuple(_parameter(parameter) for parameter in module_class.parameters)
    head = CallCode("def __init__", ("self", *parameters))
    code = lines(head, 1, suffix=" -> None:")
    if module_class.base != "nn.Sequential":
        code.append(f"{INDENT * 2}super().__init__()")
    code += [f"{INDENT * 2}{name} = {text}" for text, name in module_class.locals.items()]
    return code


def _attribute(module_class: ModuleClass, step: UnionStep) -> list[str]:
    """The lines that store a step's numbers, its condition and its module."""
    code = [
        f"{INDENT * 2}{attribute} = {module_class.number(step, number)}"
        for number in step.any.numbers
        if (attribute := module_class.kept(step, number)) is not None
    ]
    condition = module_class.condition(step)
    name = f"self.{module_class.names[step.key]}"
    built = module_class.built(step) if step.any.module is not None else None
    if condition is None:
        return [*code, *lines(built, 2, f"{name} = ")] if built is not None else code
    first = f"{INDENT * 2}self.{flag(module_class, step)} = {condition}"
    if built is None:
        return [*code, first]
    if is_plain(step.any):
        one = f"{INDENT * 2}{name} = {flat(built)} if {condition} else nn.Identity()"
        if len(one) <= WIDTH:
            return [*code, one]
        first = f"{INDENT * 2}{name} = nn.Identity()"
    return [*code, first, f"{INDENT * 2}if {condition}:", *lines(built, 3, f"{name} = ")]


def _chain(module_class: ModuleClass) -> list[str]:
    """The call that passes a sequence its modules."""
    items = []
    for step in module_class.union.steps:
        built = module_class.built(step)
        condition = module_class.condition(step)
        items.append(built if condition is None else f"*([{flat(built)}] if {condition} else [])")
    return lines(CallCode("super().__init__", tuple(items)), 2)


def _parameter(parameter: BlockParameter) -> str:
    values = (value for value in parameter.column if value is not ABSENT and value is not None)
    kinds = list(dict.fromkeys(map(_type, values)))
    if parameter.default is None or None in parameter.column:
        kinds.append("None")
    text = f"{parameter.name}: {' | '.join(kinds)}"
    return text if parameter.default is ABSENT else f"{text} = {literal(parameter.default)}"


def _type(value: Any) -> str:
    if isinstance(value, ModuleRef):
        return "nn.Module"
    if isinstance(value, Word):
        return "type[nn.Module]"
    if isinstance(value, tuple):
        return "tuple[int, ...]"
    return type(value).__name__
