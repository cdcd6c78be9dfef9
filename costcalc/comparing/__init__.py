"""Networks side by side: how their costs differ, and where."""
