"""Builds small networks in Caffe's format."""

from costcalc import opening
from tests.importers.keras.written import events, params

__all__ = ["events", "graph", "layer", "network", "params", "totals", "written"]


def layer(kind, bottoms, top, *body, name=""):
    """A layer; blobs are separated by spaces."""
    reads = "".join(f' bottom: "{each}"' for each in bottoms.split())
    gives = "".join(f' top: "{each}"' for each in top.split())
    called = name or (top.split() or [kind])[0]
    return f'layer {{ name: "{called}" type: "{kind}"{reads}{gives} {" ".join(body)} }}\n'


def network(shape, *layers):
    """Layers after an input of that shape, without the batch."""
    dims = " ".join(f"dim: {side}" for side in (1, *shape))
    return f'name: "toy"\ninput: "data"\ninput_shape {{ {dims} }}\n' + "".join(layers)


def written(folder, text, name="net.prototxt"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def graph(folder, text, **settings):
    return opening.opened(written(folder, text), settings).graph()


def totals(found):
    """Params, counted once, and multiply-accumulates."""
    every = events(found)
    own = [every[each.name] for each in found.layers if each.shares is None]
    return sum(map(params, own)), sum(each.macs for each in every.values())
