"""Bounds on what a spec may ask for, each checked before the work is done."""

FILE_BYTES = 16 * 2**20
"""Size of a spec file."""

NODES = 1_000_000
"""Values in a spec, aliases counted as often as they stand."""

DEPTH = 64
"""Lists and mappings inside one another."""

DIGITS = 30
"""Digits of a number, and its largest exponent."""

EXPRESSION = 500
"""Characters of an expression."""

EXPRESSION_DEPTH = 32
"""Parentheses and operators inside one another."""

BITS = 1024
"""Bits of a number that an expression computes."""

AXES = 8
"""Axes of a shape, and so the sizes in a list of them."""

PARAMETERS = 256
"""Parameters of a network or of a block."""

CASES = 256
"""Cases among which a parameter chooses."""

NESTING = 64
"""Steps inside one another, blocks written out."""

STEPS = 300_000
"""Steps that a spec may unfold to, repeats and blocks written out."""

SIZE = 2**40
"""A width, a side, a kernel: any one size."""
