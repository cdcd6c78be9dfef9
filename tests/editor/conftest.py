"""An editor's language server: tests of their own, ``nox -s editor``."""

import os
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Without a server there is no verdict, and a skipped test would look like one."""
    if not Path(os.environ.get("YAML_LANGUAGE_SERVER", "")).is_file():
        raise pytest.UsageError(
            "tests/editor needs yaml-language-server: nox -s editor, or its path in "
            "YAML_LANGUAGE_SERVER"
        )
