"""A tape replayed in Python: the value of any node at any settings."""

from __future__ import annotations

from typing import Any, cast

from costcalc.formulas import algebra
from costcalc.tape.tape import OPERATIONS, Operation, Rational, Tape


class Player:
    """Values of a tape's nodes; each is computed once for what it depends on."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._supports: list[tuple[int, ...]] = []
        """The parameters that each node depends on."""
        self._orders: dict[int, list[int]] = {}
        self._values: dict[tuple[int, tuple[Rational, ...]], Rational] = {}

    def value(self, node: int, numbers: tuple[Rational, ...]) -> Rational:
        """A node's value, with a number for each of the tape's parameters."""
        self._grow()
        nodes, values, supports = self.tape.nodes, self._values, self._supports
        key = (node, tuple([numbers[index] for index in supports[node]]))
        known = values.get(key)
        if known is not None:
            return known
        order = self._orders.get(node)
        if order is None:
            order = self._orders[node] = self.tape.needed([node])
        here: dict[int, Rational] = {}
        for each in order:
            content = nodes[each].content
            if each < len(numbers):
                here[each] = numbers[each]
                continue
            if not isinstance(content, Operation):
                here[each] = cast(Any, content)
                continue
            key = (each, tuple([numbers[index] for index in supports[each]]))
            known = values.get(key)
            if known is None:
                compute = OPERATIONS[content.name]
                known = algebra.whole(compute(here[content.left], here[content.right]))
                values[key] = known
            here[each] = known
        return here[node]

    def _grow(self) -> None:
        """Takes in what the tape has become since."""
        supports = self._supports
        for number in range(len(supports), len(self.tape.nodes)):
            content = self.tape.nodes[number].content
            if number < len(self.tape.parameters):
                supports.append((number,))
            elif isinstance(content, Operation):
                both = {*supports[content.left], *supports[content.right]}
                supports.append(tuple(sorted(both)))
            else:
                supports.append(())
