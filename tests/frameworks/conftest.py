"""The frameworks as judges: a test command of its own, ``python -m pytest tests/frameworks``."""

import os
from importlib.util import find_spec

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")

JUDGES = (
    "torch",
    "torchvision",
    "timm",
    "keras",
    "onnx",
    "onnxscript",
    "transformers",
    "tflite_micro",
    "ai_edge_litert",
    "pymicro_wakeword",
)


def pytest_configure(config: pytest.Config) -> None:
    """Without a judge there is no verdict, and a skipped test would look like one."""
    missing = [judge for judge in JUDGES if find_spec(judge) is None]
    if missing:
        raise pytest.UsageError(
            f"tests/frameworks needs {', '.join(missing)}: pip install -e '.[frameworks]'"
        )
    # What PyTorch says once of a padding that is computed exactly, if not fast.
    config.addinivalue_line("filterwarnings", "ignore:Using padding='same' with even kernel")
