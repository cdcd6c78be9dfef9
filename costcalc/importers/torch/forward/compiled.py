"""Modules of TorchScript: copies of them without weights, and the weights in their code."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch


def copies(module: torch.nn.Module) -> dict[int, Any]:
    """What stands for the compiled parts of a module in a copy, by their ids.

    PyTorch copies modules of TorchScript with their weights, and their functions not at all.
    """
    if isinstance(module, torch.jit.ScriptModule):
        return {id(module): torch.jit._recursive.wrap_cpp_module(_on_meta(module._c))}
    functions = (
        each for each in vars(module).values() if isinstance(each, torch.jit.ScriptFunction)
    )
    found: dict[int, Any] = {id(function): function for function in functions}
    for inner in module.children():
        found |= copies(inner)
    return found


def _on_meta(module: Any) -> Any:
    """A copy of a module as TorchScript has it, whose tensors have no data."""
    copied = copy.copy(module)
    for name, parameter in torch._C.ParameterDict(module).items():
        empty = torch.empty_like(parameter, device="meta")
        copied.setattr(name, torch.nn.Parameter(empty, requires_grad=False))
    for name, buffer in torch._C.BufferDict(module).items():
        copied.setattr(name, torch.empty_like(buffer, device="meta"))
    for name, inner in torch._C.ModuleDict(module).items():
        copied.setattr(name, _on_meta(inner))
    if module.hasattr("_flat_weights"):  # of a recurrent layer: its parameters once more
        names = module.getattr("_flat_weights_names")
        copied.setattr("_flat_weights", [copied.getattr(name) for name in names])
    return copied


def constants(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """The floating-point tensors in the code of compiled modules, with names.

    A frozen module has no parameters: its weights are constants of its code.
    """
    seen = set[int]()
    for path, inner in module.named_modules():
        for node in _constant_nodes(inner) if isinstance(inner, torch.jit.ScriptModule) else ():
            output = node.output()
            if output.type().isSubtypeOf(torch.TensorType.get()):
                tensor = node.t("value")
                if tensor.is_floating_point() and id(tensor) not in seen:
                    seen.add(id(tensor))
                    name = output.debugName().removeprefix("self.")
                    yield f"{path}.{name}" if path else name, tensor


def _constant_nodes(module: torch.jit.ScriptModule) -> Iterator[Any]:
    for name in module._c._method_names():
        yield from module._c._get_method(name).graph.findAllNodes("prim::Constant", True)
