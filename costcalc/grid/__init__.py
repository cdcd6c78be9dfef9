"""Many settings at once: the report's own formulas, run over whole grids of numbers."""
