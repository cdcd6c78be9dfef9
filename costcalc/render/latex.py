"""LaTeX tables with booktabs rules, ready for a paper."""

from __future__ import annotations

from costcalc.escaping import latex, printable
from costcalc.render.page import Cell, Dimensions, Equations, Page, Row, Table, text


def page(page: Page) -> str:
    """A page's tables, with facts and notes as comments; or its equations."""
    if page.prose is not None:
        title = page.prose.title or page.title
        return "\n".join([_comment(title), *map(_prose, page.prose.latex)]) + "\n"
    lines = [_comment(page.title)]
    lines += [_comment(f"{name}: {fact}") for name, fact in page.facts]
    lines.append(r"% \usepackage{booktabs}")
    for table in page.tables:
        lines += ["", *_table(table.seen_by("people"))]
        lines += [_comment(note) for note in table.notes]
    lines += ["", *(_comment(note) for note in page.notes)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _prose(part: str | Equations) -> str:
    if isinstance(part, str):
        return _comment(part)
    lines = " \\\\\n".join(map(printable, part.lines))
    return f"\\begin{{align}}\n{lines}\n\\end{{align}}"


def _comment(words: str) -> str:
    return f"% {printable(words)}"


def _table(table: Table) -> list[str]:
    alignment = "".join("r" if column.align == "right" else "l" for column in table.columns)
    lines = [
        _comment(table.title),
        rf"\begin{{tabular}}{{{alignment}}}",
        r"\toprule",
        _line([latex(column.title) for column in table.columns]),
        r"\midrule",
        *(_line(_cells(row)) for row in table.rows),
    ]
    if table.total:
        lines += [r"\midrule", _line(_cells(table.total))]
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _cells(row: Row) -> list[str]:
    first, *rest = map(_cell, row.cells)
    return [r"\quad " * row.depth + first, *rest]


def _cell(cell: Cell) -> str:
    if isinstance(cell, Dimensions) and cell.sizes:
        return f"${text(cell._replace(suffix=''), chr(92) + 'times ')}${latex(cell.suffix)}"
    return latex(text(cell))


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"
