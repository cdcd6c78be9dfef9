"""Why conventions disagree about a network, and which of them gives a quoted number."""
