"""Reads a ``.tflite`` file, in the stages of :func:`read`.

    bytes -> tables -> indices checked -> inputs sized -> layers, and the file's own schedule

The tables are those of ``formats/tflite_schema.py``, read over a memory map; weights are
not read.  An operator's rule (``operators/``) adds its layers by the shapes that the file
states, or by those that follow from another input.
"""

from __future__ import annotations

import os

from costcalc.errors import Mark, Refusal, refuse
from costcalc.formats.file_bytes import FileBytes, map_file
from costcalc.graph.in_training import INFERENCE
from costcalc.importers.builder import ALLOW_UNKNOWN_HINT, UnknownOp
from costcalc.importers.model import Model, Request
from costcalc.importers.tflite.context import Place, TfliteBuilder, TfliteContext
from costcalc.importers.tflite.file import FOLDED, TfliteFile
from costcalc.importers.tflite.inputs import Inputs, refuse_request, sized_inputs
from costcalc.importers.tflite.names import LayerNames
from costcalc.importers.tflite.operators import TABLE, recurrent
from costcalc.importers.tflite.operators.control import nothing
from costcalc.importers.tflite.schedule import schedule
from costcalc.kinds.base import channels_last


def read(network: str, request: Request) -> Model:
    """Read a ``.tflite`` file, at the requested sizes.

    Raises:
        SpecError: the file is damaged, its graph is invalid, or costcalc does not
            know some of its operators.
    """
    with map_file(network) as data:
        return read_model(data, network, request)


def read_model(data: FileBytes, name: str, request: Request) -> Model:
    """Read a file's bytes, at the requested sizes.

    Raises:
        SpecError: as :func:`read`.
    """
    file = TfliteFile(data, name)
    inputs = sized_inputs(file, request)
    builder = TfliteBuilder(file, LayerNames(file), inputs.operand, inputs.images)
    builder.allow_unknown = request.allow_unknown
    builder.requested = request.shapes or builder.requested
    _add_inputs(builder, inputs, request)
    for index in range(len(file.model.subgraphs[0].operators)):
        _add_layers(builder, (0, index))
    builder.problems.raise_any()
    if not any(node.inputs for node in builder.nodes):
        refuse(Mark(name), "no output depends on the network's input")
    title = os.path.basename(name).removesuffix(".tflite")
    builder.note_training(INFERENCE, "TFLite")
    model = builder.model(title, name)
    if builder.is_resized:
        return model._replace(is_file_resized=True)
    return model._replace(schedule=schedule(file, builder.names, builder.layers))


def _add_inputs(builder: TfliteBuilder, inputs: Inputs, request: Request) -> None:
    """The network's input; and its others."""
    image = (0, inputs.image)
    builder.shapes[image], builder.is_resized = inputs.shape, inputs.is_resized
    if inputs.is_channels_first:
        builder.image = image
    else:
        builder.operands[image] = builder.input
    builder.name_input(builder.names.tensor(image), builder.file.number_type(image))
    for index in inputs.others:
        place = (0, index)
        name, own_name = builder.names.tensor(place), builder.file.tensor_name(place)
        shape = builder.image_shape(builder.shapes[place])
        origin = f"tensor '{own_name}'"
        wanted = request.shape_for(own_name, is_first=False)
        if wanted is not None and wanted != shape:
            if len(wanted) != len(shape):
                refuse_request(Mark(builder.file.name), own_name, wanted, shape)
            batch = builder.shapes[place][: builder.has_batch(builder.shapes[place])]
            builder.shapes[place] = (*batch, *channels_last(wanted))
            builder.is_resized, shape = True, wanted
        try:
            x = builder.other_input(name, shape, origin, builder.file.number_type(place))
        except Refusal as refusal:
            refuse(*refusal.problem(Mark(builder.file.name), origin))
        builder.operands[place] = x


def _add_layers(builder: TfliteBuilder, place: Place) -> None:
    """Add the layers of an operator; problems are noted, and its outputs exist in any case."""
    operator = builder.file.model.subgraphs[place[0]].operators[place[1]]
    op = TfliteContext(builder, place, operator)
    first = len(builder.nodes)
    try:
        if _is_static(op):
            nothing(op)
        else:
            TABLE.get(op.kind, _unknown)(op)
    except UnknownOp as unknown:
        builder.truncate(first)
        unknown.hint = ALLOW_UNKNOWN_HINT
        _leave_uncounted(op, unknown)
    except Refusal as refusal:
        op.note(refusal)
    builder.layers[place] = tuple(range(first, len(builder.nodes)))
    for tensor in operator.outputs:
        output = (place[0], tensor)
        if output not in builder.operands and output not in builder.static:
            shape = builder.image_shape(builder.shapes[output])
            builder.operands[output] = builder.input._replace(shape=shape)


def _is_static(op: TfliteContext) -> bool:
    """Whether an operator computes only from constants, ahead of the network's input."""
    if op.kind in FOLDED or op.kind not in TABLE or not op.operator.outputs:
        outputs = [(op.place[0], tensor) for tensor in op.operator.outputs]
        return bool(outputs) and all(place in op.file.unpacked for place in outputs)
    return (
        op.kind not in ("READ_VARIABLE", *recurrent.TABLE)
        and all(map(op.is_static, op.present))
        and bool(op.present)
    )


def _unknown(op: TfliteContext) -> None:
    """An operator that is not in the table.

    Raises:
        UnknownOp: always.
    """
    raise UnknownOp


def _leave_uncounted(op: TfliteContext, unknown: UnknownOp) -> None:
    """A layer that is not counted for each output, or a problem."""
    if not op.builder.allow_unknown:
        op.note(unknown)
        return
    try:
        inputs = [op.operand(index) for index in op.present if not op.is_static(index)]
        for index in range(len(op.operator.outputs)):
            stated = None if op.builder.is_resized else op.target(index)
            if 0 not in (stated or ()):
                x = op.uncounted(
                    op.file.operator_name(op.operator),
                    inputs,
                    stated,
                    output=index,
                    name=op.builder.names.layer(op.place, "uncounted"),
                )
                op.set_output(x, index)
    except Refusal as refusal:
        op.note(refusal)
