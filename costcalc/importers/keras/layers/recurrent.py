"""Recurrent layers, their cells, and both directions of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.config import Config, shown
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers.activation import FUNCTIONS, function_name
from costcalc.importers.keras.layers.convolution import PADDINGS
from costcalc.importers.keras.structure import layer
from costcalc.importers.recurrent import Cell, Convolve, States, direction
from costcalc.records import NamedTuple

_CELLS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn", "CuDNNLSTM": "lstm", "CuDNNGRU": "gru"}
"""Keras' layers, and the cells that they run; a cell by itself has ``Cell`` behind its name."""

_MERGES = ("concat", "sum", "mul", "ave")


class _Recurrence(NamedTuple):
    """A recurrent layer: the cells that run one after another at each step, and its outputs."""

    cells: Sequence[Cell]
    config: Config
    rank: int = 0
    """The number of spatial axes, if the products are convolutions."""

    @property
    def state_counts(self) -> list[int]:
        """How many states each cell has."""
        return [2 if cell.kind == "lstm" else 1 for cell in self.cells]


def recurrent(op: KerasContext) -> Result:
    """``LSTM``, ``GRU``, ``SimpleRNN``, ``RNN`` and ``ConvLSTM1D`` to ``ConvLSTM3D``."""
    recurrence = _recurrence(op.class_name, op.config)
    x, *initial = op.inputs
    return _outputs(op, recurrence, _sequence(op, recurrence, x), initial)


def cell(op: KerasContext) -> Result:
    """``LSTMCell``, ``GRUCell``, ``SimpleRNNCell`` and ``StackedRNNCells``: a single step."""
    recurrence = _Recurrence(_cells(op.class_name, op.config), op.config)
    x, *initial = op.inputs
    states = _run(op, recurrence, x, initial)
    return states[-1].hidden, *_flat(states)


def bidirectional(op: KerasContext) -> Result:
    """``Bidirectional``: a layer forwards, another backwards, and both outputs merged."""
    forward, backward = op.config.raw("layer"), op.config.raw("backward_layer")
    directions = []
    for entry in (forward, forward if backward is None else backward):
        inner = layer(entry)
        directions.append(_recurrence(inner.class_name, inner.config))
    x, *initial = op.inputs
    half = len(initial) // 2
    outputs, states = [], []
    for recurrence, part, given in zip(
        directions, ("/forward", "/reverse"), (initial[:half], initial[half:]), strict=True
    ):
        sequence = _sequence(op, recurrence, x)
        output, *own = _outputs(op, recurrence, sequence, given, part)
        outputs.append(output)
        states += own
    mode = op.config.raw("merge_mode")
    if mode is None:
        return *outputs, *states
    op.config.word("merge_mode", "concat", _MERGES)
    if mode == "concat":
        axis = op.layout.last(outputs[0].rank)
        merged = op.add("concat", outputs, {"axis": axis}, "/concat")
    else:
        kind = "multiply" if mode == "mul" else "add"
        merged = emit.join(op, kind, outputs, part=f"/{kind}")
    if mode == "ave":
        merged = op.add("scale", (merged,), part="/scale")
    return merged, *states


def _recurrence(class_name: str, config: Config) -> _Recurrence:
    """The cells that a recurrent layer runs.

    Raises:
        UnknownOp: one is not a cell that costcalc knows.
    """
    name, _, rank = class_name.partition("ConvLSTM")
    if not name and rank[:1] in ("1", "2", "3"):
        made = _cell("LSTM", config, config.whole("filters"))
        return _Recurrence((made,), config, int(rank[0]))
    if class_name == "RNN":
        inner = layer(config.raw("cell"))
        return _Recurrence(_cells(inner.class_name, inner.config), config)
    if class_name not in _CELLS:
        raise UnknownOp(f"costcalc has no recurrent layer '{class_name}'")
    return _Recurrence((_cell(class_name, config, config.whole("units")),), config)


def _cells(class_name: str, config: Config) -> list[Cell]:
    """A cell, or those of a stack.

    Raises:
        UnknownOp: one is not a cell that costcalc knows.
    """
    if class_name == "StackedRNNCells":
        entries = config.raw("cells")
        if not isinstance(entries, list) or not entries:
            raise Refusal("'cells' is not valid", "a list of cells", shown(entries))
        inner = [layer(entry) for entry in entries]
        return [made for each in inner for made in _cells(each.class_name, each.config)]
    name = class_name.removesuffix("Cell")
    if name == class_name or name not in _CELLS:
        raise UnknownOp(f"costcalc has no recurrent cell '{class_name}'")
    return [_cell(name, config, config.whole("units"))]


