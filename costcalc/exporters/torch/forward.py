"""The lines of a module's ``forward``: one for each step, with a variable for its result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from costcalc.exporters.torch.code import enclosed
from costcalc.exporters.torch.module_class import ModuleClass
from costcalc.exporters.torch.modules import TensorRef, is_plain, readers
from costcalc.exporters.torch.names import attribute, variable
from costcalc.exporters.torch.unions import UnionStep
from costcalc.names import FreeNames

_GATE = "A gate: what it decides upon runs always here."

_SHORT = 50
"""The longest expression that is nested in another."""


class _Value(NamedTuple):
    """The code of a tensor: a variable, or an expression still to be written."""

    text: str
    variables: frozenset[str]
    """The variables in it."""


def forward_lines(module_class: ModuleClass) -> list[str]:
    """The lines of a class's ``forward``, without indentation."""
    return _Forward(module_class).written()


class _Forward:
    def __init__(self, module_class: ModuleClass) -> None:
        self.module_class = module_class
        self.outputs = module_class.union.outputs
        self.steps = [step for step in module_class.union.steps if step.any.forward]
        self.readers = readers(self.steps, self.outputs)
        self.values = {
            TensorRef("", index): _Value(name, frozenset({name}))
            for index, name in enumerate(module_class.instances[0].inputs)
            if TensorRef("", index) in self.readers
        }
        """The code of each tensor that later lines read."""
        self.lines: list[str] = []

    def written(self) -> list[str]:
        for index, step in enumerate(self.steps):
            self._step(index, step)
        if self.outputs:
            self.lines.append("return " + _listed(self.values[ref] for ref in self.outputs))
        return _returned(self.lines)

    def _step(self, index: int, step: UnionStep) -> None:
        inputs = [self.values[ref] for ref in step.inputs]
        expression = self._expression(step, inputs)
        for ref in step.inputs:
            if self.readers[ref][-1] == index:
                self.values.pop(ref, None)
        variables = frozenset[str]().union(*(value.variables for value in inputs))
        results = [TensorRef(step.key, number) for number in range(step.any.outputs)]
        if self._is_folded(index, step, expression):
            self.values[results[0]] = _Value(expression, variables)
            return
        if not any(ref in self.readers for ref in results):
            self.lines += [f"# {_GATE}", expression]
            return
        live = {name for value in self.values.values() for name in value.variables}
        names: list[str] = []
        for ref in results:
            name = self._name(index, step, ref, variables, {*live, *names})
            names.append(name)
            if ref in self.readers:
                self.values[ref] = _Value(name, frozenset({name}))
        self.lines.append(f"{', '.join(names)} = {expression}")

    def _expression(self, step: UnionStep, inputs: Sequence[_Value]) -> str:
        template = step.any.forward
        texts = [
            value.text if _is_enclosed(template, index) else enclosed(value.text)
            for index, value in enumerate(inputs)
        ]
        text = template.format(
            *texts,
            inputs=_listed(inputs),
            module=f"self.{self.module_class.names[step.any.calls or step.key]}",
            **self.module_class.numbers(step),
        )
        if step.key not in self.module_class.conditions or is_plain(step.any):
            return text
        passed = self.values[step.inputs[step.passes]].text
        return f"{text} if self.{flag(self.module_class, step)} else {passed}"

    def _is_folded(self, index: int, step: UnionStep, expression: str) -> bool:
        """Whether the next line can contain the expression: short, and read only there."""
        return (
            step.any.module is None
            and not step.any.calls
            and not step.any.is_named
            and step.any.outputs == 1
            and step.key not in self.module_class.conditions
            and index + 1 < len(self.steps)
            and self.readers.get(TensorRef(step.key)) == [index + 1]
            and _reads_once(self.steps[index + 1], TensorRef(step.key))
            and len(expression) <= _SHORT
        )

    def _name(
        self, index: int, step: UnionStep, ref: TensorRef, variables: frozenset[str], live: set[str]
    ) -> str:
        """The variable of a result: its own, or that of a tensor that is no longer read."""
        own = attribute(self.module_class.names[step.key])
        if step.any.names:
            return _free(variable(step.any.names[ref.number], "part"), live)
        if step.any.outputs > 1:
            return _free(f"{own}_{ref.number + 1}", live)
        readers = self.readers.get(ref, [])
        is_spoken = step.any.is_named and step.any.module is None and not step.any.calls
        if is_spoken or ((step.any.is_named or step.any.is_block) and readers != [index + 1]):
            return _free(own, live)
        if len(step.inputs) == 1 and len(variables) == 1:
            (name,) = variables
            if name not in live and not name[-1].isdigit():
                return name
        return next((name for name in ("x", "out") if name not in live), _free(own, live))


def _free(name: str, live: set[str]) -> str:
    return FreeNames(live).free(name) if name in live else name


def _listed(values: Iterable[_Value]) -> str:
    return ", ".join(value.text for value in values)


def flag(module_class: ModuleClass, step: UnionStep) -> str:
    """The attribute that tells whether a step is present."""
    name = module_class.names[step.key].rstrip("_")
    return "is_residual" if name == "add" else f"has_{name}"


def _reads_once(step: UnionStep, ref: TensorRef) -> bool:
    """Whether a step's line contains a tensor only once."""
    place = f"{{{step.inputs.index(ref)}}}"
    return step.any.forward.count(place) <= 1


def _is_enclosed(template: str, index: int) -> bool:
    """Whether an input is delimited by brackets or commas."""
    return re.search(rf"[(,\[] ?\{{{index}\}}[),\]]", template) is not None


def _returned(lines: list[str]) -> list[str]:
    """The lines, with the last assignment and its return merged."""
    if len(lines) < 2:
        return lines
    name, equals, expression = lines[-2].partition(" = ")
    if equals and lines[-1] == f"return {name}":
        return [*lines[:-2], f"return {expression}"]
    return lines
