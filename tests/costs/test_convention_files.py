"""Convention files: rules, inheritance, and error messages."""

from fractions import Fraction
from pathlib import Path

import pytest

import costcalc
from costcalc import opening
from costcalc.costs import convention as conventions
from costcalc.costs.count import count
from costcalc.errors import ConventionError, CostcalcError

FREE = (
    "{pooling: free, norm: free, activation: free, elementwise: free, "
    "reshaping: free, resampling: free, inactive: free"
)
MINE = f"""\
name: mine
title: adds of residual connections alone
source: written here
unit: flops
mult_adds: {FREE}, convolution: 2 * macs, transposed_convolution: free, dense: free, add: n_out}}
params: {FREE}, convolution: weights, transposed_convolution: free, dense: free}}
"""


def totals(network, convention, unit=None):
    return tuple(costcalc.report(network, convention=convention, unit=unit).totals)


def load(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return conventions.load(str(path))


@pytest.mark.parametrize(
    ("convention", "params", "mult_adds"),
    [
        ("paper", 138_344_128, 15_470_264_320),
        # 13,416 biases; one addition each for every output of a convolution and a
        # fully connected layer: 13,547,520 + 9,192 (2 * 4096 + 1000)
        ("paper-with-bias", 138_344_128 + 13_416, 15_470_264_320 + 13_547_520 + 9_192),
        # 4,224 channels of convolutions have a gamma and a beta
        ("paper-with-norm", 138_344_128 + 13_416 + 2 * 4_224, 15_470_264_320),
        ("keras", 138_344_128 + 13_416 + 4 * 4_224, 15_470_264_320),
    ],
)
def test_vgg16_with_batch_norm_under_the_conventions_of_papers(convention, params, mult_adds):
    assert totals("vgg16_bn", convention) == (params, mult_adds)


def test_a_users_convention_counts_and_converts(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    (params, flops), (_, macs) = totals("vgg16", str(path)), totals("vgg16", str(path), "macs")
    # the convolutions' weights and mult-adds: all but the fully connected layers'
    # 512*7*7*4096 + 4096*4096 + 4096*1000 = 123,633,664
    assert params == 138_344_128 - 123_633_664
    assert flops == 2 * (15_470_264_320 - 123_633_664)
    assert macs * 2 == flops


def test_a_kind_without_a_rule_is_an_error_that_names_the_convention(tmp_path):
    graph = opening.opened("vgg16").graph()
    convention = load(tmp_path, MINE.replace("pooling: free, ", ""))
    with pytest.raises(ConventionError, match="'mine' does not define the mult_adds of 'max_pool'"):
        count(graph, convention)


def test_every_kind_without_a_rule_is_reported_with_a_layer(tmp_path):
    graph = opening.opened("vgg16").graph()
    text = MINE.replace("pooling: free, ", "").replace("dense: free", "lstm: free", 1)
    with pytest.raises(ConventionError) as caught:
        count(graph, load(tmp_path, text))
    found = [(each.message.partition("define ")[2], each.found) for each in caught.value.problems]
    assert found == [
        ("the mult_adds of 'max_pool'", "layer 'max_pool1'"),
        ("the params of 'max_pool'", "layer 'max_pool1'"),
        ("the mult_adds of 'fc'", "layer 'fc1'"),
    ]


def test_a_users_convention_cannot_have_a_shipped_name(tmp_path):
    text = MINE.replace("name: mine", "name: paper")
    with pytest.raises(ConventionError, match=r"mine.yaml:1:7: 'paper' is .* that ships"):
        load(tmp_path, text)
    shipped = Path(conventions.__file__).parent.parent / "conventions" / "paper.yaml"
    assert conventions.load(str(shipped)) == conventions.load("paper")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("unit: flops", "unit: flop", r"mine.yaml:4:7: .*macs or flops; did you mean 'flops'"),
        ("unit: flops\n", "", "must state its unit"),
        ("name: mine", "nam: mine", "has no 'nam'"),
        ("2 * macs", "2 * mac", r"'mac' has no meaning here"),
        ("2 * macs", "mac", r"'mac' has no meaning here"),
        ("2 * macs", "2 * (macs", r"malformed expression"),
        ("2 * macs", "", "a rule must state how much is counted"),
        ("2 * macs", "{source: here}", "a rule must state how much is counted"),
        ("2 * macs", "{rule: macs, sauce: here}", "a rule has no 'sauce'"),
        ("2 * macs", "{rule: macs, source: [here]}", "a line of text is expected"),
        ("2 * macs", "macs if affine else 0", "'conv' has no 'affine', but this rule"),
        ("2 * macs", "[macs]", "a single value is expected"),
        ("dense: free", "dens: free", r"'dens' is neither a layer kind .*; did you mean 'dense'"),
        ("params: {", "params: [{", "not YAML"),
        ("mult_adds: {", "multadds: {", "must have rules for mult_adds"),
        (
            "unit: flops",
            "unit: flops\nextends: ppaer",
            r"no convention 'ppaer'; did you mean 'paper'",
        ),
        ("unit: flops", "unit: flops\nextends: ../paper", "no convention '../paper'"),
        ("unit: flops", "unit: flops\nextends: [paper]", "extends one other"),
        (MINE, "- mine\n", "a convention is a mapping"),
    ],
)
def test_error_messages(tmp_path, old, new, message):
    assert old in MINE
    with pytest.raises(CostcalcError, match=message):
        load(tmp_path, MINE.replace(old, new, 1))


