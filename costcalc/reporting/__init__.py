"""From layer costs to reports: plain typed values, then plain tables, independent of any format."""
