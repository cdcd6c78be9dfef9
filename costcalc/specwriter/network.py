"""A network of any kind as the text of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc import pipeline
from costcalc.graph.expand import at_sizes, expand
from costcalc.spec.document import Document
from costcalc.specwriter.spec import spec


def to_spec(
    network: str | Document,
    settings: Mapping[str, Any],
    comments: tuple[str, ...] = (),
    is_flat: bool = False,
) -> str:
    """The spec of a network reference at settings: of a model, or of another spec.

    It says what the network is at these settings; of its parameters remain the
    resolution and the number of classes.  ``comments`` stand above it.

    Raises:
        SpecError: the network, a setting or a shape is wrong, or no spec can say it.
    """
    document, values = pipeline.opened(network, settings)
    document = at_sizes(document, values)
    graph = expand(document, values)
    return spec(graph, comments, is_flat, is_sized="res" in document.sized_by)
