"""What every importer makes of a model: its operations in order, as layer kinds.

Shapes are those of one image, without the batch; where a framework's tensor has
a leading side that is the batch, an importer drops it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.records import NamedTuple

Shape = tuple[int, ...]


class Node(NamedTuple):
    """One operation of a model, as a layer of some kind."""

    name: str
    """Where it stands in the model, the parts joined by '/': ``features/3/conv``."""
    kind: str
    """A name of the table of layer kinds."""
    arguments: Mapping[str, Any]
    """The kind's attributes: whole numbers, tuples of them, truth values and words."""
    inputs: tuple[int, ...]
    """Indexes of the nodes that it reads, or the graph's NETWORK_INPUT; none for a source."""
    output: Shape | None = None
    """The shape that the model states for its output, None where it states none."""
    origin: str = ""
    """What it is in the model, for messages: ``node 'Conv_3' (Conv)``."""
    shares: str = ""
    """All nodes that say one word here use the params of the first of them."""
    borrows: Mapping[str, int] = {}
    """Params that another node counts, by the name of their event: ``{'biases': 64}``."""
    functional: str | None = None
    """``function`` or ``operator`` where no module does it, as in :class:`.graph.layer.Layer`."""


class Model(NamedTuple):
    """A model at one size of its input, in topological order."""

    name: str
    file: str
    source: Mapping[str, str]
    input: Shape
    nodes: tuple[Node, ...]
    parameters: Mapping[str, Any] = {}
    """What was set to open it, by name: symbolic dimensions, arguments of a constructor."""
    is_sized: bool = False
    """Whether sizes were computed for this input alone, so that another needs a new import."""
    blocks: Mapping[str, str] = {}
    """What each inner path of the nodes' names is: a module's class."""


class Request(NamedTuple):
    """How a model is to be opened."""

    input: Shape | None = None
    """The input's shape, where the caller gives one."""
    res: tuple[int, int] | None = None
    """Height and width, where the caller gives them."""
    settings: Mapping[str, Any] = {}
    """Everything else that the caller sets but ``alpha``: dimensions, arguments."""
    allow_unknown: bool = False
    """Whether operations of no known kind stand in the report as not counted."""
