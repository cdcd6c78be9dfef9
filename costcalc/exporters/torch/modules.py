"""What modules are made of: the modules that they build, and the lines that call those.

A layer is one line of ``forward`` or several, each reading the one before: a padding and
the convolution behind it.  Numbers stand apart from the code around them, so that two
layers which differ in numbers alone can share their code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

REQUIRED = object()
"""The default of an argument that has none."""


class Word(str):
    """A value that is written as it stands: the name of a class."""


class Argument(NamedTuple):
    """An argument of a constructor."""

    name: str
    value: Any
    """A number, a truth value, a word, or a tuple of them."""
    default: Any = REQUIRED
    """What it is where it is not written."""
    by_position: bool = False
    """Whether people write it without its name."""


CALLED = "{module}({0})"
"""A module that is called with what the layer reads."""


class Module(NamedTuple):
    """A module to build."""

    constructor: Word
    arguments: tuple[Argument, ...] = ()


class ForwardLine(NamedTuple):
    """One line of ``forward``."""

    forward: str
    """Its expression: ``{0}`` is the first input, ``{inputs}`` all of them, ``{module}`` the
    module, and ``{name}`` the number of that name."""
    module: Module | None = None
    numbers: Mapping[str, Any] = {}
    suffix: str = ""
    """What is added to the layer's name where the piece is not the layer itself."""


ForwardLines = tuple[ForwardLine, ...]


def built(constructor: str, *arguments: Argument, suffix: str = "") -> ForwardLine:
    """A module that is called with what the layer reads."""
    module = Module(Word(constructor), arguments)
    return ForwardLine(CALLED, module, suffix=suffix)


def given(name: str, value: Any) -> Argument:
    """A required argument, written by position."""
    return Argument(name, value, by_position=True)


def option(name: str, value: Any, default: Any) -> Argument:
    """An argument that may be left out."""
    return Argument(name, value, default)


def per_axis(sides: tuple[Any, ...]) -> Any:
    """One number where all axes have the same."""
    return sides[0] if len(set(sides)) == 1 else sides


class ModuleRef(NamedTuple):
    """A module that several parts of a network call; it stands where they meet."""

    owner: str
    """The identity of the first part that has it."""
    part: str
    """Which of its modules, where it has several."""
    name: str


class TensorRef(NamedTuple):
    """A tensor inside a module: what a step gives, or what the module reads."""

    step: str
    """The step's key, empty for the module's own inputs."""
    number: int = 0
    """Which of several."""


class ModuleStep(NamedTuple):
    """A line of ``forward``, with the module that it calls."""

    key: str
    """The name of the layer or group, without the path to it."""
    forward: str
    """As in :class:`ForwardLine`; empty where a module is built for others alone."""
    module: Module | ModuleRef | None
    numbers: Mapping[str, Any]
    inputs: tuple[TensorRef, ...]
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


class ModuleBody(NamedTuple):
    """The steps of a module, and what it gives."""

    steps: tuple[ModuleStep, ...]
    outputs: tuple[TensorRef, ...]

    def renamed(self, names: Mapping[TensorRef, TensorRef]) -> ModuleBody:
        """With other names for some tensors."""
        steps = tuple(
            step._replace(inputs=tuple(names.get(ref, ref) for ref in step.inputs))
            for step in self.steps
        )
        return ModuleBody(steps, tuple(names.get(ref, ref) for ref in self.outputs))


CALL = "{module}({inputs})"
"""A step that hands all it reads to its module, and nothing else."""


def is_plain(step: ModuleStep) -> bool:
    """Whether it is a module that reads one tensor and gives one: a part of a chain."""
    return (
        isinstance(step.module, Module)
        and step.forward == CALL
        and len(step.inputs) == 1
        and step.outputs == 1
    )


def is_chain(steps: Sequence[ModuleStep]) -> bool:
    """Whether each step reads the one before, the first what the module reads."""
    before = TensorRef("")
    for step in steps:
        if not is_plain(step) or step.inputs != (before,):
            return False
        before = TensorRef(step.key)
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


def values(step: ModuleStep) -> dict[Path, Argument]:
    """The values of a step by their places, in the order in which they are written."""
    found: dict[Path, Argument] = {
        (name,): Argument(name, value, by_position=True) for name, value in step.numbers.items()
    }
    if isinstance(step.module, ModuleRef):
        found[(CONSTRUCTOR,)] = Argument(step.module.name, step.module, by_position=True)
    elif step.module is not None:
        found.update(_values(step.module, ()))
    return found


def _values(module: Module, path: Path) -> Iterator[tuple[Path, Argument]]:
    yield (*path, CONSTRUCTOR), Argument("type", module.constructor, by_position=True)
    for argument in module.arguments:
        inner = (*path, argument.name)
        if isinstance(argument.value, Module):
            yield from _values(argument.value, inner)
        else:
            yield inner, argument


def shape(step: ModuleStep) -> tuple[Any, ...]:
    """What two steps have in common that differ in values alone."""
    return (step.forward, step.outputs, *values(step))
