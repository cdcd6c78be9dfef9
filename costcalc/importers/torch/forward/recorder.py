"""Runs a module once on the meta device and records its calls.

Every call of a tensor function, method or operator passes through a
``TorchFunctionMode``, which sees ``x + y`` as well as ``F.conv2d(x, w)``, whatever the
control flow.  Tensors on the meta device have shapes but no data.
"""

from __future__ import annotations

# PyTorch is not installed where types are checked.
# mypy: allow-subclassing-any
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from types import FunctionType
from typing import Any

import torch
from torch.nn.modules import module as hooks
from torch.overrides import TorchFunctionMode

from costcalc.graph.remarks import COPIED, DEPTH, DETACHED, FROZEN, IN_PLACE
from costcalc.importers.torch.calls import (
    LINEAR_ROLES,
    NORM,
    OTHER,
    ModuleParameter,
    RecordedCall,
    Region,
    TensorValue,
    Trace,
    ValueRef,
)

ENTERED: Mapping[Any, Callable[..., Any]] = {
    torch.nn.functional.multi_head_attention_forward: FunctionType(
        torch.nn.functional.multi_head_attention_forward.__code__,
        {**vars(torch.nn.functional), "has_torch_function": lambda tensors: False},
        argdefs=torch.nn.functional.multi_head_attention_forward.__defaults__,
    )
}
"""Functions that are inlined: for each, a copy that calls its inner functions directly."""

REPLACED = ("add", "mul", "matmul", "mm", "bmm", "addmm", "baddbmm", "einsum")
"""Functions of ``torch`` that FLOP counters patch, like those of ``torch.nn.functional``."""

IDLE = (
    *("dropout", "dropout1d", "dropout2d", "dropout3d"),
    *("alpha_dropout", "feature_alpha_dropout", "feature_dropout"),
)
"""Functions that return their input itself at inference, and yet are calls of their own."""

_KEEP_INPUT = ("leaky_relu", "elu", "selu", "celu")
"""Functions that keep their output in place, and their input otherwise."""

_COPIES = ("contiguous", "clone")
_DETACHED = ("detach", "data")
_CASTS = ("to", "type", "type_as", "long", "int", "bool")

_RATES = ("p", "drop_prob")
"""The names that classes of stochastic depth have for its rate."""

_LINEAR = (torch.nn.modules.conv._ConvNd, torch.nn.Linear, torch.nn.Bilinear)
_NORMS = (
    torch.nn.modules.batchnorm._NormBase,
    torch.nn.LayerNorm,
    torch.nn.GroupNorm,
)


class UnseenTensorError(Exception):
    """A tensor was created by an operation that was not recorded."""


