"""LSTM and RNN layers of Caffe, whose first axis is time and whose second is the batch."""

import pytest

import costcalc
from costcalc.errors import SpecError
from tests.importers.caffe.written import graph, totals, written

INPUTS = """
input: "x" input_shape { dim: 5 dim: 2 dim: 7 }
input: "goes_on" input_shape { dim: 5 dim: 2 }
input: "same" input_shape { dim: 2 dim: 6 }
input: "h" input_shape { dim: 1 dim: 2 dim: 4 }
input: "c" input_shape { dim: 1 dim: 2 dim: 4 }
"""

STEPS, SEQUENCES, READ, SAME, OUT = 5, 2, 7, 6, 4


def recurrent(type_, *bottoms, tops=("y",), more=""):
    blobs = "".join(f' bottom: "{name}"' for name in ("x", "goes_on", *bottoms))
    blobs += "".join(f' top: "{name}"' for name in tops)
    param = f"recurrent_param {{ num_output: {OUT} {more} }}"
    return f'layer {{ name: "r" type: "{type_}"{blobs} {param} }}\n'


@pytest.mark.parametrize(
    ("layer", "own", "biases", "once"),
    [
        (recurrent("LSTM"), 4 * OUT * (READ + OUT), 4 * OUT, 0),
        (recurrent("LSTM", "same"), 4 * OUT * (READ + OUT), 4 * OUT, 4 * OUT * SAME),
        (recurrent("RNN"), OUT * (READ + OUT + OUT), 2 * OUT, 0),
        (recurrent("RNN", "same"), OUT * (READ + OUT + OUT), 2 * OUT, OUT * SAME),
        (
            recurrent("LSTM", "h", "c", tops=("y", "h_t", "c_t"), more="expose_hidden: true"),
            4 * OUT * (READ + OUT),
            4 * OUT,
            0,
        ),
    ],
    ids=["lstm", "lstm with an input for all steps", "rnn", "rnn with one", "exposed states"],
)
def test_products_of_all_steps_of_all_sequences(tmp_path, layer, own, biases, once):
    macs = STEPS * SEQUENCES * own + SEQUENCES * once
    assert totals(graph(tmp_path, INPUTS + layer)) == (own + once + biases, macs)


def test_a_layer_behind_it_reads_steps_sequences_and_channels(tmp_path):
    behind = (
        'layer { name: "fc" type: "InnerProduct" bottom: "y" top: "fc" '
        "inner_product_param { num_output: 9 axis: 2 } }\n"
        'layer { name: "p" type: "Softmax" bottom: "fc" top: "p" softmax_param { axis: 2 } }'
    )
    found = costcalc.report(written(tmp_path, INPUTS + recurrent("LSTM") + behind))
    assert found.layers[-1].output == (STEPS, SEQUENCES, 9)
    row = next(layer for layer in found.layers if layer.name == "fc")
    assert (row.mult_adds, row.params) == (STEPS * SEQUENCES * OUT * 9, OUT * 9)


def test_frames_of_a_network_with_steps_are_counted_one_by_one(tmp_path):
    """A convolution, a norm and a pool of six frames cost six times what one costs."""
    body = """
layer { name: "a" type: "Convolution" bottom: "frames" top: "a"
        convolution_param { num_output: 6 kernel_size: 3 group: 3 } }
layer { name: "b" type: "LRN" bottom: "a" top: "b" }
layer { name: "d" type: "Pooling" bottom: "b" top: "d" pooling_param { kernel_size: 2 stride: 2 } }
"""
    steps = """
layer { name: "e" type: "Reshape" bottom: "d" top: "e"
        reshape_param { shape { dim: 3 dim: 2 dim: -1 } } }
layer { name: "f" type: "LSTM" bottom: "e" bottom: "goes_on" top: "f"
        recurrent_param { num_output: 4 } }
"""
    frames = 'input: "frames" input_shape { dim: 6 dim: 3 dim: 8 dim: 10 }\n'
    marks = 'input: "goes_on" input_shape { dim: 3 dim: 2 }\n'
    one = totals(graph(tmp_path, frames + body))
    six = costcalc.report(written(tmp_path, frames + marks + body + steps))
    row = next(row for row in six.layers if row.name == "a")
    assert (row.params, row.mult_adds) == (one[0] - 6, 6 * one[1])
    assert six.input == (6, 3, 8, 10)
    assert "Counts are of all steps of all sequences" in str(six)


def test_what_does_not_fit_is_an_error(tmp_path):
    bad = INPUTS.replace("dim: 5 dim: 2 }", "dim: 5 dim: 3 }") + recurrent("LSTM")
    with pytest.raises(SpecError, match="its blobs do not fit"):
        costcalc.report(written(tmp_path, bad))


def test_its_steps_can_be_set(tmp_path):
    path = written(tmp_path, INPUTS + recurrent("LSTM"))
    longer = costcalc.load(path, input={"x": (9, 3, READ), "goes_on": (9, 3)})
    assert longer.totals().mult_adds == 9 * 3 * 4 * OUT * (READ + OUT)
    with pytest.raises(SpecError, match="3 dimensions"):
        costcalc.load(path, input=(9, 3)).totals()


def test_a_resolution_is_that_of_frames(tmp_path):
    frames = 'input: "data" input_shape { dim: 2 dim: 3 dim: 8 dim: 10 }\n'
    conv = (
        'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" '
        "convolution_param { num_output: 6 kernel_size: 3 pad: 1 } }\n"
    )
    path = written(tmp_path, INPUTS + recurrent("LSTM") + frames + conv)
    with pytest.raises(SpecError, match="res"):
        costcalc.report(path, res=12)
    path = written(tmp_path, frames + conv + INPUTS + recurrent("LSTM"))
    report = costcalc.report(path, res=12)
    assert report.input == (2, 3, 12, 12)
    row = next(row for row in report.layers if row.name == "conv")
    assert row.mult_adds == 2 * 27 * 6 * 12 * 12
