"""What a function of PyTorch is called, and what it is: an operator, or one written in Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import torch

from costcalc.importers.torch.forward.witness import operator

_OVERRIDABLE = ("torch.nn.functional", "torch.functional")
"""Python modules whose functions first ask whether a mode is to run them."""

_CHECKS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
"""How they ask."""

REPLACED = ("add", "mul", "matmul", "mm", "bmm", "addmm", "baddbmm", "einsum")
"""Functions of ``torch`` that FLOP counters patch, like those of ``torch.nn.functional``."""

NAMESPACES = ("torchvision",)
"""The namespaces of operators that are known as functions are."""

POSITIONS = ("batch_norm", "instance_norm", "embedding", "embedding_bag")
"""Functions of ``torch`` whose arguments have another order than those of ``F``."""


@cache
def body_of(func: Callable[..., Any]) -> Callable[..., Any] | None:
    """A function written in Python, which calls others directly; None for any other.

    It is a copy that does not ask whether a mode is to run it.
    """
    if not isinstance(func, FunctionType) or func.__module__ not in _OVERRIDABLE:
        return None
    if not {*_CHECKS} & {*func.__code__.co_names}:
        return None
    names = {**func.__globals__, **dict.fromkeys(_CHECKS, lambda *tensors: False)}
    copy = FunctionType(func.__code__, names, func.__name__, func.__defaults__, func.__closure__)
    copy.__kwdefaults__ = func.__kwdefaults__
    return copy


def function_name(func: Callable[..., Any]) -> str:
    """The name of a function: ``mul`` for its variants ``mul_``; ``aten::mul`` for an operator.

    The getter of a property has the property's name, ``T``.
    """
    overload = overload_of(func)
    if overload is not None:
        return operator(overload).name
    name = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":
        # A getter is bound to its property, but the type of a callable does not say so.
        name = getattr(func.__self__, "__name__", name)  # type: ignore[attr-defined]
    name = str(name)
    return name.removesuffix("_") if not name.startswith("_") else name.strip("_")


def overload_of(func: Callable[..., Any]) -> torch._ops.OpOverload | None:
    """The operator that a function is, with the order of its arguments."""
    if isinstance(func, torch._ops.OpOverload):
        return None if func.namespace in NAMESPACES else func
    name = getattr(func, "__name__", "")
    if name in POSITIONS and func is getattr(torch, name):
        return getattr(torch.ops.aten, name).default
    return None


def is_packet(func: Callable[..., Any]) -> bool:
    """Whether a function is an operator whose overload depends on its arguments."""
    if not isinstance(func, torch._ops.OpOverloadPacket):
        return False
    return func._qualified_op_name.partition("::")[0] not in NAMESPACES


def is_function(func: Callable[..., Any]) -> bool:
    """Whether FLOP counters see a function: they patch it by its name."""
    name = getattr(func, "__name__", "")
    if getattr(torch.nn.functional, name, None) is func:
        return True
    if getattr(func, "__module__", "") in ("torch.nn.functional", "torch._C._nn"):
        return True
    return name in REPLACED and getattr(torch, name, None) is func


def is_transformed() -> bool:
    """Whether a transform such as ``vmap`` runs, whose tensors have other shapes than its data."""
    return torch._C._functorch.peek_interpreter_stack() is not None
