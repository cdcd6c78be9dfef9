"""TorchScript archives, scripted and traced, are read as the modules in them."""

import pytest
import torch
from click.testing import CliRunner
from torch import nn

import costcalc
from costcalc.cli import main
from costcalc.errors import SpecError


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 5)
    )


def archive(folder, is_scripted: bool) -> str:
    module, path = network().eval(), str(folder / "net.pt")
    if is_scripted:
        saved = torch.jit.script(module)
    else:
        saved = torch.jit.trace(module, torch.zeros(1, 3, 8, 8))
    saved.save(path)
    return path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("is_scripted", [True, False])
def test_an_archive_has_the_totals_of_its_module(tmp_path, is_scripted):
    path = archive(tmp_path, is_scripted)
    report = costcalc.report(path, input=(3, 8, 8))
    assert report.totals.mult_adds == 27 * 8 * 36 + 8 * 36 * 5
    result = CliRunner().invoke(main, ["report", path, "--input", "3,8,8"])
    assert result.exit_code == 0
    assert "net\n" in result.stdout


@pytest.mark.filterwarnings("ignore")
def test_a_damaged_archive_is_one_message(tmp_path):
    path = archive(tmp_path, is_scripted=True)
    with open(path, "rb+") as file:
        file.truncate(2000)
    with pytest.raises(SpecError, match=r"checkpoint of PyTorch|cannot be loaded"):
        costcalc.report(path)


def test_a_checkpoint_is_not_loaded(tmp_path):
    path = str(tmp_path / "net.pt")
    torch.save(network().state_dict(), path)
    with pytest.raises(SpecError, match="a checkpoint of PyTorch"):
        costcalc.report(path)
