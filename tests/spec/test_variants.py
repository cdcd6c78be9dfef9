"""Variants: a table whose rows set parameters, are accuracies and claims, and have names."""

import pytest

import costcalc
from costcalc.errors import SpecError
from costcalc.spec import library

SPEC = """\
name: Tiny-{{size}}
source: {{paper: Tiny networks, arxiv: "1234.56789"}}
input: [3, res, res]
parameters:
  depth: {{doc: layers}}
  kernel: 3
{variants}
layers:
  - conv: {{out: 8, kernel: kernel, repeat: depth, act: relu}}
"""
TABLE = """\
variants:
  table: Table 2
  columns: [Model: size, w: alpha, depth, r: res, kernel, top1, "#Params": params]
  rows:
    - [7B,   1.0, 1, 16, ~, 61.2, 216]
    - [1.5x, 1.5, 2, 32, 5, 65.4, 4.5 K]
    - [S,    2,   1, 8,  1, ~,    48]
"""


@pytest.fixture
def spec(tmp_path):
    def write(variants=TABLE):
        path = tmp_path / "tiny.yaml"
        path.write_text(SPEC.format(variants=variants), encoding="utf-8")
        return str(path)

    return write


def test_a_row_sets_the_parameters_of_its_columns(spec):
    # alpha x 8 channels; weights are 3 x 8 x 3 x 3; 3 x 12 x 25 + 12 x 12 x 25; 3 x 16.
    expected = {"7B": (216, 216 * 16**2), "1.5x": (4500, 4500 * 32**2), "S": (48, 48 * 8**2)}
    for size, costs in expected.items():
        report = costcalc.report(spec(), size=size)
        assert (report.totals.params, report.totals.mult_adds) == costs
        assert report.network == f"Tiny-{size}"
    assert costcalc.report(spec()).network == "Tiny-7B"
    assert costcalc.report(f"{spec()}@size=1.5x").totals.params == 4500


def test_a_caller_may_still_set_what_a_row_sets(spec):
    assert costcalc.report(spec(), size="1.5x", kernel=3, depth=1).totals.params == 3 * 12 * 9


def test_a_row_prints_an_accuracy(spec):
    path = spec()
    accuracies = [costcalc.report(path, size=size).accuracy for size in ("7B", "1.5x", "S")]
    printed = [None if each is None else (float(each.top1), each.source) for each in accuracies]
    assert printed == [(61.2, "Table 2"), (65.4, "Table 2"), None]
    assert costcalc.report(path, size="7B", kernel=5).accuracy is None


def test_figures_are_claims_at_their_rows(spec):
    checked = costcalc.check(spec())
    results = checked.results
    assert [(each.claim.row, each.verdict) for each in results] == [
        ("7B", "exact"),
        ("1.5x", "exact"),
        ("S", "exact"),
    ]
    assert {each.claim.column for each in results} == {"#Params"}
    wrong = costcalc.check(spec(TABLE.replace("4.5 K", "4.6 K")))
    verdicts = [result.verdict for result in wrong.results]
    assert verdicts == ["exact", "mismatch", "exact"]


