"""Mult-adds of products between activations: matrices, and attention."""

from __future__ import annotations

from costcalc.formulas.algebra import Size


def matmul_mult_adds(n: Size, k: Size, m: Size, matrices: Size = 1) -> Size:
    """Mult-adds of n x k matrices times k x m matrices.

    >>> matmul_mult_adds(49, 32, 49)
    76832
    """
    return matrices * n * k * m


def attention_mult_adds(n: Size, m: Size, d: Size, e: Size, heads: Size = 1) -> Size:
    """Mult-adds of attention from n queries to m keys, of d numbers each, and values of e.

    The scores Q K^T, then their product with V: Vaswani et al. (arXiv 1706.03762),
    equation (1).  Over all heads of width C together, with n = m = h w, this is the
    2 (h w)^2 C of Swin (arXiv 2103.14030), equation (1); within windows of M x M it is
    the 2 M^2 h w C of its equation (2).

    >>> attention_mult_adds(49, 49, 32, 32, heads=3)
    460992
    """
    return matmul_mult_adds(n, d, m, heads) + matmul_mult_adds(n, m, e, heads)
