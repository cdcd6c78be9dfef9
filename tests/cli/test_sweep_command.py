"""``costcalc sweep``."""

import csv
import io
import json
from fractions import Fraction

import pyarrow.parquet
import pytest
from click.testing import CliRunner

from costcalc.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["sweep", *arguments])


def test_tables_6_and_7_crossed():
    result = run("mobilenet_v1", "--alpha", "0.25,0.5,0.75,1", "--res", "128:224:32", "--pivot")
    assert result.exit_code == 0
    rows = [line.split("  ") for line in result.stdout.splitlines()[6:]]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    # The paper's Table 6 is the second to last column, Table 7 the last row.
    assert cells == [
        ["0.25", "13.6 M", "21.1 M", "30.2 M", "41.0 M", "464 K"],
        ["0.5", "49.2 M", "76.5 M", "110 M", "149 M", "1.32 M"],
        ["0.75", "107 M", "166 M", "239 M", "325 M", "2.57 M"],
        ["1", "186 M", "291 M", "418 M", "569 M", "4.21 M"],
    ]


def test_csv_has_a_row_for_each_setting_with_its_parameters_then_its_costs():
    result = run("mobilenet_v1", "--alpha", "0.5,1/3", "--res", "160", "--format", "csv")
    assert list(csv.reader(io.StringIO(result.stdout))) == [
        ["alpha", "res", "params", "mult_adds"],
        ["0.5", "160", "1319648", "76524800"],
        # Widths 10, 21, 42, 85, 170, 341: floor(32 / 3) and so on.
        ["1/3", "160", "702936", "35112750"],
    ]


def test_several_networks_in_one_file(tmp_path):
    path = tmp_path / "grid.csv"
    result = run("mobilenet_v1", "mobilenet_v2", "--res", "224", "-o", str(path))
    assert (result.exit_code, result.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [(row["network"], row["mult_adds"]) for row in rows] == [
        ("mobilenet_v1", "568740352"),
        ("mobilenet_v2", "300774272"),
    ]


def test_json():
    result = run("mobilenet_v1", "--alpha", "0.5", "--res", "160", "--format", "json")
    parsed = json.loads(result.stdout)
    assert parsed["format_version"] == 1
    assert parsed["rows"] == [
        {
            "network": "mobilenet_v1",
            "parameters": {"alpha": 0.5, "res": 160},
            "params": 1319648,
            "mult_adds": 76524800,
            "top1": 60.2,
        }
    ]


def test_parquet(tmp_path):
    path = tmp_path / "grid.parquet"
    result = run("mobilenet_v1", "--alpha", "0.5,1", "--res", "160", "-o", str(path))
    assert result.exit_code == 0
    # (568740352 - 1024000) * (160 / 224)^2 + 1024000 = 290675200
    assert pyarrow.parquet.read_table(path).to_pylist() == [
        {"alpha": 0.5, "res": 160, "params": 1319648, "mult_adds": 76524800},
        {"alpha": 1.0, "res": 160, "params": 4209088, "mult_adds": 290675200},
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "values"),
    [("--alpha", [1.0, 0.5]), ("--res", ["224", "160x120"])],
)
def test_the_first_rows_do_not_determine_the_type_of_a_column(tmp_path, option, values):
    path = tmp_path / "grid.parquet"
    many = ["--set", "classes=1:150000"]
    result = run("mobilenet_v1", option, ",".join(map(str, values)), *many, "-o", str(path))
    assert result.exit_code == 0
    column = pyarrow.parquet.read_table(path)[option[2:]].to_pylist()
    assert column == [values[0]] * 150000 + [values[1]] * 150000


def test_the_largest_within_a_budget():
    result = run(
        *("mobilenet_v1", "--alpha", "0.25:1:0.25", "--res", "128:224:32", "--format", "csv"),
        *("--where", "mult_adds <= 100M and params <= 2M", "--top", "2", "--by", "mult_adds"),
    )
    # (76524800 - 512000) * (128 / 160)^2 + 512000 = 49160192
    assert result.stdout == "alpha,res,params,mult_adds\n0.5,160,1319648,76524800\n" + (
        "0.5,128,1319648,49160192\n"
    )


def test_a_condition_that_no_row_meets_is_reported():
    result = run("mobilenet_v1", "--alpha", "1,2", "--where", "params < 1")
    assert result.exit_code == 0
    assert result.stdout.endswith("No setting meets the condition.\n")


