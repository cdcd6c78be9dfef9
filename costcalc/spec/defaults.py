"""Default arguments for every layer of a kind, and for every call of a block."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Problems
from costcalc.kinds import KINDS
from costcalc.kinds.base import Kind
from costcalc.records import NamedTuple
from costcalc.spec.arguments import FUSED, Arguments, WrittenArgument
from costcalc.spec.document import Parameter
from costcalc.spec.keys import refuse_others
from costcalc.spec.tree import MapNode, Node, Scalar, given
from costcalc.spec.values import Values

Headers = Mapping[str, Mapping[str, Parameter]]
"""The parameters of each block."""


class Defaults(NamedTuple):
    """Defaults by the name of a kind or of a block."""

    values: Values
    """Reads them with the network's names, even inside a block."""
    given: Mapping[str, Mapping[str, Node]]

    def of_kind(self, kind: Kind, arguments: Arguments) -> None:
        """Adds a kind's defaults: its own, then those of the kind that it becomes."""
        allowed = {*kind.attributes, *FUSED}
        self._add(self.given.get(kind.name, {}), arguments)
        others = self.given.get(kind.becomes, {})
        self._add({name: node for name, node in others.items() if name in allowed}, arguments)

    def of_block(self, block: str, arguments: Arguments) -> None:
        """Adds a block's defaults."""
        self._add(self.given.get(block, {}), arguments)

    def _add(self, nodes: Mapping[str, Node], arguments: Arguments) -> None:
        for name, node in nodes.items():
            word = Scalar(name, False, node.mark)
            arguments.entries.setdefault(name, WrittenArgument(word, node, self.values))


def read_defaults(
    node: Node | None, blocks: Headers, known: frozenset[str], problems: Problems
) -> Defaults:
    """The defaults that a spec states; errors go to ``problems``."""
    node = given(node)
    by_name: dict[str, dict[str, Node]] = {}
    defaults = Defaults(Values(known, problems), by_name)
    if node is None:
        return defaults
    if not isinstance(node, MapNode):
        problems.add(
            node.mark,
            "defaults are a mapping",
            expected="'kind: {argument: value}'",
            found=str(node),
        )
        return defaults
    for key, body in node.entries:
        kind = KINDS.get(key.text)
        name = key.text if kind is None else kind.name
        if kind is None and name not in blocks:
            from costcalc.kinds.lookup import hint

            problems.add(
                key.mark,
                f"unknown layer kind '{name}'",
                expected="a layer kind or a block, whose arguments may have defaults",
                hint=hint(name, blocks),
            )
        elif not isinstance(body, MapNode):
            problems.add(
                body.mark,
                f"defaults of {'a block' if kind is None else 'a kind'} are a mapping",
                expected="{argument: value}",
                found=str(body),
            )
        elif name in by_name:
            problems.add(key.mark, f"the defaults of '{name}' are given twice")
        else:
            allowed = tuple(blocks[name]) if kind is None else (*kind.attributes, *FUSED)
            refuse_others(body.keys, allowed, f"'{name}' has no argument", problems)
            by_name[name] = {word.text: value for word, value in body.entries}
    return defaults
