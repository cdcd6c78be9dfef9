"""What a module does, step by step: modules to build and the lines that call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from costcalc.exporters.torch.pieces import Argument, Module, Word


class Shared(NamedTuple):
    """A module that several parts of a network call; it stands where they meet."""

    owner: str
    """The identity of the first part that has it."""
    part: str
    """Which of its modules, where it has several."""
    name: str


class Ref(NamedTuple):
    """A tensor inside a module: what a step gives, or what the module reads."""

    step: str
    """The step's key, empty for the module's own inputs."""
    number: int = 0
    """Which of several."""


class Step(NamedTuple):
    """A line of ``forward``, with the module that it calls."""

    key: str
    """The name of the layer or group, without the path to it."""
    forward: str
    """As in :class:`.pieces.Piece`; empty where a module is built for others alone."""
    module: Module | Shared | None
    numbers: Mapping[str, Any]
    inputs: tuple[Ref, ...]
    outputs: int = 1
    is_named: bool = True
    """Whether the spec named it."""
    short: str = ""
    """What it is called where nothing else is called so."""
    prefix: str = "layer"
    """What stands before a key that is no name by itself: ``branch`` before ``3x3``."""
    is_block: bool = False
    """Whether it is what a path holds, and no layer."""
    names: tuple[str, ...] = ()
    """What the tensors that it gives are called, where it gives several with names."""
    calls: str = ""
    """The key of the step whose module it calls, where it has none of its own."""


class Body(NamedTuple):
    """The steps of a module, and what it gives."""

    steps: tuple[Step, ...]
    outputs: tuple[Ref, ...]

    def renamed(self, names: Mapping[Ref, Ref]) -> Body:
        """With other names for some tensors."""
        steps = tuple(
            step._replace(inputs=tuple(names.get(ref, ref) for ref in step.inputs))
            for step in self.steps
        )
        return Body(steps, tuple(names.get(ref, ref) for ref in self.outputs))


CALL = "{module}({inputs})"
"""A step that hands all it reads to its module, and nothing else."""


def is_plain(step: Step) -> bool:
    """Whether it is a module that reads one tensor and gives one: a part of a chain."""
    return (
        isinstance(step.module, Module)
        and step.forward == CALL
        and len(step.inputs) == 1
        and step.outputs == 1
    )


def is_chain(steps: Sequence[Step]) -> bool:
    """Whether each step reads the one before, the first what the module reads."""
    before = Ref("")
    for step in steps:
        if not is_plain(step) or step.inputs != (before,):
            return False
        before = Ref(step.key)
    return bool(steps)


def sequential(modules: Sequence[Module]) -> Module:
    """The modules one after another; a module alone is itself."""
    if len(modules) == 1:
        return modules[0]
    parts = (Argument(str(i), each, by_position=True) for i, each in enumerate(modules))
    return Module(Word("nn.Sequential"), tuple(parts))


def parts(module: Module) -> tuple[Module, ...]:
    """The modules that stand one after another in it."""
    if module.constructor != "nn.Sequential":
        return (module,)
    return tuple(each.value for each in module.arguments)


Path = tuple[str, ...]

CONSTRUCTOR = "()"
"""The last part of the path of a constructor's name."""


class Slot(NamedTuple):
    """A value in a step that another step of the same form may have otherwise."""

    path: Path
    argument: Argument


def slots(step: Step) -> Iterator[Slot]:
    """The values of a step, in the order in which they are written."""
    for name, value in step.numbers.items():
        yield Slot((name,), Argument(name, value, by_position=True))
    if isinstance(step.module, Shared):
        yield Slot((CONSTRUCTOR,), Argument(step.module.name, step.module, by_position=True))
    elif step.module is not None:
        yield from _slots(step.module, ())


def _slots(module: Module, path: Path) -> Iterator[Slot]:
    yield Slot((*path, CONSTRUCTOR), Argument("type", module.constructor, by_position=True))
    for argument in module.arguments:
        inner = (*path, argument.name)
        if isinstance(argument.value, Module):
            yield from _slots(argument.value, inner)
        else:
            yield Slot(inner, argument)


def form(step: Step) -> tuple[Any, ...]:
    """What two steps have in common that differ in values alone."""
    return (step.forward, step.outputs, *(slot.path for slot in slots(step)))
