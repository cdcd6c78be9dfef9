"""From a layer graph to costs: events, weighed by a convention."""
