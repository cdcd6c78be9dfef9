"""The Python package's face: every question, and ``costcalc.Network``.

Messages name options as the command line does; from here they name arguments instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from operator import index
from typing import Any, ParamSpec, TypeVar

from costcalc import questions, resources
from costcalc.errors import CostcalcError, Problem, refuse
from costcalc.importers import ALLOW_UNKNOWN, INPUT
from costcalc.opening import AnyNetwork, OpenNetwork, exact, opened, refuse_value

P = ParamSpec("P")
T = TypeVar("T")

_VALUE = r"[0-9A-Z][\w.:*/]*(?:,\w[\w.:*/]*)*"
_OPTION = re.compile(
    rf"--(?:set (?P<setting>\w+=[\w.]*)|(?P<option>[a-z][a-z-]*)(?:[ =](?P<value>{_VALUE}))?)"
)
"""An option in a message, with its value if one is shown."""

_COMMANDS = (
    (re.compile(r"--between ([\w.-]+),([\w.-]+)"), r'"\1", "\2"'),
    (re.compile(r"--(in|over|weights|format) (\w+)"), r'--\1="\2"'),
    (re.compile(r"--(metrics|storage|planner) ([\w-]+(?:,[\w-]+)*)"), r'\1="\2"'),
    (re.compile(r"'costcalc (\w+)' lists"), r"costcalc.\1() lists"),
    (re.compile(r"costcalc check --shipped"), "costcalc.check()"),
    (re.compile(r"costcalc check (\S+) (--\S+ \w+)"), r'costcalc.check("\1", \2)'),
    (re.compile(r"NETWORK@res=224"), '"NETWORK@res=224"'),
)
"""Commands in messages, and what is written in Python instead."""


def in_python(question: Callable[P, T]) -> Callable[P, T]:
    """The question, whose messages name arguments of Python instead of options."""

    @wraps(question)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return question(*args, **kwargs)
        except CostcalcError as error:
            raise type(error)([_problem(problem) for problem in error.problems]) from None

    return asked


def _problem(problem: Problem) -> Problem:
    return problem._replace(
        message=python_words(problem.message),
        expected=python_words(problem.expected),
        hint=python_words(problem.hint),
    )


def python_words(text: str) -> str:
    """A message with arguments in place of the command line's options.

    >>> python_words("--input 3,224,224, channels first, or --set tokens=128")
    'input=(3, 224, 224), channels first, or tokens=128'
    >>> python_words("a smaller --step, or --max-params 5M")
    'a smaller step, or max_params="5M"'
    """
    if "--" not in text and "costcalc " not in text:
        return text
    for pattern, words in _COMMANDS:
        text = pattern.sub(words, text)
    return _OPTION.sub(_argument, text)


def _argument(match: re.Match[str]) -> str:
    """An option of the command line as an argument."""
    if match["setting"]:
        return match["setting"]
    option, value = match["option"], match["value"]
    name = "variables" if option == "in" else option.replace("-", "_")
    if option == "allow-unknown":
        return f"{name}=True"
    if not value:
        return name
    if option == "input":
        return f"{name}=({', '.join(value.split(','))})"
    is_plain = re.fullmatch(r"\d+(\.\d+)?|[A-Z]+", value)
    return f"{name}={value}" if is_plain else f'{name}="{value}"'


check = in_python(questions.check)
compare = in_python(questions.compare)
conventions = in_python(questions.conventions)
diff = in_python(questions.diff)
explain = in_python(questions.explain)
export = in_python(questions.export)
formula = in_python(questions.formula)
memory = in_python(resources.memory)
networks = in_python(questions.networks)
parameters = in_python(questions.parameters)
reconcile = in_python(questions.reconcile)
report = in_python(questions.report)
search = in_python(questions.search)
solve = in_python(questions.solve)
storages = in_python(resources.storages)
sweep = in_python(questions.sweep)
to_spec = in_python(questions.to_spec)
totals = in_python(questions.totals)


class Network(OpenNetwork):
    """An open network; costcalc's functions accept it wherever they accept a name.

    Each method is the function of the same name, applied to this network.
    """

    __slots__ = ()

    report = report
    totals = totals
    explain = explain
    formula = formula
    compare = compare
    diff = diff
    sweep = sweep
    solve = solve
    reconcile = reconcile
    search = search
    check = check
    to_spec = to_spec
    export = export
    memory = memory

    def _repr_html_(self) -> str | None:
        return self.report()._repr_html_()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>"


@in_python
def load(network: AnyNetwork, **settings: Any) -> Network:
    """Opens a network.

    Args:
        network: a name, a path, a model or an ``nn.Module``, as for :func:`report`.
        settings: defaults for every question about the network; a question's own win.

    Raises:
        CostcalcError: there is no such network, or the network or a setting is wrong.

    >>> load("mobilenet_v1", alpha=0.5).totals(res=160)
    Totals(params=1319648, mult_adds=76524800)
    """
    return Network(*opened(network, exact(settings)))


@in_python
def from_torch(module: Any, input: Any = (3, 224, 224), *, allow_unknown: bool = False) -> Network:
    """A PyTorch module as a network, from one run on the meta device.

    The module is not changed or moved, and its weights are neither read nor copied.
    The network has two parameters: ``alpha``, a multiplier of the module's widths, and
    ``res``, which runs the module again at another resolution.

    Args:
        module: an ``nn.Module``.
        input: the shape of its input, without the batch; or a batch, a tensor whose
            first dimension is left out.
        allow_unknown: whether to report unknown operations as not counted; by default
            they are an error.

    Raises:
        SpecError: PyTorch is not installed, the module does not run on an input of that
            shape, or it uses an unknown operation.
    """
    if isinstance(module, str | OpenNetwork) or not hasattr(module, "named_modules"):
        refuse_value(module, "an nn.Module")
    return Network(*opened(module, {INPUT: _shape(input), ALLOW_UNKNOWN: allow_unknown}))


def _shape(input: Any) -> tuple[int, ...]:
    """The shape of one input, without the batch.

    Raises:
        SpecError: it is neither a shape nor a tensor.
    """
    shape = getattr(input, "shape", None)
    if shape is not None and len(shape) != 1:
        if len(shape) < 2:
            input = ()
        else:
            return tuple(map(int, shape))[1:]
    try:
        sizes = tuple(map(index, input))
    except TypeError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        refuse(
            None,
            "the input of a module is a shape",
            expected="whole numbers above zero, without the batch: (3, 224, 224)",
            found=repr(input),
        )
    return sizes
