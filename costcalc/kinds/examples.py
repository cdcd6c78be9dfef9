"""An example of every layer kind: its inputs, its output and its events.

The examples are data, worked out by hand, with the arithmetic in a comment beside
each number.  Tests compare every kind with its example, and try exporters, importers
and conventions on it; the pages on kinds show it.  Answers about networks never use
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from costcalc.kinds.base import Events, Kind, Shape

Attributes = Mapping[str, Any]
"""A layer's attributes as a spec sets them, with tuples for lists."""

_NONE: Attributes = MappingProxyType({})


class Example(NamedTuple):
    """One layer of a kind on small inputs."""

    inputs: tuple[Shape, ...]
    output: Shape
    events: Events
    attributes: Attributes = _NONE
    forms: tuple[Attributes, ...] = ()
    """Other attributes on the same inputs, which cover other forms of the kind."""


MAP = (4, 9, 8)  # 4*9*8 = 288 elements in 9*8 = 72 positions
MATRICES = (2, 5, 3)  # two matrices of five rows
HUNDRED = (2, 10, 5)  # 2*10*5 = 100 elements


def _per_element(inputs: int = 1, **rates: int) -> Example:
    """A function of each of a hundred elements, or of those of several inputs."""
    events = Events(**rates, reads=inputs * 100, writes=100)
    return Example((HUNDRED,) * inputs, HUNDRED, events)


def _same_shape(
    attributes: Attributes = _NONE, forms: tuple[Attributes, ...] = (), **events: int
) -> Example:
    """A layer whose input and output are maps of the same shape."""
    moved = Events(**events, reads=288, writes=288)
    return Example((MAP,), MAP, moved, attributes, forms)


def _reduced(forms: tuple[Attributes, ...], **rates: int) -> Example:
    """A reduction of the 4*9 = 36 rows of a map, of 8 elements each, to one number each."""
    events = Events(**rates, reads=288, writes=36)
    return Example((MAP,), (4, 9), events, {"axes": (-1,)}, forms)


_OTHER_AXES: tuple[Attributes, ...] = ({}, {"axes": (1,), "keep": True}, {"axes": (1, 2)})


