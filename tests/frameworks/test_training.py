"""``costcalc training`` against PyTorch: every torchvision network, and random ones."""

from functools import partial
from random import Random

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop
from torchvision import models
from torchvision.ops import StochasticDepth

import costcalc
from costcalc.errors import SpecError
from costcalc.graph.in_training import DEPTH
from costcalc.opening import opened
from tests.frameworks.autograd import on_cpu, optimizer_bytes, step
from tests.frameworks.drawing import network
from tests.frameworks.random_networks import text
from tests.frameworks.torch_network import REFUSALS, TorchNetwork

pytestmark = pytest.mark.filterwarnings("ignore")  # what the networks' authors are warned of

SIDES = {"inception_v3": 128, "maxvit_t": 224, "vit": 224, "swin": 224}
"""The side of the image, by the beginning of a network's name; 96 for the others."""

ALONE = ("vit_h", "regnet_y_128gf", "swin_v2")
"""Networks that get one image, by the beginning of their names; the others get two.

Swin V2 computes its tables of positions once for a batch, the larger two take too long.
"""

QUICK = {"alexnet", "mobilenet_v2", "mobilenet_v3_small", "resnet18", "vit_b_32"}
NAMES = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
    for name in models.list_models(module=models)
]


def side(name: str) -> int:
    return next((side for word, side in SIDES.items() if name.startswith(word)), 96)


def built(name: str) -> nn.Module:
    """A network without its auxiliary classifiers, which run in training alone."""
    more = {"aux_logits": False} if name in ("googlenet", "inception_v3") else {}
    # A RegNet computes its widths by tensors, which need numbers.
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        return models.get_model(name, weights=None, **more)


def count_depths(module: nn.Module, calls: list[StochasticDepth]) -> None:
    """Notes each call of stochastic depth that draws a number for each image.

    It is a plain function, which in evaluation mode, in which a module is read, returns its
    input and is no call.
    """

    def note(depth: StochasticDepth, inputs: object, output: object) -> None:
        if depth.training and depth.p > 0:
            calls.append(depth)

    for each in module.modules():
        if isinstance(each, StochasticDepth):
            each.register_forward_hook(note)


def cropped_copies(graph, batch: int) -> int:
    """What ``x[:, :H, :W].contiguous()`` leaves out of its copy in Swin V2.

    A call of ``contiguous`` is no layer: costcalc keeps the whole of which it is a part.
    """
    left_out = 0
    for layer in graph.layers:
        if layer.kind.name == "layer_norm":
            whole, part = graph.layers[layer.inputs[0]], layer.output
            while whole.kind.name == "slice":
                whole = graph.layers[whole.inputs[0]]
            left_out += torch.Size(whole.output).numel() - torch.Size(part).numel()
    return 4 * batch * left_out


@pytest.mark.parametrize("name", NAMES)
def test_torchvisions_networks(name):
    module, batch = built(name), 1 if name.startswith(ALONE) else 2
    shape = (3, side(name), side(name))
    ours = costcalc.from_torch(module, shape)
    module = on_cpu(module)
    image, depths = torch.rand(batch, *shape), []
    count_depths(module, depths)
    for mode in ("train", "eval"):
        answer = ours.training(batch=batch, mode=mode)
        theirs = step(module.train(mode == "train"), image)
        expected = theirs.kept - 4 * batch * len(depths) // 2  # the module runs twice
        assert (
            len(opened(ours).graph().in_training.get(DEPTH, ())) * 2 == len(depths)
            or mode == "eval"
        )
        depths.clear()
        if name.startswith("swin_v2"):
            expected += cropped_copies(opened(ours).graph(), batch)
        assert answer.activation_bytes == expected, mode
    assert batch * answer.forward == theirs.forward
    assert batch * answer.backward == theirs.backward
    sizes = [parameter.nbytes for parameter in module.parameters()]
    assert answer.states == (sum(sizes), sum(each.grad.nbytes for each in module.parameters()), 0)
    buffers = sum(tensor.nbytes for tensor in module.buffers() if tensor.is_floating_point())
    if not name.startswith("swin_v2"):  # whose tables of positions are buffers
        assert answer.buffer_bytes == buffers


