"""Sees every operator that runs, where no Python calls it: PyTorch's dispatcher as a witness.

TorchScript, C++ extensions, ``vmap`` and custom operators call no function that a
``TorchFunctionMode`` sees, but whatever they compute passes through the dispatcher.
"""

from __future__ import annotations

# PyTorch is not installed where types are checked.
# mypy: allow-subclassing-any
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from costcalc.importers.torch.forward.structures import mapped, tensors


class UnknownOperatorError(Exception):
    """An operator of the dispatcher that runs functions of its own, which nothing records."""


class Operator(NamedTuple):
    """An operator as the dispatcher knows it."""

    name: str
    """``aten::add`` for all its overloads, in place or not."""
    arguments: tuple[str, ...]
    """The names of its arguments, in order."""
    written: frozenset[str]
    """Those that it writes into."""

    def bind(self, args: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call by their names."""
        return {**dict(zip(self.arguments, args, strict=False)), **keywords}


class Witness(TorchDispatchMode):
    """Reports each operator to ``see``, which runs it and returns its result."""

    supports_higher_order_operators = True

    def __init__(self, see: Callable[[Any, Sequence[Any], Mapping[str, Any]], Any]) -> None:
        super().__init__()
        self.see = see

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Reports the operator; functions that its run calls are not recorded.

        Raises:
            UnknownOperatorError: it has no schema, as ``cond`` and ``while_loop``.
        """
        if not isinstance(func, torch._ops.OpOverload):
            raise UnknownOperatorError(str(func))
        with torch._C.DisableTorchFunction():
            return self.see(func, args, kwargs or {})


@cache
def operator(func: torch._ops.OpOverload) -> Operator:
    """What the schema of an overload says."""
    schema = func._schema
    name = schema.name
    if name.endswith("_") and not name.endswith("__"):
        name = name.removesuffix("_")
    written = (
        argument.name
        for argument in schema.arguments
        if argument.alias_info is not None and argument.alias_info.is_write
    )
    return Operator(name, tuple(each.name for each in schema.arguments), frozenset(written))


def run_without_data(func: Any, args: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """Runs an operator that may mix tensors on the meta device with others.

    Compiled code holds tensors of its own: if PyTorch refuses the mixture, the operator runs
    without the data of the others.
    """
    inputs = [*tensors((args, keywords))]
    if not inputs:
        args = _as_tensors(func, args)
    with_data = [tensor for tensor in inputs if not tensor.is_meta]
    if len(with_data) in (0, len(inputs)):
        return func(*args, **keywords)
    try:
        return func(*args, **keywords)
    except RuntimeError:
        twins = {id(tensor): _twin(tensor) for tensor in with_data}
    originals = {id(twins[id(tensor)]): tensor for tensor in with_data}

    def twin(tensor: torch.Tensor) -> torch.Tensor:
        return twins.get(id(tensor), tensor)

    result = func(*mapped(args, twin), **mapped(keywords, twin))
    return mapped(result, lambda tensor: originals.get(id(tensor), tensor))


def _as_tensors(func: torch._ops.OpOverload, args: Sequence[Any]) -> list[Any]:
    """The arguments with tensors in place of numbers, where the schema wants tensors.

    The dispatcher hands over a tensor of one number as that number.
    """
    wanted = [argument.type for argument in func._schema.arguments]
    return [
        torch.tensor(value, device="cpu")
        if isinstance(type_, torch.TensorType) and isinstance(value, (bool, int, float, complex))
        else value
        for type_, value in zip(wanted, args, strict=False)
    ]


def _twin(tensor: torch.Tensor) -> torch.Tensor:
    return torch.empty_strided(
        tensor.size(), tensor.stride(), dtype=tensor.dtype, device="meta", requires_grad=False
    )
