"""Printed figures as data: read, recomputed and judged by their digits."""
