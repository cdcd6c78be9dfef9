"""Weights of quantised modules, which PyTorch packs into objects that are no tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import _disable_current_modes

_OF_CONVOLUTIONS = ("stride", "padding", "output_padding", "dilation", "groups", "transpose")


class Packed(NamedTuple):
    """What is packed together."""

    weight: torch.Size
    bias: torch.Size | None
    window: dict[str, Any]
    """The arguments of a convolution."""


def packed(value: Any, name: str) -> Packed | None:
    """What an object packs for an operator; None if it is another object.

    A convolution along rows is packed as one over maps of a single row.
    """
    if not isinstance(value, torch.ScriptObject) or not hasattr(value, "unpack"):
        return None
    with torch._C.DisableTorchFunction(), _disable_current_modes():
        weight, bias, *_ = value.unpack()
        is_convolution = hasattr(value, "stride")
        window = {name: getattr(value, name)() for name in _OF_CONVOLUTIONS if is_convolution}
        shape = weight.shape[:2] + weight.shape[3:] if "1d" in name else weight.shape
        return Packed(shape, None if bias is None else bias.shape, window)


def output_of(name: str, arguments: Mapping[str, Any]) -> torch.Tensor | None:
    """The output of a quantised operator for which PyTorch states no shape; None for others."""
    function = name.removeprefix("quantized::")
    weights = packed(arguments.get("W_prepack", arguments.get("packed_weight")), name)
    if weights is None:
        is_plain = name == "aten::dequantize"
        return torch.empty_like(arguments["self"], dtype=torch.float) if is_plain else None
    with torch._C.DisableTorchFunction(), _disable_current_modes():
        weight = torch.empty(weights.weight, device="meta")
        if function.startswith("linear"):
            x = torch.empty(arguments["X"].shape, device="meta")
            return torch.nn.functional.linear(x, weight)
        x = torch.empty(arguments["qx"].shape, device="meta")
        rank = x.dim() - 2
        window = {
            key: each[-rank:] if isinstance(each, (list, tuple)) else each
            for key, each in weights.window.items()
        }
        if window.pop("transpose"):
            convolution = getattr(torch.nn.functional, f"conv_transpose{rank}d")
        else:
            convolution = getattr(torch.nn.functional, f"conv{rank}d")
            window.pop("output_padding")
        result: torch.Tensor = convolution(x, weight, **window)
        return result


def without_observers(module: torch.nn.Module) -> torch.nn.Module:
    """The module with observers that let tensors pass: they only watch a calibration."""
    for inner in module.modules():
        if isinstance(inner, torch.ao.quantization.ObserverBase):
            inner.forward = _passed
    return module


def _passed(x: Any) -> Any:
    return x
