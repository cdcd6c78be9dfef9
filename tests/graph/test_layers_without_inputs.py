"""Sources, uncounted operations, and params counted with another layer."""

import json
from fractions import Fraction

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.costs.convention import available
from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.spec.reader import read


def graph(layers, input="[4, 6, 6]", **settings):
    text = f"name: net\ninput: {input}\nlayers:\n{layers}"
    return expand(read(text.encode(), "net.yaml", lambda name: None), settings)


def report(tmp_path, layers, **settings):
    path = tmp_path / "net.yaml"
    path.write_text(f"name: net\ninput: [4, 6, 6]\nlayers:\n{layers}", encoding="utf-8")
    return costcalc.report(str(path), **settings)


SCALED = """\
  - conv: {out: 8, kernel: 1, name: conv}
  - learned: {shape: [in, 1, 1], of: weight, name: gain}
  - relu: {name: after}
  - multiply: {from: [conv, after]}
"""


def test_a_source_has_no_inputs_and_is_read_by_the_next_step():
    conv, gain, after, multiply = graph(SCALED).layers
    assert (conv.inputs, gain.inputs, gain.input_shapes) == ((NETWORK_INPUT,), (), ())
    # Its shape may use the sizes of the step before it: the 8 channels of conv.
    assert gain.output == (8, 1, 1)
    assert (after.inputs, multiply.inputs) == ((1,), (0, 2))


def test_a_source_may_be_the_first_layer():
    first, second = graph("  - constant: [3, 2]\n  - exp\n").layers
    assert (first.inputs, second.inputs, second.output) == ((), (0,), (3, 2))


@pytest.mark.parametrize(
    ("of", "counts"),
    [
        # 8 learned numbers beside 4 * 8 weights and 8 biases
        ("other", {"paper": 32, "paper-with-bias": 40, "paper-with-norm": 48, "torch": 48}),
        ("norm", {"paper": 32, "paper-with-bias": 40, "paper-with-norm": 48, "torch": 48}),
        ("bias", {"paper": 32, "paper-with-bias": 48, "paper-with-norm": 48, "torch": 48}),
        ("weight", {"paper": 40, "paper-with-bias": 48, "paper-with-norm": 48, "torch": 48}),
    ],
)
def test_params_of_a_learned_tensor(tmp_path, of, counts):
    layers = SCALED.replace("of: weight", f"of: {of}")
    found = {name: report(tmp_path, layers, convention=name).totals.params for name in counts}
    assert found == counts


@pytest.mark.parametrize("convention", available())
def test_a_constant_is_free_in_every_convention(tmp_path, convention):
    layers = "  - constant: [4, 6, 6]\n  - relu\n"
    assert report(tmp_path, layers, convention=convention).free["Constant"] == 1


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("  - learned: {shape: [3], from: input}\n", "'learned' reads no inputs"),
        ("  - relu: {from: []}\n", "'relu' reads one input"),
        ("  - subtract: {from: [input]}\n", "'subtract' joins two inputs"),
        ("  - subtract: {from: [input, input, input]}\n", "'subtract' joins two inputs"),
        ("  - add: {from: [input]}\n", "'add' joins two inputs or more"),
        ("  - where: {from: [input, input]}\n", "'where' joins three inputs"),
        ("  - attention: {from: [input, input]}\n", "'attention' joins three or four inputs"),
        ("  - rearrange: {shape: [3], from: []}\n", "'rearrange' reads one input or more"),
    ],
)
def test_the_number_of_inputs_is_checked(layers, message):
    with pytest.raises(SpecError, match=message):
        graph(layers)


def test_branches_may_have_arguments_of_the_layer_that_joins_them():
    layers = (
        "  - concat: {branches: [[conv: {out: 2, kernel: 1}], []], axis: 0}\n"
        "  - reshape: [6, 36]\n"
        "  - concat: {branches: [[], []], axis: -1}\n"
        "  - add: {branches: [[], [constant: [1, 72]]], broadcast: true}\n"
    )
    assert [layer.output for layer in graph(layers).layers if layer.kind.joins] == [
        (6, 6, 6),
        (6, 72),
        (6, 72),
    ]


def test_borrowed_params(tmp_path):
    layers = "  - fc: {out: 10, borrows: {biases: 10, weights: 100}}\n"
    # 4 * 6 * 6 * 10 = 1440 weights, 100 of which belong to another layer
    assert report(tmp_path, layers).totals.params == 1340
    assert report(tmp_path, layers, convention="torch").totals.params == 1340
    assert report(tmp_path, layers).totals.mult_adds == 1440


def test_borrowed_params_in_a_sweep(tmp_path):
    layers = "  - conv: {out: 8, kernel: 1, borrows: {biases: 4, weights: in}}\n"
    path = tmp_path / "net.yaml"
    path.write_text(f"name: net\ninput: [4, res, 6]\nparameters: {{res: 6}}\nlayers:\n{layers}")
    swept = costcalc.sweep(str(path), alpha=["0.5", "1", "2"], convention="torch")
    # 4 * out weights and out biases, minus 4 of each
    assert [row.params for row in swept.rows()] == [4 * 5 - 8, 8 * 5 - 8, 16 * 5 - 8]
    # 4 * 8 alpha + 8 alpha - 8
    assert str(costcalc.formula(str(path), convention="torch").params) == "40*alpha - 8"


