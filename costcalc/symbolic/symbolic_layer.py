"""A layer with symbols for its sizes, so that its cost is computed as a formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.formulas import algebra
from costcalc.formulas.algebra import product
from costcalc.graph.layer import Layer
from costcalc.kinds.base import Shape
from costcalc.kinds.naming import is_depthwise
from costcalc.symbolic.formula import Name
from costcalc.symbolic.formula_number import FormulaNumber
from costcalc.symbolic.notation import Symbol


class SymbolicLayer:
    """A layer with symbols for its sizes.

    Attributes:
        plain: the layer itself.
        layer: the layer over formula numbers.
        symbols: the symbols by name.
        values: their values by name.
    """

    def __init__(self, layer: Layer, index: int, axes: Mapping[int, int]) -> None:
        self.plain = layer
        self.symbols: dict[str, Symbol] = {}
        self.values: dict[str, Any] = {}
        operation: Any = layer.operation
        changed = {
            name: self._attribute(name, getattr(operation, name))
            for name in layer.kind.attributes
            if name in _ATTRIBUTES
        }
        inputs, output = self._shapes(layer, index, axes)
        if is_depthwise(layer.kind, layer.operation, layer.input_shapes):
            changed["groups"] = inputs[0][0]
            if layer.output[0] == layer.input_shapes[0][0]:
                output = (inputs[0][0], *output[1:])
        self.layer = layer.computing(
            operation=operation._replace(**changed), input_shapes=inputs, output=output
        )

    def _shapes(
        self, layer: Layer, index: int, axes: Mapping[int, int]
    ) -> tuple[tuple[Shape, ...], Shape]:
        """The shapes of a layer's inputs and output in symbols."""
        if layer.kind.name == "attention":
            return self._attention(layer)
        tensors = (*zip(layer.input_shapes, layer.inputs, strict=True), (layer.output, index))
        if all(axes.get(tensor) == len(shape) - 1 for shape, tensor in tensors):
            shapes = [shape for shape, _ in tensors]
            if _are_tokens(shapes):
                *read, output = self._tokens(shapes)
                return tuple(read), output
        inputs = tuple(
            self._shape(shape, "M", "I", f"input {n + 1}" if n else "input", n, axes.get(source, 0))
            for n, (shape, source) in enumerate(zip(layer.input_shapes, layer.inputs, strict=True))
        )
        return inputs, self._shape(layer.output, "N", "F", "output", 0, axes.get(index, 0))

    def _tokens(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Matrices of tokens in the symbols of Vaswani et al.: n rows of width d, in G groups.

        Args:
            shapes: those of the inputs, and the output's.
        """
        places = [("in", "input")]
        places += [(f"in{number}", f"input {number}") for number in range(2, len(shapes))]
        places.append(("out", "output"))
        sides = []
        for axis, (symbol, what, alone) in enumerate(_OF_TOKENS[len(shapes[0])]):
            values = [shape[axis] for shape in shapes]
            if _are_equal(values):
                sides.append([self._side(symbol, value, alone) for value in values])
                continue
            sides.append(
                [
                    self._side(f"{symbol}_{place}", value, f"{what} of the {words}")
                    for (place, words), value in zip(places, values, strict=True)
                ]
            )
        return [tuple(shape) for shape in zip(*sides, strict=True)]

    def _attention(self, layer: Layer) -> tuple[tuple[Shape, ...], Shape]:
        """The shapes of an attention in the symbols of Vaswani et al.: n tokens, h heads.

        Heads that all have one width are parts of tokens of width d; others have queries
        and keys of width d_k, values of width d_v.  Tokens that attend only to those of
        their own group, such as a window, are in G groups.
        """
        (*groups, heads), (n, width) = layer.output[:-2] or (1,), layer.output[-2:]
        keys = layer.input_shapes[1]
        of_group = " of a group" if groups else ""
        h = self._side("h", heads, "heads")
        tokens = self._side("n", n, f"tokens{of_group}")
        others = tokens if keys[-2] == n else self._side("m", keys[-2], f"keys{of_group}")
        if keys[-1] == width:
            d = self._symbol("d", heads * width, "width of the tokens")
            d_k = d_v = algebra.quotient(d, h)
        else:
            d_k = self._symbol("d_k", keys[-1], "width of a head's queries and keys")
            d_v = self._symbol("d_v", width, "width of a head's values")
        count = self._side("G", product(groups), "groups of tokens")
        stack = (*([count] if groups else []), *([h] if layer.output[:-2] else []))
        inputs = ((*stack, tokens, d_k), (*stack, others, d_k), (*stack, others, d_v))
        masks = tuple(
            tuple(
                self._side(f"B_{axis}", side, f"side {axis} of the mask")
                for axis, side in enumerate(shape, 1)
            )
            for shape in layer.input_shapes[3:]
        )
        return (*inputs, *masks), (*stack, tokens, d_v)

    def _shape(
        self,
        shape: Shape,
        channels: str,
        side: str,
        of: str,
        index: int,
        axis: int = 0,
        *,
        are_tokens: bool = False,
    ) -> Shape:
        """A shape in symbols, its channels at ``axis``.

        Sides of 1, which vanish in a product, stay numbers.
        """
        if not shape:
            return ()
        if axis:
            channels_first = (shape[axis], *shape[:axis], *shape[axis + 1 :])
            new, *others = self._shape(
                channels_first, channels, side, of, index, are_tokens=len(shape) == 2
            )
            return (*others[:axis], new, *others[axis:])
        number = str(index + 1) if index else ""
        latex = f"{channels}_{number}" if number else channels
        first = self._symbol(f"{channels}{number}", shape[0], f"{of} channels", latex)
        sides = shape[1:]
        if _are_equal(sides) and not are_tokens:
            common = self._side(f"D_{side}{number}", sides[0], f"side of the {of}")
            return (first, *(common for _ in sides))
        names = [(f"D{n}", f"side {n}") for n in range(1, len(sides) + 1)]
        if are_tokens and len(sides) == 1:
            names = [("L", "tokens")]
        elif len(sides) == 2 and not are_tokens:
            names = [("H", "height"), ("W", "width")]
        return (
            first,
            *(
                self._side(f"{letter}_{side}{number}", value, f"{word} of the {of}")
                for (letter, word), value in zip(names, sides, strict=True)
            ),
        )

    def _side(self, name: str, value: Any, meaning: str) -> Any:
        return value if _is_one(value) else self._symbol(name, value, meaning)

    def _attribute(self, name: str, value: Any) -> Any:
        """An attribute in symbols; 1 and None stay as they are."""
        symbol, meaning = _ATTRIBUTES[name]
        if isinstance(value, tuple):
            if _are_equal(value):
                return (self._attribute(name, value[0]),) * len(value)
            return tuple(
                self._side(f"{symbol}{n + 1}", side, f"{meaning}, axis {n + 1}")
                for n, side in enumerate(value)
            )
        if value is None or _is_one(value):
            return value
        return self._symbol(symbol, value, meaning)

    def _symbol(self, name: str, value: Any, meaning: str, latex: str = "") -> FormulaNumber:
        latex = latex or name
        stem, _, index = latex.partition("_")
        node = Name(name, name, name, f"{stem}_{{{index}}}" if len(index) > 1 else latex)
        self.symbols[name] = Symbol(node, meaning)
        self.values[name] = value
        return FormulaNumber(node, value)


def _is_one(value: Any) -> bool:
    """Whether a size is 1 at all settings."""
    return isinstance(value, int) and value == 1


def _are_equal(sizes: Sequence[Any]) -> bool:
    """Whether there are sizes, and all are the same."""
    return bool(sizes) and all(size == sizes[0] for size in sizes[1:])


_WIDTH = ("d", "width", "width of the tokens")
_OF_TOKENS = {
    2: (("n", "tokens", "tokens"), _WIDTH),
    3: (
        ("G", "groups of tokens", "groups of tokens"),
        ("n", "tokens of a group", "tokens of a group"),
        _WIDTH,
    ),
}
"""Tokens, and those in groups: symbols of their axes, what they are of one tensor and of all."""


def _are_tokens(shapes: Sequence[Shape]) -> bool:
    """Whether tensors whose channels are last are tokens, and not a map, which is mostly square."""
    (axes, *others) = {len(shape) for shape in shapes}
    if others or axes not in _OF_TOKENS:
        return False
    return axes == 2 or any(shape[0] != shape[1] for shape in shapes)


_ATTRIBUTES = {
    "kernel": ("D_K", "side of the kernel"),
    "groups": ("g", "groups"),
    "size": ("n", "size"),
    "hidden": ("d", "hidden units"),
    "rows": ("V", "rows of the table"),
}
"""The attributes that formulas use: their symbols and meanings."""
