"""The parts of a generated module: the modules it builds and the lines that call them.

A layer is one or more lines of ``forward``, each reading the previous one: a padding and
the convolution after it.  Numbers are kept apart from the surrounding code, so that two
layers that differ only in numbers can share their code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

REQUIRED = object()
"""The default of a required argument."""


class Word(str):
    """A value written without quotes: the name of a class."""


class Argument(NamedTuple):
    """An argument of a constructor."""

    name: str
    value: Any
    """A number, a bool, a word, a tuple of these, or a module."""
    default: Any = REQUIRED
    by_position: bool = False
    """Whether it is written without its name."""


class Module(NamedTuple):
    """A module to build."""

    constructor: Word
    arguments: tuple[Argument, ...] = ()


CALL = "{module}({inputs})"
"""A line that passes all its inputs to its module, and does nothing else."""


class ForwardLine(NamedTuple):
    """One line of ``forward``."""

    forward: str
    """Its expression: ``{0}`` is the first input, ``{inputs}`` all of them, ``{module}`` the
    module, and ``{name}`` the number of that name."""
    module: Module | None = None
    numbers: Mapping[str, Any] = {}
    suffix: str = ""
    """Appended to the layer's name if the line is not the layer itself."""

    @property
    def is_module(self) -> bool:
        """Whether it is a call of its module."""
        return self.module is not None and self.forward == CALL


ForwardLines = tuple[ForwardLine, ...]


def new(constructor: str, *arguments: Argument) -> Module:
    """A call of a constructor."""
    return Module(Word(constructor), arguments)


def called(constructor: str, *arguments: Argument, suffix: str = "") -> ForwardLine:
    """A module that is called with the layer's inputs."""
    return ForwardLine(CALL, new(constructor, *arguments), suffix=suffix)


def positional(name: str, value: Any) -> Argument:
    """A required argument, written by position."""
    return Argument(name, value, by_position=True)


def option(name: str, value: Any, default: Any) -> Argument:
    """An argument that may be left out."""
    return Argument(name, value, default)


def per_axis(sizes: tuple[Any, ...]) -> Any:
    """The sizes, or one number if they are the same for all axes."""
    return sizes[0] if len(set(sizes)) == 1 else sizes


class ModuleRef(NamedTuple):
    """A shared module, built in the innermost module that contains all its users."""

    owner: str
    """The identity of its first user."""
    part: str
    """Which of the owner's modules, if it has several."""
    name: str


class TensorRef(NamedTuple):
    """A tensor inside a module: an output of a step, or an input of the module."""

    step: str
    """The step's key; empty for the module's own inputs."""
    number: int = 0
    """Which of several."""


class ModuleStep(NamedTuple):
    """A line of ``forward``, with the module that it calls."""

    key: str
    """The name of the layer or group, without its path."""
    forward: str
    """As in :class:`ForwardLine`; empty for a module built only for other steps."""
    module: Module | ModuleRef | None
    numbers: Mapping[str, Any]
    inputs: tuple[TensorRef, ...]
    outputs: int = 1
    is_named: bool = True
    """Whether the spec named it."""
    short: str = ""
    """A shorter name, used if it is unique."""
    prefix: str = "layer"
    """Put before a key that is not an identifier: ``branch`` before ``3x3``."""
    is_block: bool = False
    """Whether it is a group of layers."""
    names: tuple[str, ...] = ()
    """Names of its outputs, if it has several with names."""
    calls: str = ""
    """The key of the step whose module it calls, if it has none of its own."""


class ModuleBody(NamedTuple):
    """The steps of a module, and its outputs."""

    steps: tuple[ModuleStep, ...]
    outputs: tuple[TensorRef, ...]

    def renamed(self, names: Mapping[TensorRef, TensorRef]) -> ModuleBody:
        """The body with other names for some tensors."""
        steps = tuple(
            step._replace(inputs=tuple(names.get(ref, ref) for ref in step.inputs))
            for step in self.steps
        )
        return ModuleBody(steps, tuple(names.get(ref, ref) for ref in self.outputs))


class Wired(Protocol):
    """A step that reads tensors."""

    @property
    def inputs(self) -> tuple[TensorRef, ...]:
        """The tensors that it reads."""


def readers(
    steps: Sequence[Wired], outputs: Sequence[TensorRef]
) -> Mapping[TensorRef, Sequence[int]]:
    """The indexes of the steps that read each tensor; ``len(steps)`` for the ``return``."""
    found: dict[TensorRef, list[int]] = {}
    for index, refs in enumerate([*(step.inputs for step in steps), outputs]):
        for ref in refs:
            found.setdefault(ref, []).append(index)
    return found


def is_plain(step: ModuleStep) -> bool:
    """Whether it is a module with one input and one output: a part of a chain."""
    return (
        isinstance(step.module, Module)
        and step.forward == CALL
        and len(step.inputs) == 1
        and step.outputs == 1
    )


def is_chain(steps: Sequence[ModuleStep]) -> bool:
    """Whether each step reads only the previous one, the first the module's input."""
    before = TensorRef("")
    for step in steps:
        if not is_plain(step) or step.inputs != (before,):
            return False
        before = TensorRef(step.key)
    return bool(steps)


def sequential(modules: Sequence[Module]) -> Module:
    """A sequence of modules; a single module is left as it is."""
    if len(modules) == 1:
        return modules[0]
    return new("nn.Sequential", *(positional(str(i), module) for i, module in enumerate(modules)))


def parts(module: Module) -> tuple[Module, ...]:
    """The modules of a sequence; of any other module, itself."""
    if module.constructor != "nn.Sequential":
        return (module,)
    return tuple(argument.value for argument in module.arguments)


Path = tuple[str, ...]

CONSTRUCTOR = "()"
"""The last part of the path of a constructor's name."""


def values(step: ModuleStep) -> dict[Path, Argument]:
    """The values of a step by their paths, in the order in which they are written."""
    found: dict[Path, Argument] = {(name,): positional(name, n) for name, n in step.numbers.items()}
    if isinstance(step.module, ModuleRef):
        found[(CONSTRUCTOR,)] = positional(step.module.name, step.module)
    elif step.module is not None:
        found.update(_values(step.module, ()))
    return found


def _values(module: Module, path: Path) -> Iterator[tuple[Path, Argument]]:
    yield (*path, CONSTRUCTOR), positional("type", module.constructor)
    for argument in module.arguments:
        inner = (*path, argument.name)
        if isinstance(argument.value, Module):
            yield from _values(argument.value, inner)
        else:
            yield inner, argument


def shape(step: ModuleStep) -> tuple[Any, ...]:
    """Equal for steps that differ only in values."""
    return (step.forward, step.outputs, *values(step))
