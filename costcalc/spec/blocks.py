"""Blocks: a spec's own, and those of the libraries that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from costcalc.errors import Mark, Problems
from costcalc.kinds import KINDS
from costcalc.records import NamedTuple
from costcalc.spec.arguments import COMMON, STRUCTURES
from costcalc.spec.defaults import Defaults, Headers
from costcalc.spec.document import (
    Block,
    BlockStep,
    Parameter,
    Step,
    inner_steps,
)
from costcalc.spec.keys import refuse_others
from costcalc.spec.library import FindBlocks
from costcalc.spec.networks import (
    FindNetwork,
    MissingNetwork,
    UsedNetwork,
    is_name,
    used_network,
)
from costcalc.spec.nodes import parse
from costcalc.spec.parameters import IDENTIFIER, INPUT_NAMES, NETWORK_NAMES, ParameterReader
from costcalc.spec.steps import StepReader
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar

KEYS: Mapping[str, str] = {
    "parameters": "what a call may set, by name; the first is what 'block: value' sets",
    "inputs": "the names of its inputs, if it has several; by default input",
    "layers": "its layers, in their order",
}
"""What a block states."""

LIBRARY: Mapping[str, str] = {
    "use": "other libraries, whose blocks its own may call",
    "blocks": "its blocks, by name",
}
"""What a library of blocks states."""

_LIBRARY_NAME = re.compile(r"[A-Za-z0-9_][\w\-]*", re.ASCII)


class _Body(NamedTuple):
    """A block as written, and the network's names that it may use."""

    key: Scalar
    body: MapNode
    known: frozenset[str]


