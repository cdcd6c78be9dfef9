"""Runs a module once on the meta device and records its calls.

Every call of a tensor function, method or operator passes through a
``TorchFunctionMode``, which sees ``x + y`` as well as ``F.conv2d(x, w)``, whatever the
control flow.  Tensors on the meta device have shapes but no data.  Operators that run
inside a call belong to it; those that run outside any, as those of TorchScript do, are
recorded themselves, as :mod:`.witness` sees them.
"""

from __future__ import annotations

# PyTorch is not installed where types are checked.
# mypy: allow-subclassing-any
import sys
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, cached_property
from math import prod
from types import FunctionType
from typing import Any, NamedTuple

import torch
from torch.nn.modules import module as hooks
from torch.overrides import TorchFunctionMode

from costcalc.graph.remarks import COPIED, DEPTH, DETACHED, FROZEN, IN_PLACE
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
from costcalc.importers.torch.forward.compiled import constants
from costcalc.importers.torch.forward.extents import Extent, extent
from costcalc.importers.torch.forward.packed import output_of, packed
from costcalc.importers.torch.forward.values import STATED, RunningCall, Values, asks_for_values
from costcalc.importers.torch.forward.witness import Witness, operator, run_without_data, tensors
from costcalc.importers.torch.origins import references

_OVERRIDABLE = ("torch.nn.functional", "torch.functional")
"""Python modules whose functions first ask whether a mode is to run them."""

_CHECKS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
"""How they ask."""

REPLACED = ("add", "mul", "matmul", "mm", "bmm", "addmm", "baddbmm", "einsum")
"""Functions of ``torch`` that FLOP counters patch, like those of ``torch.nn.functional``."""

IDLE = (
    *("dropout", "dropout1d", "dropout2d", "dropout3d"),
    *("alpha_dropout", "feature_alpha_dropout", "feature_dropout"),
)
"""Functions that return their input itself at inference, and yet are calls of their own."""


def _grouped_product(input: torch.Tensor, other: torch.Tensor, *rest: Any, **more: Any) -> Any:
    """``grouped_mm`` on the meta device, where PyTorch has it for narrow numbers alone."""
    narrow = input.to(torch.bfloat16), other.to(torch.bfloat16)
    return torch.nn.functional.grouped_mm(*narrow, *rest, **more).to(input.dtype)


WITHOUT_DATA: Mapping[str, Callable[..., torch.Tensor]] = {
    "grouped_mm": _grouped_product,
}
"""What stands for functions on the meta device."""

BOUNDED: Mapping[str, Callable[..., torch.Tensor]] = {
    "nms": lambda boxes, scores, threshold: scores.argsort(descending=True)
}
"""Functions whose results are as large as values say, with the largest that they may give: no
box overlaps another."""

_KEEP_INPUT = ("leaky_relu", "elu", "selu", "celu")
"""Functions that keep their output in place, and their input otherwise."""

_COPIES = ("contiguous", "clone")
_DETACHED = ("detach", "data")
_CASTS = ("to", "type", "type_as", "long", "int", "bool")

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


SILENT = ("aten::", "prim::", "profiler::")
"""The namespaces of operators that compute nothing if they neither return nor write a tensor."""

NAMESPACES = ("torchvision",)
"""The namespaces of operators that are known as functions are."""

SPARSE = (
    *(torch.sparse_coo, torch.sparse_csr, torch.sparse_csc),
    *(torch.sparse_bsr, torch.sparse_bsc),
)
"""Layouts of tensors that store some of their numbers."""

POSITIONS = ("batch_norm", "instance_norm", "embedding", "embedding_bag")
"""Functions of ``torch`` whose arguments have another order than those of ``F``."""


class UnseenTensorError(Exception):
    """A tensor was created by an operation that was not recorded."""


class NestedTensorError(Exception):
    """A tensor holds several of different shapes."""


class Known(NamedTuple):
    """A tensor whose value is known."""

    tensor: torch.Tensor
    value: int
    version: int
    """How often it had been written into."""


class Scope:
    """What was recorded in the forward pass, or inside one call of it."""

    def __init__(self) -> None:
        self.calls: list[RecordedCall] = []
        self.known: dict[int, Known] = {}
        """By the id of the tensor."""
        self.written: dict[int, list[int]] = {}
        """By storage: the values written into it."""

    def add(self, inner: Scope) -> None:
        """Adds what was recorded inside a call that is none itself."""
        self.calls += inner.calls
        self.known |= inner.known
        for storage, values in inner.written.items():
            self.written.setdefault(storage, []).extend(values)


