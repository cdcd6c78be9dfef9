"""Reads Caffe networks without Caffe: the test phase of a ``.prototxt``."""

from __future__ import annotations

from costcalc.errors import Mark, Problems, Refusal, refuse
from costcalc.formats.prototxt import parse
from costcalc.importers.builder import ModelBuilder
from costcalc.importers.caffe.layers import recurrent
from costcalc.importers.caffe.network import CaffeNetwork, network
from costcalc.importers.caffe.sizes import inputs, other_shape, requested_shape
from costcalc.importers.caffe.walk import Blob, CaffeWalk
from costcalc.importers.model import Model, Request
from costcalc.spec import library


def read(network: str, request: Request) -> Model:
    """The model of a ``.prototxt`` file.

    Raises:
        SpecError: the file is not a Caffe network, or one of its layers is wrong or
            unknown; the message names the file, the line and the layer.
    """
    problems = Problems()
    try:
        return _model(network, request, problems)
    except Refusal as refusal:
        refuse(*refusal.problem(Mark(network)))


def _model(file: str, request: Request, problems: Problems) -> Model:
    """The model of a file.

    Raises:
        Refusal: the fault lies in no single layer.
        SpecError: it is not prototxt, or some of its layers are wrong.
    """
    caffe_network: CaffeNetwork = network(parse(library.read_bytes(file, file), file), problems)
    problems.raise_any()
    is_whole = any(layer.type in recurrent.TABLE for layer in caffe_network.layers)
    first, *others = inputs(caffe_network, is_whole)
    shape = requested_shape(first, request, is_whole)
    builder = ModelBuilder(shape, request.allow_unknown, request.shapes)
    blobs: dict[str, Blob] = {first.blob: builder.input}
    lists = {builder.input.node} if is_whole else set()
    if is_whole:
        builder.note("Counts are of all steps of all sequences, as the inputs hold them.")
    request.check_inputs([input.blob for input in (first, *others)])
    builder.name_input(first.blob)
    unsized: set[str] = set()
    for other in others:
        own, is_list = other_shape(other, first, request)
        is_list |= is_whole
        blobs[other.blob] = None
        if own is None:
            unsized.add(other.blob)
            continue
        add = builder.constant if other.is_constant else builder.other_input
        blobs[other.blob] = blob = add(other.blob, own)
        if is_list:
            lists.add(blob.node)
    CaffeWalk(blobs, builder, problems, lists, unsized).run(caffe_network)
    problems.raise_any()
    return builder.model(caffe_network.name or "network", file)
