"""Params and mult-adds of fully connected layers, and params of embeddings."""

from __future__ import annotations

from costcalc.formulas.algebra import Size


def fc_weights(M: Size, N: Size) -> Size:
    """Weights of a fully connected layer from M to N units: a matrix M x N.

    MobileNetV1 (arXiv 1704.04861), Table 1, prints it as 1024 x 1000.

    >>> fc_weights(1024, 1000)
    1024000
    """
    return M * N


def fc_mult_adds(M: Size, N: Size, positions: Size = 1) -> Size:
    """Mult-adds of a fully connected layer: every weight once per position.

    >>> fc_mult_adds(1024, 1000)
    1024000
    """
    return fc_weights(M, N) * positions


def embedding_weights(rows: Size, N: Size) -> Size:
    """Weights of an embedding: a row of N numbers for each word.

    Vaswani et al. (arXiv 1706.03762), section 3.4: vectors of d_model for tokens.

    >>> embedding_weights(30522, 768)
    23440896
    """
    return rows * N
