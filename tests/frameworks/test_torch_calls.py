"""Calls with several inputs, of any type, in any structure: in Python and on the command line."""

from __future__ import annotations

import json
import sys
from collections import OrderedDict, UserDict
from dataclasses import dataclass
from threading import Lock

import pytest
import torch
from click.testing import CliRunner
from torch import nn

import costcalc
from costcalc.cli import main

IMAGE = torch.zeros(1, 3, 12, 12)
CONV = 27 * 4 * 100
"""3*3*3 weights for each of 4 channels, at 10*10 positions."""


class Stereo(nn.Module):
    """One convolution of two images."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, left, right):
        return self.conv(left) + self.conv(right)


class Conditioned(nn.Module):
    """An image, a step of time, words, a scale and a switch."""

    def __init__(self, width=4):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)
        self.time = nn.Linear(6, width)
        self.words = nn.Embedding(50, width)

    def forward(self, x, t, ids=None, *, scale=1, twice=False):
        x = self.conv(x) + self.time(t)[..., None, None]
        if ids is not None:
            x = x + self.words(ids).mean(1)[..., None, None]
        return self.conv.bias * x if twice is None else scale * x


@dataclass
class Sample:
    image: torch.Tensor
    name: str = ""


class Structured(nn.Module):
    """Reads an image from wherever ``path`` leads in its argument."""

    def __init__(self, path):
        super().__init__()
        self.conv, self.path = nn.Conv2d(3, 4, 3), path

    def forward(self, batch):
        for step in self.path:
            batch = getattr(batch, step) if hasattr(batch, str(step)) else batch[step]
        return self.conv(batch)


def macs(network, **settings):
    return network.totals(convention="torch", unit="macs", **settings).mult_adds


def test_two_images():
    network = costcalc.from_torch(Stereo(), args=(IMAGE, IMAGE.clone()))
    assert macs(network) == 2 * CONV
    assert network.totals().params == 27 * 4


def test_one_image_twice():
    assert macs(costcalc.from_torch(Stereo(), args=(IMAGE, IMAGE))) == 2 * CONV


def test_args_and_kwargs_are_what_forward_takes():
    x, t, ids = IMAGE, torch.zeros(1, 6), torch.zeros(1, 7, dtype=torch.int64)
    for args, kwargs in (
        ((x, t), None),
        ([x, t, ids], {}),
        ((x,), {"t": t, "ids": ids, "scale": 2.5}),
        ((), {"t": t, "x": x, "twice": True}),
    ):
        network = costcalc.from_torch(Conditioned(), args=args, kwargs=kwargs)
        assert macs(network) == CONV + 6 * 4
        assert network.report().inputs[0].name == "x"
    assert macs(costcalc.from_torch(Conditioned(), kwargs={"x": x, "t": t})) == CONV + 24


@pytest.mark.parametrize(
    ("path", "argument"),
    [
        (("image",), {"image": IMAGE}),
        (("image",), OrderedDict(image=IMAGE, size=12)),
        (("image",), UserDict(image=IMAGE)),
        (("image",), Sample(IMAGE)),
        ((1, "image", 0), ["ignored", {"image": (IMAGE, None)}]),
        ((0,), torch.nn.utils.rnn.PackedSequence(IMAGE, torch.tensor([1]))),
    ],
)
def test_structures(path, argument):
    network = costcalc.from_torch(Structured(path), args=(argument,))
    assert macs(network) == CONV


def test_names_say_where_a_tensor_is():
    network = costcalc.from_torch(Structured((0,)), args=([IMAGE, {"a.b": torch.zeros(2)}],))
    assert [each.name for each in network.report().inputs] == ["batch/0", "batch/1/a_b"]


@pytest.mark.parametrize("dtype", [torch.half, torch.bfloat16, torch.double])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_every_type_on_every_device(dtype, device):
    module = Stereo().to(device=device, dtype=dtype)
    image = torch.empty(1, 3, 12, 12, dtype=dtype, device=device)
    assert macs(costcalc.from_torch(module, args=(image, image.clone()))) == 2 * CONV
    shapes = {"left": (3, 12, 12), "right": (3, 12, 12)}
    network = costcalc.from_torch(module, shapes)
    assert macs(network) == 2 * CONV
    assert {row.dtype for row in network.report().inputs} == {str(dtype)[6:]}


@pytest.mark.filterwarnings("ignore:Complex modules")
def test_a_complex_module_reads_complex_images():
    module = Stereo().to(torch.complex64)
    network = costcalc.from_torch(module, {"left": (3, 12, 12), "right": (3, 12, 12)})
    assert {row.dtype for row in network.report().inputs} == {"complex64"}
    assert macs(network) == 4 * 2 * CONV


def test_a_batch_is_counted_and_said():
    pair = torch.zeros(5, 3, 12, 12), torch.zeros(5, 3, 12, 12)
    report = costcalc.from_torch(Stereo(), args=pair).report(convention="torch", unit="macs")
    assert report.totals.mult_adds == 5 * 2 * CONV
    assert [row.shape for row in report.inputs] == [(5, 3, 12, 12)] * 2
    assert "of all 5 along their first axis" in str(report)
    assert "first axis" not in str(costcalc.from_torch(Stereo(), args=(IMAGE, IMAGE.clone())))


@pytest.mark.parametrize(
    ("images", "count"),
    [
        ([torch.zeros(3, 12, 12)], 1),
        ([torch.zeros(3, 12, 12), torch.zeros(3, 12, 12)], 1),
        (torch.zeros(3, 12, 12), 1),
        ((torch.zeros(4, 3, 12, 12), torch.zeros(4, 3, 12, 12)), 4),
    ],
)
def test_a_first_axis_is_a_batch_if_what_comes_out_has_it(images, count):
    class Lists(Stereo):
        def forward(self, images):
            if isinstance(images, tuple):
                return [self.conv(image) for image in images]
            return self.conv(torch.stack(images) if isinstance(images, list) else images)

    report = str(costcalc.from_torch(Lists(), args=(images,)).report())
    assert ("first axis" in report) == (count > 1)


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), Speechless()])
def test_whatever_forward_raises_is_one_message(error):
    class Raising(nn.Module):
        def forward(self, x):
            raise error

    with pytest.raises(costcalc.SpecError, match=f"does not run[^$]*{type(error).__name__}"):
        costcalc.from_torch(Raising(), (3, 8, 8))


def test_what_cannot_be_copied_is_shared_or_named():
    module = Stereo()
    module.lock, module.draws, module.library = Lock(), torch.Generator(), torch
    assert macs(costcalc.from_torch(module, args=(IMAGE, IMAGE.clone()))) == 2 * CONV

    class Copied(nn.Module):
        def __deepcopy__(self, memo):
            return 7

    with pytest.raises(costcalc.SpecError, match="the module cannot be copied"):
        costcalc.from_torch(Copied(), (3, 8, 8))


@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_a_nested_tensor_has_no_shape(layout):
    def nested(*tensors):
        return torch.nested.nested_tensor([*tensors], layout=layout)

    class Inside(torch.nn.Linear):
        def forward(self, x):
            return super().forward(nested(x[:2], x))

    with pytest.raises(costcalc.SpecError, match="nested tensor, which has no one shape"):
        costcalc.from_torch(Inside(8, 4), args=(torch.zeros(5, 8),))
    with pytest.raises(costcalc.SpecError, match="'input' is a nested tensor"):
        args = (nested(torch.zeros(2, 8), torch.zeros(5, 8)),)
        costcalc.from_torch(torch.nn.Linear(8, 4), args=args)


def test_arguments_stay_as_they_are():
    class Writing(Stereo):
        def forward(self, batch):
            batch["image"].mul_(2)
            batch["done"] = True
            return self.conv(batch["image"])

    batch = {"image": torch.ones(1, 3, 12, 12)}
    costcalc.from_torch(Writing(), args=(batch,))
    assert batch.keys() == {"image"}
    assert batch["image"].eq(1).all()


def test_a_resolution_is_that_of_all_inputs_with_the_same_sides():
    network = costcalc.from_torch(Stereo(), args=(IMAGE, IMAGE.clone()))
    assert macs(network, res=22) == 2 * 27 * 4 * 400
    network = costcalc.from_torch(Conditioned(), args=(IMAGE, torch.zeros(1, 6)))
    assert macs(network, res=(22, 12)) == 27 * 4 * 200 + 24


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"args": (IMAGE,)}, ["missing a required argument: 'right'"]),
        ({"args": (IMAGE, IMAGE), "kwargs": {"depth": 1}}, ["unexpected keyword argument 'depth'"]),
        ({"args": (3, "x")}, ["there is no tensor among the arguments", "left: int, right: str"]),
        ({"args": IMAGE}, ["args is a tuple", "args=(x,)"]),
        ({"args": (IMAGE, IMAGE), "input": (3, 8, 8)}, ["given twice"]),
        ({"kwargs": [1]}, ["kwargs maps names"]),
        ({"input": {"left": (3, 8, 8)}}, ["without right", 'input={"right": ...}']),
        ({"input": {"left": (3, 8, 8), "rihgt": (3, 8, 8)}}, ["no input 'rihgt'", "'right'?"]),
        ({"input": {"left": (3, 8, 0), "right": (3,)}}, ["input 'left' cannot be 3x8x0"]),
        (
            {"input": {"left": ((3, 8, 8), "int65"), "right": ((3, 8, 8), torch.half)}},
            ["input 'left' cannot hold numbers of type 'int65'"],
        ),
        ({"args": (IMAGE, torch.zeros(1, 4, 12, 12))}, ["left = 1,3,12,12, right = 1,4,12,12"]),
    ],
)
def test_what_is_wrong_with_a_call_is_said(arguments, words):
    with pytest.raises(costcalc.CostcalcError) as error:
        costcalc.from_torch(Stereo(), **arguments)
    for each in words:
        assert each in str(error.value)
    assert "--" not in str(error.value)


def test_shapes_by_name_in_every_question():
    shapes = {"x": (3, 12, 12), "t": (6,), "ids": ((7,), "int64")}
    expected = CONV + 24
    settings = {"convention": "torch", "unit": "macs"}
    assert costcalc.report(Conditioned(), input=shapes, **settings).totals.mult_adds == expected
    assert costcalc.load(Conditioned(), input=shapes).totals(**settings).mult_adds == expected


def test_indices_are_found_among_several_inputs():
    shapes = {"x": (3, 12, 12), "t": (6,), "ids": (7,)}
    report = costcalc.report(Conditioned(), input=shapes)
    assert [row.dtype for row in report.inputs] == ["float32", "float32", "int64"]


SOURCE = """
import torch
from torch import nn


