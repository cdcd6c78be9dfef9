"""What Python accepts as a network, and its errors for anything else."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import costcalc
from costcalc import checking, exploring, questions

SMALL = Path(__file__).parent / "render" / "small.yaml"
PROMISED = [
    *("report", "formula", "explain", "compare", "sweep", "solve", "reconcile", "check"),
    *("to_spec", "export", "totals"),
]
"""Methods that scripts may rely on."""


@pytest.mark.parametrize("network", [SMALL, str(SMALL), costcalc.load(SMALL)], ids=str)
def test_a_path_a_name_and_an_open_network_are_the_same(network: object) -> None:
    assert costcalc.report(network).totals == (376, 5416)
    assert costcalc.totals(network) == (376, 5416)
    assert costcalc.formula(network).totals["params"].reported == 376
    assert costcalc.explain(network, "fc1").total("params") == 40
    assert costcalc.compare(network, "mobilenet_v1").entries[0].report.totals == (376, 5416)
    assert [row.params for row in costcalc.sweep(network, alpha=[1])] == [376]
    assert costcalc.solve(network, "alpha", max_params=376, values=[1]).best.value == 1
    assert costcalc.reconcile(network, "paper", "paper").counts[0].params == 376
    assert costcalc.search(network, "5416", "paper").matches[0].metric == "mult_adds"
    assert costcalc.check(network, max_params=376).holds
    assert not costcalc.check(network, max_params=375).holds
    assert "name: Small\n" in costcalc.to_spec(network)
    assert b"Conv" in bytes(costcalc.export(network, "onnx"))


def test_a_pathlib_path_is_accepted_everywhere() -> None:
    assert costcalc.diff(SMALL, SMALL).changes == ()
    assert costcalc.parameters(SMALL).network == costcalc.report(SMALL).network


@pytest.mark.parametrize("name", PROMISED)
def test_a_question_is_a_function_and_a_method_with_one_signature(name: str) -> None:
    function = getattr(costcalc, name)
    assert getattr(costcalc.Network, name) is function
    module = next(one for one in (checking, exploring, questions) if hasattr(one, name))
    assert inspect.unwrap(function) is getattr(module, name)
    assert next(iter(inspect.signature(function).parameters)) in ("network", "networks", "subjects")


def test_methods_ask_about_the_network_at_its_settings() -> None:
    network = costcalc.load("mobilenet_v1@classes=1000", res=160, alpha=0.5)
    assert network.totals() == (1_319_648, 76_524_800)
    assert network.report().totals == network.totals()
    assert network.totals(alpha=1, res=224) == (4_209_088, 568_740_352)
    assert network.compare("vgg16").baseline.report.totals == network.totals()
    assert [row.params for row in network.sweep(res=[128, 160])] == [1_319_648] * 2
    at_160 = costcalc.load("mobilenet_v1", res=160)
    assert at_160.solve("alpha", max_mult_adds="77M", values=[0.5, 0.75]).best.value == 0.5
    assert network.check(max_mult_adds="77M").holds
    assert repr(network) == "<Network mobilenet_v1@classes=1000>"


def test_a_network_checks_the_claims_of_its_spec(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    text = "name: N\ninput: [3, 8, 8]\nparams: 432\nlayers:\n  - conv: {out: 16, kernel: 3}\n"
    path.write_text(text, encoding="utf-8")
    (result,) = costcalc.load(path).check().results
    assert (result.verdict, result.computed) == ("exact", 432)


def test_conventions_are_passed_one_by_one_or_as_a_list() -> None:
    counts = [
        costcalc.reconcile("mobilenet_v2", *names).data()
        for names in (("paper", "fvcore"), (["paper", "fvcore"],), (("paper", "fvcore"),))
    ]
    assert counts[0] == counts[1] == counts[2]


def test_a_budget_may_be_a_whole_float() -> None:
    found = costcalc.solve("mobilenet_v1", "alpha", max_mult_adds=100e6, values=[0.25, 0.5])
    assert found.best.value == 0.25


def test_solve_needs_a_parameter() -> None:
    with pytest.raises(costcalc.CostcalcError) as error:
        costcalc.solve("mobilenet_v1", max_mult_adds=100e6)
    assert str(error.value).splitlines()[0] == "the parameter to solve for is missing"
    assert 'solve(network, "alpha", max_mult_adds=...)' in str(error.value)


@pytest.mark.parametrize("value", [7, None, [1, 2], object(), b"net.yaml", 0.5])
def test_other_values_get_an_error_in_terms_of_python(value: object) -> None:
    with pytest.raises(costcalc.CostcalcError, match="is not a network") as error:
        costcalc.report(value)
    assert "nn.Module" in str(error.value)
    assert "--" not in str(error.value)


def test_a_class_is_not_an_instance() -> None:
    class Net:
        pass

    with pytest.raises(costcalc.CostcalcError, match="Net is a class") as error:
        costcalc.report(Net)
    assert "Net(...)" in str(error.value)


def test_a_sweep_iterates_and_has_a_length() -> None:
    sweep = costcalc.sweep("mobilenet_v1", alpha=[0.25, 0.5, 1], res="128:224:32")
    assert len(sweep) == len(list(sweep)) == 12
    assert len(costcalc.sweep("mobilenet_v1", alpha=[0.5, 1], where="params < 2M")) == 1
    columns = sweep.columns()
    assert columns.keys() == {"alpha", "res", "params", "mult_adds"}
    assert columns["alpha"] == [0.25] * 4 + [0.5] * 4 + [1] * 4


def test_settings_may_have_the_names_of_arguments(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(
        "input: [3, 8, 8]\nparameters: {unit: 4, where: 2}\n"
        "layers:\n  - conv: {out: unit * where, kernel: 1}\n",
        encoding="utf-8",
    )
    network = str(path)
    assert costcalc.totals(f"{network}@unit=8").params == 3 * 16
    swept = costcalc.sweep(network, at={"where": [1, 2], "unit": [4, 8]})
    assert [row.params for row in swept] == [12, 24, 24, 48]


def test_an_exported_model_can_be_read_repeatedly() -> None:
    for to in ("torch", "onnx", "prototxt", "csv-scalesim"):
        exported = costcalc.export("alexnet", to)
        first, second = bytes(exported), bytes(exported)
        assert first == second != b""
    assert "class AlexNet" in str(costcalc.export("alexnet"))
    with pytest.raises(costcalc.CostcalcError, match="there is no export to 'onx'"):
        costcalc.export("alexnet", "onx")
    with pytest.raises(costcalc.CostcalcError, match="does not apply to an export to torch"):
        costcalc.export("alexnet", "torch", weights="random")
