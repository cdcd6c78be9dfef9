"""Writes the tables of ``docs/conventions.md``, and the default convention as JSON."""

from __future__ import annotations

import sys
from pathlib import Path

from costcalc.costs import convention as conventions
from costcalc.costs.measured import undefined, unmeasured
from costcalc.costs.names import SIZES
from costcalc.errors import ConventionError, Problems
from costcalc.kinds import TABLE
from costcalc.spec.nodes import parse
from costcalc.spec.stored import store

PAGE = Path(__file__).parents[1] / "docs" / "conventions.md"
DEFAULT = Path(conventions.__file__).parents[1] / "conventions" / "paper.yaml"
COLUMNS = (
    "paper",
    "fvcore",
    "thop",
    "ptflops",
    "ptflops-aten",
    "torchinfo",
    "torch",
    "torchprofile",
    "calflops",
    "calflops-flops",
    "onnx-tool-bn-kept",
)
EVENTS = {
    "macs": "multiply-accumulates",
    "additions, multiplications, divisions, comparisons, functions": "operations outside them; "
    "`additions` of a convolution are those of its bias",
    "reads, writes": "elements of the inputs, each once, and of the output",
    "weights, biases": "learned numbers of convolutions, fully connected layers and embeddings",
    "norm_params": "gamma and beta of norms",
    "other_params": "learned numbers that are none of these: slopes of PReLU, learned tensors",
    "buffers": "running means and variances",
    "states": "what recurrent layers keep from one step of time to the next",
}


def names() -> str:
    """Everything that a rule may speak of at any layer."""
    rows = [*EVENTS.items(), *((name, size.doc) for name, size in SIZES.items())]
    lines = [f"| {', '.join(f'`{n}`' for n in name.split(', '))} | {doc} |" for name, doc in rows]
    return "\n".join(["| name | what it is |", "|---|---|", *lines])


def rules() -> str:
    """Every kind's rule in every convention that differs from its neighbours."""
    loaded = [conventions.load(name) for name in COLUMNS]
    lines = ["| layer | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for kind in TABLE:
        if kind.becomes:
            continue
        cells = []
        for convention in loaded:
            try:
                rule = convention.rule("mult_adds", kind)
            except ConventionError:
                cells.append("")
                continue
            cells.append(f"`{rule.text}`" if rule.expression else "0")
        if len(set(cells)) > 1:
            lines.append(f"| {kind.title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def coverage() -> str:
    """What the conventions of tools cover by a family's rule unseen, and what not at all."""
    rows: dict[tuple[str, str], list[str]] = {}
    for name in conventions.available():
        convention = conventions.load(name)
        if convention.tool:
            unseen = ", ".join(kind.name for kind in unmeasured(convention))
            lacking = "; ".join(
                f"{', '.join(kind.name for kind in kinds)}: {reason}"
                for reason, kinds in undefined(convention).items()
            )
            rows.setdefault((unseen, lacking), []).append(f"`{name}`")
    lines = ["| convention | by a family's rule, not measured | not defined |", "|---|---|---|"]
    lines += [f"| {', '.join(names)} | {a} | {b} |" for (a, b), names in rows.items()]
    return "\n".join(lines)


def written(page: str) -> str:
    """The page with its tables as the conventions are now."""
    tables = {"names": names(), "coverage": coverage(), "rules": rules()}
    for name, table in tables.items():
        start, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, _, rest = page.partition(start)
        page = f"{before}{start}{table}\n{end}{rest.partition(end)[2]}"
    return page


def stored() -> str:
    """The default convention as it is kept for a quick start."""
    data = DEFAULT.read_bytes()
    return store(parse(data, str(DEFAULT), Problems()), data)


if __name__ == "__main__":
    DEFAULT.with_suffix(".json").write_text(stored(), encoding="utf-8")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
