"""Bytes of numbers, and operations for each byte."""

from costcalc.formulas.algebra import Size, ceil_div


def stored_bytes(elements: Size, bits: Size) -> Size:
    """Bytes of numbers that are packed without gaps, rounded up for a whole tensor.

    Whole bytes apart from the other bits, so that nothing is rounded where there are none.

    >>> stored_bytes(10, 32), stored_bytes(3, 4)
    (40, 2)
    """
    whole = bits // 8
    return elements * whole + ceil_div(elements * (bits - 8 * whole), 8)


def groups(weights: Size, channels: Size, group: Size) -> Size:
    """Groups of weights, none of which has weights of two channels.

    >>> groups(3 * 300, 3, 128)
    9
    """
    return channels * ceil_div(weights, channels * group)
