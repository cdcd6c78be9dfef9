"""Layers that move elements, and layers that do nothing at inference time."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers.builder import UnknownOp
from costcalc.importers.keras.config import shown, wholes
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers.activation import unary


def reshape(op: KerasContext) -> Result:
    """``Reshape``."""
    target = wholes(op.config.raw("target_shape"), "'target_shape'", -1)
    if not target or target.count(-1) > 1 or 0 in target:
        raise Refusal("'target_shape' is not valid", "at most one -1, and no 0", shown(target))
    return op.reshape(op.input, target)


def dropout(noise: str) -> Rule:
    """A layer that drops elements, channels or images."""
    arguments = {} if noise == "element" else {"noise": noise}

    def rule(op: KerasContext) -> Result:
        return op.add("dropout", (op.input,), arguments)

    return rule


def permute(op: KerasContext) -> Result:
    """``Permute``, which counts axes from 1."""
    places = wholes(op.config.raw("dims"), "'dims'", 1)
    if sorted(places) != list(range(1, op.rank + 1)):
        raise Refusal(
            "'dims' are not a permutation of the axes", f"1 to {op.rank}, each once", shown(places)
        )
    axes = op.layout.permutation([place - 1 for place in places])
    return op.add("transpose", (op.input,), {"axes": axes})


def repeat_vector(op: KerasContext) -> Result:
    """``RepeatVector``."""
    shape = op.layout.from_keras((op.config.whole("n"), *op.keras_shape(op.input)))
    return op.add("rearrange", (op.input,), {"shape": shape})


def random_crop(op: KerasContext) -> Result:
    """``RandomCrop``, which leaves images as they are at inference."""
    size = (op.config.whole("height"), op.config.whole("width"))
    if op.input.shape[1:] != size:
        raise UnknownOp("costcalc has no layer kind for a crop that happens in training alone")
    return op.add("identity", (op.input,))


IDLE = [
    "ActivityRegularization",
    "AugMix",
    "CutMix",
    "Equalization",
    "GaussianNoise",
    "Masking",
    "MaxNumBoundingBoxes",
    "MixUp",
    "RandAugment",
    "Solarization",
    "StopGradient",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomElasticTransform",
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
"""Layers that act only in training, or affect no count."""

DROPOUTS = {
    "Dropout": "element",
    "AlphaDropout": "element",
    "GaussianDropout": "element",
    "SpatialDropout1D": "channel",
    "SpatialDropout2D": "channel",
    "SpatialDropout3D": "channel",
    "StochasticDepth": "image",
}
"""Layers that drop in training, with what of it they drop as a whole."""

TABLE: Mapping[str, Rule] = {
    "Flatten": unary("flatten"),
    "Reshape": reshape,
    "Permute": permute,
    "RepeatVector": repeat_vector,
    "Identity": unary("identity"),
    "QuantizeLayer": unary("identity"),
    "RandomCrop": random_crop,
    **dict.fromkeys(IDLE, unary("identity")),
    **{name: dropout(noise) for name, noise in DROPOUTS.items()},
}
