"""Layers and blocks side by side, by formula and by number."""

import json

import pytest
from click.testing import CliRunner

from costcalc.cli import main
from costcalc.comparing.layers import compare_layers


def run(*arguments):
    return CliRunner().invoke(main, ["compare", *arguments])


SIZES = ("--set", "D_K=3", "--set", "M=64", "--set", "N=64", "--set", "D_F=14")


def test_table_3_of_mobilenet():
    sizes = {"D_K": 3, "M": 512, "N": 512, "D_F": 14}
    layers = ["conv", "separable", "separable@M=384,N=384", "separable@M=384,N=384,D_F=10"]
    found = [
        (layer.values["mult_adds"], layer.values["params"])
        for layer in compare_layers(layers, sizes).layers
    ]
    assert found == [
        # 3*3*512*512 weights at 14*14 positions: 462 M and 2.36 M are printed.
        (2359296 * 196, 2359296),
        # 3*3*512 + 512*512: 52.3 M and 0.27 M.
        (266752 * 196, 266752),
        # alpha = 0.75, 3*3*384 + 384*384: 29.6 M and 0.15 M.
        (150912 * 196, 150912),
        # rho = 0.714, 10*10 positions: 15.1 M and 0.15 M.
        (150912 * 100, 150912),
    ]


def test_the_block_of_v1_against_that_of_v2_at_the_same_widths():
    separable, bottleneck = compare_layers(
        ["separable", "bottleneck"], {"D_K": 3, "M": 64, "N": 64, "D_F": 14, "t": 6}
    ).layers
    assert separable.values["params"] == 9 * 64 + 64 * 64
    assert bottleneck.values["params"] == 64 * 384 + 9 * 384 + 384 * 64


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("conv", 9 * 64 * 64),
        ("grouped", 9 * 16 * 64),
        ("depthwise", 9 * 64),
        ("separable", 9 * 64 + 64 * 64),
        ("residual", 2 * 9 * 64 * 64),
        ("inverted_residual", 64 * 384 + 9 * 384 + 384 * 64),
    ],
)
def test_each_block_at_the_same_widths(name, params):
    sizes = {"D_K": 3, "M": 64, "N": 64, "D_F": 14, "g": 4, "t": 6}
    (layer, _, _) = compare_layers([name, "gconv", "bottleneck"], sizes).layers
    assert layer.values == {"params": params, "mult_adds": params * 196}


def test_the_page_shows_formulas_numbers_and_ratios():
    result = run("separable", "bottleneck", *SIZES, "--set", "t=6")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "separable M·D_F²·(D_K² + N) 915,712" in lines
    # 52608 / 4672 = 11.26
    assert any(line.startswith("bottleneck") and "11.3 × more" in line for line in lines)


def test_json_has_no_numbers_if_symbols_are_not_set():
    result = run("conv", "separable", "--format", "json")
    parsed = json.loads(result.stdout)
    assert [layer["layer"] for layer in parsed["layers"]] == ["conv", "separable"]
    assert parsed["layers"][0]["params"] == {"formula": "D_K²·M·N", "value": None}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["separable", "mobilenet_v1"], "cannot be compared with a network"),
        (["conv", "batch_norm"], "has no params and mult-adds"),
        (["conv", "separable", "--set", "t=6"], "none of these layers has a symbol 't'"),
        (["conv", "separable", "--set", "M=0"], "M cannot be 0"),
        (["conv", "separable@t=6"], "none of these layers has a symbol 't'"),
        (["conv", "separable@M=wide"], "M cannot be 'wide'"),
        (["conv", "separable", "--set", "M=1/2"], "a whole number above zero"),
    ],
)
def test_errors(arguments, message):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
