"""Costs as formulas: named layers, whole networks in closed form, one layer explained."""
