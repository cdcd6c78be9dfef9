"""What newcomers type in Python: it works, or one message says what to write instead."""

import inspect
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy
import pytest

import costcalc
from costcalc.errors import CostcalcError

NETWORK = costcalc.load("mobilenet_v1")
HALF = costcalc.totals("mobilenet_v1", alpha="0.5", res=160)


@pytest.mark.parametrize("alpha", [0.5, "0.5", "1/2", Fraction(1, 2), Decimal("0.5"), [0.5][0]])
@pytest.mark.parametrize("res", [160, 160.0, "160", (160, 160), [160, 160], "160x160"])
def test_settings_of_any_type(alpha, res):
    assert NETWORK.totals(alpha=alpha, res=res) == HALF


@pytest.mark.parametrize("of", [numpy.float16, numpy.float32, numpy.float64, numpy.array])
def test_numbers_of_numpy(of):
    # float32(0.35) is 0.34999999403953552, and prints as 0.35.
    assert NETWORK.totals(alpha=of(0.5), res=numpy.int64(160)) == HALF
    if of is numpy.float32:
        assert NETWORK.totals(alpha=of(0.35)) == NETWORK.totals(alpha="0.35")


def test_budgets_of_any_type():
    expected = NETWORK.solve("alpha", max_mult_adds=100_000_000, step="0.1").best
    for limit in (100e6, "100M", "100 M", numpy.int64(10**8), numpy.float64(1e8), Fraction(10**8)):
        assert NETWORK.solve("alpha", max_mult_adds=limit, step="0.1").best == expected


