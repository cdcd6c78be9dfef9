"""The values of tensors that do not depend on what the meta device lacks.

Tensors on the meta device have no data, yet some code asks for it: ``mask.nonzero()``,
``count.item()``, ``x[mask]``.  What is computed from constants, or from the values of an
input that was given, is computed here, at the moment when it is asked for.

A router's choice depends on the input, but how much work follows from it does not: each
token goes to k of E experts, whichever they are.  The tokens are spread evenly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import _disable_current_modes

from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.forward.structures import ends_of, mapped, tensors, zipped
from costcalc.importers.torch.origins import references

LARGEST = 1 << 24
"""The most numbers of a tensor that is computed."""

CREATED = frozenset(
    f"{before}{word}{after}"
    for word in ("zeros", "ones", "full", "tensor")
    for before, after in (("", ""), ("new_", ""), ("", "_like"))
)
"""Functions that create known tensors, and read at most the shape of another one."""

SHAPED = frozenset(("expand_as", "view_as", "reshape_as", "type_as"))
"""Functions that read but the shape, or the type, of all tensors except the first."""

_WORDS = "item tolist numpy bool int float index nonzero argwhere masked_select unique nms"
LEAVING = ("__array__", "__float__", "item", "numpy", "tolist")
"""Methods that hand values to other code, which may give what follows from them back."""

NUMBERS = ("float", "item")
"""Functions of these that hand over one number."""

CASTS = ("bool", "float", "int")
"""Names of functions that ask for a value, and of methods that convert numbers."""

ASKING = frozenset((*_WORDS.split(), "bincount", "unique_consecutive"))
"""Functions that ask for values, or whose results are as large as values say."""

INDEXING = ("getitem", "setitem")
_SIZED = (
    "adaptive_avg_pool1d adaptive_avg_pool2d chunk expand interpolate narrow pad repeat reshape "
    "roll split tile topk unflatten unfold view"
)
SIZED = frozenset(_SIZED.split())
"""Functions whose arguments after the first are whole numbers."""

CHOSEN: Mapping[str, int] = {"topk": 1, "argmax": 0}
"""Functions that choose, and which of their outputs holds the places."""


STATED = "torchvision.models.detection."
"""The package of modules that state how many boxes they keep: all pass whatever threshold."""

LEVELS = "torchvision.ops.poolers.MultiScaleRoIAlign"
"""The module that pools each box from one level of a pyramid; they are spread evenly."""

THRESHOLDS = frozenset(["gt", "ge", "lt", "le", "logical_and", "and"])
ORDERS = frozenset(["nms", "sort", "argsort"])
"""Functions whose last output is an order of boxes: any will do."""


class _UnknownError(Exception):
    """The data of a tensor is unknown."""


class RunningCall(NamedTuple):
    """A call, as it can be repeated."""

    function: Callable[..., Any]
    name: str
    path: str
    """The module that calls it."""
    owner: str
    """The class of that module."""
    arguments: tuple[Sequence[Any], Mapping[str, Any]]
    references: tuple[Any, Any]
    """The arguments with references in place of tensors."""
    outputs: tuple[int, ...] = ()
    shape: torch.Size = torch.Size()
    """The shape of its first output."""


class Values:
    """What is known of the values of a forward pass."""

    def __init__(self) -> None:
        self.steps: dict[int, RunningCall] = {}
        """By its outputs: the call that computes a value."""
        self.known: dict[int, torch.Tensor | None] = {}
        """The data of values; None if it is unknown."""
        self.choices: dict[str, tuple[int, int]] = {}
        """By the path of a router: how many it chooses, and of how many."""
        self.is_stated = False
        """Whether the network states how many boxes it keeps."""
        self.bounds: dict[str, None] = {}
        """The paths of modules in which all pass a threshold."""

    def know(self, value: int, data: torch.Tensor) -> None:
        """Notes the data of a value."""
        self.known[value] = None if data.is_meta else data

    def note(self, step: RunningCall, outputs: tuple[int, ...], shape: torch.Size) -> None:
        """Notes how values are computed."""
        self.steps.update(dict.fromkeys(outputs, step._replace(outputs=outputs, shape=shape)))

    def of(self, value: int) -> torch.Tensor | None:
        """The data of a value; None if it is unknown."""
        pending = [value]
        while pending:
            step = self.steps.get(pending[-1])
            if pending[-1] in self.known:
                pending.pop()
            elif step is None:
                self.known[pending.pop()] = None
            else:
                inputs = _read(step)
                unknown = [each for each in inputs if self.known.get(each, each) is None]
                missing = [each for each in inputs if each not in self.known]
                if missing and not unknown:
                    pending.append(missing[0])
                else:
                    self._compute(step, is_known=not unknown)
        return self.known[value]

    def run(self, step: RunningCall) -> Any:
        """What a function returns; where it asks for data that is known, it runs on data.

        Raises:
            Exception: whatever the function raises.
        """
        args, kwargs = step.arguments
        try:
            return step.function(*args, **kwargs)
        except Exception:
            with suppress(_UnknownError):
                return self._run_on_data(step)
            raise

    def numbered(self, step: RunningCall) -> RunningCall:
        """The call with whole numbers for the known tensors of one, in an index or a size.

        Indexing by a number is a view, of a parameter too, and its weights are those of an
        expert; by a tensor it is a copy.
        """
        (args, kwargs), (shown_args, shown_kwargs) = step.arguments, step.references
        if step.name in INDEXING:
            last = 2
        elif step.name in SIZED:
            last = len(args)
        else:
            return step
        if not _has_number((args[1:last], kwargs)):
            return step
        with suppress(_UnknownError):
            asked = (*args[1:last],), dict(kwargs)
            (raw, named), (shown, shown_named) = self._with_numbers(
                asked, (shown_args[1:last], shown_kwargs)
            )
            return step._replace(
                arguments=((args[0], *raw, *args[last:]), named),
                references=((shown_args[0], *shown, *shown_args[last:]), shown_named),
            )
        return step

    def _with_numbers(self, raw: Any, shown: Any) -> tuple[Any, Any]:
        """Arguments, and what stands for them, with numbers in place of tensors of one."""
        if _is_number(raw):
            number = self._number(raw, shown)
            return number, number
        if isinstance(raw, dict):
            pairs = {key: self._with_numbers(item, shown[key]) for key, item in raw.items()}
            items = {key: pair[0] for key, pair in pairs.items()}
            return items, {key: pair[1] for key, pair in pairs.items()}
        if isinstance(raw, slice):
            starts, shown_starts = self._with_numbers(ends_of(raw), ends_of(shown))
            return slice(*starts), slice(*shown_starts)
        if isinstance(raw, (tuple, list)):
            each = [self._with_numbers(*pair) for pair in zip(raw, shown, strict=True)]
            numbers = [pair[0] for pair in each]
            shown = (*(pair[1] for pair in each),)
            return numbers if isinstance(raw, list) else (*numbers,), shown
        return raw, shown

    def _number(self, entry: torch.Tensor, reference: ValueRef) -> int:
        data = self._known(reference) if entry.is_meta else entry
        with _without_modes():
            return int(data)

    def _run_on_data(self, step: RunningCall) -> Any:
        """What a function returns, on the meta device.

        Raises:
            _UnknownError: the data is unknown.
        """
        args, _ = step.arguments
        if not any(tensor.is_meta for tensor in tensors(step.arguments)):
            raise _UnknownError
        if step.name in INDEXING:
            return step.function(args[0], self._index(args[1], step.references[0][1]), *args[2:])
        if step.name == "pack_padded_sequence":  # which asks for lengths alone, on the CPU
            lengths = self._known(step.references[0][1])
            return step.function(args[0], lengths, *args[2:])
        args, kwargs = self._filled(step)
        result = _outside(lambda: step.function(*args, **kwargs))
        with _without_modes():
            return mapped(result, lambda tensor: tensor.to("meta"))

    def _known(self, reference: ValueRef) -> torch.Tensor:
        data = self.of(reference.value)
        if data is None:
            raise _UnknownError
        return data

    def _index(self, index: Any, shown: Any) -> Any:
        """An index with places in place of masks, and numbers in place of tensors of one."""
        entries: list[Any] = []
        for entry, reference in zip(_entries(index), _entries(shown), strict=True):
            if not _is_number(entry) and not _is_mask(entry):
                entries.append(entry)
                continue
            data = self._known(reference)
            with _without_modes():
                places = data.nonzero(as_tuple=True) if data.dim() else ()
            entries += [each.to("meta") for each in places] if data.dim() else [data.item()]
        return tuple(entries)

    def _compute(self, step: RunningCall, is_known: bool) -> None:
        """Computes what a call puts out."""
        outputs: Sequence[torch.Tensor | None] = ()
        if self.is_stated and (not is_known or step.owner == LEVELS):
            outputs = self._stated(step)
        if outputs:
            pass
        elif is_known:
            try:
                args, kwargs = self._filled(step)
                outputs = _outside(lambda: _outputs(step.function, args, kwargs))
            except Exception:  # What the function may raise is not known here.
                outputs = ()
        elif step.name in CHOSEN:
            outputs = self._spread(step)
        if len(outputs) != len(step.outputs):
            outputs = [None] * len(step.outputs)
        self.known.update(zip(step.outputs, outputs, strict=True))

    def _filled(self, step: RunningCall) -> tuple[Any, Any]:
        """The arguments with data in their tensors.

        Raises:
            _UnknownError: some of it is unknown.
        """
        read = {*_read(step)}

        def data(tensor: Any, reference: Any) -> Any:
            if isinstance(reference, ValueRef):
                if tensor.numel() > LARGEST:
                    raise _UnknownError
                if reference.value not in read:
                    return torch.zeros((), dtype=tensor.dtype).expand(tensor.shape)
                return self._known(reference).clone()
            is_device = isinstance(tensor, torch.device) and tensor.type == "meta"
            return "cpu" if is_device or tensor == "meta" else tensor

        with _without_modes():
            args, kwargs = (
                zipped(raw, shown, data)
                for raw, shown in zip(step.arguments, step.references, strict=True)
            )
        return args, kwargs

    def _stated(self, step: RunningCall) -> Sequence[torch.Tensor | None]:
        """What is stated of boxes: all pass a threshold, in any order.

        Each is as large as the image, and yet they are spread over the levels of a pyramid.
        """
        shape = step.shape
        if step.name in THRESHOLDS:
            self.bounds[step.path] = None
            with _without_modes():
                return [torch.ones(shape, dtype=torch.bool)]
        args, kwargs = step.arguments
        named = {**dict(zip(("min", "max"), args[1:], strict=False)), **kwargs}
        if step.name == "clamp" and {"min", "max"} <= named.keys():
            low, high = named["min"], named["max"]
            with _without_modes():
                if step.owner == LEVELS:
                    places = low + torch.arange(shape.numel()).reshape(shape) % (high - low + 1)
                    return [places.to(args[0].dtype)]
                if shape[-1:] == (2,):  # Where a box begins and ends, clipped to the image.
                    self.bounds[step.path] = None
                    return [torch.tensor([low, high], dtype=args[0].dtype).expand(shape)]
        if step.name in ORDERS and len(shape) == 1:
            with _without_modes():
                return [*[None] * (len(step.outputs) - 1), torch.arange(shape.numel())]
        return ()

    def _spread(self, step: RunningCall) -> Sequence[torch.Tensor | None]:
        """Places that are chosen evenly: each row the next ones after those of the row before."""
        args, kwargs = step.arguments
        is_topk = step.name == "topk"
        named = dict(zip(("k", "dim") if is_topk else ("dim", "keepdim"), args[1:], strict=False))
        named |= kwargs
        shape = list(args[0].shape)
        dim = named.get("dim", -1 if is_topk else None)
        if dim is None:
            return ()
        count, width = shape.pop(dim), int(named["k"]) if is_topk else 1
        rows = torch.Size(shape).numel()
        if rows * width > LARGEST:
            return ()
        with _without_modes():
            first = torch.arange(rows).reshape(*shape, 1) * width
            places = ((first + torch.arange(width)) % count).movedim(-1, dim)
            if not is_topk and not named.get("keepdim", False):
                places = places.squeeze(dim)
        if self.is_stated:
            self.bounds[step.path] = None
        else:
            self.choices[step.path] = (width, count)
        chosen: list[torch.Tensor | None] = [None] * len(step.outputs)
        chosen[CHOSEN[step.name]] = places
        return chosen


def _read(step: RunningCall) -> Sequence[int]:
    """The values whose data a call reads, beside those that it reads the shape of."""
    if step.name in CREATED:
        return ()
    return references(step.references[0][:1] if step.name in SHAPED else step.references)


def method_name(step: RunningCall) -> str:
    """The name of a method as Python has it."""
    return str(getattr(step.function, "__name__", step.name))


def asks_for_values(step: RunningCall) -> bool:
    """Whether what a call returns, or how large it is, depends on the values of tensors."""
    args, kwargs = step.arguments
    if step.name in CASTS:
        return method_name(step).startswith("__")
    if step.name == "where":
        return len(args) + len(kwargs) == 1
    if step.name == "getitem":
        return any(map(_is_mask, _entries(args[1])))
    return step.name in ASKING


def _is_mask(entry: Any) -> bool:
    """Whether an entry of an index chooses places by values."""
    return isinstance(entry, torch.Tensor) and entry.dtype in (torch.bool, torch.uint8)


def _entries(index: Any) -> tuple[Any, ...]:
    is_several = isinstance(index, tuple) and not isinstance(index, ValueRef)
    return index if is_several else (index,)


def _has_number(structure: Any) -> bool:
    """Whether there is a tensor of one whole number in an index or a size."""
    if isinstance(structure, slice):
        structure = ends_of(structure)
    if isinstance(structure, Mapping):
        structure = [*structure.values()]
    if isinstance(structure, (tuple, list)):
        return any(map(_has_number, structure))
    return _is_number(structure)


def _is_number(entry: Any) -> bool:
    """Whether an argument is a tensor of one whole number."""
    return (
        isinstance(entry, torch.Tensor)
        and entry.dim() == 0
        and entry.dtype in (torch.int64, torch.int32, torch.int16, torch.int8)
    )


def _outputs(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What a call writes into, and what it creates, as the recorder orders them."""
    inputs = [*tensors((args, kwargs))]
    versions = [tensor._version for tensor in inputs]
    result = function(*args, **kwargs)
    before = zip(inputs, versions, strict=True)
    written = [tensor for tensor, version in before if tensor._version != version]
    known = {id(tensor) for tensor in inputs}
    return [*written, *(tensor for tensor in tensors(result) if id(tensor) not in known)]


def _outside(run: Callable[[], Any]) -> Any:
    """What runs on data, seen by no mode."""
    with _without_modes(), torch.no_grad():
        return run()


@contextmanager
def _without_modes() -> Iterator[None]:
    with torch._C.DisableTorchFunction(), _disable_current_modes():
        yield