class Recorder(TorchFunctionMode):
    """Records calls while the mode is active."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.values: list[TensorValue] = []
        self.calls: list[RecordedCall] = []
        self.known: dict[int, tuple[torch.Tensor, int, int]] = {}
        """By id: a tensor, its value, and its version then."""
        self.written: dict[int, list[int]] = {}
        """By storage: the values written into it."""
        self.paths: dict[torch.nn.Module, str] = {}
        self.stack: list[torch.nn.Module] = [module]
        """The modules being called, the innermost last."""
        self.last = ""
        """The name of the last function called, for messages."""
        self.remarks: dict[str, list[str]] = {}
        """What no call states of training, as in :mod:`costcalc.graph.remarks`."""
        self.storages: dict[int, str] = {}
        """By storage: the name of the parameter."""
        for name, inner in module.named_modules():
            self.paths[inner] = name.replace(".", "/")
        for name, parameter in module.named_parameters():
            self.storages[_storage(parameter)] = name.replace(".", "/")
            self._add(parameter, "parameter", name)
            if not parameter.requires_grad:
                self._remark(FROZEN, name.replace(".", "/"))
        for name, buffer in module.named_buffers():
            self._add(buffer, "buffer", name)

    def input(self, tensor: torch.Tensor) -> None:
        """Adds the network's input."""
        self._add(tensor, "input", "")

    def value(self, tensor: torch.Tensor) -> int:
        """The current value of a tensor.

        Raises:
            UnseenTensorError: it was created by code that the mode does not see.
        """
        known = self.known.get(id(tensor))
        if known is None:
            if tensor.is_meta and _storage(tensor) not in self.attributes:
                raise UnseenTensorError
            return self._add(tensor, "made", "")
        _, index, version = known
        if version == _version(tensor):
            return index
        writes = self.written.get(_storage(tensor), [])
        sources = (ValueRef(index), *(ValueRef(write) for write in writes if write > index))
        return self._record("overwritten", "operator", sources, {}, (tensor,))

    @cached_property
    def attributes(self) -> frozenset[int]:
        """The storages of tensors that are plain attributes of modules."""
        tensors = _tensors([vars(module) for module in self.paths])
        return frozenset(_storage(tensor) for tensor in tensors)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Runs the function, and records it if it creates or writes tensors."""
        keywords = kwargs or {}
        self.last = name = function_name(func)
        if func in ENTERED:
            with self:
                return ENTERED[func](*args, **keywords)
        inputs = [*_tensors((args, keywords))]
        arguments = _with_refs((*args,), self.value), _with_refs({**keywords}, self.value)
        versions = [_version(tensor) for tensor in inputs]
        result = func(*args, **keywords)
        if name in IDLE and any(result is tensor for tensor in inputs):
            result = result.detach()
        before = zip(inputs, versions, strict=True)
        written = [tensor for tensor, version in before if _version(tensor) != version]
        created = [tensor for tensor in _tensors(result) if id(tensor) not in self.known]
        if written or created:
            self._record(name, self._functional(func), *arguments, (*written, *created))
        if written and name in _KEEP_INPUT:
            self._remark(IN_PLACE, self._caller(name))
        elif created and inputs:
            self._note_view(name, inputs[0], created[0])
        for tensor in written:
            index = self.known[id(tensor)][1]
            self.written.setdefault(_storage(tensor), []).append(index)
        return result

    def _record(
        self,
        name: str,
        functional: str | None,
        arguments: tuple[Any, ...],
        keywords: Mapping[str, Any],
        tensors: Sequence[torch.Tensor],
    ) -> int:
        caller = self.stack[-1]
        outputs = tuple(self._add(tensor, "call", "") for tensor in tensors)
        path = self.paths.get(caller, type(caller).__name__)
        self.calls.append(RecordedCall(name, functional, path, arguments, keywords, outputs))
        return outputs[0]

    def _add(self, tensor: torch.Tensor, source: str, name: str) -> int:
        shape = tuple(tensor.shape)
        parameter = self.storages.get(_storage(tensor))
        region = None
        if parameter is not None:
            region = Region(parameter, tensor.storage_offset(), shape, tensor.stride())
        self.values.append(TensorValue(shape, source, name.replace(".", "/"), region))
        index = len(self.values) - 1
        self.known[id(tensor)] = (tensor, index, _version(tensor))
        return index

    def _note_view(self, name: str, before: torch.Tensor, after: torch.Tensor) -> None:
        """Notes a copy or a cut that is a view of the same elements to costcalc."""
        is_stored = _storage(before) in self.storages
        if is_stored or self.values[self.value(before)].source != "call":
            return
        if name in _COPIES and _storage(before) != _storage(after):
            self._remark(COPIED, self._caller(name))
        elif name in _DETACHED or (name in _CASTS and not after.is_floating_point()):
            self._remark(DETACHED, self._caller(name))

    def _note_depth(self, module: torch.nn.Module, inputs: Any, output: Any) -> None:
        """Notes a module of stochastic depth, which returns its input itself at inference."""
        name = type(module).__name__
        is_depth = name.endswith(("StochasticDepth", "DropPath"))
        if is_depth and any(output is tensor for tensor in _tensors(inputs)):
            rates = [getattr(module, rate, None) for rate in _RATES]
            if any(rate for rate in rates):
                self._remark(DEPTH, self.paths.get(module, name))

    def _remark(self, word: str, name: str) -> None:
        self.remarks.setdefault(word, []).append(name)

    def _caller(self, function: str) -> str:
        """What a call is named after: the calling module, and the function if it is no module."""
        path = self.paths.get(self.stack[-1], "")
        if self._is_in_torch():
            return path or function
        return f"{path}/{function}" if path else function

    def _is_in_torch(self) -> bool:
        return type(self.stack[-1]).__module__.startswith("torch.nn.modules.")

    def _functional(self, func: Callable[..., Any]) -> str | None:
        """None for a call by a leaf module of PyTorch, otherwise ``function`` or ``operator``."""
        caller = self.stack[-1]
        if self._is_in_torch() and next(caller.children(), None) is None:
            return None
        return "function" if _is_function(func) else "operator"

    @contextmanager
    def track_modules(self) -> Iterator[None]:
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


def record(recorder: Recorder, module: torch.nn.Module, input: torch.Tensor) -> Trace:
    """Runs the module on an input and returns the record of its calls.

    Raises:
        Exception: whatever the module raises.
    """
    recorder.input(input)
    with torch.no_grad(), recorder.track_modules(), recorder:
        result = module(input)
    outputs = tuple(recorder.value(tensor) for tensor in _tensors(result))
    return Trace(
        values=tuple(recorder.values),
        calls=tuple(recorder.calls),
        outputs=outputs,
        parameters=tuple(parameters(module)),
        classes={path: type(inner).__name__ for inner, path in recorder.paths.items()},
        remarks={word: (*names,) for word, names in recorder.remarks.items()},
    )


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


def function_name(func: Callable[..., Any]) -> str:
    """The name of a function: ``mul`` for its variants ``mul_`` and ``mul.default``.

    The getter of a property has the property's name, ``T``.
    """
    name = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":
        # A getter is bound to its property, but the type of a callable does not say so.
        name = getattr(func.__self__, "__name__", name)  # type: ignore[attr-defined]
    name = str(name).partition(".")[0]
    return name.removesuffix("_") if not name.startswith("_") else name.strip("_")


def _is_function(func: Callable[..., Any]) -> bool:
    name = getattr(func, "__name__", "")
    if getattr(torch.nn.functional, name, None) is func:
        return True
    if getattr(func, "__module__", "") in ("torch.nn.functional", "torch._C._nn"):
        return True
    return name in REPLACED and getattr(torch, name, None) is func


def _role(owner: torch.nn.Module, name: str) -> str:
    if isinstance(owner, _LINEAR) and name in LINEAR_ROLES:
        return name
    return NORM if isinstance(owner, _NORMS) else OTHER


def _storage(tensor: torch.Tensor) -> int:
    try:
        return int(tensor.untyped_storage()._cdata)
    except NotImplementedError:
        return -id(tensor)


def _tensors(structure: Any) -> Iterator[torch.Tensor]:
    """The tensors in a structure of sequences and mappings."""
    if isinstance(structure, torch.Tensor):
        yield structure
    elif isinstance(structure, Mapping):
        for item in structure.values():
            yield from _tensors(item)
    elif isinstance(structure, (tuple, list)):
        for item in structure:
            yield from _tensors(item)


def _version(tensor: torch.Tensor) -> int:
    """The number of times a tensor, or the one it is a view of, was written into."""
    return 0 if tensor.is_inference() else tensor._version


def _with_refs(structure: Any, value: Callable[[torch.Tensor], int]) -> Any:
    """The structure with references in place of tensors, and strings in place of other objects."""
    if isinstance(structure, torch.Tensor):
        return ValueRef(value(structure))
    if isinstance(structure, dict):
        return {key: _with_refs(item, value) for key, item in structure.items()}
    if isinstance(structure, (tuple, list)):
        return tuple(_with_refs(item, value) for item in structure)
    if isinstance(structure, slice):
        ends = (structure.start, structure.stop, structure.step)
        return slice(*(_with_refs(end, value) for end in ends))
    if structure is None or structure is Ellipsis or isinstance(structure, (bool, int, float, str)):
        return structure
    return str(structure)
