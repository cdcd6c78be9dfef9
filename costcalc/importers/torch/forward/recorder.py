"""Runs a module once on the meta device and records its calls.

Every call of a tensor function, method or operator passes through a
``TorchFunctionMode``, which sees ``x + y`` as well as ``F.conv2d(x, w)``, whatever the
control flow.  Tensors on the meta device have shapes but no data.
"""

from __future__ import annotations

# PyTorch is not installed where types are checked.
# mypy: allow-subclassing-any
import sys
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, cached_property
from types import FunctionType
from typing import Any

import torch
from torch.nn.modules import module as hooks
from torch.overrides import TorchFunctionMode

from costcalc.importers.torch.calls import (
    LINEAR_ROLES,
    NORM,
    OTHER,
    Asked,
    ModuleParameter,
    RecordedCall,
    Region,
    TensorValue,
    Trace,
    ValueRef,
)
from costcalc.importers.torch.forward import flex
from costcalc.importers.torch.forward.arguments import Call, tensors_in
from costcalc.importers.torch.forward.values import RunningCall, Values, asks_for_values
from costcalc.importers.torch.origins import references

_OVERRIDABLE = ("torch.nn.functional", "torch.functional")
"""Python modules whose functions first ask whether a mode is to run them."""

_CHECKS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
"""How they ask."""

REPLACED = ("add", "mul", "matmul", "mm", "bmm", "addmm", "baddbmm", "einsum")
"""Functions of ``torch`` that FLOP counters patch, like those of ``torch.nn.functional``."""

IDLE = ("dropout",)
"""Functions that return their input itself at inference, and yet are calls of their own."""

BOUNDED: Mapping[str, Callable[..., torch.Tensor]] = {
    "nms": lambda boxes, scores, threshold: torch.empty_like(scores, dtype=torch.int64)
}
"""Functions whose results are as large as values say, with the largest that they may give."""

_LINEAR = (torch.nn.modules.conv._ConvNd, torch.nn.Linear, torch.nn.Bilinear)
_NORMS = (
    torch.nn.modules.batchnorm._NormBase,
    torch.nn.LayerNorm,
    torch.nn.GroupNorm,
)


class UnseenTensorError(Exception):
    """A tensor was created by an operation that was not recorded."""


