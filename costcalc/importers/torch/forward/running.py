"""Runs a module's forward pass without data, and explains what can go wrong in it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch.nn.parameter import is_lazy

from costcalc.advice import advice, option
from costcalc.errors import Mark, Problem, refuse
from costcalc.importers.model import Model, Request, Shape
from costcalc.importers.torch.calls import Trace
from costcalc.importers.torch.context import TorchBuilder
from costcalc.importers.torch.forward.arguments import Call
from costcalc.importers.torch.forward.packed import without_observers
from costcalc.importers.torch.forward.recorder import (
    NestedTensorError,
    Recorder,
    UnseenTensorError,
    record,
)
from costcalc.importers.torch.forward.user_code import (
    FAILURES,
    describe,
    quiet,
    raised_at,
    text_of,
    user_code,
)
from costcalc.importers.torch.forward.values import ASKING, NUMBERS
from costcalc.importers.torch.forward.witness import UnknownOperatorError
from costcalc.importers.torch.origins import references
from costcalc.importers.torch.table import RULES

OwnModule = Callable[[], torch.nn.Module | None]
"""The module with data in its weights, if it has any."""


def model(
    module: torch.nn.Module,
    name: str,
    file: str,
    call: Call,
    request: Request,
    own: OwnModule,
    weights: str,
) -> Model:
    """The model of one call of a module.

    Args:
        module: the module on the meta device.
        name: its name.
        file: how it was named; '' for a module that was given.
        call: what it is called on.
        request: how it is to be read.
        own: the module with data, for one whose shapes depend on values.
        weights: whose weights these are.

    Raises:
        SpecError: it does not run on the arguments, or calls functions that have no layer kind.
    """
    trace = forward(without_observers(module.eval()), file or name, call, own, weights)
    builder = TorchBuilder(trace, RULES, file or name, request.allow_unknown)
    try:
        builder.run()
    except RecursionError:
        message = "too many functions in a row are called on parameters only"
        refuse(builder.mark, message, expected="operations on the module's input")
    if call.is_whole:
        for sentence in _on_several(trace):
            builder.note(sentence)
    for sentence in _on_values(trace, builder):
        builder.note(sentence)
    return builder.model(name, file, request.settings if file else {})


def _on_several(trace: Trace) -> Iterator[str]:
    """How many a call counts, where it puts out as many as it was given."""
    first, *_ = (value for value in trace.values if value.source == "input")
    count = first.shape[0] if len(first.shape) > 1 else 1
    outputs = [trace.values[output].shape for output in trace.outputs]
    if count > 1 and any(not shape or shape[0] % count == 0 for shape in outputs):
        yield f"Counts are of one call on the whole inputs: of all {count} along their first axis."


def _on_values(trace: Trace, builder: TorchBuilder) -> Iterator[str]:
    """What depends on the values of tensors, and how it was counted."""
    routers: dict[tuple[int, int], list[str]] = {}
    for path, choice in trace.choices.items():
        routers.setdefault(choice, []).append(path)
    for (chosen, count), paths in routers.items():
        places = _places(paths)
        yield (
            f"{chosen} of {count} are chosen for each row, whatever the values, "
            f"and spread evenly: {places}."
        )
    if trace.bounds:
        places = _places(trace.bounds)
        yield (
            "All boxes are as large as the image and pass every threshold, and as many are kept "
            f"as the network states: counts are the most there can be ({places})."
        )
    origins = builder.origins
    outside = [
        each
        for each in trace.left
        if each.function not in NUMBERS and not all(map(origins.is_constant, each.values))
    ]
    if outside:
        places = _places(dict.fromkeys(each.path for each in outside))
        yield f"What is computed outside of PyTorch, as by NumPy, is not counted: {places}."
    if trace.has_sparse:
        yield "A sparse tensor is counted as a full one of its shape."
    computed = [each for each in trace.asked if any(map(origins.is_of_input, each.values))]
    if computed:
        asked = [
            f"{each.function} in '{each.path}'" if each.path else each.function for each in computed
        ]
        places = listed([*dict.fromkeys(asked)])
        yield f"Shapes depend on values ({places}): counts are of one run, on {trace.data}."


def _places(paths: Iterable[str]) -> str:
    return listed([f"in '{path}'" if path else "in the network itself" for path in paths])


def listed(words: Sequence[str], shown: int = 3) -> str:
    """The first words of a list, and how many more there are."""
    more = len(words) - shown
    return ", ".join(words[:shown]) + (f" and {more} more" if more > 0 else "")


def forward(module: torch.nn.Module, file: str, call: Call, own: OwnModule, weights: str) -> Trace:
    """The record of one call of the module: on the meta device, unless it asks for data.

    Raises:
        SpecError: it does not run.
    """
    if any(map(is_lazy, (*module.parameters(), *module.buffers()))):
        message = "its parameters have no shape before it runs, and it does not run"
        with user_code(file, message), torch.no_grad(), torch.device("meta"):
            module(*call.args, **call.kwargs)
    before: list[torch.Tensor] = []
    while True:
        with user_code(file, "its parameters cannot be inspected"):
            recorder = Recorder(module, RULES.names, before)
        try:
            with quiet(), torch.device("meta"):
                return record(recorder, module, call)
        except FAILURES as error:
            indices = _indices(recorder, error, call)
            if isinstance(error, UnseenTensorError) and not before:
                before = _without_data()
            elif indices:
                call = call.with_dtype(indices, torch.int64)
            elif call.untyped and _dtypes(module) == {torch.complex64}:
                call = call.with_dtype(call.untyped, torch.complex64)
            else:
                with_data = own() if _asks_for_values(recorder, error) else None
                if with_data is None:
                    refuse(*_failure(recorder, file, call, error))
                return _on_data(with_data.eval(), file, call, weights)


def _without_data() -> list[torch.Tensor]:
    """All tensors on the meta device: code that caches tensors keeps those of an earlier pass."""
    alive = gc.get_objects()
    return [each for each in alive if issubclass(type(each), torch.Tensor) and each.is_meta]


def _on_data(module: torch.nn.Module, file: str, call: Call, weights: str) -> Trace:
    """The record of one call of a module with data, the same at every time.

    Raises:
        SpecError: it does not run.
    """
    device = next((tensor.device for tensor in module.parameters()), torch.device("cpu"))
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        call = call.with_data(device, weights)
        with user_code(file, "its parameters cannot be inspected"):
            recorder = Recorder(module, RULES.names)
        try:
            with quiet(), torch.device(device):
                return record(recorder, module, call)
        except FAILURES as error:
            refuse(*_failure(recorder, file, call, error))


def _dtypes(module: torch.nn.Module) -> set[torch.dtype]:
    return {parameter.dtype for parameter in module.parameters()}


def _indices(recorder: Recorder, error: BaseException, call: Call) -> list[str]:
    """The inputs of open type that the function that failed wants as indices."""
    if not any(words in text_of(error) for words in ("indices", "index tensor")):
        return []
    producers = {output: each for each in recorder.calls for output in each.outputs}
    pending, seen, names = references(recorder.last_arguments), set[int](), list[str]()
    while pending:
        index = pending.pop()
        if index in seen:
            continue
        seen.add(index)
        value = recorder.values[index]
        if value.source == "input" and value.name in call.untyped:
            names.append(value.name)
        elif index in producers:
            pending += references((producers[index].arguments, producers[index].keywords))
    return [name for name in names if call.tensors[name].dtype != torch.int64]


def _failure(recorder: Recorder, file: str, call: Call, error: BaseException) -> Problem:
    caller = recorder.modules.caller
    path, kind = recorder.modules.paths.get(caller, ""), type(caller).__name__
    where = f"module '{path}' ({kind})" if path else kind
    expected = hint = ""
    if isinstance(error, NestedTensorError):
        message = f"{where} uses a nested tensor, which has no one shape"
        expected, found = "padded tensors, or one sequence", raised_at(error)
    elif isinstance(error, UnknownOperatorError):
        message = f"{where} runs the operator '{error}', for which costcalc has no layer kind"
        expected, found = "an operation that has a layer kind", raised_at(error)
    elif isinstance(error, UnseenTensorError):
        message = f"{where} uses a tensor from compiled code, which cannot be inspected"
        expected, found = "PyTorch's functions, called from Python", raised_at(error)
    else:
        found = describe(error)
        message = f"{where} does not run on an input of {call.text}"
        if _asks_for_values(recorder, error) and not call.data:
            message = f"{where} depends on the values of a tensor, but tensors have only shapes"
            expected = "a forward pass that depends on shapes only"
        elif len(call.tensors) == 1 and not call.is_whole:
            ((name, tensor),) = call.tensors.items()
            hint = _shape_hint(name, tuple(tensor.shape[1:]))
    return Problem(Mark(file), message, expected, found, hint)


def _asks_for_values(recorder: Recorder, error: BaseException) -> bool:
    """Whether a function failed for want of data."""
    return "meta" in text_of(error).lower() or recorder.last in ASKING


def _shape_hint(name: str, input: Shape) -> str:
    """The shape that the caller may have meant."""
    if name.endswith("ids") and len(input) > 1:
        return advice("{}, as many tokens, without the batch", option("input", "128"))
    if len(input) > 1 and input[0] == 1:
        return advice("{}, without the batch", option("input", ",".join(map(str, input[1:]))))
    if len(input) == 3 and input[2] in (1, 3, 4) and input[0] > 4:
        shape = f"{input[2]},{input[0]},{input[1]}"
        return advice("{}, channels first", option("input", shape))
    expected = "{}, the shape that the module expects, without the batch"
    return advice(expected, option("input", "C,H,W"))
