"""Specs: single layers of every kind, random networks, and changed examples of the language."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from costcalc.errors import CostcalcError, CostcalcWarning
from costcalc.graph.expand import expand
from costcalc.kinds import TABLE
from costcalc.kinds.base import Kind
from costcalc.kinds.examples import EXAMPLES, steps, written
from costcalc.spec import library
from costcalc.spec.arguments import COMMON, FUSED
from costcalc.spec.reader import read
from tests.drawing import steps as drawing
from tests.drawing.draws import Draws, Shape
from tests.exporters.every_kind import specs as examples_of_kinds
from tests.fuzz import agreements, command_lines, hostile, mutations
from tests.fuzz.case import Case
from tests.spec.test_language_page import FRAGMENTS, SPECS

PATH = "case.yaml"

LANGUAGE = """
name: all of it
source: {paper: "A Paper", arxiv: "1704.04861", table: "Table 1"}
input: [3, res, res]
parameters:
  res: {default: 32, range: [8, ~], doc: input resolution}
  base: {default: 8, width: true}
  n: {default: 2, range: [0, 5]}
  e1: {default: 1/2, range: [0, 2]}
  kind: {default: a, choices: [a, b]}
variants:
  table: Table 2
  columns: [Model: size, n, kind, top1, {"#Params": params, convention: paper-with-norm}]
  rows:
    - [7B, ~, ~, 61.2, "<= 1 M"]
    - [1.5x, 3, b, ~, {figure: "<= 2 M", at: alpha=0.5}]
    - ["a@b c", 0, ~, 70, ~]
params: "<= 1M"
mult_adds: "<= 10M"
claims: [{at: alpha=0.5, params: "<= 100K"}]
accuracy: [{at: {alpha: 0.5}, top1: 60.1, source: "Table 2"}]
width_rounding: {divisible_by: 4}
use: [squeeze_excite]
defaults:
  conv: {norm: batch, act: relu}
blocks:
  unit:
    parameters: {out: ~, stride: 1, t: 2}
    layers:
      - residual:
          only_if: stride == 1 and in == out
          layers:
            - pointwise: {out: in * t, act: relu6, when: t > 1}
            - depthwise: {kernel: 3, stride: stride, name: wise}
            - pointwise: out
layers:
  - conv: {out: base, kernel: 3, stride: 2, name: stem}
  - table:
      layer: unit
      columns: [t, c: out, n: repeat, s: stride]
      first_only: [stride]
      rows:
        - [1, 8, 1, 1]
        - {repeat: 2, rows: [[2, 12, n, 2]]}
  - residual:
      - sequence:
          execute: 0.5
          gate: [global_avg_pool, fc: fixed(1)]
          layers: [{conv: {out: in, kernel: 3, shares: filters}}]
  - conv: {patch: 3x3/1, out: {kind: {a: 8, b: 12}}, functional: true}
  - sequence: {name: tail, repeat: n, layers: [relu, {conv: {out: in, kernel: 3x1}}]}
  - concat:
      branches:
        left: [{pointwise: 4}]
        right: [{max_pool: {kernel: 3, stride: 1, padding: same}}]
  - multiply: {name: gated, branches: [[], [global_avg_pool, {pointwise: in}, sigmoid]]}
  - conv: {out: "round_to_multiple(e1 * 16, 8)", kernel: 1, when: kind == 'a', shares: w}
  - add: {from: [gated, gated]}
  - global_avg_pool
  - dropout: 0.2
  - fc: {out: 10, name: classes}
"""
"""A spec with much of the language in it, small enough to be counted in a millisecond."""


@cache
def seeds() -> tuple[str, ...]:
    """The texts that are changed: the language page's examples, and an example of each kind."""
    refused = "- concat: {from: [left, add1]}\n"
    fragments = (
        f"input: [3, 224, 224]\nlayers:\n{text.replace(refused, '')}" for text in FRAGMENTS
    )
    return (*(LANGUAGE,) * 8, *SPECS, *fragments, *examples_of_kinds().values())


@cache
def shipped() -> tuple[str, ...]:
    """The specs that ship, the small ones more often."""
    folder = Path(library.shipped_folder())
    paths = (path for path in sorted(folder.glob("*.yaml")) if path.name != "names.yaml")
    return tuple(path.read_text(encoding="utf-8") for path in paths)


@cache
def trees() -> tuple[str, ...]:
    """All of them as JSON, which YAML is read from, too, and a hundred times as fast."""
    return tuple(json.dumps(yaml.load(text, yaml.CSafeLoader)) for text in (*seeds(), *shipped()))


def case(draws: Draws, text: str, agreement: str = "") -> Case:
    """A command line over a spec."""
    line = command_lines.of(draws, PATH)
    return Case(line, {PATH: mutations.encoded(text)}, b"", agreement, PATH)


