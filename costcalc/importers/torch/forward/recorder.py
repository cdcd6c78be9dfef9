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
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

import torch
from torch.overrides import TorchFunctionMode

from costcalc.graph.in_training import COPIED, DETACHED, IN_PLACE
from costcalc.importers.torch.calls import (
    Asked,
    RecordedCall,
    Region,
    TensorValue,
    Trace,
    ValueRef,
)
from costcalc.importers.torch.forward import flex
from costcalc.importers.torch.forward.arguments import Call, tensors_in
from costcalc.importers.torch.forward.compiled import constants
from costcalc.importers.torch.forward.extents import (
    Extent,
    extent,
    place_of,
    storage_of,
    version_of,
)
from costcalc.importers.torch.forward.functions import (
    body_of,
    function_name,
    is_packet,
    is_transformed,
    overload_of,
)
from costcalc.importers.torch.forward.modules import CalledModules, class_of, parameters
from costcalc.importers.torch.forward.packed import output_of, packed
from costcalc.importers.torch.forward.structures import tensors
from costcalc.importers.torch.forward.values import (
    LEAVING,
    STATED,
    RunningCall,
    Values,
    asks_for_values,
    method_name,
)
from costcalc.importers.torch.forward.witness import Witness, operator, run_without_data
from costcalc.importers.torch.origins import references

IDLE = (
    *("dropout", "dropout1d", "dropout2d", "dropout3d"),
    *("alpha_dropout", "feature_alpha_dropout", "feature_dropout"),
)
"""Functions that return their input itself at inference, and yet are calls of their own."""


def _grouped_product(input: torch.Tensor, other: torch.Tensor, *rest: Any, **more: Any) -> Any:
    """``grouped_mm`` on the meta device, where PyTorch has it for narrow numbers alone."""
    narrow = input.to(torch.bfloat16), other.to(torch.bfloat16)
    return torch.nn.functional.grouped_mm(*narrow, *rest, **more).to(input.dtype)


def _normalised(input: torch.Tensor, *rest: Any, **more: Any) -> Any:
    """``aten::native_batch_norm``, which PyTorch computes step by step even without data."""
    training = more.get("training", rest[4:5] == (True,))
    if training:
        return torch.native_batch_norm(input, *rest, **more)
    return torch.empty_like(input), input.new_empty(0), input.new_empty(0)


WITHOUT_DATA: Mapping[str, Callable[..., Any]] = {
    "grouped_mm": _grouped_product,
    "aten::native_batch_norm": _normalised,
}
"""What stands for functions and operators on the meta device."""

BOUNDED: Mapping[str, Callable[..., Any]] = {
    "nms": lambda boxes, scores, threshold: scores.argsort(descending=True)
}
"""Functions whose results are as large as values say, with the largest that they may give: no
box overlaps another."""

_KEEP_INPUT = ("leaky_relu", "elu", "selu", "celu")
"""Functions that keep their output in place, and their input otherwise."""

_COPIES = ("contiguous", "clone")
_DETACHED = ("detach", "data")
_CASTS = ("to", "type", "type_as", "long", "int", "bool")

SILENT = ("aten::", "prim::", "profiler::")
"""The namespaces of operators that compute nothing if they neither return nor write a tensor."""

