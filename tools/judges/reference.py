"""The independent reference: parameters by their role, and multiply-accumulates by hooks."""

from dataclasses import dataclass
from functools import partial
from math import prod

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


@dataclass(frozen=True)
class LayerCost:
    """One call of one convolution, linear or normalisation layer."""

    name: str
    type: str
    weight: list[int]
    output: list[int]
    macs: int


def parameter_split(model: nn.Module) -> dict[str, int]:
    """Elements of the parameters by role, and of the buffers."""
    weights = biases = norms = others = statistics = 0
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if isinstance(module, NORMS):
                norms += parameter.numel()
            elif not isinstance(module, (_ConvNd, nn.Linear)):
                others += parameter.numel()
            elif name == "bias":
                biases += parameter.numel()
            else:
                weights += parameter.numel()
        for name, buffer in module.named_buffers(recurse=False):
            if name in ("running_mean", "running_var"):
                statistics += buffer.numel()
    return {
        "params": sum(parameter.numel() for parameter in model.parameters()),
        "conv_linear_weights": weights,
        "conv_linear_biases": biases,
        "norm_affine": norms,
        "other_params": others,
        "norm_statistics": statistics,
        "buffers": sum(buffer.numel() for buffer in model.buffers()),
    }


def macs_of(module: nn.Module, given: torch.Tensor, made: torch.Tensor) -> int:
    """Multiply-accumulates of one call, from its weight and its number of positions."""
    if isinstance(module, _ConvTransposeNd):
        return int(module.weight.numel() * given.shape[0] * prod(given.shape[2:]))
    if isinstance(module, _ConvNd):
        return int(module.weight.numel() * made.shape[0] * prod(made.shape[2:]))
    if isinstance(module, nn.Linear):
        return int(module.weight.numel() * prod(made.shape[:-1]))
    return 0


def layer_costs(model: nn.Module, given: torch.Tensor) -> list[LayerCost]:
    """Every convolution, linear and normalisation layer in the order of its calls."""
    costs: list[LayerCost] = []

    def record(
        name: str, module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor
    ) -> None:
        weight = getattr(module, "weight", None)
        costs.append(
            LayerCost(
                name,
                type(module).__name__,
                [] if weight is None else list(weight.shape),
                list(output.shape),
                macs_of(module, inputs[0], output),
            )
        )

    handles = [
        module.register_forward_hook(partial(record, name))
        for name, module in model.named_modules()
        if isinstance(module, (_ConvNd, nn.Linear, *NORMS))
    ]
    with torch.no_grad():
        model(given)
    for handle in handles:
        handle.remove()
    return costs


def conv_linear_macs(model: nn.Module, given: torch.Tensor) -> int:
    """Multiply-accumulates of all convolutions and linear layers."""
    return sum(cost.macs for cost in layer_costs(model, given))
