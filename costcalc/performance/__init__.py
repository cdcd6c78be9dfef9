"""How fast a network can be on a device, and what it needs there: bounds, estimates, energy."""

DTYPES = ("int8", "fp16", "fp32")
"""Types of numbers that a device may have a peak for."""
