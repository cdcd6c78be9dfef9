"""Work on text is linear in its length: every pattern of the package, and every place for a name.

The patterns are found in the source, so that a new one is tested from its first day.
"""

from __future__ import annotations

import ast
import re
import time
from collections import deque
from collections.abc import Iterator
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import did_you_mean

PACKAGE = Path(costcalc.__file__).parent
METHODS = {"match", "fullmatch", "search", "sub", "split", "findall", "finditer"}

LENGTH = 8_000
PATTERN_SECONDS = 0.1
"""Of processor time: backtracking at every character takes twice as long, others a tenth."""

NAME_LENGTH = 100_000
NAME_SECONDS = 5.0

PREFIXES = ("", "1", "a", "'", "(x")
UNITS = (
    *("1", "a", "A", "_", " ", "\t", "\n", ".", "-", "'", '"', "\\", "(", "[", "{", "`", "/", ","),
    *("1x", "1 x ", "1,111", "a.", "a/", "a1", "aA", "a_", ".1", "e1", "```a", "'a", "\\x", "#\n"),
)
SUFFIXES = ("", "!", "\n.")


class Pattern(NamedTuple):
    """A pattern of the package, and how it is used."""

    place: str
    pattern: re.Pattern
    methods: frozenset[str]


DYNAMIC = {
    "spec/library.py": r"@(?=\s*[A-Za-z_][\w./-]*\s*=)",
    "spec/values.py": rf"\b{'a' * 100}\b",
    "exporters/torch/forward.py": r"[(,\[] ?\{12\}[),\]]",
}
"""Patterns that are made of a name or a number, as they may look."""


def source_files() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "\nimport re\n" in path.read_text()]


def methods_of(name: str, path: Path) -> frozenset[str]:
    """How a pattern of a module is used: in it, or wherever it is imported if it is public.

    A pattern of a list, or of a function, has another name where it is used: ``pattern``.
    """
    users = [path] if name.startswith("_") else PACKAGE.rglob("*.py")
    found: set[str] = set()
    for user in users:
        found.update(re.findall(rf"\b(?:{name}|pattern)\.([a-z]+)\(", user.read_text()))
    return frozenset(found & METHODS)