SPARSE = (
    *(torch.sparse_coo, torch.sparse_csr, torch.sparse_csc),
    *(torch.sparse_bsr, torch.sparse_bsc),
)
"""Layouts of tensors that store some of their numbers."""


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
        self.modules = CalledModules(module)
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
        self.last = ""
        """The name of the last function called, for messages."""
        self.last_arguments: Any = ()
        """Its arguments, with references in place of tensors."""
        self.data = Values()
        self.data.is_stated = class_of(module).startswith(STATED)
        self.has_sparse = False
        self.asked: list[Asked] = []
        self.left: list[Asked] = []
        """Calls that hand values to other code."""
        self.storages: dict[int, str] = {}
        """By storage: the name of the parameter."""
        for name, parameter in module.named_parameters():
            self.storages[storage_of(parameter)] = name.replace(".", "/")
            self._add(parameter, "parameter", name)
        for name, buffer in module.named_buffers():
            self._add(buffer, "buffer", name)
        for name, constant in constants(module):
            self.storages.setdefault(storage_of(constant), name.replace(".", "/"))
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
            same = self.places.get(place_of(tensor))
            if same is not None and same is not tensor:
                return self.value(same)
            is_held = storage_of(tensor) in self.attributes
            is_outside = len(self.scopes) == 1 and not tensor.is_nested
            if is_outside and tensor.is_meta and not is_held:
                raise UnseenTensorError
            is_returned = is_outside and not is_held and bool(self.left)
            index = self._add(tensor, "returned" if is_returned else "made", "")
            self.data.know(index, tensor)
            return index
        if known.version == version_of(tensor):
            return known.value
        own = extent(tensor)
        later = [
            ValueRef(write)
            for scope in self.scopes
            for write in scope.written.get(storage_of(tensor), ())
            if write > known.value and own.may_overlap(self.extents[write])
        ]
        if not later:  # Other elements of its memory were written.
            self._know(tensor, known.value)
            return known.value
        sources = (ValueRef(known.value), *later)
        return self._record("overwritten", "operator", sources, {}, (tensor,))

    def _know(self, tensor: torch.Tensor, value: int) -> None:
        """Notes the value that a tensor has now."""
        self.scopes[-1].known[id(tensor)] = Known(tensor, value, version_of(tensor))

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
            self.scopes[-1].known[id(tensor)] = known._replace(version=version_of(tensor))

    @cached_property
    def attributes(self) -> frozenset[int]:
        """The storages of tensors that were made before, such as plain attributes of modules."""
        held = tensors([vars(module) for module in self.modules.paths])
        return frozenset(map(storage_of, (*held, *self.before)))

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
        body = None if name in self.rules else body_of(func)
        if body is not None:
            with self:
                return body(*args, **keywords)
        if is_transformed() or is_packet(func):
            return func(*args, **keywords)  # The operators below it are recorded.
        with torch._C.DisableTorchFunction():
            inputs = [*tensors((args, keywords))]
            arguments = _with_refs((*args,), self.value), _with_refs({**keywords}, self.value)
            self.last_arguments = arguments
            owner = class_of(self.modules.caller)
            step = RunningCall(func, name, self.modules.path, owner, (args, keywords), arguments)
            step = self.data.numbered(step)
            versions = [version_of(tensor) for tensor in inputs]
            has_data = not any(tensor.is_meta for tensor in inputs)
            if method_name(step) in LEAVING:
                self.left.append(Asked(name, step.path, tuple(references(arguments))))
            substitute = _substitute(name, has_data)
        with self._inside() as inside:
            result = self.data.run(step) if substitute is None else substitute(*args, **keywords)
            if name in IDLE and any(result is tensor for tensor in inputs):
                result = result.detach()
        with torch._C.DisableTorchFunction():
            if has_data and asks_for_values(step):
                self.asked.append(Asked(name, step.path, tuple(references(arguments))))
            before = zip(inputs, versions, strict=True)
            written = [tensor for tensor, version in before if version_of(tensor) != version]
            created = [tensor for tensor in tensors(result) if self._is_new(tensor)]
            if written or created:
                self._note_call(step, inputs, written, created, inside)
            else:
                self.scopes[-1].add(inside)
            for tensor in written:
                self._note_write(tensor)
        return result

    def _note_call(
        self,
        step: RunningCall,
        inputs: Sequence[torch.Tensor],
        written: Sequence[torch.Tensor],
        created: Sequence[torch.Tensor],
        inside: Scope,
    ) -> None:
        """Records a call that created tensors or wrote into some."""
        func, name, outputs = step.function, step.name, (*written, *created)
        positional, named = step.references
        overload = overload_of(func)
        if overload is not None:
            positional, named = (), operator(overload).bind(positional, named)
        self._record(name, self.modules.functional(func, name), positional, named, outputs, inside)
        self.data.note(step, self.calls[-1].outputs, outputs[0].shape)
        if written and name in _KEEP_INPUT:
            self.modules.note_training(IN_PLACE, self.modules.name_of(name))
        elif created and inputs:
            self._note_view(name, inputs[0], created[0])

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
        values = scope.written.setdefault(storage_of(tensor), [])
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
        taken = {id(tensor): tensor for tensor in tensors(arguments)}
        has_data = not any(tensor.is_meta for tensor in taken.values())
        substitute = _substitute(name, has_data)
        if substitute is not None:
            result = substitute(*args, **keywords)
        else:
            result = self._run(func, name, arguments, (args, keywords))
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
        path = self.modules.paths.get(self.modules.caller, "")
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
        call = RecordedCall(name, functional, self.modules.path, arguments, keywords, outputs)
        if inside is not None:
            call = call._replace(inside=tuple(inside.calls), results=tuple(results))
        self.scopes[-1].calls.append(call)
        return outputs[0] if outputs else -1

    def _result(self, tensor: torch.Tensor, inside: Scope) -> int | None:
        """The value of a tensor inside the call that returned it or wrote into it."""
        same = self.places.get(place_of(tensor))
        known = inside.known.get(id(tensor)) or inside.known.get(id(same))
        return None if known is None else known.value

    def _add(self, tensor: torch.Tensor, source: str, name: str) -> int:
        if tensor.is_nested:
            raise NestedTensorError
        if tensor.layout in SPARSE:
            self.has_sparse = True
        shape = tuple(tensor.shape)
        parameter = self.storages.get(storage_of(tensor))
        region = None
        if parameter is not None:
            region = Region(parameter, tensor.storage_offset(), shape, tensor.stride())
        name = name.replace(".", "/")
        self.values.append(TensorValue(shape, source, name, region, tensor.is_complex()))
        index = len(self.values) - 1
        self._know(tensor, index)
        self.places[place_of(tensor)] = tensor
        return index

    def _note_view(self, name: str, before: torch.Tensor, after: torch.Tensor) -> None:
        """Notes a copy or a cut that is a view of the same elements to costcalc."""
        is_stored = storage_of(before) in self.storages
        if is_stored or self.values[self.value(before)].source != "call":
            return
        if name in _COPIES and storage_of(before) != storage_of(after):
            self.modules.note_training(COPIED, self.modules.name_of(name))
        elif name in _DETACHED or (name in _CASTS and not after.is_floating_point()):
            self.modules.note_training(DETACHED, self.modules.name_of(name))


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
        around.enter_context(_without_autocast())
        around.enter_context(recorder.modules.followed())
        around.enter_context(recorder)
        around.enter_context(Witness(recorder.see))
        result = module(*call.args, **call.kwargs)
    outputs = tuple(recorder.value(tensor) for _, tensor in tensors_in(result))
    return Trace(
        values=tuple(recorder.values),
        calls=tuple(recorder.calls),
        outputs=outputs,
        parameters=tuple(parameters(module)),
        classes={path: type(inner).__name__ for inner, path in recorder.modules.paths.items()},
        choices=recorder.data.choices,
        bounds=tuple(recorder.data.bounds),
        has_sparse=recorder.has_sparse,
        asked=tuple(recorder.asked),
        left=tuple(recorder.left),
        data=call.data,
        in_training={word: (*names,) for word, names in recorder.modules.in_training.items()},
    )


@contextmanager
def _uncompiled() -> Iterator[None]:
    """Runs compiled functions and modules as they are written."""
    if "torch._dynamo" not in sys.modules:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


@contextmanager
def _without_autocast() -> Iterator[None]:
    """Lets ``torch.autocast(x.device.type)`` be entered on the meta device, which it refuses."""
    original = torch.autocast.__init__

    def init(self: torch.autocast, device_type: str, *args: Any, **kwargs: Any) -> None:
        if device_type == "meta":
            original(self, "cpu", enabled=False)
        else:
            original(self, device_type, *args, **kwargs)

    torch.autocast.__init__ = init
    try:
        yield
    finally:
        torch.autocast.__init__ = original


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


def _substitute(name: str, has_data: bool) -> Callable[..., Any] | None:
    """What stands for a function or an operator; None if it runs itself."""
    without_data = None if has_data else WITHOUT_DATA.get(name)
    return BOUNDED.get(name.rpartition("::")[2]) or without_data
