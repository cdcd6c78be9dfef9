"""Storages, which are data files: where they are and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from costcalc.arena.plan import PLANNERS
from costcalc.costs.names import GENERAL, attributes_of, known_names
from costcalc.costs.rule_file import RuleFile
from costcalc.costs.rules import Rule
from costcalc.errors import Problems, StorageError
from costcalc.kinds import TABLE
from costcalc.spec.data_file import Shelf
from costcalc.spec.keys import refuse_others
from costcalc.spec.library import NameOrPath, read_bytes
from costcalc.spec.nodes import parse
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar
from costcalc.spec.values import Values
from costcalc.storing.storage import DEFAULT_STORAGE, KEPT, ROLES, UNITS, Storage

BATCH = "batch"
"""The name of the batch size in rules of scratch."""

TEXTS = ("name", "title", "source")
WORDS: Mapping[str, Collection[str]] = {
    "norms": ("folded", "kept"),
    "concat": ("copy", "view"),
    "planner": tuple(PLANNERS),
    "unit": tuple(UNITS),
}
KEYS: Mapping[str, str] = {
    "name": "its name",
    "title": "how it keeps numbers, in a line",
    "source": "where it is stated: a paper's table, a runtime's file",
    "extends": "the storage that ships which this one changes",
    "bits": "the bits of one number, by what it is",
    "mixed": "the bits of the weights of layers, by a pattern of their names: {'*/fc*': 4}",
    "fused": "kinds or families that are part of the operator before them",
    "in_place": "kinds or families whose output may take their input's memory",
    "keeps": "what stays in memory to the end",
    "alignment": "bytes to whose multiples addresses, or sizes, are rounded",
    "scratch": "bytes that a step needs beside its tensors, by kind or family",
    "scales": "stored with groups of weights: {bits: 16, group: 128}",
    "norms": "batch norms: folded into the layer before, or kept",
    "concat": "copy, or view: its inputs are written where the output is",
    "planner": "the planner of its arena",
    "unit": "the unit that people are shown",
}
"""What a storage states."""
FUSED = ("norm", "activation", "elementwise")
IN_PLACE = ("norm", "activation", "elementwise", "depthwise")
SHELF = Shelf("storage", "storages", StorageError, first=DEFAULT_STORAGE)
MOST_BITS = 128
MOST_BYTES = 2**20
BUFFERS = 16
"""The most scratch buffers of a step."""
SCALES: Mapping[str, tuple[int, str]] = {
    "bits": (MOST_BITS, "bits"),
    "group": (MOST_BYTES, "weights"),
}
"""What scales state: the most, and of what."""
STATED_BITS = ("activations", "weights")
"""The roles whose bits a storage must state; the others take theirs from these."""
PATTERNS = 100
"""The most patterns of layers' names, each of which is tried on every layer."""


def load(name: NameOrPath) -> Storage:
    """The storage of that name, or the one in the file of that path.

    Raises:
        StorageError: there is no such storage, or it is wrong.
    """
    return SHELF.load(name, _read)


def available() -> list[str]:
    """The names of the storages that ship with costcalc, the default first."""
    return SHELF.names()


def _read(path: str) -> Storage:
    problems = Problems()
    storage = _StorageReader(path, problems).storage()
    problems.raise_any(StorageError)
    return storage


