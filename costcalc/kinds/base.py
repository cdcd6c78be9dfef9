"""What a layer kind is: its attributes, its shape rule and the events it causes.

Shapes are tuples, channels first and without the batch: ``(C, H, W)`` for a
map, ``(C,)`` for a vector.  A kind's attributes are the fields of a named
tuple, and their annotations determine how a spec writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Protocol

from costcalc.errors import Refusal
from costcalc.formulas.algebra import Size, product
from costcalc.records import NamedTuple

Shape = tuple[Size, ...]

Width = Annotated[Size, "channels that the width multiplier scales"]
Count = Annotated[Size, "a whole number above zero"]
Offset = Annotated[Size, "a whole number, zero or above"]
Number = Annotated[Any, "an exact number"]
Spatial = Annotated[Any, "a whole number above zero, or one for each spatial axis"]
Offsets = Annotated[Any, "a whole number, zero or above, or one for each spatial axis"]
Padding = Annotated[Any, "'same', 'valid', a number, one per axis, or [before, after] per axis"]
Flag = Annotated[bool, "true or false"]
Axis = Annotated[int, "an axis: 0 for the first, -1 for the last"]
FirstAxis = Annotated[int, "the first of some axes: 0 for the first, -1 for the last"]
Axes = Annotated[Any, "one axis, or several"]
Sides = Annotated[Any, "a shape"]
OpenSides = Annotated[Any, "a shape, in which one side may be -1, for whatever is left"]
Word = Annotated[str, "a word"]

UNCOUNTED = "uncounted"
"""The family of operations unknown to costcalc, which no convention counts."""

MATRICES = ("convolution", "transposed_convolution", "dense")
"""Families whose layers have a matrix of weights, and may have a bias."""

SIZES = (Width, Count, Offset, Spatial, Offsets, Axis, FirstAxis, Axes, Sides, OpenSides)
"""Annotations of attributes for which a bare word must be the name of a parameter."""


class Events(NamedTuple):
    """Counts of what happens in one forward pass of one layer on one image.

    Conventions decide which of these count, and how much.
    """

    macs: Size = 0
    """Multiply-accumulates of convolutions and matrix products."""
    additions: Size = 0
    """Additions outside multiply-accumulates, those of a bias included."""
    multiplications: Size = 0
    divisions: Size = 0
    comparisons: Size = 0
    functions: Size = 0
    """Evaluations of exp, tanh, sqrt and the like."""
    reads: Size = 0
    """Elements of the inputs, each once."""
    writes: Size = 0
    """Elements of the output."""
    weights: Size = 0
    biases: Size = 0
    norm_params: Size = 0
    """Learned scale and shift of normalisations."""
    other_params: Size = 0
    """Other learned params, such as PReLU's slopes."""
    buffers: Size = 0
    """Stored but not learned: running means and variances."""
    states: Size = 0
    """Kept from one step of time to the next: a recurrent layer's states."""


PARAMS = ("weights", "biases", "norm_params", "other_params")
"""The events that are params."""


class Operation(Protocol):
    """A layer's attributes, with the two rules of its kind."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The output's shape.

        Raises:
            ShapeError: the inputs do not fit.
        """

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The events of one forward pass."""


class Arity(NamedTuple):
    """How many inputs a kind reads; without an upper bound if ``most`` is None."""

    least: int
    most: int | None

    def admits(self, inputs: int) -> bool:
        """Whether it can read this many inputs."""
        return self.least <= inputs and (self.most is None or inputs <= self.most)

    def __str__(self) -> str:
        words = ("no", "one", "two", "three", "four")
        more = " or more" if self.most is None else f" or {words[self.most]}"
        is_one = self.least == 1 and self.most in (1, None)
        noun = "input" if is_one else "inputs"
        if self.most is None:
            return f"{words[self.least]} {noun}{more}"
        return f"{words[self.least]}{more if self.most > self.least else ''} {noun}"


NONE, ONE, TWO, THREE = Arity(0, 0), Arity(1, 1), Arity(2, 2), Arity(3, 3)
SEVERAL, ANY = Arity(2, None), Arity(0, None)


class Kind(NamedTuple):
    """A row of the table of layer kinds."""

    name: str
    title: str
    """Its name in the table of types."""
    family: str
    """The family that conventions may address as a whole."""
    operation: Callable[..., Any]
    """The named tuple that holds its attributes and rules."""
    given: Mapping[str, Any] = MappingProxyType({})
    """Fields of the operation that the kind fixes; a spec sets the others."""
    main: str = ""
    """The attribute that ``kind: value`` sets; none by default."""
    arity: Arity = ONE
    """How many inputs it reads."""
    aliases: tuple[str, ...] = ()
    becomes: str = ""
    """The kind that this one is shorthand for, once its input is known."""
    short: str = ""
    """Its name in the table of layers, if shorter than the title."""
    rare: tuple[str, ...] = ()
    """Attributes that a report shows only if they are not the default."""
    does: str = ""
    """What a layer does, for kinds that share their operation, and so its docstring."""

    @property
    def is_counted(self) -> bool:
        """Whether costcalc knows what it does."""
        return self.family != UNCOUNTED

    @property
    def joins(self) -> bool:
        """Whether it needs several inputs, which may be written as branches."""
        return self.arity.least > 1

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The fields that a spec may set, with their annotations."""
        return _settable(self.operation, tuple(self.given))

    @property
    def width(self) -> str:
        """The attribute that the width multiplier scales; '' if there is none."""
        return _width(self.operation)

    @property
    def required(self) -> tuple[str, ...]:
        """The attributes without a default."""
        return _required(self.operation, tuple(self.given))

    def default(self, attribute: str) -> Any:
        """An attribute's default; None if it has none."""
        return getattr(self.operation, "_field_defaults", {}).get(attribute)


