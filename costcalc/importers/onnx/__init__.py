"""ONNX models: their graphs, without their weights."""

from costcalc.importers.onnx.read import read

__all__ = ["read"]
