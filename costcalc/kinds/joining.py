"""Layers that join several inputs: add, multiply, concatenate."""

from typing import Any, NamedTuple

from costcalc.kinds.base import Events, Shape, ShapeError, elements, shape_text


class Add(NamedTuple):
    """The sum of its inputs, element by element."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape that all inputs share.

        Raises:
            ShapeError: they differ.
        """
        for shape in inputs[1:]:
            if len(shape) != len(inputs[0]) or any(
                a != b for a, b in zip(shape, inputs[0], strict=True)
            ):
                raise _do_not_join("added", inputs, "inputs of one shape")
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """An addition per element for every input but the first."""
        n = elements(output)
        return Events(additions=(len(inputs) - 1) * n, reads=len(inputs) * n, writes=n)


class Multiply(NamedTuple):
    """The product of its inputs; a side of 1 is repeated, as for squeeze-and-excite."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The larger side along every axis.

        Raises:
            ShapeError: two sides differ and neither is 1.
        """
        result: Any = inputs[0]
        for shape in inputs[1:]:
            if len(shape) != len(result):
                raise _do_not_join("multiplied", inputs, "inputs of as many axes")
            if any(1 not in (a, b) and a != b for a, b in zip(shape, result, strict=True)):
                raise _do_not_join("multiplied", inputs, "inputs of one shape, or with sides of 1")
            result = tuple(b if a == 1 else a for a, b in zip(shape, result, strict=True))
        return tuple(result)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A multiplication per element of the output for every input but the first."""
        n = elements(output)
        return Events(multiplications=(len(inputs) - 1) * n, reads=_read(inputs), writes=n)


class Concat(NamedTuple):
    """The inputs one after another along the channels."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The channels of all inputs together.

        Raises:
            ShapeError: the inputs differ in another axis.
        """
        for shape in inputs[1:]:
            if len(shape) != len(inputs[0]) or any(
                a != b for a, b in zip(shape[1:], inputs[0][1:], strict=True)
            ):
                raise _do_not_join("concatenated", inputs, "inputs of one height and width")
        channels: Any = sum((shape[0] for shape in inputs), 0)
        return (channels, *inputs[0][1:])

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Nothing is computed."""
        return Events(reads=_read(inputs), writes=elements(output))


def _read(inputs: tuple[Shape, ...]) -> Any:
    return sum((elements(shape) for shape in inputs), 0)


def _do_not_join(joined: str, inputs: tuple[Shape, ...], expected: str) -> ShapeError:
    return ShapeError(
        f"shapes that differ cannot be {joined}",
        expected=expected,
        found=" and ".join(shape_text(shape) for shape in inputs),
    )
