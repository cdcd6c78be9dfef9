"""``costcalc networks``."""

import csv
import json

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.opening import opened
from costcalc.reporting.gallery import OfCollection, Selection


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["networks", *arguments])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.slow
def test_every_network_is_listed_with_source_settings_and_totals():
    rows = {row["name"]: row for row in csv.DictReader(run("--format", "csv").splitlines())}
    assert list(rows) == list(costcalc.networks())
    row = rows["mobilenet_v3_small"]
    assert row["arxiv"] == "1905.02244"
    assert row["settings"].startswith("res=224, ")
    assert "size=Small, features=1024" in row["settings"]
    assert (row["mult_adds"], row["params"]) == ("56510400", "2525832")
    # 0.5 of the channels: settings of the name are default settings too.
    assert rows["mnasnet0_5"]["settings"].startswith("alpha=0.5, res=224")


def test_the_choices_of_a_space_are_counted_in_the_table_and_listed_for_scripts():
    (row,) = (line for line in run("--search", "fbnet space").splitlines() if "fbnet_space" in line)
    assert "  res=224, last=1984, 22 choices  " in row
    (row,) = csv.DictReader(run("--search", "fbnet space", "--format", "csv").splitlines())
    assert row["settings"].startswith("res=224, last=1984, b1=k5_e6, b2=k5_e6, ")


def test_the_parameters_of_a_space_are_shown_with_what_a_search_chooses_among():
    rows = {
        row["name"]: row
        for row in csv.DictReader(run("mnasnet_space", "--format=csv").splitlines())
    }
    assert [rows[name]["space"] for name in ("res", "op1", "F2")] == [
        "",
        "conv, dconv, mbconv3, mbconv6",
        "24, 32, 40",
    ]
    data = json.loads(run("mnasnet_space", "--format", "json"))
    assert [each.get("space") for each in data["parameters"] if each["name"] in ("res", "N1")] == [
        None,
        "1, 2, 3",
    ]
    assert "space" not in run("mnasnet", "--format", "csv").splitlines()[0]


def test_what_a_network_does_not_have_is_no_setting():
    (row,) = csv.DictReader(run("--search", "micronet_kws", "--format", "csv").splitlines())
    assert row["settings"] == "classes=12, size=S"


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


@pytest.mark.parametrize(
    ("options", "names", "words"),
    [
        (
            ["--year", "2016", "--family", "mobile"],
            ["squeezenet", "squeezenet1_0"],
            "mobile of 2016",
        ),
        (["--year", ":2012"], ["alexnet"], "1 network until 2012."),
        (
            ["--year", "2014:2015", "--family", "classic"],
            ["googlenet"],
            "classic from 2014 to 2015",
        ),
        (["--year", "2024:", "--family", "mobile,tiny"], ["starnet"], "mobile or tiny since 2024."),
        (["--family", "gated", "--search", "highway"], ["highway"], "gated with 'highway' in name"),
    ],
)
def test_families_and_years_select(options, names, words):
    found = [each["name"] for each in json.loads(run(*options, "--format", "json"))["networks"]]
    assert {*names} <= {*found}
    assert words in run(*options)
    assert found == [*costcalc.networks(**arguments(options))]