EXAMPLES: Mapping[str, Example] = {
    "conv": Example(
        (MAP,),
        (6, 5, 4),  # 9 / 2 and 8 / 2, rounded up
        Events(
            macs=4320,  # 3*3 * 4*6 * 5*4
            additions=120,  # 6*5*4: the bias at every position
            reads=288,  # 4*9*8
            writes=120,  # 6*5*4
            weights=216,  # 3*3 * 4*6
            biases=6,
        ),
        {"out": 6, "kernel": 3, "stride": 2},
        (
            {"out": 6, "kernel": (3, 2), "stride": 2, "dilation": 2},
            {"out": 6, "kernel": 3, "groups": 2, "bias": False, "padding": ((0, 1), (2, 0))},
        ),
    ),
    "depthwise": Example(
        (MAP,),
        (8, 9, 8),
        Events(
            macs=5184,  # 3*3 * 8 * 9*8
            additions=576,  # 8*9*8
            reads=288,  # 4*9*8
            writes=576,  # 8*9*8
            weights=72,  # 3*3 * 8
            biases=8,
        ),
        {"kernel": 3, "multiplier": 2},
    ),
    "pointwise": Example(
        (MAP,),
        (6, 9, 8),
        Events(
            macs=1728,  # 4*6 * 9*8
            additions=432,  # 6*9*8
            reads=288,  # 4*9*8
            writes=432,  # 6*9*8
            weights=24,  # 4*6
            biases=6,
        ),
        {"out": 6},
    ),
    "transposed_conv": Example(
        (MAP,),
        (6, 18, 16),  # 9 * 2 and 8 * 2
        Events(
            macs=15552,  # 3*3 * 4*6 * 9*8: every weight at every position of the input
            additions=1728,  # 6*18*16
            reads=288,  # 4*9*8
            writes=1728,  # 6*18*16
            weights=216,  # 3*3 * 4*6
            biases=6,
        ),
        {"out": 6, "kernel": 3, "stride": 2},
        (
            {"out": 6, "kernel": 3, "stride": 2, "groups": 2},
            {"out": 6, "kernel": 3, "stride": 2, "padding": 1, "output_padding": (1, 0)},
        ),
    ),
    "transposed_depthwise": Example(
        (MAP,),
        (8, 18, 16),  # 4 * 2, 9 * 2 and 8 * 2
        Events(
            macs=9216,  # 4*4 * 8 * 9*8: every weight at every position of the input
            additions=2304,  # 8*18*16
            reads=288,  # 4*9*8
            writes=2304,  # 8*18*16
            weights=128,  # 4*4 * 8
            biases=8,
        ),
        {"kernel": 4, "stride": 2, "multiplier": 2},
    ),
    "fc": Example(
        (MAP,),
        (7,),
        Events(
            macs=2016,  # 288*7
            additions=7,
            reads=288,  # 4*9*8
            writes=7,
            weights=2016,  # 288*7
            biases=7,
        ),
        {"out": 7},
        (
            {"out": 7, "per_position": True},
            {"out": 7, "per_position": True, "axis": 1, "bias": False},
            {"out": 7, "per_position": True, "axis": -1},
        ),
    ),
    "embedding": Example(
        (MAP,),
        (4, 9, 8, 3),
        Events(
            reads=288,  # 4*9*8
            writes=864,  # 288*3
            weights=15,  # 5*3
        ),
        {"rows": 5, "out": 3},
    ),
    "matmul": Example(
        (MATRICES, (2, 3, 4)),
        (2, 5, 4),
        Events(
            macs=120,  # 2 * 5*3*4
            reads=54,  # 2*5*3 + 2*3*4
            writes=40,  # 2*5*4
        ),
    ),
    "attention": Example(
        (MATRICES, (2, 4, 3), (2, 4, 6)),
        (2, 5, 6),
        Events(
            macs=360,  # 2*5*4 * 3 + 2*5*4 * 6: scores of rows of 3, and sums of rows of 6
            additions=30,  # 2*5 * (4 - 1): the softmax of every query's four scores
            multiplications=40,  # 2*5*4: every score is scaled
            divisions=40,  # 2*5*4
            functions=40,  # 2*5*4
            reads=102,  # 2*5*3 + 2*4*3 + 2*4*6
            writes=60,  # 2*5*6
        ),
    ),
    "lstm": Example(
        ((10,),),
        (5,),
        Events(
            macs=300,  # 4 * 5 * (10 + 5)
            additions=60,  # 4*2*5 + 3*5 + 5: biases, sigmoids, the cell's state
            multiplications=15,  # 3*5
            divisions=15,  # 3*5: sigmoids
            functions=25,  # 3*5 + 2*5: sigmoids and tanh
            reads=20,  # 10 + 2*5: the input and both states
            writes=10,  # 2*5
            weights=300,  # 4 * 5 * (10 + 5)
            biases=40,  # 4*2*5
            states=10,  # 2*5: hidden and cell
        ),
        {"hidden": 5},
        ({"hidden": 5, "bias_vectors": 0},),
    ),
    "max_pool": Example(
        (MAP,),
        (4, 4, 3),  # (9 - 3) / 2 + 1 and (8 - 3) / 2 + 1, rounded down
        Events(
            comparisons=384,  # 4*4*3 * (3*3 - 1)
            reads=288,  # 4*9*8
            writes=48,  # 4*4*3
        ),
        {"kernel": 3, "stride": 2},
        (
            {"kernel": 3, "stride": 2, "ceil_mode": True},
            {"kernel": 2, "dilation": 2, "padding": 1},
            {"kernel": 3, "stride": 1, "padding": "same"},
        ),
    ),
    "avg_pool": Example(
        (MAP,),
        (4, 4, 3),
        Events(
            additions=384,  # 4*4*3 * (3*3 - 1)
            divisions=48,  # 4*4*3
            reads=288,  # 4*9*8
            writes=48,  # 4*4*3
        ),
        {"kernel": 3, "stride": 2},
        ({"kernel": 3, "stride": 2, "padding": "same"}, {"kernel": 3, "padding": 1}),
    ),
    "adaptive_max_pool": Example(
        (MAP,),
        (4, 3, 4),
        Events(
            comparisons=240,  # 4*3*4 * (3*2 - 1)
            reads=288,  # 4*9*8
            writes=48,  # 4*3*4
        ),
        {"size": (3, 4)},
    ),
    "adaptive_avg_pool": Example(
        (MAP,),
        (4, 9, 2),
        Events(
            additions=216,  # 4*9*2 * (1*4 - 1)
            divisions=72,  # 4*9*2
            reads=288,  # 4*9*8
            writes=72,  # 4*9*2
        ),
        {"size": (9, 2)},
    ),
    "global_max_pool": Example(
        (MAP,),
        (4, 1, 1),
        Events(
            comparisons=284,  # 4 * (9*8 - 1)
            reads=288,  # 4*9*8
            writes=4,
        ),
    ),
    "global_avg_pool": Example(
        (MAP,),
        (4, 1, 1),
        Events(
            additions=284,  # 4 * (9*8 - 1)
            divisions=4,
            reads=288,  # 4*9*8
            writes=4,
        ),
    ),
    "batch_norm": _same_shape(
        forms=({"affine": False}, {"scale": False}, {"bias": False}),
        additions=288,  # 4*9*8
        multiplications=288,  # 4*9*8
        norm_params=8,  # 2*4: a scale and a shift for every channel
        buffers=8,  # 2*4: a mean and a variance
    ),
    "layer_norm": _same_shape(
        forms=(
            {"affine": False},
            {"bias": False},
            {"axes": (0, 1, 2)},
            {"axes": (0, 2)},
            {"axes": (-1,)},
        ),
        additions=1224,  # 4*288 + 72: mean, centring, variance, shift; an epsilon each
        multiplications=864,  # 3*288: squares, one over the root, scale
        divisions=144,  # 2*72: a mean and a variance at every position
        functions=72,
        norm_params=8,  # 2*4
    ),
    "rms_norm": _same_shape(
        forms=({"affine": False, "axes": (-1,)},),
        additions=360,  # 288 + 72: the sums of squares, an epsilon each
        multiplications=864,  # 3*288: squares, one over the root, scale
        divisions=72,
        functions=72,
        norm_params=4,
    ),
    "group_norm": _same_shape(
        attributes={"groups": 2},
        forms=({"groups": 2, "affine": False},),
        additions=1154,  # 4*288 + 2: mean, centring, variance, shift; an epsilon each
        multiplications=864,  # 3*288: squares, one over the root, scale
        divisions=4,  # 2*2: a mean and a variance of each group
        functions=2,
        norm_params=8,  # 2*4
    ),
    "instance_norm": _same_shape(
        forms=({"affine": True},),
        additions=868,  # 3*288 + 4: mean, centring, variance; an epsilon each
        multiplications=576,  # 2*288: squares, one over the root
        divisions=8,  # 2*4: a mean and a variance of each channel
        functions=4,
    ),
    "lrn": _same_shape(
        additions=1440,  # 5*288: four neighbours and k
        multiplications=576,  # 2*288: the square, and alpha times the sum
        divisions=288,  # 4*9*8
        functions=288,  # 4*9*8
    ),
    "relu": _per_element(comparisons=100),
    "relu6": _per_element(comparisons=200),
    "leaky_relu": _per_element(comparisons=100, multiplications=100),
    "prelu": _same_shape(
        forms=({"shared": True}, {"axis": 1}),
        comparisons=288,  # 4*9*8
        multiplications=288,  # 4*9*8
        other_params=4,
    ),
    "sigmoid": _per_element(functions=100, additions=100, divisions=100),
    "tanh": _per_element(functions=100),
    "h_sigmoid": _per_element(additions=100, comparisons=200, multiplications=100),
    "swish": _per_element(functions=100, additions=100, divisions=100, multiplications=100),
    "h_swish": _per_element(additions=100, comparisons=200, multiplications=200),
    "gelu": _per_element(functions=100, additions=100, multiplications=300),
    "gelu_tanh": _per_element(functions=100, additions=200, multiplications=600),
    "quick_gelu": _per_element(functions=100, additions=100, divisions=100, multiplications=200),
    "elu": _per_element(comparisons=100, functions=100, additions=100, multiplications=100),
    "selu": _per_element(comparisons=100, functions=100, additions=100, multiplications=200),
    "celu": _per_element(
        comparisons=200, functions=100, additions=200, multiplications=100, divisions=100
    ),
    "mish": _per_element(functions=300, additions=100, multiplications=100),
    "softplus": _per_element(functions=200, additions=100),
    "softsign": _per_element(additions=100, divisions=100),
    "log_sigmoid": _per_element(functions=200, additions=100),
    "hard_tanh": _per_element(comparisons=200),
    "softmax": _same_shape(
        forms=({"axis": -1},),
        additions=216,  # 9*8 * (4 - 1): a sum at every position
        divisions=288,  # 4*9*8
        functions=288,  # 4*9*8
    ),
    "log_softmax": _same_shape(
        forms=({"axis": 2},),
        additions=504,  # 9*8 * (4 - 1) + 288: the sums, and their logarithm taken away
        functions=360,  # 288 + 72
    ),
    "add": _per_element(inputs=2, additions=100),
    "subtract": _per_element(inputs=2, additions=100),
    "multiply": _per_element(inputs=2, multiplications=100),
    "divide": _per_element(inputs=2, divisions=100),
    "minimum": _per_element(inputs=2, comparisons=100),
    "maximum": _per_element(inputs=2, comparisons=100),
    "power": _per_element(inputs=2, functions=100),
    "compare": _per_element(inputs=2, comparisons=100),
    "where": _per_element(inputs=3),
    "complement": _per_element(additions=100),
    "scale": _per_element(multiplications=100),
    "shift": _per_element(additions=100),
    "clip": _per_element(comparisons=200),
    "exp": _per_element(functions=100),
    "log": _per_element(functions=100),
    "sqrt": _per_element(functions=100),
    "rsqrt": _per_element(functions=100),
    "reciprocal": _per_element(divisions=100),
    "erf": _per_element(functions=100),
    "sin": _per_element(functions=100),
    "cos": _per_element(functions=100),
    "abs": _per_element(),
    "neg": _per_element(),
    "square": _per_element(multiplications=100),
    "floor": _per_element(functions=100),
    "ceil": _per_element(functions=100),
    "round": _per_element(functions=100),
    "sign": _per_element(comparisons=200),
    "logical_not": _per_element(comparisons=100),
    "mean": _reduced(
        _OTHER_AXES,
        additions=252,  # 36 * (8 - 1)
        divisions=36,
    ),
    "sum": _reduced(_OTHER_AXES, additions=252),  # 36 * (8 - 1)
    "reduce_max": _reduced(_OTHER_AXES, comparisons=252),  # 36 * (8 - 1)
    "reduce_min": _reduced(_OTHER_AXES, comparisons=252),  # 36 * (8 - 1)
    "argmax": _reduced(_OTHER_AXES[:2], comparisons=252),  # 36 * (8 - 1)
    "product": _reduced(_OTHER_AXES, multiplications=252),  # 36 * (8 - 1)
    "variance": _reduced(
        _OTHER_AXES,
        additions=792,  # 36 * (8 - 1) + 288 + 36 * (8 - 1): the mean, centring, the squares
        multiplications=288,  # 4*9*8
        divisions=72,  # 2*36
    ),
    "l2_norm": _reduced(
        _OTHER_AXES,
        additions=252,  # 36 * (8 - 1)
        multiplications=288,  # 4*9*8
        functions=36,
    ),
    "concat": Example(
        (MAP, (2, 9, 8)),
        (6, 9, 8),
        Events(
            reads=432,  # 4*9*8 + 2*9*8
            writes=432,  # 6*9*8
        ),
    ),
    "split": Example(
        (MAP,),
        (2, 9, 8),
        Events(
            reads=144,  # 2*9*8: the part
            writes=144,  # 2*9*8
        ),
        {"parts": 2, "part": 2},
        ({"parts": 4, "part": 3, "axis": 2},),
    ),
    "slice": Example(
        (MAP,),
        (2, 9, 8),
        Events(
            reads=144,  # 2*9*8: channels 1 and 2
            writes=144,  # 2*9*8
        ),
        {"start": 1, "stop": 3},
        ({"start": 1, "stop": 8, "axis": -1, "step": 3},),
    ),
    "channel_shuffle": _same_shape(
        attributes={"groups": 2},
    ),
    "flatten": Example((MAP,), (288,), Events()),
    "zero_pad": Example(
        (MAP,),
        (4, 11, 12),  # 9 + 2*1 and 8 + 2*2
        Events(
            reads=288,  # 4*9*8
            writes=528,  # 4*11*12
        ),
        {"padding": (1, 2)},
        (
            {"padding": ((0, 1), (1, 0), (2, 2)), "axis": 0, "mode": "replicate"},
            {"padding": 1, "mode": "reflect"},
            {"padding": 1, "mode": "circular"},
        ),
    ),
    "crop": Example(
        (MAP,),
        (4, 7, 4),  # 9 - 2*1 and 8 - 2*2
        Events(
            reads=112,  # 4*7*4: the part
            writes=112,  # 4*7*4
        ),
        {"cropping": (1, 2)},
        ({"size": 5}, {"size": (6, 3), "offset": (1, 0)}, {"cropping": ((0, 2), (3, 0))}),
    ),
    "pad_channels": Example(
        (MAP,),
        (6, 9, 8),
        Events(
            reads=288,  # 4*9*8
            writes=432,  # 6*9*8
        ),
        {"out": 6},
    ),
    "upsample": Example(
        (MAP,),
        (4, 18, 16),
        Events(
            reads=288,  # 4*9*8
            writes=1152,  # 4*18*16
        ),
        {"scale": 2},
        ({"size": (10, 12), "mode": "bilinear"}, {"scale": 2, "mode": "bicubic"}),
    ),
    "grid_sample": Example(
        (MAP, (5, 3, 2)),
        (4, 5, 3),
        Events(
            multiplications=240,  # 4*5*3 * 4: four neighbours of each place
            additions=180,  # 4*5*3 * 3
            reads=318,  # 4*9*8 + 5*3*2
            writes=60,  # 4*5*3
        ),
        {},
        ({"mode": "nearest"}, {"mode": "bicubic"}),
    ),
    "roi_pool": Example(
        (MAP, (7, 4)),
        (7, 4, 3, 2),
        Events(
            comparisons=1848,  # 7*4 * (9*8 - 3*2): boxes as large as the map
            reads=316,  # 4*9*8 + 7*4
            writes=168,  # 7*4*3*2
        ),
        {"size": (3, 2)},
        (
            {"size": 2, "samples": 3},
            {"size": (2, 3), "samples": 0, "mode": "mean"},
            {"size": (2, 1), "mode": "mean", "position_sensitive": True},
        ),
    ),
    "top_k": Example(
        (MAP,),
        (4, 9, 3),
        Events(
            comparisons=468,  # 4*9 * (8-1 + 2*3): two more from a tournament of three rounds
            reads=288,  # 4*9*8
            writes=108,  # 4*9*3
        ),
        {"k": 3},
        ({}, {"k": 1, "axis": 1}),
    ),
    "nms": Example(
        ((10, 4), (10,)),
        (10,),
        Events(
            comparisons=360,  # 10-1 + 9*4 + 7*45: a sort, then 45 pairs
            additions=200,  # 2*10 + 4*45
            multiplications=55,  # 10 + 45
            divisions=45,
            reads=50,  # 10*4 + 10
            writes=10,
        ),
        {},
        ({"most": 3},),
    ),
    "fft": Example(
        (MAP,),
        (4, 9, 8),
        Events(
            multiplications=1728,  # 4 * 4*9 * 3*4: three stages of four butterflies
            additions=2592,  # 6 * 4*9 * 3*4
            reads=288,  # 4*9*8
            writes=288,  # 4*9*8
        ),
        {},
        (
            {"axes": (1, 2), "real": "input"},
            {"axes": (2,), "real": "output"},
            {"axes": (0, 1), "size": (8, 16)},
        ),
    ),
    "reshape": Example((MAP,), (2, 16, 9), Events(), {"shape": (2, -1, 9)}),
    "transpose": Example((MAP,), (8, 4, 9), Events(), {"axes": (2, 0, 1)}),
    "rearrange": Example(
        (MAP,),
        (2, 9, 8),
        Events(
            reads=288,  # 4*9*8
            writes=144,  # 2*9*8
        ),
        {"shape": (2, 9, 8)},
    ),
    "dropout": Example((MAP,), MAP, Events(), {"rate": 0.5}),
    "identity": Example((MAP,), MAP, Events()),
    "learned": Example(
        (),
        MAP,
        Events(other_params=288),  # 4*9*8
        {"shape": MAP},
        ({"shape": MAP, "of": "norm"},),
    ),
    "constant": Example((), MAP, Events(), {"shape": MAP}),
    "input": Example((), MAP, Events(), {"shape": MAP}),
    "uncounted": Example(
        (MAP,),
        (4, 3),
        Events(),
        {"op": "Mystery", "shape": (4, 3)},
        ({"op": "Mystery", "shape": (4, 3), "guessed": True},),
    ),
}
"""The example of each kind by its name, in the order of the table of kinds."""