# Random networks --------------------------------------------------------------------


MOST = 20_000_000
"""The most mult-adds, and the most params, of a network that is run."""


def drawn(seed: str) -> tuple[TorchNetwork, costcalc.Network] | None:
    """A random network, and what costcalc reads; None if one of the two refuses it."""
    spec = network(Random(seed).randint)
    try:
        module = TorchNetwork(spec)
        ours = costcalc.from_torch(module, tuple(spec["input"]))
    except (*REFUSALS, SpecError):
        return None
    return (module, ours) if is_judged(ours) else None


def is_judged(ours: costcalc.Network) -> bool:
    """Whether a network is small enough, and PyTorch says what there is to compare."""
    graph = opened(ours).graph()
    if max(ours.totals(convention="torch", unit="macs")) > MOST:
        return False
    if len(graph.outputs) > 1:
        return False  # what no layer reads is an output to costcalc, and to PyTorch if returned
    return not any(
        # oneDNN gives the output memory for a multiple of 8 channels.
        (layer.kind.family == "transposed_convolution" and len(layer.output) == 4)
        # An adaptive pool to one place comes in as a maximum of axes, which keeps no index.
        or (layer.kind.name == "global_max_pool" and not layer.name.endswith("amax"))
        for layer in graph.layers
    )


def differs(module: TorchNetwork, ours: costcalc.Network) -> str | None:
    """How costcalc and PyTorch differ on a network; None if PyTorch refuses its numbers."""
    on_cpu(module).device = "cpu"
    for inner in module.modules():
        tensor = vars(inner).get("tensor")  # a constant is no parameter and no buffer
        if isinstance(tensor, torch.Tensor):
            inner.tensor = torch.full(tensor.shape, 0.01)
    differences = []
    for mode in ("train", "eval"):
        try:
            theirs = step(module.train(mode == "train"), torch.rand(1, *module.spec["input"]))
        except REFUSALS:  # a norm of one value for each channel, a word out of range
            return None
        answer = ours.training(mode=mode)
        found = (answer.activation_bytes, answer.forward, answer.backward)
        if found != theirs:
            differences.append(f"{mode}: costcalc {found}, PyTorch {tuple(theirs)}")
    learned = sum(parameter.nbytes for parameter in module.parameters())
    if answer.states.weights != learned:
        differences.append(f"params: costcalc {answer.states.weights}, PyTorch {learned}")
    return "\n".join(differences)


def test_a_hundred_random_networks():
    judged = 0
    for number in range(1000):
        pair = drawn(f"training/{number}")
        difference = None if pair is None else differs(*pair)
        if difference is None:
            continue
        judged += 1
        assert not difference, f"network {number}\n{text(pair[0].spec)}{difference}"
        if judged == 100:
            return
    raise AssertionError(f"only {judged} networks of 1000 were judged")


# Parts of networks, optimizers -------------------------------------------------------