def test_a_figure_may_say_how_the_paper_counts(spec):
    counted = TABLE.replace(
        '"#Params": params', '{"FLOPs": mult_adds, times: 2, note: two for each}'
    )
    figures = {"216]": '"110,592"]', "4.5 K]": "9.216 M]", "48]": '"6,144"]'}
    for params, flops in figures.items():
        counted = counted.replace(params, flops)
    checked = costcalc.check(spec(counted))
    verdicts = [result.verdict for result in checked.results]
    assert verdicts == ["convention"] * 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("depth, r: res", "dept, r: res", "9:36: the network has no parameter 'dept'"),
        ("kernel, top1", "depth, top1", "the column 'depth' is given twice"),
        ("- [S,", "- [7B,", "the row '7B' is given twice"),
        ("[S,    2,   1, 8,  1, ~,    48]", "[S, 2, 1]", "a row must have one cell for each"),
        ("1.5, 2, 32", "1.5, ~, 32", "this row does not set 'depth'"),
        ("16, ~,", "16, 3,", "every row sets 'kernel', so its default is never used"),
        ("61.2", "161.2", "expected a number from 0 to 100\n    found    '161.2'"),
        ("Model: size, w", "Model: name, w", "9:20: the first column picks the row"),
        ("Model: size, w", "Model: params, w", "9:20: the first column picks the row"),
        ("depth, r: res", "name, r: res", "the name '1' is given twice"),
        ("table:", "tabel:", "a table of variants has no 'tabel'"),
        ("  rows:", "  lines:", "a table of variants needs columns and rows"),
        ("[Model: size, w", "[[size], w", "a column of variants is a name"),
        ("w: alpha", "{w: alpha, times: 2}", "a column of variants is a name"),
        ("[7B,   1.0", "[7B,   [1.0]", "a row sets a parameter to one value"),
        ("[7B,", "[[7B],", "the first cell picks the row"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_where_it_stands(spec, old, new, message):
    assert old in TABLE
    with pytest.raises(SpecError) as error:
        costcalc.report(spec(TABLE.replace(old, new)))
    assert message in str(error.value)
    assert "tiny.yaml:" in str(error.value)


def test_the_parameter_that_picks_may_say_what_it_is(spec, tmp_path):
    text = SPEC.format(variants=TABLE)
    path = tmp_path / "own.yaml"
    declared = "parameters:\n  size: {doc: the size}\n"
    path.write_text(text.replace("parameters:\n", declared), encoding="utf-8")
    assert costcalc.report(str(path), size="S").totals.params == 48
    for given, message in (
        ("choices: [S]", "'choices' is set twice"),
        ("default: XL", "size cannot be XL"),
    ):
        declared = f"parameters:\n  size: {{{given}}}\n"
        path.write_text(text.replace("parameters:\n", declared), encoding="utf-8")
        with pytest.raises(SpecError, match=message):
            costcalc.report(str(path))


def test_the_parameter_that_picks_may_pick_another_row_than_the_first(spec, tmp_path):
    path = tmp_path / "own.yaml"
    declared = "parameters:\n  size: {default: S}\n"
    text = SPEC.format(variants=TABLE).replace("parameters:\n", declared)
    path.write_text(text, encoding="utf-8")
    assert costcalc.report(str(path)).totals == costcalc.report(spec(), size="S").totals


def test_the_parameter_that_picks_may_stand_below_those_that_its_rows_set(spec, tmp_path):
    path = tmp_path / "own.yaml"
    text = SPEC.format(variants=TABLE)
    for declared in ("size: S", "size: {default: S}", "size: {doc: the size, default: S}"):
        path.write_text(text.replace("kernel: 3", f"kernel: 3\n  {declared}"), encoding="utf-8")
        assert costcalc.report(str(path)).totals == costcalc.report(spec(), size="S").totals


@pytest.mark.parametrize("default", ["{size: {7B: 7, 1.5x: 3, S: 3}}", "[3, 3]"])
def test_a_parameter_that_rows_set_has_one_default(spec, tmp_path, default):
    path = tmp_path / "own.yaml"
    text = SPEC.format(variants=TABLE).replace("kernel: 3", f"kernel: {{default: {default}}}")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match="rows set 'kernel', so its default is one value"):
        costcalc.report(str(path))


@pytest.mark.parametrize("table", ["columns: []\n  rows: [[]]", "columns: [size]\n  rows: []"])
def test_a_table_needs_columns_and_rows(spec, table):
    with pytest.raises(SpecError, match="a table of variants needs columns and rows"):
        costcalc.report(spec(f"variants:\n  {table}"))


def test_a_table_of_too_many_rows_is_refused_before_its_figures_are_read(spec):
    rows = "".join(f"    - [S{row}, 1, many]\n" for row in range(257))
    path = spec(f"variants:\n  columns: [size, depth, params]\n  rows:\n{rows}")
    for question in (costcalc.report, costcalc.check):
        with pytest.raises(SpecError, match="257 rows\n    expected at most 256") as error:
            question(path)
        assert len(error.value.problems) == 1


def test_a_cell_outside_of_its_range_is_refused_where_its_column_stands(spec, tmp_path):
    path = tmp_path / "own.yaml"
    text = SPEC.format(variants=TABLE).replace("{doc: layers}", "{range: [2, 9]}")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=r"own.yaml:9:36: depth cannot be 1\n    expected from 2"):
        costcalc.report(str(path))
    with pytest.raises(SpecError, match=r"^depth cannot be 1\n"):
        costcalc.report(str(path), depth=1)


def test_a_row_that_is_missing_is_refused_once(spec):
    with pytest.raises(SpecError) as error:
        costcalc.report(spec(), size="1.5X", res=8)
    (problem,) = error.value.problems
    assert str(problem).startswith("size cannot be 1.5X; did you mean '1.5x'?")


def test_names_of_rows_are_names_of_networks():
    names = library.aliases()
    assert names["efficientnet_b3"] == "efficientnet@variant=B3"
    assert costcalc.report("efficientnet_b3").network == "EfficientNet-B3"


