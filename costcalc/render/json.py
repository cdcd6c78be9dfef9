"""JSON, in the shapes that scripts rely on: exact integers, unrounded percentages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from costcalc.reporting.figures import percent
from costcalc.reporting.report import FORMAT_VERSION, LayerReport, Report

if TYPE_CHECKING:
    from costcalc.reporting.networks import Entry
    from costcalc.reporting.parameters import Settings


def report_json(report: Report) -> str:
    """A report as a JSON object, one line per layer."""
    return dumps(report_object(report))


def report_object(report: Report) -> dict[str, Any]:
    """A report in the shape of ``costcalc report --format json``."""
    return {
        "format_version": FORMAT_VERSION,
        "network": report.network,
        "convention": report.convention,
        "unit": report.unit,
        "source": dict(report.source),
        "parameters": {name: number(value) for name, value in report.parameters.items()},
        "input": list(report.input),
        **_accuracy(report),
        "totals": report.totals._asdict(),
        "types": [row._asdict() for row in report.types],
        "free": report.free,
        **({"uncounted": report.uncounted} if report.uncounted else {}),
        **_gated(report),
        "layers": [_layer(layer) for layer in report.layers],
    }


def _accuracy(report: Report) -> dict[str, Any]:
    """What a paper prints for this setting, where the spec carries it."""
    if report.accuracy is None:
        return {}
    return {"accuracy": {"top1": number(report.accuracy.top1), "source": report.accuracy.source}}


def _gated(report: Report) -> dict[str, Any]:
    """What gates cost, and the network that skips; an expected cost is exact where it is whole."""
    gating = report.gating
    if gating is None:
        return {}
    return {
        "gated": {
            "gates": {"params": gating.gate_params, "mult_adds": gating.gates},
            "minimum": gating.minimum,
            "expected": number(gating.expected),
            "maximum": gating.maximum,
            "blocks": [
                {
                    "name": part.name,
                    "execute": number(part.execute),
                    "gate_mult_adds": part.gate,
                    "block_mult_adds": part.part,
                    "gate_percent": percent(part.gate, part.part),
                }
                for part in gating.parts
            ],
        }
    }


def _layer(layer: LayerReport) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "type": layer.type,
        **{name: number(value) for name, value in layer.attributes.items() if name != "out"},
        "input": list(layer.input),
        "output": list(layer.output),
        "mult_adds": layer.mult_adds if layer.is_counted else None,
        "params": layer.params if layer.is_counted else None,
    }


def networks_json(entries: Sequence[Entry], convention: str) -> str:
    """The networks that ship as a JSON object, one line for each."""
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "convention": convention,
            "networks": [
                {
                    "name": each.name,
                    "title": each.title,
                    "source": dict(each.source),
                    "parameters": {name: number(value) for name, value in each.parameters.items()},
                    "input": list(each.input),
                    "totals": each.totals._asdict(),
                }
                for each in entries
            ],
        }
    )


def settings_json(settings: Settings) -> str:
    """What may be set of a network as a JSON object, one line for each parameter."""
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "network": settings.network,
            "source": dict(settings.source),
            "description": settings.description,
            "parameters": [
                {
                    "name": each.name,
                    "default": number(each.value),
                    "allowed": each.allowed,
                    "doc": each.doc,
                }
                for each in settings.parameters
            ],
        }
    )


def number(value: Any) -> Any:
    """A value that JSON knows: a fraction that is not whole becomes the nearest float."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    if isinstance(value, tuple):
        return [number(item) for item in value]
    return value


def dumps(value: dict[str, Any]) -> str:
    """JSON text: one line for each key, and for each item of a list of objects."""
    lines = []
    for key, item in value.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            rows = ",\n".join(f"    {_line(row)}" for row in item)
            lines.append(f"  {_line(key)}: [\n{rows}\n  ]")
        else:
            lines.append(f"  {_line(key)}: {_line(item)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


# A count is a fraction where a unit is converted, or where a rule has one.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=number)


def _line(value: Any) -> str:
    return _ENCODER.encode(value)
