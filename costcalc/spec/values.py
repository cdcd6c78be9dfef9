"""Turns scalars and lists of a spec into expressions; only this module reads a value's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from costcalc.errors import Mark, Problems, did_you_mean
from costcalc.kinds.base import SIZES, Word
from costcalc.spec import expression, limits
from costcalc.spec.document import Argument, Expression, ListArgument, PrintedShape
from costcalc.spec.numbers import ExpressionError, exact, lists_sides, plain_value
from costcalc.spec.tree import Choice, ListNode, MapNode, Node, Scalar, given

_NAME = re.compile(r"[A-Za-z_]\w*")
_NOTHING: frozenset[str] = frozenset()


class Values:
    """Reads values that may use the names in ``known``."""

    def __init__(self, known: Collection[str], problems: Problems) -> None:
        self.known = known
        self.problems = problems

    def argument(self, node: Node, words: Collection[Any] = ()) -> Argument | None:
        """An expression, or a list of arguments; None after a problem."""
        if isinstance(node, ListNode):
            return self._list(node, self.argument)
        return self.expression(node, words)

    def expression(self, node: Node, words: Collection[Any] = ()) -> Expression | None:
        """The expression of a scalar or a choice; None after a problem.

        One of ``words`` is plain text, whatever it may mean elsewhere, as 7B does.
        """
        if isinstance(node, Scalar):
            if words and literal(node) in words:
                return constant(literal(node), node.text, node.mark)
            return self._scalar(node)
        choice = as_choice(node)
        if choice is not None:
            return self._chosen(choice, words)
        self.problems.add(
            node.mark,
            "a single value is expected here",
            expected="a number, an expression, or {parameter: {value: what holds there}}",
            found=str(node),
        )
        return None

    def _scalar(self, node: Scalar) -> Expression | None:
        text = node.text.strip()
        if given(node) is None:
            return constant(None, text, node.mark)
        if len(text) > limits.EXPRESSION:
            self.problems.add(
                node.mark,
                "the value is too long",
                expected=f"at most {limits.EXPRESSION} characters",
                found=f"{len(text):,}",
            )
            return None
        try:
            value = plain_value(text)
            if value != text or (_NAME.fullmatch(text) and text not in self.known):
                return constant(value, text, node.mark)
            parsed = expression.parse(text)
        except ExpressionError as error:
            self.problems.add(
                _at(node, error.offset),
                error.message,
                expected=error.expected,
                found=f"'{_short(text)}'",
                hint=error.hint,
            )
            return None
        unknown = sorted(parsed.names.difference(self.known))
        for name in unknown:
            self._unknown(name, node)
        if unknown:
            return None
        return Expression(text, parsed.evaluate, parsed.names, node.mark, parsed.marking)

    def _chosen(self, node: Choice, words: Collection[Any]) -> Expression | None:
        """The case that the parameter's value picks; None after a problem."""
        if len(node.cases) > limits.CASES:
            self.problems.add(
                node.mark, f"{len(node.cases):,} cases", expected=f"at most {limits.CASES}"
            )
            return None
        selector = self.expression(node.parameter)
        cells = [self.expression(cell, words) for _, cell in node.cases]
        if selector is None or None in cells:
            return None
        if not selector.names:
            self.problems.add(
                node.parameter.mark,
                f"{node.parameter} is not a parameter",
                expected="the name of a parameter",
                hint=did_you_mean(node.parameter.text, self.known),
            )
            return None
        cases = tuple(
            (literal(value), cell)
            for (value, _), cell in zip(node.cases, cells, strict=True)
            if cell is not None
        )

        def evaluate(scope: expression.Lookup) -> Any:
            chosen = selector.evaluate(scope)
            for value, cell in cases:
                if chosen == value:
                    return cell.evaluate(scope)
            raise ExpressionError(
                f"there is no case for {selector.text} = {exact(chosen)}",
                expected="one of " + ", ".join(value.text for value, _ in node.cases),
            )

        names = selector.names.union(*(cell.names for _, cell in cases))
        marking = max((cell.marking for _, cell in cases), default="")
        return Expression(selector.text, evaluate, names, node.mark, marking)

    def read(self, annotation: Any, node: Node, choices: Collection[Any] = ()) -> Argument | None:
        """An argument for an attribute with that annotation; None after a problem.

        One of a block's ``choices`` is plain text, unless it is a name that has a value here.
        """
        if annotation is Word:
            return self._word(node)
        if annotation in SIZES:
            return self.sizes(node)
        return self.argument(node, [word for word in choices if word not in self.known])

    def _word(self, node: Node) -> Expression | None:
        """A word, taken literally even if it is a name."""
        if isinstance(node, Scalar) and 0 < len(node.text) <= limits.EXPRESSION:
            return constant(node.text, node.text, node.mark)
        self.problems.add(
            node.mark,
            "a word is expected here",
            expected=f"at most {limits.EXPRESSION} characters",
            found=str(node),
        )
        return None

    def sizes(self, node: Node) -> Argument | None:
        """An argument in which a bare word must be a name."""
        return self._list(node, self.size) if isinstance(node, ListNode) else self.size(node)

    def size(self, node: Node) -> Expression | None:
        """An expression in which a bare word must be a name."""
        if isinstance(node, Scalar):
            text = node.text.strip()
            if given(node) is None:
                self.problems.add(
                    node.mark, "a size is missing here", expected="a number or an expression"
                )
                return None
            if _NAME.fullmatch(text) and text not in self.known:
                self._unknown(text, node)
                return None
        return self.expression(node)

    def _list(self, node: ListNode, read: Callable[[Node], Argument | None]) -> Argument | None:
        if len(node.items) > limits.AXES:
            self._refuse_length(node, len(node.items))
            return None
        items = [read(item) for item in node.items]
        if any(item is None for item in items):
            return None
        return ListArgument(tuple(item for item in items if item is not None), node.mark)

    def sides(self, node: Node) -> PrintedShape | None:
        """Sides as a paper prints them, ``3 x 3 x 32 x 64``; None after a problem."""
        nodes: tuple[Node, ...] = (node,)
        if isinstance(node, ListNode):
            nodes = node.items
        elif isinstance(node, Scalar) and len(node.text) <= limits.EXPRESSION:
            text = node.text.removesuffix(" dw").strip()
            # Names may contain an x, so only digits need no space beside it.
            spaced = "x" if lists_sides(text) else " x "
            split = text.replace("×", "x").split(spaced)
            nodes = tuple(Scalar(side, False, node.mark) for side in split)
        if not 0 < len(nodes) <= limits.AXES:
            self._refuse_length(node, len(nodes))
            return None
        items = [self.size(side) for side in nodes]
        if any(item is None for item in items):
            return None
        return PrintedShape(tuple(item for item in items if item is not None), node.mark)

    def shape(self, node: Node) -> PrintedShape | None:
        """A shape: ``112 x 112 x 32`` as papers print it, or ``[32, 112, 112]``.

        ``112 x 112`` may be a map without its channels.
        """
        printed = self.sides(node)
        if printed is None or isinstance(node, ListNode):
            return printed
        *axes, channels = printed.sides
        return PrintedShape((channels, *axes), printed.mark, len(axes) == 1)

    def _unknown(self, name: str, node: Scalar) -> None:
        place = re.search(rf"\b{name}\b", node.text)
        self.problems.add(
            _at(node, place.start() if place else 0),
            f"'{name}' has no meaning here",
            expected="one of " + ", ".join(sorted(self.known)),
            found=f"'{_short(node.text)}'",
            hint=did_you_mean(name, self.known),
        )

    def _refuse_length(self, node: Node, length: int) -> None:
        self.problems.add(
            node.mark,
            f"a list of {length:,} sizes",
            expected=f"one for each axis, and at most {limits.AXES}",
        )


