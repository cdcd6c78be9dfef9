"""Bounds on what a spec may ask for, checked before the work is done."""

FILE_BYTES = 16 * 2**20
"""Size of a spec file."""

NODES = 1_000_000
"""Values in a spec, with aliases expanded."""

TEXT = 4000
"""Characters of one text: a title, a note, the meaning of a parameter."""

NAME = 500
"""Characters of a name in a model; the middle of a longer one is left out."""

DEPTH = 64
"""Nested lists and mappings."""

DIGITS = 30
"""Digits of a number, and its largest exponent."""

EXPRESSION = 500
"""Characters of an expression."""

EXPRESSION_DEPTH = 32
"""Nested parentheses and operators."""

BITS = 1024
"""Bits of a number that an expression computes."""

AXES = 8
"""Axes of a shape, and therefore sizes in a list."""

PARAMETERS = 256
"""Parameters of a network or of a block."""

CASES = 256
"""Cases that a parameter chooses between."""

NESTING = 64
"""Nested steps, with blocks expanded."""

STEPS = 300_000
"""Steps of a spec, with repeats and blocks expanded."""

SIZE = 2**40
"""Any single size: a width, a side, a kernel."""
