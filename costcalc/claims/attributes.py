"""The attributes of a figure: its network and layers, how the paper counts, known errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from typing import Any

from costcalc import metrics
from costcalc.arena.plan import named_planner
from costcalc.claims.claim import ClaimedNetwork, Counting, Erratum, Quantity, Subject
from costcalc.claims.measure import FORMER, METRICS
from costcalc.claims.networks import Networks, read_settings, with_settings
from costcalc.costs import convention as conventions
from costcalc.errors import CostcalcError, Problems
from costcalc.graph.budgets import wrong_unit
from costcalc.graph.whole_numbers import WHOLE_NUMBERS
from costcalc.performance import DTYPES
from costcalc.performance import files as devices
from costcalc.reporting.printed import Figure, parse
from costcalc.spec import limits
from costcalc.spec.data_file import is_path
from costcalc.spec.document import Expression
from costcalc.spec.keys import refuse_others
from costcalc.spec.numbers import ExpressionError
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given
from costcalc.spec.values import Values
from costcalc.storing import files

SUBJECT: Mapping[str, str] = {
    "network": "the network, or a list of networks taken together",
    "at": "its settings, as in alpha=0.5,res=160",
    "only": "layers, blocks, types or kinds that the figure is about; by default all",
    "side": "only layers whose output maps have this side",
}
"""What a figure is about."""

COUNTING: Mapping[str, str] = {
    "convention": "the convention that counts, by name or path; by default paper",
    "without": "layers, blocks, types or kinds that the paper leaves out",
    "times": "operations for each multiply-accumulate",
    "storage": "how bytes are kept: a storage's name or path",
    "planner": "the planner of peaks; by default the storage's",
    "batch": "how many inputs are run at once",
    "device": "the device of times and energy: its name or path",
    "dtype": "what is multiplied; by default what the storage, or the device, has",
}
"""How the paper counts it."""

ATTRIBUTES: Mapping[str, str] = {
    **SUBJECT,
    **COUNTING,
    "over": "what a ratio, an increase or a difference compares with: a network, or its attributes",
    "id": "the name of the figure, or of the figures of a row",
    "row": "the label of the row",
    "digits": "how many digits are significant, if the others are zeros to fill it up",
    "about": "the words that make it approximate: 'about', 'nearly'",
    "note": "what a reader must know of it",
    "quotient": "the ids of the two printed figures of which a ratio is the quotient",
    "gives": "arithmetic with 'computed' that gives the printed figure; a note says why",
    "unexplained": "the recomputed value of a figure known not to reproduce",
    "erratum": "why the figure differs from what the architecture gives",
}
"""All attributes of a figure."""

ERRATUM: Mapping[str, str] = {
    "why": "the reason",
    "computed": "the recomputed value, which must hold",
    "reads": "the figure that the paper should print",
    "gives": "arithmetic with 'computed' that gives the printed figure",
    "counts": "attributes of another count, which gives the printed figure",
}
"""What an erratum states: why, the recomputed value, and one way to the printed figure."""

Nodes = Mapping[str, Node]


def attributes_in(node: MapNode) -> dict[str, Node]:
    """The attributes among the entries of a mapping."""
    return {key.text: value for key, value in node.entries if key.text in ATTRIBUTES}


class AttributeReader:
    """Reads the attributes of figures, inherited ones included; notes problems."""

    def __init__(
        self, path: str, problems: Problems, networks: Networks, inline: Mapping[str, str]
    ) -> None:
        self.folder = os.path.dirname(os.path.abspath(path))
        self.problems = problems
        self.networks = networks
        self.inline = inline

    def figure(self, node: Node, metric: str = "") -> Figure | None:
        """The figure in a scalar, of a metric whose unit matters; None after noting a problem."""
        if not isinstance(node, Scalar):
            self.problems.add(node.mark, "a figure is expected here", found=str(node))
            return None
        try:
            known = metrics.METRICS.get(metric)
            figure = parse(node.text, known.unit if known is not None and known.is_timed else "")
        except ExpressionError as error:
            self._note(error, node)
            return None
        is_bytes = metric in METRICS and METRICS[metric][0].is_bytes and not METRICS[metric][1]
        if is_bytes and figure.unit == "B":  # bytes, not billions
            figure = figure._replace(unit="")
        if figure.bound and (is_bytes or metric in metrics.METRICS):
            text = figure.text.lstrip("<=≤ ")
            problem = wrong_unit(metric, text, is_bytes, node.mark)
            if problem is not None:
                self.problems.note(problem)
                return None
        return figure

    def to_digits(self, figure: Figure, node: Node | None) -> Figure:
        """The figure with the significant digits that a claim states, if it states them."""
        digits = self.whole(node, "the number of significant digits")
        if digits is None or node is None:
            return figure
        try:
            return figure.to_digits(digits)
        except ExpressionError as error:
            self._note(error, node)
            return figure

    def _note(self, error: CostcalcError | ExpressionError, node: Node) -> None:
        """Notes what was raised while a node was read, at its own place or at the node."""
        if isinstance(error, ExpressionError):
            self.problems.add(node.mark, error.message, expected=error.expected, found=str(node))
            return
        for problem in error.problems:
            self.problems.note(problem._replace(mark=problem.mark or node.mark))

    def quantity(self, metric: str, nodes: Nodes, node: Node) -> Quantity | None:
        """The quantity of the figure at ``node``; None after noting a problem."""
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
                    hint="name the second in 'over:'",
                )
                return None
            over = self.over(nodes)
            if over is None:
                return None
        counting = self.counting(nodes)
        if METRICS[metric][0].name in metrics.TIMES and not counting.device:
            self.problems.add(
                node.mark,
                f"{metric} is a figure of a device, and none is named",
                expected=f'{metric}: {{figure: "<= 20", device: stm32f746}}',
            )
            return None
        parts = [name for name in ("only", "side", "without") if name in nodes]
        if METRICS[metric][0].is_of_space and parts:
            self.problems.add(
                nodes[parts[0]].mark,
                f"{metric} is a figure of whole networks, not of some of their layers",
                hint=f"leave out '{parts[0]}:'",
            )
            return None
        return Quantity(metric, subject, counting, over)

    def over(self, nodes: Nodes) -> Subject | None:
        """The second subject of a comparison, by default of the same network."""
        node = nodes["over"]
        if not isinstance(node, MapNode):
            return self.subject({"network": node}, node)
        self.refuse(node, SUBJECT, "'over'")
        inner = {key.text: value for key, value in node.entries}
        network = {name: nodes[name] for name in ("network", "at") if name in nodes}
        return self.subject({**network, **inner}, node)

    def subject(self, nodes: Nodes, node: Node) -> Subject | None:
        """The networks and layers of a figure; None after noting a problem."""
        named = given(nodes.get("network"))
        if named is None or not _items(named):
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
        """The network named by a scalar; None after noting a problem."""
        if not isinstance(node, Scalar) or not node.text:
            self.problems.add(node.mark, "a network's name is expected here", found=str(node))
            return None
        name, _, settings = node.text.partition("@")
        try:
            if name in self.inline:
                network = ClaimedNetwork(name, self.inline[name])
                return with_settings(network, read_settings(settings)) if settings else network
            return self.networks.find(node.text, self.folder)
        except (CostcalcError, ExpressionError) as error:
            self._note(error, node)
        return None

    def settings(self, node: Node | None) -> dict[str, Any] | None:
        """Settings as in ``alpha=0.5,res=160``; None after noting a problem."""
        value = given(node)
        if value is None:
            return {}
        if not isinstance(value, Scalar):
            self.problems.add(value.mark, "settings must be text", expected="alpha=0.5,res=160")
            return None
        try:
            return read_settings(value.text)
        except (CostcalcError, ExpressionError) as error:
            self._note(error, value)
        return None

    def counting(self, nodes: Nodes) -> Counting:
        """How the paper counts."""
        default = self.networks.default
        times = self.whole(nodes.get("times"), "the operations of a multiply-accumulate")
        return Counting(
            self.file(nodes.get("convention"), "convention", conventions.load)
            or default.convention,
            self.words(nodes.get("without")),
            times or 1,
            self.file(nodes.get("storage"), "storage", files.load) or default.storage,
            self.planner(nodes.get("planner")) or default.planner,
            self.whole(nodes.get("batch"), "a batch", WHOLE_NUMBERS["batch"].highest)
            or default.batch,
            self.file(nodes.get("device"), "device", devices.load) or default.device,
            self.dtype(nodes.get("dtype")) or default.dtype,
        )

    def dtype(self, node: Node | None) -> str:
        """The name of a dtype; empty if none is named, or after noting a problem."""
        name = self.text(node)
        if not name or node is None or name in DTYPES:
            return name
        expected = "one of " + ", ".join(DTYPES)
        self.problems.add(node.mark, f"there is no dtype '{name}'", expected)
        return ""

    def file(self, node: Node | None, noun: str, load: Callable[[str], Any]) -> str:
        """The name of a data file that ships, or the path of one inside the folder.

        Empty if none is named.
        """
        name = self.text(node)
        if not name or node is None:
            return ""
        if is_path(name):
            path = os.path.join(self.folder, name)
            if not os.path.realpath(path).startswith(os.path.realpath(self.folder) + os.sep):
                self.problems.add(
                    node.mark, f"there is no {noun} '{name}'", "a path inside this folder"
                )
                return ""
            name = path
        try:
            load(name)
        except CostcalcError as error:
            self._note(error, node)
        return name

    def planner(self, node: Node | None) -> str:
        """The name of a planner; empty if none is named."""
        name = self.text(node)
        if name and node is not None:
            try:
                named_planner(name)
            except CostcalcError as error:
                self._note(error, node)
        return name

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

    def whole(self, node: Node | None, what: str, highest: int | None = None) -> int | None:
        """A whole number above zero; None if there is none, or after noting a problem."""
        value = given(node)
        if value is None:
            return None
        text = value.text if isinstance(value, Scalar) else ""
        is_whole = text.isascii() and text.isdecimal() and len(text) <= limits.DIGITS
        number = int(text) if is_whole else 0
        if number and (highest is None or number <= highest):
            return number
        expected = "" if highest is None else f"at most {highest:,}"
        message = f"{what} must be a whole number above zero"
        self.problems.add(value.mark, message, expected, str(value))
        return None

    def text(self, node: Node | None) -> str:
        """A line of text; empty if there is none."""
        value = given(node)
        if value is None:
            return ""
        if isinstance(value, Scalar):
            return value.text
        self.problems.add(value.mark, "a line of text is expected here", found=str(value))
        return ""

    def erratum(self, metric: str, nodes: Nodes) -> Erratum | None:
        """The erratum of a figure; None if there is none, or after noting a problem."""
        node = given(nodes.get("erratum"))
        if node is None:
            return None
        if not isinstance(node, MapNode):
            self.problems.add(node.mark, "an erratum must be a mapping", expected=_ERRATUM)
            return None
        self.refuse(node, ERRATUM, "an erratum")
        stated, computed = given(node.get("why")), node.get("computed")
        why = stated.text if isinstance(stated, Scalar) else ""
        ways = [name for name in REPRODUCES if node.get(name) is not None]
        if not why or computed is None or len(ways) != 1:
            self.problems.add(
                node.mark,
                "an erratum needs a reason, the computed value and one way to the printed one",
                expected=_ERRATUM,
            )
            return None
        pinned = self.figure(computed, metric)
        if pinned is None:
            return None
        reads, gives, counts = (node.get(name) for name in REPRODUCES)
        other: Quantity | None = None
        if isinstance(counts, MapNode):
            self.refuse(counts, COUNTS, "'counts'")
            inner = {key.text: value for key, value in counts.entries}
            other = self.quantity(metric, {**nodes, **inner}, counts)
        elif counts is not None:
            self.problems.add(counts.mark, "'counts' must be a mapping", expected="{without: fc}")
        return Erratum(
            why=why,
            computed=pinned,
            mark=node.mark,
            reads=self.figure(reads, metric) if reads is not None else None,
            counts=other,
            gives=self.arithmetic(gives),
        )

    def arithmetic(self, node: Node | None) -> Expression | None:
        """An expression in ``computed``; None if there is none."""
        return Values(("computed",), self.problems).expression(node) if node is not None else None

    def gives(self, nodes: Nodes) -> Expression | None:
        """The arithmetic by which a paper comes to its figure; None if there is none."""
        node = given(nodes.get("gives"))
        if node is not None and not self.text(nodes.get("note")):
            self.problems.add(node.mark, "'gives' needs a 'note' that says what it counts")
        expression = self.arithmetic(node)
        if expression is not None and not expression.names:
            message = "'gives' must be arithmetic with 'computed'"
            self.problems.add(expression.mark, message, found=f"'{expression.text}'")
        return expression

    def operands(self, nodes: Nodes) -> tuple[Scalar, Scalar] | None:
        """The ids of the figures of which a ratio is the quotient; None if there are none."""
        node = given(nodes.get("quotient"))
        items = node.items if isinstance(node, ListNode) else ()
        ids = [item for item in items if isinstance(item, Scalar) and item.text]
        if len(ids) == len(items) == 2:
            return ids[0], ids[1]
        if node is not None:
            self.problems.add(
                node.mark,
                "a quotient is that of two printed figures",
                expected="their ids in this file: [v1.T9.alex.params, v1.T9.mn.params]",
                found=str(node),
            )
        return None

    def refuse(self, node: MapNode, allowed: Collection[str], what: str) -> None:
        """Notes every unknown key."""
        former = FORMER if "peak_bytes" in allowed else {}
        refuse_others(node.keys, allowed, f"{what} has no", self.problems, former)


COUNTS = (*SUBJECT, *COUNTING, "over")
"""The attributes that another count may state."""

REPRODUCES = ("reads", "gives", "counts")
"""The ways to reproduce the printed figure in an erratum."""

_ERRATUM = (
    "{why: ..., computed: FIGURE, and one of reads: FIGURE, gives: ARITHMETIC, counts: {...}}"
)


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, ListNode) else (node,)