def test_a_storage_by_its_path(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\ntitle: mine\nsource: here\nextends: tflm\n", encoding="utf-8")
    expected = NETWORK.memory(storage="tflm")
    for storage in (path, str(path)):
        assert NETWORK.memory(storage=storage).peak == expected.peak
        assert NETWORK.report(storage=storage).totals == NETWORK.report(storage="tflm").totals
        (row,) = NETWORK.sweep(alpha=1, metrics="peak_bytes", storage=storage).rows()
        assert row.peak_bytes == expected.peak
    assert expected.explain(0).step == expected.explain("0").step == "conv1"


def test_every_answer_has_one_line_at_a_prompt():
    """Those of all modules: a dataclass prints its fields unless it is told not to."""
    package = Path(costcalc.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for decorator in re.findall(r"^(@.*)\nclass \w+\(Answer\)", path.read_text(), re.MULTILINE):
            assert decorator == "@dataclass(frozen=True, repr=False)", path


def test_memory_refuses_what_cannot_be_planned(tmp_path):
    """At once, not when the peak is read: with --planner spelled as an argument."""
    branches = "".join(
        f"  - conv: {{out: 1, kernel: 1, from: input, name: c{n}}}\n" for n in range(3200)
    )
    joined = ", ".join(f"c{number}" for number in range(3200))
    text = f"name: fan\ninput: [1, 1, 1]\nlayers:\n{branches}  - concat: {{from: [{joined}]}}\n"
    (tmp_path / "fan.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CostcalcError, match='planner="liveness", which needs no addresses'):
        costcalc.memory(tmp_path / "fan.yaml", planner="tflm")


def test_one_value_of_an_axis():
    assert len(costcalc.sweep("mobilenet_v1", alpha=0.5, res=160)) == 1
    (row,) = costcalc.sweep("mobilenet_v1", alpha=0.5, res=160)
    assert (row.params, row.mult_adds) == HALF


def test_a_prompt_shows_one_line():
    answers = {
        "<Report of MobileNetV1; print() shows its tables>": NETWORK.report(),
        "<Comparison; print() shows its tables>": NETWORK.compare("vgg16"),
        "<Sweep; print() shows its tables>": NETWORK.sweep(alpha=[0.5, 1]),
        "<Solution of MobileNetV1; print() shows its tables>": NETWORK.solve(
            "alpha", max_params="2M", values=[0.5]
        ),
        "<Explanation of MobileNetV1; print() shows its tables>": NETWORK.explain("conv1"),
        "<ClosedForm of MobileNetV1; print() shows its tables>": NETWORK.formula(),
        "<Memory of MobileNetV1; print() shows its tables>": NETWORK.memory(),
        "<StepMemory of MobileNetV1; print() shows its tables>": NETWORK.memory().explain("conv2"),
        "<Storages; print() shows its tables>": costcalc.storages(),
        "<StorageRules; print() shows its tables>": costcalc.storages("tflm"),
    }
    for line, answer in answers.items():
        assert repr(answer) == line
        assert str(answer).count("\n") > 3


MISTAKES = [
    (lambda: costcalc.report(7), "a value of type int is not a network"),
    (lambda: costcalc.report(None), "a value of type NoneType is not a network"),
    (lambda: costcalc.report(["mobilenet_v1"]), "compare(*networks)"),
    (lambda: costcalc.compare(["mobilenet_v1", "vgg16"]), "compare(*networks)"),
    (lambda: costcalc.report({"input": [3, 8, 8]}), "write the spec to a YAML file"),
    (lambda: costcalc.report({"w": numpy.zeros(3)}), "the module itself"),
    (lambda: costcalc.report(int), "int is a class, not an instance"),
    (lambda: NETWORK.report(alpha=[0.5, 1]), "costcalc.sweep(network, alpha=[0.5, 1])"),
    (lambda: NETWORK.report(alpha=numpy.array([0.5, 1])), "alpha takes one value here"),
    (lambda: NETWORK.report(alpha=None), "None is not a value of a parameter"),
    (lambda: NETWORK.report(alpha=1j), "a value of type complex is not a value"),
    (lambda: NETWORK.report(apha=0.5), "did you mean 'alpha'?"),
    (lambda: NETWORK.report(unit="gflops"), "there is no unit 'gflops'"),
    (lambda: NETWORK.report(convention=None), "None is not a convention"),
    (lambda: NETWORK.report(convention="thopp"), "did you mean 'thop'?"),
    (lambda: costcalc.conventions(7), "7 is not a convention"),
    (lambda: NETWORK.memory(storage=7), "7 is not a storage"),
    (lambda: NETWORK.memory(storage=b"fp32"), "b'fp32' is not a storage"),
    (lambda: costcalc.storages(["fp32"]), "['fp32'] is not a storage"),
    (lambda: NETWORK.memory(planner=["tflm"]), "there is no planner '['tflm']'"),
    (lambda: NETWORK.sweep(alpha=1, metrics=[7]), "7 is not a name"),
    (lambda: costcalc.compare("vgg16", "vgg19", metrics=7), "7 is not a name"),
    (lambda: costcalc.report("mobilenet_v1", input=(3, 8, 8)), "input only for models"),
    (lambda: costcalc.load("mobilenet_v9"), "that costcalc.networks() lists"),
    (lambda: costcalc.reconcile("mobilenet_v1", "thop"), '"paper", "thop"'),
    (lambda: NETWORK.solve(max_mult_adds=1e8), 'solve(network, "alpha", max_mult_adds=...)'),
    (lambda: NETWORK.solve("alpha"), "max_mult_adds=N, max_params=N"),
    (lambda: costcalc.compare("vgg16", "vgg19", baseline=NETWORK), "is not a name"),
    (lambda: costcalc.check(NETWORK, max_params=[5]), "max_params cannot be '[5]'"),
    (lambda: costcalc.search("vgg16", 327.5e6), "has lost the digits that were printed"),
    (lambda: NETWORK.export("onnx", weights=True), "weights of an export to onnx cannot be 'True'"),
    (lambda: costcalc.from_torch("mobilenet_v1"), "costcalc.load('mobilenet_v1')"),
    (lambda: costcalc.from_torch(7), "expected an nn.Module"),
    (lambda: costcalc.sweep("mobilenet_v1", where="mult_adds <"), "where: "),
    (lambda: costcalc.search("vgg16", "many"), 'printed="many": '),
    (lambda: costcalc.formula("conv", variables="alpha"), "variables applies only to a network"),
    (lambda: costcalc.formula("vgg16", over="conv"), "over applies only to a layer"),
    (lambda: NETWORK.solve("alpha", step=2, values=[1], max_params=9), "step and values both"),
    (lambda: NETWORK.solve("alpha", max_params="5MB"), "max_params is a count"),
    (lambda: costcalc.report("mobilenet_v1@alpha=0.5,1"), "costcalc.sweep(), for several values"),
    (lambda: costcalc.formula("no_such_layer"), "that costcalc.networks() lists"),
    (lambda: costcalc.report("alexnet", res=20), "a higher resolution (res)"),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES)
def test_a_mistake_has_a_message_in_terms_of_python(mistake, message):
    with pytest.raises(CostcalcError) as caught:
        mistake()
    assert message in str(caught.value)
    assert "--" not in str(caught.value)
    assert "costcalc check " not in str(caught.value)


def test_the_command_line_keeps_its_options():
    with pytest.raises(CostcalcError, match="--max-mult-adds N"):
        costcalc.exploring.solve("mobilenet_v1", "alpha")


def public_functions():
    """The functions of the package by name, and those of a network."""
    # By getattr, which imports what is first used.
    package = {name: getattr(costcalc, name) for name in costcalc.__all__}
    for functions in (package, vars(costcalc.Network)):
        for name, function in functions.items():
            if inspect.isfunction(function) and not name.startswith("_"):
                yield name, inspect.signature(function).parameters


def test_a_name_may_be_a_path_for_type_checkers_too():
    """mypy refuses a ``pathlib.Path`` where the annotation is ``str``."""
    taken = {
        (name, parameter.name): parameter.annotation
        for name, parameters in public_functions()
        for parameter in parameters.values()
        if parameter.name in ("storage", "convention", "conventions")
        or (name, parameter.name) in (("storages", "name"), ("conventions", "name"))
    }
    assert len(taken) > 20
    assert {key: text for key, text in taken.items() if not text.startswith("NameOrPath")} == {}


def test_conventions_and_storages_of_ones_own_by_their_paths(tmp_path):
    storage, convention = tmp_path / "kept.yaml", tmp_path / "counted.yaml"
    head = "name: mine\ntitle: mine\nsource: here\n"
    storage.write_text(f"{head}extends: tflm\n", encoding="utf-8")
    convention.write_text(f"{head}unit: macs\nextends: paper\n", encoding="utf-8")
    counted = {"convention": convention}
    kept = {**counted, "storage": storage}
    sweep = NETWORK.sweep(alpha=1, metrics="peak_bytes", **kept)
    answers = [
        NETWORK.report(**kept),
        NETWORK.explain("conv1", **counted),
        NETWORK.formula(**kept),
        NETWORK.compare("alexnet", **kept),
        NETWORK.diff("alexnet", **kept),
        sweep,
        sweep.chosen(),
        NETWORK.solve("alpha", max_ram="1 MiB", step=1, **kept),
        NETWORK.reconcile(convention, "thop"),
        NETWORK.reconcile([convention, "thop"]),
        NETWORK.search("568.7M", convention),
        NETWORK.check(max_ram="1 MiB", **kept),
        costcalc.networks("squeezenet", **counted),
        costcalc.conventions(convention),
        costcalc.storages(storage),
    ]
    for answer in answers:
        assert answer.to_json()
        assert "mine" in answer.to_json() or str(convention) in answer.to_json()
    assert NETWORK.totals(**counted) == NETWORK.totals()
