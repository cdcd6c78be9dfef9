"""Settings, wherever a command takes them: malformed, set twice, of one network or of several."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import costcalc
from costcalc.cli import main

ONE = {
    "report": "report {}",
    "explain": "report {} --explain conv1",
    "formula": "formula {}",
    "sweep": "sweep {} --set classes=10",
    "solve": "solve {} --for res --max-params 2M --values 224",
    "import": "import {}",
    "export": "export {} --to prototxt",
    "graph": "graph {}",
    "reconcile": "reconcile {} --between paper thop",
    "printed": "reconcile {} --printed 1M",
    "plot layers": "plot layers {}",
    "plot roofline": "plot roofline {} --device rpi4",
    "plot latency": "plot latency {} --device rpi4",
    "latency": "latency {} --device rpi4",
    "fits": "fits {} --device rpi4",
    "plot sweep": "plot sweep {} --res 192,224 --set classes=10,20",
}
"""Commands of a single network that take settings as options."""

SEVERAL = {
    "compare": "compare {} mobilenet_v2",
    "diff": "diff {} mobilenet_v2",
    "sweep": "sweep {} mobilenet_v2 --res 224",
    "plot types": "plot types {} mobilenet_v2",
}
"""Commands of several networks that take settings as options."""

OTHERS = {
    "networks": "networks {}",
    "check": "check {} --max-params 5M",
    "plot accuracy": "plot accuracy {}",
}
"""Commands whose networks carry settings, and that have no options for them."""

LAYERS = {
    "formula": "formula {}",
    "compare": "compare {} separable",
    "over": "formula separable --over {}",
}

MALFORMED = ["alpha=1/0", "alpha=", "alpha=1e400", "=1", "alpha", "", "alpha=1,", "a=1,a=2"]

TWICE = [
    "mobilenet_v1 --alpha 0.25 --set alpha=0.5",
    "mobilenet_v1 --set alpha=0.25 --set alpha=0.5",
    "mobilenet_v1@alpha=0.25 --alpha 0.5",
    "mobilenet_v1@alpha=0.25 --set alpha=0.5",
    "mobilenet_v1@alpha=0.25,alpha=0.5",
]


def run(command: str) -> Result:
    return CliRunner().invoke(main, command.split())


def check_refused(result: Result) -> None:
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")


@pytest.mark.parametrize("text", MALFORMED)
@pytest.mark.parametrize("command", [*ONE.values(), *SEVERAL.values(), *OTHERS.values()])
def test_a_malformed_setting_of_a_reference_is_refused(command: str, text: str) -> None:
    check_refused(run(command.format(f"mobilenet_v1@{text}")))


@pytest.mark.parametrize("text", MALFORMED)
@pytest.mark.parametrize("command", LAYERS.values())
def test_a_malformed_setting_of_a_layer_is_refused(command: str, text: str) -> None:
    check_refused(run(command.format(f"conv@{text.replace('alpha', 'M')}")))


@pytest.mark.parametrize("option", ["--alpha {}", "--res {}", "--set alpha={}", "--set classes={}"])
@pytest.mark.parametrize("text", ["1/0", "1e400", "x", "-1"])
@pytest.mark.parametrize("command", [*ONE.values(), *SEVERAL.values()])
def test_a_malformed_setting_of_an_option_is_refused(command: str, option: str, text: str) -> None:
    check_refused(run(f"{command.format('mobilenet_v1')} {option.format(text)}"))


@pytest.mark.parametrize("settings", TWICE)
@pytest.mark.parametrize("command", ONE.values())
def test_a_single_network_has_one_value_for_a_setting(command: str, settings: str) -> None:
    result = run(command.format(settings))
    check_refused(result)
    assert "'alpha' is set twice" in result.stderr
    assert "0.25" in result.stderr
    assert "0.5" in result.stderr


@pytest.mark.parametrize("settings", ["mobilenet_v1@res=96 --res 96", "mobilenet_v1 --res 96"])
def test_the_same_value_twice_is_one_value(settings: str) -> None:
    assert run(f"report {settings} --set res=96").exit_code == 0


@pytest.mark.parametrize("command", SEVERAL.values())
def test_an_option_does_not_override_one_network_of_several(command: str) -> None:
    """The output is that of references alone, but for the name of the second."""
    by_option = run(f"{command.format('mobilenet_v1@alpha=0.5')} --alpha 0.25")
    second = command.replace("mobilenet_v2", "mobilenet_v2@alpha=0.25")
    by_reference = run(second.format("mobilenet_v1@alpha=0.5"))
    assert by_option.exit_code == by_reference.exit_code == 0, by_option.output

    def counts(text: str) -> list[str]:
        text = text.replace("@alpha=0.25", "").replace("@alpha=0.5", "")
        return [word for word in text.split() if any(map(str.isdigit, word))]

    found, expected = counts(by_option.stdout), counts(by_reference.stdout)
    if "sweep" in command:  # which has a column for alpha only if an option sets it
        found = [word for word in found if word not in ("0.5", "0.25")]
    assert [word for word in expected if word not in found] == []


def test_labels_and_counts_of_a_comparison_agree() -> None:
    result = run("compare mobilenet_v1@alpha=0.5 mobilenet_v2 --alpha 0.25 --format json")
    for network, alpha in zip(json.loads(result.stdout)["networks"], (0.5, 0.25), strict=True):
        name = network["network"].lower().replace("net", "net_")
        assert network["parameters"]["alpha"] == alpha
        assert network["totals"] == costcalc.report(name, alpha=alpha).totals._asdict()
    table = run("compare mobilenet_v1@alpha=0.5 mobilenet_v2 --alpha 0.25").stdout
    assert "alpha = 0.25, where a network does not state its own" in table
    assert "alpha = 0.25\n" in run("compare mobilenet_v1 mobilenet_v2 --alpha 0.25").stdout


def test_names_that_stand_for_settings_keep_them_among_several() -> None:
    assert costcalc.report("mnasnet0_5", alpha=1).parameters["alpha"] == 1
    several = costcalc.compare("mnasnet0_5", "mobilenet_v2", alpha=1)
    assert [entry.report.parameters["alpha"] for entry in several.entries] == [
        costcalc.report("mnasnet0_5").parameters["alpha"],
        1,
    ]


def test_python_has_the_same_rules() -> None:
    for question in (costcalc.report, costcalc.totals, costcalc.formula, costcalc.reconcile):
        with pytest.raises(costcalc.CostcalcError, match="'alpha' is set twice"):
            question("mobilenet_v1@alpha=0.5", alpha=0.25)
    with pytest.raises(costcalc.CostcalcError, match="'alpha' is set twice"):
        costcalc.sweep("mobilenet_v1@alpha=0.5", alpha=[0.25])
    networks = costcalc.load("mobilenet_v1", alpha=0.5), "mobilenet_v1"
    assert networks[0].report(alpha=0.25).parameters["alpha"] == 0.25
    compared = costcalc.compare(*networks, alpha=0.25).entries
    assert [float(entry.report.parameters["alpha"]) for entry in compared] == [0.5, 0.25]
    assert [float(row.settings["alpha"]) for row in costcalc.sweep(*networks, alpha=[0.25])] == [
        0.5,
        0.25,
    ]


INPUTS = {
    "vector": (30,),
    "sequence": (3, 100),
    "image": (3, 32, 32),
    "volume": (3, 8, 8, 8),
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    """A network of one layer for each shape of input, as a spec, in ONNX and in Caffe."""
    folder = tmp_path_factory.mktemp("inputs")
    for name, shape in INPUTS.items():
        layer = "fc: 4" if name == "vector" else "conv: {out: 4, kernel: 1}"
        spec = folder / f"{name}.yaml"
        spec.write_text(f"input: {list(shape)}\nlayers: [{{{layer}}}]\n")
        for format_, suffix in (("onnx", "onnx"), ("prototxt", "prototxt")):
            if format_ == "onnx" or len(shape) in (1, 3):
                model = folder / f"{name}.{suffix}"
                model.write_bytes(bytes(costcalc.export(spec, format_)))
    return folder


@pytest.mark.parametrize("suffix", ["yaml", "onnx", "prototxt"])
@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("res", ["8", "8x6", "8x6x4", "8x6x4x2", "0", "8x0", "0.5", "-8", "x", ""])
def test_a_resolution_fits_the_input_or_is_refused(inputs, name, suffix, res) -> None:
    path = inputs / f"{name}.{suffix}"
    if not path.exists():
        pytest.skip("Caffe has images alone")
    result = CliRunner().invoke(main, ["report", str(path), "--res", res, "--format", "json"])
    axes = len(INPUTS[name]) - 1
    sizes = [8, 6, 4, 2][: len(res.split("x"))] if res[:1] == "8" and res != "8x0" else []
    if axes and len(sizes) in (1, axes):
        assert result.exit_code == 0, result.output
        expected = sizes * axes if len(sizes) == 1 else sizes
        assert json.loads(result.stdout)["input"] == [3, *expected]
        return
    check_refused(result)
    words = ("spatial ax", "res cannot be", "a value is missing")
    assert any(word in result.stderr for word in words), result.stderr


@pytest.mark.parametrize("command", ["report {}", "sweep {}", "solve {} --for classes"])
@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("--alpha 0.5 --alpha 1", "0.5 by --alpha and 1 by --alpha"),
        ("--res 96 --res 64", "96 by --res and 64 by --res"),
        ("--set res=96 --set res=64", "96 by --set and 64 by --set"),
        ("--set res=96,alpha=1,res=64", "96 by --set and 64 by --set"),
    ],
)
def test_an_option_that_is_repeated_has_no_silent_winner(command, given, found):
    result = CliRunner().invoke(main, [*command.format("mobilenet_v1").split(), *given.split()])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"found    {found}" in result.stderr
    assert "for several values, costcalc sweep with" in result.stderr


def test_settings_may_be_separated_by_commas():
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    report = run("report", "mobilenet_v1", "--set", "alpha=0.5", "--set", "res=160")
    assert run("report", "mobilenet_v1", "--set", "alpha=0.5,res=160") == report
    assert run("report", "mobilenet_v1", "--set", "alpha=0.5, res = 160") == report
    sweep = run("sweep", "mobilenet_v1", "--set", "alpha=0.5,1", "--set", "res=96,128")
    assert run("sweep", "mobilenet_v1", "--set", "alpha=0.5,1,res=96,128") == sweep


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "m.onnx"
    path.write_bytes(bytes(costcalc.export("mobilenet_v1", "onnx")))
    return str(path)


def mult_adds(result: Result) -> list[int]:
    assert result.exit_code == 0, result.output
    return [entry["totals"]["mult_adds"] for entry in json.loads(result.stdout)["networks"]]


@pytest.mark.parametrize(
    "command",
    [
        "report {} --input 3,128,128 --res 64",
        "report {}@res=64 --input 3,128,128",
        "report {}@input=3x128x128 --set res=64",
        "report {}@input=3x128x128,res=64",
        "report {} --input 3,64,96 --res 64",
        "report {} --input 3,64,96 --res 96x64",
        "sweep {} --input 3,128,128 --res 128,64",
        "sweep {}@input=3x128x128 --res 128,64",
        "sweep {} mobilenet_v1 --input 3,128,128 --res 128,64",
        "compare {} {} --input 3,128,128 --res 64",
        "compare {}@input=3x128x128,res=64 {}",
    ],
)
def test_a_shape_and_a_resolution_contradict_each_other(model: str, command: str) -> None:
    result = run(command.replace("{}", model))
    check_refused(result)
    assert "set twice" in result.stderr


@pytest.mark.parametrize(
    "settings", ["--input 3,64,64 --res 64", "--input 3,64,64 --res 64x64", "--input 3,64,64"]
)
def test_a_shape_and_its_own_resolution_agree(model: str, settings: str) -> None:
    same = run(f"report {model} --format json --res 64")
    assert run(f"report {model} --format json {settings}").stdout == same.stdout


def test_the_shape_of_one_of_several_is_its_own(model: str) -> None:
    """As is its resolution, where the shape is an option."""
    at_64, at_128 = 47_368_192, 186_400_768  # of mobilenet_v1, its convolutions and classifier
    command = f"compare --format json {model}@input=3x64x64 {model} --res 128"
    assert mult_adds(run(command)) == [at_64, at_128]
    command = f"compare --format json {model}@res=64 {model} --input 3,128,128"
    assert mult_adds(run(command)) == [at_64, at_128]
    rows = run(f"sweep {model}@input=3x64x64 mobilenet_v1 --res 64,128 --format csv").stdout
    assert [row.split(",")[1::2][:2] for row in rows.splitlines()[1:]] == [
        ["64", str(at_64)],
        ["64", str(at_64)],
        ["128", str(at_128)],
    ]


@pytest.mark.parametrize(
    ("network", "settings"),
    [("mnasnet@alpha=0.5", ""), ("mnasnet", "--alpha 0.5"), ("mnasnet0_5", "--set alpha=0.5")],
)
def test_what_is_solved_for_is_not_set(network: str, settings: str) -> None:
    result = run(f"solve {network} --for alpha --max-params 2M {settings}")
    check_refused(result)
    assert "'alpha' is both solved for and set" in result.stderr


def test_what_a_name_sets_may_be_solved_for() -> None:
    """As it may be set and swept."""
    command = "solve {} --for alpha --max-params 2M --values 0.25,0.5 --format json"
    assert run(command.format("mnasnet0_5")).stdout == run(command.format("mnasnet")).stdout
    solution = costcalc.load("mobilenet_v1", alpha=0.5).solve("alpha", max_params="2M", values=[1])
    assert solution.nearest is not None
    assert solution.nearest.params == 4_209_088