class BlockReader:
    """Reads the blocks of a spec whose parameters are ``known``."""

    def __init__(
        self,
        known: frozenset[str],
        find_blocks: FindBlocks,
        find_network: FindNetwork | None,
        problems: Problems,
    ) -> None:
        self.known = known
        self.find_blocks = find_blocks
        self.find_network = find_network
        self.networks: dict[str, UsedNetwork] = {}
        self.missing: dict[str, MissingNetwork] = {}
        self.problems = problems
        self.bodies: dict[str, _Body] = {}
        self.parameters: dict[str, dict[str, Parameter]] = {}

    def headers(self, use: Node | None, own: Node | None) -> Headers:
        """The parameters of every block; problems are noted."""
        for library in self._libraries(use):
            self._collect(library, NETWORK_NAMES)
        if own is not None:
            self._collect(own, self.known)
        self.parameters = {**self.missing}
        self.parameters |= {name: used.parameters for name, used in self.networks.items()}
        self.parameters |= {
            name: ParameterReader(block.known | INPUT_NAMES, self.problems, COMMON).read(
                block.body.get("parameters")
            )
            for name, block in self.bodies.items()
        }
        return self.parameters

    def blocks(self, defaults: Defaults) -> dict[str, Block]:
        """The blocks by name; problems are noted."""
        blocks = {name: self._block(name, body, defaults) for name, body in self.bodies.items()}
        for name, (document, settings) in self.networks.items():
            mark = Mark(document.file)
            blocks[name] = Block(name, {}, ("input",), (), mark, document, settings)
        self._refuse_recursion(blocks)
        return blocks

    def _block(self, name: str, block: _Body, defaults: Defaults) -> Block:
        own = self.parameters[name]
        known = block.known | INPUT_NAMES | frozenset(own)
        reader = StepReader(known, self.parameters, defaults, self.problems)
        layers = block.body.get("layers")
        steps = reader.steps(layers)
        if layers is None:
            self.problems.add(
                block.key.mark, f"block '{name}' has no layers", expected="'layers:' and a list"
            )
        return Block(name, own, self._inputs(block.body), steps, block.key.mark)

    def _libraries(self, node: Node | None) -> Iterator[Node]:
        """The contents of ``blocks:`` in every library, and in the libraries that it uses."""
        seen: set[str] = set()
        pending = [node] if node else []
        while pending:
            used = pending.pop()
            listed: set[str] = set()
            for item in used.items if isinstance(used, ListNode) else (used,):
                if isinstance(item, MapNode):
                    self._network(item)
                    continue
                name = item.text if isinstance(item, Scalar) else ""
                if name in listed:
                    self.problems.add(item.mark, f"library '{name}' is used twice")
                listed.add(name)
                library = self._library(item, name) if name not in seen else None
                seen.add(name)
                if library is not None:
                    pending += [use for use in (library.get("use"),) if use]
                    yield library.get("blocks") or library

    def _network(self, item: MapNode) -> None:
        """Adds a network that is used as a block."""
        used = used_network(item, self.find_network, self.problems)
        if used is None:
            word = item.get("as") or item.get("network")
            if isinstance(word, Scalar):
                self.missing[word.text] = MissingNetwork()
            return
        name, network = used
        if name in self.networks or name in KINDS or name in STRUCTURES:
            self.problems.add(
                item.mark,
                f"'{name}' cannot name a network here: it is a layer kind or used twice",
                hint=f"{{network: {name}, as: another}}",
            )
        self.networks[name] = network

    def _library(self, item: Node, name: str) -> MapNode | None:
        """The library of that name; None after a problem."""
        library = self.find_blocks(name) if _LIBRARY_NAME.fullmatch(name) else None
        if library is None:
            self.problems.add(
                item.mark,
                f"there is no library of blocks {item}",
                expected="the name of a file in 'blocks/' beside the spec, or of one that ships",
                hint=self._network_hint(name),
            )
            return None
        file, data = library
        root = parse(data, file, self.problems, "a library of blocks")
        if not isinstance(root, MapNode) or root.get("blocks") is None:
            self.problems.add(root.mark, "a library of blocks holds 'blocks:'", found=str(root))
            return None
        refuse_others(root.keys, LIBRARY, "a library of blocks has no", self.problems)
        return root

    def _network_hint(self, name: str) -> str:
        """A hint if the name is a network's."""
        finder = self.find_network
        is_network = finder is not None and is_name(name) and finder.find(name) is not None
        return f"- network: {name}, for a network" if is_network else ""

    def _collect(self, node: Node, known: frozenset[str]) -> None:
        if not isinstance(node, MapNode):
            self.problems.add(
                node.mark,
                "blocks are a mapping",
                expected="'name: {parameters, layers}'",
                found=str(node),
            )
            return
        for key, body in node.entries:
            name = key.text
            if name in KINDS or name in STRUCTURES or not IDENTIFIER.fullmatch(name):
                self.problems.add(
                    key.mark,
                    f"'{name}' cannot name a block",
                    expected="a name of letters, digits and '_' that no layer kind has",
                )
            elif name in self.networks:
                self.problems.add(
                    key.mark, f"there is a network '{name}' already", hint="another name"
                )
            elif name in self.bodies:
                self.problems.add(
                    key.mark,
                    f"there are two blocks '{name}'",
                    found=f"the other at {self.bodies[name].key.mark}",
                    hint="another name",
                )
            elif not isinstance(body, MapNode):
                self.problems.add(
                    body.mark,
                    f"block '{name}' has no layers",
                    expected="'parameters:' and 'layers:'",
                    found=str(body),
                )
            else:
                refuse_others(body.keys, KEYS, "a block has no", self.problems)
                self.bodies[name] = _Body(key, body, known)

    def _inputs(self, body: MapNode) -> tuple[str, ...]:
        node = body.get("inputs")
        if node is None:
            return ("input",)
        names = [
            item.text
            for item in (node.items if isinstance(node, ListNode) else ())
            if isinstance(item, Scalar) and IDENTIFIER.fullmatch(item.text)
        ]
        if not names or not isinstance(node, ListNode) or len(set(names)) < len(node.items):
            self.problems.add(
                node.mark,
                "a block's inputs are a list of distinct names",
                expected="inputs: [one, other]",
                found=str(node),
            )
        return tuple(names) or ("input",)

    def _refuse_recursion(self, blocks: Mapping[str, Block]) -> None:
        """Notes every block that contains itself."""
        calls = {name: sorted({*_called(block.steps)}) for name, block in blocks.items()}
        done: set[str] = set()
        path: dict[str, None] = {}
        for start in blocks:
            stack = [(start, False)]
            while stack:
                name, is_leaving = stack.pop()
                if is_leaving:
                    del path[name]
                    done.add(name)
                elif name in path:
                    around = [*path][[*path].index(name) :]
                    self.problems.add(
                        blocks[name].mark,
                        f"block '{name}' contains itself",
                        found=" -> ".join([*around, name]),
                        hint="'repeat' to apply a block several times in a row",
                    )
                elif name not in done:
                    path[name] = None
                    stack.append((name, True))
                    stack.extend((callee, False) for callee in calls[name])


def _called(steps: tuple[Step, ...]) -> Iterator[str]:
    """The names of the blocks that steps call, at any depth."""
    for step in steps:
        if isinstance(step, BlockStep):
            yield step.block
        yield from _called(inner_steps(step))
