"""A layer graph as the text of a spec that a person would want to own."""
