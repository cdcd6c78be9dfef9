"""Builds small architectures in Keras' format."""

import json

from costcalc import opening


def layer(class_name, name, *, module="keras.layers", inbound=(), **config):
    return {
        "module": module,
        "class_name": class_name,
        "config": {"name": name, **config},
        "name": name,
        "inbound_nodes": list(inbound),
    }


def of(class_name, **config):
    """A layer of a sequential model, named after its class."""
    return layer(class_name, class_name.lower(), **config)


def image(*sides, name="image"):
    return layer("InputLayer", name, batch_shape=[None, *sides])


def sequential(shape, *layers, name="toy"):
    config = {"name": name, "layers": [image(*shape), *layers]}
    return {"class_name": "Sequential", "config": config}


def functional(layers, inputs, outputs, name="toy"):
    """``inputs`` and ``outputs`` are ``[layer, call, tensor]``."""
    config = {"name": name, "layers": layers, "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Functional", "config": config}


def tensor(name, call=0, number=0, shape=None):
    """A tensor as Keras 3 writes it; ``shape`` is without the batch."""
    config = {"shape": [None, *(shape or [None])], "keras_history": [name, call, number]}
    return {"class_name": "__keras_tensor__", "config": config}


def call(*args, **kwargs):
    return {"args": list(args), "kwargs": kwargs}


def written(folder, model, name="model.json"):
    path = folder / name
    path.write_text(json.dumps(model), encoding="utf-8")
    return str(path)


def graph(folder, model, **settings):
    return opening.opened(written(folder, model), settings).graph()


def events(graph):
    """Every layer's events by its name."""
    return {
        each.name: each.operation.events(each.input_shapes, each.output) for each in graph.layers
    }


def params(events):
    return events.weights + events.biases + events.norm_params + events.other_params
