"""``costcalc reconcile`` and ``costcalc conventions``."""

import json

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.costs import convention as conventions


def run(*arguments):
    return CliRunner().invoke(main, arguments)


def test_json_holds_totals_and_causes():
    result = run("reconcile", "mobilenet_v2", "--between", "paper", "thop", "--format", "json")
    assert result.exit_code == 0
    parsed = json.loads(result.stdout)
    assert parsed["format_version"] == 1
    assert parsed["parameters"]["implementation"] == "torchvision"
    paper, thop = parsed["counts"]
    assert paper["totals"] == {"params": 3_469_760, "mult_adds": 300_774_272}
    assert (thop["convention"], thop["unit"]) == ("thop", "macs")
    assert thop["totals"] == {"params": 3_504_872, "mult_adds": 327_486_720}
    assert thop["causes"]["mult_adds"] == [
        {"what": "Batch Norm", "each": "4 per element", "layers": 52, "difference": 26_712_448}
    ]


def test_the_table_explains_the_causes():
    result = run("reconcile", "mobilenet_v2", "--between", "paper", "thop", "--format", "markdown")
    assert "| paper | mult-adds | 300,774,272 |" in result.stdout
    assert "| &emsp;Batch Norm | 4 per element | 52 | +26,712,448 |" in result.stdout
    assert "| **thop** |  |  | 327,486,720 |" in result.stdout
    assert "thop: Global Average Pool is a function here" in result.stdout


def test_a_number_that_nothing_reproduces_fails():
    found = run("reconcile", "mobilenet_v2", "--printed", "327.5M", "--format", "json")
    assert found.exit_code == 0
    first = json.loads(found.stdout)["matches"][0]
    assert (first["convention"], first["value"], first["fit"]) == ("thop", 327_486_720, "rounded")
    missed = run("reconcile", "mobilenet_v2", "--printed", "1,234,567,891")
    assert missed.exit_code == 1
    assert "nothing; what comes near is below" in missed.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "printed",
    ["320.3 MMac", "320.3MMACs", "320.3 M mult-adds", "320.3 MFLOPs", "320.3M madds", "320300008"],
)
def test_a_number_may_have_the_unit_that_a_tool_prints(printed):
    found = run("reconcile", "mobilenet_v2", "--printed", printed, "--format", "json")
    assert json.loads(found.stdout)["matches"][0]["convention"] == "ptflops"


def test_settings_apply_to_all():
    result = run("reconcile", "mobilenet_v2", "--between", "paper", "thop", "--res", "192",
                 "--alpha", "0.5", "--set", "implementation=paper", "--format", "json")  # fmt: skip
    parsed = json.loads(result.stdout)
    assert parsed["input"] == [3, 192, 192]
    assert parsed["parameters"]["implementation"] == "paper"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mobilenet_v2", "--between", "paper"], "two or more conventions"),
        (["mobilenet_v2", "--between", "paper", "thpo"], "did you mean 'thop'"),
        (["mobilenet_w2", "--between", "paper", "thop"], "did you mean 'mobilenet_v2'"),
        (["mobilenet_v2", "--printed", "many"], "--printed many: this is not a figure"),
        (["mobilenet_v2", "--printed", "<= 5M"], "--printed <= 5M: this is not a count"),
        (["mobilenet_v2", "--printed", "94 %"], "--printed 94 %: this is not a count"),
    ],
)
def test_errors(arguments, message):
    result = run("reconcile", *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_by_default_the_papers_count_is_compared_with_the_usual_counters():
    by_default = run("reconcile", "mobilenet_v2")
    usual = "paper,fvcore,thop,ptflops,torchinfo,torch"
    assert by_default.exit_code == 0
    assert by_default.stdout == run("reconcile", "mobilenet_v2", "--between", usual).stdout
    assert by_default.stdout == f"{costcalc.reconcile('mobilenet_v2')}\n"
    assert usual in run("reconcile", "--help").stdout


def test_of_the_usual_counters_those_that_do_not_define_a_layer_are_named():
    result = run("reconcile", "skipnet50", "--format", "json")  # whose gates are LSTMs
    parsed = json.loads(result.stdout)
    assert [count["convention"] for count in parsed["counts"]] == ["paper"]
    notes = parsed["left_out"]
    assert len(notes) == 5
    assert all("does not define the mult_adds of 'lstm'" in note for note in notes)
    assert notes[0] in run("reconcile", "skipnet50").stdout
    named = run("reconcile", "skipnet50", "--between", "paper,thop")
    assert (named.exit_code, named.stdout) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["reconcile", "vgg11", "--between"], ["paper", "thop", "torch"]),
        (["report", "vgg11", "--columns"], ["type", "params", "layers"]),
        (["formula", "mobilenet_v2", "--in"], ["alpha", "res", "classes"]),
        (["formula", "separable", "--with"], ["rho", "alpha"]),
    ],
    ids=lambda value: value[-1],
)
def test_options_for_several_names_take_commas_and_may_be_repeated(arguments, names):
    *command, option = arguments
    command += ["--by", "type"] if option == "--columns" else []
    expected = run(*command, option, ",".join(names))
    assert expected.exit_code == 0
    first, *rest = names
    for words in (
        [f"{option}={', '.join(names)}"],
        [word for name in names for word in (option, name)],
        [option, first, option, ",".join(rest)],
    ):
        assert run(*command, *words).stdout == expected.stdout
    if option == "--between":
        assert run(*command, option, *names).stdout == expected.stdout
        assert run(*command, option, first, ",".join(rest)).stdout == expected.stdout
    missing = run(*command, option, f"{first},")
    assert (missing.exit_code, missing.stdout) == (2, "")


