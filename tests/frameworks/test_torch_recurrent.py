"""PyTorch's recurrent modules: params and mult-adds are the module's own and FlopCounterMode's."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import costcalc
from tests.frameworks.test_torch_modules import agrees, layers_of, macs, params

KINDS = [nn.RNN, nn.GRU, nn.LSTM]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"batch_first": True, "bias": False},
        {"num_layers": 3, "bidirectional": True, "dropout": 0.5},
        {"num_layers": 2, "bidirectional": True, "bias": False, "batch_first": True},
    ],
)
def test_layers(kind, more):
    agrees(kind(8, 4, **more), (5, 8))


@pytest.mark.parametrize("bias", [True, False])
def test_projections(bias):
    agrees(nn.LSTM(8, 4, num_layers=2, bidirectional=True, proj_size=3, bias=bias), (5, 8))


def test_plain_cells_of_relu():
    layers = agrees(nn.RNN(8, 4, nonlinearity="relu"), (5, 8))
    assert [layer.kind.name for layer in layers if layer.kind.family == "activation"] == ["relu"]


class Steps(nn.Module):
    """A cell at each step."""

    def __init__(self, kind, **more):
        super().__init__()
        self.cell = kind(10, 20, **more)

    def forward(self, x):
        state = None
        for step in range(x.size(1)):
            state = self.cell(x[:, step], state)
        return state


CELLS = [(nn.RNNCell, 1), (nn.GRUCell, 3), (nn.LSTMCell, 4)]


@pytest.mark.parametrize(("kind", "gates"), CELLS)
@pytest.mark.parametrize("more", [{}, {"bias": False}])
def test_cells(kind, gates, more):
    layers = agrees(Steps(kind, **more), (5, 10))
    assert macs(layers) == 5 * gates * 20 * (10 + 20)
    assert params(layers) == gates * 20 * (10 + 20) + (0 if more else 2 * gates * 20)


class Translator(nn.Module):
    """A decoder that starts from the encoder's states."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.LSTM(8, 4, batch_first=True), nn.LSTM(8, 4)
        self.first = nn.Parameter(torch.zeros(1, 1, 4))

    def forward(self, x):
        _, states = self.encoder(x)
        start = torch.zeros(6, 1, 8)
        y, _ = self.decoder(start, states)
        z, _ = self.decoder(start, (self.first, self.first))
        return y + z


def test_states_of_another_layer():
    layers = agrees(Translator(), (5, 8))
    by_name = {layer.name: layer for layer in layers}
    read = {layers[index].name for index in by_name["decoder/previous"].inputs}
    assert "encoder_state" in read
    assert by_name["decoder/input_2"].shares is not None


class Packed(nn.Module):
    """Three sequences of 5, 4 and 2 steps, all of a kind."""

    def __init__(self, kind):
        super().__init__()
        self.rnn, self.head = kind(8, 4, batch_first=True, bidirectional=True), nn.Linear(8, 2)

    def forward(self, x):
        packed = pack_padded_sequence(
            x.expand(3, 5, 8), torch.tensor([5, 4, 2], device="cpu"), batch_first=True
        )
        output, _ = self.rnn(packed)
        return self.head(pad_packed_sequence(output, batch_first=True)[0])


def test_a_report_has_one_row_for_a_layer():
    report = costcalc.from_torch(nn.Sequential(nn.LSTM(8, 4)), (5, 8)).report()
    assert "LSTM (0)" in str(report)
    assert str(report).count("Slice") == 1  # among what is free
    explained = costcalc.from_torch(nn.Sequential(nn.LSTM(8, 4)), (5, 8)).explain("0")
    # 5 steps of 4 matrices of 4 x (8 + 4).
    assert "960" in str(explained)


class PackedByLengths(nn.Module):
    """Sequences whose lengths are an argument, in any order."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(8, 4, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = self.rnn(packed)
        return pad_packed_sequence(output, batch_first=True)[0]


def test_lengths_that_are_an_argument():
    args = (torch.zeros(3, 5, 8), torch.tensor([2, 5, 4]))
    totals = costcalc.from_torch(PackedByLengths(), args=args).totals()
    # 11 steps of 3 matrices of 4 x (8 + 4).
    assert totals.mult_adds == 11 * 3 * 4 * (8 + 4)


@pytest.mark.parametrize("kind", KINDS)
def test_packed_sequences(kind):
    gates = {nn.RNN: 1, nn.GRU: 3, nn.LSTM: 4}[kind]
    layers = layers_of(Packed(kind), (5, 8))
    # 11 steps of two directions, then 15 places.
    assert macs(layers) == 11 * 2 * gates * 4 * (8 + 4) + 15 * 8 * 2


class Written(nn.Module):
    """A recurrence in Python, that begins with zeros."""

    def __init__(self, zeros, module=nn.Linear):
        super().__init__()
        self.wide, self.back, self.zeros = module(3, 28), module(7, 28), zeros

    def forward(self, x):
        h = c = self.zeros(x)
        for step in x.unbind(1):
            i, f, g, o = (self.wide(step) + self.back(h)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h


ZEROS = {
    "zeros": lambda x: torch.zeros(1, 7),
    "like": lambda x: torch.zeros_like(x[:, 0, :1]).expand(1, 7),
    "new": lambda x: x.new_zeros(2, 1, 7)[0],
    "random": lambda x: torch.randn(1, 7),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ZEROS)
def test_a_first_state_is_data_as_all_others(name):
    module, image = Written(ZEROS[name]), torch.zeros(1, 5, 3)
    for network in (module, torch.jit.trace(module, image, check_trace=False)):
        report = costcalc.from_torch(network, args=(image,)).report()
        # Four gates of 7, of 3 inputs and 7 states, in 5 steps.
        assert report.totals == (28 * 10, 5 * 28 * 10)
        assert "weights alone" not in str(report)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_a_compiled_layer_counts_as_it_does_in_python(kind):
    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = kind(3, 7, 2, bidirectional=True, batch_first=True)

        def forward(self, x):
            return self.layer(x)[0]

    image = torch.zeros(1, 5, 3)
    wanted = costcalc.from_torch(Around(), args=(image,)).totals()
    for network in (torch.jit.script(Around()), torch.jit.trace(Around(), image)):
        assert costcalc.from_torch(network, args=(image,)).totals() == wanted


def test_zeros_that_extend_a_parameter_are_no_data():
    class Biased(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.part = nn.Parameter(torch.ones(8, 3)), nn.Parameter(torch.ones(4))

        def forward(self, x):
            bias = torch.cat([self.part, torch.zeros_like(self.part)])
            return nn.functional.linear(x, self.weight @ torch.ones(3, 3), bias)

    report = costcalc.from_torch(Biased(), (3,)).report()
    assert report.totals == (24, 24)
    assert "On weights alone" in str(report)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["zeros", "new", "random"])
def test_so_it_is_in_an_onnx_file(name, tmp_path):
    module, image, file = Written(ZEROS[name]), torch.zeros(1, 5, 3), tmp_path / "net.onnx"
    torch.onnx.export(module, (image,), str(file), dynamo=False, input_names=["x"])
    assert costcalc.report(file).totals == (28 * 10, 5 * 28 * 10)
