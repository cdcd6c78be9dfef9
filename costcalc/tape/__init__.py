"""Formulas recorded as a list of operations over parameters, to be replayed anywhere."""
