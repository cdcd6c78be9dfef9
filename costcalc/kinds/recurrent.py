"""Recurrent cells, for one step."""

from costcalc.formulas.recurrent import LSTM_MATRICES, lstm_mult_adds, lstm_weights
from costcalc.kinds.activation import SIGMOID, TANH
from costcalc.kinds.base import Count, Events, Offset, Shape, elements
from costcalc.records import NamedTuple


class Lstm(NamedTuple):
    """One step of an LSTM cell over the whole input, flattened."""

    hidden: Count
    bias_vectors: Offset = 2
    """For each pair of matrices: two as in PyTorch and ONNX, one as in Keras."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(hidden,)``: the hidden state; the cell's state stays inside."""
        return (self.hidden,)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The four matrices, then c' = f * c + i * g and h' = o * tanh(c').

        Besides the input, both states are read; both are written.
        """
        M, H = elements(inputs[0]), self.hidden
        vectors = LSTM_MATRICES * self.bias_vectors
        sigmoid, tanh = SIGMOID.per_element, TANH.per_element
        return Events(
            macs=lstm_mult_adds(M, H),
            additions=(vectors + 3 * sigmoid.additions + 1) * H,
            multiplications=3 * H,
            divisions=3 * sigmoid.divisions * H,
            functions=(3 * sigmoid.functions + 2 * tanh.functions) * H,
            reads=M + 2 * H,
            writes=2 * H,
            weights=lstm_weights(M, H),
            biases=vectors * H,
            states=2 * H,
        )