class _StorageReader(RuleFile):
    """Reads one file; errors go to ``problems``."""

    def __init__(self, path: str, problems: Problems) -> None:
        values = Values(known_names() | {BATCH}, problems)
        super().__init__(path, SHELF, KEYS, values, problems)

    def storage(self) -> Storage:
        """The storage that the file describes.

        Raises:
            StorageError: it is not a mapping.
        """
        data = read_bytes(self.path, self.path)
        root = self.mapping(parse(data, self.path, self.problems, self.noun))
        path = self.base(root)
        extended = _read(path) if path is not None else None
        texts = {name: self.text(root, name, True, extended) for name in TEXTS}
        self.check_name(root, texts["name"])
        readers: dict[str, Callable[[Node], Any]] = {
            "mixed": lambda node: self.numbers(node, None, MOST_BITS),
            "fused": lambda node: self.kinds(node, FUSED, "part of the operator before it"),
            "in_place": lambda node: self.kinds(node, IN_PLACE, "done in place"),
            "keeps": lambda node: self.words(node, KEPT),
            "alignment": lambda node: self.whole(node, MOST_BYTES, "bytes"),
            "scratch": lambda node: self.scratch(node, texts["source"]),
            "scales": self.scales,
        }
        for name, choices in WORDS.items():
            readers[name] = partial(self.word, choices=choices)
        given: dict[str, Any] = {
            name: value
            for name, read in readers.items()
            if (node := root.get(name)) is not None and (value := read(node)) is not None
        }
        base = extended or Storage(name="", title="", source="", bits={})
        for name in ("mixed", "scratch"):
            given[name] = {**getattr(base, name), **given.get(name, {})}
        return base._replace(**{**texts, **given, "bits": self.bits(root, base.bits)})

    def bits(self, root: MapNode, inherited: Mapping[str, int]) -> Mapping[str, int]:
        """The bits of every role: params take those of weights, caches those of activations."""
        node = root.get("bits")
        bits = {**inherited, **(self.numbers(node, ROLES, MOST_BITS) if node else {})}
        has_wrong_type = node is not None and not isinstance(node, MapNode)
        for role in STATED_BITS:
            is_stated = isinstance(node, MapNode) and node.get(role) is not None
            if not (role in bits or is_stated or has_wrong_type or self.lacks_base):
                self.problems.add(
                    node.mark if node else root.mark,
                    f"a storage must state the bits of {role}",
                    expected="bits: {activations: 8, weights: 8}",
                )
            bits.setdefault(role, 8)
        return {
            role: bits.get(role, bits["activations" if role == "caches" else "weights"])
            for role in ROLES
        }

    def numbers(self, node: Node, keys: Collection[str] | None, most: int) -> Mapping[str, int]:
        """Whole numbers of bits, by keys that are given, or by patterns of layers' names."""
        numbers: dict[str, int] = {}
        if not isinstance(node, MapNode):
            self.problems.add(node.mark, "bits are a mapping", "'name: bits'", str(node))
            return numbers
        if keys is not None:
            refuse_others(node.keys, keys, "there are no bits of", self.problems)
        elif len(node.entries) > PATTERNS:
            self.problems.add(node.mark, f"{len(node.entries):,} patterns", f"at most {PATTERNS}")
            return numbers
        for key, value in node.entries:
            number = self.whole(value, most, "bits")
            if number is not None and (keys is None or key.text in keys):
                numbers[key.text] = number
        return numbers

    def words(self, node: Node, choices: Collection[str]) -> tuple[str, ...] | None:
        """A list of some words."""
        if isinstance(node, ListNode):
            words = (self.word(item, choices) for item in node.items)
            return tuple(dict.fromkeys(word for word in words if word is not None))
        expected = "a list of " + ", ".join(choices)
        self.problems.add(node.mark, "a list is expected here", expected, str(node))
        return None

    def kinds(self, node: Node, families: Collection[str], what: str) -> tuple[str, ...] | None:
        """A list of kinds and families, all of them in some families."""
        if not isinstance(node, ListNode):
            expected = "a list, such as [" + ", ".join(families) + "]"
            self.problems.add(node.mark, "a list of kinds is expected here", expected, str(node))
            return None
        family = {kind.name: kind.family for kind in TABLE}
        names = []
        for item in node.items:
            name = item if isinstance(item, Scalar) else Scalar(str(item), False, item.mark)
            if not self.is_named(name):
                continue
            if not {name.text, family.get(name.text)} & {*families}:
                self.problems.add(
                    item.mark,
                    f"'{name.text}' is never {what}",
                    expected="kinds of " + ", ".join(families),
                )
            names.append(name.text)
        return tuple(dict.fromkeys(names))

    def scratch(self, node: Node, source: str) -> Mapping[str, tuple[Rule, ...]] | None:
        """For each kind or family: the bytes of a buffer, or of several."""
        if not isinstance(node, MapNode):
            self.problems.add(node.mark, "scratch is a mapping", "'kind: bytes'", str(node))
            return None
        scratch: dict[str, tuple[Rule, ...]] = {}
        for key, body in node.entries:
            if not self.is_named(key):
                continue
            items = body.items if isinstance(body, ListNode) else (body,)
            if len(items) > BUFFERS:
                self.problems.add(body.mark, f"{len(items)} buffers", f"at most {BUFFERS}")
                continue
            rules = (self.rule(item, source) for item in items)
            scratch[key.text] = tuple(rule for rule in rules if rule is not None)
            self.check_names(key.text, scratch[key.text])
        return scratch

    def check_names(self, name: str, rules: tuple[Rule, ...]) -> None:
        """Notes the rules that use an attribute which some kind under them does not have."""
        for kind in TABLE:
            if name not in (kind.name, kind.family) or kind.becomes:
                continue
            known = {*GENERAL, BATCH, *attributes_of(kind)}
            for rule in rules:
                for word in sorted(rule.expression.names - known if rule.expression else ()):
                    mark = rule.expression.mark if rule.expression else None
                    self.problems.add(
                        mark, f"'{kind.name}' has no '{word}', but this rule applies to it"
                    )

    def scales(self, node: Node) -> Mapping[str, int] | None:
        """``bits`` for each channel, or for each ``group`` of weights."""
        if not isinstance(node, MapNode) or node.get("bits") is None:
            self.problems.add(node.mark, "scales have bits", "{bits: 16, group: 128}", str(node))
            return None
        refuse_others(node.keys, SCALES, "scales have no", self.problems)
        scales = {
            key.text: self.whole(value, *SCALES[key.text])
            for key, value in node.entries
            if key.text in SCALES
        }
        return {name: number for name, number in scales.items() if number is not None}
