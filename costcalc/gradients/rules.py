"""What each layer kind computes in the backward pass, and what it keeps for it.

    TABLE: kind or family -> Gradient

A rule names the tensors that a layer keeps from its forward pass, and the numbers that it
keeps besides, under two policies: ``pytorch``, what PyTorch's autograd saves on the CPU
(``tools/autograd/derivatives.yaml`` of PyTorch 2.14, and the functions that it calls), and
``minimal``, the least from which the same gradients can be computed without running any
layer again.  Both keep each tensor once, however many layers need it.

Mult-adds follow from the forward pass of a layer, F: the gradient of its weights is F, and
that of its input is F, which is left out where nothing before the layer needs a gradient
(Qi et al., "Paleo", ICLR 2017).  A product of two activations costs F for
each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from costcalc.graph.layer import Layer
from costcalc.kinds.base import MATRICES, Kind, axes_of, axis_of, elements
from costcalc.records import NamedTuple

OUTPUT = -1
"""The place of a layer's output among its tensors; its inputs are 0, 1 and so on."""


class Wanted(NamedTuple):
    """Which gradients of a layer are computed."""

    inputs: tuple[bool, ...]
    """By input: whether its gradient is."""
    weights: bool
    """Whether those of its weights are: matrices, scales, slopes, rows of a table."""
    biases: bool
    """Whether those of its biases or shifts are."""
    is_training: bool = True
    """Whether norms use the statistics of the batch, and dropout drops."""

    @property
    def is_any(self) -> bool:
        """Whether the layer runs in the backward pass at all."""
        return any(self.inputs) or self.weights or self.biases


Places = Callable[[Layer, Wanted], Iterable[int]]
"""The tensors that a layer keeps: places of inputs, or :data:`OUTPUT`."""


