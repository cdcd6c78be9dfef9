"""Spaces of networks too large to list: known through the tables of their parts."""
