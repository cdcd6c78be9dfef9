"""From YAML text to a document: typed, checked, every value knowing its line."""
