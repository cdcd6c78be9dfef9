"""ONNX models: their graphs, without their weights."""
