"""Tensors inside sequences and mappings, as functions take and return them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch


def tensors(structure: Any) -> Iterator[torch.Tensor]:
    """The tensors in a structure."""
    if isinstance(structure, torch.Tensor):
        yield structure
    elif isinstance(structure, Mapping):
        for item in structure.values():
            yield from tensors(item)
    elif isinstance(structure, (tuple, list)):
        for item in structure:
            yield from tensors(item)


def mapped(structure: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """The structure with each tensor changed."""
    if isinstance(structure, torch.Tensor):
        return change(structure)
    if isinstance(structure, Mapping):
        return {key: mapped(item, change) for key, item in structure.items()}
    if isinstance(structure, (tuple, list)):
        items = [mapped(item, change) for item in structure]
        is_named = hasattr(structure, "_fields")
        return type(structure)(*items) if is_named else type(structure)(items)
    return structure


def zipped(raw: Any, shown: Any, change: Callable[[Any, Any], Any]) -> Any:
    """A structure rebuilt by what its leaves are, and what stands for them elsewhere."""
    if isinstance(raw, dict):
        return {key: zipped(item, shown[key], change) for key, item in raw.items()}
    if isinstance(raw, slice):
        return slice(*zipped(ends_of(raw), ends_of(shown), change))
    if isinstance(raw, (tuple, list)) and not isinstance(raw, torch.Size):
        items = [zipped(item, other, change) for item, other in zip(raw, shown, strict=True)]
        return items if isinstance(raw, list) else tuple(items)
    return change(raw, shown)


def ends_of(piece: slice) -> tuple[Any, Any, Any]:
    """Where a slice starts and stops, and its step."""
    return piece.start, piece.stop, piece.step
