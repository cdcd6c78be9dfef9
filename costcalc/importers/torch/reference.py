"""The name of a module and the shape of its input: the part that needs no PyTorch."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

from costcalc.errors import Mark, Refusal, refuse
from costcalc.graph.input import sides_at
from costcalc.importers.model import IMAGE, Request, Shape
from costcalc.importers.torch.candidates import refuse_file, refuse_without_name

PREFIX = "torch:"

OWN = "the module's own weights"
"""What a module that is run on data has, as its report says."""


class Reference(NamedTuple):
    """A module as named on the command line."""

    module: str
    """The Python module that defines it."""
    attributes: tuple[str, ...]


def require_torch(network: str) -> None:
    """Checks that PyTorch is installed.

    Raises:
        SpecError: it is not.
    """
    if find_spec("torch") is None:
        message = "reading a PyTorch module needs PyTorch"
        refuse(Mark(network), message, hint="pip install 'costcalc[torch]'")


def parse_reference(network: str) -> Reference:
    """The parts of ``torch:package.module:name``.

    Raises:
        SpecError: it does not have this form.

    >>> parse_reference("torch:torchvision.models:resnet18")
    Reference(module='torchvision.models', attributes=('resnet18',))
    """
    module, colon, path = network.removeprefix(PREFIX).partition(":")
    if module.endswith(".py"):
        refuse_file(module)
    names = (*module.split("."), *path.split("."))
    if not path and all(name.isidentifier() for name in module.split(".")):
        refuse_without_name(Mark(network), module)
    if not colon or not all(name.isidentifier() for name in names):
        expected = "torch:package.module:name, as in torch:torchvision.models:resnet18"
        refuse(Mark(network), "not the name of a PyTorch module", expected)
    return Reference(module, tuple(path.split(".")))


def input_shape(request: Request, network: str) -> Shape:
    """The requested shape of the input, by default an image, at the requested resolution.

    Raises:
        SpecError: the resolution does not fit the input.
    """
    shape = IMAGE if request.input is None else request.input
    if request.res is None:
        return shape
    channels, *dims = shape
    try:
        return (channels, *sides_at(request.res, len(dims)))
    except Refusal as error:
        refuse(*error.problem(Mark(network)))
