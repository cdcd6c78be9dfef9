"""From a layer graph to costs: events, weighted by a convention."""
