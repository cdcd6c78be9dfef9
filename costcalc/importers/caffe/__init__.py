"""Caffe networks to models, without Caffe: ``.prototxt``, its test phase."""

from __future__ import annotations

from costcalc.errors import Mark, Problems, Refusal, SpecError
from costcalc.formats.prototxt import parse
from costcalc.importers.builder import ModelBuilder
from costcalc.importers.caffe.network import CaffeNetwork, network
from costcalc.importers.caffe.sizes import inputs, sized
from costcalc.importers.caffe.walk import Blob, CaffeWalk
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
    except Refusal as refusal:
        raise SpecError([refusal.problem(Mark(network))]) from None


def _model(file: str, request: Request, problems: Problems) -> Model:
    """The model of a file.

    Raises:
        Refusal: something of it that is no single layer's is wrong.
        SpecError: it is no prototxt, or its layers are wrong.
    """
    found: CaffeNetwork = network(parse(library.read_bytes(file, file), file), problems)
    problems.raise_any()
    first, *others = inputs(found)
    builder = ModelBuilder(sized(first, request), request.allow_unknown)
    blobs: dict[str, Blob] = {first.blob: builder.input}
    for other in others:
        blobs[other.blob] = None
        if other.shape:
            name = builder.free_name(other.blob)
            blobs[other.blob] = builder.add(name, "constant", (), {"shape": other.shape})
    CaffeWalk(blobs, builder, problems).run(found)
    problems.raise_any()
    return builder.model(found.name or "network", file)
