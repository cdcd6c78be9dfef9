"""Layer graphs as text for drawing tools; costs as figures."""
