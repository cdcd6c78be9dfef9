"""The top level of a spec: name, source, input, parameters, blocks, layers."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Mark, Problems, did_you_mean, refuse, warn
from costcalc.spec import limits
from costcalc.spec.accuracy import read_accuracies
from costcalc.spec.blocks import BlockReader
from costcalc.spec.defaults import read_defaults
from costcalc.spec.document import Document, Expression, Rounding
from costcalc.spec.family import YEAR, read_family, refuse_odd_year
from costcalc.spec.keys import refuse_others
from costcalc.spec.library import FindBlocks
from costcalc.spec.networks import FindNetwork
from costcalc.spec.nodes import parse
from costcalc.spec.parameters import INPUT_NAMES, NETWORK_NAMES, ParameterReader
from costcalc.spec.space import read_space
from costcalc.spec.steps import StepReader
from costcalc.spec.title import read_title
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given
from costcalc.spec.values import Values, line, literal
from costcalc.spec.variants import with_variants

TOP: Mapping[str, str] = {
    "name": "the network's name; by default the file's",
    "description": "a line of text",
    "family": "what it is listed under",
    "source": "where the network is from: a line, or a mapping with paper, arxiv, table, year ...",
    "input": "the shape of one image, channels first: [3, res, res], or 224 x 224 x 3",
    "parameters": "what a caller may set, by name: a default, or its default, range, choices, doc",
    "variants": "the networks of a paper's table, each a row that sets parameters",
    "space": "the values that a search chooses among, by parameter",
    "accuracy": "published accuracies: {top1: 70.6, source: Table 6, at: {alpha: 0.5}}",
    "width_rounding": "how widths that alpha scales are rounded",
    "symbols": "the parameters that stay symbols in its closed form; by default alpha and res",
    "use": "libraries of blocks, and networks that are blocks here",
    "blocks": "blocks of this spec, by name",
    "defaults": "arguments of every layer of a kind, or of every call of a block",
    "layers": "the layers, in their order",
    "mult_adds": "the mult-adds that are claimed, for costcalc check",
    "params": "the params that are claimed, for costcalc check",
    "claims": "figures that are printed, for costcalc check",
    "budgets": "bounds, for costcalc check: {storage: tflm, peak_bytes: <= 256 KiB}",
}
"""The keys of a spec, and what they state; ``costcalc check`` reads the last four."""

ROUNDINGS = ("floor", "nearest")
ROUNDINGS_TO = ("nearest_multiple", "divisible_by")
"""The rules for rounding widths: those without a divisor, and those with one."""

_COLOURS = ("1", "3", "4")
"""How many channels images have."""

_SMALLEST_SQUARE, _SMALLEST_PICTURE = 8, 32
"""The least sides of an input that is plainly an image: of a square one, or of any other."""


def read(
    data: bytes, file: str, find_blocks: FindBlocks, find_network: FindNetwork | None = None
) -> Document:
    """The document of a spec's text.

    Raises:
        SpecError: with every problem of the text.
    """
    problems = Problems()
    document = read_node(parse(data, file, problems), file, find_blocks, problems, find_network)
    problems.raise_any()
    return document


def read_node(
    root: Node,
    file: str,
    find_blocks: FindBlocks,
    problems: Problems,
    find_network: FindNetwork | None = None,
) -> Document:
    """The document of a node, which is a file's root or a part of it.

    Raises:
        SpecError: the node is not a mapping; other errors go to ``problems``.
    """
    if not isinstance(root, MapNode):
        refuse(root.mark, "a spec is a mapping", "'name:', 'input:', 'layers:' ...", str(root))
    return _SpecReader(file, problems, find_blocks, find_network).document(root)


def _are_channels_last(sides: tuple[Expression, ...]) -> bool:
    """Whether a list is plainly an image's height, width and channels, in this order.

    The channels are one, three or four, and the sides before them are equal or, before
    three, both as large as a picture's.
    """
    if len(sides) < 3:
        return False
    height, width, channels = sides[-3:]
    if channels.text not in _COLOURS:
        return False
    if height.text == width.text:
        return not height.text.isdecimal() or int(height.text) >= _SMALLEST_SQUARE
    are_large = all(
        side.text.isdecimal() and int(side.text) >= _SMALLEST_PICTURE for side in (height, width)
    )
    return channels.text == "3" and are_large


def _warn_of_order(mark: Mark, sides: list[str]) -> None:
    """Warns that an input's channels seem to come last."""
    *axes, channels = sides
    first = f"[{', '.join((channels, *axes))}]"
    as_printed = f", or {' x '.join(sides)} as papers print it"
    warn(
        mark,
        f"channels come first, so this is an input of {sides[0]} channels",
        expected=first,
        found=f"[{', '.join(sides)}]",
        hint=f"input: {first}{as_printed if all(map(str.isdecimal, sides)) else ''}",
    )