def inside(value: object) -> Iterator[re.Pattern]:
    """A pattern, or those of a list."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from inside(item)


def patterns_of(path: Path) -> Iterator[Pattern]:
    place = path.relative_to(PACKAGE).as_posix()
    module = import_module(".".join(("costcalc", *path.relative_to(PACKAGE).with_suffix("").parts)))
    tree = ast.parse(path.read_text())
    if hasattr(module, "_token"):
        yield Pattern(f"{place}:_token()", module._token(), methods_of("_token", path))
    for name, value in vars(module).items():
        for number, pattern in enumerate(inside(value)):
            at = f"{place}:{name}{[number] if value is not pattern else ''}"
            yield Pattern(at, pattern, methods_of(name, path))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = node.func.value
        if not isinstance(owner, ast.Name) or owner.id != "re" or node.func.attr == "escape":
            continue
        name = node.func.attr
        if name == "compile":
            continue
        text = node.args[0]
        flags = next((keyword.value for keyword in node.keywords if keyword.arg == "flags"), None)
        if isinstance(text, ast.Constant):
            source = text.value
        elif isinstance(text, ast.Name):
            source = getattr(module, text.id)
        else:
            source = DYNAMIC[place]
        flag = re.ASCII if flags is not None else 0
        yield Pattern(f"{place}:{node.lineno}", re.compile(source, flag), frozenset({name}))


ALL = [pattern for path in source_files() for pattern in patterns_of(path)]


def test_every_pattern_is_found() -> None:
    compiled = sum(path.read_text().count("re.compile(") for path in source_files())
    named = {pattern.place for pattern in ALL if not pattern.place[-1].isdigit()}
    assert len(named) >= compiled  # some are imported by several modules
    assert all(pattern.methods for pattern in ALL)


def seconds(pattern: Pattern, method: str, *arguments: str | bytes) -> float:
    """The processor time that one use of a pattern takes."""
    begun = time.process_time()
    result = getattr(pattern.pattern, method)(*arguments)
    if method == "finditer":
        deque(result, maxlen=0)
    return time.process_time() - begun


@pytest.mark.parametrize("pattern", ALL, ids=lambda pattern: pattern.place)
def test_a_pattern_takes_time_in_proportion_to_the_text(pattern: Pattern) -> None:
    is_bytes = isinstance(pattern.pattern.pattern, bytes)
    for prefix, unit, suffix in product(PREFIXES, UNITS, SUFFIXES):
        text = prefix + unit * (LENGTH // len(unit)) + suffix
        for method in pattern.methods:
            arguments = [""] if method == "sub" else []
            subject: str | bytes = text
            if is_bytes:
                arguments, subject = [argument.encode() for argument in arguments], text.encode()
            # On a busy machine a quick one may take long once, but not every time.
            is_quick = any(
                seconds(pattern, method, *arguments, subject) < PATTERN_SECONDS for _ in range(5)
            )
            assert is_quick, (pattern.place, method, prefix, unit, suffix)


COMMANDS = (
    "report {}",
    "report mobilenet_v1@{}",
    "report mobilenet_v1@alpha={}",
    "report mobilenet_v1 --alpha {}",
    "report mobilenet_v1 --res {}",
    "report mobilenet_v1 --set {}",
    "report mobilenet_v1 --set alpha={}",
    "report mobilenet_v1 --set {}=1",
    "report mobilenet_v1 --input {}",
    "report mobilenet_v1 --columns {}",
    "report mobilenet_v1 --sort {}",
    "report mobilenet_v1 --explain {}",
    "report mobilenet_v1 --convention {}",
    "report torch:{}",
    "report {}.onnx",
    "formula {}",
    "formula conv --over {}",
    "formula conv --with {}",
    "formula mobilenet_v1 --in {}",
    "compare mobilenet_v1 vgg16 --baseline {}",
    "compare conv@{} separable",
    "sweep mobilenet_v1 --alpha {}",
    "sweep mobilenet_v1 --alpha 1 --where {}",
    "sweep mobilenet_v1 --alpha 1 --top 1 --by {}",
    "solve mobilenet_v1 --for {} --max-params 1M",
    "solve mobilenet_v1 --for alpha --max-params {}",
    "solve mobilenet_v1 --for alpha --max-params 1M --step {}",
    "solve mobilenet_v1 --for alpha --max-params 1M --values {}",
    "reconcile mobilenet_v1 --printed {}",
    "reconcile mobilenet_v1 --between paper {}",
    "check {}",
    "check mobilenet_v1 --max-params {}",
    "diff mobilenet_v1 {}",
    "networks {}",
    "conventions {}",
    "kinds {}",
    "{}",
)
HOSTILE = ("1", "a", " ", "1,", "x1", "a=1,", "(", "e1", "a.")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_argument_of_any_length_is_refused_at_once(command: str) -> None:
    for unit in HOSTILE:
        text = unit * (NAME_LENGTH // len(unit))
        arguments = [word.replace("{}", text + "!") for word in command.split()]
        begun = time.process_time()
        result = CliRunner().invoke(main, arguments)
        taken = time.process_time() - begun
        assert isinstance(result.exception, SystemExit | None), (unit, result.exception)
        assert taken < NAME_SECONDS, (unit, taken)


SPECS = (
    "{input: [3, 8, 8], layers: [{conv: {out: 4, kernel: 3, name: NAME}}]}",
    "{input: [3, 8, 8], layers: [{conv: {out: NAME, kernel: 3}}]}",
    "{input: [3, 8, 8], layers: [{conv: {out: 4, patch: NAME}}]}",
    "{input: [3, 8, 8], layers: [{NAME: 4}]}",
    "{input: [3, 8, 8], layers: [{relu: {NAME: 4}}]}",
    "{input: NAME, layers: [relu]}",
    "{input: [3, 8, 8], parameters: {NAME: 4}, layers: [relu]}",
    "{input: [3, 8, 8], parameters: {a: {default: 1, choices: [1, NAME]}}, layers: [relu]}",
    "{name: NAME, input: [3, 8, 8], layers: [{conv: {out: 4, kernel: 3}}]}",
    "{input: [3, 8, 8], params: NAME, layers: [relu]}",
    "{input: [3, 8, 8], layers: [{relu: {input: NAME}}]}",
)


@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_with_text_of_any_length_is_read_or_refused_at_once(spec: str, tmp_path) -> None:
    path = tmp_path / "net.yaml"
    commands = (["report", str(path)], ["import", str(path)], ["export", str(path)])
    for unit in ("1", "a", "a1", "1x", "1 x ", "a/", "_", "1,", "( "):
        text = unit * (NAME_LENGTH // len(unit))
        path.write_text(spec.replace("NAME", f'"{text}"'))
        for command in commands:
            begun = time.process_time()
            result = CliRunner().invoke(main, command)
            taken = time.process_time() - begun
            assert isinstance(result.exception, SystemExit | None), (unit, result.exception)
            assert taken < NAME_SECONDS, (command, unit, taken)


@pytest.mark.parametrize("known", [10, 30_000, 1_000_000])
def test_suggestions_for_many_unknown_names_are_bounded(known: int) -> None:
    """Of a thousand errors, each names one of a few; of too many names, none is suggested."""
    names = [f"name_{number}" for number in range(known)]
    begun = time.process_time()
    suggestions = {did_you_mean(f"nam_{number}", names) for number in range(1000)}
    assert time.process_time() - begun < NAME_SECONDS
    assert ("" in suggestions) == (known > 30_000)
