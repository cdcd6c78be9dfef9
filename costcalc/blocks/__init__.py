"""Repeated structure of a layer graph: lines, groups, and blocks with parameters."""
