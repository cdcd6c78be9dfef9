"""Operators that keep state, run once, or choose what runs."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers.builder import UnknownOp
from costcalc.importers.tflite.context import Rule, TfliteContext


def nothing(op: TfliteContext) -> None:
    """Handles, and what runs once at the start: nothing of a forward pass."""
    for index in range(len(op.operator.outputs)):
        op.builder.static[op.output(index)] = None


def read_variable(op: TfliteContext) -> None:
    """READ_VARIABLE: what an earlier forward pass left."""
    name = op.builder.names.tensor(op.output())
    op.set_output(op.add_source("constant", name, op.target()))


def assign_variable(op: TfliteContext) -> None:
    """ASSIGN_VARIABLE: keeps a tensor for the next forward pass."""
    if not op.is_static(1):
        op.operand(1)


def branches(op: TfliteContext) -> None:
    """IF: which of its graphs runs is decided by numbers that are known as it runs.

    Raises:
        UnknownOp: always.
    """
    raise UnknownOp("which of its graphs runs, or how often, is known only when it runs")


def shape_of(op: TfliteContext) -> None:
    """SHAPE and RANK: known without running the network."""
    shape = op.shape()
    op.builder.static[op.output()] = shape if op.kind == "SHAPE" else (len(shape),)


def filled(op: TfliteContext) -> None:
    """ZEROS_LIKE: a constant of the input's shape."""
    name = op.builder.names.tensor(op.output())
    op.set_output(op.add_source("constant", name, op.operand().shape))


def refused(op: TfliteContext) -> None:
    """DENSIFY of a tensor that is computed."""
    raise Refusal("unpacks a tensor that is not stored in the file", "a constant")


TABLE: Mapping[str, Rule] = {
    "VAR_HANDLE": nothing,
    "CALL_ONCE": nothing,
    "READ_VARIABLE": read_variable,
    "ASSIGN_VARIABLE": assign_variable,
    "IF": branches,
    "WHILE": branches,
    "SHAPE": shape_of,
    "RANK": shape_of,
    "ZEROS_LIKE": filled,
    "DENSIFY": refused,
}
