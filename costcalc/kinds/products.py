"""Products between activations: matrices, and attention."""

from costcalc.formulas.products import attention_mult_adds, matmul_mult_adds
from costcalc.kinds.base import Events, Shape, ShapeError, all_elements, elements, shapes_text
from costcalc.kinds.elementwise import broadcast
from costcalc.records import NamedTuple


class MatMul(NamedTuple):
    """The product of stacks of matrices, (..., n, k) and (..., k, m); leading sides of 1 repeat."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(..., n, m)`` for ``(..., n, k)`` and ``(..., k, m)``.

        Raises:
            ShapeError: an input is not a matrix, or they do not fit.
        """
        stack = _stack(inputs, "multiplied as matrices")
        first, second = inputs
        if first[-1] != second[-2]:
            message = f"rows of {first[-1]} cannot be multiplied with columns of {second[-2]}"
            raise ShapeError(message, found=shapes_text(inputs))
        return (*stack, first[-2], second[-1])

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Every row with every column."""
        *stack, n, m = output
        return Events(
            macs=matmul_mult_adds(n, inputs[0][-1], m, elements(tuple(stack))),
            reads=all_elements(inputs),
            writes=elements(output),
        )


class Attention(NamedTuple):
    """softmax(Q K^T / sqrt(d) + mask) V: Vaswani et al., arXiv 1706.03762, equation (1).

    Reads queries, keys and values, and a mask if there are four inputs.
    """

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(..., n, e)`` for ``(..., n, d)``, ``(..., m, d)`` and ``(..., m, e)``.

        Raises:
            ShapeError: an input is not a matrix, or they do not fit.
        """
        queries, keys, values = inputs[:3]
        stack = _stack((queries, keys, values), "attended to")
        if queries[-1] != keys[-1]:
            message = f"queries of size {queries[-1]} do not match keys of size {keys[-1]}"
            raise ShapeError(message, found=shapes_text(inputs))
        if keys[-2] != values[-2]:
            message = f"{keys[-2]} keys do not match {values[-2]} values"
            raise ShapeError(message, found=shapes_text(inputs))
        return (*stack, queries[-2], values[-1])

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Both products, scaling and masking of every score, and the softmax over the keys."""
        (d, m), (*stack, n, e) = (inputs[0][-1], inputs[1][-2]), output
        heads = elements(tuple(stack))
        scores = heads * n * m
        masked = scores if len(inputs) > 3 else 0
        return Events(
            macs=attention_mult_adds(n, m, d, e, heads),
            multiplications=scores,
            additions=scores - heads * n + masked,
            functions=scores,
            divisions=scores,
            reads=all_elements(inputs),
            writes=elements(output),
        )


def _stack(inputs: tuple[Shape, ...], joined: str) -> Shape:
    """The sides before the matrices, those of 1 repeated.

    Raises:
        ShapeError: an input is not a matrix, or the sides differ.
    """
    if any(len(shape) < 2 for shape in inputs):
        message = "a product of matrices needs inputs of at least two axes"
        raise ShapeError(message, found=shapes_text(inputs))
    return broadcast(tuple(shape[:-2] for shape in inputs), joined)
