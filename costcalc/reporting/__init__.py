"""From layer costs to reports: plain typed values, then plain tables; nothing of any format."""
