"""What a layer graph counts, in a few words."""

PARAMS = ("weights", "biases", "norm_params", "other_params")


def events(layer):
    return layer.operation.events(layer.input_shapes, layer.output)


def macs(graph):
    """Multiply-accumulates of all layers."""
    return sum(events(layer).macs for layer in graph.layers)


def params(graph):
    """Learned numbers of all layers, each once."""
    return sum(
        getattr(events(layer), name) - layer.borrows.get(name, 0)
        for layer in graph.layers
        if layer.shares is None
        for name in PARAMS
    )


def kinds(graph):
    """The layers' kinds in their order."""
    return [layer.kind.name for layer in graph.layers]


def outputs(graph):
    """What each layer gives."""
    return [layer.output for layer in graph.layers]
