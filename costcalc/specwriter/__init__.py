"""Writes a layer graph as the text of a readable spec."""
