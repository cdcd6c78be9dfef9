"""The command ``costcalc formula``."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["formula", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_the_ratio_of_the_paper():
    text = run("separable", "--over", "conv")
    assert text.count("1/N + 1/D_K²") == 2
    text = run("gconv", "--over", "conv")
    assert text.count("1/g") == 2


def test_numbers_replace_symbols():
    sets = ("--set", "D_K=3", "--set", "M=16", "--set", "N=32")
    text = run("separable", "--over", "conv", *sets)
    assert "656 params over 4,608, about 7 times fewer" in text
    assert "= 656\n" in run("separable", *sets)


def test_mobilenet_v1_in_closed_form():
    text = run("mobilenet_v1")
    assert "3139584·α² + 1069504·α\n" in text
    assert "10752·α²·r² + 562.5·α·r² + 1024000·α\n" in text
    assert "r a multiple of 32" in text
    assert "568,740,352, as reported" in text


def test_an_approximation_states_its_error():
    text = run("mobilenet_v2", "--alpha", "0.75")
    assert "approximation" in text
    assert "Assumes 0.5 ≤ α ≤ 1." in text
    total = costcalc.report("mobilenet_v2", alpha="0.75").totals.params
    assert f"% less than the {total:,} reported" in text
    assert "α ≥ 1" in run("mobilenet_v2", "--alpha", "1.4")


def test_json_of_a_layer():
    data = json.loads(
        run(
            "separable",
            "--over",
            "conv",
            "--set",
            "D_K=3",
            "--set",
            "M=16",
            "--set",
            "N=32",
            "--format",
            "json",
        )
    )
    assert data["format_version"] == 1
    assert (data["formula"], data["over"]) == ("separable", "conv")
    assert data["settings"] == {"D_K": 3, "M": 16, "N": 32}
    assert [symbol["name"] for symbol in data["symbols"]] == ["D_K", "M", "N", "D_F"]
    params = data["params"]
    assert params["text"] == "1/N + 1/D_K²"
    assert params["ascii"] == "1/N + 1/D_K^2"
    assert params["latex"] == r"\frac{1}{N} + \frac{1}{D_K^{2}}"
    assert params["value"] == "41/288"
    assert params["compared"] == [656, 4608]
    assert data["mult_adds"]["compared"] is None


def test_json_of_a_network():
    data = json.loads(run("mobilenet_v1", "--format", "json", "--alpha", "0.5", "--res", "160"))
    assert [data["parameters"][name] for name in ("alpha", "res", "classes")] == [0.5, 160, 1000]
    assert data["exact"] is True
    assert data["assumes"] == []
    alpha, res = data["symbols"]
    assert (alpha["name"], alpha["multiple_of"], alpha["exact_for"]) == (
        "alpha",
        "1/32",
        "32·α whole",
    )
    assert (res["name"], res["multiple_of"], res["residue"]) == ("res", 32, 0)
    mult_adds = data["mult_adds"]
    assert mult_adds["terms"] == [
        {"coefficient": 10752, "powers": {"alpha": 2, "res": 2}},
        {"coefficient": "1125/2", "powers": {"alpha": 1, "res": 2}},
        {"coefficient": 1024000, "powers": {"alpha": 1}},
    ]
    # 10752/4 * 25600 + 1125/4 * 25600 + 512000
    assert mult_adds["value"] == mult_adds["reported"] == 76524800


def test_latex():
    text = run("conv", "--format", "latex")
    assert r"\text{mult-adds} &= D_K^{2} \, M \, N \, D_F^{2}" in text
    assert text.count(r"\begin{align}") == text.count(r"\end{align}") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["conv", "--set", "DK=3"], "did you mean 'D_K'?"),
        (["conv", "--set", "M=0"], "M cannot be 0"),
        (["conv", "--set", "M=nan"], "M cannot be 'nan'"),
        (["conv", "--set", "M=__import__('os').system('true')"], "M cannot be"),
        (["gconv", "--set", "g=3", "--set", "M=16"], "cannot be split into 3 groups"),
        (["conv", "--over", "cnov"], "did you mean 'conv'?"),
        (["seperable", "--over", "conv"], "did you mean 'separable'?"),
        (["mobilenet_v1", "--over", "conv"], "--over applies only to a layer"),
        (["conv", "--in", "alpha"], "--in applies only to a network"),
        (["conv", "--res", "224"], "--res applies only to a network"),
        (["conv", "--with", "beta"], "'beta' is not a multiplier"),
        (["mobilenet_v9"], "did you mean 'mobilenet_v"),
        (["seperable"], "did you mean 'separable'?"),
        (["mobilenet_v1@alpha"], "is not a setting"),
        (["mobilenet_v1", "--alpha", "0"], "alpha cannot be 0"),
        (["mobilenet_v1", "--in", "depth"], "cannot stay a symbol"),
        (["mobilenet_v1", "--convention", "papre"], "did you mean 'paper'?"),
    ],
)
def test_errors(arguments, message):
    assert message in run(*arguments, code=2)


def test_ascii_if_the_terminal_has_nothing_else():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(
        [sys.executable, "-m", "costcalc", "formula", "mobilenet_v1"],
        capture_output=True,
        env=environment,
        check=True,
    )
    assert b"10752*alpha^2*r^2 + 562.5*alpha*r^2 + 1024000*alpha\n" in result.stdout


def test_output_to_a_file(tmp_path):
    path = tmp_path / "conv.tex"
    assert run("conv", "--format", "latex", "-o", str(path)) == ""
    assert path.read_text(encoding="utf-8") == run("conv", "--format", "latex")


def test_networks_need_no_sympy():
    code = (
        "import sys; from click.testing import CliRunner; from costcalc.cli import main;"
        "assert CliRunner().invoke(main, ['formula', 'googlenet']).exit_code == 0;"
        "assert 'sympy' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