def test_an_unknown_name_is_refused_with_a_hint():
    with pytest.raises(ConventionError, match="did you mean 'keras'"):
        conventions.load("kerass")


def test_inherited_rules_keep_their_source(tmp_path):
    text = "name: mine\ntitle: mine\nsource: here\nextends: paper\nparams: {norm: norm_params}\n"
    mine, paper = load(tmp_path, text), conventions.load("paper")
    assert mine.params["norm"].source == "here"
    assert mine.params["dense"] == paper.params["dense"]
    assert (mine.unit, mine.mult_adds) == (paper.unit, paper.mult_adds)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("1 / (n_out - 150528)", "it divides by zero"),
        ("follows", "it is not a number"),
        ("functional", "it is not a number"),
        ("n_out + follows", "arithmetic needs numbers"),
        ("windows", "it uses a window"),
    ],
)
def test_a_rule_without_a_value_is_an_error_that_names_the_layer(tmp_path, rule, reason):
    spec = "name: one\ninput: [3, 224, 224]\nlayers: [relu]\n"
    (tmp_path / "one.yaml").write_text(spec)
    graph = opening.opened(str(tmp_path / "one.yaml")).graph()
    convention = load(tmp_path, MINE.replace("activation: free", f"activation: {rule}", 1))
    with pytest.raises(ConventionError, match=f"yaml:5:.*no value for layer 'relu1': {reason}"):
        count(graph, convention)


@pytest.mark.parametrize(
    ("rule", "relu"),
    [
        ("n_in + 10 * c_out", 3 * 8 * 4 + 10 * 3),
        ("positions_out + 1 / 2", Fraction(8 * 4) + Fraction(1, 2)),
        ("7 if follows == 'input' else 0", 7),
        ("rank + (100 if sized else 0)", 2),
    ],
)
def test_rules_over_sizes(tmp_path, rule, relu):
    (tmp_path / "one.yaml").write_text("name: one\ninput: [3, 8, 4]\nlayers: [relu]\n")
    graph = opening.opened(str(tmp_path / "one.yaml")).graph()
    convention = load(tmp_path, MINE.replace("activation: free", f"activation: {rule}", 1))
    assert count(graph, convention)[0].mult_adds == relu


@pytest.mark.parametrize(
    ("pool", "area"),
    [
        ("{kernel: 3, stride: 2}", 2 * 2),
        ("{kernel: 3, stride: [2, 1]}", 2 * 1),
        ("{kernel: 3}", 3 * 3),  # windows that do not overlap
        ("{kernel: [3, 2]}", 3 * 2),
    ],
)
def test_a_rule_may_use_the_area_of_the_strides(tmp_path, pool, area):
    rule = "{pooling: {rule: stride_area, source: here}}"
    text = f"name: mine\ntitle: strides\nsource: here\nextends: paper\nmult_adds: {rule}\n"
    spec = tmp_path / "pool.yaml"
    spec.write_text(f"name: pool\ninput: [1, 12, 12]\nlayers:\n  - max_pool: {pool}\n")
    network = opening.opened(str(spec)).graph()
    assert [cost.mult_adds for cost in count(network, load(tmp_path, text))] == [area]
