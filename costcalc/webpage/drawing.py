"""A level of a network as SVG: boxes shaded by cost, arrows with shapes.

What of a box depends on the settings is its cost, the ``tspan`` behind its type, its shape,
the last ``text``, and its shade, the opacity of its ``rect``: Python fills them in at the page's
first settings, and ``drawing.js`` in the same way at others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from costcalc.escaping import html, printable
from costcalc.formulas.algebra import Size, quotient
from costcalc.records import NamedTuple
from costcalc.webpage.layout import DOWN, Extent2D, Placed, Route, layout
from costcalc.webpage.levels import LevelBox, LevelSheet, NetworkLevel

MOST = 300
"""The most boxes of a level that is drawn: more of them are a table, not a picture."""

HEIGHT, TENSOR, BUS = 36, 20, 24
"""Of a box, of a tensor that enters or leaves, and of what joins tensors."""

NARROWEST, WIDEST = 84, 208
"""The widths of boxes."""

ENDS = 50
"""The characters at either end of a long text that may be shown of it."""

MARGIN = 8
ROOM = 70
"""At the right, for the shape beside an arrow."""


class BoxFigures(NamedTuple):
    """What a box shows at some settings."""

    cost: str
    """Its mult-adds; empty if it has none."""
    shape: str
    """Of its output."""
    weight: Size
    """Its mult-adds, for its shade: beside the largest of the level."""


Figures = Callable[[tuple[int, ...]], BoxFigures]
"""What the box for some rows of the table shows."""


def graph(sheet: LevelSheet, outermost: int, title: str, figures: Figures) -> Iterator[str]:
    """The drawings of a network's levels as HTML, the outermost first.

    Levels that look the same have one, filled in for the first block with it.

    Args:
        sheet: the levels.
        outermost: the number of the one that the page opens with.
        title: the network's.
        figures: what boxes show.
    """
    yield '<div class="graph">'
    first = _first_blocks(sheet, outermost)
    others = {drawing: _Block(drawing, None, "") for drawing in sorted({*sheet.drawings})}
    for drawing, block in {**first, **others, **first}.items():
        level, words = sheet.levels[block.level], " ".join(filter(None, (title, block.name)))
        yield f'<figure data-level="{drawing}"><figcaption>{html(words)}</figcaption>'
        if len(level.boxes) > MOST:
            yield f"<p>{len(level.boxes):,} boxes are too many to draw: the table has them.</p>"
        else:
            yield svg(level, words, figures, block.base)
        yield "</figure>"
    yield "</div>"


class _Block(NamedTuple):
    """A block of a structure, or all of it."""

    level: int
    base: int | None
    """The row that the level's rows count from; None if the page does not open with it."""
    name: str


def _first_blocks(sheet: LevelSheet, outermost: int) -> dict[int, _Block]:
    """The drawings of a structure, each with the first block that it shows."""
    first: dict[int, _Block] = {}
    waiting = [(outermost, 0, "")]
    while waiting:
        number, base, name = waiting.pop(0)
        if sheet.drawings[number] in first:
            continue
        first[sheet.drawings[number]] = _Block(number, base, name)
        for box in sheet.levels[number].boxes:
            if box.opens is not None:
                path = f"{name}/{box.title}" if name else box.title
                waiting.append((box.opens, base + box.rows[0], path))
    return first


def svg(level: NetworkLevel, title: str, figures: Figures, base: int | None = 0) -> str:
    """A level as an ``svg`` element.

    Args:
        level: its boxes and arrows.
        title: what it shows, for those who do not see it.
        figures: what its boxes show.
        base: the row that its rows count from; None for a level that the page does not
            open with.
    """
    placed = layout(
        _sizes(level),
        level.arrows,
        frozenset(number for number, box in enumerate(level.boxes) if box.is_bus),
    )
    shown = [
        figures(tuple(row + base for row in box.rows)) if box.rows and base is not None else _BLANK
        for box in level.boxes
    ]
    most = max((figures.weight for figures in shown), default=0)
    routes = [*placed.routes, *_outwards(level, placed)]
    width, height = placed.width + 2 * MARGIN + ROOM, placed.height + 2 * MARGIN + DOWN
    parts = [
        f'<svg viewBox="{-MARGIN} {-MARGIN} {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{html(title)}">',
        f'<path class="arrows" d="{"".join(_paths(routes))}"/>',
        f'<path class="heads" d="{"".join(_heads(routes))}"/>',
        f'<path class="sheets" d="{"".join(_sheets(level, placed))}"/>',
    ]
    for number, box in enumerate(level.boxes):
        parts += _box(box, _Frame.of(placed, number), shown[number], most)
    return "".join([*parts, "</svg>"])


_BLANK = BoxFigures("", "", 0)


