"""Names layers: after PyTorch's modules, which both its exporters write, or after the nodes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

from costcalc.importers.onnx.tensors import OnnxNode
from costcalc.names import paths
from costcalc.records import NamedTuple

_QUOTED = re.compile(r"'([^']*)'")
_PARAMETER = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)\.(?:weight|bias)")
_PARAMETER_PATH = re.compile(r"[A-Za-z_]\w*([./]\w+)*\.(?!lifted_tensor)\w+")
"""The name of a module's parameter, ``stages.0.gain``; exporters make up none like it."""

_INVALID = re.compile(r"[^\w.\-]+")

ADAPTERS = frozenset({"reshape", "flatten", "transpose"})
"""Layer kinds that importers add to adapt the input or output of a node."""

ADAPTER_OPERATORS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Gather"})
"""Operators that become such layers themselves."""

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul", "Linear", "BatchNormalization")
"""Operators whose second input is named after their module's parameter."""


class ModuleScope(NamedTuple):
    """The module that a node belongs to."""

    path: str
    classes: Mapping[str, str] = {}
    """The class of each module around it, by its path."""


class ModuleNames:
    """Names of layers after their modules: paths joined by '/'."""

    def __init__(self, nodes: Iterable[OnnxNode], static: Container[str]) -> None:
        """Take the nodes, and the tensors that do not depend on the network's input."""
        self.scopes = {node.outputs: scope(node) for node in nodes}
        counts = Counter(
            module.path
            for outputs, module in self.scopes.items()
            if not all(name in static for name in outputs)
        )
        inner = {outer for path in counts for outer in paths(path)}
        self.single = {path for path, count in counts.items() if count == 1} - inner - {""}

    def layer(self, node: OnnxNode, kind: str) -> str:
        """The name of a node's layer: its module's path, if the module has no other node."""
        path = self.scopes[node.outputs].path
        if path in self.single:
            return f"{path}.{kind}" if is_adapter(node, kind) else path
        return f"{path}/{kind}" if path else kind

    def initializer(self, name: str) -> str:
        """The name of the layer for an initializer."""
        return _path(name) or "tensor"

    def is_parameter(self, name: str) -> bool:
        """Whether an initializer is named like a module's parameter."""
        return _PARAMETER_PATH.fullmatch(name) is not None

    def blocks(self, layers: Sequence[str]) -> dict[str, str]:
        """The class of each module that contains layers, if the file states it."""
        inner = {path for name in layers for path in paths(name)}
        return {
            path: name
            for module in self.scopes.values()
            for path, name in module.classes.items()
            if path in inner
        }


class OwnNames(ModuleNames):
    """Names of layers in costcalc's own files: those of the nodes."""

    def layer(self, node: OnnxNode, kind: str) -> str:
        """The name of a node's layer: the node's own."""
        name = _valid_path(node.name) or kind
        return f"{name}.{kind}" if is_adapter(node, kind) else name

    def initializer(self, name: str) -> str:
        """The name of the layer for an initializer: the initializer's own."""
        return _valid_path(name) or "tensor"

    def is_parameter(self, name: str) -> bool:
        """True: costcalc writes all numbers that are not learnable as Constant nodes."""
        return True


def is_adapter(node: OnnxNode, kind: str) -> bool:
    """Whether a layer of that kind only reshapes an input or output of the node."""
    return kind in ADAPTERS and node.operator not in ADAPTER_OPERATORS


def scope(node: OnnxNode) -> ModuleScope:
    """The module of a node, from the node's metadata, its name or the names of its weights."""
    module = _from_metadata(dict(node.metadata)) or ModuleScope(_from_name(node.name))
    weights = _from_weights(node)
    if weights and _parent(weights) == _parent(module.path):
        return module._replace(path=weights)
    return module


def _from_metadata(metadata: Mapping[str, str]) -> ModuleScope | None:
    """From PyTorch's dynamo exporter: the modules' names and classes, the outermost first."""
    names = _QUOTED.findall(metadata.get("pkg.torch.onnx.name_scopes", ""))
    classes = _QUOTED.findall(metadata.get("pkg.torch.onnx.class_hierarchy", ""))
    if not names:
        return None
    paths = [_path(name) for name in names[:-1]]
    words = {
        path: kind.rpartition(".")[2] for path, kind in zip(paths, classes, strict=False) if path
    }
    return ModuleScope(paths[-1] if paths else "", words)


def _from_name(name: str) -> str:
    """From its older exporter: ``/features/features.0/features.0.0/Conv``, or any other path."""
    parts: list[str] = []
    for part in name.strip("/").split("/")[:-1]:
        if parts and part.startswith(f"{parts[-1]}."):
            parts[-1] = part
        else:
            parts.append(part)
    return "/".join(filter(None, (_path(part) for part in parts)))


def _from_weights(node: OnnxNode) -> str:
    """The module that a node's weights are named after."""
    if node.operator not in WEIGHTED or len(node.inputs) < 2:
        return ""
    match = _PARAMETER.fullmatch(node.inputs[1])
    return _path(match[1]) if match else ""


def _path(name: str) -> str:
    """A dotted name as a path."""
    return _valid_path(name.replace(".", "/"))


def _valid_path(path: str) -> str:
    """A path without the characters that names of layers cannot have."""
    parts = (_INVALID.sub("_", part) for part in path.split("/"))
    return "/".join(part for part in parts if part)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
