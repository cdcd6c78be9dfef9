"""A level of a network as a picture: boxes shaded by cost, arrows with shapes.

A page has the pictures of all its levels as data, of which ``drawing.js`` makes SVG when they are
opened; that of the network at the first settings is there as SVG without JavaScript too.  What of a
box depends on the settings is its cost, the ``tspan`` behind its type, its shape, the last
``text``, and its shade, the opacity of its ``rect``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from costcalc.escaping import html, printable
from costcalc.formulas.algebra import Size, quotient
from costcalc.records import NamedTuple
from costcalc.webpage.layout import DOWN, Extent2D, Placed, Route, layout
from costcalc.webpage.levels import LevelBox, NetworkLevel

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


class Box(NamedTuple):
    """Where a box is drawn, and its words."""

    left: int
    top: int
    width: int
    height: int
    leaves: int
    """Where across the first arrow leaves it."""
    title: str
    type: str | None
    """Empty for a bus, which shows none; None for a tensor."""
    whole: str
    """What it says, if it is too long to be shown; or empty."""


class Picture(NamedTuple):
    """A level as it is drawn at any settings: the sizes, the paths of SVG, the boxes."""

    width: int
    height: int
    arrows: str
    heads: str
    sheets: str
    boxes: tuple[Box, ...]


def graph(level: NetworkLevel, title: str, figures: Figures) -> Iterator[str]:
    """The drawing of a network as HTML.

    Args:
        level: the network.
        title: its title.
        figures: what boxes show.
    """
    yield f'<div class="graph"><figure><figcaption>{html(title)}</figcaption>'
    if is_too_large(level):
        yield f"<p>{len(level.boxes):,} boxes are too many to draw: the table has them.</p>"
    else:
        yield svg(level, title, figures)
    yield "</figure></div>"


def is_too_large(level: NetworkLevel) -> bool:
    """Whether a level has too many boxes to be drawn."""
    return len(level.boxes) > MOST


def svg(level: NetworkLevel, title: str, figures: Figures) -> str:
    """A level as an ``svg`` element.

    Args:
        level: its boxes and arrows.
        title: what it shows, for those who do not see it.
        figures: what its boxes show.
    """
    drawn = picture(level)
    width, height = drawn.width, drawn.height
    shown = [figures(box.rows) if box.rows else _BLANK for box in level.boxes]
    most = max((figures.weight for figures in shown), default=0)
    parts = [
        f'<svg viewBox="{-MARGIN} {-MARGIN} {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{html(title)}">',
        f'<path class="arrows" d="{drawn.arrows}"/>',
        f'<path class="heads" d="{drawn.heads}"/>',
        f'<path class="sheets" d="{drawn.sheets}"/>',
    ]
    for box, figures_ in zip(drawn.boxes, shown, strict=True):
        parts += _box(box, figures_, most)
    return "".join([*parts, "</svg>"])


def picture(level: NetworkLevel) -> Picture:
    """How a level is drawn."""
    placed = layout(
        _sizes(level),
        level.arrows,
        frozenset(number for number, box in enumerate(level.boxes) if box.is_bus),
    )
    routes = [*placed.routes, *_outwards(level, placed)]
    return Picture(
        placed.width + 2 * MARGIN + ROOM,
        placed.height + 2 * MARGIN + DOWN,
        "".join(_paths(routes)),
        "".join(_heads(routes)),
        "".join(_sheets(level, placed)),
        tuple(_placed_box(box, placed, number) for number, box in enumerate(level.boxes)),
    )


def _placed_box(box: LevelBox, placed: Placed, number: int) -> Box:
    (x, y), (width, height) = placed.centres[number], placed.sizes[number]
    below = y + height // 2
    ends = [start for start, end in (route[0] for route in placed.routes) if end == below]
    near = [end for end in ends if abs(end - x) <= width // 2]
    leaves = min(near, key=lambda end: abs(end - x), default=x)
    place = (x - width // 2, y - height // 2, width, height, leaves)
    if not box.rows:
        return Box(*place, box.title, None, "")
    full = (box.title, "" if box.is_bus else box.type)
    title = fitted(full[0], width - 16)
    type_ = fitted(full[1], width - 16 - text_width(_COST))
    whole = "" if (title, type_) == full else f"{box.title}: {box.type}"
    return Box(*place, title, type_, whole)


_BLANK = BoxFigures("", "", 0)


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


def _box(box: Box, shown: BoxFigures, most: Size) -> Iterator[str]:
    x, y = box.left + box.width // 2, box.top + box.height // 2
    sides = f'x="{box.left}" y="{box.top}" width="{box.width}" height="{box.height}"'
    if box.type is None:
        yield f'<g class="tensor"><rect {sides}/>'
        yield f'<text x="{x}" y="{y + 4}">{html(box.title)}</text></g>'
        return
    yield f'<g><rect {sides} fill-opacity="{_heat(shown.weight, most)}"/>'
    yield f'<text x="{x}" y="{y - 3 if box.type else y + 4}">{html(box.title)}</text>'
    if box.type:
        cost = html(_cost(shown.cost))
        yield f'<text x="{x}" y="{y + 11}">{html(box.type)}<tspan>{cost}</tspan></text>'
    below = box.top + box.height + DOWN // 2 + 3
    yield f'<text x="{box.leaves + 6}" y="{below}">{html(shown.shape)}</text>'
    if box.whole:
        yield f"<title>{html(box.whole)}</title>"
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
