"""How fast a network can be on a device, and what it needs there: bounds, estimates, energy."""
