"""YAML text to nodes with their line and column.

PyYAML's C parser delivers events; this module builds the nodes itself, because
every value must keep its place, a duplicate key must be an error, numbers must
stay as written, and hostile input must hit a limit before it costs anything.
"""

from __future__ import annotations

import re

import yaml

from costcalc.errors import Mark, Problems, refuse
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # a platform without libyaml: slower, the same events
    from yaml import SafeLoader as Loader  # type: ignore[assignment]  # the same interface

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""The first bytes of a file in UTF-16."""

_MODELS = (
    "models are read from .onnx, .tflite, .keras, .json and .prototxt files, "
    "and from torch:package.module:name"
)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters that a terminal would obey; tabs and line ends are text."""


def parse(data: bytes, file: str, problems: Problems, noun: str = "a spec") -> Node:
    """The only document in ``data``; duplicate keys and tags go to ``problems``.

    Args:
        data: the file's bytes.
        file: its path, for messages.
        problems: where errors go.
        noun: what the file should be.

    Raises:
        SpecError: the bytes are not UTF-8, not YAML, not one document, or
            beyond a limit of :mod:`.limits`.
    """
    text = _decode(data, file, noun)
    try:
        return _Composer(file, problems, noun).compose(text)
    except yaml.YAMLError as error:
        # Needed only for malformed text.
        from costcalc.spec.malformed import malformed

        refuse(*malformed(error, file))


def _decode(data: bytes, file: str, noun: str) -> str:
    if len(data) > limits.FILE_BYTES:
        refuse(
            Mark(file),
            f"the file is too large for {noun}",
            expected=f"at most {limits.FILE_BYTES:,} bytes",
            found=f"{len(data):,}",
        )
    if data.startswith(_UTF_16):
        refuse(Mark(file), "not UTF-8 text", expected=f"{noun} saved as UTF-8", found="UTF-16")
    if b"\0" in data:
        refuse(
            Mark(file),
            f"not {noun}: the file is binary",
            expected="YAML text in UTF-8",
            hint=_MODELS if noun == "a spec" else "",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        refuse(
            Mark(file, line, column),
            "not UTF-8 text",
            expected=f"{noun} saved as UTF-8",
            found=f"byte 0x{data[error.start]:02x}",
        )


class _Anchored(NamedTuple):
    """A node that aliases may repeat, and how much every repetition adds."""

    node: Node
    size: int
    """The number of its nodes, itself included."""
    depth: int
    """The number of its levels of lists and mappings."""


class _Composer:
    """Builds the nodes of one file from its events, without recursion."""

    def __init__(self, file: str, problems: Problems, noun: str) -> None:
        self.file = file
        self.problems = problems
        self.noun = noun
        self.anchors: dict[str, _Anchored] = {}
        self.open: list[_Collection] = []
        self.nodes = 0

    def compose(self, text: str) -> Node:
        """The document's root.

        Raises:
            SpecError: see :func:`parse`.
        """
        root: Node | None = None
        node: Node
        for event in yaml.parse(text, Loader=Loader):
            if isinstance(event, yaml.ScalarEvent):
                node = self._scalar(event)
            elif isinstance(event, yaml.AliasEvent):
                node = self._alias(event)
            elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
                mark = self._count(1, 1, event)
                self._refuse_tag(event.tag, mark)
                self.open.append(_Collection(event, mark, self.nodes))
                continue
            elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                node = self._close(self.open.pop())
            elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
                refuse(self._mark(event), f"{self.noun} is one YAML document; a second starts here")
            else:
                continue
            if self.open:
                self.open[-1].children.append(node)
            else:
                root = node
        if root is None or (isinstance(root, Scalar) and not root.text and not root.quoted):
            refuse(Mark(self.file), "the file is empty", expected=self.noun)
        return root

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        mark = self._count(1, 0, event)
        self._refuse_tag(event.tag, mark)
        if _CONTROL.search(event.value):
            self.problems.add(
                mark,
                "this text contains a control character",
                expected="text that can be printed",
                found=ascii(event.value)[:60],
            )
        if len(event.value) > limits.TEXT:
            self.problems.add(
                mark,
                f"this text has {len(event.value):,} characters",
                expected=f"at most {limits.TEXT:,}",
            )
        scalar = Scalar(event.value, not event.implicit[0], mark)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(scalar, 1, 0)
        return scalar

    def _alias(self, event: yaml.AliasEvent) -> Node:
        anchored = self.anchors.get(event.anchor or "")
        if anchored is None:
            refuse(self._mark(event), f"no anchor '&{event.anchor}' is defined above this alias")
        self._count(anchored.size, anchored.depth, event)
        return anchored.node

    def _close(self, collection: _Collection) -> Node:
        node = collection.close(self.problems)
        if self.open:
            self.open[-1].depth = max(self.open[-1].depth, collection.depth + 1)
        if collection.anchor:
            size = self.nodes - collection.before + 1
            self.anchors[collection.anchor] = _Anchored(node, size, collection.depth)
        return node

    def _count(self, nodes: int, depth: int, event: yaml.NodeEvent) -> Mark:
        """Counts nodes, with aliases expanded, against the limits on number and depth.

        Raises:
            SpecError: there are too many, or they are nested too deeply.
        """
        mark = self._mark(event)
        self.nodes += nodes
        if self.nodes > limits.NODES:
            refuse(
                mark,
                "the spec holds too many values",
                expected=f"at most {limits.NODES:,}, aliases written out",
            )
        if depth and len(self.open) + depth > limits.DEPTH:
            refuse(
                mark,
                "lists and mappings are nested too deeply",
                expected=f"at most {limits.DEPTH} levels",
            )
        if depth and self.open:
            self.open[-1].depth = max(self.open[-1].depth, depth + 1)
        return mark

    def _refuse_tag(self, tag: str | None, mark: Mark) -> None:
        if tag is not None and tag != "!":
            message = f"the tag '{tag}' has no meaning in {self.noun}"
            self.problems.add(mark, message, hint="remove the tag")

    def _mark(self, event: yaml.Event) -> Mark:
        place = event.start_mark
        return Mark(self.file, place.line + 1, place.column + 1) if place else Mark(self.file)


class _Collection:
    """A sequence or a mapping that is not closed yet."""

    def __init__(self, event: yaml.CollectionStartEvent, mark: Mark, before: int) -> None:
        self.is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.anchor = event.anchor
        self.mark = mark
        self.before = before
        self.depth = 1
        self.children: list[Node] = []

    def close(self, problems: Problems) -> Node:
        if not self.is_mapping:
            return ListNode(tuple(self.children), self.mark)
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(self.children[::2], self.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                problems.add(key.mark, "a key must be a word", expected="a word before the colon")
            elif key.text in entries:
                problems.add(
                    key.mark,
                    f"the key '{key.text}' is used twice in one mapping",
                    found=f"first on line {entries[key.text][0].mark.line}",
                    hint="remove one of the two",
                )
            else:
                entries[key.text] = (key, value)
        return MapNode(tuple(entries.values()), self.mark)
