"""``costcalc networks``."""

import csv
import json

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["networks", *arguments])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_every_network_is_listed_with_source_settings_and_totals():
    rows = {row["name"]: row for row in csv.DictReader(run("--format", "csv").splitlines())}
    assert list(rows) == costcalc.networks()
    row = rows["mobilenet_v3_small"]
    assert row["arxiv"] == "1905.02244"
    assert row["settings"].startswith("res=224, ")
    assert "size=Small, features=1024" in row["settings"]
    assert (row["mult_adds"], row["params"]) == ("56510400", "2525832")
    # 0.5 of the channels: what the name stands for is a default setting too.
    assert rows["mnasnet0_5"]["settings"].startswith("alpha=0.5, res=224")


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("SqueezeNet", ["squeezenet", "squeezenet1_0", "squeezenet1_1"]),
        ("1404.5997", ["alexnet_one_column"]),
        ("very deep vgg16", ["vgg16", "vgg16_bn"]),
        ("no such network", []),
    ],
)
def test_search_looks_for_every_word_in_name_title_and_source(search, names):
    found = json.loads(run("--search", search, "--format", "json"))
    assert found["format_version"] == 1
    assert [each["name"] for each in found["networks"]] == names


def test_json_has_exact_totals_and_all_settings():
    (found,) = json.loads(run("--search", "googlenet", "--format", "json"))["networks"][:1]
    assert found["totals"] == costcalc.report("googlenet").totals._asdict()
    assert found["parameters"].keys() >= {"alpha", "res", "classes"}
    assert found["input"] == [3, 224, 224]
    assert found["source"]["arxiv"] == "1409.4842"


def test_the_table_says_what_was_sought_and_in_which_unit():
    text = run("--search", "vgg_c", "--unit", "flops")
    # Two for each of 11,770,888,192 multiply-accumulates.
    assert "23,541,776,384" in text
    assert "FLOPs" in text
    assert "1 network with 'vgg_c' in name or source." in text
    assert "| vgg\\_c |" in run("--search", "vgg_c", "--format", "markdown")