class _Frame(NamedTuple):
    """Where a box is drawn."""

    x: int
    y: int
    """Of its centre."""
    width: int
    height: int
    leaves: int
    """Where across the first arrow leaves it."""

    @classmethod
    def of(cls, placed: Placed, number: int) -> _Frame:
        """The frame of a box, by its number."""
        (x, y), (width, height) = placed.centres[number], placed.sizes[number]
        below = y + height // 2
        ends = [start for start, end in (route[0] for route in placed.routes) if end == below]
        near = [end for end in ends if abs(end - x) <= width // 2]
        return cls(x, y, width, height, min(near, key=lambda end: abs(end - x), default=x))


def _sizes(level: NetworkLevel) -> list[Extent2D]:
    """The size of each box: all layers and blocks of a level are equally wide."""
    texts = [text for box in level.boxes if box.rows for text in _texts(box)]
    widest = max((text_width(text) for text in texts), default=0) + 20
    common = min(max(widest, NARROWEST), WIDEST)
    sizes = []
    for box in level.boxes:
        if not box.rows:
            sizes.append(Extent2D(text_width(box.title) + 20, TENSOR))
        else:
            sizes.append(Extent2D(common, BUS if box.is_bus else HEIGHT))
    return sizes


def _texts(box: LevelBox) -> tuple[str, str]:
    """The lines of a box, the second with room for its cost."""
    return (box.title, box.type + _COST)


_COST = " · 88.8 M"
"""A cost as wide as most."""


def _box(box: LevelBox, frame: _Frame, shown: BoxFigures, most: Size) -> Iterator[str]:
    x, y, width, height, leaves = frame
    left, top = x - width // 2, y - height // 2
    sides = f'x="{left}" y="{top}" width="{width}" height="{height}"'
    if not box.rows:
        yield f'<g class="tensor"><rect {sides}/>'
        yield f'<text x="{x}" y="{y + 4}">{html(box.title)}</text></g>'
        return
    yield f'<g><rect {sides} fill-opacity="{_heat(shown.weight, most)}"/>'
    title, type_ = fitted(box.title, width - 16), ""
    if box.is_bus:
        yield f'<text x="{x}" y="{y + 4}">{html(title)}</text>'
    else:
        type_ = fitted(box.type, width - 16 - text_width(_COST))
        yield f'<text x="{x}" y="{y - 3}">{html(title)}</text>'
        yield f'<text x="{x}" y="{y + 11}">{html(type_)}<tspan>{html(_cost(shown.cost))}</tspan>'
        yield "</text>"
    below = top + height + DOWN // 2 + 3
    yield f'<text x="{leaves + 6}" y="{below}">{html(shown.shape)}</text>'
    if (title, type_) != (box.title, "" if box.is_bus else box.type):
        yield f"<title>{html(box.title)}: {html(box.type)}</title>"
    yield "</g>"


def _sheets(level: NetworkLevel, placed: Placed) -> Iterator[str]:
    """The edges of a sheet below each box that opens."""
    for number, box in enumerate(level.boxes):
        if box.opens is not None:
            (x, y), (width, height) = placed.centres[number], placed.sizes[number]
            left, bottom = x - width // 2, y - height // 2 + height
            yield f"M{left + 4} {bottom + 3}h{width - 1}v{1 - height}"


def _heat(weight: Size, most: Size) -> str:
    """How dark a box is: the square root makes small costs visible."""
    part = float(quotient(weight, most)) ** 0.5 if most else 0.0
    return f"{part:.2f}".strip("0").rstrip(".") or "0"


def _cost(text: str) -> str:
    return f" · {text}" if text else ""


def _outwards(level: NetworkLevel, placed: Placed) -> Iterator[Route]:
    """Short arrows out of what no box of the level reads."""
    read = {source for source, _ in level.arrows}
    for number, box in enumerate(level.boxes):
        if box.rows and number not in read:
            x, y = placed.centres[number]
            bottom = y + placed.sizes[number].height // 2
            yield (x, bottom), (x, bottom + DOWN - 4)


def _paths(routes: Iterable[Route]) -> Iterator[str]:
    """The lines of the arrows; what several share, once."""
    drawn = set()
    for route in routes:
        for (x, y), (x2, y2) in pairwise(route):
            if (x, y, x2, y2) in drawn:
                continue
            drawn.add((x, y, x2, y2))
            middle = (y + y2) // 2
            bend = f"V{y2}" if x == x2 else f"C{x} {middle} {x2} {middle} {x2} {y2}"
            yield f"M{x} {y}{bend}"


def _heads(routes: Iterable[Route]) -> Iterator[str]:
    """The heads of the arrows, each once."""
    for (x, y), before in dict.fromkeys((route[-1], route[-2][1]) for route in routes):
        way = -1 if before < y else 1
        yield f"M{x} {y}l-3 {6 * way}h6z"


def fitted(text: str, width: float) -> str:
    """Text that is at most about so wide; a longer one loses its middle.

    >>> fitted("bottleneck", 200), fitted("a_very_long_name_of_a_layer", 80)
    ('bottleneck', 'a_very…_layer')
    """
    text = printable(text)
    if text_width(text) <= width:
        return text
    text = text[:ENDS] + text[-ENDS:] if len(text) > 2 * ENDS else text
    kept = len(text) - 1
    while kept > 2 and text_width(shown := _without_middle(text, kept)) > width:
        kept -= 1
    return shown if kept > 2 else _without_middle(text, 2)


def _without_middle(text: str, kept: int) -> str:
    end = kept // 2
    return f"{text[: kept - end]}…{text[-end:]}"


def text_width(text: str) -> int:
    """About how wide a text is, in pixels, at the size of a box's text."""
    return -(-sum(_WIDTHS.get(character, _of_other(character)) for character in text) // 100)


def _of_other(character: str) -> int:
    return 1200 if ord(character) > 0x2E7F else 760 if character.isupper() else 640


_WIDTHS = {
    **dict.fromkeys("ijl|'", 290),
    **dict.fromkeys("ftr.,:;/ ·-()[]I", 400),
    **dict.fromkeys("mwMW@…", 980),
}
"""Hundredths of a pixel for characters that are narrower or wider than most."""
