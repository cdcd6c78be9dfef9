"""Follows every link of the built site: ``nox -s site``.

    .venv/bin/python tools/check_site.py build/site/html

Sphinx follows the links between the pages that it reads; this follows those of what it wrote, to
pictures and interactive pages as well, and allows nothing to be loaded from elsewhere.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

_TAG = re.compile(r"<(\w+)\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"""\b(id|name|href|src)=["']([^"']*)["']""")
_SCHEME = re.compile(r"[a-z]+:|//")


def broken(site: Path) -> Iterator[str]:
    """Each link that leads nowhere, and each file that is loaded from elsewhere."""
    for page in sorted(site.rglob("*.html")):
        for tag, link in links(page):
            if _SCHEME.match(link):
                if tag != "a" and not link.startswith("data:"):
                    yield f"{page}: <{tag}> loads {link}"
                continue
            _, _, path, _, place = urlsplit(link)
            file = (page.parent / unquote(path)).resolve() if path else page
            if not file.is_file():
                yield f"{page}: no file {link}"
            elif place and file.suffix == ".html" and unquote(place) not in places(file):
                yield f"{page}: no place {link}"


def links(page: Path) -> Iterator[tuple[str, str]]:
    """The links of a page, each with its tag."""
    for tag, attributes in _TAG.findall(page.read_text(encoding="utf-8")):
        for key, value in _ATTRIBUTE.findall(attributes):
            if key in ("href", "src") and value not in ("", "#"):
                yield tag, html.unescape(value)


@cache
def places(page: Path) -> frozenset[str]:
    """The places of a page that links can lead to."""
    attributes = _ATTRIBUTE.findall(page.read_text(encoding="utf-8"))
    return frozenset(html.unescape(value) for key, value in attributes if key in ("id", "name"))


if __name__ == "__main__":
    sys.exit("\n".join(broken(Path(sys.argv[1]))) or None)
