"""Under a tool's convention, every command counts what the tool is usually run on."""

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.costs.convention import available, load
from costcalc.errors import ConventionError
from costcalc.reporting.networks import ShippedNetwork

NETWORKS = ("mobilenet_v2", "alexnet_one_column", "shufflenet_v2_x1_0")
TOOLS = [name for name in available() if load(name).implementation == "torchvision"]


def counted_by_reconcile(network: str, convention: str) -> tuple[int, int]:
    count = costcalc.reconcile(network, convention, convention).counts[0]
    return count.mult_adds, count.params


def listed(name: str, convention: str) -> ShippedNetwork:
    networks = costcalc.networks(name, convention=convention).networks
    return next(network for network in networks if network.name == name)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_number_that_thop_prints():
    # Issue of a reader: thop prints 327.49 M for torchvision's network, whose mean is no module.
    assert costcalc.report("mobilenet_v2", convention="thop").totals.mult_adds == 327486720
    own = costcalc.report("mobilenet_v2", convention="thop", implementation="paper")
    assert own.totals.mult_adds == 327550720


@pytest.mark.parametrize("convention", TOOLS)
@pytest.mark.parametrize("network", NETWORKS)
def test_every_question_counts_the_same(network, convention):
    try:
        expected = counted_by_reconcile(network, convention)
    except ConventionError:
        pytest.skip("the tool does not define a kind of the network")
    report = costcalc.report(network, convention=convention)
    assert report.parameters["implementation"] == "torchvision"
    totals = [
        report.totals,
        costcalc.totals(network, convention=convention),
        costcalc.compare(network, "vgg16", convention=convention).entries[0].report.totals,
        next(iter(costcalc.sweep(network, res=[224], convention=convention).rows())),
        costcalc.solve(network, "res", values=[224], max_params="1G", convention=convention).best,
        listed(network, convention).totals,
    ]
    assert {(each.mult_adds, each.params) for each in totals} == {expected}
    for metric, total in zip(("max_mult_adds", "max_params"), expected, strict=True):
        for limit, holds in ((total, True), (total - 1, False)):
            checked = costcalc.check(network, convention=convention, **{metric: limit})
            assert checked.holds == holds


def test_a_closed_form_is_of_the_same_network():
    form = costcalc.formula("mobilenet_v2", convention="thop", variables=["alpha"])
    values = dict.fromkeys(form.mult_adds.free_symbols, 1)
    assert form.mult_adds.subs(values) == 327486720


def test_a_claim_under_a_convention_is_of_the_same_network(tmp_path):
    claims = tmp_path / "claims.yaml"
    claims.write_text(
        "paper: The page of thop\n"
        "claims:\n"
        "  - {network: mobilenet_v2, convention: thop, mult_adds: 327486720}\n"
        "  - {network: mobilenet_v2, at: implementation=paper, convention: thop,"
        " mult_adds: 327550720}\n",
        encoding="utf-8",
    )
    assert costcalc.check(claims).holds


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "mobilenet_v2"),
        ("compare", "mobilenet_v2", "mobilenet_v2@alpha=0.5"),
        ("diff", "mobilenet_v2", "mobilenet_v2@alpha=0.5"),
        ("sweep", "mobilenet_v2", "--alpha", "0.5,1"),
        ("solve", "mobilenet_v2", "--for", "res", "--values", "224", "--max-params", "9M"),
        ("formula", "mobilenet_v2"),
    ],
)
def test_the_header_says_so(arguments):
    assert "torchvision" in run(*arguments, "--convention", "thop")


@pytest.mark.parametrize(
    ("network", "implementation"),
    [
        ("deeplabv3_mobilenet_v2", "paper"),
        ("deeplabv3_mobilenet_v3_large", "torchvision"),
        ("ssdlite320_mobilenet_v1", "paper"),
        ("ssdlite320_mobilenet_v3_large", "torchvision"),
        ("lraspp", "paper"),
        ("lraspp_mobilenet_v3_large", "torchvision"),
        ("mobilenetv4_hybrid_medium", "paper"),
    ],
)
def test_torchvisions_code_is_counted_only_where_torchvision_has_the_network(
    network, implementation
):
    counted = costcalc.report(network, convention="torch")
    assert counted.parameters["implementation"] == implementation
    stated = costcalc.report(network, convention="torch", implementation=implementation)
    assert counted.totals == stated.totals


def test_what_the_caller_sets_wins():
    for implementation in ("paper", "torchvision"):
        for reference in (
            costcalc.report(f"mobilenet_v2@implementation={implementation}", convention="thop"),
            costcalc.report("mobilenet_v2", convention="thop", implementation=implementation),
            costcalc.load("mobilenet_v2", implementation=implementation).report(convention="thop"),
        ):
            assert reference.parameters["implementation"] == implementation
    swept = costcalc.sweep("mobilenet_v2", convention="thop", implementation=["paper"])
    assert next(iter(swept.rows())).mult_adds == 327550720
    assert costcalc.report("mobilenet_v2").parameters["implementation"] == "paper"
