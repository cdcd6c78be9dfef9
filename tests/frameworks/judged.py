"""Which layer kinds PyTorch judges, read from the tables' text: no framework is needed."""

import ast
from collections.abc import Iterator
from pathlib import Path

TABLES = {"torch_layers.py": ("MAKERS",), "torch_tensors.py": ("TENSOR_MAKERS", "JOINS")}
"""The tables of modules, by the file beside this one that has them."""

UNJUDGED = {
    "lstm": "the judge runs no cells",
    **dict.fromkeys(
        ("grid_sample", "roi_pool", "top_k", "nms", "fft"),
        "test_torch_picking.py reads PyTorch's own functions",
    ),
    "rearrange": "the kind says no more than a shape",
    "input": "it is no layer",
    "uncounted": "it computes nothing that costcalc knows",
}
"""Kinds that PyTorch does not judge, and why."""


def judged() -> set[str]:
    """The kinds that the tables have a module for."""
    return {
        kind
        for file, tables in TABLES.items()
        for node in ast.parse(Path(__file__).with_name(file).read_text(encoding="utf-8")).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) in tables
        for kind in _keys(node)
    }


def _keys(table: ast.AST) -> Iterator[str]:
    """The keys of a dict display, and of the comprehensions in it."""
    for node in ast.walk(table):
        if isinstance(node, ast.Dict):
            keys = [key for key in node.keys if isinstance(key, ast.Constant)]
        elif isinstance(node, ast.DictComp):
            iterated = (ast.walk(generator.iter) for generator in node.generators)
            keys = [each for part in iterated for each in part if isinstance(each, ast.Constant)]
        else:
            continue
        yield from (str(key.value) for key in keys)
