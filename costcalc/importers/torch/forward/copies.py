"""Copies of modules and of arguments, with tensors that have shapes but no data."""

from __future__ import annotations

# PyTorch is not installed where types are checked.
# mypy: allow-subclassing-any
import copy
import io
from collections.abc import Callable
from threading import Lock, RLock
from types import ModuleType
from typing import Any, TypeVar

import torch
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from torch.overrides import TorchFunctionMode

from costcalc.errors import Mark, refuse
from costcalc.importers.torch.forward import compiled
from costcalc.importers.torch.forward.user_code import user_code

T = TypeVar("T")

_NO_COPY = (torch.Generator, io.IOBase, ModuleType, type(Lock()), type(RLock()))


def on_meta(module: torch.nn.Module) -> torch.nn.Module:
    """A copy of the module whose tensors have shapes but no data.

    Raises:
        SpecError: the module cannot be copied.
    """
    memo: dict[int, Any] = {}
    for parameter in module.parameters():
        if is_lazy(parameter):
            memo[id(parameter)] = UninitializedParameter(parameter.requires_grad, device="meta")
            continue
        empty = torch.empty_like(parameter, device="meta")
        memo[id(parameter)] = torch.nn.Parameter(empty, parameter.requires_grad)
    for buffer in module.buffers():
        if is_lazy(buffer):
            memo[id(buffer)] = UninitializedBuffer(requires_grad=False, device="meta")
    memo |= {**compiled.copies(module), **_shared(module)}
    name, message = type(module).__name__, "the module cannot be copied"
    copied: object = meta_copy(module, name, message, memo)
    if not isinstance(copied, torch.nn.Module):
        refuse(Mark(name), message, expected="an nn.Module", found=type(copied).__name__)
    return copied


def with_data(module: torch.nn.Module) -> torch.nn.Module | None:
    """A copy of the module that shares its weights, to be run; None if it has no data.

    Raises:
        SpecError: the module cannot be copied.
    """
    parameters = {id(parameter): parameter for parameter in module.parameters()}
    buffers = {id(buffer): buffer.clone() for buffer in module.buffers() if not is_lazy(buffer)}
    if any(map(is_lazy, parameters.values())):
        return None
    if any(tensor.is_meta for tensor in (*parameters.values(), *module.buffers())):
        return None
    with user_code(type(module).__name__, "the module cannot be copied"):
        return copy.deepcopy(module, {**parameters, **buffers, **_shared(module)})


def _shared(module: torch.nn.Module) -> dict[int, Any]:
    """What modules hold that is not part of them and cannot be copied, by its id."""
    attributes = (each for inner in module.modules() for each in vars(inner).values())
    return {id(each): each for each in attributes if isinstance(each, _NO_COPY)}


def meta_copy(value: T, file: str, message: str, memo: dict[int, Any] | None = None) -> T:
    """A deep copy whose tensors are on the meta device.

    Raises:
        SpecError: something in it cannot be copied.
    """
    with user_code(file, message), _MetaCopies():
        return copy.deepcopy(value, memo)


class _MetaCopies(TorchFunctionMode):
    """Makes ``deepcopy`` copy tensors to the meta device."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Any = (),
        kwargs: Any = None,
    ) -> Any:
        """Replaces ``Tensor.__deepcopy__``, and runs everything else unchanged."""
        if func is torch.Tensor.__deepcopy__:
            tensor, memo = args
            return memo.setdefault(id(tensor), torch.empty_like(tensor, device="meta"))
        return func(*args, **(kwargs or {}))
