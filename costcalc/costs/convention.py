"""Conventions, which are data files: where they are and how they are read."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.costs.names import GENERAL, attributes_of, known_names
from costcalc.costs.rule_file import RuleFile
from costcalc.costs.rules import COUNTS, UNITS, WEIGHTS_ALONE, Convention, Rule, Rules
from costcalc.errors import ConventionError, Problems, did_you_mean
from costcalc.kinds import TABLE
from costcalc.spec.data_file import Shelf
from costcalc.spec.library import NameOrPath, read_bytes, read_shipped
from costcalc.spec.tree import MapNode, Node
from costcalc.spec.values import Values, line

REQUIRED = ("name", "title", "source", "unit")
OPTIONAL = ("tool", "version", "implementation", "weights_alone")
KEYS: Mapping[str, str] = {
    "name": "its name",
    "title": "what it counts, in a line",
    "source": "where it is stated: a paper's section, a tool's file",
    "unit": "macs, one for each multiply-accumulate, or flops, two",
    "tool": "the tool that counts this way, and the call",
    "version": "the tool's version",
    "implementation": "the implementation of networks that it is usually run on",
    "weights_alone": "whether work on weights alone, such as a power iteration, is counted",
    "extends": "the convention that ships whose rules apply where this one has none",
    "mult_adds": "what a layer counts, by its kind or family",
    "params": "the params that a layer counts, by its kind or family",
    "undefined": "why a kind, or a family, has no rule",
}
"""What a convention states."""
SHELF = Shelf("convention", "conventions", ConventionError, first="paper")


def load(name: NameOrPath) -> Convention:
    """The convention of that name, or the one in the file of that path.

    Raises:
        ConventionError: there is no such convention, or it is wrong.
    """
    return SHELF.load(name, _read)


def _read(path: str) -> Convention:
    problems = Problems()
    convention = _ConventionReader(path, problems).convention()
    problems.raise_any(ConventionError)
    return convention


def load_convention(convention: NameOrPath, unit: str | None) -> Convention:
    """A convention by name or path, converted to a unit if one is given.

    Raises:
        ConventionError: there is no such convention, or it is wrong.
    """
    return load(convention).converted(unit)


def available() -> list[str]:
    """The names of the conventions that ship with costcalc, those of papers first."""
    return SHELF.names()


class _ConventionReader(RuleFile):
    """Reads one file; errors go to ``problems``."""

    def __init__(self, path: str, problems: Problems) -> None:
        super().__init__(path, SHELF, KEYS, Values(known_names(), problems), problems)

    def convention(self) -> Convention:
        root = self.mapping(self.root())
        base = self.base(root)
        extended = _read(base) if base is not None else None
        texts = {
            name: self.text(root, name, name in REQUIRED, extended)
            for name in (*REQUIRED, *OPTIONAL)
        }
        if texts["unit"] and texts["unit"] not in UNITS:
            node = root.get("unit")
            self.problems.add(
                node.mark if node else root.mark,
                f"a convention counts in {' or '.join(UNITS)}",
                found=f"'{texts['unit']}'",
                hint=did_you_mean(texts["unit"], UNITS),
            )
        if texts["weights_alone"] and texts["weights_alone"] not in WEIGHTS_ALONE:
            node = root.get("weights_alone")
            self.problems.add(
                node.mark if node else root.mark,
                f"work on weights alone is {' or '.join(WEIGHTS_ALONE)}",
                found=f"'{texts['weights_alone']}'",
                hint=did_you_mean(texts["weights_alone"], WEIGHTS_ALONE),
            )
        self.check_name(root, texts["name"])
        rules = {
            metric: self.rules(
                root, metric, extended.rules(metric) if extended else None, texts["source"]
            )
            for metric in COUNTS
        }
        return Convention(
            name=texts["name"],
            title=texts["title"],
            tool=texts["tool"],
            version=texts["version"],
            source=texts["source"],
            unit=texts["unit"],
            implementation=texts["implementation"] or "paper",
            mult_adds=rules["mult_adds"],
            params=rules["params"],
            undefined=self.undefined(root, extended),
            weights_alone=texts["weights_alone"] or "counted",
        )

    def root(self) -> Node:
        """The file's nodes; for the default convention, as they are stored."""
        if self.shelf.holds(self.path):
            return read_shipped(self.path, self.problems)
        from costcalc.spec.nodes import parse

        return parse(read_bytes(self.path, self.path), self.path, self.problems, self.noun)

    def undefined(self, root: MapNode, extended: Convention | None) -> Mapping[str, str]:
        """Why the convention has no rule for some kinds."""
        node = root.get("undefined")
        reasons = dict(extended.undefined) if extended else {}
        if node is None:
            return reasons
        if not isinstance(node, MapNode):
            self.problems.add(
                node.mark,
                "a convention must state why it does not define a kind",
                expected="'kind: reason'",
                found=str(node),
            )
            return reasons
        for key, reason in node.entries:
            if self.is_named(key):
                reasons[key.text] = line(reason, self.problems)
        return reasons

    def rules(self, root: MapNode, metric: str, inherited: Rules | None, source: str) -> Rules:
        node = root.get(metric)
        rules = dict(inherited or {})
        if node is None and (inherited is not None or self.lacks_base):
            return rules
        if not isinstance(node, MapNode):
            self.problems.add(
                node.mark if node else root.mark,
                f"a convention must have rules for {metric}",
                expected="'kind: rule'",
                found=str(node) if node else "",
            )
            return rules
        for key, body in node.entries:
            rule = self.rule(body, source) if self.is_named(key) else None
            if rule is not None:
                rules[key.text] = rule
        self.check_attributes(rules)
        return rules

    def check_attributes(self, rules: Rules) -> None:
        """Notes the rules that use an attribute which some kind under them does not have."""
        for kind in TABLE:
            rule = rules.get(kind.name) or rules.get(kind.family)
            if rule is None or rule.expression is None or kind.becomes:
                continue
            specific = rule.expression.names - GENERAL
            if not specific:
                continue
            attributes = attributes_of(kind)
            for name in sorted(specific - attributes):
                self.problems.add(
                    rule.expression.mark,
                    f"'{kind.name}' has no '{name}', but this rule applies to it",
                    expected=", ".join(sorted(attributes)) or "no attribute",
                    found=f"'{rule.text}'",
                    hint=f"a rule for '{kind.name}' of its own",
                )


__all__ = ["COUNTS", "UNITS", "Convention", "Rule", "available", "load"]
