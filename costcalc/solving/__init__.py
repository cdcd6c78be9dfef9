"""The largest value of a parameter at which a network stays within its budgets."""
