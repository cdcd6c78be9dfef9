"""Recurrent layers of Keras: params, multiply-accumulates and shapes, by hand."""

import pytest

import costcalc
from costcalc.errors import SpecError
from tests.importers.keras.written import (
    call,
    events,
    functional,
    graph,
    image,
    layer,
    of,
    params,
    sequential,
    tensor,
    written,
)


def read(folder, shape, *made):
    """The last output, and the params and multiply-accumulates of all."""
    found = graph(folder, sequential(shape, *made))
    every = events(found).values()
    return found.layers[-1].output, sum(map(params, every)), sum(each.macs for each in every)


def inner(class_name, **config):
    """A layer or a cell inside another one."""
    return {"module": "keras.layers", "class_name": class_name, "config": config}


@pytest.mark.parametrize(
    ("name", "config", "learned", "macs"),
    [
        # four matrices of 6 x 4 and of 4 x 4 at each of 7 steps, and one bias for each gate
        ("LSTM", {}, 4 * (24 + 16 + 4), 7 * 4 * 40),
        ("LSTM", {"use_bias": False}, 4 * 40, 7 * 4 * 40),
        ("CuDNNLSTM", {}, 4 * (40 + 8), 7 * 4 * 40),
        # three matrices; two biases where the reset comes after the product
        ("GRU", {"reset_after": True}, 3 * (40 + 8), 7 * 3 * 40),
        ("GRU", {"reset_after": False}, 3 * (40 + 4), 7 * 3 * 40),
        ("CuDNNGRU", {}, 3 * (40 + 8), 7 * 3 * 40),
        ("SimpleRNN", {}, 40 + 4, 7 * 40),
        ("SimpleRNN", {"activation": "relu", "use_bias": False}, 40, 7 * 40),
    ],
)
@pytest.mark.parametrize("has_sequence", [True, False])
def test_a_layer(tmp_path, name, config, learned, macs, has_sequence):
    made = of(name, units=4, return_sequences=has_sequence, **config)
    output = (4, 7) if has_sequence else (4,)
    assert read(tmp_path, (7, 6), made) == (output, learned, macs)


@pytest.mark.parametrize(
    ("mode", "output"),
    [("concat", (8, 7)), ("sum", (4, 7)), ("mul", (4, 7)), ("ave", (4, 7))],
)
def test_both_directions(tmp_path, mode, output):
    gru = inner("GRU", name="gru", units=4, return_sequences=True, reset_after=True)
    made = of("Bidirectional", layer=gru, merge_mode=mode)
    assert read(tmp_path, (7, 6), made) == (output, 2 * 3 * 48, 2 * 7 * 3 * 40)


def test_a_direction_of_its_own(tmp_path):
    made = of(
        "Bidirectional",
        layer=inner("LSTM", units=4),
        backward_layer=inner("LSTM", units=3, go_backwards=True),
        merge_mode="concat",
    )
    learned = 4 * (40 + 4) + 4 * (18 + 9 + 3)
    assert read(tmp_path, (7, 6), made) == ((7,), learned, 7 * 4 * (40 + 27))


def test_cells_one_after_another(tmp_path):
    cells = [inner("LSTMCell", units=4), inner("GRUCell", units=3, reset_after=True)]
    made = of("RNN", cell=inner("StackedRNNCells", cells=cells), return_sequences=True)
    learned = 4 * (40 + 4) + 3 * (12 + 9 + 6)
    assert read(tmp_path, (7, 6), made) == ((3, 7), learned, 7 * (4 * 40 + 3 * 21))


@pytest.mark.parametrize(
    ("name", "shape", "config", "output", "learned", "macs"),
    [
        # convolutions of 3 channels to 4 x 2 at 5 steps of 8 - 2 places; of 2 channels behind
        ("ConvLSTM1D", (5, 8, 3), {}, (2, 6), 3 * 8 * 5 + 8, 5 * 6 * 3 * 8 * 5),
        (
            "ConvLSTM2D",
            (5, 8, 9, 3),
            {"padding": "same", "return_sequences": True},
            (2, 5, 8, 9),
            9 * 8 * 5 + 8,
            5 * 72 * 9 * 8 * 5,
        ),
        # strides make 4 x 5 places, at which the state stays
        (
            "ConvLSTM2D",
            (5, 8, 9, 3),
            {"padding": "same", "strides": [2, 2]},
            (2, 4, 5),
            9 * 8 * 5 + 8,
            5 * 20 * 9 * 8 * 5,
        ),
    ],
)
def test_convolutions_in_place_of_products(tmp_path, name, shape, config, output, learned, macs):
    made = of(name, filters=2, kernel_size=[3] * int(name[-2]), **config)
    assert read(tmp_path, shape, made) == (output, learned, macs)


