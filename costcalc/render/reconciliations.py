"""JSON of ``costcalc reconcile`` and ``costcalc conventions``."""

from __future__ import annotations

from typing import Any

from costcalc.costs.rules import METRICS, Convention
from costcalc.reconciling.printed import Match, Search
from costcalc.reconciling.reconcile import Count, Reconciliation
from costcalc.render.json import dumps, number
from costcalc.reporting.report import FORMAT_VERSION


def reconciliation_json(reconciliation: Reconciliation) -> str:
    """Counts under each convention, with the causes of their differences from the first."""
    graph = reconciliation.graph
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "network": graph.name,
            "parameters": {name: number(value) for name, value in graph.parameters.items()},
            "input": list(graph.input),
            "counts": [_count(count) for count in reconciliation.counts],
        }
    )


def _count(count: Count) -> dict[str, Any]:
    return {
        "convention": count.convention.name,
        "unit": count.convention.unit,
        "totals": {"params": number(count.params), "mult_adds": number(count.mult_adds)},
        "causes": {
            metric: [
                {**cause._asdict(), "difference": number(cause.difference)} for cause in causes
            ]
            for metric, causes in count.causes.items()
        },
        "notes": list(count.unseen),
    }


def search_json(search: Search) -> str:
    """What gives a printed number, the likeliest first."""
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "network": search.network,
            "printed": search.figure.text,
            "matches": [_match(match) for match in search.matches],
            "nearest": [_match(match) for match in search.nearest],
        }
    )


def _match(match: Match) -> dict[str, Any]:
    return {
        "convention": match.convention,
        "metric": match.metric,
        "unit": match.unit,
        "parameters": {name: number(value) for name, value in match.parameters.items()},
        "without_classifier": match.without_classifier,
        "batch": match.batch,
        "value": number(match.value),
        "fit": match.fit,
    }


def convention_object(convention: Convention) -> dict[str, Any]:
    """A convention with every rule and its source."""
    return {
        "name": convention.name,
        "title": convention.title,
        "tool": convention.tool,
        "version": convention.version,
        "unit": convention.unit,
        "source": convention.source,
        "rules": [
            {
                "metric": metric,
                "kind": kind,
                "rule": rule.text,
                "source": rule.source,
                "note": rule.note,
            }
            for metric in METRICS
            for kind, rule in convention.rules(metric).items()
        ],
    }


def conventions_json(conventions: list[Convention]) -> str:
    """Every convention that ships."""
    rows = [convention_object(convention) for convention in conventions]
    return dumps({"format_version": FORMAT_VERSION, "conventions": rows})


def convention_json(convention: Convention) -> str:
    """One convention."""
    return dumps({"format_version": FORMAT_VERSION, **convention_object(convention)})
