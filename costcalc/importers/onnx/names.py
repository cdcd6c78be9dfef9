"""What layers are called: by the modules that both of PyTorch's exporters write, or the nodes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

from costcalc.importers.onnx.tensors import OnnxNode
from costcalc.names import paths
from costcalc.records import NamedTuple

_QUOTED = re.compile(r"'([^']*)'")
_PARAMETER = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)\.(?:weight|bias)")
_UNFIT = re.compile(r"[^\w.\-]+")

MOVED = frozenset({"reshape", "flatten", "transpose"})
"""Kinds of layers that fit what another node reads or gives."""

MOVING = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Gather"})
"""Operators that such layers are."""

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul", "Linear", "BatchNormalization")
"""Operators whose second input has the name of their module's parameter."""


class ModuleScope(NamedTuple):
    """Where a node stands among modules."""

    path: str
    classes: Mapping[str, str] = {}
    """The class of each module around it, by its path."""


class Names:
    """Names that layers ought to have, paths of modules joined by '/'."""

    def __init__(self, nodes: Iterable[OnnxNode], beside: Container[str]) -> None:
        """Nodes, and the tensors that are the same for every input."""
        self.scopes = {each.outputs: scope(each) for each in nodes}
        counts = Counter(
            each.path
            for outputs, each in self.scopes.items()
            if not all(name in beside for name in outputs)
        )
        inner = {outer for path in counts for outer in paths(path)}
        self.alone = {path for path, count in counts.items() if count == 1} - inner - {""}

    def layer(self, node: OnnxNode, kind: str) -> str:
        """The name of a layer of a node: its module's where that does nothing else."""
        path = self.scopes[node.outputs].path
        if path in self.alone:
            is_moved = kind in MOVED and node.operator not in MOVING
            return f"{path}.{kind}" if is_moved else path
        return f"{path}/{kind}" if path else kind

    def stored(self, name: str) -> str:
        """The name of a layer that gives a stored tensor."""
        return _path(name) or "tensor"

    def blocks(self, layers: Sequence[str]) -> dict[str, str]:
        """The class of every module that layers stand in, where the file says it."""
        inner = {path for name in layers for path in paths(name)}
        return {
            path: name
            for each in self.scopes.values()
            for path, name in each.classes.items()
            if path in inner
        }


class OwnNames(Names):
    """Names of layers in costcalc's own files: a node has its layer's."""

    def layer(self, node: OnnxNode, kind: str) -> str:
        """The name of a layer of a node: that of its last node."""
        name = _fit(node.name) or kind
        is_moved = kind in MOVED and node.operator not in MOVING
        return f"{name}.{kind}" if is_moved else name

    def stored(self, name: str) -> str:
        """The name of a layer that gives a stored tensor: the tensor's."""
        return _fit(name) or "tensor"


def scope(node: OnnxNode) -> ModuleScope:
    """The modules that a node stands in, as its metadata, its name or its weights tell."""
    found = _of_metadata(dict(node.metadata))
    if found is None:
        found = ModuleScope(_of_name(node.name))
    weights = _of_weights(node)
    if weights and _parent(weights) == _parent(found.path):
        return found._replace(path=weights)
    return found


def _of_metadata(metadata: Mapping[str, str]) -> ModuleScope | None:
    """The dynamo exporter's: the modules' names from the outermost, and their classes."""
    names = _QUOTED.findall(metadata.get("pkg.torch.onnx.name_scopes", ""))
    classes = _QUOTED.findall(metadata.get("pkg.torch.onnx.class_hierarchy", ""))
    if not names:
        return None
    paths = [_path(name) for name in names[:-1]]
    words = {
        path: kind.rpartition(".")[2] for path, kind in zip(paths, classes, strict=False) if path
    }
    return ModuleScope(paths[-1] if paths else "", words)


def _of_name(name: str) -> str:
    """The older exporter's: ``/features/features.0/features.0.0/Conv``, or any other path."""
    parts: list[str] = []
    for part in name.strip("/").split("/")[:-1]:
        if parts and part.startswith(f"{parts[-1]}."):
            parts[-1] = part
        else:
            parts.append(part)
    return "/".join(filter(None, (_path(part) for part in parts)))


def _of_weights(node: OnnxNode) -> str:
    """The module that a node's weights are named after."""
    if node.operator not in WEIGHTED or len(node.inputs) < 2:
        return ""
    found = _PARAMETER.fullmatch(node.inputs[1])
    return _path(found[1]) if found else ""


def _path(name: str) -> str:
    """A dotted name as a path of what names may consist of."""
    return _fit(name.replace(".", "/"))


def _fit(path: str) -> str:
    """A path of what names may consist of."""
    parts = (_UNFIT.sub("_", part) for part in path.split("/"))
    return "/".join(part for part in parts if part)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
