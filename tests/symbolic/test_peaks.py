"""The peak of memory in closed form, and the region in which one step is the peak."""

from fractions import Fraction

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.arena.plan import PLANNERS
from costcalc.cli import main
from tests.collection import some

SMALL = """\
name: small
input: [3, 32, 32]
parameters: {classes: 10}
layers:
  - conv: {out: 32, kernel: 3, name: first, bias: false}
  - conv: {out: 64, kernel: 1, name: second, bias: false}
  - global_avg_pool
  - fc: {out: classes, bias: false}
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return str(path)


def test_the_polynomial_of_a_peak(small):
    """Input 3 * 1024, then 32 a and 64 a times that: the second step needs 96 a * 1024 bytes.

    The first needs (3 + 32 a) * 1024, which is less if 64 a >= 3.
    """
    form = costcalc.formula(small, storage="int8", variables="alpha")
    assert str(form.totals["peak_bytes"].expression) == "98304*alpha"
    assert form.peak_step == "second"
    assert (
        str(form.totals["weight_bytes"].expression) == "2048*alpha**2 + 1504*alpha"
    )  # 864 + 64 * 10
    assert form.domain.extents[0].lowest == Fraction(3, 64)
    assert form.domain.others == ()
    text = CliRunner().invoke(main, ["formula", small, "--storage", "int8", "--in", "alpha"]).stdout
    assert "peak bytes    98304·α" in text
    assert "The peak is that of second wherever this holds." in text


def test_the_other_side_of_the_region(small):
    """At a = 1/32 the first step needs 4 * 1024 bytes, more than the 3 * 1024 of the second."""
    assert costcalc.memory(small, storage="int8", alpha=Fraction(1, 32)).peak == 4 * 32 * 32
    form = costcalc.formula(small, storage="int8", variables="alpha", alpha=Fraction(1, 32))
    assert form.peak_step == "first"
    assert str(form.totals["peak_bytes"].expression) == "32768*alpha + 3072"
    assert form.domain.extents[0].highest == Fraction(3, 64)


@pytest.mark.parametrize("storage", ["fp32", "int8", "hello-edge", "mobilenet_v2-table3"])
@pytest.mark.parametrize(
    ("name", "values"), [("mobilenet_v1", (1, 224)), ("resnet50", (Fraction(1, 2), 160))]
)
def test_networks_agree_with_their_memory(name, values, storage):
    alpha, res = values
    form = costcalc.formula(name, storage=storage)
    answer = costcalc.memory(name, storage=storage, alpha=alpha, res=res)
    assert form.domain.holds(values)
    assert form.totals["peak_bytes"].polynomial(values) == answer.peak
    assert form.totals["weight_bytes"].polynomial(values) == answer.weight_bytes


def largest_sum(answer, alignment):
    """The most bytes alive, and the steps with them: a walk through the table of tensors."""
    data = answer.data()
    alive = [
        sum(
            -(-tensor["bytes"] // alignment) * alignment
            for tensor in data["tensors"]
            if tensor["first"] <= at <= tensor["last"]
        )
        for at in range(len(data["steps"]))
    ]
    most = max(alive)
    steps = zip(data["steps"], alive, strict=True)
    return most, {step["name"] for step, bytes_ in steps if bytes_ == most}


TEN = """
mobilenet_v1 mobilenet_v2 resnet18 resnet50 vgg16
googlenet densenet121 shufflenet_v2 mnasnet resnet34
"""


@pytest.mark.parametrize(("storage", "alignment"), [("int8", 1), ("tflm", 16)])
@pytest.mark.parametrize("name", some(TEN.split(), ("mobilenet_v1", "mobilenet_v2")))
def test_inside_of_its_region_a_step_is_the_peak_and_outside_it_need_not_be(
    name, storage, alignment
):
    form = costcalc.formula(name, storage=storage)
    polynomial, inside, differs = form.totals["peak_bytes"].polynomial, 0, 0
    for alpha in (1, Fraction(1, 2), 2, Fraction(1, 64)):
        for side in (224, 160, 256, 215):
            try:
                answer = costcalc.memory(name, storage=storage, alpha=alpha, res=side)
            except costcalc.CostcalcError:  # no channels left
                continue
            most, steps = largest_sum(answer, alignment)
            agrees = polynomial((alpha, side)) == most and form.peak_step in steps
            if form.domain.holds((alpha, side)):
                inside += 1
                assert agrees, (alpha, side, most, steps)
            differs += not agrees
    assert inside >= 2
    assert differs >= 1


def test_the_polynomial_rounds_sizes_as_the_planner_does(tmp_path):
    """5 a and 7 maps of 9 x 9: 405 and 567 bytes, rounded up to 416 and 576."""
    path = tmp_path / "odd.yaml"
    path.write_text(
        "name: odd\ninput: [3, res, res]\nparameters: {res: 9}\nlayers:\n"
        "  - conv: {out: 5, kernel: 3, bias: false}\n  - conv: {out: 7, kernel: 1, bias: false}\n"
        "  - global_avg_pool\n"
    )
    form = costcalc.formula(str(path), storage="tflm")
    total = form.totals["peak_bytes"]
    assert total.reported == 416 + 576
    # For 16 a whole, and sides of 9, 17, ...: 7 r^2 lacks 9 to a multiple of 16.
    assert str(total.expression) == "5*alpha*res**2 + 7*res**2 + 9"
    assert form.domain.holds((16, 17)) and not form.domain.holds((1, 9))
    assert total.polynomial((16, 17)) == 5 * 16 * 289 + 2032  # 7 * 289 = 2023
    assert costcalc.memory(str(path), storage="tflm", alpha=16, res=17).lower_bound == 25152


def test_a_planner_with_addresses_has_its_bound():
    form = costcalc.formula("mobilenet_v1", storage="tflm")
    assert (
        form.totals["peak_bytes"].reported
        == costcalc.memory("mobilenet_v1", storage="tflm").lower_bound
    )
    assert "without addresses" in str(form)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("planner", [None, *PLANNERS])
@pytest.mark.parametrize("storage", [None, "int8", "tflm"])
def test_the_planner_and_the_batch_are_those_of_memory(storage, planner, batch):
    if storage is None and planner is None:
        return
    form = costcalc.formula("mobilenet_v2", storage=storage, planner=planner, batch=batch)
    answer = costcalc.memory("mobilenet_v2", storage=storage, planner=planner, batch=batch)
    has_addresses = form.is_bound
    assert has_addresses == answer.planned.has_addresses
    peak = form.totals["peak_bytes"]
    assert peak.reported == (answer.lower_bound if has_addresses else answer.peak)
    assert peak.value == peak.reported
    assert form.totals["weight_bytes"].value == answer.weight_bytes
    data = form.data()
    assert (data["storage"], data["planner"], data["batch"]) == (
        answer.storage.name,
        answer.planner,
        batch,
    )


def test_a_planner_and_a_batch_on_the_command_line():
    """conv2 reads and writes 32 and 64 maps of (r / 2)^2 in a byte: 24 r^2, thrice."""
    line = ["formula", "mobilenet_v1", "--storage", "int8", "--planner", "layer-io", "--batch", "3"]
    text = CliRunner().invoke(main, line).stdout
    assert "storage int8, planner layer-io, batch 3\n" in text
    assert "  peak bytes    72·α·r²\n" in text


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"batch": 2}, "batch=2 would change nothing: only counts are asked for"),
        ({"batch": 0, "storage": "int8"}, "batch: 0 is not a number of inputs"),
        ({"planner": "best"}, "there is no planner 'best'"),
    ],
)
def test_wrong_planners_and_batches(small, more, message):
    with pytest.raises(costcalc.CostcalcError, match=message):
        costcalc.formula(small, **more)


def test_a_file_has_no_polynomial_of_its_own_bytes(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(bytes(costcalc.export("mobilenet_v1", "tflite", alpha="0.25", res=32)))
    with pytest.raises(costcalc.CostcalcError, match="its bytes at the file's own settings alone"):
        costcalc.formula(path, planner="liveness", variables="alpha")
    assert costcalc.formula(path, storage="int8", variables="alpha").storage == "int8"


@pytest.mark.parametrize("more", [{"planner": "sum"}, {"batch": 2}])
def test_a_layer_has_no_planner_and_no_batch(more):
    with pytest.raises(costcalc.CostcalcError, match="applies only to a network"):
        costcalc.formula("conv", **more)


def test_a_layer_has_no_storage():
    result = CliRunner().invoke(main, ["formula", "conv", "--storage", "int8"])
    assert result.exit_code == 2
    assert "--storage" in result.stderr
    with pytest.raises(costcalc.CostcalcError, match="storage applies only to a network"):
        costcalc.formula("conv", storage="int8")


def test_bytes_are_in_the_json_as_well(small):
    data = costcalc.formula(small, storage="fp32").data()
    assert data["storage"] == "fp32"
    assert data["peak_step"] == "second"
    assert data["peak_bytes"]["value"] == 96 * 32 * 32 * 4
    assert "peak_bytes" not in costcalc.formula(small).data()


def test_what_a_peak_assumes_is_in_whole_numbers(tmp_path):
    """The peak is conv2's norm, two maps of 64 a channels at half the side: 32 a r^2.

    conv2 needs 24 a r^2 + 16, which is no more if a r^2 >= 2; conv1 needs 3 r^2 + 8 a r^2 + 16.
    """
    path = tmp_path / "scratch.yaml"
    path.write_text(
        "name: s\ntitle: s\nsource: here\nbits: {activations: 8, weights: 8}\n"
        "norms: kept\nscratch: {conv: 16}\n"
    )
    form = costcalc.formula("mobilenet_v1", storage=str(path))
    assert form.data()["assumes"] == ["alpha*r^2 >= 2", "24*alpha*r^2 >= 3*r^2 + 16"]
