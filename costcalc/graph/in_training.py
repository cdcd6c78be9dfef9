"""What a model does in training that no layer of its graph states.

An importer notes it by one of these words, with the names of the modules; an answer that
depends on it says so by name.
"""

from __future__ import annotations

from collections.abc import Mapping

IN_PLACE = "in place"
"""Activations that overwrite an input that they would keep otherwise."""
COPIED = "copied"
"""Tensors that are copied as they are."""
DETACHED = "detached"
"""Tensors through which no gradient passes."""
FROZEN = "frozen"
"""Params that the model itself leaves as they are."""
DEPTH = "stochastic depth"
"""Modules that drop a whole image in training, and do nothing where the model is read."""
RECURRENT = "recurrent"
"""Recurrent layers, written as the operations of all their time steps at once."""
INFERENCE = "inference"
"""A file that holds a network as it runs at inference."""

InTraining = Mapping[str, tuple[str, ...]]
"""Names of modules by these words, once for each call."""
