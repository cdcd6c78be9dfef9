"""Records ``flex_attention``, which hides from modes and refuses tensors without data.

Its code is replaced while a module runs, so that every name it was imported by is recorded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import handle_torch_function, has_torch_function

_MODULE = "torch.nn.attention.flex_attention"


@contextmanager
def recorded() -> Iterator[None]:
    """Lets ``flex_attention`` be recorded, if it has been imported."""
    module = sys.modules.get(_MODULE)
    if module is None:
        yield
        return
    function = module.flex_attention
    code = function.__code__
    function.__code__ = _replaced.__code__
    try:
        yield
    finally:
        function.__code__ = code


def flex_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    is_modified: bool,
    is_masked: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tensors of the shapes of the result and of its logarithms of sums; recorded as a call.

    A mask of blocks leaves out scores, others may be modified.
    """
    inputs = (query, key, value)
    if has_torch_function(inputs):
        result: tuple[torch.Tensor, torch.Tensor]
        result = handle_torch_function(flex_attention, inputs, *inputs, is_modified, is_masked)
        return result
    rows = query.shape[:-1]
    return query.new_empty((*rows, value.shape[-1])), query.new_empty(rows, dtype=torch.float32)


def _replaced(
    query: Any,
    key: Any,
    value: Any,
    score_mod: Any = None,
    block_mask: Any = None,
    scale: Any = None,
    enable_gqa: Any = False,
    return_lse: Any = False,
    kernel_options: Any = None,
    *,
    return_aux: Any = None,
) -> Any:
    # Runs with the globals of PyTorch's module.
    from torch.nn.attention.flex_attention import AuxOutput

    from costcalc.importers.torch.forward.flex import flex_attention

    out, lse = flex_attention(query, key, value, score_mod is not None, block_mask is not None)
    if return_aux is not None:
        return out, AuxOutput(lse=lse, max_scores=lse)
    return (out, lse) if return_lse else out
