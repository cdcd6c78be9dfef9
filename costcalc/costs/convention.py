"""Conventions: data files that say which events count, and for how much."""

from __future__ import annotations

import os
from collections.abc import Mapping as MappingOf
from typing import NamedTuple

from costcalc.errors import ConventionError, Mark, Problem, Problems, did_you_mean
from costcalc.kinds import TABLE
from costcalc.kinds.base import Events, Kind
from costcalc.spec.document import Expression
from costcalc.spec.library import read_bytes
from costcalc.spec.nodes import parse
from costcalc.spec.tree import Mapping, Node, Scalar
from costcalc.spec.values import Values

METRICS = ("mult_adds", "params")
"""What a convention counts."""

_KEYS = ("name", "title", "source", "unit", *METRICS)
_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "conventions")

Rules = MappingOf[str, Expression | None]
"""A rule for each kind or family: an expression over events, None where it is free."""


class Convention(NamedTuple):
    """One way to count, with its source."""

    name: str
    title: str
    source: str
    unit: str
    mult_adds: Rules
    params: Rules

    def rule(self, metric: str, kind: Kind) -> Expression | None:
        """The rule for a kind, or for its family; None where it is free.

        Raises:
            ConventionError: the convention says nothing of this kind.
        """
        rules: Rules = self.mult_adds if metric == "mult_adds" else self.params
        for name in (kind.name, kind.family):
            if name in rules:
                return rules[name]
        raise ConventionError(
            [
                Problem(
                    None,
                    f"convention '{self.name}' does not define the {metric} of '{kind.name}'",
                    expected=f"a rule for '{kind.name}' or for its family '{kind.family}'",
                )
            ]
        )


def load(name: str) -> Convention:
    """The convention of that name, or the one in the file of that path.

    Raises:
        ConventionError: there is none, or it is wrong.
    """
    path = os.path.join(_FOLDER, f"{name}.yaml")
    if os.sep in name or name.endswith(".yaml"):
        path = name
    elif name not in available():
        raise ConventionError(
            [
                Problem(
                    None,
                    f"there is no convention '{name}'",
                    expected="one of " + ", ".join(available()) + ", or the path of a file",
                    hint=did_you_mean(name, available()),
                )
            ]
        )
    problems = Problems()
    root = parse(read_bytes(path, path), path, problems)
    if not isinstance(root, Mapping):
        problems.add(root.mark, "a convention is a mapping", expected=", ".join(_KEYS))
        problems.raise_any(ConventionError)
        raise AssertionError("unreachable: a problem was noted")
    convention = _convention(root, problems)
    problems.raise_any(ConventionError)
    return convention


def available() -> list[str]:
    """The names of the conventions that ship."""
    files = os.listdir(_FOLDER)
    return sorted(file[: -len(".yaml")] for file in files if file.endswith(".yaml"))


def _convention(root: Mapping, problems: Problems) -> Convention:
    for key, _ in root.entries:
        if key.text not in _KEYS:
            problems.add(
                key.mark,
                f"a convention has no '{key.text}'",
                expected="one of " + ", ".join(_KEYS),
                hint=did_you_mean(key.text, _KEYS),
            )
    texts = {}
    for name in ("name", "title", "source", "unit"):
        node = root.get(name)
        if not isinstance(node, Scalar) or not node.text:
            problems.add(
                node.mark if node else root.mark,
                f"a convention states its {name}",
                expected="a line of text",
            )
        else:
            texts[name] = node.text
    rules = {metric: _rules(root.get(metric), metric, root.mark, problems) for metric in METRICS}
    if problems:
        problems.raise_any(ConventionError)
    return Convention(**texts, mult_adds=rules["mult_adds"], params=rules["params"])


def _rules(node: Node | None, metric: str, mark: Mark, problems: Problems) -> Rules:
    if not isinstance(node, Mapping):
        problems.add(
            node.mark if node else mark,
            f"a convention has rules for {metric}",
            expected="'kind: rule'",
        )
        return {}
    known = {kind.name for kind in TABLE} | {kind.family for kind in TABLE}
    values = Values(Events._fields, problems)
    rules: dict[str, Expression | None] = {}
    for key, rule in node.entries:
        if key.text not in known:
            problems.add(
                key.mark,
                f"'{key.text}' is neither a layer kind nor a family of kinds",
                hint=did_you_mean(key.text, known),
            )
        elif isinstance(rule, Scalar) and rule.text == "free":
            rules[key.text] = None
        else:
            expression = values.expression(rule)
            if expression is not None:
                rules[key.text] = expression
    return rules
