"""From a document and its settings to a flat graph whose every layer has its shapes."""
