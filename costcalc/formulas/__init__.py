"""Cost formulas: pure functions with textbook bodies, apart from everything else.

Nothing here imports the rest of costcalc.
"""
