"""The modules being called, and what they say of themselves and of their parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.nn.modules import module as hooks

from costcalc.graph.in_training import DEPTH, FROZEN
from costcalc.importers.torch.calls import LINEAR_ROLES, NORM, OTHER, ModuleParameter
from costcalc.importers.torch.forward.functions import is_function
from costcalc.importers.torch.forward.structures import tensors

_RATES = ("p", "drop_prob")
"""The names that classes of stochastic depth have for its rate."""

_LINEAR = (torch.nn.modules.conv._ConvNd, torch.nn.Linear, torch.nn.Bilinear)
_OF_LINEAR = ("conv", "linear", "bilinear")
"""How the names of the functions that these modules call begin."""

_NORMS = (
    torch.nn.modules.batchnorm._NormBase,
    torch.nn.LayerNorm,
    torch.nn.GroupNorm,
)


class CalledModules:
    """A module with those inside it, and which of them are being called."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.stack: list[torch.nn.Module] = [module]
        """The modules being called, the innermost last."""
        self.paths: dict[torch.nn.Module, str] = {
            inner: name.replace(".", "/") for name, inner in module.named_modules()
        }
        self.in_training: dict[str, list[str]] = {}
        """What no call states of training, as in :mod:`costcalc.graph.in_training`."""
        for name, parameter in module.named_parameters():
            if not parameter.requires_grad:
                self.note_training(FROZEN, name.replace(".", "/"))

    @property
    def caller(self) -> torch.nn.Module:
        """The innermost module being called."""
        return self.stack[-1]

    @property
    def path(self) -> str:
        """Its path; the name of its class, if the network does not hold it."""
        path = self.paths.get(self.caller)
        return type(self.caller).__name__ if path is None else path

    def note_training(self, word: str, name: str) -> None:
        """Notes what a module does in training, by its word."""
        self.in_training.setdefault(word, []).append(name)

    def name_of(self, function: str) -> str:
        """What a call is named after: the calling module, and the function if it is no module."""
        path = self.paths.get(self.caller, "")
        if self._is_in_torch():
            return path or function
        return f"{path}/{function}" if path else function

    def functional(self, func: Callable[..., Any], name: str) -> str | None:
        """None for a call by a leaf module of PyTorch, otherwise ``function`` or ``operator``.

        What hooks of a convolution or a linear layer call, to prune or to normalise its weight,
        is not what the module does.
        """
        is_hook = isinstance(self.caller, _LINEAR) and not name.startswith(_OF_LINEAR)
        if self._is_in_torch() and not is_hook and next(self.caller.children(), None) is None:
            return None
        return "function" if is_function(func) else "operator"

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Keeps the stack of the modules being called."""

        def enter(module: torch.nn.Module, inputs: Any) -> None:
            self.stack.append(module)

        def leave(module: torch.nn.Module, inputs: Any, output: Any) -> None:
            self.stack.pop()
            self._note_depth(module, inputs, output)

        with ExitStack() as handles:
            for handle in (
                hooks.register_module_forward_pre_hook(enter),
                hooks.register_module_forward_hook(leave),
            ):
                handles.callback(handle.remove)
            yield

    def _is_in_torch(self) -> bool:
        return type(self.caller).__module__.startswith("torch.nn.modules.")

    def _note_depth(self, module: torch.nn.Module, inputs: Any, output: Any) -> None:
        """Notes a module of stochastic depth, which returns its input itself at inference."""
        name = type(module).__name__
        is_depth = name.endswith(("StochasticDepth", "DropPath"))
        if is_depth and any(output is tensor for tensor in tensors(inputs)):
            rates = [getattr(module, rate, None) for rate in _RATES]
            if any(rate for rate in rates):
                self.note_training(DEPTH, self.paths.get(module, name))


def parameters(module: torch.nn.Module) -> Iterator[ModuleParameter]:
    """The parameters in the order of their modules; tied ones appear once."""
    seen = set[int]()
    for path, owner in module.named_modules():
        for name, parameter in owner.named_parameters(recurse=False):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                full = f"{path}.{name}" if path else name
                shape, role = tuple(parameter.shape), _role(owner, name)
                yield ModuleParameter(full.replace(".", "/"), shape, role)


def class_of(module: torch.nn.Module) -> str:
    """The full name of a module's class."""
    return f"{type(module).__module__}.{type(module).__qualname__}"


def _role(owner: torch.nn.Module, name: str) -> str:
    if isinstance(owner, _LINEAR) and name in LINEAR_ROLES:
        return name
    return NORM if isinstance(owner, _NORMS) else OTHER
