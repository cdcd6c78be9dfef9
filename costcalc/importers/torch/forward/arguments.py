"""What a module is called on: tensors of the shapes that are asked for, or those of a call.

Tensors are named after the parameters of ``forward``, and their places inside them:
``x``, ``batch/image``, ``pyramid/0``.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

import torch
from torch.nn.utils.rnn import PackedSequence

from costcalc.advice import inputs_option
from costcalc.errors import Mark, Problems, Refusal, did_you_mean, refuse
from costcalc.graph.input import sides_at
from costcalc.importers.model import SCALAR, Request, RequestedInput, Shape
from costcalc.importers.torch.forward.copies import meta_copy
from costcalc.importers.torch.reference import input_shape

Parameters = Mapping[str, inspect.Parameter]

DEPTH = 16
"""How deep tensors may be inside an argument."""


class Call(NamedTuple):
    """The arguments of one call of a module, with tensors on the meta device."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    tensors: Mapping[str, torch.Tensor]
    """The tensors in the arguments by their names, in the order of ``forward``'s parameters."""
    untyped: frozenset[str] = frozenset()
    """The names of tensors that nobody gave a type of numbers."""
    values: Mapping[str, torch.Tensor] = {}
    """The tensors that were given, with their values."""
    is_whole: bool = False
    """Whether tensors were given with their batch, and the whole of it is counted."""
    data: str = ""
    """Whose values the tensors have, and the module: '' on the meta device."""

    def replaced(self, tensors: Mapping[str, torch.Tensor]) -> Call:
        """The call with other tensors, by their names."""
        others = {**self.tensors, **tensors}
        memo = {id(self.tensors[name]): others[name] for name in self.tensors}
        args, kwargs = copy.deepcopy((self.args, self.kwargs), memo)
        return self._replace(args=args, kwargs=kwargs, tensors=others)

    def with_dtype(self, names: Iterable[str], dtype: torch.dtype) -> Call:
        """The call with other numbers in some of the tensors that nobody gave a type."""
        changed = {name: self.tensors[name].to(dtype) for name in names}
        return self.replaced(changed)._replace(untyped=self.untyped - changed.keys())

    def with_data(self, device: torch.device, weights: str) -> Call:
        """The call on data: what was given, random numbers, and zeros for whole ones.

        Args:
            device: where the data is.
            weights: whose weights the module has.
        """
        data = {name: self._data(name, tensor, device) for name, tensor in self.tensors.items()}
        is_given = all(self._is_given(name) for name in self.tensors)
        inputs = "the inputs that were given" if is_given else "random inputs"
        return self.replaced(data)._replace(data=f"{weights} and {inputs}")

    def _is_given(self, name: str) -> bool:
        given = self.values.get(name)
        return given is not None and not given.is_meta and given.shape == self.tensors[name].shape

    def _data(self, name: str, tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
        if self._is_given(name):
            return self.values[name].detach().to(device, copy=True)
        if tensor.dtype is torch.bool:
            return torch.ones(tensor.shape, dtype=torch.bool, device=device)
        data = torch.zeros(tensor.shape, dtype=tensor.dtype, device=device)
        return data.normal_() if data.is_floating_point() or data.is_complex() else data

    @property
    def text(self) -> str:
        """The shapes, for messages: ``3,224,224``; by name if there are several."""
        shapes = {
            name: ",".join(map(str, tensor.shape if self.is_whole else tensor.shape[1:])) or SCALAR
            for name, tensor in self.tensors.items()
        }
        if len(shapes) == 1:
            return next(iter(shapes.values()))
        return ", ".join(f"{name} = {shape}" for name, shape in shapes.items())


def call_of_shapes(module: torch.nn.Module, request: Request, file: str) -> Call:
    """The call of a module on tensors of the requested shapes, a batch of one each.

    A shape without a name is the first parameter's, by default an image.  Numbers are of
    the type of the module's own, unless the request says otherwise.

    Raises:
        SpecError: a name is not a parameter's, a parameter lacks a shape, or a type of
            numbers does not exist; all of them are named.
    """
    signature = _signature(module)
    parameters = signature.parameters
    wanted = _by_parameter(parameters, request, file)
    own = _dtype(module)
    problems = Problems()
    tensors = {}
    for name, (shape, word) in wanted.items():
        dtype = getattr(torch, word, None) if word else own
        if isinstance(dtype, torch.dtype):
            batch = () if _is_list(parameters.get(name.partition("/")[0])) else (1,)
            tensors[name] = torch.empty((*batch, *shape), dtype=dtype, device="meta")
        else:
            message = f"input '{name}' cannot hold numbers of type '{word}'"
            expected = "a type of PyTorch: float32, float16, bfloat16, int64, bool"
            problems.add(Mark(file), message, expected)
    problems.raise_any()
    arguments = _nested(tensors)
    for name, value in arguments.items():
        if _is_list(parameters.get(name)) and isinstance(value, torch.Tensor):
            arguments[name] = [value]
    ordered = {name: arguments.pop(name) for name in parameters if name in arguments}
    variable = [each.name for each in parameters.values() if each.kind is each.VAR_POSITIONAL]
    for name in variable:
        if name in ordered:
            ordered[name] = (ordered[name],)
    bound = inspect.BoundArguments(signature, ordered)  # type: ignore[arg-type]
    untyped = frozenset(name for name, (_, word) in wanted.items() if not word)
    args, kwargs = bound.args, {**bound.kwargs, **arguments}
    return Call(args, kwargs, tensors, untyped)


def call_of_values(
    module: torch.nn.Module,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    res: int | Shape | None,
    file: str,
) -> Call:
    """One call of a module, with its tensors on the meta device.

    ``res`` sets the spatial sides of the first tensor, and of all that have the same ones.

    Raises:
        SpecError: ``forward`` does not take the arguments, there is no tensor in them, or a
            tensor has no shape.
    """
    try:
        bound = _signature(module).bind(*args, **kwargs).arguments
    except TypeError as error:
        refuse(Mark(file), f"{_shown(module)} does not take the arguments", found=str(error))
    given = _named(module, bound)
    if not given:
        message = f"there is no tensor among the arguments of {_shown(module)}"
        refuse(Mark(file), message, expected="args=(x,), with a tensor", found=_types(bound))
    for name, tensor in given.items():
        if tensor.is_nested:
            message = f"input '{name}' is a nested tensor, which has no one shape"
            refuse(Mark(file), message, expected="padded tensors, or one sequence")
    sizes = {id(tensor): tensor for tensor in _sizes_of_steps((args, kwargs))}
    on_meta = meta_copy((tuple(args), dict(kwargs)), file, "the arguments cannot be copied", sizes)
    copied = _named(module, _signature(module).bind(*on_meta[0], **on_meta[1]).arguments)
    call = Call(*on_meta, tensors=copied, values=given, is_whole=True)
    return call if res is None else _at_resolution(call, res, file)


def _signature(module: torch.nn.Module) -> inspect.Signature:
    """The signature of ``forward``; that of any arguments where Python does not know it."""
    try:
        return inspect.signature(module.forward)
    except (AttributeError, TypeError, ValueError):
        kinds = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
        names = zip(("args", "kwargs"), kinds, strict=True)
        return inspect.Signature([inspect.Parameter(name, kind) for name, kind in names])


def _by_parameter(parameters: Parameters, request: Request, file: str) -> dict[str, RequestedInput]:
    """The wanted inputs by their names, in the order of the parameters."""
    mark, problems = Mark(file), Problems()
    inputs = dict(request.inputs)
    given = {name.partition("/")[0] for name in inputs}
    places = [name for name, each in parameters.items() if each.kind is not each.VAR_KEYWORD]
    first = places[0] if places else ""
    is_first_asked = request.input is not None or request.res is not None
    if first in given and is_first_asked:
        plain = "input" if request.input is not None else "res"
        message = f"the shape of input '{first}' is set twice"
        problems.add(mark, message, "one of the two", f"by its name, and by {plain}")
    elif is_first_asked or not inputs or (first and _is_required(parameters[first])):
        plain_input = RequestedInput(input_shape(request, file), request.dtype)
        inputs = {first or "input": plain_input, **inputs} if first not in given else inputs
        given.add(first)
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    for name in inputs:
        top = name.partition("/")[0]
        if top not in places and not takes_any and places:
            expected, hint = ", ".join(places), did_you_mean(top, places)
            problems.add(mark, f"forward has no input '{top}'", expected, hint=hint)
    missing = [each for each in places if each not in given and _is_required(parameters[each])]
    if missing:
        problems.add(
            mark,
            f"forward does not run without {', '.join(missing)}",
            expected="a shape for each parameter without a default, without the batch",
            hint=inputs_option(missing),
        )
    problems.raise_any()
    order = {name: place for place, name in enumerate(parameters)}
    tops = {name: name.partition("/")[0] for name in inputs}
    return dict(sorted(inputs.items(), key=lambda item: order.get(tops[item[0]], len(order))))


def _is_required(parameter: inspect.Parameter) -> bool:
    is_variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not is_variable


def _is_list(parameter: inspect.Parameter | None) -> bool:
    """Whether a parameter is a list of tensors, each of one image: the list is the batch."""
    annotation = parameter.annotation if parameter is not None else None
    text = annotation if isinstance(annotation, str) else repr(annotation)
    text = text.removeprefix("typing.").replace("torch.", "")
    return text in ("list[Tensor]", "List[Tensor]")


def _dtype(module: torch.nn.Module) -> torch.dtype:
    """The type of the module's real numbers: most complex modules read real ones, too."""
    tensors = (*module.parameters(), *module.buffers())
    dtypes = (tensor.dtype for tensor in tensors if tensor.is_floating_point())
    return next(dtypes, torch.get_default_dtype())


def _nested(tensors: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """Tensors by paths as mappings in mappings; lists where the places are numbers."""
    root: dict[str, Any] = {}
    for path, tensor in tensors.items():
        *folders, last = path.split("/")
        place = root
        for folder in folders:
            below = place.setdefault(folder, {})
            place = below if isinstance(below, dict) else place
        place[last] = tensor
    return {name: _listed(value) for name, value in root.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    is_list = set(inner) == set(map(str, range(len(inner))))
    return [inner[str(place)] for place in range(len(inner))] if is_list else inner


def _at_resolution(call: Call, res: int | Shape, file: str) -> Call:
    """The call at another resolution.

    Raises:
        SpecError: it does not fit the first tensor.
    """
    first = next(iter(call.tensors.values()))
    old = tuple(first.shape[2:])
    try:
        sides = sides_at(res, len(old))
    except Refusal as refusal:
        refuse(*refusal.problem(Mark(file)))
    return call.replaced(
        {
            name: tensor.new_empty((*tensor.shape[:2], *sides))
            for name, tensor in call.tensors.items()
            if tuple(tensor.shape[2:]) == old
        }
    )


def _named(module: torch.nn.Module, arguments: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The tensors in the arguments by their names; one that is passed twice has its first."""
    kinds = _signature(module).parameters
    named: dict[str, torch.Tensor] = {}
    seen = set[int]()
    for name, value in arguments.items():
        is_open = kinds[name].kind is inspect.Parameter.VAR_KEYWORD
        for path, tensor in tensors_in(value):
            if id(tensor) not in seen:
                seen.add(id(tensor))
                named["/".join(path if is_open else (name, *path))] = tensor
    return named


def tensors_in(value: Any, depth: int = DEPTH) -> Iterator[tuple[tuple[str, ...], torch.Tensor]]:
    """The tensors in a structure, and where: of sequences, mappings, and objects with fields."""
    if isinstance(value, torch.Tensor):
        yield (), value
        return
    if isinstance(value, PackedSequence):
        value = {"data": value.data}
    if depth:
        for key, item in _items(value):
            for path, tensor in tensors_in(item, depth - 1):
                yield (str(key).replace("/", "_").replace(".", "_"), *path), tensor


def _sizes_of_steps(value: Any, depth: int = DEPTH) -> Iterator[torch.Tensor]:
    """The numbers of sequences at each step of packed ones, which PyTorch keeps as values."""
    if isinstance(value, PackedSequence):
        yield value.batch_sizes
    elif depth and not isinstance(value, torch.Tensor):
        for _, item in _items(value):
            yield from _sizes_of_steps(item, depth - 1)


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    """What a structure holds, by key, by place or by field."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif isinstance(value, tuple | list | set | frozenset):
        yield from enumerate(value)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from ((field.name, getattr(value, field.name, None)) for field in fields(value))
    elif not isinstance(value, type | torch.nn.Module) and hasattr(value, "__dict__"):
        yield from vars(value).items()


def _types(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {type(value).__name__}" for name, value in arguments.items())


def _shown(module: torch.nn.Module) -> str:
    return f"{type(module).__name__}.forward"
