"""JSON Schema of the files that costcalc reads and of the JSON that it writes."""
