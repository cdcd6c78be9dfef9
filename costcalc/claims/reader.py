"""Claims files and the claims of specs: YAML to :class:`.ClaimsFile`.

    paper: "MobileNets: ..."
    arxiv: "1704.04861"
    network: mobilenet_v1
    tables:
      - table: Table 6
        title: MobileNet width multiplier
        columns: [row, at, mult_adds, params]
        rows:
          - [0.5 MobileNet-224, alpha=0.5, 149 M, 1.3 M]

The attributes of a figure (:data:`ATTRIBUTES`) may be given at the top, for a table,
a column or a row, or with the figure itself; the nearest wins.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import chain

from costcalc.claims.attributes import ATTRIBUTES, AttributeReader, attributes_in
from costcalc.claims.claim import Claim, ClaimsFile, Undetermined
from costcalc.claims.measure import FORMER, METRICS
from costcalc.claims.networks import Networks
from costcalc.claims.tables import TableReader
from costcalc.errors import Mark, Problems, SpecError, did_you_mean
from costcalc.spec import library
from costcalc.spec.finder import network_finder
from costcalc.spec.keys import refuse_others
from costcalc.spec.nodes import parse
from costcalc.spec.reader import TOP as SPEC_KEYS
from costcalc.spec.reader import read_node
from costcalc.spec.title import read_title
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given
from costcalc.spec.variants import read_variants

SOURCE: Mapping[str, str] = {
    "paper": "the title of the paper that prints the figures",
    "arxiv": "its number on arXiv",
    "url": "its address",
}
"""The keys that name the source of the figures."""

TOP: Mapping[str, str] = {
    **SOURCE,
    "networks": "networks of this file, by name, each a spec",
    "tables": "tables of the paper, and passages of its text",
    "claims": "figures, each a mapping of a metric to it",
    "undetermined": "figures that the architecture does not determine",
}
"""The keys of a claims file, besides attributes and metrics."""

UNDETERMINED: Mapping[str, str] = {
    "reason": "why no architecture determines them",
    "figures": "lists of id, table, what it is, and the figure",
}
"""What a group of figures states that no architecture determines."""

LISTS = ("tables", "claims", "undetermined")


_KEYS = (*LISTS, "layers", "network")
"""A file without any of these contains no claims and no spec."""

_PLAIN_KEY = re.compile(
    rb"^[{ ]?[\"']?(?:" + "|".join(_KEYS).encode() + rb")[\"']? ?:", re.MULTILINE
)


def read(path: str, networks: Networks, *, is_named: bool = True) -> ClaimsFile | None:
    """The claims in a file; None for YAML that is neither claims nor a spec.

    Args:
        path: the path of the file.
        networks: where the networks that it names are opened.
        is_named: whether the user named the file.  One that was only found in a folder
            may be anything, such as a template: it is an error that it is not YAML only
            if one of its lines begins with a key of claims or of a spec.

    Raises:
        SpecError: with every problem of the text.
    """
    data = library.read_bytes(path, path)
    if not is_named and not any(key.encode() in data for key in _KEYS):
        return None  # without the time that a large file takes to parse
    problems = Problems()
    try:
        root = parse(data, path, problems, "a file of claims or a spec")
    except SpecError:
        if is_named or _PLAIN_KEY.search(data):
            raise
        return None
    if not isinstance(root, MapNode) or not is_claims(root):
        return None
    problems.raise_any()
    file = _Reader(path, problems, networks).file(root)
    problems.raise_any()
    return file


def is_claims(root: MapNode) -> bool:
    """Whether the root of a file is that of claims, or of a spec, which may have claims."""
    keys = {key.text for key, _ in root.entries}
    return not keys.isdisjoint((*LISTS, "layers")) or (
        "network" in keys and not keys.isdisjoint((*METRICS, *FORMER))
    )


class _Reader:
    def __init__(self, path: str, problems: Problems, networks: Networks) -> None:
        self.path = path
        self.problems = problems
        self.networks = networks
        self.inline: dict[str, str] = {}
        self.attributes = AttributeReader(path, problems, networks, self.inline)

    def file(self, root: MapNode) -> ClaimsFile:
        is_spec = root.get("layers") is not None
        allowed = SPEC_KEYS if is_spec else (*TOP, *ATTRIBUTES, *METRICS)
        former = {} if is_spec else FORMER
        refuse_others(root.keys, allowed, "a claims file has no", self.problems, former)
        self.read_inline(root.get("networks"))
        stem = os.path.splitext(os.path.basename(self.path))[0]
        inherited: dict[str, Node] = {}
        if is_spec:
            own_name = os.path.basename(self.path)
            inherited["network"] = Scalar(own_name, True, root.mark)
            self.inline[own_name] = self.path
        else:
            inherited = attributes_in(root)
        top = root.get("source") if is_spec else root
        text = self.attributes.text
        pairs = top.entries if isinstance(top, MapNode) else ()
        source = {key.text: text(node) for key, node in pairs if key.text in SOURCE}
        reader = TableReader(stem, self.attributes, self.problems)
        tables = [reader.table(node, inherited) for node in self.items(root.get("tables"))]
        variants = read_variants(root.get("variants"), self.problems) if is_spec else None
        if variants is not None and variants.has_figures:
            tables.append(reader.variants(variants, inherited))
        figures = [entry for entry in root.entries if entry[0].text in METRICS]
        items = self.items(root.get("claims"))
        own = reader.own(MapNode(tuple(figures), root.mark), items, inherited)
        budgets = root.get("budgets") if is_spec else None
        if budgets is not None:
            tables.append(reader.budgets(budgets, inherited))
        title = source.get("paper") or stem
        if is_spec and "paper" not in source:
            # Problems with the name are reported with the network.
            title = read_title(root.get("name"), self.path, (), Problems()).text
        file = ClaimsFile(
            path=self.path,
            title=title,
            source=source,
            tables=(*tables, *own),
            undetermined=self.undetermined(root.get("undetermined")),
            spec=self.networks.named(self.path) if is_spec else None,
        )
        self.refuse_repeated_ids(file)
        return self.with_quotients(file, reader.quotients)

    def read_inline(self, node: Node | None) -> None:
        """Reads the networks that are written in the claims file itself."""
        if node is None:
            return
        if not isinstance(node, MapNode):
            self.problems.add(
                node.mark,
                "networks must be a mapping",
                expected="'name: {input: ..., layers: ...}'",
            )
            return
        find_blocks = library.block_finder(self.path)
        find_network = network_finder(self.path)
        for key, body in node.entries:
            path = f"{self.path}#{key.text}"
            self.networks.add(
                path, read_node(body, self.path, find_blocks, self.problems, find_network)
            )
            self.inline[key.text] = path

    def items(self, node: Node | None) -> tuple[Node, ...]:
        if node is None:
            return ()
        if isinstance(node, ListNode):
            return node.items
        self.problems.add(node.mark, "a list is expected here", expected="'- ...'", found=str(node))
        return ()

    def undetermined(self, node: Node | None) -> tuple[Undetermined, ...]:
        undetermined = []
        for group in self.items(node):
            if isinstance(group, MapNode):
                self.attributes.refuse(group, UNDETERMINED, "a group of figures")
            stated = given(group.get("reason")) if isinstance(group, MapNode) else None
            reason = stated.text if isinstance(stated, Scalar) else ""
            figures = group.get("figures") if isinstance(group, MapNode) else None
            if not reason or not isinstance(figures, ListNode):
                self.problems.add(
                    group.mark,
                    "figures that no architecture determines need a reason",
                    expected="{reason: ..., figures: [[id, table, what, printed], ...]}",
                )
                continue
            for row in figures.items:
                cells = row.items if isinstance(row, ListNode) else ()
                texts = [cell.text for cell in cells if isinstance(cell, Scalar)]
                if len(texts) != 4 or len(cells) != 4:
                    self.problems.add(
                        row.mark,
                        "a figure must have four cells",
                        expected="[id, table, what, printed]",
                    )
                    continue
                id_, table, what, printed = texts
                undetermined.append(Undetermined(id_, row.mark, table, what, printed, reason))
        return tuple(undetermined)

    def with_quotients(
        self, file: ClaimsFile, quotients: Mapping[str, tuple[Scalar, Scalar]]
    ) -> ClaimsFile:
        """The file, whose quotients have the figures that they name."""
        figures = {claim.id: claim.figure for claim in file.claims}
        for one in chain(*quotients.values()):
            if one.text not in figures:
                message = f"no figure of this file has the id '{one.text}'"
                self.problems.add(one.mark, message, hint=did_you_mean(one.text, figures))
        self.problems.raise_any()

        def whole(claim: Claim) -> Claim:
            if claim.id not in quotients:
                return claim
            above, below = (figures[one.text] for one in quotients[claim.id])
            return claim._replace(quotient=(above, below))

        tables = tuple(
            table._replace(claims=tuple(map(whole, table.claims))) for table in file.tables
        )
        return file._replace(tables=tables)

    def refuse_repeated_ids(self, file: ClaimsFile) -> None:
        places = [(claim.id, claim.mark) for claim in file.claims]
        places += [(figure.id, figure.mark) for figure in file.undetermined]
        first: dict[str, Mark] = {}
        for name, mark in places:
            if name in first:
                self.problems.add(
                    mark,
                    f"the id '{name}' is used twice",
                    found=f"first on line {first[name].line}",
                    hint="give it an 'id', or a 'row' of its own",
                )
            first.setdefault(name, mark)
