"""Small networks that together contain every layer kind, in all its forms.

Networks of a single layer are the examples of the kinds.
"""

from collections.abc import Callable

from costcalc.kinds import TABLE
from costcalc.kinds.base import Kind
from costcalc.kinds.examples import EXAMPLES, Attributes, spec, step, steps

MAP = "[4, 9, 8]"
TOKENS = "[6, 10]"
HEADS = "[2, 5, 3]"

SEVERAL = {
    "products": (
        HEADS,
        """
  - transpose: {name: keys, axes: [0, 2, 1]}
  - matmul: {name: scores, from: [input, keys]}
  - attention: {name: attended, from: [input, input, input]}
  - constant: {name: mask, shape: [2, 5, 5]}
  - attention: {name: masked, from: [input, input, input, mask]}
  - reshape: {name: flat, shape: [5, 6], from: attended}
  - attention: {name: plain, from: [flat, flat, flat]}
  - reshape: {name: windows, shape: [5, 2, 1, 3], from: masked}
  - attention: {name: windowed, from: [windows, windows, windows]}
""",
    ),
    "tokens": (
        TOKENS,
        """
  - layer_norm: {axes: [-1]}
  - rms_norm: {axes: [-1]}
  - fc: {out: 12, per_position: true, axis: -1}
  - prelu: {axis: -1}
""",
    ),
    "joins of three": (
        MAP,
        """
  - add: {name: a, from: [input, input, input]}
  - maximum: {name: b, from: [input, a, input]}
  - multiply: {name: c, from: [a, b, input]}
  - concat: {name: d, from: [a, b, c]}
""",
    ),
    "joins along another axis": (MAP, "  - concat: {from: [input, input], axis: -1}\n"),
    "gates": (
        MAP,
        """
  - avg_pool: {name: row, kernel: 9x1}
  - multiply: {name: scaled, from: [input, row]}
  - add: {name: shifted, from: [row, scaled], broadcast: true}
  - maximum: {from: [row, shifted]}
""",
    ),
    "sources": (
        TOKENS,
        """
  - learned: {name: token, shape: [1, 10]}
  - learned: {name: places, shape: [7, 10]}
  - learned: {name: gain, shape: [1, 1], of: norm}
  - learned: {name: unread, shape: [3]}
  - concat: {name: all, from: [token, input]}
  - add: {name: placed, from: [all, places]}
  - multiply: {name: scaled, from: [placed, gain]}
  - constant: {name: grid, shape: [7, 10]}
  - input: {name: times, shape: [7, 10]}
  - add: {from: [scaled, grid, times]}
""",
    ),
    "shared": (
        "[4, 9]",
        """
  - conv: {name: a, out: 4, kernel: 3, norm: batch, shares: one}
  - conv: {name: b, out: 4, kernel: 3, norm: batch, shares: one}
  - fc: {name: c, out: 36, shares: two}
  - prelu: {name: d, shares: three}
  - fc: {name: e, out: 36, shares: two}
  - prelu: {name: f, shares: three}
  - learned: {name: g, shape: [36], shares: four}
  - learned: {name: h, shape: [36], shares: four}
  - add: {from: [f, g, h]}
""",
    ),
    "maps of one axis": (
        "[4, 12]",
        """
  - conv: {out: 6, kernel: 3, stride: 2, padding: same}
  - max_pool: {kernel: 2}
  - channel_shuffle: 3
  - zero_pad: 1
  - transposed_conv: {out: 4, kernel: 4, stride: 2}
  - global_avg_pool
""",
    ),
    "maps of three axes": (
        "[2, 6, 5, 4]",
        """
  - conv: {out: 4, kernel: [3, 1, 3], stride: [1, 2, 1]}
  - avg_pool: {kernel: 2}
  - channel_shuffle: 2
  - upsample: 2
  - global_max_pool
""",
    ),
}
"""Networks of several layers: the input, and the layers."""


def words(family: str, inputs: int = 1) -> tuple[str, ...]:
    """The kinds of a family without attributes that take so many inputs."""
    return tuple(
        kind.name
        for kind in TABLE
        if kind.family == family and not kind.attributes and kind.arity.admits(inputs)
    )


def forms() -> dict[str, tuple[Kind, Attributes]]:
    """Every example of a kind and its other forms, by step."""
    return {
        step(kind, attributes): (kind, attributes)
        for kind in TABLE
        if kind.name in EXAMPLES  # tests/kinds/test_examples.py tells of one that is not
        for attributes in (EXAMPLES[kind.name].attributes, *EXAMPLES[kind.name].forms)
    }


def specs() -> dict[str, str]:
    """The text of every network, by a readable name."""
    texts = {name: spec(kind, attributes) for name, (kind, attributes) in forms().items()}
    texts |= {
        name: f"input: {source}\nlayers:\n{layers}" for name, (source, layers) in SEVERAL.items()
    }
    return texts


def together(is_wanted: Callable[[Kind], bool] = lambda kind: True) -> str:
    """One network with all examples side by side, in a sequence named ``every``."""
    lines = []
    for index, (kind, attributes) in enumerate(forms().values()):
        if is_wanted(kind):
            lines += ["identity: {from: input}", *steps(kind, attributes, f"e{index}", (4, 9, 8))]
    inside = "".join(f"        - {line}\n" for line in lines)
    return f"input: {MAP}\nlayers:\n  - sequence:\n      name: every\n      layers:\n{inside}"
