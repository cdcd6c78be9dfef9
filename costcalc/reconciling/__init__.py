"""Why two conventions disagree on one network, and which of them gives a printed number."""
