"""Calls of blocks: the values of a block's parameters inside one call."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from costcalc.errors import Refusal
from costcalc.graph.attributes import AttributeReader
from costcalc.graph.bindings import AXES, CHANNEL_NAMES, Bindings, StepScope
from costcalc.graph.checks import evaluate
from costcalc.graph.parameters import outside
from costcalc.spec.document import Argument, Block, BlockStep, Document, Expression
from costcalc.spec.numbers import exact


def network_bindings(document: Document, values: dict[str, Any]) -> Bindings:
    """The names that every step and every block of a network may use."""
    channels = set(CHANNEL_NAMES)
    for name, parameter in document.parameters.items():
        if parameter.default is not None and not parameter.default.names.isdisjoint(channels):
            channels.add(name)
    return Bindings(values, frozenset(channels))


def bind(
    block: Block, step: BlockStep, here: StepScope, network: Bindings, reader: AttributeReader
) -> Bindings:
    """The names inside a block that ``step`` calls.

    Arguments are evaluated outside the block, in the scope of the call; defaults
    inside it, from the parameters above them.

    Raises:
        Refusal: a value is invalid for its parameter.
    """
    values, channels = dict(network.values), set(network.channel_names)
    written = dict(values) if reader.scales else values
    as_written = Bindings(written, channels) if reader.scales else None
    inside = Bindings(values, channels, as_written)
    defaults = StepScope(inside, here.tensor)
    for name, parameter in block.parameters.items():
        argument, where = step.arguments.get(name), here
        if argument is None:
            argument, where = parameter.default, defaults
        if argument is None:
            raise Refusal(f"block '{block.name}' lacks '{name}'", mark=step.common.mark)
        is_width = parameter.is_width
        if not is_width and isinstance(argument, Expression) and argument.marking:
            raise Refusal(
                f"{name} of '{block.name}' is not a width: {argument.marking}(...) would be lost",
                expected="a plain number, or a width in the block's parameters",
                found=f"'{argument.text}'",
                hint=f"{name}: {{width: true}} among the parameters of '{block.name}'",
                mark=argument.mark,
            )
        value = reader.width(argument, where) if is_width else plain_value(argument, where)
        expected = outside(parameter, value)
        if expected:
            raise Refusal(f"{name} cannot be {exact(value)}", expected=expected, mark=argument.mark)
        read = names(argument)
        is_channels = is_width or not read.isdisjoint(where.bindings.channel_names)
        values[name] = written[name] = value
        if reader.scales and is_channels and read.isdisjoint(AXES):
            # Before scaling, an expression may have no value at all.
            with suppress(Refusal):
                written[name] = _as_written(argument, where, reader, is_width)
        (channels.add if is_channels else channels.discard)(name)
    return inside


def _as_written(
    argument: Argument, where: StepScope, reader: AttributeReader, is_width: bool
) -> Any:
    """The value of an argument, computed from widths before they are scaled."""
    if is_width:
        return reader.width(argument, where, is_kept=True)
    return plain_value(argument, where.as_written)


def plain_value(argument: Argument, here: StepScope) -> Any:
    """The value of an expression, or the values of a list of them."""
    if isinstance(argument, Expression):
        return evaluate(argument, here)
    return tuple(plain_value(item, here) for item in argument.items)


def names(argument: Argument) -> frozenset[str]:
    """The names that an argument depends on."""
    if isinstance(argument, Expression):
        return argument.names
    return frozenset[str]().union(*(names(item) for item in argument.items))
