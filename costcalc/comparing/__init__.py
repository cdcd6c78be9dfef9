"""Networks side by side: how and where their costs differ."""
