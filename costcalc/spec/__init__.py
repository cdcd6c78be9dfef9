"""From YAML text to a document: typed and checked, with the line of every value."""
