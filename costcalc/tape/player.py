"""A tape replayed in Python: the value of any node at any settings."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.tape.tape import Operation, Parameter, Rational, Tape, computed


class Player:
    """Values of a tape's nodes, each computed once for the parameters it depends on."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._supports: list[tuple[int, ...]] = []
        self._orders: dict[int, list[int]] = {}
        self._values: dict[tuple[int, tuple[Rational, ...]], Rational] = {}

    def support(self, node: int) -> tuple[int, ...]:
        """The parameters that a node depends on."""
        supports = self._supports
        for number in range(len(supports), len(self.tape.nodes)):
            content = self.tape.nodes[number].content
            if isinstance(content, Parameter):
                supports.append((number,))
            elif isinstance(content, Operation):
                left, right = supports[content.left], supports[content.right]
                both = left if left == right else tuple(sorted({*left, *right}))
                supports.append(both)
            else:
                supports.append(())
        return supports[node]

    def value(self, node: int, numbers: Sequence[Rational]) -> Rational:
        """A node's value, with a number for each of the tape's parameters.

        Raises:
            ZeroDivisionError: it divides by zero, as nodes of other branches may.
            TooLarge: it, or a number that it is computed from, has too many bits.
        """
        values = self._values
        known = values.get(self._key(node, numbers))
        if known is not None:
            return known
        order = self._orders.get(node)
        if order is None:
            order = self._orders[node] = self.tape.needed([node])
        here: dict[int, Rational] = {}
        for number in order:
            content = self.tape.nodes[number].content
            if isinstance(content, Operation):
                key = self._key(number, numbers)
                known = values.get(key)
                if known is None:
                    known = computed(content.name, here[content.left], here[content.right])
                    values[key] = known
                here[number] = known
            elif isinstance(content, Parameter):
                here[number] = numbers[number]
            else:
                here[number] = content
        return here[node]

    def _key(self, node: int, numbers: Sequence[Rational]) -> tuple[int, tuple[Rational, ...]]:
        return node, tuple([numbers[index] for index in self.support(node)])