class Recorder(TorchFunctionMode):
    """Records calls while the mode is active.

    Functions of PyTorch that are written in Python, and that no rule is for, are entered:
    the functions that they call are recorded.
    """

    def __init__(self, module: torch.nn.Module, rules: Container[str] = ()) -> None:
        super().__init__()
        self.rules = rules
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
        self.last_arguments: Any = ()
        """Its arguments, with references in place of tensors."""
        self.data = Values()
        self.asked: list[Asked] = []
        self.storages: dict[int, str] = {}
        """By storage: the name of the parameter."""
        for name, inner in module.named_modules():
            self.paths[inner] = name.replace(".", "/")
        for name, parameter in module.named_parameters():
            self.storages[_storage(parameter)] = name.replace(".", "/")
            self._add(parameter, "parameter", name)
        for name, buffer in module.named_buffers():
            self._add(buffer, "buffer", name)

    def input(self, tensor: torch.Tensor, name: str, data: torch.Tensor | None) -> None:
        """Adds an input of the network, with its data if it is known."""
        index = self._add(tensor, "input", name)
        if data is not None:
            self.data.know(index, data)
        dtype = str(tensor.dtype).removeprefix("torch.")
        self.values[index] = self.values[index]._replace(dtype=dtype)

    def value(self, tensor: torch.Tensor) -> int:
        """The current value of a tensor.

        Raises:
            UnseenTensorError: it was created by code that the mode does not see.
        """
        known = self.known.get(id(tensor))
        if known is None:
            if tensor.is_meta and _storage(tensor) not in self.attributes:
                raise UnseenTensorError
            index = self._add(tensor, "made", "")
            self.data.know(index, tensor)
            return index
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
        body = None if name in self.rules else _body(func)
        if body is not None:
            with self:
                return body(*args, **keywords)
        inputs = [*_tensors((args, keywords))]
        arguments = _with_refs((*args,), self.value), _with_refs({**keywords}, self.value)
        self.last_arguments = arguments
        step = RunningCall(func, name, self._path, (args, keywords), arguments)
        versions = [_version(tensor) for tensor in inputs]
        bounded = BOUNDED.get(name) if any(tensor.is_meta for tensor in inputs) else None
        result = self.data.run(step) if bounded is None else bounded(*args, **keywords)
        if asks_for_values(step) and not any(tensor.is_meta for tensor in inputs):
            self.asked.append(Asked(name, step.path, tuple(references(arguments))))
        if name in IDLE and any(result is tensor for tensor in inputs):
            result = result.detach()
        before = zip(inputs, versions, strict=True)
        written = [tensor for tensor, version in before if _version(tensor) != version]
        created = [tensor for tensor in _tensors(result) if id(tensor) not in self.known]
        if written or created:
            self._record(name, self._functional(func), *arguments, (*written, *created))
            self.data.note(step, self.calls[-1].outputs)
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
        outputs = tuple(self._add(tensor, "call", "") for tensor in tensors)
        call = RecordedCall(name, functional, self._path, arguments, keywords, outputs)
        self.calls.append(call)
        return outputs[0]

    @property
    def _path(self) -> str:
        """The path of the module being called."""
        caller = self.stack[-1]
        return self.paths.get(caller, type(caller).__name__)

    def _add(self, tensor: torch.Tensor, source: str, name: str) -> int:
        shape = tuple(tensor.shape)
        parameter = self.storages.get(_storage(tensor))
        region = None
        if parameter is not None:
            region = Region(parameter, tensor.storage_offset(), shape, tensor.stride())
        name = name.replace(".", "/")
        self.values.append(TensorValue(shape, source, name, region, tensor.is_complex()))
        index = len(self.values) - 1
        self.known[id(tensor)] = (tensor, index, _version(tensor))
        return index

    def _functional(self, func: Callable[..., Any]) -> str | None:
        """None for a call by a leaf module of PyTorch, otherwise ``function`` or ``operator``."""
        caller = self.stack[-1]
        is_torch = type(caller).__module__.startswith("torch.nn.modules.")
        if is_torch and next(caller.children(), None) is None:
            return None
        return "function" if _is_function(func) else "operator"

    @contextmanager
    def track_modules(self) -> Iterator[None]:
        """Keeps the stack of the modules being called."""

        def enter(module: torch.nn.Module, inputs: Any) -> None:
            self.stack.append(module)

        def leave(module: torch.nn.Module, inputs: Any, output: Any) -> None:
            self.stack.pop()

        with ExitStack() as handles:
            for handle in (
                hooks.register_module_forward_pre_hook(enter),
                hooks.register_module_forward_hook(leave),
            ):
                handles.callback(handle.remove)
            yield


def record(recorder: Recorder, module: torch.nn.Module, call: Call) -> Trace:
    """Calls the module and returns the record of the calls inside.

    Raises:
        Exception: whatever the module raises.
    """
    for name, tensor in call.tensors.items():
        recorder.input(tensor, name, call.values.get(name))
    with torch.no_grad(), flex.recorded(), _uncompiled(), recorder.track_modules(), recorder:
        result = module(*call.args, **call.kwargs)
    outputs = tuple(recorder.value(tensor) for _, tensor in tensors_in(result))
    return Trace(
        values=tuple(recorder.values),
        calls=tuple(recorder.calls),
        outputs=outputs,
        parameters=tuple(parameters(module)),
        classes={path: type(inner).__name__ for inner, path in recorder.paths.items()},
        choices=recorder.data.choices,
        asked=tuple(recorder.asked),
        data=call.data,
    )


@contextmanager
def _uncompiled() -> Iterator[None]:
    """Runs compiled functions and modules as they are written."""
    if "torch._dynamo" not in sys.modules:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


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


@cache
def _body(func: Callable[..., Any]) -> Callable[..., Any] | None:
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
