"""A network as the text of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.graph.expand import at_sizes, expand
from costcalc.spec.document import Document
from costcalc.specwriter.spec import spec


def to_spec(
    document: Document,
    settings: Mapping[str, Any],
    comments: tuple[str, ...] = (),
    is_flat: bool = False,
) -> str:
    """The spec of a network at settings: of a model, or of another spec.

    It says what the network is at these settings; of its parameters remain the
    resolution and the number of classes.  ``comments`` stand above it.

    Raises:
        SpecError: a setting or a shape is wrong, or no spec can say it.
    """
    document = at_sizes(document, settings)
    graph = expand(document, settings)
    return spec(graph, comments, is_flat, is_sized="res" in document.sized_by)
