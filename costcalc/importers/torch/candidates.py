"""The classes and functions of a Python file that make a PyTorch module, without running it."""

from __future__ import annotations

import ast
import os
import sys
from typing import NamedTuple, NoReturn

from costcalc.advice import advice, joined, set_option
from costcalc.errors import CostcalcError, Mark, refuse
from costcalc.spec.library import read_bytes

SHOWN = 8
"""The most classes that a message names."""


class Candidate(NamedTuple):
    """A class that may be a module."""

    name: str
    required: tuple[str, ...]
    """The arguments of its constructor that have no default."""

    def reference(self, module: str) -> str:
        """How the command line names it, with the arguments that must be given."""
        return joined(" ", (f"torch:{module}:{self.name}", *map(set_option, self.required)))


def candidates(path: str) -> list[Candidate]:
    """The classes and functions of a file that make a PyTorch module, the last ones first.

    The last definition of a file is usually its main one.  A class counts if it has a base
    named ``Module`` or ``Sequential``, a base that counts, or a method ``forward``; a
    function, if it is annotated to return one of these.
    """
    try:
        tree = ast.parse(read_bytes(path, path))
    except (CostcalcError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: dict[str, Candidate] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            if _last_name(node.returns) in {"Module", "Sequential", *found}:
                found[node.name] = Candidate(node.name, _required(node.args, 0))
            continue
        if not isinstance(node, ast.ClassDef):
            continue
        bases = {_last_name(base) for base in node.bases}
        methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
        if bases & {"Module", "Sequential", *found} or "forward" in methods:
            built = methods.get("__init__")
            found[node.name] = Candidate(node.name, _required(built.args, 1) if built else ())
    return [*found.values()][::-1]


def inputs_of(network: str) -> list[str]:
    """The parameters of the ``forward`` of a class named ``torch:module:name``, as its file has it.

    None if the class is not defined there, or inherits its ``forward``.
    """
    _, _, reference = network.partition(":")
    module, _, name = reference.partition(":")
    path = _file(module)
    try:
        tree = ast.parse(read_bytes(path, path)) if path else ast.Module([], [])
    except (CostcalcError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    forwards = (
        part
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == name
        for part in node.body
        if isinstance(part, ast.FunctionDef) and part.name == "forward"
    )
    forward = next(forwards, None)
    if forward is None:
        return []
    named = [*forward.args.posonlyargs, *forward.args.args, *forward.args.kwonlyargs]
    return [parameter.arg for parameter in named[1:]]


def _last_name(base: ast.expr) -> str:
    """``Module`` of ``nn.Module``."""
    return base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")


def _required(arguments: ast.arguments, first: int) -> tuple[str, ...]:
    """The parameters from the ``first`` on that have no default."""
    named = [*arguments.posonlyargs, *arguments.args]
    positional = named[first : len(named) - len(arguments.defaults)]
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    by_name = [parameter for parameter, default in keywords if default is None]
    return tuple(parameter.arg for parameter in (*positional, *by_name))


def refuse_file(path: str) -> NoReturn:
    """Refuses the path of a Python file, and names the modules in it.

    Raises:
        SpecError: always.
    """
    if not os.path.isfile(path):
        refuse(None, f"there is no file '{path}'", "the path of a spec, or torch:module:name")
    relative = os.path.relpath(path)
    is_below = not relative.startswith(os.pardir)
    module = (relative if is_below else os.path.basename(path)).removesuffix(".py")
    place = "" if is_below else f", in the folder {os.path.dirname(os.path.abspath(path))}"
    refuse_without_name(Mark(path), module.replace(os.sep, "."), path, place)


def refuse_without_name(mark: Mark, module: str, path: str = "", place: str = "") -> NoReturn:
    """Refuses a Python module that is named without a class, and names its classes.

    Raises:
        SpecError: always.
    """
    path = path or _file(module)
    found = candidates(path) if path else []
    shown = [candidate.reference(module) for candidate in found[:SHOWN]]
    refuse(
        mark,
        "a PyTorch module is named by its Python module and its class",
        expected="torch:package.module:name, as in torch:torchvision.models:resnet18",
        hint=advice("{}{}", joined(", or ", shown), place if shown else ""),
    )


def _file(module: str) -> str:
    """The file of a Python module, in the current folder or where Python looks; empty if none."""
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return ""
    for folder in (os.getcwd(), *sys.path):
        stem = os.path.join(folder, *parts)
        for path in (f"{stem}.py", os.path.join(stem, "__init__.py")):
            if os.path.isfile(path):
                return path
    return ""
