"""Cost formulas: pure functions with textbook bodies, which import nothing else of costcalc."""
