"""Loads the module of a TorchScript archive: ``torch.jit.save``."""

from __future__ import annotations

import os
from functools import partial

import torch

from costcalc.errors import Mark, refuse
from costcalc.importers.model import Model, Request
from costcalc.importers.torch.forward.arguments import call_of_shapes
from costcalc.importers.torch.forward.copies import on_meta, with_data
from costcalc.importers.torch.forward.running import model
from costcalc.importers.torch.forward.user_code import describe, quiet
from costcalc.importers.torch.reference import OWN


def read_archive(path: str, request: Request) -> Model:
    """The model of an archive's module.

    Raises:
        SpecError: the archive cannot be loaded, or its module does not run.
    """
    try:
        with quiet():
            module = torch.jit.load(path, map_location="cpu")
    except (RuntimeError, ValueError, OSError) as error:
        refuse(Mark(path), "the TorchScript archive cannot be loaded", found=describe(error))
    call = call_of_shapes(module, request, path)
    name = os.path.splitext(os.path.basename(path))[0]
    return model(on_meta(module), name, path, call, request, partial(with_data, module), OWN)
