"""``costcalc solve``."""

import json

import pytest
from click.testing import CliRunner

from costcalc.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["solve", *arguments])


def test_the_largest_standard_width_within_a_budget():
    options = ["--max-mult-adds", "100M", "--max-params", "2M", "--values", "0.25,0.5,0.75,1"]
    result = run("mobilenet_v1@res=160", "--for", "alpha", *options)
    assert result.exit_code == 0
    assert "alpha = 0.5 costs 76,524,800 mult-adds and 1,319,648 params." in result.stdout
    # Table 6 prints 325 M for alpha 0.75 at 224:
    # (166396800 - 768000) * (224 / 160)^2 + 768000 = 325400448.
    assert "166,396,800   166.40 %" in result.stdout


def test_json():
    options = ["--alpha", "0.5", "--step", "32", "--max-mult-adds", "100M", "--format", "json"]
    parsed = json.loads(run("mobilenet_v1", "--for", "res", *options).stdout)
    assert parsed["for"] == "res" and parsed["budget"] == {"mult_adds": 10**8}
    assert parsed["solution"] == {"value": 160, "params": 1319648, "mult_adds": 76524800}
    assert parsed["next"]["value"] == 192
    assert parsed["nearest"] is None


def test_no_solution_shows_the_nearest_cost_and_exits_with_1():
    result = run("mobilenet_v1", "--for", "res", "--max-params", "2M")
    assert result.exit_code == 1
    assert "Nothing fits" in result.stdout
    assert "costs 4,209,088 mult-adds and 4,209,088 params" in result.stdout


def test_a_board_that_no_width_of_mobilenet_v2_fits_says_what_would_help():
    options = ["--storage", "tflm", "--max-ram", "256KiB", "--max-flash", "1MiB"]
    result = run("mobilenet_v2", "--for", "alpha", *options)
    assert result.exit_code == 1
    assert "searched    every alpha from 0.001 to 4.096 by 0.001\n" in result.stdout
    # The input of 224 x 224 x 3 alone takes 150,528 B, the classifier 1280 * 1000.
    assert "752,640 B of RAM and 1,325,664 B of flash.\n" in result.stdout
    assert "Costs rise with alpha at all values searched" in result.stdout
    assert "RAM falls with res; flash falls with classes.\n" in result.stdout
    smaller = run("mobilenet_v2@res=96,classes=10", "--for", "alpha", *options)
    assert smaller.exit_code == 0
    assert "larger values searched fits.\n" in smaller.stdout
    data = json.loads(run("mobilenet_v2", "--for", "alpha", *options, "--format=json").stdout)
    assert data["falls_with"] == {"peak_bytes": ["res"], "weight_bytes": ["classes"]}


def test_only_budgets_that_are_exceeded_have_advice():
    options = ["--storage", "tflm", "--max-ram", "256KiB", "--max-flash", "10MiB"]
    data = json.loads(run("mobilenet_v2", "--for", "alpha", *options, "--format=json").stdout)
    assert data["falls_with"] == {"peak_bytes": ["res"]}


def test_a_cost_that_falls_is_not_assumed_to_rise(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(
        "input: [3, 32, 32]\nparameters: {s: 1}\nlayers: [{conv: {out: 8, kernel: 3, stride: s}}]\n"
    )
    result = run(str(path), "--for", "s", "--max-mult-adds", "100")
    assert result.exit_code == 1
    assert "Costs fall between some values of s that were searched; larger" in result.stdout


def test_the_larger_values_that_do_not_fit_are_counted():
    result = run("mobilenet_v1", "--for", "alpha", "--max-params", "2M", "--values", "0.5:1:0.25")
    # Table 6 of MobileNetV1 prints 1.3, 2.6 and 4.2 million.
    assert "None of the 2 larger values searched fits.\n" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mobilenet_v1", "--for", "res"], "no budget to stay within"),
        (["mobilenet_v1", "--for", "depth", "--max-params", "2M"], "one of alpha, res, classes"),
        (["mobilenet_v1", "--for", "res", "--max-params", "many"], "cannot be 'many'"),
        (["mobilenet_v1", "--for", "res", "--max-params", "-2M"], "a number above zero"),
        (
            ["mobilenet_v1", "--for", "res", "--max-params", "2M", "--step", "0"],
            "--step cannot be '0'",
        ),
        (
            ["mobilenet_v1", "--for", "res", "--max-params", "2M", "--step", "1/2"],
            "res cannot be 0.5",
        ),
        (
            ["mobilenet_v1", "--for", "res", "--max-params", "2M", "--values", "8:2"],
            "runs backwards",
        ),
        (
            ["mobilenet_v1", "--for", "res=96", "--for", "res=128", "--max-params", "2M"],
            "--for res is there twice",
        ),
        (["mobilenet_v1", "--for", "res", "--for", "alpha", "--max-params", "2M"], "no choices"),
        (
            ["mobilenet_v1", "--for", "res", "--max-params", "2M", "--values", "8", "--step", "2"],
            "one of the two",
        ),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