class _SpecReader:
    def __init__(
        self,
        file: str,
        problems: Problems,
        find_blocks: FindBlocks,
        find_network: FindNetwork | None,
    ) -> None:
        self.file = file
        self.find_network = find_network
        self.problems = problems
        self.find_blocks = find_blocks

    def document(self, root: MapNode) -> Document:
        refuse_others(root.keys, TOP, "a spec has no", self.problems)
        root = with_variants(root, self.problems)
        parameters = ParameterReader(NETWORK_NAMES, self.problems).read(root.get("parameters"))
        known = frozenset(parameters) | NETWORK_NAMES
        library = BlockReader(known, self.find_blocks, self.find_network, self.problems)
        headers = library.headers(root.get("use"), root.get("blocks"))
        defaults = read_defaults(root.get("defaults"), headers, known | INPUT_NAMES, self.problems)
        blocks = library.blocks(defaults)
        reader = StepReader(known | INPUT_NAMES, headers, defaults, self.problems)
        steps = reader.steps(root.get("layers"))
        if not steps and not self.problems:
            self.problems.add(
                Mark(self.file), "a spec needs layers", expected="'layers:' and a list"
            )
        return Document(
            title=read_title(root.get("name"), self.file, known, self.problems),
            file=self.file,
            source=self.source(root.get("source")),
            input=self.input(root.get("input"), known),
            parameters=parameters,
            rounding=self.rounding(root.get("width_rounding")),
            blocks=blocks,
            steps=steps,
            description=line(root.get("description"), self.problems),
            accuracies=read_accuracies(root.get("accuracy"), known, self.problems),
            symbols=self.symbols(root.get("symbols"), known),
            space=read_space(root.get("space"), parameters, self.problems),
            family=read_family(root.get("family"), self.problems),
        )

    def source(self, node: Node | None) -> dict[str, str]:
        node = given(node)
        if node is None:
            return {}
        if isinstance(node, Scalar):
            return {"title": node.text}
        if isinstance(node, MapNode):
            refuse_odd_year(node.get(YEAR), self.problems)
            return {key.text: line(value, self.problems) for key, value in node.entries}
        self.problems.add(node.mark, "a source is a line of text or a mapping", found=str(node))
        return {}

    def symbols(self, node: Node | None, known: frozenset[str]) -> tuple[str, ...]:
        node = given(node)
        if node is None:
            return ()
        if not isinstance(node, ListNode):
            self.problems.add(
                node.mark, "symbols are a list of parameters", "[d, L]", found=str(node)
            )
            return ()
        for item in node.items:
            if not isinstance(item, Scalar) or item.text not in known:
                self.problems.add(
                    item.mark,
                    f"{item} is not a parameter",
                    expected="the name of a parameter",
                    hint=did_you_mean(str(item), known),
                )
        return tuple(item.text for item in node.items if isinstance(item, Scalar))

    def input(self, node: Node | None, known: frozenset[str]) -> tuple[Expression, ...]:
        node = given(node)
        if node is None:
            self.problems.add(
                Mark(self.file), "a spec needs its input's shape", hint="input: [3, res, res]"
            )
            return ()
        shape = Values(known, self.problems).shape(node)
        if shape and isinstance(node, ListNode) and _are_channels_last(shape.sides):
            _warn_of_order(node.mark, [side.text for side in shape.sides])
        return shape.sides if shape else ()

    def rounding(self, node: Node | None) -> Rounding:
        if node is None:
            return Rounding()
        if isinstance(node, Scalar) and node.text in ROUNDINGS:
            return Rounding(node.text)
        if isinstance(node, MapNode) and len(node.entries) == 1:
            rule, divisor = node.keys[0].text, literal(node.entries[0][1])
            is_size = type(divisor) is int and 0 < divisor <= limits.SIZE
            if rule in ROUNDINGS_TO and is_size:
                return Rounding(rule, divisor)
        self.problems.add(
            node.mark,
            "unknown rule for rounding widths",
            expected="floor, nearest, {nearest_multiple: 8} or {divisible_by: 8}",
            found=str(node),
        )
        return Rounding()