class Conditioned(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)
        self.time = nn.Linear(6, width)
        self.words = nn.Embedding(50, width)

    def forward(self, x, t, ids=None, scale=None):
        x = self.conv(x) + self.time(t)[..., None, None]
        if ids is not None:
            x = x + self.words(ids).mean(1)[..., None, None]
        return x if scale is None else x * scale[:, None, None, None]


class Keyed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, batch, **others):
        return self.conv(batch["images"][0])
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "called_nets.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "called_nets", raising=False)

    def run(*arguments, command="report"):
        return CliRunner().invoke(main, [command, *arguments])

    return run


def test_inputs_by_name_on_the_command_line(run):
    inputs = ["--input", "x=3,12,12", "--input", "t=6", "--input", "ids=7:int64"]
    result = run("torch:called_nets:Conditioned", *inputs, "--input", "scale=scalar")
    assert result.exit_code == 0, result.output
    assert "input x      12 × 12 × 3, float32" in result.stdout
    assert "input t      6, float32" in result.stdout
    assert "input ids    7, int64" in result.stdout
    assert "input scale  1, float32" in result.stdout
    data = json.loads(run("torch:called_nets:Conditioned", *inputs, "--format", "json").stdout)
    assert data["inputs"][2] == {"name": "ids", "shape": [7], "dtype": "int64"}
    assert data["input"] == [3, 12, 12]
    assert data["totals"]["mult_adds"] == CONV + 24