def test_maps_whose_channels_come_first(tmp_path):
    config = {"filters": 2, "kernel_size": [3, 3], "data_format": "channels_first"}
    made = of("ConvLSTM2D", return_sequences=True, **config)
    assert read(tmp_path, (5, 3, 8, 9), made) == ((5, 2, 6, 7), 9 * 8 * 5 + 8, 5 * 42 * 9 * 8 * 5)


def test_states_that_come_in_and_go_out(tmp_path):
    """An encoder's states begin a decoder."""
    encoder = layer("LSTM", "encoder", units=4, return_state=True, inbound=[call(tensor("few"))])
    states = [tensor("encoder", 0, 1), tensor("encoder", 0, 2)]
    decoder = layer(
        "LSTM",
        "decoder",
        units=4,
        return_sequences=True,
        inbound=[call(tensor("many"), initial_state=states)],
    )
    model = functional(
        [image(5, 6, name="few"), image(7, 6, name="many"), encoder, decoder],
        [["few", 0, 0], ["many", 0, 0]],
        ["decoder", 0, 0],
    )
    found = graph(tmp_path, model)
    assert found.layers[-1].output == (4, 7)
    every = events(found).values()
    assert sum(map(params, every)) == 2 * 4 * 44
    assert sum(each.macs for each in every) == (5 + 7) * 4 * 40
    report = costcalc.report(written(tmp_path, model))
    assert report.blocks["encoder"] == "LSTM"


@pytest.mark.parametrize("name", ["LSTMCell", "GRUCell", "SimpleRNNCell"])
def test_a_cell_by_itself_is_a_step(tmp_path, name):
    states = [tensor("state")] * (2 if name == "LSTMCell" else 1)
    inbound = [call(tensor("x"), states)]
    cell = layer(name, "cell", units=4, reset_after=True, inbound=inbound)
    model = functional(
        [image(6, name="x"), image(4, name="state"), cell],
        [["x", 0, 0], ["state", 0, 0]],
        ["cell", 0, len(states)],
    )
    found = graph(tmp_path, model)
    gates = {"LSTMCell": 4, "GRUCell": 3, "SimpleRNNCell": 1}[name]
    assert sum(each.macs for each in events(found).values()) == gates * 40
    assert found.layers[-1].output == (4,)


def test_a_layer_called_twice_has_its_params_once(tmp_path):
    inbound = [call(tensor("x")), call(tensor("rnn"))]
    rnn = layer("GRU", "rnn", units=6, return_sequences=True, reset_after=True, inbound=inbound)
    model = functional([image(7, 6, name="x"), rnn], ["x", 0, 0], ["rnn", 1, 0])
    path = written(tmp_path, model)
    assert costcalc.report(path, convention="keras").totals.params == 3 * (36 + 36 + 12)
    assert costcalc.report(path).totals.mult_adds == 2 * 7 * 3 * 72


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (of("RNN", cell=inner("MyCell", units=4)), "costcalc has no recurrent cell 'MyCell'"),
        (of("Bidirectional", layer=inner("MyRNN", units=4)), "no recurrent layer 'MyRNN'"),
        (of("LSTM", units=4, activation="softmax"), "with the activation 'softmax'"),
        (of("LSTM", units=0), "'units' is not valid"),
        (of("RNN", cell=inner("StackedRNNCells", cells=[])), "'cells' is not valid"),
        (of("RNN", cell=7), "its layer 1 is not valid"),
        (of("Bidirectional", layer=inner("LSTM", units=4), merge_mode="max"), "'merge_mode'"),
        (of("ConvLSTM2D", filters=4, kernel_size=3), "it needs a sequence of 4 axes"),
    ],
)
def test_a_layer_that_is_wrong(tmp_path, made, message):
    with pytest.raises(SpecError, match=message):
        read(tmp_path, (7, 6), made)
