"""Reads PyTorch modules by running them once on the meta device and recording every call.

    torch:package.module:name

names a class, a function that returns a module, or a module.  Importing it runs its code.
A TorchScript archive is a module, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from costcalc.importers.model import IMAGE, Model, Request, Shape
from costcalc.importers.torch.reference import OWN, PREFIX, require_torch

if TYPE_CHECKING:
    import torch


def read(network: str, request: Request) -> Model:
    """The model of a named module, or of the file of a TorchScript archive.

    The settings of the request are passed as keyword arguments to build the module.

    Raises:
        SpecError: PyTorch is not installed, or the module does not exist, cannot be built,
            or does not run.
    """
    require_torch(network)
    if not network.startswith(PREFIX):
        from costcalc.importers.torch.forward.archives import read_archive

        return read_archive(network, request)
    from costcalc.importers.torch.forward.named import build_model

    return build_model(network, request)


def trace(module: torch.nn.Module, input: Shape = IMAGE, allow_unknown: bool = False) -> Model:
    """The model of a module, run on an input of that shape, without the batch.

    Raises:
        SpecError: as for :func:`read_module`.
    """
    return read_module(module, Request(input, allow_unknown=allow_unknown))


def read_module(module: torch.nn.Module, request: Request) -> Model:
    """The model of a module, run on inputs of the requested shapes.

    The module is not changed: a copy of it without weights is run.

    Raises:
        SpecError: the module does not run on such inputs, or calls functions that have no
            layer kind.
    """
    from costcalc.importers.torch.forward.arguments import call_of_shapes
    from costcalc.importers.torch.forward.copies import on_meta, with_data
    from costcalc.importers.torch.forward.running import model

    name = type(module).__name__
    call = call_of_shapes(module, request, name)
    return model(on_meta(module), name, "", call, request, partial(with_data, module), OWN)


def read_call(
    module: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any], request: Request
) -> Model:
    """The model of a module, run by one call of it.

    The module and the arguments are not changed.

    Raises:
        SpecError: the module does not take the arguments, does not run, or calls functions
            that have no layer kind.
    """
    from costcalc.importers.torch.forward.arguments import call_of_values
    from costcalc.importers.torch.forward.copies import on_meta, with_data
    from costcalc.importers.torch.forward.running import model

    name = type(module).__name__
    call = call_of_values(module, args, kwargs, request.res, name)
    return model(on_meta(module), name, "", call, request, partial(with_data, module), OWN)
