"""A Python file, or a Python module without a class: its classes are named, and nothing runs."""

import pytest

import costcalc
from costcalc import opening
from costcalc.errors import SpecError
from costcalc.importers.torch.candidates import Candidate, candidates
from costcalc.importers.torch.reference import parse_reference

CODE = """
import sys
sys.exit("this ran")
import torch.nn as nn
from torch import nn as n2

class Config:
    def __init__(self, width): ...

class Block(nn.Module):
    def __init__(self, ch_in, ch_out=8, *rest, stride, bias=True, **more): ...

class Net(Block): ...

class Odd(Mixin):
    def forward(self, x): ...

def small(width, depth=2) -> Net: ...

def helper(x) -> int: ...
"""

FOUND = [
    Candidate("small", ("width",)),
    Candidate("Odd", ()),
    Candidate("Net", ()),
    Candidate("Block", ("ch_in", "stride")),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    for name in ("mymod.py", "models/__init__.py", "models/inner.py"):
        (tmp_path / name).write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_classes_and_functions_are_found_without_running_the_file(folder):
    assert candidates("mymod.py") == FOUND


@pytest.mark.parametrize("text", ["class Net(", "\0", "(" * 100_000, "", "# only a comment"])
def test_a_file_that_is_not_python_has_none(text, tmp_path):
    path = tmp_path / "broken.py"
    path.write_text(text, encoding="utf-8")
    assert candidates(str(path)) == []


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("mymod.py", "mymod"),
        ("./mymod.py", "mymod"),
        ("models/inner.py", "models.inner"),
        ("torch:mymod", "mymod"),
        ("torch:mymod:", "mymod"),
        ("torch:mymod.py:Net", "mymod"),
        ("torch:models", "models"),
        ("torch:models.inner", "models.inner"),
    ],
)
def test_every_way_to_leave_out_the_class(name, module, folder):
    open_ = parse_reference if name.startswith("torch:") else opening.opened
    with pytest.raises(SpecError) as caught:
        open_(name)
    text = str(caught.value)
    assert f"torch:{module}:Net, or torch:{module}:Block --set ch_in=... --set stride=..." in text
    assert "this ran" not in text


def test_a_file_elsewhere_is_named_with_its_folder(folder, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(SpecError, match=f"torch:mymod:Net.*, in the folder {folder}"):
        opening.opened(str(folder / "mymod.py"))


def test_in_python_arguments_are_keywords(folder):
    with pytest.raises(SpecError, match=r"torch:mymod:Block ch_in=\.\.\. stride=\.\.\."):
        costcalc.report("mymod.py")


def test_a_missing_file(folder):
    with pytest.raises(SpecError, match=r"there is no file 'nofile\.py'"):
        opening.opened("nofile.py")
