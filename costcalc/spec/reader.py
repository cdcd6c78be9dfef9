"""The top level of a spec: name, source, input, parameters, blocks, layers."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as MappingOf
from typing import Any

from costcalc.errors import Mark, Problems, did_you_mean
from costcalc.kinds import KINDS
from costcalc.spec.accuracy import read_accuracies
from costcalc.spec.document import Block, Document, Expression, Parameter, Rounding, Step
from costcalc.spec.nodes import parse
from costcalc.spec.steps import COMMON, FUSED, STRUCTURES, StepReader
from costcalc.spec.tree import Mapping, Node, Scalar, Sequence
from costcalc.spec.values import Values, literal

TOP = (
    "name",
    "description",
    "source",
    "input",
    "parameters",
    "accuracy",
    "width_rounding",
    "use",
    "blocks",
    "defaults",
    "layers",
)
"""The keys of a spec."""

HERE = frozenset({"in", "in_height", "in_width"})
"""Names that every step knows: the channels and the sides of what it reads."""

ALWAYS = frozenset({"alpha", "res"})
"""Parameters that every network has."""

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_RESERVED = HERE | {"width", "if", "else", "and", "or", "not", "true", "false"}

FindBlocks = Callable[[str], tuple[str, bytes] | None]
"""The file and text of a block library, by its name."""


def read(data: bytes, file: str, find_blocks: FindBlocks) -> Document:
    """The document that ``data`` writes.

    Raises:
        SpecError: with every problem of the text.
    """
    problems = Problems()
    root = parse(data, file, problems)
    if not isinstance(root, Mapping):
        problems.add(
            root.mark, "a spec is a mapping", expected="'name:', 'layers:' ...", found=str(root)
        )
        problems.raise_any()
        raise AssertionError("unreachable: a problem was noted")
    document = _Reader(file, problems, find_blocks).document(root)
    problems.raise_any()
    return document


class _Reader:
    def __init__(self, file: str, problems: Problems, find_blocks: FindBlocks) -> None:
        self.file = file
        self.problems = problems
        self.find_blocks = find_blocks

    def document(self, root: Mapping) -> Document:
        for key, _ in root.entries:
            if key.text not in TOP:
                self.problems.add(
                    key.mark,
                    f"a spec has no '{key.text}'",
                    expected="one of " + ", ".join(TOP),
                    hint=did_you_mean(key.text, TOP),
                )
        parameters = self.parameters(root.get("parameters"), ALWAYS)
        known = frozenset(parameters) | ALWAYS
        defaults = self.defaults(root.get("defaults"))
        blocks = self.blocks(root, known, defaults)
        headers = {name: block.parameters for name, block in blocks.items()}
        reader = StepReader(known | HERE, headers, defaults, self.problems)
        layers = root.get("layers")
        steps = reader.steps(layers)
        if layers is None or (isinstance(layers, Scalar) and layers.is_null):
            self.problems.add(
                Mark(self.file), "a spec needs layers", expected="'layers:' and a list"
            )
        elif not steps and not self.problems:
            self.problems.add(layers.mark, "a spec needs at least one layer")
        return Document(
            name=self.text(root.get("name")) or _stem(self.file),
            file=self.file,
            source=self.source(root.get("source")),
            input=self.input(root, known),
            parameters=parameters,
            rounding=self.rounding(root.get("width_rounding")),
            blocks=blocks,
            steps=steps,
            description=self.text(root.get("description")),
            accuracies=read_accuracies(root.get("accuracy"), known, self.problems),
        )

    def text(self, node: Node | None) -> str:
        if node is None or isinstance(node, Scalar):
            return node.text if node is not None else ""
        self.problems.add(node.mark, "a line of text is expected here", found=str(node))
        return ""

    def source(self, node: Node | None) -> dict[str, str]:
        if node is None:
            return {}
        if isinstance(node, Scalar):
            return {"title": node.text}
        if not isinstance(node, Mapping):
            self.problems.add(node.mark, "a source is a line of text or a mapping", found=str(node))
            return {}
        return {key.text: self.text(value) for key, value in node.entries}

    def input(self, root: Mapping, known: frozenset[str]) -> tuple[Expression, ...]:
        node = root.get("input")
        if node is None:
            self.problems.add(
                Mark(self.file), "a spec needs its input's shape", hint="input: [3, res, res]"
            )
            return ()
        statement = Values(known, self.problems).shape(node)
        return statement.sides if statement else ()

    def rounding(self, node: Node | None) -> Rounding:
        if node is None:
            return Rounding()
        if isinstance(node, Scalar) and node.text in ("floor", "nearest"):
            return Rounding(node.text)
        if isinstance(node, Mapping) and [key.text for key, _ in node.entries] == ["divisible_by"]:
            value = node.entries[0][1]
            if isinstance(value, Scalar) and value.text.isdecimal() and int(value.text[:6]) > 0:
                return Rounding("divisible_by", int(value.text[:6]))
        self.problems.add(
            node.mark,
            "an unknown rule for rounding widths",
            expected="floor, nearest, or {divisible_by: 8}",
            found=str(node),
        )
        return Rounding()

    def parameters(self, node: Node | None, outer: frozenset[str]) -> dict[str, Parameter]:
        """Parameters in their order; a default may use those above it."""
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return {}
        if isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in node.items):
            entries: tuple[tuple[Scalar, Node], ...] = tuple(
                (item, Scalar("", False, item.mark))
                for item in node.items
                if isinstance(item, Scalar)
            )
        elif isinstance(node, Mapping):
            entries = node.entries
        else:
            self.problems.add(
                node.mark, "parameters are a mapping", expected="'name: default'", found=str(node)
            )
            return {}
        found: dict[str, Parameter] = {}
        for key, value in entries:
            if not _IDENTIFIER.fullmatch(key.text) or key.text in {*_RESERVED, *COMMON}:
                self.problems.add(
                    key.mark,
                    f"'{key.text}' cannot name a parameter",
                    expected="letters, digits and '_', and no word of the language",
                )
                continue
            found[key.text] = self.parameter(key, value, outer | frozenset(found))
        return found

    def parameter(self, key: Scalar, node: Node, known: frozenset[str]) -> Parameter:
        values = Values(known, self.problems)
        if not isinstance(node, Mapping):
            is_width = isinstance(node, Scalar) and node.text == "width"
            required = is_width or (isinstance(node, Scalar) and node.is_null)
            default = None if required else values.expression(node)
            return Parameter(key.text, default, key.mark, is_width=is_width)
        allowed = ("default", "range", "choices", "doc", "width")
        for name, _ in node.entries:
            if name.text not in allowed:
                self.problems.add(
                    name.mark,
                    f"a parameter has no '{name.text}'",
                    expected="one of " + ", ".join(allowed),
                    hint=did_you_mean(name.text, allowed),
                )
        default_node = node.get("default")
        lowest, highest = self.range(node.get("range"))
        choices = node.get("choices")
        is_width_node = node.get("width")
        return Parameter(
            key.text,
            values.expression(default_node) if default_node is not None else None,
            key.mark,
            lowest,
            highest,
            tuple(literal(item) for item in choices.items) if isinstance(choices, Sequence) else (),
            self.text(node.get("doc")),
            isinstance(is_width_node, Scalar) and is_width_node.text == "true",
        )

    def range(self, node: Node | None) -> tuple[Any, Any]:
        if node is None:
            return None, None
        if isinstance(node, Sequence) and len(node.items) == 2:
            bounds = [literal(item) for item in node.items]
            if all(bound is None or not isinstance(bound, str) for bound in bounds):
                return bounds[0], bounds[1]
        self.problems.add(
            node.mark,
            "a range is two numbers",
            expected="[lowest, highest], ~ for none",
            found=str(node),
        )
        return None, None

    def defaults(self, node: Node | None) -> dict[str, dict[str, Node]]:
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            self.problems.add(
                node.mark,
                "defaults are a mapping",
                expected="'kind: {argument: value}'",
                found=str(node),
            )
            return {}
        found: dict[str, dict[str, Node]] = {}
        for key, body in node.entries:
            kind = KINDS.get(key.text)
            if kind is None:
                self.problems.add(
                    key.mark, f"unknown layer kind '{key.text}'", hint=did_you_mean(key.text, KINDS)
                )
            elif not isinstance(body, Mapping):
                self.problems.add(body.mark, "defaults of a kind are a mapping", found=str(body))
            else:
                allowed = (*kind.attributes, *FUSED)
                for name, _ in body.entries:
                    if name.text not in allowed:
                        self.problems.add(
                            name.mark,
                            f"'{kind.name}' has no argument '{name.text}'",
                            expected="one of " + ", ".join(allowed),
                            hint=did_you_mean(name.text, allowed),
                        )
                found[kind.name] = {
                    name.text: value for name, value in body.entries if name.text in allowed
                }
        return found

    def blocks(
        self,
        root: Mapping,
        known: frozenset[str],
        defaults: MappingOf[str, MappingOf[str, Node]],
    ) -> dict[str, Block]:
        """The blocks of the libraries that the spec uses, and its own."""
        bodies: dict[str, tuple[Scalar, Mapping, frozenset[str]]] = {}
        for library in self.libraries(root.get("use")):
            self.collect(library, ALWAYS, bodies)
        own = root.get("blocks")
        if own is not None:
            self.collect(own, known, bodies)
        parameters = {
            name: self.parameters(body.get("parameters"), names | HERE)
            for name, (_, body, names) in bodies.items()
        }
        blocks = {}
        for name, (key, body, names) in bodies.items():
            scope = names | HERE | frozenset(parameters[name])
            reader = StepReader(scope, parameters, defaults, self.problems)
            steps = reader.steps(body.get("layers"))
            blocks[name] = Block(name, parameters[name], self.inputs(body), steps, key.mark)
        self.refuse_recursion(blocks)
        return blocks

    def libraries(self, node: Node | None) -> list[Node]:
        if node is None:
            return []
        found = []
        for item in node.items if isinstance(node, Sequence) else (node,):
            name = item.text if isinstance(item, Scalar) else ""
            library = self.find_blocks(name) if re.fullmatch(r"[\w\-]+", name) else None
            if library is None:
                self.problems.add(
                    item.mark,
                    f"no library of blocks {item}",
                    expected="the name of a file in 'blocks/' beside the spec, or of one that ships",
                )
                continue
            file, data = library
            parsed = parse(data, file, self.problems)
            blocks = parsed.get("blocks") if isinstance(parsed, Mapping) else None
            if blocks is None:
                self.problems.add(parsed.mark, "a library of blocks holds 'blocks:' alone")
            else:
                found.append(blocks)
        return found

    def collect(
        self,
        node: Node,
        known: frozenset[str],
        bodies: dict[str, tuple[Scalar, Mapping, frozenset[str]]],
    ) -> None:
        if not isinstance(node, Mapping):
            self.problems.add(
                node.mark,
                "blocks are a mapping",
                expected="'name: {parameters, layers}'",
                found=str(node),
            )
            return
        allowed = ("parameters", "inputs", "layers")
        for key, body in node.entries:
            if key.text in KINDS or key.text in STRUCTURES or not _IDENTIFIER.fullmatch(key.text):
                self.problems.add(
                    key.mark,
                    f"'{key.text}' cannot name a block",
                    expected="a name that no layer kind has",
                )
            elif not isinstance(body, Mapping):
                self.problems.add(
                    body.mark,
                    f"block '{key.text}' needs layers",
                    expected="'parameters:' and 'layers:'",
                )
            else:
                for name, _ in body.entries:
                    if name.text not in allowed:
                        self.problems.add(
                            name.mark,
                            f"a block has no '{name.text}'",
                            expected="one of " + ", ".join(allowed),
                            hint=did_you_mean(name.text, allowed),
                        )
                bodies[key.text] = (key, body, known)

    def inputs(self, body: Mapping) -> tuple[str, ...]:
        node = body.get("inputs")
        if node is None:
            return ("input",)
        if (
            isinstance(node, Sequence)
            and node.items
            and all(isinstance(item, Scalar) for item in node.items)
        ):
            return tuple(item.text for item in node.items if isinstance(item, Scalar))
        self.problems.add(node.mark, "a block's inputs are a list of names", found=str(node))
        return ("input",)

    def refuse_recursion(self, blocks: MappingOf[str, Block]) -> None:
        """A block that would contain itself has no end."""
        calls = {name: frozenset(_called(block.steps)) for name, block in blocks.items()}
        done: set[str] = set()
        for start in blocks:
            path: list[str] = []
            stack: list[tuple[str, bool]] = [(start, False)]
            while stack:
                name, leaving = stack.pop()
                if leaving:
                    path.pop()
                    done.add(name)
                elif name in path:
                    cycle = " -> ".join([*path[path.index(name) :], name])
                    self.problems.add(blocks[name].mark, f"block '{name}' contains itself: {cycle}")
                elif name not in done:
                    path.append(name)
                    stack.append((name, True))
                    stack.extend((callee, False) for callee in sorted(calls[name]))


def _called(steps: tuple[Step, ...]) -> list[str]:
    """The blocks that steps call, at any depth."""
    names = []
    for step in steps:
        if hasattr(step, "block"):
            names.append(step.block)
        elif hasattr(step, "steps"):
            names.extend(_called(step.steps))
        elif hasattr(step, "branches"):
            for _, branch in step.branches:
                names.extend(_called(branch))
    return names


def _stem(file: str) -> str:
    return file.replace("\\", "/").rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
