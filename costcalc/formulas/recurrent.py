"""Params and mult-adds of recurrent cells."""

from __future__ import annotations

from costcalc.formulas.algebra import Size

LSTM_MATRICES = 4
"""Input, forget and output gate, and the candidate: a matrix each."""


def lstm_weights(M: Size, H: Size) -> Size:
    """Weights of an LSTM cell from M inputs to H hidden units.

    Each of the four matrices sees the input and the hidden state (Gers et al.,
    "Learning to Forget", 2000; PyTorch's LSTMCell): 4 * H * (M + H).

    >>> lstm_weights(10, 10)
    800
    """
    return LSTM_MATRICES * (H * (M + H))


def lstm_mult_adds(M: Size, H: Size, steps: Size = 1) -> Size:
    """Mult-adds of an LSTM cell: every weight once per step.

    >>> lstm_mult_adds(10, 10)
    800
    """
    return lstm_weights(M, H) * steps
