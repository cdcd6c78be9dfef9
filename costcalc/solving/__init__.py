"""What fits a budget: the largest value of a parameter whose costs are within it."""
