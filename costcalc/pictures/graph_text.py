"""Diagrams as text for Mermaid, which GitHub draws, and for Graphviz."""

from __future__ import annotations

from fractions import Fraction

from costcalc import escaping
from costcalc.pictures.diagram import Diagram

_LIGHT, _DARK = (247, 251, 255), (8, 69, 148)
"""The ends of the scale of blues for costs."""

_WHITE_FROM = Fraction(1, 2)
"""The shade from which text is white."""


def mermaid(diagram: Diagram) -> str:
    """A Mermaid flowchart."""
    lines = ["---", f'title: "{escaping.quoted(diagram.title)}"', "---", "flowchart TD"]
    for node in diagram.nodes:
        label = "<br>".join(map(escaping.mermaid, (node.title, *node.lines)))
        box = f'["{label}"]'
        lines.append(f"    {node.id}{f'[{box}]' if node.is_folded else box}")
    for edge in diagram.edges:
        lines.append(f"    {edge.source} -->|{edge.shape}| {edge.target}")
    for node in diagram.nodes:
        ink = "#fff" if node.shade >= _WHITE_FROM else "#000"
        lines.append(f"    style {node.id} fill:{_colour(node.shade)},color:{ink},stroke:#555")
    return "\n".join(lines) + "\n"


def dot(diagram: Diagram) -> str:
    """A Graphviz digraph."""
    lines = [
        "digraph network {",
        f'  label="{escaping.dot(diagram.title)}"; labelloc=t; fontname=Helvetica; fontsize=16;',
        "  node [shape=box, style=filled, fontname=Helvetica, fontsize=11, color=gray40];",
        "  edge [fontname=Helvetica, fontsize=9, color=gray40];",
    ]
    for node in diagram.nodes:
        label = "\\n".join(map(escaping.dot, (node.title, *node.lines)))
        ink = "white" if node.shade >= _WHITE_FROM else "black"
        fill = _colour(node.shade)
        double = ", peripheries=2" if node.is_folded else ""
        lines.append(f'  {node.id} [label="{label}", fillcolor="{fill}", fontcolor={ink}{double}];')
    for edge in diagram.edges:
        lines.append(f'  {edge.source} -> {edge.target} [label=" {edge.shape}"];')
    return "\n".join([*lines, "}"]) + "\n"


def _colour(shade: Fraction) -> str:
    """The blue of a shade; its square root makes small costs visible.

    >>> _colour(Fraction(0)), _colour(Fraction(1))
    ('#f7fbff', '#084594')
    """
    strength = float(shade) ** 0.5
    mixed = (round(a + (b - a) * strength) for a, b in zip(_LIGHT, _DARK, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)