def changed_text(draws: Draws) -> Case:
    """A spec of the language page or of the collection, with some words changed."""
    text = draws.of(*(shipped() if draws.chance(4) else seeds()))
    return case(draws, mutations.of_words(draws, text))


def changed_tree(draws: Draws) -> Case:
    """A spec with values, keys and parts changed or exchanged with those of others."""
    tree = json.loads(draws.of(*(trees() if draws.chance(6) else trees()[: len(seeds())])))
    others = [json.loads(draws.of(*trees()))]
    tree = mutations.of_tree(draws, tree, others)
    return case(draws, json.dumps(tree, ensure_ascii=draws.chance(2)))


# Layers -----------------------------------------------------------------------------


def layer(draws: Draws) -> Case:
    """A layer of any kind, with attributes near those of its example, or far from them."""
    kind = draws.of(*TABLE)
    example = EXAMPLES[kind.name]
    attributes = dict(draws.of(example.attributes, *example.forms))
    source = draws.of(example.inputs[0] if example.inputs else example.output, _shape(draws))
    for name, reads in kind.attributes.items():
        if draws.chance(3):
            attributes[name] = _attribute(draws, reads)
    lines = steps(kind, attributes, "example", source)
    if not example.inputs:
        lines.append("add: {from: [input, example]}")
    if draws.chance(3):
        lines[-1] = _with_more(draws, kind, lines[-1])
    if draws.chance(4):
        lines.append(draws.of("relu", "fc: 3", "flatten", "conv: {out: 2, kernel: 1}", "softmax"))
    text = f"input: {written(source)}\nlayers:\n" + "".join(f"  - {line}\n" for line in lines)
    return case(draws, text, agreements.of_spec(draws) if draws.chance(6) else "")


def _shape(draws: Draws) -> Shape:
    shape = tuple(draws.upto(9) for _ in range(draws.upto(5, 0)))
    if shape and draws.chance(8):
        shape = (*shape[1:], draws.of(*hostile.INTEGERS))
    return shape


def _attribute(draws: Draws, reads: Any) -> Any:
    """A value of about the right type."""
    what = getattr(reads, "__metadata__", ("",))[0]
    if draws.chance(5):
        return _flow(draws)
    if "true" in what:
        return draws.chance(2)
    if "'same'" in what:
        return draws.of("same", "valid", draws.upto(3, 0), ((1, 0), (0, 1)), (1, 2))
    if "word" in what:
        return draws.of("zero", "reflect", "replicate", "circular", "nearest", "bilinear", "norm")
    if "one for each" in what or "several" in what:
        return draws.of(draws.upto(4, -1), tuple(draws.upto(4, -1) for _ in range(draws.upto(3))))
    if "shape" in what:
        return tuple(draws.upto(9, -1) for _ in range(draws.upto(4, 0)))
    return draws.of(draws.upto(12, -1), hostile.integer(draws))


def _flow(draws: Draws) -> str:
    return json.dumps(hostile.value(draws), ensure_ascii=draws.chance(2))


def _with_more(draws: Draws, kind: Kind, line: str) -> str:
    """The step with an argument that every step may have."""
    name = draws.of(*COMMON, *FUSED, "branches", "layers", "width", draws.of(*hostile.WORDS[:24]))
    value = draws.of(
        *(
            "input",
            "2",
            "true",
            "batch",
            "relu",
            "res > 2",
            "0",
            "3x3",
            "7x7/2",
            "[input, example]",
        ),
        *("alpha", "example", "stride", "kernel", "[1, 2]", _flow(draws)),
    )
    more = f"{json.dumps(name)}: {value}"
    head, _, tail = line.partition(": ")
    if tail.startswith("{"):
        return f"{head}: {tail[:-1]}, {more}}}"
    main = f"{kind.main}: {tail}, " if tail and kind.main else ""
    return f"{head}: {{{main}{more}}}"


# Networks ---------------------------------------------------------------------------


def network(draws: Draws) -> Case:
    """A random network, about which all ways to count must agree."""
    spec = drawing.network(draws.whole, after)
    text = json.dumps(spec)
    line = ("report", PATH, "--format", "json")
    return Case(line, {PATH: text.encode()}, b"", agreements.of_network(draws), PATH)


def after(shape: Shape, step: drawing.Step, named: Mapping[str, Shape]) -> Shape | None:
    """The shape after a step, by costcalc's own rules; None where it is refused."""
    above = [{"constant": {"name": name, "shape": list(side)}} for name, side in named.items()]
    spec = {"input": list(shape), "layers": [*above, {"identity": {"from": "input"}}, step]}
    warnings.simplefilter("ignore", CostcalcWarning)  # the command line shows it
    try:
        graph = expand(read(json.dumps(spec).encode(), PATH, lambda name: None), {})
    except CostcalcError:
        return None
    output: Shape = graph.layers[-1].output
    return output