@pytest.mark.parametrize(
    "arguments",
    [
        ["torch:called_nets:Conditioned", "--input", "3,12,12", "--input", "t=6"],
        ["torch:called_nets:Conditioned", "--input", "t=6", "--res", "12"],
        ["torch:called_nets:Conditioned@input:x=3x12x12,input:t=6"],
    ],
)
def test_ways_to_give_several_inputs(run, arguments):
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["totals"]["mult_adds"] == CONV + 24


def test_an_input_inside_another(run):
    result = run("torch:called_nets:Keyed", "--input", "batch/images/0=3,12,12", "--format", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["totals"]["mult_adds"] == CONV


def test_a_sweep_keeps_the_inputs(run):
    inputs = ["--input", "t=6", "--input", "ids=7:int64", "--res", "12,22", "--format", "csv"]
    result = run("torch:called_nets:Conditioned", *inputs, command="sweep")
    assert result.stdout.splitlines()[1:] == [
        f"12,{108 + 24 + 200},{CONV + 24}",
        f"22,{108 + 24 + 200},{4 * CONV + 24}",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["forward does not run without t", "--input t=..."]),
        (["--input", "t=6", "--input", "time=6"], ["no input 'time'", "x, t, ids, scale"]),
        (["--input", "x=3,12,12", "--input", "3,12,12"], ["input 'x' is set twice"]),
        (["--input", "x=3,12,12", "--input", "t=6", "--res", "3"], ["'x' is set twice"]),
        (["--input", "t=6,0"], ["input 't' cannot be 6x0"]),
        (["--input", "=3,3"], ["--input =3,3 is not a shape"]),
        (["--input", "t=six"], ["--input t=six is not a shape", "--input t=3,224,224"]),
        (["--input", "t=6", "--input", "t=7"], ["'input:t' is set twice"]),
    ],
)
def test_wrong_inputs_on_the_command_line(run, arguments, words):
    result = run("torch:called_nets:Conditioned", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    for each in words:
        assert each in result.stderr


def test_names_of_inputs_are_completed(run, tmp_path):
    from costcalc.importers.torch.candidates import inputs_of

    assert inputs_of("torch:called_nets:Conditioned") == ["x", "t", "ids", "scale"]
    assert inputs_of("torch:called_nets:Nothing") == []
    assert inputs_of("torch:nowhere:Nothing") == []