def _cell(name: str, config: Config, hidden: int) -> Cell:
    kind, has_bias = _CELLS[name], config.flag("use_bias", True)
    is_cudnn = name.startswith("CuDNN")
    inside = _activation(config, "activation", "tanh")
    gates = _activation(config, "recurrent_activation", "sigmoid")
    activations = {"lstm": (gates, inside, inside), "gru": (gates, inside), "rnn": (inside,)}
    resets_before = kind == "gru" and not is_cudnn and not config.flag("reset_after", False)
    has_two = is_cudnn or (kind == "gru" and not resets_before)
    return Cell(
        kind,
        hidden,
        bias_vectors=(2 if has_two else 1) if has_bias else 0,
        activations=activations[kind],
        resets_before=resets_before,
    )


def _activation(config: Config, key: str, default: str) -> str:
    """The layer kind of an activation; without a value, that of the default.

    Raises:
        UnknownOp: costcalc has no layer kind of one tensor for it.
    """
    name = function_name(config.values.get(key, default))
    kind = "identity" if name is None else FUNCTIONS.get(name)
    if kind is None or kind in ("softmax", "log_softmax"):
        raise UnknownOp(f"costcalc has no recurrent layer with the activation '{name}'")
    return kind


def _sequence(op: KerasContext, recurrence: _Recurrence, x: Operand) -> Operand:
    """The sequence, its channels first if the steps are maps.

    Raises:
        Refusal: it is not one.
    """
    axes = 2 + recurrence.rank
    if x.rank != axes:
        raise Refusal(f"it needs a sequence of {axes} axes", found=f"{x.rank}")
    is_moved = recurrence.rank and not op.layout.is_channels_last
    return emit.transpose(op, x, (1, 0, *range(2, axes)), part="/maps") if is_moved else x


def _run(
    op: KerasContext,
    recurrence: _Recurrence,
    x: Operand,
    initial: Sequence[Operand],
    part: str = "",
) -> list[States]:
    """The states of each cell, at all steps."""
    op.builder.is_sized = True
    counts = recurrence.state_counts
    if len(initial) not in (0, sum(counts)):
        raise Refusal("its initial states do not fit", f"{sum(counts)}, or none", f"{len(initial)}")
    axis = 0 if recurrence.rank else op.layout.last(x.rank)
    given, states = list(initial), list[States]()
    for number, (made, count) in enumerate(zip(recurrence.cells, counts, strict=True), 1):
        own = given[:count]
        del given[:count]
        inside = f"{part}/layer{number}" if len(counts) > 1 else part
        states.append(
            direction(
                op,
                states[-1].hidden if states else x,
                made,
                part=inside,
                axis=axis,
                initial=States(*own) if own else None,
                convolve=_convolve(op, recurrence) if recurrence.rank else None,
            )
        )
    return states


def _convolve(op: KerasContext, recurrence: _Recurrence) -> Convolve:
    """Convolutions of the maps of all steps; those of the state keep their size."""
    config, rank = recurrence.config, recurrence.rank

    def convolve(x: Operand, out: int, has_bias: bool, part: str) -> Operand:
        is_input = part.endswith("/input")
        stride = config.per_axis("strides", rank, 1) if is_input else (1,) * rank
        dilation = config.per_axis("dilation_rate", rank, 1) if is_input else (1,) * rank
        return emit.conv(
            op,
            x,
            out=out,
            kernel=(1, *config.per_axis("kernel_size", rank)),
            stride=(1, *stride),
            padding=config.word("padding", "valid", PADDINGS) if is_input else "same",
            dilation=(1, *dilation),
            bias=has_bias,
            part=part,
        )

    return convolve


def _outputs(
    op: KerasContext,
    recurrence: _Recurrence,
    x: Operand,
    initial: Sequence[Operand],
    part: str = "",
) -> tuple[Operand, ...]:
    """The hidden states at all steps or at the last one, and the states if they are returned."""
    states = _run(op, recurrence, x, initial, part)
    config, hidden = recurrence.config, states[-1].hidden
    if not config.flag("return_sequences", False):
        output = _last(op, recurrence, hidden, f"{part}/last")
    elif recurrence.rank and not op.layout.is_channels_last:
        output = emit.transpose(op, hidden, (1, 0, *range(2, hidden.rank)), part=f"{part}/steps")
    else:
        output = hidden
    if not config.flag("return_state", False):
        return (output,)
    last = [_last(op, recurrence, state, f"{part}/state") for state in _flat(states)]
    return output, *last


def _flat(states: Sequence[States]) -> list[Operand]:
    return [state for pair in states for state in pair if state is not None]


def _last(op: KerasContext, recurrence: _Recurrence, x: Operand, part: str) -> Operand:
    """A state at the last step."""
    time = 1 if recurrence.rank else op.layout.axis(1, x.rank)
    shape = (*x.shape[:time], *x.shape[time + 1 :])
    return op.add("rearrange", (x,), {"shape": shape}, part)


TABLE: Mapping[str, Rule] = {
    **dict.fromkeys((*_CELLS, "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), recurrent),
    **{f"{name}Cell": cell for name in ("LSTM", "GRU", "SimpleRNN")},
    "StackedRNNCells": cell,
    "Bidirectional": bidirectional,
}
