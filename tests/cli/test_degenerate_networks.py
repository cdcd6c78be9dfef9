"""Networks without layers, and layers that give a single number, in every command."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main

SPECS = {
    "all left out": "input: [3, 64]\nlayers: [relu: {when: false}]\n",
    "an image": "input: [3, 8, 8]\nlayers: [identity: {when: false}]\n",
    "a vector": "input: [12]\nlayers: [sequence: {repeat: 0, layers: [relu]}]\n",
    "a number": "input: [4, 9]\nlayers: [mean]\n",
    "a number read on": "input: [4, 9]\nlayers: [mean, relu, fc: {out: 1, when: false}]\n",
}

COMMANDS = [
    ["report"],
    ["report", "--by", "block"],
    ["report", "--by", "type"],
    ["report", "--format", "json"],
    ["report", "--format", "latex"],
    ["formula"],
    ["formula", "--format", "latex"],
    ["compare", "mobilenet_v1"],
    ["diff", "mobilenet_v1"],
    ["sweep", "--alpha", "0.5,1"],
    ["solve", "--for", "alpha", "--max-params", "100"],
    ["reconcile", "--between", "paper", "thop"],
    ["graph"],
    ["graph", "--format", "dot"],
    ["import"],
    ["import", "--flat"],
    ["export", "--to", "torch"],
    ["export", "--to", "prototxt"],
    ["export", "--to", "csv-scalesim"],
]


@pytest.fixture(params=SPECS.values(), ids=SPECS)
def spec(request, tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text(request.param)
    return str(path)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_answers(spec, command):
    name, *options = command
    result = CliRunner().invoke(main, [name, spec, *options])
    reasons = ("does not depend", "Caffe")  # an alpha without widths, a mean over all axes
    refused = result.exit_code == 2 and any(reason in result.output for reason in reasons)
    assert refused or result.exit_code == 0, result.output
    assert refused or result.exception is None


@pytest.mark.parametrize("suffix", ["yaml", "onnx"])
def test_what_is_written_is_read_back(spec, suffix, tmp_path: Path):
    again = tmp_path / f"again.{suffix}"
    command = "import" if suffix == "yaml" else "export"
    result = CliRunner().invoke(main, [command, spec, "-o", str(again)])
    assert result.exit_code == 0, result.output
    first, second = costcalc.report(spec), costcalc.report(str(again))
    # ONNX's tensors have the batch; a mean over all other axes comes back with a view.
    kinds = [layer.kind for layer in second.layers if layer.kind != "flatten"]
    assert kinds == [layer.kind for layer in first.layers]
    assert first.input == second.input
    assert second.totals == (0, 0)
    assert (len(second.layers) > 0) == (len(first.layers) > 0)


def test_code_for_a_network_without_layers_returns_its_input(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_text(SPECS["an image"])
    code = costcalc.load(str(path)).export("torch")
    assert "    def forward(self, x: torch.Tensor) -> torch.Tensor:\n        return x\n" in str(
        code
    )


def test_a_spec_still_lists_layers(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_text("input: [3, 8, 8]\nlayers: []\n")
    with pytest.raises(costcalc.SpecError, match="a spec needs layers"):
        costcalc.report(str(path))


@pytest.mark.parametrize("format_", ["table", "csv", "markdown", "latex", "html"])
def test_the_shape_of_a_single_number_is_named(tmp_path: Path, format_: str) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: [4, 9]\nlayers: [mean, relu]\n")
    shown = costcalc.report(path).rendered(format_)
    assert "scalar" in shown
    assert "$scalar$" not in shown