def test_python_takes_names_one_by_one_in_lists_and_with_commas():
    expected = costcalc.reconcile("vgg11", "paper", "thop").to_json()
    for names in (["paper,thop"], [["paper", "thop"]], [("paper",), "thop"]):
        assert costcalc.reconcile("vgg11", *names).to_json() == expected
    assert (
        costcalc.formula("separable", multipliers="alpha,rho").params
        == costcalc.formula("separable", multipliers=["alpha", "rho"]).params
    )
    with pytest.raises(costcalc.CostcalcError, match="two or more conventions"):
        costcalc.reconcile("vgg11", "thop")


def test_conventions_are_listed():
    listed = run("conventions", "--format", "json")
    rows = json.loads(listed.stdout)["conventions"]
    assert [row["name"] for row in rows] == conventions.available()
    table = run("conventions").stdout
    assert all(name in table for name in conventions.available())


def test_the_rules_of_one_are_shown():
    table = run("conventions", "thop", "--format", "csv").stdout
    assert "batch_norm,0 if functional else 4 * n_out if affine else 2 * n_out" in table
    one = json.loads(run("conventions", "thop", "--format", "json").stdout)
    rules = {(rule["metric"], rule["kind"]): rule for rule in one["rules"]}
    assert rules["mult_adds", "prelu"]["source"] == "thop/vision/basic_hooks.py, count_prelu"
    assert "wrong" in rules["mult_adds", "transposed_convolution"]["note"]
    assert one["version"] == "0.1.1-2209072238"


def test_a_users_own_file_is_shown_and_reconciled(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\ntitle: without the classifier\nsource: me\nextends: paper\n"
                    "mult_adds: {dense: free}\n")  # fmt: skip
    assert "mine: without the classifier" in run("conventions", str(path)).stdout
    result = run("reconcile", "vgg16", "--between", "paper", str(path), "--format", "json")
    cause = json.loads(result.stdout)["counts"][1]["causes"]["mult_adds"][0]
    # 25088*4096 + 4096*4096 + 4096*1000
    assert (cause["layers"], cause["difference"]) == (3, -123_633_664)


@pytest.mark.parametrize("unit", ["macs", "flops"])
def test_the_unit_of_a_report_is_stated(unit):
    result = run("report", "vgg16", "--convention", "torch", "--unit", unit, "--format", "json")
    parsed = json.loads(result.stdout)
    factor = {"macs": 1, "flops": 2}[unit]
    assert parsed["totals"]["mult_adds"] == factor * 15_470_264_320
    assert parsed["unit"] == {"macs": "mult-adds", "flops": "FLOPs"}[unit]
    table = run("report", "vgg16", "--convention", "torch", "--unit", unit).stdout
    assert ("converted, 2 FLOPs a multiply-accumulate" in table) == (unit == "macs")


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "vgg16", "resnet18"],
        ["diff", "resnet18", "resnet34"],
        ["sweep", "mobilenet_v1", "--res", "128,160"],
        ["solve", "mobilenet_v1", "--for", "alpha", "--max-mult-adds", "100M"],
    ],
)
def test_every_table_of_counts_names_their_unit(arguments):
    flops = run(*arguments, "--convention", "torch", "--format", "markdown")
    assert flops.exit_code == 0
    assert "FLOPs" in flops.stdout
    assert "Mult-Adds" not in flops.stdout
    macs = run(*arguments, "--convention", "torch", "--unit", "macs", "--format", "markdown")
    assert "Mult-Adds" in macs.stdout


def test_conversion_keeps_halves(tmp_path):
    path = tmp_path / "halves.yaml"
    path.write_text("name: halves\ninput: [3]\nlayers: [relu]\n")
    # calflops-flops of one relu on 3 elements: 3 operations, 3/2 multiply-accumulates
    arguments = ["report", str(path), "--convention", "calflops-flops", "--unit", "macs"]
    assert json.loads(run(*arguments, "--format", "json").stdout)["totals"]["mult_adds"] == 1.5
    assert "1.5" in run(*arguments).stdout


def test_a_whole_count_is_shown_whole(tmp_path):
    (tmp_path / "thirds.yaml").write_text("name: thirds\ntitle: thirds\nsource: me\n"
        "extends: paper\nmult_adds: {activation: n_out / 3}\n")  # fmt: skip
    (tmp_path / "one.yaml").write_text("name: one\ninput: [4]\nlayers: [relu, relu, relu]\n")
    arguments = [
        "report",
        str(tmp_path / "one.yaml"),
        "--convention",
        str(tmp_path / "thirds.yaml"),
    ]
    # three layers of 4/3 each
    assert '"mult_adds": 4}' in run(*arguments, "--format", "json").stdout
    assert "In all 4 mult-adds and 0 params" in run(*arguments).stdout
