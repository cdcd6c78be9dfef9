"""Work that is cut into units: who does them, and a folder that keeps what they give."""
