"""Claims files and conventions, changed."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import yaml

from costcalc.costs import convention
from tests.drawing.draws import Draws
from tests.fuzz import command_lines, mutations
from tests.fuzz.case import Case

ROOT = Path(__file__).parents[2]

CLAIMS = """
paper: A Paper
arxiv: "1704.04861"
network: net.yaml
claims:
  - {params: 504, mult_adds: 393 K, id: first}
  - {at: alpha=0.5, params: "<= 100K", note: "a budget"}
  - {only: fc1, params_share: 23.81 %}
  - {over: net.onnx, mult_adds_ratio: "<= 1.1 x"}
  - {network: [net.yaml, wide.yaml], storage: tflm, planner: liveness, peak_bytes: 16 KB}
  - {only: conv*, batch: 2, storage: int4-weights, weight_bytes: "<= 1 KiB"}
  - {only: fc1, storage: mcunet, traffic_bytes_share: 50 %}
  - {network: own, layer_count: 1}
  - params: 500
    about: about 500
    erratum: {why: rounded, computed: "504", gives: floor(computed / 100) * 100}
  - {mult_adds: 0.79 M, times: 2, convention: torch, without: [fc1], side: 16}
  - {map_side: 16, only: conv*, unexplained: 16}
networks:
  own: {input: [3, 8, 8], layers: [{conv: {out: 4, kernel: 3}}]}
tables:
  - table: Table 6
    title: width multiplier
    columns: [row, id, at, mult_adds: t.*.macs, {params: t.*.params, convention: paper-with-bias}]
    rows:
      - [full, a, ~, 393 K, 504]
      - [half, b, alpha=0.5, 100 K, 200]
undetermined:
  - {reason: it was measured, figures: [[speed, Table 7, latency, 12 ms]]}
"""
"""A claims file with most of what one may say."""


@cache
def claims() -> tuple[str, ...]:
    """The files that are changed."""
    page = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    ours = [text.replace("mynet.yaml", "net.yaml") for text in examples if "network: " in text]
    return (*(CLAIMS,) * len(ours), *ours)


def changed_claims(draws: Draws) -> Case:
    """A claims file, changed, and checked."""
    more = (
        ("--format", draws.of("table", "json", "csv", "junit", "github")) if draws.chance(2) else ()
    )
    return Case(("check", "case.yaml", *more), {"case.yaml": _changed(draws, claims())})


@cache
def conventions() -> tuple[str, ...]:
    """The files that are changed."""
    folder = Path(convention.__file__).parents[1] / "conventions"
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml")))
    return tuple(re.sub(r"(?m)^name: .*$", "name: mine", text) for text in texts)


def changed_convention(draws: Draws) -> Case:
    """A convention, changed, and used."""
    line = draws.of(
        ("report", "net.yaml", "--convention", "case.yaml"),
        ("report", "wide.yaml", "--convention", "case.yaml", "--format", "json"),
        ("conventions", "case.yaml"),
        ("reconcile", "net.yaml", "--between", "paper", "case.yaml"),
        ("compare", "net.yaml", "net.onnx", "--convention", "case.yaml"),
        ("formula", "net.yaml", "--convention", "case.yaml"),
        ("sweep", "net.yaml", "--alpha", "0.5,1", "--convention", "case.yaml"),
        command_lines.line(draws),
    )
    return Case(line, {"case.yaml": _changed(draws, conventions())})


def _changed(draws: Draws, texts: tuple[str, ...]) -> bytes:
    index = draws.whole(0, len(texts) - 1)
    if draws.chance(2):
        return mutations.encoded(mutations.of_words(draws, texts[index]))
    trees = _trees(texts)
    tree = mutations.of_tree(draws, json.loads(trees[index]), [json.loads(draws.of(*trees))])
    return mutations.encoded(json.dumps(tree, ensure_ascii=draws.chance(2)))


@cache
def _trees(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The texts as JSON, which YAML is read from, too, and a hundred times as fast."""
    return tuple(json.dumps(yaml.load(text, yaml.CSafeLoader)) for text in texts)