def test_a_cell_that_is_a_choice_is_plain_text(spec, tmp_path):
    text = SPEC.format(variants=TABLE.replace("kernel, top1", "kernel, stage, top1"))
    for row, stage in (("16, ~,", "V3-Large"), ("32, 5,", "if it"), ("8,  1,", "depth")):
        text = text.replace(row, f"{row} {stage},")
    choices = "kernel: 3\n  stage: {choices: [V3-Large, if it, depth]}"
    path = tmp_path / "words.yaml"
    path.write_text(text.replace("kernel: 3", choices), encoding="utf-8")
    for size, stage in {"7B": "V3-Large", "1.5x": "if it", "S": "depth"}.items():
        assert costcalc.report(str(path), size=size).parameters["stage"] == stage


def test_rows_are_apart_by_their_values(spec):
    with pytest.raises(SpecError, match=r"the row '1\.5' is given twice"):
        costcalc.report(spec(TABLE.replace("7B,  ", "1.50,").replace("1.5x", "1.5 ")))


@pytest.mark.parametrize("pick", ['"a,b=c"', '"1,5"', '""', '" "', "~"])
def test_a_row_has_text_that_can_stand_among_settings(spec, pick):
    with pytest.raises(SpecError, match="the first cell picks the row\n    expected text without"):
        costcalc.report(spec(TABLE.replace("7B", pick)))


@pytest.mark.parametrize("pick", ["a@b/c", "x y", "q'q", "true", "3x5", "V3†", "5%", "a=b", "#1"])
def test_a_row_is_picked_by_its_text_wherever_settings_stand(spec, pick):
    path = spec(TABLE.replace("1.5x", f'"{pick}"'))
    assert costcalc.report(f"{path}@size={pick}").totals.params == 4500
    assert costcalc.report(path, size=pick).totals.params == 4500
    compared = costcalc.compare(f"{path}@size={pick}", f"{path}@size=S")
    assert [entry.report.totals.params for entry in compared.entries] == [4500, 48]
    assert compared.entries[0].label.endswith(f"@size={pick}")
    assert [result.verdict for result in costcalc.check(path).results] == ["exact"] * 3


def test_a_figures_own_settings_are_added_to_its_rows(spec):
    column = '{"#Params": params, at: kernel=1}'
    # 3 x 8; 3 x 12 + 12 x 12; 3 x 16.
    table = TABLE.replace('"#Params": params', column).replace("65.4, 4.5 K", "65.4, 180")
    table = table.replace("61.2, 216", "61.2, {figure: 72, at: kernel=1, depth: 1}")
    with pytest.raises(SpecError, match="a figure has no 'depth'"):
        costcalc.check(spec(table))
    results = costcalc.check(spec(table.replace("at: kernel=1, depth: 1", "at: 'res=8'"))).results
    assert [result.computed for result in results] == [216, 180, 48]
    assert [result.verdict for result in results] == ["mismatch", "exact", "exact"]


@pytest.mark.parametrize("pick", ["x y", "V3-Large", "7B", "1.5x", "if", "2 * kernel", "a@b"])
def test_a_network_used_as_a_backbone_is_called_with_a_row(spec, tmp_path, pick):
    spec(TABLE.replace("7B", "XL").replace("1.5x", f'"{pick}"'))
    path = tmp_path / "backbone.yaml"
    path.write_text(
        "input: [3, 32, 32]\n"
        "use: [{network: tiny, as: body}]\n"
        f'layers: [{{body: {{size: "{pick}", alpha: 1.5}}}}, {{body: {{size: S, alpha: 2}}}}]\n',
        encoding="utf-8",
    )
    # 4500 as alone; then 12 x 16 for a kernel of 1.
    assert costcalc.report(str(path)).totals.params == 4500 + 12 * 16


def test_a_claims_own_network_may_have_variants(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(
        "networks:\n"
        "  inner:\n"
        "    input: [3, 16, 16]\n"
        "    parameters: {depth: {doc: layers}}\n"
        "    variants: {columns: [size, depth], rows: [[S, 1], [x y, 2]]}\n"
        "    layers: [{conv: {out: 8, kernel: 3, repeat: depth}}]\n"
        "claims:\n"
        "  - {network: inner@size=x y, params: 792}\n"
        "  - {network: inner, at: size=S, params: 216}\n",
        encoding="utf-8",
    )
    assert [result.verdict for result in costcalc.check(str(path)).results] == ["exact"] * 2
