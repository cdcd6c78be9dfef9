"""How calls become nodes: one module for each sort of operation, joined by ``..table``."""
