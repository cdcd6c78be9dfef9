"""Reads PyTorch modules by running them once on the meta device and recording every call.

    torch:package.module:name

names a class, a function that returns a module, or a module.  Importing it runs its code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from costcalc.importers.model import Model, Request, Shape
from costcalc.importers.torch.reference import IMAGE, require_torch

if TYPE_CHECKING:
    import torch


def read(network: str, request: Request) -> Model:
    """The model of a named module.

    The settings of the request are passed as keyword arguments to build the module.

    Raises:
        SpecError: PyTorch is not installed, or the module does not exist, cannot be built,
            or does not run.
    """
    require_torch(network)
    from costcalc.importers.torch.forward.named import build_model

    return build_model(network, request)


def trace(module: torch.nn.Module, input: Shape = IMAGE, allow_unknown: bool = False) -> Model:
    """The model of a module.

    The module is not changed: a copy of it without weights is run.  ``input`` is the shape
    of its input without the batch, such as ``(C, H, W)``.

    Raises:
        SpecError: the module does not run on such an input, or calls functions that have
            no layer kind.
    """
    from costcalc.importers.torch.forward.running import model, on_meta

    return model(on_meta(module), type(module).__name__, "", input, allow_unknown)
