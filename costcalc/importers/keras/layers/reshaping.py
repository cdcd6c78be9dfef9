"""Layers that move elements, and layers that do nothing at inference."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers.keras.config import shown, wholes
from costcalc.importers.keras.context import KerasContext, Rule, Result
from costcalc.importers.keras.layers.activation import named


def flatten(op: KerasContext) -> Result:
    """``Flatten``; the order of its elements is another, which no count depends on."""
    return op.add("flatten", (op.input,))


def reshape(op: KerasContext) -> Result:
    """``Reshape``; one side may be -1."""
    sides = wholes(op.config.raw("target_shape"), "'target_shape'", -1)
    if not sides or sides.count(-1) > 1 or 0 in sides:
        raise Refusal("'target_shape' is not valid", "one -1 at most", shown(sides))
    return op.add("reshape", (op.input,), {"shape": op.layout.from_keras(sides)})


def permute(op: KerasContext) -> Result:
    """``Permute``: axes counted from 1."""
    places = wholes(op.config.raw("dims"), "'dims'", 1)
    if sorted(places) != list(range(1, op.rank + 1)):
        raise Refusal(
            "'dims' are not a permutation of the axes", f"1 to {op.rank}, each once", shown(places)
        )
    axes = op.layout.permutation([place - 1 for place in places])
    return op.add("transpose", (op.input,), {"axes": axes})


def repeat_vector(op: KerasContext) -> Result:
    """``RepeatVector``: a vector, n times."""
    sides = (op.config.whole("n"), *op.keras_shape(op.input))
    return op.add("rearrange", (op.input,), {"shape": op.layout.from_keras(sides)})


IDLE = [
    "ActivityRegularization",
    "Masking",
    "StopGradient",
    "GaussianNoise",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
]
"""Layers that act in training alone, or on what no count depends on."""

DROPOUTS = (
    "Dropout",
    "AlphaDropout",
    "GaussianDropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "StochasticDepth",
)

TABLE: Mapping[str, Rule] = {
    "Flatten": flatten,
    "Reshape": reshape,
    "Permute": permute,
    "RepeatVector": repeat_vector,
    "Identity": named("identity"),
    **dict.fromkeys(IDLE, named("identity")),
    **dict.fromkeys(DROPOUTS, named("dropout")),
}
