"""Runs a module's forward pass on the meta device, and explains what can go wrong in it."""

from __future__ import annotations

# PyTorch is not installed where types are checked.
# mypy: allow-subclassing-any
import copy
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from types import TracebackType
from typing import Any, TypeVar

import torch
from torch.nn.parameter import UninitializedParameter, is_lazy
from torch.overrides import TorchFunctionMode

from costcalc.advice import advice, option
from costcalc.errors import Mark, Problem, SpecError, refuse
from costcalc.importers.model import Model, Shape
from costcalc.importers.torch.calls import Trace
from costcalc.importers.torch.context import TorchBuilder
from costcalc.importers.torch.forward.recorder import Recorder, UnseenTensorError, record
from costcalc.importers.torch.table import RULES

T = TypeVar("T")

_NOT_USER_CODE = tuple(
    os.path.dirname(os.path.abspath(file)) + os.sep
    for file in (torch.__file__, importlib.__file__, os.path.dirname(__file__))
)
"""Folders of code that is not the user's."""


def model(
    module: torch.nn.Module,
    name: str,
    file: str,
    input: Shape,
    allow_unknown: bool = False,
    parameters: Mapping[str, Any] | None = None,
) -> Model:
    """The model of a module on the meta device.

    Raises:
        SpecError: it does not run on the input, or calls functions that have no layer kind.
    """
    trace = forward(module.eval(), file or name, input)
    builder = TorchBuilder(trace, RULES, file or name, allow_unknown)
    try:
        builder.run()
    except RecursionError:
        message = "too many functions in a row are called on parameters only"
        refuse(builder.mark, message, expected="operations on the module's input")
    return builder.model(name, file, parameters or {})


def on_meta(module: torch.nn.Module) -> torch.nn.Module:
    """A copy of the module whose tensors have shapes but no data.

    Raises:
        SpecError: the module cannot be copied.
    """
    memo: dict[int, Any] = {}
    for parameter in module.parameters():
        if is_lazy(parameter):
            memo[id(parameter)] = UninitializedParameter(parameter.requires_grad, device="meta")
            continue
        empty = torch.empty_like(parameter, device="meta")
        memo[id(parameter)] = torch.nn.Parameter(empty, parameter.requires_grad)
    with user_code(type(module).__name__, "the module cannot be copied"), _MetaCopies():
        return copy.deepcopy(module, memo)


class _MetaCopies(TorchFunctionMode):
    """Makes ``deepcopy`` copy tensors to the meta device."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Any = (),
        kwargs: Any = None,
    ) -> Any:
        """Replaces ``Tensor.__deepcopy__``, and runs everything else unchanged."""
        if func is torch.Tensor.__deepcopy__:
            tensor, memo = args
            return memo.setdefault(id(tensor), torch.empty_like(tensor, device="meta"))
        return func(*args, **(kwargs or {}))


def forward(module: torch.nn.Module, file: str, input: Shape) -> Trace:
    """The record of the module's forward pass on an input of that shape, without the batch.

    Raises:
        SpecError: it does not run.
    """
    if any(is_lazy(parameter) for parameter in module.parameters()):
        message = "its parameters have no shape before it runs, and it does not run"
        with user_code(file, message), torch.no_grad(), torch.device("meta"):
            module(torch.empty((1, *input)))
    for dtype in (torch.get_default_dtype(), torch.int64):
        with user_code(file, "its parameters cannot be inspected"):
            recorder = Recorder(module)
        try:
            with quiet(), torch.device("meta"):
                return record(recorder, module, torch.empty((1, *input), dtype=dtype))
        except Exception as error:
            if recorder.last != "embedding" or dtype is torch.int64:
                refuse(*_failure(recorder, file, input, error))
    raise AssertionError("unreachable: the second type of input runs or raises")


def _failure(recorder: Recorder, file: str, input: Shape, error: Exception) -> Problem:
    stack = recorder.stack
    path = recorder.paths.get(stack[-1], "")
    where = f"module '{path}' ({type(stack[-1]).__name__})" if path else type(stack[-1]).__name__
    shape = ",".join(str(side) for side in input)
    expected = hint = ""
    if isinstance(error, UnseenTensorError):
        message = f"{where} uses a tensor from compiled code, which cannot be inspected"
        expected, found = "PyTorch's functions, called from Python", _raised_at(error)
    else:
        found = describe(error)
        message = f"{where} does not run on an input of {shape}"
        if "meta tensor" in found or recorder.last in ("item", "tolist", "bool", "nonzero"):
            message = f"{where} depends on the values of a tensor, but tensors have only shapes"
            expected = "a forward pass that depends on shapes only"
        elif isinstance(error, TypeError) and "forward()" in found and len(stack) <= 2:
            message = f"{where} does not take one input"
            expected = "a module with one input; wrap a module that takes several"
        else:
            hint = _shape_hint(input)
    return Problem(Mark(file), message, expected, found, hint)


def _shape_hint(input: Shape) -> str:
    """The shape that the caller may have meant."""
    if len(input) > 1 and input[0] == 1:
        return advice("{}, without the batch", option("input", ",".join(map(str, input[1:]))))
    if len(input) == 3 and input[2] in (1, 3, 4) and input[0] > 4:
        shape = f"{input[2]},{input[0]},{input[1]}"
        return advice("{}, channels first", option("input", shape))
    expected = "{}, the shape that the module expects, without the batch"
    return advice(expected, option("input", "C,H,W"))


@contextmanager
def user_code(file: str, message: str) -> Iterator[None]:
    """Runs the user's code quietly, and turns an exception into one message.

    Raises:
        SpecError: the code raised an exception.
    """
    try:
        with quiet():
            yield
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        refuse(Mark(file), message, found=describe(error))


@contextmanager
def quiet() -> Iterator[None]:
    """Redirects the code's output to standard error, and drops its warnings."""
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def describe(error: BaseException) -> str:
    """An exception in one line, with the place in the user's code."""
    text = " ".join(str(error).split())
    place = _raised_at(error)
    return f"{type(error).__name__}: {text}" + (f" ({place})" if place else "")


def _raised_at(error: BaseException) -> str:
    """The innermost ``file:line`` of the traceback that is neither PyTorch's nor costcalc's."""
    place = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith((*_NOT_USER_CODE, "<")):
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
