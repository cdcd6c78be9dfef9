"""A module's forward pass on the meta device, and messages for what can go wrong in it."""

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

from costcalc.errors import Mark, Problem, SpecError, refuse
from costcalc.importers.model import Model, Shape
from costcalc.importers.torch.calls import Trace
from costcalc.importers.torch.context import TorchBuilder
from costcalc.importers.torch.forward.recorder import Recorder, UnseenTensorError, record
from costcalc.importers.torch.table import RULES

T = TypeVar("T")

_OWN = tuple(
    os.path.dirname(os.path.abspath(file)) + os.sep
    for file in (torch.__file__, importlib.__file__, os.path.dirname(__file__))
)
"""Where code is that is not the user's."""


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
        SpecError: it does not run on the input, or calls what is of no known kind.
    """
    trace = forward(module.eval(), file or name, input)
    builder = TorchBuilder(trace, RULES, file or name, allow_unknown)
    try:
        builder.run()
    except RecursionError:
        message = "too many functions are called one after another on parameters alone"
        refuse(builder.mark, message, expected="what the module computes of its input")
    return builder.model(name, file, parameters or {})


def on_meta(module: torch.nn.Module) -> torch.nn.Module:
    """A copy whose tensors have shapes and no data.

    Raises:
        SpecError: the module cannot be copied.
    """
    memo: dict[int, Any] = {}
    for parameter in module.parameters():
        if is_lazy(parameter):
            memo[id(parameter)] = UninitializedParameter(requires_grad=False, device="meta")
            continue
        empty = torch.empty_like(parameter, device="meta")
        memo[id(parameter)] = torch.nn.Parameter(empty, requires_grad=False)
    with running(type(module).__name__, "the module cannot be copied"), _MetaCopies():
        return copy.deepcopy(module, memo)


class _MetaCopies(TorchFunctionMode):
    """Copies tensors to the meta device."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Any = (),
        kwargs: Any = None,
    ) -> Any:
        """Copies of the tensors that are to be copied, and everything else as ever."""
        if func is torch.Tensor.__deepcopy__:
            tensor, memo = args
            return memo.setdefault(id(tensor), torch.empty_like(tensor, device="meta"))
        return func(*args, **(kwargs or {}))


def forward(module: torch.nn.Module, file: str, input: Shape) -> Trace:
    """What the module calls for an input of that shape, without the batch.

    Raises:
        SpecError: it does not run.
    """
    if any(is_lazy(parameter) for parameter in module.parameters()):
        doing = "its parameters have no shape before it runs, and it does not run"
        with running(file, doing), torch.no_grad(), torch.device("meta"):
            module(torch.empty((1, *input)))
    for dtype in (torch.get_default_dtype(), torch.int64):
        with running(file, "its parameters cannot be looked into"):
            recorder = Recorder(module)
        try:
            with quiet(), torch.device("meta"):
                return record(recorder, module, torch.empty((1, *input), dtype=dtype))
        except Exception as error:
            if recorder.last != "embedding" or dtype is torch.int64:
                raise SpecError([_failure(recorder, file, input, error)]) from None
    raise AssertionError("unreachable: the second type of input runs or raises")


def _failure(recorder: Recorder, file: str, input: Shape, error: Exception) -> Problem:
    stack = recorder.stack
    path = recorder.paths.get(stack[-1], "")
    where = f"module '{path}' ({type(stack[-1]).__name__})" if path else type(stack[-1]).__name__
    shown = ",".join(str(side) for side in input)
    expected = hint = ""
    if isinstance(error, UnseenTensorError):
        message = f"{where} uses a tensor of compiled code, which cannot be looked into"
        expected, found = "PyTorch's functions, called from Python", where_raised(error)
    else:
        found = described(error)
        message = f"{where} does not run on an input of {shown}"
        if "meta tensor" in found or recorder.last in ("item", "tolist", "bool", "nonzero"):
            message = f"{where} decides by the values of a tensor, and there are none"
            expected = "a forward pass that depends upon shapes alone"
        elif isinstance(error, TypeError) and "forward()" in found and len(stack) <= 2:
            message = f"{where} does not take one input"
            expected = "a module with one input; those of several need a module around them"
        else:
            hint = "--input C,H,W, the shape that it is made for"
    return Problem(Mark(file), message, expected, found, hint)


@contextmanager
def running(file: str, doing: str) -> Iterator[None]:
    """Runs code of the module's author, quietly: what it raises becomes one message.

    Raises:
        SpecError: it raised something.
    """
    try:
        with quiet():
            yield
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        raise SpecError([Problem(Mark(file), doing, found=described(error))]) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Sends what the module's code prints to standard error, and drops its warnings."""
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def described(error: BaseException) -> str:
    """An exception in a line, with the place in the user's code."""
    text = " ".join(str(error).split())
    place = where_raised(error)
    return f"{type(error).__name__}: {text}" + (f" ({place})" if place else "")


def where_raised(error: BaseException) -> str:
    """``file:line`` of the last line of code that is neither PyTorch's nor costcalc's."""
    place = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith((*_OWN, "<")):
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