class Recorder(TorchFunctionMode):
    """Records calls while the mode is active.

    Functions of PyTorch that are written in Python, and that no rule is for, are entered:
    the functions that they call are recorded.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        rules: Container[str] = (),
        before: Sequence[torch.Tensor] = (),
    ) -> None:
        super().__init__()
        self.rules = rules
        self.before = before
        """Tensors that an earlier pass left, in a cache of the module's code: constants."""
        self.values: list[TensorValue] = []
        self.scopes = [Scope()]
        """That of the forward pass, and that of the call that is running, if one is."""
        self.extents: dict[int, Extent] = {}
        """By value: the memory that was written."""
        self.places: dict[tuple[Any, ...], torch.Tensor] = {}
        """The last tensor with some elements of a storage."""
        self.hidden: dict[int, Known] = {}
        """What is known of tensors inside calls that have returned."""
        self.packed: dict[str, int] = {}
        """The values that quantised modules store, by their names."""
        self.pending: list[torch.Tensor] = []
        """Tensors that an operator has just written into: PyTorch counts that afterwards."""
        self.paths: dict[torch.nn.Module, str] = {}
        self.stack: list[torch.nn.Module] = [module]
        """The modules being called, the innermost last."""
        self.last = ""
        """The name of the last function called, for messages."""
        self.last_arguments: Any = ()
        """Its arguments, with references in place of tensors."""
        self.data = Values()
        self.data.is_stated = _class_of(module).startswith(STATED)
        self.has_sparse = False
        self.asked: list[Asked] = []
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
        for name, constant in constants(module):
            self.storages.setdefault(_storage(constant), name.replace(".", "/"))
            self._add(constant, "stored", name)

    @property
    def calls(self) -> list[RecordedCall]:
        """What was recorded so far."""
        return self.scopes[0].calls

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
        self._settle()
        known = self._find(tensor)
        if known is None:
            same = self.places.get(_place(tensor))
            if same is not None and same is not tensor:
                return self.value(same)
            is_outside = len(self.scopes) == 1 and not tensor.is_nested
            if is_outside and tensor.is_meta and _storage(tensor) not in self.attributes:
                raise UnseenTensorError
            index = self._add(tensor, "made", "")
            self.data.know(index, tensor)
            return index
        if known.version == _version(tensor):
            return known.value
        own = extent(tensor)
        later = [
            ValueRef(write)
            for scope in self.scopes
            for write in scope.written.get(_storage(tensor), ())
            if write > known.value and own.may_overlap(self.extents[write])
        ]
        if not later:  # Other elements of its memory were written.
            self._know(tensor, known.value)
            return known.value
        sources = (ValueRef(known.value), *later)
        return self._record("overwritten", "operator", sources, {}, (tensor,))

    def _know(self, tensor: torch.Tensor, value: int) -> None:
        """Notes the value that a tensor has now."""
        self.scopes[-1].known[id(tensor)] = Known(tensor, value, _version(tensor))

    def _find(self, tensor: torch.Tensor) -> Known | None:
        for scope in reversed(self.scopes):
            known = scope.known.get(id(tensor))
            if known is not None:
                return known
        return self.hidden.get(id(tensor))

    def _settle(self) -> None:
        """Notes that the last operator's writes are counted now."""
        pending, self.pending = self.pending, []
        for tensor in pending:
            known = self.scopes[-1].known[id(tensor)]
            self.scopes[-1].known[id(tensor)] = known._replace(version=_version(tensor))

    @cached_property
    def attributes(self) -> frozenset[int]:
        """The storages of tensors that were made before, such as plain attributes of modules."""
        held = tensors([vars(module) for module in self.paths])
        return frozenset(map(_storage, (*held, *self.before)))

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
        if _is_transformed() or _is_packet(func):
            return func(*args, **keywords)  # The operators below it are recorded.
        inputs = [*tensors((args, keywords))]
        arguments = _with_refs((*args,), self.value), _with_refs({**keywords}, self.value)
        self.last_arguments = arguments
        owner = _class_of(self.stack[-1])
        step = RunningCall(func, name, self._path, owner, (args, keywords), arguments)
        step = self.data.numbered(step)
        positional, named = step.references
        versions = [_version(tensor) for tensor in inputs]
        substitute = BOUNDED.get(name)
        if substitute is None and any(tensor.is_meta for tensor in inputs):
            substitute = WITHOUT_DATA.get(name)
        with self._inside() as inside:
            result = self.data.run(step) if substitute is None else substitute(*args, **keywords)
            if name in IDLE and any(result is tensor for tensor in inputs):
                result = result.detach()
        if asks_for_values(step) and not any(tensor.is_meta for tensor in inputs):
            self.asked.append(Asked(name, step.path, tuple(references(arguments))))
        before = zip(inputs, versions, strict=True)
        written = [tensor for tensor, version in before if _version(tensor) != version]
        created = [tensor for tensor in tensors(result) if self._is_new(tensor)]
        if written or created:
            overload, outputs = _overload(func), (*written, *created)
            if overload is not None:
                positional, named = (), operator(overload).bind(positional, named)
            self._record(name, self._functional(func, name), positional, named, outputs, inside)
            self.data.note(step, self.calls[-1].outputs, outputs[0].shape)
            if written and name in _KEEP_INPUT:
                self._remark(IN_PLACE, self._caller(name))
            elif created and inputs:
                self._note_view(name, inputs[0], created[0])
        else:
            self.scopes[-1].add(inside)
        for tensor in written:
            self._note_write(tensor)
        return result

    @contextmanager
    def _inside(self) -> Iterator[Scope]:
        """What is recorded inside a call."""
        self._settle()
        scope = Scope()
        self.scopes.append(scope)
        try:
            yield scope
        finally:
            self._settle()
            self.scopes.pop()
            self.hidden |= scope.known

    def _is_new(self, tensor: torch.Tensor) -> bool:
        return all(id(tensor) not in scope.known for scope in self.scopes)

    def _note_write(self, tensor: torch.Tensor) -> None:
        scope = self.scopes[-1]
        values = scope.written.setdefault(_storage(tensor), [])
        value = scope.known[id(tensor)].value
        values.append(value)
        self.extents[value] = extent(tensor)

    def see(self, func: Any, args: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
        """Runs an operator of the dispatcher, and records it if it creates or writes tensors."""
        self._settle()
        name, _, written_names = seen = operator(func)
        arguments = seen.bind(args, keywords)
        written = [*tensors([arguments[each] for each in written_names if each in arguments])]
        shown = {key: self._unpacked(item, name) for key, item in arguments.items()}
        shown = _with_refs(shown, self.value)
        bounded = BOUNDED.get(name.rpartition("::")[2])
        if bounded is not None:
            result = bounded(*args, **keywords)
        else:
            result = self._run(func, name, arguments, (args, keywords))
        taken = {id(tensor) for tensor in tensors(arguments)}
        created = [tensor for tensor in tensors(result) if id(tensor) not in taken]
        if written or created or not name.startswith(SILENT):
            self._record(name, "operator", (), shown, (*written, *created))
        for tensor in written:
            self._note_write(tensor)
        self.pending = written
        return result

    def _run(
        self, func: Any, name: str, named: Mapping[str, Any], arguments: tuple[Any, Any]
    ) -> Any:
        """What an operator returns, even if PyTorch states no shape for it.

        Raises:
            Exception: whatever the operator raises.
        """
        args, keywords = arguments
        try:
            if len(self.scopes) > 1:
                return func(*args, **keywords)
            return run_without_data(func, args, keywords)
        except NotImplementedError:
            result = output_of(name, named)
            if result is None:
                raise
            return result

    def _unpacked(self, value: Any, operator: str) -> Any:
        """An argument, or the weights that it packs, as a module stores them."""
        pack = packed(value, operator)
        if pack is None:
            return value
        path = self.paths.get(self.stack[-1], "")
        shapes = {"weight": pack.weight, "bias": pack.bias}
        stored = {
            name: None if shape is None else self._stored(f"{path}/{name}".lstrip("/"), shape)
            for name, shape in shapes.items()
        }
        return {**stored, **pack.window}

    def _stored(self, name: str, shape: torch.Size) -> ValueRef:
        """A value that a module stores, but not as a tensor."""
        if name not in self.packed:
            strides = tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))
            region = Region(name, 0, tuple(shape), strides)
            self.values.append(TensorValue(tuple(shape), "stored", name, region))
            self.packed[name] = len(self.values) - 1
        return ValueRef(self.packed[name])

    def _record(
        self,
        name: str,
        functional: str | None,
        arguments: tuple[Any, ...],
        keywords: Mapping[str, Any],
        tensors: Sequence[torch.Tensor],
        inside: Scope | None = None,
    ) -> int:
        results = [self._result(tensor, inside) for tensor in tensors] if inside else []
        outputs = tuple(self._add(tensor, "call", "") for tensor in tensors)
        call = RecordedCall(name, functional, self._path, arguments, keywords, outputs)
        if inside is not None:
            call = call._replace(inside=tuple(inside.calls), results=tuple(results))
        self.scopes[-1].calls.append(call)
        return outputs[0] if outputs else -1

    def _result(self, tensor: torch.Tensor, inside: Scope) -> int | None:
        """The value of a tensor inside the call that returned it or wrote into it."""
        same = self.places.get(_place(tensor))
        known = inside.known.get(id(tensor)) or inside.known.get(id(same))
        return None if known is None else known.value

    @property
    def _path(self) -> str:
        """The path of the module being called."""
        caller = self.stack[-1]
        return self.paths.get(caller, type(caller).__name__)

    def _add(self, tensor: torch.Tensor, source: str, name: str) -> int:
        if tensor.is_nested:
            raise NestedTensorError
        if tensor.layout in SPARSE:
            self.has_sparse = True
        shape = tuple(tensor.shape)
        parameter = self.storages.get(_storage(tensor))
        region = None
        if parameter is not None:
            region = Region(parameter, tensor.storage_offset(), shape, tensor.stride())
        name = name.replace(".", "/")
        self.values.append(TensorValue(shape, source, name, region, tensor.is_complex()))
        index = len(self.values) - 1
        self._know(tensor, index)
        self.places[_place(tensor)] = tensor
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
        if is_depth and any(output is tensor for tensor in tensors(inputs)):
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

    def _functional(self, func: Callable[..., Any], name: str) -> str | None:
        """None for a call by a leaf module of PyTorch, otherwise ``function`` or ``operator``.

        What hooks of a convolution or a linear layer call, to prune or to normalise its weight,
        is not what the module does.
        """
        caller = self.stack[-1]
        is_hook = isinstance(caller, _LINEAR) and not name.startswith(_OF_LINEAR)
        if self._is_in_torch() and not is_hook and next(caller.children(), None) is None:
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