def arguments(options: list[str]) -> dict[str, str]:
    return {
        name.removeprefix("--"): value
        for name, value in zip(options[::2], options[1::2], strict=True)
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--family", "moble"], "there is no family 'moble'; did you mean 'mobile'?"),
        (["--year", "19"], "--year 2019 or --year 2016:2020"),
        (["--year", ":"], "found    ':'"),
        (["--year", "2020:2016"], "no year is from 2020 to 2016"),
        (["--year", "2016:x"], "found    '2016:x'"),
        (["--family", "mobile,"], "there is no family ''"),
        (["vgg16", "--family", "mobile"], "'vgg16' is one network"),
    ],
)
def test_unknown_families_and_years_are_refused(options, words):
    result = CliRunner().invoke(main, ["networks", *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize("command", ["networks", "report", "memory", "compare"])
@pytest.mark.parametrize(
    ("word", "message", "listing"),
    [
        ("mobile", "networks --family mobile, for a family", "--family mobile"),
        ("net_v", "networks --search net_v, for the networks with it in their names", ""),
        ("shufflenet", "; did you mean 'shufflenet_v1', 'shufflenet_v2', ", None),
        ("Swin_", " or 'swin_tiny_patch4_window7_224'?", None),
        ("mobilnet_v1", "there is no network 'mobilnet_v1'; did you mean 'mobilenet_v1'?", None),
        ("net.yaml", "there is no file 'net.yaml'", None),
    ],
)
def test_a_word_that_several_networks_have_is_told_how_to_list_them(
    command, word, message, listing
):
    result = CliRunner().invoke(main, [command, word])
    assert result.exit_code == 2
    assert message in result.output
    assert ("costcalc networks --" in result.output) == (listing is not None)
    if listing is not None:
        listing = listing or f"--search {word}"
        assert f"costcalc networks {listing}" in result.output
        assert run(*listing.split(), "--format", "csv").count("\n") > 5


def test_variants_stand_below_their_network_the_oldest_network_first():
    lines = run("--family", "mobile", "--year", "2016:2018").splitlines()
    names = [line.split("  ")[0] for line in lines if "squeezenet" in line or "mobilenet_v" in line]
    assert names == [
        "├ squeezenet",
        "│ ├ squeezenet1_1",
        "│ └ squeezenet1_0",
        "├ mobilenet_v1",
        "│ └ mobilenet_v1_vww",
        "├ mobilenet_v2",
    ]
    # Without its network, a variant stands for itself.
    assert "└ squeezenet1_1" in run("--search", "squeezenet1_1").splitlines()[6]


def test_accuracy_family_and_year_are_those_of_the_spec():
    (found,) = json.loads(run("--search", "mobilenetv4_conv_small", "--format", "json"))["networks"]
    assert (found["family"], found["year"], found["spec"]) == ("mobile", 2024, "mobilenetv4")
    assert found["accuracy"] == {"top1": 73.8, "source": "Table 6"}
    (row,) = csv.DictReader(
        run("--search", "mobilenetv4_conv_small", "--format", "csv").splitlines()
    )
    assert (row["family"], row["year"], row["top1"]) == ("mobile", "2024", "73.8")
    # At these settings, nobody prints one.
    (found,) = json.loads(run("--search", "mobilenet_v1_vww", "--format", "json"))["networks"]
    assert "accuracy" not in found


def test_one_network_lists_its_parameters_with_meanings():
    rows = list(csv.reader(run("vgg11", "--format", "csv").splitlines()))
    assert rows[0] == ["name", "default", "allowed", "doc"]
    assert ["alpha", "1", "", "width multiplier"] in rows
    assert ["classes", "1000", "at least 1", "outputs of the classifier"] in rows
    # The default is that of the name.
    assert ["configuration", "A", "one of A, A-LRN, B, C, D, E", "column of Table 1"] in rows
    text = run("vgg11")
    assert text.startswith("VGG11\nsource  Very Deep Convolutional Networks")
    assert ", arXiv 1409.1556, Table 1\n" in text
    assert "column of Table 1" in text
    found = json.loads(run("vgg16@alpha=0.35", "--format", "json"))
    assert (found["network"], found["source"]["arxiv"]) == ("VGG16", "1409.1556")
    assert found["parameters"][0] == {
        "name": "alpha",
        "default": 0.35,
        "allowed": "",
        "doc": "width multiplier",
    }


def test_a_users_own_spec_lists_them_too(tmp_path):
    spec = tmp_path / "own.yaml"
    spec.write_text(
        "description: a head\ninput: [8, 4, 4]\n"
        "parameters: {k: {range: [1, 3], doc: side}}\nlayers: [conv: {out: 4, kernel: k}]\n"
    )
    result = CliRunner().invoke(main, ["networks", str(spec)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "parameter 'k' has no value" in result.stderr
    text = run(f"{spec}@k=3")
    assert "about  a head" in text
    assert text.split("k ", 1)[1].split() == ["3", "from", "1", "to", "3", "side"]


def test_json_has_exact_totals_and_all_settings():
    (found,) = json.loads(run("--search", "googlenet", "--format", "json"))["networks"][:1]
    assert found["totals"] == costcalc.report("googlenet").totals._asdict()
    assert found["parameters"].keys() >= {"alpha", "res", "classes"}
    assert found["input"] == [3, 224, 224]
    assert found["source"]["arxiv"] == "1409.4842"


def test_the_table_names_the_search_and_the_unit():
    text = run("--search", "vgg_c", "--unit", "flops")
    # Two for each of 11,770,888,192 multiply-accumulates.
    assert "23,541,776,384" in text
    assert "FLOPs" in text
    assert "1 network with 'vgg_c' in name or source." in text
    assert "vgg\\_c |" in run("--search", "vgg_c", "--format", "markdown")


def test_a_file_in_the_folder_is_not_the_network_that_ships(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("squeezenet", "squeezenet1_1"):
        spec = "name: Mine\ninput: [3, 8, 8]\nlayers:\n  - fc: 3\n"
        (tmp_path / f"{name}.yaml").write_text(spec, encoding="utf-8")
    listed = run("--search", "squeezenet")
    assert "Mine" not in listed
    assert "3 networks" in listed  # squeezenet, and the names squeezenet1_0 and squeezenet1_1


def test_a_network_without_a_year_is_of_no_year(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: Mine\ninput: [3, 8, 8]\nlayers:\n  - fc: 3\n", encoding="utf-8")
    mine = OfCollection("mine", "mine", opened(str(path)))
    assert Selection().has(mine)
    assert not Selection(first=2000).has(mine)
    assert not Selection(last=2000).has(mine)
