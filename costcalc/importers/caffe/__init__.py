"""Caffe networks to models, without Caffe: ``.prototxt``, its test phase."""

from __future__ import annotations

from costcalc.errors import Mark, Problem, Problems, SpecError
from costcalc.formats.prototxt import parse
from costcalc.graph.frame import Tensor
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.building import Builder, LayerError
from costcalc.importers.caffe.network import Network, network
from costcalc.importers.caffe.sizes import inputs, sized
from costcalc.importers.caffe.walk import Walk
from costcalc.importers.model import Model, Request
from costcalc.spec import library


def read(network: str, request: Request) -> Model:
    """The model of a ``.prototxt`` file.

    Raises:
        SpecError: the file is no Caffe network, or a layer of it is wrong or unknown; the
            message names the file, the line and the layer.
    """
    problems = Problems()
    try:
        return _model(network, request, problems)
    except LayerError as error:
        mark = error.mark or Mark(network)
        problem = Problem(mark, error.message, error.expected, error.found, error.hint)
        raise SpecError([problem]) from None


def _model(file: str, request: Request, problems: Problems) -> Model:
    """The model of a file.

    Raises:
        LayerError: something of it that is no single layer's is wrong.
        SpecError: it is no prototxt, or its layers are wrong.
    """
    found: Network = network(parse(library.read_bytes(file, file), file), problems)
    problems.raise_any()
    first, *others = inputs(found)
    shape = sized(first, request)
    builder = Builder(request.allow_unknown)
    blobs = {first.blob: Tensor(NETWORK_INPUT, shape)}
    for other in others:
        blobs[other.blob] = (
            builder.add(builder.name(other.blob), "constant", {"shape": other.shape}, ())
            if other.shape
            else Tensor(NETWORK_INPUT, None)
        )
    walk = Walk(blobs, builder, problems)
    walk.run(found)
    problems.raise_any()
    return Model(
        name=found.name or "network",
        file=file,
        source={},
        input=shape,
        nodes=tuple(builder.nodes),
        is_sized=builder.is_sized,
        blocks=walk.blocks,
    )
