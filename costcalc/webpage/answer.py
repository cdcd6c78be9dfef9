"""The answer to ``costcalc page``: an interactive page."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.escaping import html
from costcalc.files import whole
from costcalc.opening import OpenNetwork
from costcalc.records import NamedTuple
from costcalc.webpage.document import document
from costcalc.webpage.model import Measures, NetworkModel, model


class WebPage:
    """An interactive page: one HTML file.

    Attributes:
        models: its networks.
        html: the file's text.
    """

    def __init__(self, models: Sequence[NetworkModel]) -> None:
        self.models = tuple(models)
        self.html = document(self.models)

    @property
    def title(self) -> str:
        """Its networks."""
        return ", ".join(each.title for each in self.models)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the file, whole or not at all.

        Raises:
            SpecError: it cannot be written.
        """
        with whole(os.fspath(path)) as partial, open(partial, "x", encoding="utf-8") as file:
            file.write(self.html)

    def __str__(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.title}; save(path) writes it>"

    def _repr_html_(self) -> str:
        """The page in a frame of a notebook."""
        return (
            f'<iframe srcdoc="{html_attribute(self.html)}" title="{html(self.title)}" '
            'sandbox="allow-scripts" allow="clipboard-write" width="100%" height="640"></iframe>'
        )


def html_attribute(text: str) -> str:
    """A document for an attribute of HTML, whose line ends stay."""
    return text.replace("&", "&amp;").replace('"', "&quot;")


class AskedNetwork(NamedTuple):
    """A network that a page is asked for."""

    network: OpenNetwork
    """At the settings at which the page opens."""
    ranges: Mapping[str, Sequence[Any]]
    """Values of parameters, in the place of the usual ones."""


def web_page(
    asked: Sequence[AskedNetwork], measures: Measures, fixed: Mapping[str, Any]
) -> WebPage:
    """The page of some networks.

    Args:
        asked: the networks.
        measures: how costs are counted, and what else is measured.
        fixed: settings that stay as they are.

    Raises:
        CostcalcError: a network does not exist at its own settings, a convention lacks a rule,
            or a device a figure.
    """
    models = [model(network, measures, fixed, ranges) for network, ranges in asked]
    titles = [each.title for each in models]
    return WebPage(
        [
            each._replace(title=f"{each.title} #{number}") if titles.count(each.title) > 1 else each
            for number, each in enumerate(models, 1)
        ]
    )
