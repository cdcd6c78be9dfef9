"""Where a level of a network is drawn: boxes from top to bottom, arrows between them.

``drawing.js`` makes SVG of it, with the words of the rows and what depends on the settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from costcalc.escaping import printable
from costcalc.records import NamedTuple
from costcalc.webpage.layout import DOWN, Arrow, Extent2D, Placed, Route, layout
from costcalc.webpage.levels import NetworkLevel

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


class Look(NamedTuple):
    """All that the place of a level's boxes depends on: levels that look the same share it."""

    sizes: tuple[Extent2D, ...]
    arrows: tuple[Arrow, ...]
    buses: frozenset[int]
    tensors: frozenset[int]


def look(level: NetworkLevel) -> Look:
    """What a level looks like, without its words."""
    boxes = list(enumerate(level.boxes))
    return Look(
        tuple(_sizes(level)),
        level.arrows,
        frozenset(number for number, box in boxes if box.is_bus),
        frozenset(number for number, box in boxes if not box.rows),
    )


class Picture(NamedTuple):
    """Where a level is drawn."""

    width: int
    height: int
    common: int
    """The width of boxes that have none of their own."""
    arrows: str
    """A path of SVG, in which ``z`` is the head of an arrow downwards."""
    boxes: tuple[tuple[int, ...], ...]
    """The middle of each; then, as far as they are not as usual, its width, its height, and
    where across the first arrow leaves it."""


def is_too_large(level: NetworkLevel) -> bool:
    """Whether a level has too many boxes to be drawn."""
    return len(level.boxes) > MOST


def picture(look: Look) -> Picture:
    """How a level is drawn."""
    placed = layout(look.sizes, look.arrows, look.buses)
    common = max((width for width, height in look.sizes if height == HEIGHT), default=NARROWEST)
    boxes = [_box(placed, number, common) for number in range(len(look.sizes))]
    routes = [*placed.routes, *_outwards(look, placed)]
    return Picture(
        placed.width + 2 * MARGIN + ROOM,
        placed.height + 2 * MARGIN + DOWN,
        common,
        "".join(map(_path, dict.fromkeys(routes))),
        tuple(boxes),
    )


def _box(placed: Placed, number: int, common: int) -> tuple[int, ...]:
    (x, y), (width, height) = placed.centres[number], placed.sizes[number]
    below = y - height // 2 + height
    ends = [start for start, end in (route[0] for route in placed.routes) if end == below]
    near = [end for end in ends if abs(end - x) <= width // 2]
    leaves = min(near, key=lambda end: abs(end - x), default=x)
    usual = [common, HEIGHT, x]
    own = [width, height, leaves]
    while own and own[-1] == usual[len(own) - 1]:
        del own[-1]
    return (x, y, *own)


def shortened(level: NetworkLevel, placed: Picture) -> dict[int, tuple[str, str]]:
    """The title and the type that are shown of boxes too narrow for their own."""
    found = {}
    for number, box in enumerate(level.boxes):
        title, type_ = full = printable(box.title), printable(box.type)
        _, _, width, *_ = (*placed.boxes[number], placed.common)
        room = width - 16
        shown = fitted(title, room), fitted(type_, room - text_width(_COST))
        if box.is_bus:  # which does not show its type
            shown = shown[0], type_
        if box.rows and shown != full:
            found[number] = shown
    return found


def _sizes(level: NetworkLevel) -> Iterator[Extent2D]:
    """The size of each box: all layers and blocks of a level are equally wide."""
    texts = [text for box in level.boxes if box.rows for text in (box.title, box.type + _COST)]
    widest = max((text_width(text) for text in texts), default=0) + 20
    common = min(max(widest, NARROWEST), WIDEST)
    for box in level.boxes:
        if not box.rows:
            yield Extent2D(text_width(box.title) + 20, TENSOR)
        else:
            yield Extent2D(common, BUS if box.is_bus else HEIGHT)


_COST = " · 88.8 M"
"""A cost as wide as most."""


def _outwards(look: Look, placed: Placed) -> Iterator[Route]:
    """Short arrows out of what no box of the level reads."""
    read = {source for source, _ in look.arrows}
    for number, (x, y) in enumerate(placed.centres):
        if number not in read and number not in look.tensors:
            height = placed.sizes[number].height
            bottom = y - height // 2 + height
            yield (x, bottom), (x, bottom + DOWN - 4)


def _path(route: Route) -> str:
    """An arrow: straight down, or curved to another place across; and its head."""
    (x, y), *_ = route
    lines = [f"M{x} {y}"]
    for (x, y), (x2, y2) in pairwise(route):
        over, down = x2 - x, y2 - y
        lines.append(f"c0 {down // 2} {over} {down // 2} {over} {down}" if over else f"v{down}")
    is_down = route[-2][1] < route[-1][1]
    return "".join([*lines, "z" if is_down else "l-3 6m6 0l-3-6"])


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
