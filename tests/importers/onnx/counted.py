"""Counts of a layer graph."""

PARAMS = ("weights", "biases", "norm_params", "other_params")


def events(layer):
    return layer.operation.events(layer.input_shapes, layer.output)


def macs(graph):
    """The multiply-accumulates of all layers."""
    return sum(events(layer).macs for layer in graph.layers)


def params(graph):
    """The params of all layers, each counted once."""
    return sum(
        getattr(events(layer), name) - layer.borrows.get(name, 0)
        for layer in graph.layers
        if layer.shares is None
        for name in PARAMS
    )


def kinds(graph):
    """The kind of each layer, in order."""
    return [layer.kind.name for layer in graph.layers]


def outputs(graph):
    """The output shape of each layer."""
    return [layer.output for layer in graph.layers]