def constant(value: Any, text: str, mark: Mark) -> Expression:
    """An expression with a fixed value."""
    return Expression(text, lambda scope: value, _NOTHING, mark)


def literal(node: Node) -> Any:
    """A number, boolean, word or None, taken literally: no name is looked up."""
    if not isinstance(node, Scalar) or given(node) is None:
        return None
    try:
        return plain_value(node.text)
    except ExpressionError:
        return node.text


def line(node: Node | None, problems: Problems) -> str:
    """A line of text; '' if it is left out."""
    node = given(node)
    if node is None or isinstance(node, Scalar):
        return node.text if node is not None else ""
    problems.add(node.mark, "a line of text is expected here", found=str(node))
    return ""


def as_choice(node: Node) -> Choice | None:
    """``{parameter: {value: cell, ...}}`` as a choice; None if it is anything else."""
    if isinstance(node, Choice):
        return node
    if not isinstance(node, MapNode) or len(node.entries) != 1:
        return None
    parameter, body = node.entries[0]
    if not isinstance(body, MapNode):
        return None
    cases = tuple((value, cell) for value, cell in body.entries if isinstance(cell, Scalar))
    return Choice(parameter, cases, node.mark) if len(cases) == len(body.entries) else None


def _at(node: Scalar, offset: int) -> Mark:
    return node.mark._replace(column=node.mark.column + max(offset, 0) + node.quoted)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
