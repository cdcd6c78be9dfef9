"""``torch:package.module:name``: from the command line, as somebody with a module of their own."""

import json
import sys

import pytest
from click.testing import CliRunner

import costcalc
from costcalc import opening
from costcalc.cli import main
from costcalc.errors import SpecError

NETS = """
import torch
from torch import nn

print("a line of the module's own")


class Net(nn.Module):
    def __init__(self, width=8, rate=0.0, **others):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.drop = nn.Dropout(rate)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        return {"scores": [self.head(self.drop(self.conv(x)).mean((2, 3)))]}


class Strict(Net):
    def __init__(self, width=8):
        super().__init__(width)
        self.rates = torch.linspace(0, 1, width).tolist()


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(100, 16)
        self.head = nn.Linear(16, 2)

    def forward(self, ids):
        return self.head(self.table(ids).mean(1))


class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.LazyConv2d(8, 3), nn.LazyLinear(5)

    def forward(self, x):
        return self.head(self.conv(x).flatten(1))


class Failing(Net):
    def forward(self, x):
        raise ValueError("not\\ntoday")


class Unbuilt(nn.Module):
    def __init__(self):
        raise RuntimeError("no room")


class Leaving(nn.Module):
    def __init__(self):
        raise SystemExit(0)


def strange(width):
    return width


built = Net(4)


class Holder:
    net = built
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "nets_of_mine.py").write_text(NETS)
    (tmp_path / "broken_nets.py").write_text("x = 1\n1 / 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "nets_of_mine", raising=False)

    def run(name, *arguments):
        network = f"torch:{name}" if ":" in name else f"torch:nets_of_mine:{name}"
        return CliRunner().invoke(main, ["report", network, *arguments])

    return run


def totals(result):
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    return found["totals"]["params"], found["totals"]["mult_adds"]


def json_of(run, *arguments, convention="torch"):
    return totals(run(*arguments, "--convention", convention, "--unit", "macs", "--format", "json"))


@pytest.mark.parametrize(
    ("arguments", "params", "macs"),
    [
        # 27*8 weights and 8 biases at 224*224 positions; 8*10 weights and 10 biases.
        (["Net"], 216 + 8 + 90, 216 * 224 * 224 + 80),
        (["Net", "--res", "16"], 216 + 8 + 90, 216 * 16 * 16 + 80),
        (["Net", "--input", "3,8,4"], 216 + 8 + 90, 216 * 8 * 4 + 80),
        (
            ["Net", "--set", "width=4", "--set", "rate=0.5", "--input", "3,8,8"],
            108 + 4 + 50,
            108 * 64 + 40,
        ),
        (["Strict", "--input", "3,8,8"], 216 + 8 + 90, 216 * 64 + 80),
        (["built", "--input", "3,8,8"], 108 + 4 + 50, 108 * 64 + 40),
        (["Holder.net", "--input", "3,8,8"], 108 + 4 + 50, 108 * 64 + 40),
        # 8*3*3*3 weights at 6*6 positions, then 8*6*6*5.
        (["Lazy", "--input", "3,8,8"], 216 + 8 + 1440 + 5, 216 * 36 + 1440),
        (["Words", "--input", "12"], 1600 + 34, 32),
    ],
)
def test_a_module_of_ones_own_is_reported(run, arguments, params, macs):
    assert json_of(run, *arguments) == (params, macs)


def test_standard_output_carries_the_result_alone(run):
    result = run("Net", "--format", "json")
    assert json.loads(result.stdout)["network"] == "Net"
    assert "a line of the module's own" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.nets:Net"], ["there is no Python module 'nowhere'"]),
        (["broken_nets:Net"], ["'broken_nets' cannot be imported", "broken_nets.py:2"]),
        (["Nett"], ["'nets_of_mine' has no 'Nett'; did you mean 'Net'?"]),
        (
            ["Strict", "--set", "wdith=4"],
            ["'Strict' has no parameter 'wdith'; did you mean 'width'?"],
        ),
        (["strange", "--set", "width=4"], ["'strange' does not return a module, but int"]),
        (["built", "--set", "width=4"], ["'built' is a module that is already built"]),
        (["Holder"], ["'Holder' does not return a module, but Holder"]),
        (["NETS.x"], ["'nets_of_mine' has no 'NETS'"]),
        (["Unbuilt"], ["'Unbuilt' cannot be built", "RuntimeError: no room", "nets_of_mine.py:"]),
        (["Leaving"], ["'Leaving' cannot be built", "SystemExit"]),
        (["Failing"], ["Failing does not run on an input of 3,224,224", "ValueError: not today"]),
        (["Net", "--input", "4,8,8"], ["module 'conv' (Conv2d) does not run on an input of 4,8,8"]),
        (["Net", "--input", "784", "--res", "8"], ["takes no res"]),
    ],
)
def test_what_is_wrong_is_said_in_lines_without_a_traceback(run, arguments, words):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for each in words:
        assert each in result.stderr


def test_arguments_that_are_missing_are_named(tmp_path, monkeypatch):
    (tmp_path / "needing.py").write_text(
        "from torch import nn\n"
        "class Block(nn.Conv2d):\n"
        "    def __init__(self, ch_in, ch_out=8, *, side):\n"
        "        super().__init__(ch_in, ch_out, side)\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as caught:
        opening.opened("torch:needing:Block")
    assert "'Block' cannot be built without ch_in, side" in str(caught.value)
    assert "--set ch_in=... --set side=..." in str(caught.value)
    # 3 * 8 * 2 * 2 weights
    assert costcalc.totals("torch:needing:Block", ch_in=3, side=2).params == 96


def test_arguments_that_no_setting_is(tmp_path, monkeypatch):
    (tmp_path / "configured.py").write_text(
        "from torch import nn\n\n\nclass Config:\n    pass\n\n\n"
        "class Block(nn.Conv2d):\n"
        "    def __init__(self, ch_in: int, ch_out: int, /, *, config: Config):\n"
        "        super().__init__(ch_in, ch_out, 2, bias=config is None)\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as caught:
        opening.opened("torch:configured:Block")
    assert "'Block' cannot be built without ch_in, ch_out, config" in str(caught.value)
    assert "a function of your own that returns Block(...): config is an object" in str(
        caught.value
    )
    # 3 * 8 * 2 * 2 weights; arguments without names are passed by their position.
    assert costcalc.totals("torch:configured:Block", ch_in=3, ch_out=8, config="None").params == 96