class Small(nn.Module):
    """A convolution, a norm, and two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.hidden = nn.Linear(8, 16)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.conv(x))).mean((2, 3))
        return self.head(self.drop(torch.nn.functional.gelu(self.hidden(x))))


def trained_as(module: nn.Module, is_trained) -> nn.Module:
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(is_trained(name))
    return module


@pytest.mark.parametrize(
    ("arguments", "is_trained"),
    [
        ({}, lambda name: True),
        ({"freeze": "conv"}, lambda name: not name.startswith("conv")),
        ({"freeze": ["conv", "norm"]}, lambda name: name.startswith(("hidden", "head"))),
        ({"freeze": "hidden"}, lambda name: not name.startswith("hidden")),
        ({"freeze": ["hidden", "head"]}, lambda name: name.startswith(("conv", "norm"))),
        ({"last": 1}, lambda name: name.startswith("head")),
        ({"last": 2}, lambda name: name.startswith(("hidden", "head"))),
        ({"update": "biases"}, lambda name: name.endswith("bias")),
        ({"update": "biases", "last": 2}, lambda n: n in ("hidden.bias", "head.bias")),
    ],
)
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_parts_of_a_network(arguments, is_trained, mode):
    module = on_cpu(Small())
    answer = costcalc.from_torch(module, (3, 8, 8)).training(batch=4, mode=mode, **arguments)
    module = trained_as(module, is_trained).train(mode == "train")
    theirs = step(module, torch.rand(4, 3, 8, 8))
    found = (answer.activation_bytes, 4 * answer.forward, 4 * answer.backward)
    assert found == theirs
    gradients = [each.grad.nbytes for each in module.parameters() if each.grad is not None]
    assert answer.states.gradients == sum(gradients)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("sgd", partial(torch.optim.SGD, lr=0.1)),
        ("momentum", partial(torch.optim.SGD, lr=0.1, momentum=0.9)),
        ("adam", torch.optim.Adam),
        ("adamw", torch.optim.AdamW),
        ("amsgrad", partial(torch.optim.Adam, amsgrad=True)),
        ("adamax", torch.optim.Adamax),
        ("nadam", torch.optim.NAdam),
        ("radam", torch.optim.RAdam),
        ("adagrad", torch.optim.Adagrad),
        ("adadelta", torch.optim.Adadelta),
        ("rmsprop", torch.optim.RMSprop),
        ("rprop", torch.optim.Rprop),
        ("adafactor", torch.optim.Adafactor),
    ],
)
def test_states_of_optimizers(name, make):
    module = Small()
    states = costcalc.from_torch(module, (3, 8, 8)).training(optimizer=name).states
    learned = sum(parameter.nbytes for parameter in module.parameters())
    assert states == (learned, learned, optimizer_bytes(make, module))


class Params(nn.Module):
    """Params of every shape."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Conv1d(6, 4, 5, groups=2)
        self.wide = nn.ConvTranspose1d(4, 6, 3, groups=2)
        self.map = nn.ConvTranspose2d(6, 4, (3, 5), groups=2)
        self.norm = nn.LayerNorm((4, 3, 8), bias=False)
        self.slopes = nn.PReLU(4)
        self.table = nn.Parameter(torch.zeros(1, 3, 8))
        self.gates = nn.GRU(8, 5, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.map(self.wide(self.line(x)).unsqueeze(2))
        x = self.slopes(self.norm(x)) + self.table
        return self.gates(x.mean(1))[0]


@pytest.mark.parametrize("name", ["", "mobilenet_v2", "vit_b_32", "convnext_tiny", "swin_t"])
def test_sums_of_rows_and_columns(name):
    module, shape = (built(name), (3, 224, 224)) if name else (Params(), (6, 6))
    states = costcalc.from_torch(module, shape).training(optimizer="adafactor").states
    if not name:
        assert states.optimizer == optimizer_bytes(torch.optim.Adafactor, module)
    numbers = 0
    for parameter in module.parameters():
        count, sides = parameter.numel(), parameter.shape
        numbers += count if len(sides) < 2 else count // sides[-1] + count // sides[-2]
    assert states.optimizer == 4 * numbers


@pytest.mark.parametrize(
    ("drop", "rank"),
    [
        (nn.Dropout(0.2), 2),
        (nn.Dropout(0.2, inplace=True), 2),
        (nn.Dropout1d(0.2), 1),
        (nn.Dropout2d(0.2), 2),
        (nn.Dropout2d(0.2, inplace=True), 2),
        (nn.Dropout3d(0.2), 3),
        (nn.AlphaDropout(0.2), 2),
        (nn.FeatureAlphaDropout(0.2), 2),
        (nn.Dropout2d(0), 2),
    ],
    ids=str,
)
def test_dropouts(drop, rank):
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1]
    module = on_cpu(nn.Sequential(conv(3, 4, 1), drop, conv(4, 4, 1)))
    shape = (3, *(4, 5, 6)[:rank])
    ours = costcalc.from_torch(module, shape)
    for mode in ("train", "eval"):
        theirs = step(module.train(mode == "train"), torch.rand(2, *shape))
        assert ours.training(batch=2, mode=mode).activation_bytes == theirs.kept, mode


