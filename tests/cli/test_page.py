"""``costcalc page``: where the file goes, what is said of it, what is refused."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main


def run(*line):
    return CliRunner().invoke(main, ["page", *line])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("networks", "name"),
    [
        (["squeezenet"], "squeezenet.html"),
        (["squeezenet@alpha=0.5"], "squeezenet.html"),
        (["squeezenet", "squeezenet@alpha=0.5"], "squeezenet.html"),
        (["squeezenet", "mobilenet_v1"], "squeezenet-mobilenet_v1.html"),
        (["nets/my net.yaml"], "my_net.html"),
    ],
)
def test_the_file_is_named_after_the_networks(networks, name, folder):
    (folder / "nets").mkdir()
    spec = "name: Mine\ninput: [3, 8, 8]\nlayers: [conv: {out: 4, kernel: 3}]\n"
    (folder / "nets" / "my net.yaml").write_text(spec)
    result = run(*networks)
    assert (result.exit_code, result.stdout) == (0, "")
    size = len((folder / name).read_bytes())
    assert result.stderr == f"{name} ({size / 1000:.0f} kB)\n"


def test_a_dash_is_standard_output(folder):
    result = run("squeezenet", "-o", "-")
    assert result.stdout == costcalc.page("squeezenet").html
    assert result.stderr == ""
    assert not [*folder.iterdir()]


def test_it_is_opened_on_request(monkeypatch, folder):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert run("squeezenet", "-o", "a b.html").exit_code == 0
    assert opened == []
    assert run("squeezenet", "-o", "a b.html", "--open").exit_code == 0
    assert opened == [(folder / "a b.html").as_uri()]
    assert run("squeezenet", "-o", "-", "--open").exit_code == 2


def test_no_browser_to_show_it_in(monkeypatch, folder):
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    result = run("squeezenet", "-o", "x.html", "--open")
    assert result.exit_code == 0 and (folder / "x.html").exists()
    assert result.stderr.splitlines()[1:] == ["there is no browser to show it in"]


@pytest.mark.parametrize("path", ["folder", "folder/", "nowhere/x.html", "/dev/full"])
def test_a_file_that_cannot_be_written(path, folder):
    (folder / "folder").mkdir()
    result = run("squeezenet", "-o", path)
    assert result.exit_code == 2 and result.stderr.startswith(f"Error: {path}: cannot be written: ")
    assert [each.name for each in folder.rglob("*")] == ["folder"]


def test_a_name_asked_for_twice_is_one_choice():
    once = costcalc.page("squeezenet", convention="paper,torch", storage="int8", device="rpi4")
    twice = {"convention": ["paper", "torch,paper"], "storage": "int8,int8", "device": "rpi4,rpi4"}
    assert costcalc.page("squeezenet", **twice).html == once.html


@pytest.mark.parametrize(
    ("networks", "options", "message"),
    [
        ([], {}, "a page needs a network"),
        (["squeezenet"], {"convention": []}, "a page needs a convention"),
        (["squeezenet"], {"convention": None}, "None is not a name"),
        (["squeezenet"], {"storage": 8}, "8 is not a name"),
        (["squeezenet"], {"unit": "bytes"}, "there is no unit 'bytes'"),
        (["squeezenet"], {"res": []}, "res has no values to take"),
        ([["squeezenet"]], {}, "a value of type list is not a network"),
    ],
)
def test_what_python_cannot_ask_for(networks, options, message):
    with pytest.raises(costcalc.CostcalcError, match=re.escape(message)):
        costcalc.page(*networks, **options)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["squeezenet", "--res", "2"], "expected"),
        (["squeezenet", "--set", "nothing=1"], "no parameter 'nothing'"),
        (["squeezenet", "--set", "nothing=1,2"], "no parameter 'nothing'"),
        (["squeezenet", "--alpha", "0.5,none"], "alpha"),
        (["squeezenet", "--alpha", "0,1"], "alpha cannot be 0"),
        (["squeezenet", "--convention", "none"], "none"),
        (["squeezenet", "--storage", "none"], "none"),
        (["squeezenet", "--device", "none"], "none"),
        (["squeezenet@alpha=0.5", "--alpha", "0.25,1"], "alpha"),
        (["nothing"], "there is no network 'nothing'"),
    ],
)
def test_what_is_wrong_is_said_and_no_file_is_left(line, message, folder):
    result = run(*line)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not [*folder.iterdir()]


def test_values_are_those_of_the_reader(folder):
    run("mobilenet_v1", "--alpha", "0.25:1:0.25", "--set", "shallow=true", "-o", "x.html")
    file = (folder / "x.html").read_text(encoding="utf-8")
    assert '"values":["0.25","0.5","0.75","1"],"default":"1"' in file
    assert '"name":"shallow"' not in file
    assert re.search(r"Fixed: shallow = true[.;]", file)
