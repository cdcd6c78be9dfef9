"""Layers that move elements, and layers that do nothing at inference."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.building import LayerError
from costcalc.importers.keras.config import shown, wholes
from costcalc.importers.keras.site import Lower, Result, Site


def nothing(kind: str) -> Lower:
    """A layer that gives what it reads."""

    def lower(site: Site) -> Result:
        return site.add(kind, (site.input,))

    return lower


def flatten(site: Site) -> Result:
    """``Flatten``; the order of its elements is another, which no count depends on."""
    return site.add("flatten", (site.input,))


def reshape(site: Site) -> Result:
    """``Reshape``; one side may be -1."""
    sides = wholes(site.config.raw("target_shape"), "'target_shape'", -1)
    if not sides or sides.count(-1) > 1 or 0 in sides:
        raise LayerError("'target_shape' is not what it must be", "one -1 at most", shown(sides))
    return site.add("reshape", (site.input,), {"shape": site.layout.turned(sides)})


def permute(site: Site) -> Result:
    """``Permute``: axes counted from 1."""
    places = wholes(site.config.raw("dims"), "'dims'", 1)
    if sorted(places) != list(range(1, site.rank + 1)):
        raise LayerError(
            "'dims' are no order of the axes", f"1 to {site.rank}, each once", shown(places)
        )
    axes = site.layout.permutation([place - 1 for place in places])
    return site.add("transpose", (site.input,), {"axes": axes})


def repeat_vector(site: Site) -> Result:
    """``RepeatVector``: a vector, n times."""
    sides = (site.config.whole("n"), *site.sides(site.input))
    return site.add("rearrange", (site.input,), {"shape": site.layout.turned(sides)})


IDLE = (
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
)
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

TABLE: Mapping[str, Lower] = {
    "Flatten": flatten,
    "Reshape": reshape,
    "Permute": permute,
    "RepeatVector": repeat_vector,
    "Identity": nothing("identity"),
    **dict.fromkeys(IDLE, nothing("identity")),
    **dict.fromkeys(DROPOUTS, nothing("dropout")),
}