def test_invalid_settings_are_reported_and_left_out():
    result = run("vgg16", "--res", "16,224", "--format", "csv")
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 2
    assert "No row for 1 setting of vgg16; at configuration = D, res = 16" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mobilenet_v1"], "nothing to sweep"),
        (["mobilenet_v1", "--set", "depth=1,2"], "one of alpha, res, classes"),
        (["mobilenet_v1", "--alpha", ""], "a value is missing"),
        (["mobilenet_v1", "--res", "224:128:32"], "runs backwards"),
        (["mobilenet_v1", "--alpha", "0:1:0.5"], "alpha cannot be 0"),
        (["mobilenet_v1", "--set", "classes=0,10"], "at least 1"),
        (["mobilenet_v3x", "--alpha", "1"], "there is no network"),
        (["mobilenet_v1", "--alpha", "0.001:1:0.001", "--res", "1:1000"], "1,000,000 rows"),
        (["mobilenet_v1", "--alpha", "1", "--pareto", "--top", "3"], "one of them"),
        (["mobilenet_v1", "--alpha", "1", "--by", "params"], "--top N"),
        (["mobilenet_v1", "--alpha", "1", "--top", "3", "--by", "param"], "did you mean 'params'"),
        (["mobilenet_v1", "--alpha", "1", "--pivot"], "crosses two parameters"),
        (["mobilenet_v1", "--alpha", "1", "--format", "parquet"], "-o FILE.parquet"),
        (["vgg16", "--res", "8,16"], "window is larger than its input"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_an_unknown_suffix_lists_the_known_ones(tmp_path):
    result = run("mobilenet_v1", "--alpha", "1", "-o", str(tmp_path / "grid.xyz"))
    assert result.exit_code == 2
    assert ".csv" in result.stderr and ".parquet" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_failure_halfway_leaves_no_file(tmp_path):
    arguments = ["--alpha", "1,2", "--where", "1 / (alpha - 1) > 2"]
    result = run("mobilenet_v1", *arguments, "-o", str(tmp_path / "grid.csv"))
    assert result.exit_code == 2
    assert "divides by zero" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_tells_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    result = run("mobilenet_v1", "--alpha", "1", "-o", str(tmp_path / "grid.parquet"))
    assert result.exit_code == 2
    assert "pip install 'costcalc[parquet]'" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_exact_alphas_in_a_file():
    result = run("mobilenet_v1", "--alpha", "0.05:2:0.001", "--res", "224", "--format", "csv")
    alphas = [Fraction(row["alpha"]) for row in csv.DictReader(io.StringIO(result.stdout))]
    assert alphas == [Fraction(n, 1000) for n in range(50, 2001)]


def test_an_error_prints_no_header():
    result = run("mobilenet_v1", "--alpha", "0.5,1", "--where", "alpha / 0 > 1", "--format", "csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "divides by zero" in result.stderr


SPACE = """
input: [3, 8, 8]
parameters: {k: {default: 3, choices: [1, 3]}, m: {default: 4, choices: [4, 8]}}
space: [k, m]
layers:
  - conv: {out: m, kernel: k}
"""

QUESTIONS = [
    ("--count",),
    ("--histogram", "params"),
    ("--quantiles", "mult_adds"),
    ("--sample", "2", "--seed", "7"),
    ("--top", "1", "--by", "-params"),
    ("--pareto",),
]


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "space.yaml"
    path.write_text(SPACE, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_questions_about_a_space(question, form, space):
    result = run(space, "--space", *question, "--format", form)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip()


def test_as_many_bins_as_are_asked_for(space):
    few, many = (
        run(space, "--space", "--histogram", "params", "--bins", bins, "--format", "csv").stdout
        for bins in ("2", "200")
    )
    assert few.count("\n") <= 4 < many.count("\n")


def test_a_cost_that_nothing_changes(space):
    result = run(space, "--set", "k=3", "--sample", "1", "--format", "csv")
    assert result.stdout.split() == ["k,params,mult_adds", f"3,108,{108 * 64}"]


def test_a_count_of_named_parameters(space):
    result = run(space, "--set", "k=1,3", "--where", "params <= 100", "--count")
    assert " 1  50.00   2" in result.stdout  # 3·4·1·1 = 12 and 3·4·3·3 = 108


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--count", "--histogram", "params"), "--count and --histogram are different questions"),
        (("--sample", "2", "--top", "1"), "--top and --sample are different questions"),
        (("--count", "--pivot"), "--pivot is of a grid"),
        (("--top", "1", "-o", "top.parquet"), "Parquet is of a grid"),
        (("--count", "--by", "params"), "--by needs --top"),
        (("--count", "--bins", "20"), "--bins needs --histogram"),
        (("--count", "--seed", "0"), "--seed needs --sample"),
        (("--count", "--device", "nonsense"), "--device nonsense would change nothing"),
        (("--count", "--dtype", "int8"), "--dtype int8 would change nothing"),
        (
            ("--count", "--metrics", "bound_ms", "--device", "stm32h743"),
            "a time is that of the whole network",
        ),
        (
            ("--count", "--metrics", "peak_bytes", "--storage", "tflm"),
            "each of the 4 settings by itself, in about",
        ),
        (("--top", "1", "--by", "weight_bytes"), "--metrics weight_bytes"),
        (("--sample", "0"), "0 is not a number of networks"),
    ],
)
def test_questions_that_do_not_go_together(options, message, space):
    result = run(space, "--space", *options)
    assert result.exit_code == 2
    assert message in result.stderr
