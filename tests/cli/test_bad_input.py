"""Bad input: one clear message on standard error, exit code 2, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from costcalc.cli import main
from costcalc.spec import limits

GOOD = """\
name: small
input: [3, 32, 32]
parameters: {depth: {default: 2, range: [1, 8]}}
layers:
  - conv: {out: 16, kernel: 3}
  - conv: {out: 32, kernel: 3, repeat: depth}
"""


def refused(*args: str) -> str:
    """The message of a command that must fail."""
    result = CliRunner().invoke(main, list(args))
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.fixture
def spec(tmp_path, monkeypatch):
    """The message for a spec that must be refused."""
    monkeypatch.chdir(tmp_path)

    def write(text: str | bytes, *args: str) -> str:
        data = text if isinstance(text, bytes) else text.encode()
        Path("bad.yaml").write_bytes(data)
        return refused("report", "bad.yaml", *args)

    return write


def test_the_good_spec_is_good(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    result = CliRunner().invoke(main, ["report", str(path), "--format", "json"])
    assert result.exit_code == 0
    assert result.stderr == ""


# Files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1\2",
        "name: wide".encode("utf-16"),
        b"name: \xff\n",
        b"",
        b"name: a\n---\nname: b\n",
        b"name: !tag a\nlayers: []\n",
        b"layers: []\n" + b"#" * limits.FILE_BYTES,
    ],
    ids=["binary", "utf-16", "latin-1", "empty", "two", "tag", "large"],
)
@pytest.mark.parametrize(
    ("command", "noun"),
    [
        ("report alexnet --storage", "a storage"),
        ("report alexnet --convention", "a convention"),
        ("check", "a file of claims or a spec"),
        ("report", "a spec"),
    ],
)
def test_a_file_that_is_no_yaml_is_called_what_it_should_be(command, noun, data, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(data)
    message = refused(*command.split(), str(path)).partition("\n    try")[0]
    assert noun in message
    assert "a spec" not in message.replace(noun, "")


def test_a_missing_file():
    message = refused("report", "mobilenet_v3x.yaml")
    assert "there is no file 'mobilenet_v3x.yaml'" in message


def test_a_misspelt_name():
    assert "did you mean 'mobilenet_v1'?" in refused("report", "mobilnet_v1")


def test_a_folder(tmp_path):
    assert "is a folder" in refused("report", str(tmp_path))


@pytest.mark.parametrize("empty", ["", "\n\n", "# nothing but this\n", "---\n"])
def test_an_empty_file(spec, empty):
    assert "bad.yaml: the file is empty" in spec(empty)


def test_a_binary_file(spec):
    assert "not a spec: the file is binary" in spec(b"\x7fELF\x02\x01\x00\x00\x00")


def test_utf_16(spec):
    assert "not UTF-8 text" in spec(GOOD.encode("utf-16"))


def test_latin_1(spec):
    message = spec("name: Résumé\n".encode("latin-1"))
    assert "bad.yaml:1:8: not UTF-8 text" in message
    assert "byte 0xe9" in message


@pytest.mark.parametrize(
    ("text", "place", "mend"),
    [
        ("layers: [conv: {out: 1\n", "2:1", "the bracket that closes"),
        ("a: b: c\n", "1:5", "quotes around text that has ': ' in it"),
        ("layers:\n\t- relu\n", "2:1", "spaces instead of a tab"),
        ("name: x\n\tinput: 3\n", "2:1", "spaces instead of the tab"),
        ("layers:\n  - relu\n - fc: 2\n", "3:2", "one column for lines that belong together"),
        ("- conv: {out: 3}}\n", "1:17", "each bracket closed once"),
        ("layers:\n  - relu\n  fc: 2\n", "3:3", "'- ' before each item"),
        ("name: @net\n", "1:7", "quotes around text with @"),
        ('name: "net\n', "2:1", "the quotes that close the text"),
        ('name: "\\q"\n', "1:8", "single quotes"),
    ],
)
def test_not_yaml(spec, text, place, mend):
    message = spec(text)
    assert f"bad.yaml:{place}: not YAML" in message
    assert mend in message.partition("    try")[2]


def test_an_unclosed_bracket_is_reported_on_its_line(spec):
    message = spec("name: x\nlayers: [conv: {out: 1\nname: y\n")
    assert "while parsing a flow mapping, which begins on line 2" in message


@pytest.mark.parametrize(
    ("text", "found"), [("- a\n- b\n", "a list"), ("only words\n", "'only words'")]
)
def test_not_a_mapping(spec, text, found):
    message = spec(text)
    assert "bad.yaml:1:1: a spec is a mapping" in message
    assert found in message


def test_two_documents(spec):
    assert "bad.yaml:7:1: a spec is one YAML document" in spec(GOOD + "---\n" + GOOD)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [id]", "!include x.yaml"])
def test_tags(spec, tag):
    assert "has no meaning in a spec" in spec(GOOD + f"description: {tag}\n")


def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "is not a file to read" in refused("report", str(tmp_path / "pipe.yaml"))


def test_crlf_and_a_byte_order_mark_are_accepted(tmp_path):
    path = tmp_path / "dos.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert CliRunner().invoke(main, ["report", str(path)]).exit_code == 0


# Keys, kinds and types -------------------------------------------------------------

CASES = {
    "unknown key of a spec": (
        "layer: [relu]\ninput: [3, 8, 8]\nlayers: [relu]\n",
        ["1:1: a spec has no 'layer'", "did you mean 'layers'?"],
    ),
    "unknown kind": (
        "input: [3, 8, 8]\nlayers:\n  - depthwse: 3\n",
        ["3:5: unknown layer kind 'depthwse'", "did you mean 'depthwise'?"],
    ),
    "unknown argument": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4, kernl: 3, kernel: 3}\n",
        ["3:20: 'conv' has no argument 'kernl'", "did you mean 'kernel'?"],
    ),
    "missing argument": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4}\n",
        ["3:5: 'conv' lacks 'kernel'", "conv: {kernel: ...}"],
    ),
    "unknown argument of a block": (
        "input: [3, 8, 8]\nuse: [bottleneck]\nlayers:\n  - bottleneck: {c: 4, tt: 6}\n",
        ["4:24: block 'bottleneck' has no argument 'tt'", "expected one of t, c, s, k"],
    ),
    "a width that is no whole number": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 16.5, kernel: 3}\n",
        ["3:17: layer 'conv1': 16.5 is not a whole number", "a whole number above zero"],
    ),
    "no layers": ("input: [3, 8, 8]\n", ["a spec needs layers"]),
    "no input": ("layers: [relu]\n", ["a spec needs its input's shape", "input: [3, res, res]"]),
    "layers that are no list": (
        "input: [3, 8, 8]\nlayers: {conv: 3}\n",
        ["2:9: layers are a list", "a mapping"],
    ),
    "two kinds in one item": (
        "input: [3, 8, 8]\nlayers:\n  - conv: 3\n    kernel: 3\n",
        ["3:5: a layer is one kind with its arguments", "indent the arguments"],
    ),
    "duplicate key": (
        "input: [3, 8, 8]\nlayers: [relu]\ninput: [3, 9, 9]\n",
        ["3:1: the key 'input' is used twice", "first on line 1"],
    ),
    "duplicate argument": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4, kernel: 3, out: 5}\n",
        ["3:31: the key 'out' is used twice"],
    ),
    "a word for a number": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: many, kernel: 3}\n",
        ["3:17: 'many'"],
    ),
    "a fraction for a kernel": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4, kernel: 1.5}\n",
        ["3:28: layer 'conv1': 1.5 is not a whole number", "a whole number above zero"],
    ),
    "a stride of zero": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4, kernel: 3, stride: 0}\n",
        ["3:39: layer 'conv1': 0 is too small", "a whole number above zero"],
    ),
    "a list for one value": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: [4, 5], kernel: 3}\n",
        ["3:17: layer 'conv1': one value is expected here"],
    ),
    "a mapping for a value": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: {a: 3}, kernel: 3}\n",
        ["3:17: a single value is expected here"],
    ),
    "padding in three parts": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4, kernel: 3, padding: [[1, 1, 1], 1]}\n",
        ["3:41: layer 'conv1': the padding of an axis has 3 sides", "[before, after]"],
    ),
    "a number for a truth value": (
        "input: [3, 8, 8]\nlayers:\n  - max_pool: {kernel: 2, ceil_mode: perhaps}\n",
        ["3:38: layer 'max_pool1': 'perhaps' is neither true nor false"],
    ),
    "unknown activation": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4, kernel: 3, act: rleu}\n",
        ["3:36: layer 'conv1': unknown activation 'rleu'", "did you mean 'relu'?"],
    ),
    "unknown norm": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4, kernel: 3, norm: bach}\n",
        ["3:37: layer 'conv1': unknown norm 'bach'", "did you mean 'batch"],
    ),
    "groups that do not divide": (
        "input: [6, 8, 8]\nlayers:\n  - conv: {out: 8, kernel: 3, groups: 4}\n",
        [
            "3:5: layer 'conv1': 6 input channels cannot be split into 4 groups",
            "groups that divide the 6 input and the 8 output channels",
            "groups: 2",
        ],
    ),
    "a shape that vanishes": (
        "input: [3, 4, 4]\nlayers:\n  - max_pool: 2\n  - max_pool: {kernel: 3, name: last}\n",
        [
            "4:5: layer 'last': the window is larger than its input",
            "an input of at least 3 for a window of 3",
            "found    2, padded to 2",
        ],
    ),
    "shapes that do not add": (
        "input: [3, 8, 8]\nlayers:\n  - residual:\n      layers: [conv: {out: 4, kernel: 3}]\n",
        [
            "3:5: layer 'add1': shapes that differ cannot be added",
            "8 x 8 x 3 and 8 x 8 x 4",
        ],
    ),
    "shapes that do not join": (
        "input: [3, 8, 8]\nlayers:\n  - concat: [[max_pool: 2], []]\n",
        ["3:5: layer 'concat1': shapes that differ", "4 x 4 x 3 and 8 x 8 x 3"],
    ),
    "a cycle": (
        "input: [3, 8, 8]\nlayers:\n  - relu: {name: a, from: b}\n  - relu: {name: b, from: a}\n",
        ["3:27: no layer above is named 'b'", "'b' is below, on line 4: a cycle"],
    ),
    "a block that contains itself": (
        "input: [3, 8, 8]\nblocks:\n  a: {layers: [b]}\n  b: {layers: [a]}\nlayers: [a]\n",
        ["3:3: block 'a' contains itself", "a -> b -> a"],
    ),
    "an unknown input": (
        "input: [3, 8, 8]\nlayers:\n  - relu: {name: stem}\n  - relu: {from: sten}\n",
        ["4:18: no layer above is named 'sten'", "did you mean 'stem'?"],
    ),
    "a name twice": (
        "input: [3, 8, 8]\nlayers:\n  - relu: {name: a}\n  - relu: {name: a}\n",
        ["4:5: the name 'a' is used twice"],
    ),
    "a malformed expression": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4 *, kernel: 3}\n",
        ["3:20: malformed expression: unexpected end"],
    ),
    "a division by zero": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4 / (in - 3), kernel: 3}\n",
        ["3:17: layer 'conv1': '4 / (in - 3)' divides by zero"],
    ),
    "a call": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: open('x'), kernel: 3}\n",
        ["3:17: there is no function 'open'", "one of ceil, fixed, floor"],
    ),
    "a reach": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: in.__class__, kernel: 3}\n",
        ["3:19: malformed expression: unexpected '.'"],
    ),
    "an import": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: \"__import__('os')\", kernel: 3}\n",
        ["there is no function '__import__'"],
    ),
    "an unknown name": (
        "input: [3, 8, 8]\nparameters: {depth: 3}\nlayers:\n  - conv: {out: 2 * dept, kernel: 3}\n",
        ["4:21: 'dept' has no meaning here", "did you mean 'depth'?"],
    ),
    "arithmetic with a word": (
        "input: [3, 8, 8]\nparameters: {kind: a}\nlayers:\n  - conv: {out: kind * 2, kernel: 3}\n",
        ["4:17: layer 'conv1': arithmetic needs numbers, but this is 'a'"],
    ),
    "thousands of digits": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: " + "9" * 400 + ", kernel: 3}\n",
        ["3:17: a number of 400 digits", "at most 30 digits"],
    ),
    "a large exponent": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 1e999, kernel: 3}\n",
        ["the exponent is too large"],
    ),
    "a number that grows": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: (10**8)**8 * (10**8)**8 * (10**8)**8 * "
        "(10**8)**8 * (10**8)**8 * (10**8)**8, kernel: 3}\n",
        ["the number grows too large"],
    ),
    "a size beyond the limit": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 10**8 * 10**7, kernel: 3}\n",
        ["1000000000000000 is too large", "1,099,511,627,776"],
    ),
    "repeats in the billions": (
        "input: [3, 8, 8]\nlayers:\n  - relu: {repeat: 3000000000}\n",
        ["3:5: the spec unfolds to too many layers", "at most 300,000"],
    ),
    "repeats of repeats": (
        "input: [3, 8, 8]\nlayers:\n  - sequence:\n      repeat: 299999\n"
        "      layers: [relu: {repeat: 100000}]\n",
        ["5:16: the spec unfolds to too many layers"],
    ),
    "a parameter of no choice": (
        "input: [3, 8, 8]\nparameters: {v: {default: 3, choices: [1, 2]}}\nlayers: [relu]\n",
        ["v cannot be 3", "one of 1, 2"],
    ),
    "a range backwards": (
        "input: [3, 8, 8]\nparameters: {v: {default: 3, range: [5, 1]}}\nlayers: [relu]\n",
        ["2:37: a range is two numbers"],
    ),
    "a parameter named as the language": (
        "input: [3, 8, 8]\nparameters: {in: 3}\nlayers: [relu]\n",
        ["2:14: 'in' cannot name a parameter"],
    ),
    "an unknown rounding": (
        "input: [3, 8, 8]\nwidth_rounding: up\nlayers: [relu]\n",
        [
            "2:17: unknown rule for rounding widths",
            "floor, nearest, {nearest_multiple: 8} or {divisible_by: 8}",
        ],
    ),
    "a library elsewhere": (
        "input: [3, 8, 8]\nuse: [../secrets]\nlayers: [relu]\n",
        ["2:7: there is no library of blocks '../secrets'"],
    ),
    "a row too short": (
        "input: [3, 8, 8]\nlayers:\n  - table:\n      layer: conv\n"
        "      columns: [out, kernel]\n      rows:\n        - [4]\n",
        ["7:11: a row must have one cell for each column", "2 cells: out, kernel"],
    ),
    "a printed shape that is wrong": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4, kernel: 3, stride: 2, output: 8 x 8 x 4}\n",
        [
            "3:50: the output of conv is printed as 8 x 8 x 4, but it is 4 x 4 x 4",
            "8 x 8 x 4, as printed",
            "4 x 4 x 4, as computed",
        ],
    ),
    "a printed filter that is wrong": (
        "input: [3, 8, 8]\nlayers:\n  - conv: {filter: 3 x 3 x 5 x 4}\n",
        ["3:20: the filter of layer 'conv1' is printed as 3 x 3 x 5 x 4", "3 x 3 x 3 x 4"],
    ),
    "a residual of nothing": (
        "input: [3, 8, 8]\nlayers:\n  - residual: []\n",
        ["3:5: 'residual' contains no layers"],
    ),
    "a sequence of two inputs": (
        "input: [3, 8, 8]\nlayers:\n  - relu: {name: a}\n"
        "  - sequence: {from: [a, input], layers: [relu]}\n",
        ["4:5: 'sequence' reads one input", "found    2"],
    ),
    "an add of one input": (
        "input: [3, 8, 8]\nlayers: [add]\n",
        ["2:10: layer 'add1': 'add' joins two inputs or more", "from: [one, other]"],
    ),
    "a control character": (
        'input: [3, 8, 8]\nname: "\\e[2J"\nlayers: [relu]\n',
        ["2:7: this text contains a control character"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_specs(spec, case):
    text, expected = CASES[case]
    message = spec(text)
    for part in expected:
        assert part in message
    assert "bad.yaml" in message or case == "a parameter of no choice"
    assert "\x1b" not in message


def test_an_unknown_kind_gets_a_suggestion(spec):
    text, _ = CASES["unknown kind"]
    assert "unknown layer kind 'depthwse'; did you mean 'depthwise'?" in spec(text)


def test_all_errors_at_once_in_the_order_of_the_file(spec):
    message = spec(
        "inputs: [3, 8, 8]\ninput: [3, 8, 8]\nwidth_rounding: up\nlayers:\n"
        "  - cnv: 3\n  - conv: {out: 4, kernel: 3, strid: 2}\n  - conv: {kernel: 3}\n"
        "  - add: {from: [a]\n    }\n  - conv: {out: 4 +, kernel: 3}\n"
    )
    places = [line.split(":")[-4:-1] for line in message.splitlines() if "bad.yaml:" in line]
    lines = [int(place[1]) for place in places]
    assert lines == sorted(lines)
    assert {1, 3, 5, 6, 7} <= set(lines)


def test_all_shape_errors_at_once(spec):
    message = spec(
        "input: [3, 8, 8]\nlayers:\n  - conv: {name: a, out: 4, kernel: 3, groups: 3}\n"
        "  - conv: {out: 4, kernel: 3, from: input, groups: 2}\n  - relu: {from: nowhere}\n"
    )
    assert "bad.yaml:3:5" in message
    assert "bad.yaml:4:5" in message
    assert "bad.yaml:5:18" in message


def test_one_contradiction_is_one_message(spec):
    message = spec(
        "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4, kernel: 3, stride: 2, output: 8 x 8 x 4}\n"
        "  - conv: {out: 4, kernel: 3, input: 8 x 8 x 4}\n  - relu: {input: 8 x 8 x 4}\n"
    )
    assert message.count("bad.yaml:") == 1


def test_table_1_as_printed_contradicts_itself(spec):
    shipped = Path(__file__).parents[2] / "specs" / "mobilenet_v1.yaml"
    lines = shipped.read_text(encoding="utf-8").splitlines(keepends=True)
    (wrong,) = [n for n, line in enumerate(lines) if "3 x 3 x 1024 dw" in line]
    lines[wrong] = lines[wrong].replace("1, 3 x 3 x 1024", "2, 3 x 3 x 1024")
    message = spec("".join(lines))
    # The row after it reads 7 x 7 x 1024; stride 2 leaves 4 x 4.
    assert f"bad.yaml:{wrong + 2}:" in message
    assert "7 x 7 x 1024, but it is 4 x 4 x 1024" in message
    assert message.count("bad.yaml:") == 1


# Settings and options --------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--alpha", "0"], ["alpha cannot be 0", "a number above zero"]),
        (["--alpha", "-1/2"], ["alpha cannot be", "a number above zero"]),
        (["--alpha", "1e13"], ["alpha cannot be 10000000000000", "at most 1,099,511,627,776"]),
        (["--alpha", "nan"], ["alpha cannot be nan", "a number above zero"]),
        (["--alpha", "inf"], ["alpha cannot be inf"]),
        (["--alpha", "1e400"], ["alpha: the exponent is too large"]),
        (["--alpha", ""], ["alpha: a value is missing"]),
        (["--alpha", "1/0"], ["alpha: division by zero"]),
        (["--alpha", "0.001"], ["'32' has no channels left at alpha"]),
        (["--res", "0"], ["res cannot be 0", "a whole number above zero"]),
        (["--res", "22.5"], ["res cannot be"]),
        (["--res", "9" * 20], ["res cannot be 9", "at most 1,099,511,627,776"]),
        (["--res", "160x" + "9" * 20], ["res cannot be 160x9", "at most 1,099,511,627,776"]),
        (["--res", "224x"], ["res cannot be 224x"]),
        (["--res", "224x224x3"], ["has 2 spatial axes"]),
        (["--set", "alpah=1"], ["no parameter 'alpah'", "did you mean 'alpha'?"]),
        (["--set", "alpha"], ["--set alpha is not a setting", "--set NAME=VALUE"]),
        (["--set", "classes=0"], ["classes cannot be 0", "at least 1"]),
        (["--set", "classes=many"], ["classes cannot be many", "a number"]),
        (["--convention", "papr"], ["no convention 'papr'", "did you mean 'paper'?"]),
        (["--format", "jsn"], ["jsn"]),
        (["-o", "report.xyz"], ["no format has the suffix '.xyz'"]),
        (["-o", "nowhere/report.csv"], ["nowhere/report.csv: cannot be written"]),
    ],
)
def test_settings_and_options(args, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = refused("report", "mobilenet_v1", *args)
    for part in expected:
        assert part in message
    assert not list(tmp_path.iterdir())


def test_all_settings_at_once():
    message = refused("report", "mobilenet_v1", "--alpha", "-1", "--res", "0", "--set", "x=1")
    assert "alpha cannot be -1" in message
    assert "res cannot be 0" in message
    assert "no parameter 'x'" in message


def test_settings_after_the_name():
    assert "'alpha' in 'mobilenet_v1@alpha'" in refused("report", "mobilenet_v1@alpha")


def test_an_output_that_is_a_folder(tmp_path):
    message = refused("report", "mobilenet_v1", "--format", "csv", "-o", str(tmp_path))
    assert "cannot be written: it is a folder" in message
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_the_old_output(tmp_path):
    path = tmp_path / "report.csv"
    path.write_text("old")
    refused("report", "mobilenet_v1", "--alpha", "0", "-o", str(path))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_many_problems_are_cut_off(spec):
    message = spec("input: [3, 8, 8]\nlayers: [" + ", ".join(f"k{n}" for n in range(300)) + "]\n")
    assert "... and 275 more problems" in message


def test_a_long_message_is_cut_off(spec):
    message = spec("input: [3, 8, 8]\nlayers: [" + "x" * 100_000 + "]\n")
    assert len(message) < 10_000


# Libraries of blocks ---------------------------------------------------------------


def test_a_library_next_to_the_spec(tmp_path):
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "own.yaml").write_text(
        "blocks:\n  own: {parameters: {c: width}, layers: [conv: {out: c, kernel: 3}]}\n"
    )
    path = tmp_path / "net.yaml"
    path.write_text("input: [3, 8, 8]\nuse: [own]\nlayers: [own: 4]\n")
    assert CliRunner().invoke(main, ["report", str(path)]).exit_code == 0


def test_an_error_in_a_library_names_the_library(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("blocks").mkdir()
    Path("blocks/own.yaml").write_text("blocks:\n  own: {layers: [cnv: 3]}\n")
    Path("net.yaml").write_text("input: [3, 8, 8]\nuse: [own]\nlayers: [own]\n")
    assert "blocks/own.yaml:2:18: unknown layer kind 'cnv'" in refused("report", "net.yaml")


@pytest.mark.parametrize("name", ["../own", "/etc/passwd", "own/../own", ".", "", "a b"])
def test_libraries_have_plain_names(tmp_path, name):
    path = tmp_path / "net.yaml"
    path.write_text(f"input: [3, 8, 8]\nuse: ['{name}']\nlayers: [relu]\n")
    assert "no library of blocks" in refused("report", str(path))


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    secret = tmp_path / "secret.yaml"
    secret.write_text("blocks: {own: {layers: [relu]}}\n")
    folder = tmp_path / "specs"
    (folder / "blocks").mkdir(parents=True)
    (folder / "blocks" / "own.yaml").symlink_to(secret)
    (folder / "net.yaml").write_text("input: [3, 8, 8]\nuse: [own]\nlayers: [own]\n")
    assert "no library of blocks 'own'" in refused("report", str(folder / "net.yaml"))


@pytest.mark.parametrize(
    ("library", "message"),
    [
        ("layers: [relu]\n", "a library of blocks holds 'blocks:'"),
        ("blocks: {conv: {layers: [relu]}}\n", "'conv' cannot name a block"),
        ("blocks: {own: {parameters: {c: 1}}}\n", "block 'own' has no layers"),
        ("", "the file is empty"),
    ],
)
def test_wrong_libraries(tmp_path, library, message):
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "own.yaml").write_text(library)
    path = tmp_path / "net.yaml"
    path.write_text("input: [3, 8, 8]\nuse: [own]\nlayers: [relu]\n")
    assert message in refused("report", str(path))


# Real processes --------------------------------------------------------------------


def process(*args: str, **options) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "costcalc", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_exit_code_and_streams_of_a_process():
    running = process("report", "mobilenet_vl")
    out, error = running.communicate()
    assert (running.returncode, out) == (2, b"")
    assert error.startswith(b"Error: there is no network 'mobilenet_vl'")


@pytest.mark.parametrize("format_", ["json", "csv", "table"])
def test_a_reader_that_closes_the_pipe(format_):
    running = process("report", "mobilenet_v1", "--format", format_)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert running.stderr.read() == b""
    assert running.wait() == 0
    running.stderr.close()


def test_an_encoding_without_the_multiplication_sign():
    running = process("report", "mobilenet_v1", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    out, error = running.communicate()
    assert (running.returncode, error) == (0, b"")
    assert b"568,740,352" in out


def test_neither_sympy_nor_numpy_nor_rich_for_json():
    code = (
        "import sys; from costcalc.cli import main; "
        "main(['report', 'mobilenet_v1', '--format', 'json'], standalone_mode=False); "
        "print([name for name in ('sympy', 'numpy', 'rich') if name in sys.modules], "
        "file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
