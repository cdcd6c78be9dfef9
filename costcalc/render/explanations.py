"""A layer's cost written out: for a terminal, as Markdown, as LaTeX and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from costcalc.render.json import dumps, number
from costcalc.render.spellings import at_settings, exact_json, spellings
from costcalc.reporting.figures import counted
from costcalc.reporting.report import FORMAT_VERSION
from costcalc.symbolic.explain import Explanation, LayerExplanation, Step
from costcalc.symbolic.notation import title
from costcalc.symbolic.writing import ASCII, LATEX, Number, Style, written


def explanation_text(explanation: Explanation, style: Style) -> str:
    """Each layer's symbols, then each count line by line; a block's sum at the end."""
    blocks = [_headline(explanation), "\n".join(at_settings(explanation.parameters))]
    blocks += ["\n".join(_layer_lines(layer, explanation, style)) for layer in explanation.layers]
    if explanation.block is not None:
        blocks.append("\n".join(_sum_lines(explanation)))
    return "\n\n".join(blocks) + "\n"


def explanation_markdown(explanation: Explanation, style: Style) -> str:
    """The same, as preformatted text under a heading."""
    heading, _, rest = explanation_text(explanation, style).partition("\n\n")
    return f"## {heading}\n\n```text\n{rest}```\n"


def explanation_latex(explanation: Explanation) -> str:
    """An ``align`` environment of amsmath for each layer that costs something."""
    parts = [f"% {line}" for line in (_headline(explanation), *at_settings(explanation.parameters))]
    for layer in explanation.layers:
        lines = []
        for step in _shown(layer):
            label = rf"\text{{{_title(step.metric, explanation)}}}"
            for left, node in ((label, step.formula), ("", step.numbers)):
                lines.append(f"{left} &= {written(node, LATEX)}")
            if not isinstance(step.numbers, Number):
                lines.append(f" &= {step.value}")
        parts.append(f"% {layer.name} ({layer.type}){_remark(layer)}")
        if lines:
            body = " \\\\\n".join(lines)
            parts.append(f"\\begin{{align}}\n{body}\n\\end{{align}}")
    return "\n".join(parts) + "\n"


def explanation_json(explanation: Explanation) -> str:
    """The object that docs/formulas.md describes."""
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "network": explanation.network,
            "convention": explanation.convention,
            "unit": explanation.unit,
            "parameters": {name: number(value) for name, value in explanation.parameters.items()},
            "explained": explanation.name,
            "block": explanation.block,
            "totals": {metric: explanation.total(metric) for metric in ("params", "mult_adds")},
            "layers": [_layer_json(layer) for layer in explanation.layers],
        }
    )


def _headline(explanation: Explanation) -> str:
    what = f" ({explanation.block})" if explanation.block else ""
    return f"{explanation.name}{what} of {explanation.network}, convention {explanation.convention}"


def _layer_lines(layer: LayerExplanation, explanation: Explanation, style: Style) -> list[str]:
    lines = [f"{layer.name}: {layer.type}{_remark(layer)}"]
    width = max((len(symbol.name.name) for symbol, _ in layer.symbols), default=0)
    digits = max((len(counted(value)) for _, value in layer.symbols), default=0)
    for symbol, value in layer.symbols:
        lines.append(
            f"  {style.name(symbol.name):<{width}} = {counted(value):>{digits}}  {symbol.meaning}"
        )
    for step in _shown(layer):
        label = _title(step.metric, explanation)
        lines.append(f"  {label:<9} = {step.rule}")
        shown = [written(step.formula, style), written(step.numbers, style)]
        if isinstance(step.numbers, Number):
            shown = []
        lines += [f"  {'':<9} = {text}" for text in dict.fromkeys([*shown, counted(step.value)])]
    return lines


def _shown(layer: LayerExplanation) -> list[Step]:
    """What the convention counts of a layer."""
    return [step for step in layer.steps if step.rule != "free"]


def _sum_lines(explanation: Explanation) -> list[str]:
    """The block's totals as sums of the layers that cost something."""
    lines = ["together:"]
    for metric in ("mult_adds", "params"):
        steps = [
            step for layer in explanation.layers for step in layer.steps if step.metric == metric
        ]
        terms = " + ".join(counted(step.value) for step in steps if step.value) or "0"
        label = _title(metric, explanation)
        total = counted(explanation.total(metric))
        lines.append(f"  {label:<9} = {terms}")
        if terms != total:
            lines.append(f"  {'':<9} = {total}")
    unknown = [layer.name for layer in explanation.layers if not layer.steps]
    return lines + [f"  not counted: {', '.join(unknown)}"] * bool(unknown)


def _title(metric: str, explanation: Explanation) -> str:
    return explanation.unit if metric == "mult_adds" else title(metric)


def _remark(layer: LayerExplanation) -> str:
    if layer.is_free:
        return ", which the convention declares free"
    return f", whose params are those of {layer.shares}" if layer.shares else ""


def _layer_json(layer: LayerExplanation) -> dict[str, Any]:
    return {
        "name": layer.name,
        "type": layer.type,
        "free": layer.is_free,
        "shares": layer.shares,
        "symbols": [
            {"name": symbol.name.name, "meaning": symbol.meaning, "value": exact_json(value)}
            for symbol, value in layer.symbols
        ],
        **{
            step.metric: {
                "rule": step.rule,
                **spellings(step.formula),
                "numbers": written(step.numbers, ASCII),
                "value": step.value,
            }
            for step in layer.steps
        },
    }


FORMATS: Mapping[str, Callable[[Explanation, Style], str]] = {
    "table": explanation_text,
    "json": lambda explanation, style: explanation_json(explanation),
    "markdown": explanation_markdown,
    "latex": lambda explanation, style: explanation_latex(explanation),
}
"""The formats of ``report --explain``, each with what writes it."""
