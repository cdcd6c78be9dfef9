"""What every importer makes of a model: its operations in order, as layers of costcalc's kinds.

Shapes are those of one image: importers drop the leading dimension where it is the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from costcalc.records import NamedTuple

if TYPE_CHECKING:
    from costcalc.arena.schedule import Schedule
    from costcalc.graph.remarks import Remarks

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
    schedule: Schedule | None = None
    """The steps and tensors of the file at this input, if it is what a runtime plans."""
    is_file_resized: bool = False
    """Whether the file states its steps and tensors, but at another input."""
    remarks: Remarks = MappingProxyType({})
    """What it does in training that no node states."""


class Request(NamedTuple):
    """How a model is to be opened."""

    input: Shape | None = None
    """The input shape, if the caller sets one."""
    res: int | Shape | None = None
    """A size for all spatial axes or one for each, if the caller sets them."""
    settings: Mapping[str, Any] = {}
    """All other settings but ``alpha``: dimensions, arguments."""
    allow_unknown: bool = False
    """Whether operations without a layer kind are reported as not counted."""
