"""Small networks that hold every layer kind between them, in the ways that kinds can be said."""

from costcalc.kinds import TABLE

MAP = "[4, 9, 8]"
TOKENS = "[6, 10]"
HEADS = "[2, 5, 3]"

PLAIN = [kind for kind in TABLE if not (kind.required or kind.becomes or kind.name == "upsample")]
"""Kinds that need no arguments; an upsampling needs one of two."""

UNARY = [kind.name for kind in PLAIN if kind.arity.admits(1)]
BINARY = [kind.name for kind in PLAIN if kind.arity.admits(2) and kind.name != "matmul"]
REDUCTIONS = [kind.name for kind in TABLE if kind.family == "reduction"]

LAYERS = {
    MAP: [
        *(f"{kind}: {{}}" for kind in UNARY),
        *(f"{kind}: {{from: [input, input]}}" for kind in BINARY),
        *(f"{kind}: {{axes: [1], keep: true}}" for kind in REDUCTIONS),
        *(f"{kind}: {{axes: [-1]}}" for kind in REDUCTIONS),
        *(f"{kind}: {{axes: [1, 2]}}" for kind in REDUCTIONS if kind != "argmax"),
        "where: {from: [input, input, input]}",
        "concat: {from: [input, input, input]}",
        "concat: {from: [input, input], axis: -1}",
        "add: {from: [input, input, input]}",
        "maximum: {from: [input, input, input]}",
        "multiply: {from: [input, input, input]}",
        "conv: {out: 6, kernel: 3x2, stride: 2, dilation: 2}",
        "conv: {out: 6, kernel: 3, groups: 2, bias: false, padding: [[0, 1], [2, 0]]}",
        "depthwise: {kernel: 3, multiplier: 2}",
        "transposed_conv: {out: 6, kernel: 3, stride: 2, groups: 2}",
        "transposed_conv: {out: 6, kernel: 3, stride: 2, padding: 1, output_padding: [1, 0]}",
        "fc: 7",
        "fc: {out: 7, per_position: true}",
        "fc: {out: 7, per_position: true, axis: 1, bias: false}",
        "fc: {out: 7, per_position: true, axis: -1}",
        "lstm: 3",
        "lstm: {hidden: 3, bias_vectors: 0}",
        "embedding: {rows: 5, out: 3}",
        "max_pool: {kernel: 3, stride: 2, ceil_mode: true}",
        "max_pool: {kernel: 2, dilation: 2, padding: 1}",
        "max_pool: {kernel: 3, stride: 1, padding: same}",
        "avg_pool: {kernel: 3, stride: 2, padding: same}",
        "avg_pool: {kernel: 3, padding: 1}",
        "adaptive_max_pool: {size: 3x4}",
        "adaptive_avg_pool: {size: [9, 2]}",
        "batch_norm: {affine: false}",
        "batch_norm: {scale: false}",
        "batch_norm: {bias: false}",
        "layer_norm: {affine: false}",
        "layer_norm: {bias: false}",
        "layer_norm: {axes: [0, 1, 2]}",
        "layer_norm: {axes: [0, 2]}",
        "layer_norm: {axes: -1}",
        "rms_norm: {affine: false, axes: [-1]}",
        "group_norm: 2",
        "group_norm: {groups: 2, affine: false}",
        "instance_norm: {affine: true}",
        "prelu: {shared: true}",
        "prelu: {axis: 1}",
        "softmax: {axis: -1}",
        "log_softmax: {axis: 2}",
        "split: {parts: 2, part: 2}",
        "split: {parts: 4, part: 3, axis: 2}",
        "slice: {start: 1, stop: 3}",
        "slice: {start: 1, stop: 8, axis: -1, step: 3}",
        "channel_shuffle: 2",
        "zero_pad: [1, 2]",
        "zero_pad: {padding: [[0, 1], [1, 0], [2, 2]], axis: 0, mode: replicate}",
        "zero_pad: {padding: 1, mode: reflect}",
        "zero_pad: {padding: 1, mode: circular}",
        "pad_channels: 6",
        "upsample: 2",
        "upsample: {size: [10, 12], mode: bilinear}",
        "upsample: {scale: 2, mode: bicubic}",
        "reshape: {shape: [2, -1, 9]}",
        "transpose: {axes: [2, 0, 1]}",
        "dropout: 1/3",
    ],
    TOKENS: [
        "layer_norm: {axes: [-1]}",
        "rms_norm: {axes: [-1]}",
        "fc: {out: 12, per_position: true, axis: -1}",
        "prelu: {axis: -1}",
    ],
}
"""Single layers, by the input that each reads."""

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
  - add: {from: [scaled, grid]}
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


def specs() -> dict[str, str]:
    """Every network's text by a name that a person can read."""
    found = {
        layer: f"input: {source}\nlayers:\n  - {layer}\n"
        for source, layers in LAYERS.items()
        for layer in layers
    }
    found |= {
        name: f"input: {source}\nlayers:\n{layers}" for name, (source, layers) in SEVERAL.items()
    }
    return found
