"""What PyTorch itself does in a step of training: what it saves, multiplies and allocates."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode, conv_backward_flop, sdpa_flop_count

aten = torch.ops.aten

torch.set_flush_denormal(True)  # numbers near zero take a hundred times as long


class _Saved:
    """A tensor that autograd holds; it goes with the part of the graph that needs it."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor.detach()  # an output that held its own function would never go


class Step(NamedTuple):
    """One step of training on the CPU."""

    kept: int
    """Bytes of the storages that autograd holds after the forward pass, each once, without
    those of the module's own parameters and buffers, and without single numbers."""
    forward: int
    """Multiply-accumulates."""
    backward: int


def step(module: nn.Module, input: Tensor) -> Step:
    """Runs a module forward and backward, from the sum of its outputs."""
    own = {_address(tensor) for tensor in (*module.parameters(), *module.buffers())}
    held: list[weakref.ref[_Saved]] = []

    def pack(tensor: Tensor) -> _Saved:
        saved = _Saved(tensor)
        held.append(weakref.ref(saved))
        return saved

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved.tensor):
        outputs = [*_tensors(module(input))]
    # What was computed and led to no output is gone by now.
    alive = (saved.tensor for ref in held if (saved := ref()) is not None)
    storages = {
        _address(tensor): tensor.untyped_storage().nbytes() for tensor in alive if tensor.dim()
    }
    kept = sum(size for address, size in storages.items() if address not in own)
    del outputs
    with FlopCounterMode(display=False, custom_mapping=dict(FLOPS)) as counter:
        outputs = [output for output in _tensors(module(input)) if output.requires_grad]
        forward = counter.get_total_flops()
        if outputs:
            total: Any = sum(output.sum() for output in outputs)
            total.backward()
    return Step(kept, forward // 2, (counter.get_total_flops() - forward) // 2)


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _tensors(outputs: Any) -> Iterator[Tensor]:
    if isinstance(outputs, Tensor):
        yield outputs
    elif isinstance(outputs, Mapping):
        for each in outputs.values():
            yield from _tensors(each)
    else:
        for each in outputs:
            yield from _tensors(each)


def _conv_backward(*args: Any, **kwargs: Any) -> int:
    """FlopCounterMode's, whose weight gradient counts every group for every other one."""
    *others, groups, (of_input, of_weights, _) = args
    first = conv_backward_flop(*others, groups, (of_input, False, False), **kwargs)
    return int(
        first + conv_backward_flop(*others, groups, (False, of_weights, False), **kwargs) // groups
    )


_conv_backward._get_raw = True  # type: ignore[attr-defined]  # shapes are taken by what it calls


def _attention(query: Any, key: Any, value: Any, *args: Any, **kwargs: Any) -> int:
    """Both products of attention on the CPU, which FlopCounterMode does not count."""
    return int(sdpa_flop_count(query, key, value))


def _attention_backward(
    grad: Any, query: Any, key: Any, value: Any, *args: Any, **more: Any
) -> int:
    """By hand, twice as much: the two gradients of each product."""
    return 2 * int(sdpa_flop_count(query, key, value))


FLOPS: Mapping[Any, Callable[..., int]] = {
    aten.convolution_backward: _conv_backward,
    aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
}
"""What FlopCounterMode counts otherwise, or not at all."""


def on_cpu(module: nn.Module) -> nn.Module:
    """The module with numbers that stay in bounds, wherever its tensors were."""
    if any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers())):
        module = module.to_empty(device="cpu")
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            tensor.fill_(0.01)  # an index is 0
    return module


def optimizer_bytes(make: Callable[..., torch.optim.Optimizer], module: nn.Module) -> int:
    """The bytes of an optimizer's states after a step, without single numbers."""
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = make(module.parameters())
    optimizer.step()
    return sum(
        state.nbytes
        for states in optimizer.state.values()
        for state in states.values()
        if isinstance(state, Tensor) and state.dim()
    )