def sixteen_bits(name: str) -> tuple[nn.Module, tuple[int, ...]]:
    if name == "small":
        return Small(), (3, 8, 8)
    norms = {"layer": nn.LayerNorm((4, 8, 8)), "group": nn.GroupNorm(2, 4)}
    if name in norms:
        return nn.Sequential(nn.Conv2d(3, 4, 1), norms[name], nn.Conv2d(4, 4, 1)), (3, 8, 8)
    return models.get_model(name), (3, 32, 32)


@pytest.mark.parametrize("name", ["small", "layer", "group", "mobilenet_v2"])
def test_sixteen_bits(name):
    module, shape = sixteen_bits(name)
    module = on_cpu(module)
    ours, image = costcalc.from_torch(module, shape), torch.rand(2, *shape)
    with torch.autocast("cpu", torch.bfloat16):
        theirs = step(module, image)
    # Autocast keeps the copies of matrices in 16 bits, which are weights to costcalc.
    matrices = [each for each in module.modules() if isinstance(each, nn.Conv2d | nn.Linear)]
    copies = sum(2 * each.weight.numel() for each in matrices)
    assert ours.training(batch=2, dtype="mixed").activation_bytes + copies == theirs.kept
    theirs = step(module.bfloat16(), image.bfloat16())
    assert ours.training(batch=2, dtype="bf16").activation_bytes == theirs.kept


class Attention(nn.Module):
    """Attention whose probabilities are dropped in training."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.project = nn.Linear(16, 48)
        self.rate = rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        images, words, width = x.shape
        q, k, v = self.project(x).view(images, words, 3, 2, 8).permute(2, 0, 3, 1, 4)
        rate = self.rate if self.training else 0
        y = nn.functional.scaled_dot_product_attention(q, k, v, dropout_p=rate)
        return y.transpose(1, 2).reshape(images, words, width)


def test_attention_without_dropout_is_exact_and_says_what_dropout_would_keep():
    for rate in (0, 0.1):
        module = on_cpu(Attention(rate))
        answer = costcalc.from_torch(module, (10, 16)).training(batch=2)
        theirs = step(module.train(), torch.rand(2, 10, 16))
        # 2 images, 2 heads, 10 words: three times the probabilities, scaled queries and keys,
        # and values as they are multiplied, all copies; no output, no row sums, and no memory
        # of all three.
        more = 3 * 400 + 3 * 320 - 320 - 40 - 3 * 320
        assert theirs.kept - answer.activation_bytes == (4 * more if rate else 0)
        assert any(note.startswith("Attention without dropout") for note in answer.notes)


class Recurrent(nn.Module):
    """The states of a recurrent layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)[0]


@pytest.mark.parametrize("make", [nn.LSTM, nn.GRU])
def test_recurrent_layers_are_an_estimate_that_says_so(make):
    module = on_cpu(Recurrent(make(5, 6, batch_first=True)))
    answer = costcalc.from_torch(module, (7, 5)).training(batch=2)
    theirs = step(module, torch.rand(2, 7, 5))
    assert any(note.startswith("An estimate of layer:") for note in answer.notes)
    if make is nn.LSTM:
        # oneDNN keeps input, output, first and last states, and a workspace in whole pages;
        # FlopCounterMode does not see its products.
        states = 4 * 2 * (7 * 5 + 7 * 6 + 4 * 6)
        assert (theirs.kept - states) % 4096 == 0
        assert theirs.kept - states > 0
        assert theirs.forward == 0
    else:
        assert 2 * answer.forward == theirs.forward
        # The state before the first step needs no gradient: 3 * 6 * 6 for each image.
        assert 2 * answer.backward - theirs.backward == 2 * 3 * 6 * 6
        assert theirs.kept <= answer.activation_bytes


