"""A network as a PyTorch module: readable code that needs nothing but PyTorch."""

from __future__ import annotations

from costcalc.exporters.torch.classes import Classes
from costcalc.exporters.torch.helpers import HELPERS
from costcalc.exporters.torch.kinds import KINDS, MISSING
from costcalc.exporters.torch.writing import class_lines
from costcalc.graph.layer import LayerGraph

__all__ = ["KINDS", "MISSING", "write"]


def write(graph: LayerGraph) -> str:
    """The code of the network's module.

    Raises:
        SpecError: PyTorch cannot express some layers; all of them are named.
    """
    classes = [class_lines(*each) for each in Classes(graph).found]
    code = "\n".join(line for lines in classes for line in lines)
    helpers = [text for name, text in HELPERS.items() if f"{name}(" in code]
    blocks = [text.strip() for text in helpers] + ["\n".join(lines) for lines in classes]
    body = "\n\n\n".join(blocks)
    imports = ["import torch"]
    if " F." in body or "(F." in body:
        imports.append("import torch.nn.functional as F")
    return "\n".join([*imports, "from torch import nn", "", "", body, ""])
