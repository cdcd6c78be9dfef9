"""JSON of comparisons and of differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from costcalc.comparing.compare import METRICS, Comparison, Entry, by_stage
from costcalc.comparing.diff import Difference
from costcalc.render.json import dumps, number, report_object
from costcalc.reporting.report import FORMAT_VERSION
from costcalc.symbolic.writing import written

if TYPE_CHECKING:
    from costcalc.comparing.layers import LayerEntry


def comparison_json(comparison: Comparison) -> str:
    """Networks as a JSON object: each a report without its layers, with its ratio."""
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "baseline": comparison.baseline.reference,
            "networks": [_network(comparison, entry) for entry in comparison.entries],
        }
    )


def _network(comparison: Comparison, entry: Entry) -> dict[str, Any]:
    found = report_object(entry.report)
    del found["layers"]
    ratios = {metric: comparison.ratio(entry, metric) for metric in reversed(METRICS)}
    stages = by_stage(entry.report, "mult_adds")
    return {
        "reference": entry.reference,
        **found,
        "stages": [
            {"size": list(size), "mult_adds": mult_adds} for size, mult_adds in stages.items()
        ],
        "ratio": {metric: number(ratio) for metric, ratio in ratios.items()},
        "causes": {
            metric: [
                {"fewer": list(cause.fewer), "more": list(cause.more), "saved": cause.saved}
                for cause in comparison.causes(entry, metric)
            ]
            for metric in METRICS
        },
    }


def difference_json(difference: Difference) -> str:
    """Two versions as a JSON object: totals, and the layers that changed."""
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "totals": {
                "old": difference.totals("old")._asdict(),
                "new": difference.totals("new")._asdict(),
            },
            "changes": [
                {
                    "change": change.kind,
                    "layer": change.layer.name,
                    "type": change.layer.type,
                    "details": {
                        name: {"old": number(old), "new": number(new)}
                        for name, (old, new) in change.details().items()
                    },
                    "mult_adds": change.added("mult_adds"),
                    "params": change.added("params"),
                }
                for change in difference.changes
            ],
        }
    )


def layers_json(layers: Sequence[LayerEntry], settings: Mapping[str, Any]) -> str:
    """Layers as a JSON object: their formulas, and their numbers where all symbols are set."""
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "settings": {name: number(value) for name, value in settings.items()},
            "layers": [
                {
                    "reference": layer.label,
                    "layer": layer.entry.name,
                    **{
                        metric: {"formula": written(node), "value": number(layer.values[metric])}
                        for metric, node in layer.formulas.items()
                    },
                }
                for layer in layers
            ],
        }
    )
