"""What may be said of a figure: its network, its layers, how the paper counts, what is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from costcalc.claims.claim import ClaimedNetwork, Counting, Erratum, Quantity, Subject
from costcalc.claims.measure import METRICS
from costcalc.claims.networks import Networks, read_settings, with_settings
from costcalc.errors import CostcalcError, Problems
from costcalc.reporting.printed import Figure, parse
from costcalc.spec import limits
from costcalc.spec.keys import refuse_others
from costcalc.spec.numbers import ExpressionError
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given
from costcalc.spec.values import Values

SUBJECT = ("network", "at", "only", "side")
"""What a figure speaks of."""

COUNTING = ("convention", "without", "times")
"""How the paper counts."""

ATTRIBUTES = (*SUBJECT, *COUNTING, "over", "id", "row", "about", "note", "unexplained", "erratum")
"""What may be said of a figure."""

Nodes = Mapping[str, Node]


class AttributeReader:
    """Reads attributes, of which each figure has inherited its own set."""

    def __init__(
        self, path: str, problems: Problems, networks: Networks, inline: Mapping[str, str]
    ) -> None:
        self.folder = os.path.dirname(os.path.abspath(path))
        self.problems = problems
        self.networks = networks
        self.inline = inline

    def figure(self, node: Node) -> Figure | None:
        """The figure that a scalar prints; None after a problem was noted."""
        if not isinstance(node, Scalar):
            self.problems.add(node.mark, "a figure is expected here", found=str(node))
            return None
        try:
            return parse(node.text)
        except ExpressionError as error:
            self.problems.add(node.mark, error.message, expected=error.expected, found=str(node))
            return None

    def quantity(self, metric: str, nodes: Nodes, node: Node) -> Quantity | None:
        """What the figure at ``node`` speaks of; None after a problem was noted."""
        subject = self.subject(nodes, node)
        if subject is None:
            return None
        over: Subject | None = None
        relation = METRICS[metric][1]
        if relation is not None and relation.needs_over:
            if "over" not in nodes:
                self.problems.add(
                    node.mark,
                    f"{metric} compares two things",
                    hint="'over:' and the second of them",
                )
                return None
            over = self.over(nodes)
            if over is None:
                return None
        return Quantity(metric, subject, self.counting(nodes), over)

    def over(self, nodes: Nodes) -> Subject | None:
        """The second thing of a comparison; the same network where it names none."""
        node = nodes["over"]
        if not isinstance(node, MapNode):
            return self.subject({"network": node}, node)
        self.refuse(node, SUBJECT, "'over'")
        inner = {key.text: value for key, value in node.entries}
        network = {name: nodes[name] for name in ("network", "at") if name in nodes}
        return self.subject({**network, **inner}, node)

    def subject(self, nodes: Nodes, node: Node) -> Subject | None:
        """The layers that are meant; None after a problem was noted."""
        named = nodes.get("network")
        if named is None:
            self.problems.add(
                node.mark, "the figure does not name its network", hint="network: name"
            )
            return None
        settings = self.settings(nodes.get("at"))
        networks = [self.network(item) for item in _items(named)]
        if settings is None or any(network is None for network in networks):
            return None
        return Subject(
            tuple(with_settings(network, settings) for network in networks if network is not None),
            self.words(nodes.get("only")),
            self.whole(nodes.get("side"), "the side of a map"),
        )

    def network(self, node: Node) -> ClaimedNetwork | None:
        """The network that a scalar names; None after a problem was noted."""
        if not isinstance(node, Scalar) or not node.text:
            self.problems.add(node.mark, "a network's name is expected here", found=str(node))
            return None
        name, _, settings = node.text.partition("@")
        try:
            if name in self.inline:
                network = ClaimedNetwork(name, self.inline[name])
                return with_settings(network, read_settings(settings)) if settings else network
            return self.networks.find(node.text, self.folder)
        except CostcalcError as error:
            for problem in error.problems:
                self.problems.add(problem.mark or node.mark, *problem[1:])
        except ExpressionError as error:
            self.problems.add(node.mark, error.message, expected=error.expected, found=str(node))
        return None

    def settings(self, node: Node | None) -> dict[str, Any] | None:
        """``alpha=0.5,res=160``; None after a problem was noted."""
        value = given(node)
        if value is None:
            return {}
        if not isinstance(value, Scalar):
            self.problems.add(value.mark, "settings are a word", expected="alpha=0.5,res=160")
            return None
        try:
            return read_settings(value.text)
        except CostcalcError as error:
            for problem in error.problems:
                self.problems.add(value.mark, *problem[1:])
        except ExpressionError as error:
            self.problems.add(value.mark, error.message, expected=error.expected, found=str(value))
        return None

    def counting(self, nodes: Nodes) -> Counting:
        """How the paper counts."""
        convention = self.text(nodes.get("convention"))
        times = self.whole(nodes.get("times"), "the operations of a multiply-accumulate")
        convention = convention or self.networks.convention
        return Counting(convention, self.words(nodes.get("without")), times or 1)

    def words(self, node: Node | None) -> tuple[str, ...]:
        """One name or a list of names."""
        value = given(node)
        names = []
        for item in _items(value) if value is not None else ():
            if isinstance(item, Scalar) and item.text:
                names.append(item.text)
            else:
                self.problems.add(item.mark, "a name is expected here", found=str(item))
        return tuple(names)

    def whole(self, node: Node | None, what: str) -> int | None:
        """A whole number above zero, or nothing."""
        value = given(node)
        if value is None:
            return None
        digits = value.text if isinstance(value, Scalar) and value.text.isdecimal() else ""
        if 0 < len(digits) <= limits.DIGITS and int(digits) > 0:
            return int(digits)
        self.problems.add(value.mark, f"{what} must be a whole number above zero", found=str(value))
        return None

    def text(self, node: Node | None) -> str:
        """A line of text; empty where there is none."""
        value = given(node)
        if value is None or isinstance(value, Scalar):
            return value.text if value is not None else ""
        self.problems.add(value.mark, "a line of text is expected here", found=str(value))
        return ""

    def erratum(self, metric: str, nodes: Nodes) -> Erratum | None:
        """What is wrong with the print, pinned and reproduced; None where nothing is."""
        node = given(nodes.get("erratum"))
        if node is None:
            return None
        if not isinstance(node, MapNode):
            self.problems.add(node.mark, "an erratum is a mapping", expected=_ERRATUM)
            return None
        self.refuse(node, ("why", "computed", *_REPRODUCES), "an erratum")
        why, computed = node.get("why"), node.get("computed")
        ways = [name for name in _REPRODUCES if node.get(name) is not None]
        if not isinstance(why, Scalar) or computed is None or len(ways) != 1:
            self.problems.add(
                node.mark,
                "an erratum says why, pins the computed value and reproduces the printed one",
                expected=_ERRATUM,
            )
            return None
        pinned = self.figure(computed)
        if pinned is None:
            return None
        reads, gives, counts = (node.get(name) for name in _REPRODUCES)
        other: Quantity | None = None
        if isinstance(counts, MapNode):
            self.refuse(counts, (*SUBJECT, *COUNTING, "over"), "'counts'")
            inner = {key.text: value for key, value in counts.entries}
            other = self.quantity(metric, {**nodes, **inner}, counts)
        elif counts is not None:
            self.problems.add(counts.mark, "'counts' is a mapping", expected="{without: fc}")
        return Erratum(
            why=why.text,
            computed=pinned,
            mark=node.mark,
            reads=self.figure(reads) if reads is not None else None,
            counts=other,
            gives=Values(("computed",), self.problems).expression(gives) if gives else None,
        )

    def refuse(self, node: MapNode, allowed: tuple[str, ...], what: str) -> None:
        """Notes every unknown key."""
        refuse_others(node.keys, allowed, f"{what} has no", self.problems)


_REPRODUCES = ("reads", "gives", "counts")
"""The ways in which an erratum reproduces the printed figure."""

_ERRATUM = (
    "{why: ..., computed: FIGURE, and one of reads: FIGURE, gives: ARITHMETIC, counts: {...}}"
)


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, ListNode) else (node,)
