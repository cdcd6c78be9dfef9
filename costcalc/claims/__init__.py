"""Printed figures as data: read, recomputed, judged by their digits."""
