"""What every importer makes of a model: its operations in order, as layers of costcalc's kinds.

Shapes are those of one image: importers drop the leading dimension where it is the batch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from costcalc.errors import Refusal, did_you_mean
from costcalc.records import NamedTuple

if TYPE_CHECKING:
    from costcalc.arena.schedule import Schedule
    from costcalc.graph.in_training import InTraining

Shape = tuple[int, ...]

Borrows = Mapping[str, int | str]
"""How many params another node counts, by the name of their event: ``{'biases': 64}``, or
:data:`~costcalc.spec.document.ALL` that the node has."""


class Node(NamedTuple):
    """One operation of a model, as a layer of some kind."""

    name: str
    """Its path in the model, the parts joined by '/': ``features/3/conv``."""
    kind: str
    """The name of a layer kind."""
    arguments: Mapping[str, Any]
    """The kind's attributes: whole numbers, tuples of them, booleans and words."""
    inputs: tuple[int, ...]
    """The indices of the nodes it reads, or the graph's NETWORK_INPUT; empty for a source."""
    output: Shape | None = None
    """The output shape that the model states; None if it states none."""
    origin: str = ""
    """What it is in the model, for messages: ``node 'Conv_3' (Conv)``."""
    shares: str = ""
    """A label: nodes with the same label use the params of the first of them."""
    borrows: Borrows = MappingProxyType({})
    """Params that another node counts."""
    functional: str | None = None
    """``function`` or ``operator`` if no module does it, as in :class:`.graph.layer.Layer`."""


class Model(NamedTuple):
    """A model at one input size, its nodes in topological order."""

    name: str
    file: str
    source: Mapping[str, str]
    input: Shape
    nodes: tuple[Node, ...]
    parameters: Mapping[str, Any] = {}
    """The settings used to open it: symbolic dimensions, arguments of a constructor."""
    is_sized: bool = False
    """Whether sizes hold for this input only, so that another input size needs a new import."""
    blocks: Mapping[str, str] = {}
    """The module class of each inner path in the nodes' names."""
    folded: frozenset[str] = frozenset()
    """The paths of single operations with many nodes, which are one row of a table."""
    notes: tuple[str, ...] = ()
    """What its reader must know of its totals: a choice, a bound, a guess; whole sentences."""
    inputs: Mapping[str, str] = {}
    """The types of numbers of the inputs, by their names, the first input's first; '' if the
    model does not state one.  The others have the names of their nodes."""
    schedule: Schedule | None = None
    """The steps and tensors of the file at this input, if it is what a runtime plans."""
    is_file_resized: bool = False
    """Whether the file states its steps and tensors, but at another input."""
    in_training: InTraining = MappingProxyType({})
    """What it does in training that no node states."""


IMAGE = (3, 224, 224)
"""The default shape of a PyTorch module's input."""

SCALAR = "scalar"
"""The shape of a single number, as the caller writes it."""


class RequestedInput(NamedTuple):
    """An input as the caller wants it: ``ids=128:int64``."""

    shape: Shape
    """Without the batch."""
    dtype: str = ""
    """What its numbers are; empty for what the model expects."""


class RequestedShapes:
    """The output shapes that the caller gives for unknown operations, and whether they fit.

    Attributes:
        shapes: by the operation's name; ``NAME.2`` is its second output.
        asked: the names that an importer asked for.
    """

    def __init__(self, shapes: Mapping[str, Shape] = MappingProxyType({})) -> None:
        self.shapes = shapes
        self.asked: dict[str, None] = {}

    def find(self, name: str, output: int = 0) -> Shape | None:
        """The shape of an output, counted from 0; None if the caller gives none."""
        key = f"{name}.{output + 1}" if output else name
        self.asked[key] = None
        return self.shapes.get(key)


class Request(NamedTuple):
    """How a model is to be opened."""

    input: Shape | None = None
    """The shape of the first input, if the caller sets one without a name."""
    dtype: str = ""
    """What the numbers of that input are; empty for what the model expects."""
    inputs: Mapping[str, RequestedInput] = {}
    """The inputs that the caller sets, by their names in the model."""
    res: int | Shape | None = None
    """A size for all spatial axes or one for each, if the caller sets them."""
    settings: Mapping[str, Any] = {}
    """All other settings but ``alpha``: dimensions, arguments."""
    allow_unknown: bool = False
    """Whether operations without a layer kind are reported as not counted."""
    shapes: RequestedShapes | None = None
    """The shapes of unknown operations that the caller gives."""

    def shape_for(self, name: str, *, is_first: bool) -> Shape | None:
        """The shape that the caller sets for an input, by its name or as the first.

        Raises:
            Refusal: it is set in both ways, to different shapes.
        """
        named = self.inputs.get(name)
        if not is_first or self.input is None:
            return named.shape if named is not None else None
        if named is not None and named.shape != self.input:
            raise Refusal(
                f"the shape of input '{name}' is set twice",
                "one of both",
                " and ".join("x".join(map(str, shape)) for shape in (self.input, named.shape)),
            )
        return self.input

    def check_inputs(self, names: Collection[str]) -> None:
        """Check that all inputs that the caller sets are those of a file, which states their types.

        Raises:
            Refusal: one is not, or is given a type of numbers.
        """
        for dtype in (self.dtype, *(wanted.dtype for wanted in self.inputs.values())):
            if dtype:
                raise Refusal("the file states what its inputs hold", "a shape alone", dtype)
        for name in self.inputs:
            if name not in names:
                raise Refusal(
                    f"the model has no input '{name}'",
                    "one of " + ", ".join(names),
                    hint=did_you_mean(name, names),
                )