def test_all_params_are_borrowed_at_any_width(tmp_path):
    layers = "  - conv: {out: 8, kernel: 1, borrows: {biases: all}}\n  - relu\n"
    for alpha in ("1/2", 1, 2):
        # 4 * 8 alpha weights, of a map of 4 channels, and no biases
        assert report(tmp_path, layers, convention="torch", alpha=alpha).totals.params == (
            32 * Fraction(alpha)
        )


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("  - fc: {out: 3, borrows: {biases: 4}}\n", "borrows more biases than it has"),
        ("  - relu: {borrows: {weights: 1}}\n", "borrows more weights than it has"),
        ("  - fc: {out: 3, borrows: {bias: 1}}\n", "'borrows' has no 'bias'; did you mean"),
        ("  - fc: {out: 3, borrows: {biases: -1}}\n", "-1 is too small"),
        ("  - fc: {out: 3, borrows: 4}\n", "'borrows' states how many params"),
        ("  - sequence: {borrows: {biases: 4}, layers: [relu]}\n", "'sequence' cannot borrow"),
    ],
)
def test_invalid_borrowing(layers, message):
    with pytest.raises(SpecError, match=message):
        graph(layers)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("  - softmax: {axis: 9}\n", "9 is not an axis"),
        ("  - softmax: {axis: x}\n", "'x' has no meaning here"),
        ("  - softmax: {axis: 1/2}\n", "0.5 is not an axis"),
        ("  - reshape: [-1, -1]\n", "only one side can be -1"),
        ("  - reshape: [0, -1]\n", "0 is too small"),
        ("  - learned: [-1, 3]\n", "-1 is too small"),
        ("  - learned: {shape: [3], of: gamma}\n", "'gamma' is not one of the choices"),
        ("  - learned: {shape: [3], filter: 3 x 3}\n", "is printed as 3 x 3"),
        ("  - uncounted: {op: Foo}\n", "'uncounted' lacks 'shape'"),
        ("  - uncounted: {op: [1], shape: [3]}\n", "a word is expected here"),
    ],
)
def test_invalid_axes_shapes_and_words(layers, message):
    with pytest.raises(SpecError, match=message):
        graph(layers)


UNKNOWN = """\
  - conv: {out: 8, kernel: 1}
  - uncounted: {op: "aten::odd", shape: [8, 6, 6], name: one}
  - sequence:
      name: tail
      layers:
        - uncounted: {op: "aten::odd", shape: [8, 6, 6]}
        - uncounted: {op: res, shape: [8, 6, 6]}
  - fc: 10
"""


@pytest.mark.parametrize("convention", available())
def test_uncounted_operations_are_uncounted_in_every_convention(tmp_path, convention):
    found = report(tmp_path, UNKNOWN, convention=convention)
    # A word is taken literally, even if it is a parameter's name.
    assert found.uncounted == {
        "aten::odd": ["one", "tail/uncounted1"],
        "res": ["tail/uncounted2"],
    }
    assert "not counted" not in found.free
    assert [layer.type for layer in found.layers if not layer.is_counted] == [
        "aten::odd (not counted)",
        "aten::odd (not counted)",
        "res (not counted)",
    ]


def run(tmp_path, command, *arguments):
    path = tmp_path / "net.yaml"
    path.write_text(
        f"name: net\ninput: [4, res, 6]\nparameters: {{res: 6}}\nlayers:\n{UNKNOWN}",
        encoding="utf-8",
    )
    result = CliRunner().invoke(main, [command, str(path), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


LINE = "Not counted: 2 aten::odd (one, tail/uncounted1), 1 res (tail/uncounted2)."


@pytest.mark.parametrize("by", ["layer", "block", "type"])
@pytest.mark.parametrize("format_", ["table", "markdown", "latex", "html"])
def test_every_report_names_uncounted_operations(tmp_path, format_, by):
    text = run(tmp_path, "report", "--by", by, "--format", format_)[0]
    assert LINE in text
    if by == "block":
        assert "tail, 2 not counted" in text


def test_reports_for_scripts_have_no_costs_of_uncounted_operations(tmp_path):
    found = json.loads(run(tmp_path, "report", "--format", "json")[0])
    assert found["uncounted"] == {
        "aten::odd": ["one", "tail/uncounted1"],
        "res": ["tail/uncounted2"],
    }
    layer = found["layers"][1]
    assert (layer["type"], layer["mult_adds"], layer["params"]) == (
        "aten::odd (not counted)",
        None,
        None,
    )
    rows = run(tmp_path, "report", "--format", "csv")[0].splitlines()
    assert rows[2] == "one,aten::odd (not counted),,6x6x8,6x6x8,,,,"


@pytest.mark.parametrize(
    ("command", "arguments", "line"),
    [
        ("compare", ["vgg16"], LINE.replace("counted:", "counted in net:")),
        ("formula", [], LINE),
        ("reconcile", ["paper", "torch"], LINE),
        ("report", ["--explain", "tail"], "not counted: tail/uncounted1, tail/uncounted2"),
        ("sweep", ["--alpha", "1"], "Not counted in net: aten::odd, res."),
        ("solve", ["--for", "alpha", "--max-params", "1G"], "Not counted: aten::odd, res."),
    ],
)
def test_every_command_names_uncounted_operations(tmp_path, command, arguments, line):
    if command in ("sweep", "solve"):
        # The sizes of what is not known are those of one width.
        arguments = [*arguments, *(["--values", "1"] if command == "solve" else [])]
    assert line in run(tmp_path, command, *arguments)[0]


def test_a_sweep_names_uncounted_operations(tmp_path):
    stdout, stderr = run(tmp_path, "sweep", "--alpha", "1", "--format", "csv")
    assert stdout.splitlines()[0] == "alpha,params,mult_adds"
    assert "Not counted in net: aten::odd, res." in stderr
