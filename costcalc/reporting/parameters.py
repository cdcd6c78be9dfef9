"""The parameters of a network, with defaults and meanings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from costcalc.errors import Problems
from costcalc.graph.parameters import all_parameters, allowed, resolve
from costcalc.opening import OpenNetwork
from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import number
from costcalc.render.page import Column, Page, Row, Table
from costcalc.reporting.phrases import source_line
from costcalc.spec.document import Document
from costcalc.spec.numbers import exact


class Setting(NamedTuple):
    """A parameter of a network."""

    name: str
    value: Any
    """Its default at the settings of the network's name; None if it has none."""
    allowed: str
    """Its choices or its range; empty if it takes any number, or any word."""
    doc: str
    space: str = ""
    """What a search chooses among, if the spec's space has the parameter."""


@dataclass(frozen=True, repr=False)
class Settings(Answer):
    """The parameters of a network."""

    network: str
    source: Mapping[str, str]
    description: str
    parameters: tuple[Setting, ...]

    def page(self) -> Page:
        """The parameters as one table, in the order of the spec."""
        has_space = any(setting.space for setting in self.parameters)
        columns = (
            Column("name", "Parameter"),
            Column("default", "Default"),
            Column("allowed", "Allowed", rank=1),
            *([Column("space", "Space", rank=1)] if has_space else []),
            Column("doc", "Meaning", rank=1),
        )
        rows = tuple(
            Row(
                (
                    setting.name,
                    None if setting.value is None else exact(setting.value),
                    setting.allowed,
                    *([setting.space] if has_space else []),
                    setting.doc,
                )
            )
            for setting in self.parameters
        )
        facts = [("source", source_line(self.source))] if self.source else []
        if self.description:
            facts.append(("about", self.description))
        return Page(self.network, tuple(facts), (Table("", columns, rows),))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc networks NETWORK --format json``."""
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "source": dict(self.source),
            "description": self.description,
            "parameters": [
                {
                    "name": setting.name,
                    "default": number(setting.value),
                    "allowed": setting.allowed,
                    "doc": setting.doc,
                    **({"space": setting.space} if setting.space else {}),
                }
                for setting in self.parameters
            ],
        }


def settings_of(network: OpenNetwork) -> Settings:
    """The parameters of a network, with their defaults.

    Raises:
        SpecError: a setting that it carries is wrong.
    """
    document = network.document
    problems = Problems()
    values = resolve(document, network.settings, problems).values
    problems.raise_any()
    return Settings(
        document.titled(values),
        document.source,
        document.description,
        tuple(
            Setting(name, values[name], allowed(parameter), parameter.doc, _space(document, name))
            for name, parameter in all_parameters(document).items()
        ),
    )


def _space(document: Document, name: str) -> str:
    declared = document.space.get(name)
    values = declared.values if declared is not None else ""
    return values if isinstance(values, str) else ", ".join(map(exact, values))
