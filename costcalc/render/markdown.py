"""Markdown with pipe tables, as GitHub shows them."""

from __future__ import annotations

import re

from costcalc.escaping import markdown, printable
from costcalc.render.page import Page, Row, Table, text

_FENCES = re.compile("```+")


def page(page: Page) -> str:
    """A page as a heading, a list of facts, and tables; prose as a code block."""
    if page.prose is not None:
        text = "\n\n".join(page.prose.unicode)
        fence = max(_FENCES.findall(text), key=len, default="") + "```"
        lines = "\n".join(map(printable, text.split("\n")))
        return f"## {markdown(page.title)}\n\n{fence}text\n{lines}\n{fence}\n"
    parts = [f"# {markdown(page.title)}"]
    if page.facts:
        parts.append(
            "\n".join(f"- {markdown(name)}: {markdown(fact)}" for name, fact in page.facts)
        )
    for table in page.tables:
        if len(page.tables) > 1:
            parts.append(f"## {markdown(table.title)}")
        parts.append(_table(table.seen_by("people")))
        parts += map(markdown, table.notes)
    parts += map(markdown, page.notes)
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    rules = ["---:" if column.align == "right" else "---" for column in table.columns]
    lines = [[markdown(column.title) for column in table.columns], rules]
    lines += [_cells(row) for row in table.rows]
    if table.total:
        lines.append(_cells(table.total._replace(is_sum=True)))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> list[str]:
    first, *rest = (markdown(text(cell)) for cell in row.cells)
    if row.is_sum:
        first = f"**{first}**"
    return ["&emsp;" * row.depth + first, *rest]
