"""YAML text to nodes that know their line and column.

PyYAML's C parser delivers events; this module puts them together itself, since
every value must keep its place, a duplicate key must be an error, numbers must
stay the text they were written as, and hostile input must meet a bound before
it costs anything.
"""

from __future__ import annotations

import yaml

from costcalc.errors import Mark, Problem, Problems, SpecError
from costcalc.spec import limits
from costcalc.spec.tree import Mapping, Node, Scalar, Sequence

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # a platform without libyaml: slower, the same events
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


def parse(data: bytes, file: str, problems: Problems) -> Node:
    """The one document in ``data``; duplicate keys and tags go to ``problems``.

    Raises:
        SpecError: the bytes are not UTF-8, not YAML, not one document, or
            beyond a limit of :mod:`.limits`.
    """
    text = _decode(data, file)
    try:
        return _Composer(file, problems).compose(text)
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        mark = Mark(file, place.line + 1, place.column + 1) if place else Mark(file)
        raise _wrong(mark, f"not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise _wrong(Mark(file), f"not YAML: {str(error).splitlines()[0]}") from None


def _decode(data: bytes, file: str) -> str:
    if len(data) > limits.FILE_BYTES:
        raise _wrong(
            Mark(file),
            "the file is too large for a spec",
            expected=f"at most {limits.FILE_BYTES:,} bytes",
            found=f"{len(data):,}",
        )
    if b"\0" in data:
        raise _wrong(Mark(file), "not a spec: the file is binary", expected="YAML text in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise _wrong(
            Mark(file, line, column),
            "not UTF-8 text",
            expected="a spec saved as UTF-8",
            found=f"byte 0x{data[error.start]:02x}",
        ) from None


class _Composer:
    """Puts one file's events together, on a stack of its own."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.nodes = 0

    def compose(self, text: str) -> Node:
        """The document's root.

        Raises:
            SpecError: see :func:`parse`.
        """
        root: Node | None = None
        open_: list[_Collection] = []
        for event in yaml.parse(text, Loader=Loader):
            if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
                node = self._leaf(event)
            elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
                self._count(1, event)
                if len(open_) >= limits.DEPTH:
                    raise _wrong(
                        self._mark(event),
                        "lists and mappings are nested too deeply",
                        expected=f"at most {limits.DEPTH} levels",
                    )
                self._refuse_tag(event)
                open_.append(_Collection(event, self._mark(event), self.nodes))
                continue
            elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                collection = open_.pop()
                node = collection.close(self.problems)
                if collection.anchor:
                    self.anchors[collection.anchor] = (node, self.nodes - collection.before + 1)
            elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise _wrong(
                    self._mark(event), "a spec is one YAML document, and here a second starts"
                )
            else:
                continue
            if open_:
                open_[-1].children.append(node)
            else:
                root = node
        if root is None or (isinstance(root, Scalar) and not root.text and not root.quoted):
            raise _wrong(Mark(self.file), "the file is empty", expected="a spec")
        return root

    def _leaf(self, event: yaml.Event) -> Node:
        mark = self._mark(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise _wrong(mark, f"no anchor '&{event.anchor}' stands above this alias")
            node, size = self.anchors[event.anchor]
            self._count(size, event)
            return node
        self._count(1, event)
        self._refuse_tag(event)
        scalar = Scalar(event.value, not event.implicit[0], mark)
        if event.anchor:
            self.anchors[event.anchor] = (scalar, 1)
        return scalar

    def _count(self, nodes: int, event: yaml.Event) -> None:
        self.nodes += nodes
        if self.nodes > limits.NODES:
            raise _wrong(
                self._mark(event),
                "the spec holds too many values",
                expected=f"at most {limits.NODES:,}, aliases written out",
            )

    def _refuse_tag(self, event: yaml.Event) -> None:
        if event.tag is not None and event.tag != "!":
            self.problems.add(
                self._mark(event),
                f"the tag '{event.tag}' has no meaning in a spec",
                hint="remove the tag",
            )

    def _mark(self, event: yaml.Event) -> Mark:
        place = event.start_mark
        return Mark(self.file, place.line + 1, place.column + 1)


class _Collection:
    """A sequence or a mapping whose end has not come yet."""

    def __init__(self, event: yaml.Event, mark: Mark, before: int) -> None:
        self.is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.anchor = event.anchor
        self.mark = mark
        self.before = before
        self.children: list[Node] = []

    def close(self, problems: Problems) -> Node:
        if not self.is_mapping:
            return Sequence(tuple(self.children), self.mark)
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(self.children[::2], self.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                problems.add(key.mark, "a key must be a word", expected="a word before the colon")
            elif key.text in entries:
                problems.add(
                    key.mark,
                    f"the key '{key.text}' stands twice in one mapping",
                    found=f"first on line {entries[key.text][0].mark.line}",
                    hint="remove one of the two",
                )
            else:
                entries[key.text] = (key, value)
        return Mapping(tuple(entries.values()), self.mark)


def _wrong(
    mark: Mark, message: str, expected: str = "", found: str = "", hint: str = ""
) -> SpecError:
    return SpecError([Problem(mark, message, expected, found, hint)])
