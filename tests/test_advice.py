"""Messages name options as data, so that the command line and Python each write their own."""

import ast
import re
from pathlib import Path

import pytest

import costcalc
from costcalc import advice
from costcalc.advice import Advice, in_python, joined, option, set_option
from costcalc.errors import CostcalcError, Refusal

PACKAGE = Path(costcalc.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z]")


@pytest.mark.parametrize(
    ("text", "command_line", "python"),
    [
        (option("max_mult_adds", "N"), "--max-mult-adds N", "max_mult_adds=N"),
        (option("res", "160"), "--res 160", "res=160"),
        (option("alpha", "0.5,1"), "--alpha 0.5,1", 'alpha="0.5,1"'),
        (option("input", "C,H,W"), "--input C,H,W", "input=(C, H, W)"),
        (option("variables", "alpha"), "--in alpha", 'variables="alpha"'),
        (option("multipliers"), "--with", "multipliers"),
        (set_option("tokens"), "--set tokens=...", "tokens=..."),
        (advice.flag("allow_unknown"), "--allow-unknown", "allow_unknown=True"),
        (joined(" or ", (option("res"), "a folder")), "--res or a folder", "res or a folder"),
        (advice.advice("{} {{}}", option("res")), "--res {}", "res {}"),
    ],
)
def test_both_ways_to_write_it(text, command_line, python):
    assert (text, in_python(text)) == (command_line, python)


def test_text_of_a_file_is_left_as_it_is():
    hostile = "--set {0.__class__} --res 7"
    text = advice.advice("{}: layer {}", option("where"), hostile)
    assert in_python(text) == f"where: layer {hostile}"
    assert in_python(hostile) == hostile


def test_a_refusal_keeps_the_text_for_python():
    problem = Refusal("has no shape", hint=option("res", "224")).problem(subject="layer")
    assert in_python(problem.hint) == "res=224"


def test_a_name_like_an_option_is_the_same_in_python(tmp_path):
    spec = tmp_path / "net.yaml"
    spec.write_text("input: [3, 8, 8]\nlayers:\n  - --res 224: 7\n")
    with pytest.raises(CostcalcError, match=re.escape("unknown layer kind '--res 224'")):
        costcalc.report(spec)


def without_docstrings(tree: ast.Module) -> list[str]:
    """The texts of a module, but for docstrings and for both texts of an ``Advice``."""
    left_out = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == Advice.__name__:
            left_out |= {*ast.walk(node)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return [node.value for node in constants if node not in left_out and type(node.value) is str]


def test_every_message_names_options_as_data():
    for path in PACKAGE.rglob("*.py"):
        folder, *_ = path.relative_to(PACKAGE).parts
        if folder in ("cli", "advice.py", "pytest_plugin.py"):
            continue
        texts = without_docstrings(ast.parse(path.read_text(encoding="utf-8")))
        assert [text for text in texts if OPTION.search(text)] == [], path
