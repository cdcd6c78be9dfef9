"""TFLite models, ``.tflite``, without TFLite: a document and the file's own schedule."""

from costcalc.importers.tflite.read import read

__all__ = ["read"]
