"""Pictures: layer graphs as text for other tools, costs as figures."""