@cache
def _settable(operation: Callable[..., Any], given: tuple[str, ...]) -> Mapping[str, Any]:
    fields = operation.__annotations__
    return {name: reads for name, reads in fields.items() if name not in given}


@cache
def _required(operation: Callable[..., Any], given: tuple[str, ...]) -> tuple[str, ...]:
    defaults = getattr(operation, "_field_defaults", {})
    return tuple(name for name in _settable(operation, given) if name not in defaults)


@cache
def _width(operation: Callable[..., Any]) -> str:
    fields = operation.__annotations__.items()
    return next((name for name, reads in fields if reads is Width), "")


class ShapeError(Refusal):
    """Shapes that do not fit a layer; the caller adds which layer and where."""


def elements(shape: Shape) -> Size:
    """The number of elements in a shape.

    >>> elements((32, 112, 112))
    401408
    """
    return product(shape)


def all_elements(shapes: tuple[Shape, ...]) -> Size:
    """The number of elements in several shapes together.

    >>> all_elements(((32, 7, 7), (32, 1, 1)))
    1600
    """
    total: Any = sum((elements(shape) for shape in shapes), 0)
    return total


def axis_of(axis: int, shape: Shape) -> int:
    """An axis, which may be counted from the last, counted from the first.

    Raises:
        ShapeError: the shape has no such axis.

    >>> axis_of(-1, (32, 112, 112))
    2
    """
    rank = len(shape)
    if not -rank <= axis < rank:
        raise ShapeError(
            f"there is no axis {axis}",
            expected=f"an axis from {-rank} to {rank - 1}" if rank else "a shape with axes",
            found=f"{rank} {'axis' if rank == 1 else 'axes'}",
        )
    return axis % rank


def axes_of(axes: tuple[int, ...] | None, shape: Shape) -> tuple[int, ...]:
    """Axes counted from the first, in order; every axis for None.

    Raises:
        ShapeError: the shape has no such axis, or one is named twice.
    """
    if axes is None:
        return tuple(range(len(shape)))
    indexes = sorted(axis_of(axis, shape) for axis in axes)
    if len(set(indexes)) < len(indexes):
        raise ShapeError("an axis is named twice", "every axis once", str(list(axes)))
    return tuple(indexes)


def spread(value: Any, rank: int, attribute: str) -> tuple[Size, ...]:
    """One size for each of ``rank`` axes: the same for all, or as given.

    Raises:
        ShapeError: there is another number of sizes.
    """
    if not isinstance(value, tuple):
        return (value,) * rank
    if len(value) != rank:
        raise ShapeError(
            f"'{attribute}' has {len(value)} sizes, but the input has {rank} spatial "
            f"{'axis' if rank == 1 else 'axes'}",
            expected=f"one size, or {rank}",
            found=sides_text(value),
        )
    return value


def channels_of(shape: Shape) -> Size:
    """The first side.

    Raises:
        ShapeError: the shape is a single number.
    """
    if not shape:
        raise ShapeError(
            "its input is a single number, without channels", expected="a vector or a map"
        )
    return shape[0]


def check_groups(shape: Shape, groups: Size, parted: str) -> None:
    """Checks that groups divide channels; ``parted`` is what is done to these, in words.

    Raises:
        ShapeError: the groups do not divide the channels.
    """
    channels = channels_of(shape)
    if channels % groups != 0:
        raise ShapeError(
            f"{channels} channels cannot be {parted} {groups} groups",
            expected="groups that divide the channels",
            found=f"groups: {groups}",
        )


def spatial_axes(shape: Shape, doing: str) -> Shape:
    """The axes after the channels.

    Raises:
        ShapeError: the shape has none.
    """
    if len(shape) < 2:
        raise ShapeError(
            f"{doing} needs at least one spatial axis",
            expected="channels and at least one spatial axis",
            found=f"a vector: {shape_text(shape)}" if shape else "a single number",
        )
    return shape[1:]


def channels_last(shape: Shape, axis: int = 0) -> Shape:
    """A shape with its sides as papers print them; ``axis`` is the channels'.

    >>> channels_last((32, 112, 112)), channels_last((197, 768), 1)
    ((112, 112, 32), (197, 768))
    """
    return (*shape[:axis], *shape[axis + 1 :], *shape[axis : axis + 1])


def shape_text(shape: Shape, axis: int = 0) -> str:
    """A shape as papers print it, channels last; ``axis`` is the channels'.

    >>> shape_text((32, 112, 112)), shape_text((197, 768), 1)
    ('112 x 112 x 32', '197 x 768')
    """
    return sides_text(channels_last(shape, axis)) or "a single number"


def shapes_text(shapes: tuple[Shape, ...]) -> str:
    """Several shapes: ``3 x 4 and 5 x 4``."""
    return " and ".join(map(shape_text, shapes))


def sides_text(sides: tuple[Size, ...]) -> str:
    """Sizes by axis: ``3 x 5``."""
    return " x ".join(map(str, sides))