def record(recorder: Recorder, module: torch.nn.Module, call: Call) -> Trace:
    """Calls the module and returns the record of the calls inside.

    Raises:
        Exception: whatever the module raises.
    """
    for name, tensor in call.tensors.items():
        recorder.input(tensor, name, call.values.get(name))
    with ExitStack() as around:
        around.enter_context(torch.no_grad())
        around.enter_context(torch.jit.optimized_execution(False))  # Fused operators are unknown.
        around.enter_context(flex.recorded())
        around.enter_context(_uncompiled())
        around.enter_context(recorder.track_modules())
        around.enter_context(recorder)
        around.enter_context(Witness(recorder.see))
        result = module(*call.args, **call.kwargs)
    outputs = tuple(recorder.value(tensor) for _, tensor in tensors_in(result))
    return Trace(
        values=tuple(recorder.values),
        calls=tuple(recorder.calls),
        outputs=outputs,
        parameters=tuple(parameters(module)),
        classes={path: type(inner).__name__ for inner, path in recorder.paths.items()},
        choices=recorder.data.choices,
        bounds=tuple(recorder.data.bounds),
        has_sparse=recorder.has_sparse,
        asked=tuple(recorder.asked),
        data=call.data,
        remarks={word: (*names,) for word, names in recorder.remarks.items()},
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


def _class_of(module: torch.nn.Module) -> str:
    """The full name of a module's class."""
    return f"{type(module).__module__}.{type(module).__qualname__}"


def function_name(func: Callable[..., Any]) -> str:
    """The name of a function: ``mul`` for its variants ``mul_``; ``aten::mul`` for an operator.

    The getter of a property has the property's name, ``T``.
    """
    overload = _overload(func)
    if overload is not None:
        return operator(overload).name
    name = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":
        # A getter is bound to its property, but the type of a callable does not say so.
        name = getattr(func.__self__, "__name__", name)  # type: ignore[attr-defined]
    name = str(name)
    return name.removesuffix("_") if not name.startswith("_") else name.strip("_")


def _overload(func: Callable[..., Any]) -> torch._ops.OpOverload | None:
    """The operator that a function is, with the order of its arguments."""
    if isinstance(func, torch._ops.OpOverload):
        return None if func.namespace in NAMESPACES else func
    name = getattr(func, "__name__", "")
    if name in POSITIONS and func is getattr(torch, name):
        return getattr(torch.ops.aten, name).default
    return None


def _is_packet(func: Callable[..., Any]) -> bool:
    """Whether a function is an operator whose overload depends on its arguments."""
    if not isinstance(func, torch._ops.OpOverloadPacket):
        return False
    return func._qualified_op_name.partition("::")[0] not in NAMESPACES


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


def _place(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Which elements of which storage a tensor has; tensors of one place have the same."""
    if tensor.layout is not torch.strided:
        return (id(tensor),)
    layout = tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype
    return (_storage(tensor), *layout)


def _is_transformed() -> bool:
    """Whether a transform such as ``vmap`` runs, whose tensors have other shapes than its data."""
    return torch._C._functorch.peek_interpreter_stack() is not None


def _version(tensor: torch.Tensor) -> int:
    """The number of times a tensor, or the one it is a view of, was written into."""
    return 0 if tensor.is_inference() else tensor._version


def _with_refs(structure: Any, value: Callable[[torch.Tensor], int]) -> Any:
    """The structure with references in place of tensors, and strings in place of other objects."""
    if isinstance(structure, torch.Tensor):
        return ValueRef(value(structure))
    if isinstance(structure, ValueRef):
        return structure
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