def nothing(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """No tensor: shapes are enough."""
    return ()


def first(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """The input."""
    return (0,)


def factor(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """The input, for the gradient of the weights alone."""
    return (0,) if wanted.weights else ()


def inputs(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """All inputs."""
    return range(len(layer.inputs))


def cofactors(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """Each input of which another one's gradient is a multiple: ``d(a b) = b da + a db``."""
    for place in range(len(layer.inputs)):
        if any(needs for other, needs in enumerate(wanted.inputs) if other != place):
            yield place


def output(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """The output, from which the derivative is known."""
    return (OUTPUT,)


def ends(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """The input and the output."""
    return (0, OUTPUT)


def _dividend(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """``d(a / b)`` is a multiple of 1 / b; that of b also of a."""
    return (0, 1) if wanted.inputs[1] else (1,)


def _powers(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """``d(a ^ b)`` is b a ^ (b - 1) da, and a ^ b log(a) db."""
    return (0, 1, OUTPUT) if wanted.inputs[1] else (0, 1)


def _windows(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """The input, unless one window covers it: then PyTorch takes a mean, which keeps nothing."""
    return () if elements(layer.output[1:]) == 1 else (0,)


def _border(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """The input, if its own elements are put around it."""
    operation: Any = layer.operation
    return (0,) if operation.mode in ("reflect", "replicate") else ()


def _scaled(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """The input, for its own gradient: PyTorch's RMS norm is two products."""
    return (0,) if any(wanted.inputs) else ()


def _resized(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """The input, if areas of it are averaged."""
    operation: Any = layer.operation
    return (0,) if operation.mode == "area" else ()


def _attended(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """Queries, keys, values and the output; without flash attention only the values.

    PyTorch's flash attention needs heads of one size; else it scales queries and keys
    first, and keeps those (:func:`_scores`).
    """
    mask = (3,) if len(layer.inputs) > 3 else ()
    return (0, 1, 2, *mask, OUTPUT) if _is_flash(layer) else (2,)


def _is_flash(layer: Layer) -> bool:
    queries, _, values = layer.input_shapes[:3]
    return bool(queries[-1] == values[-1])


class Numbers(NamedTuple):
    """Numbers that a layer keeps besides tensors of the graph."""

    what: str
    amount: Callable[[Layer, Wanted], Any]
    """How many, for one image; for the whole batch if ``is_shared``."""
    bits: int | None = None
    """Of one number; None for those of an activation."""
    is_shared: bool = False
    """Whether the images of a batch share them."""
    is_statistic: bool = False
    """Whether they are statistics of a norm, which have a size of their own."""


class Keep(NamedTuple):
    """What one policy keeps."""

    tensors: Places = nothing
    numbers: tuple[Numbers, ...] = ()
    beside_output: tuple[Numbers, ...] = ()
    """Numbers that it keeps, too, if any layer keeps the output."""
    instead_of_output: tuple[Numbers, ...] = ()
    """Numbers that replace the output, if no layer keeps that."""


class Gradient(NamedTuple):
    """The rule of a layer kind, or of a family."""

    pytorch: Keep = Keep()
    minimal: Keep = Keep()
    is_smooth: bool = True
    """Whether gradients pass through it; not through a comparison or an index."""
    blind: tuple[int, ...] = ()
    """The inputs that have no gradient: a condition, ids, another tensor's size."""
    is_passed: bool = False
    """Whether the gradients of its inputs are that of its output, or parts of it."""


def rule(kind: Kind) -> Gradient:
    """The rule of a kind: its own, or its family's."""
    return TABLE[kind.name] if kind.name in TABLE else TABLE[kind.family]


def backward_macs(layer: Layer, wanted: Wanted) -> Any:
    """Multiply-accumulates of the backward pass of a layer, for one image.

    Convolutions, transposed, grouped and depthwise ones as well, and fully connected layers:
    F for the weights' gradient, F for the input's.  A matrix product: F for each input.
    Attention is two products, Q K^T and P V (Vaswani et al., arXiv 1706.03762, equation 1),
    each with the two gradients of a product.
    """
    macs = layer.computation.events.macs
    family = layer.kind.family
    if family in MATRICES or family == "recurrent":
        return macs * (wanted.weights + any(wanted.inputs))
    if layer.kind.name == "attention":
        d = layer.input_shapes[0][-1]
        scores = elements(layer.output[:-1]) * layer.input_shapes[1][-2] * d
        needs_scores = wanted.inputs[0] + wanted.inputs[1]
        needs_weights = wanted.inputs[2] + bool(needs_scores)
        return scores * needs_scores + (macs - scores) * needs_weights
    return macs * sum(wanted.inputs)


def _mean_squares(layer: Layer, wanted: Wanted) -> Any:
    return _rows(layer) if any(wanted.inputs) else 0


def _unscaled(layer: Layer, wanted: Wanted) -> Any:
    return elements(layer.output) if wanted.weights else 0


def _rows(layer: Layer) -> Any:
    """How many means a norm takes over its axes."""
    operation: Any = layer.operation
    shape = layer.output
    extent = elements(tuple(shape[axis] for axis in axes_of(operation.axes, shape)))
    return elements(shape) // extent


def _of_output(layer: Layer, wanted: Wanted) -> Any:
    return elements(layer.output)


def _of_input(layer: Layer, wanted: Wanted) -> Any:
    return elements(layer.input_shapes[0])


def _scales(layer: Layer, wanted: Wanted) -> Any:
    """The scales of an instance norm, which PyTorch repeats for each image."""
    operation: Any = layer.operation
    return layer.output[0] if operation.affine else 0


def _window_bytes(layer: Layer, wanted: Wanted) -> Any:
    """Bytes that number the elements of a window, for each output."""
    operation: Any = layer.operation
    if "kernel" in layer.kind.attributes:
        kernel = operation.kernel
        rank = len(layer.output) - 1
        window = elements(kernel) if isinstance(kernel, tuple) else kernel**rank
    else:
        window = -(-elements(layer.input_shapes[0]) // elements(layer.output))
    return elements(layer.output) * _bytes_for(window)


def _bytes_for(values: int) -> int:
    return max(1, -(-(values - 1).bit_length() // 8))


def _groups(layer: Layer, wanted: Wanted) -> Any:
    operation: Any = layer.operation
    return 2 * operation.groups


def _padded_squares(layer: Layer, wanted: Wanted) -> Any:
    """Squares with zeros around the channels, then the sums before and after their power."""
    channels, *sides = layer.output
    operation: Any = layer.operation
    return (channels + operation.size - 1 + 2 * channels) * elements(tuple(sides))


def _scores(layer: Layer, wanted: Wanted) -> Any:
    """Scaled queries and keys, and the probabilities, if attention is not flash."""
    if _is_flash(layer):
        return 0
    queries, keys = layer.input_shapes[:2]
    return elements(queries) + elements(keys) + _probabilities(layer, wanted)


def _rows_of_scores(layer: Layer, wanted: Wanted) -> Any:
    return elements(layer.output[:-1])


def _row_sums(layer: Layer, wanted: Wanted) -> Any:
    """A number for each row of scores, if attention is flash."""
    return _rows_of_scores(layer, wanted) if _is_flash(layer) else 0


def _probabilities(layer: Layer, wanted: Wanted) -> Any:
    return elements(layer.output[:-1]) * layer.input_shapes[1][-2]


def _is_short(layer: Layer) -> bool:
    """Whether there are so few keys that the probabilities are less than output and sums."""
    return bool(layer.input_shapes[1][-2] <= layer.output[-1] + 1)


def _partial(layer: Layer, wanted: Wanted) -> Any:
    """What is between the inputs of a chain: ``a b`` of ``a b c``."""
    return (len(layer.inputs) - 2) * elements(layer.output)


def _noise(layer: Layer, wanted: Wanted) -> Any:
    """A number for whatever is dropped as a whole."""
    if not drops(layer, wanted.is_training):
        return 0
    operation: Any = layer.operation
    return {"element": elements(layer.output), "channel": layer.output[0], "image": 1}[
        operation.noise
    ]


def drops(layer: Layer, is_training: bool) -> bool:
    """Whether a layer is a dropout at work."""
    operation: Any = layer.operation
    return layer.kind.name == "dropout" and is_training and bool(operation.rate != 0)


def _of_batch(layer: Layer, wanted: Wanted) -> Any:
    return 2 * layer.output[0] if wanted.is_training else 0


def _normalised(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """The input; by running statistics, only for the gradient of the scale."""
    return first(layer, wanted) if wanted.is_training else factor(layer, wanted)


def _slopes(layer: Layer, wanted: Wanted) -> Any:
    """The signs of its input, if that is not kept for the gradient of the slopes."""
    return 0 if wanted.weights else elements(layer.output)


def _ids(layer: Layer, wanted: Wanted) -> Any:
    operation: Any = layer.operation
    return elements(layer.input_shapes[0]) * _bytes_for(operation.rows)


def _choices(layer: Layer, wanted: Wanted) -> Any:
    return (len(layer.inputs) - 1) * elements(layer.output)


def _boxes(layer: Layer, wanted: Wanted) -> Iterable[int]:
    """The boxes."""
    return (1,)


def _largest_of_boxes(layer: Layer, wanted: Wanted) -> Any:
    operation: Any = layer.operation
    return elements(layer.output) if operation.mode == "max" else 0


def _places_of_boxes(layer: Layer, wanted: Wanted) -> Any:
    return _largest_of_boxes(layer, wanted) * _bytes_for(elements(layer.input_shapes[0][1:]))


def _places(layer: Layer, wanted: Wanted) -> Any:
    operation: Any = layer.operation
    (shape,) = layer.input_shapes
    return elements(layer.output) * _bytes_for(shape[axis_of(operation.axis, shape)])


BIT, BYTE, SINGLE, LONG = 1, 8, 32, 64

_STATISTICS = Numbers("statistics", lambda layer, wanted: 2 * _rows(layer), is_statistic=True)
_OF_BATCH = Numbers("statistics", _of_batch, is_shared=True, is_statistic=True)
_PARTIAL = Numbers("partial products", _partial)
_WINDOW = Numbers("indices", _window_bytes, BYTE)

_INPUT, _OUTPUT, _ENDS = Keep(first), Keep(output), Keep(ends)
_SIGN = Keep(instead_of_output=(Numbers("signs", lambda layer, _: elements(layer.output), BIT),))
_MATRIX = Gradient(Keep(first), Keep(factor))
_LARGEST = Gradient(Keep(first, (Numbers("indices", _of_output, LONG),)), Keep(numbers=(_WINDOW,)))
_FREE = Gradient()
_PASSED = Gradient(is_passed=True)
_BY_INPUT = Gradient(_INPUT, _INPUT)
_BY_OUTPUT = Gradient(_OUTPUT, _OUTPUT)
_BY_SIGN = Gradient(_INPUT, _SIGN)
_BY_INPUT_OR_OUTPUT = Gradient(_INPUT, _OUTPUT)
_CONSTANT = Gradient(is_smooth=False)


def _norm(*numbers: Numbers, copies: tuple[Numbers, ...] = ()) -> Gradient:
    """A norm keeps its input and its statistics; PyTorch sometimes copies besides."""
    return Gradient(Keep(first, (*numbers, *copies)), Keep(first, numbers))


TABLE: Mapping[str, Gradient] = {
    # PyTorch keeps the input even if no weight is updated: one function gives all gradients.
    "convolution": _MATRIX,
    "transposed_convolution": _MATRIX,
    "dense": Gradient(Keep(factor), Keep(factor)),
    "embedding": Gradient(
        Keep(numbers=(Numbers("indices", _of_input, LONG),)),
        Keep(numbers=(Numbers("indices", _ids, BYTE),)),
        blind=(0,),
    ),
    "matmul": Gradient(Keep(cofactors), Keep(cofactors)),
    # Dao, "FlashAttention-2" (arXiv 2307.08691), section 3.1: one number for each row of scores.
    "attention": Gradient(
        Keep(_attended, (Numbers("scores", _scores), Numbers("row sums", _row_sums, SINGLE))),
        Keep(
            lambda layer, _: (0, 1, 2) if _is_short(layer) else (0, 1, 2, OUTPUT),
            beside_output=(Numbers("row sums", _rows_of_scores, SINGLE),),
            instead_of_output=(Numbers("scores", _probabilities),),
        ),
    ),
    # Hochreiter and Schmidhuber, with the forget gate of Gers et al. (2000): four gates, the
    # cell and the hidden state.
    "lstm": Gradient(
        *2 * (Keep(first, (Numbers("gates and states", lambda one, _: 6 * one.output[0]),)),)
    ),
    # Pooling.
    "max_pool": _LARGEST,
    "adaptive_max_pool": _LARGEST,
    "global_max_pool": Gradient(_ENDS, Keep(numbers=(_WINDOW,))),
    "avg_pool": Gradient(_INPUT),
    "adaptive_avg_pool": Gradient(Keep(_windows)),
    "global_avg_pool": _FREE,
    # Norms.  Ioffe and Szegedy, arXiv 1502.03167, section 3: mean and inverse deviation of
    # each channel over the batch.
    "batch_norm": Gradient(Keep(first, (_OF_BATCH,)), Keep(_normalised, (_OF_BATCH,))),
    "layer_norm": _norm(_STATISTICS),
    "rms_norm": Gradient(
        Keep(
            _scaled,
            (
                Numbers("statistics", _mean_squares, is_statistic=True),
                Numbers("normalised", _unscaled),
            ),
        ),
        Keep(first, (Numbers("statistics", lambda layer, _: _rows(layer), is_statistic=True),)),
    ),
    "group_norm": _norm(Numbers("statistics", _groups, is_statistic=True)),
    "instance_norm": _norm(
        Numbers("statistics", lambda layer, _: 2 * layer.output[0], is_statistic=True),
        copies=(Numbers("scales", _scales, is_statistic=True),),
    ),
    "lrn": Gradient(
        Keep(first, (Numbers("sums", _padded_squares),)),
        Keep(first, (Numbers("sums", _of_output),)),
    ),
    # Activations.
    "relu": Gradient(_OUTPUT, _SIGN),
    **dict.fromkeys(("relu6", "leaky_relu", "h_sigmoid", "hard_tanh"), _BY_SIGN),
    "prelu": Gradient(_INPUT, Keep(factor, (Numbers("signs", _slopes, BIT),))),
    **dict.fromkeys(("sigmoid", "tanh", "softmax", "log_softmax"), _BY_OUTPUT),
    **dict.fromkeys(("elu", "selu", "celu", "softplus"), _BY_INPUT_OR_OUTPUT),
    **dict.fromkeys(("swish", "h_swish", "gelu", "gelu_tanh", "mish"), _BY_INPUT),
    "quick_gelu": Gradient(Keep(first, (Numbers("sigmoid", _of_output),)), _INPUT),
    "softsign": Gradient(Keep(first, (Numbers("denominators", _of_output),)), _OUTPUT),
    "log_sigmoid": Gradient(Keep(first, (Numbers("exponentials", _of_output),)), _OUTPUT),
    # Elementwise arithmetic.
    **dict.fromkeys(("add", "shift"), _PASSED),
    **dict.fromkeys(("subtract", "complement", "scale", "neg"), _FREE),
    "multiply": Gradient(*2 * (Keep(cofactors, (_PARTIAL,)),)),
    "divide": Gradient(*2 * (Keep(_dividend),)),
    **dict.fromkeys(
        ("minimum", "maximum"),
        Gradient(
            Keep(inputs, (_PARTIAL,)),
            Keep(numbers=(Numbers("choices", _choices, BIT),)),
        ),
    ),
    "power": Gradient(*2 * (Keep(_powers),)),
    "where": Gradient(Keep(first), Keep(numbers=(Numbers("choices", _of_input, BIT),)), blind=(0,)),
    **dict.fromkeys(("clip", "abs"), _BY_SIGN),
    **dict.fromkeys(("exp", "sqrt", "rsqrt", "reciprocal"), _BY_OUTPUT),
    **dict.fromkeys(("log", "erf", "sin", "cos", "square"), _BY_INPUT),
    **dict.fromkeys(("floor", "ceil", "round", "sign"), _FREE),
    **dict.fromkeys(("compare", "logical_not", "argmax"), _CONSTANT),
    # Reductions.
    "mean": _FREE,
    "sum": _PASSED,
    **dict.fromkeys(("reduce_max", "reduce_min"), Gradient(_ENDS, Keep(numbers=(_WINDOW,)))),
    **dict.fromkeys(("product", "l2_norm"), Gradient(_ENDS, _ENDS)),
    "variance": _BY_INPUT,
    # What moves elements keeps shapes alone.
    "reshaping": _PASSED,
    "crop": Gradient(is_passed=True, blind=(1,)),
    "resampling": Gradient(Keep(_resized)),
    "zero_pad": Gradient(Keep(_border)),
    # Both the map and the places have gradients, which need both.
    "grid_sample": Gradient(Keep(inputs), Keep(inputs)),
    # Of averages only the boxes; of the largest also where they were.
    "roi_pool": Gradient(
        Keep(_boxes, (Numbers("indices", _largest_of_boxes, SINGLE),)),
        Keep(_boxes, (Numbers("indices", _places_of_boxes, BYTE),)),
        blind=(1,),
    ),
    "top_k": Gradient(
        Keep(numbers=(Numbers("indices", _of_output, LONG),)),
        Keep(numbers=(Numbers("indices", _places, BYTE),)),
    ),
    "nms": _CONSTANT,
    "fft": _FREE,
    # PyTorch multiplies by noise, in numbers of the activations' own kind.
    "dropout": Gradient(
        Keep(numbers=(Numbers("noise", _noise),)), Keep(numbers=(Numbers("mask", _noise, BIT),))
    ),
    "identity": _PASSED,
    "source": _PASSED,
    "uncounted": _FREE,
}
"""By kind, or by family of kinds; ``pytest -m complete`` names those without a rule."""
