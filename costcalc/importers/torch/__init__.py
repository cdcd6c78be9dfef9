"""PyTorch modules, run once on the meta device: shapes without data, and every call recorded.

    torch:package.module:name

names a class, a function that builds a module, or a module; importing it runs its code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from costcalc.importers.model import Model, Request, Shape
from costcalc.importers.torch.reference import IMAGE, require

if TYPE_CHECKING:
    import torch


def read(network: str, request: Request) -> Model:
    """The model of a named module.

    Settings of the request are keyword arguments of what builds the module.

    Raises:
        SpecError: PyTorch is not installed, there is no such module, it cannot be
            built, or it does not run; the message says which and why.
    """
    require(network)
    from costcalc.importers.torch.forward.named import built

    return built(network, request)


def trace(module: torch.nn.Module, input: Shape = IMAGE, allow_unknown: bool = False) -> Model:
    """The model of a module, which stays as it is; no memory is spent on a copy's weights.

    ``input`` is the shape of one image, ``(C, H, W)``, or of anything else, without
    the batch.

    Raises:
        SpecError: the module does not run on such an input, or calls what is of no
            known kind.
    """
    from costcalc.importers.torch.forward.running import model, on_meta

    return model(on_meta(module), type(module).__name__, "", input, allow_unknown)