def step(kind: Kind, attributes: Attributes, **more: Any) -> str:
    """A step of a spec: the kind with its attributes, and with other arguments.

    >>> from costcalc.kinds import KINDS
    >>> step(KINDS["conv"], {"out": 6, "kernel": (3, 2)}, name="first")
    'conv: {name: first, out: 6, kernel: [3, 2]}'
    >>> step(KINDS["fc"], {"out": 7}), step(KINDS["relu"], {})
    ('fc: 7', 'relu')
    """
    if not more and not attributes:
        return kind.name
    if not more and list(attributes) == [kind.main]:
        return f"{kind.name}: {written(attributes[kind.main])}"
    arguments = {**more, **attributes}.items()
    return f"{kind.name}: {{{', '.join(f'{name}: {written(value)}' for name, value in arguments)}}}"


def spec(kind: Kind, attributes: Attributes | None = None) -> str:
    """A spec whose layer ``example`` is the kind's example, or another of its forms.

    A layer that reads nothing is added to the network's input, so that something reads it.

    >>> from costcalc.kinds import KINDS
    >>> print(spec(KINDS["fc"]), end="")
    input: [4, 9, 8]
    layers:
      - fc: {name: example, out: 7}
    """
    example = EXAMPLES[kind.name]
    source = example.inputs[0] if example.inputs else example.output
    lines = steps(kind, attributes, "example", source)
    if not example.inputs:
        lines.append("add: {from: [input, example]}")
    return f"input: {written(source)}\nlayers:\n" + "".join(f"  - {line}\n" for line in lines)


def steps(kind: Kind, attributes: Attributes | None, name: str, source: Shape) -> list[str]:
    """The steps of an example, in a spec whose input has the shape ``source``.

    Inputs of other shapes are constants.
    """
    example = EXAMPLES[kind.name]
    lines, read = [], []
    for index, shape in enumerate(example.inputs):
        read.append("input" if shape == source else f"{name}_input{index + 1}")
        if shape != source:
            lines.append(f"constant: {{name: {read[-1]}, shape: {written(shape)}}}")
    more = {"from": tuple(read)} if read != ["input"] else {}
    chosen = example.attributes if attributes is None else attributes
    lines.append(step(kind, chosen, name=name, **more))
    return lines


def written(value: Any) -> str:
    """A value as a spec writes it.

    >>> written((1, (0, 2))), written(True)
    ('[1, [0, 2]]', 'true')
    """
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
