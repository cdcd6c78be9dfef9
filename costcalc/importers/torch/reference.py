"""What a module is called and what it is run on, as far as that needs no framework."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

from costcalc.errors import Mark, refuse
from costcalc.importers.model import Request, Shape

PREFIX = "torch:"

IMAGE = (3, 224, 224)
"""The input where none is given."""


class Reference(NamedTuple):
    """A module as the command line names it."""

    module: str
    """The Python module that holds it."""
    attributes: tuple[str, ...]


def require(network: str) -> None:
    """Checks that PyTorch is installed.

    Raises:
        SpecError: it is not.
    """
    if find_spec("torch") is None:
        message = "reading a PyTorch module needs PyTorch"
        refuse(Mark(network), message, hint="pip install 'costcalc[torch]'")


def parsed(network: str) -> Reference:
    """The parts of ``torch:package.module:name``.

    Raises:
        SpecError: it is written otherwise.

    >>> parsed("torch:torchvision.models:resnet18")
    Reference(module='torchvision.models', attributes=('resnet18',))
    """
    module, colon, path = network.removeprefix(PREFIX).partition(":")
    names = (*module.split("."), *path.split("."))
    if not colon or not all(name.isidentifier() for name in names):
        expected = "torch:package.module:name, as in torch:torchvision.models:resnet18"
        refuse(Mark(network), "this names no PyTorch module", expected)
    return Reference(module, tuple(path.split(".")))


def input_shape(request: Request, network: str) -> Shape:
    """The shape of the input that is asked for, an image by default, at the resolution asked for.

    Raises:
        SpecError: the resolution cannot set the sides of the input.
    """
    shape = IMAGE if request.input is None else request.input
    if request.res is None:
        return shape
    channels, *sides = shape
    if len(sides) == len(request.res):
        return (channels, *request.res)
    if sides and len(set(request.res)) == 1:
        return (channels, *(request.res[0] for _ in sides))
    axes = f"{len(sides)} spatial {'axis' if len(sides) == 1 else 'axes'}"
    refuse(
        Mark(network),
        f"the input has {axes}, and the resolution sets two",
        expected="--input with every side",
        found="x".join(str(side) for side in request.res),
    )
