"""The interactive page: one HTML file that shows a network at any of its settings."""