class Between(nn.Module):
    """A function between two linear layers."""

    def __init__(self, function) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 8)
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.function(torch.relu(self.first(x))))


@pytest.mark.parametrize(
    ("function", "kept", "backward", "words"),
    [
        (torch.relu, 0, 0, None),
        # Both the tensor and its copy: 2 * 8 * 8 numbers more.
        (torch.clone, 4 * 2 * 64, 0, "clone: a copy of a whole tensor counts as that tensor"),
        # No gradient of the first layer's weights, nor of the second one's input.
        (torch.detach, -4 * 2 * 64, -2 * 2 * 512, "detach: gradients are counted as if"),
    ],
)
def test_what_a_module_does_that_no_layer_states_is_said(function, kept, backward, words):
    module = on_cpu(Between(function))
    answer = costcalc.from_torch(module, (8, 8)).training(batch=2)
    theirs = step(module, torch.rand(2, 8, 8))
    if function is not torch.relu:
        assert theirs.kept - answer.activation_bytes == kept
        assert theirs.backward - 2 * answer.backward == backward
    assert answer.is_estimate == bool(words)
    assert len(answer.notes) == (2 if words else 1)
    assert words is None or words in answer.notes[0]
    assert ("\nestimate " in str(answer)) == bool(words)


def test_a_module_of_which_a_part_is_frozen_is_said():
    module = Small()
    module.conv.requires_grad_(False)
    notes = costcalc.from_torch(module, (3, 8, 8)).training().notes
    assert any(note.startswith("conv/weight, conv/bias: left as they are") for note in notes)


@pytest.mark.parametrize(
    ("make", "more"),
    [
        *((each, 0) for each in (nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish, nn.Mish)),
        # In place these four keep their output, which the next layer keeps as its input; a
        # module's copy does not say what is in place, and costcalc keeps the input, too.
        *((each, 4 * 2 * 4 * 64) for each in (nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU)),
    ],
)
def test_activations_in_place(make, more):
    def between(act: nn.Module) -> nn.Module:
        norms = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), act, nn.Conv2d(4, 4, 1)
        return on_cpu(nn.Sequential(*norms))

    for inplace in (False, True):
        module = between(make(inplace=inplace))
        answer = costcalc.from_torch(module, (3, 8, 8)).training(batch=2)
        theirs = step(module, torch.rand(2, 3, 8, 8))
        assert answer.activation_bytes - theirs.kept == (more if inplace else 0)
        is_said = any(note.startswith("2: in place") for note in answer.notes)
        assert is_said == bool(more and inplace)


def test_checkpoints_run_every_segment_again():
    def segment(channels: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(channels, 4, 3, padding=1), nn.ReLU())

    class Checkpointed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.segments = nn.ModuleList(map(segment, (3, 4, 4)))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for each in self.segments:
                x = checkpoint(each, x, use_reentrant=False)
            return x

    module = on_cpu(Checkpointed())
    answer = costcalc.from_torch(nn.Sequential(*module.segments), (3, 8, 8)).training(checkpoint=1)
    # Without this, PyTorch leaves out the end of a segment of which nothing is kept.
    with set_checkpoint_early_stop(False):
        theirs = step(module, torch.rand(1, 3, 8, 8))
    assert answer.recomputed + answer.backward == theirs.backward
    # The image, and the outputs of two ReLUs: the third one's is kept by no segment's input.
    assert theirs.kept == 4 * (3 + 4 + 4) * 64
    # While one segment runs backward, it keeps the output of its own ReLU besides.
    assert answer.activation_bytes == theirs.kept + 4 * 4 * 64
