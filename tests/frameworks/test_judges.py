"""The command itself: apart from the ordinary tests, and never without a judge."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def collected(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments, "--collect-only", "-q"]
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)


def test_the_ordinary_command_collects_none_of_them():
    found = collected("-m", "pytest", "tests")
    assert found.returncode == 0
    assert "tests/test_api.py" in found.stdout
    assert "tests/frameworks" not in found.stdout


def test_without_a_judge_one_line_says_what_to_install():
    without = "import sys; sys.modules['timm'] = None; import pytest; sys.exit(pytest.main())"
    found = collected("-c", without, "tests/frameworks")
    assert found.returncode == 4
    assert "tests/frameworks needs timm: pip install -e '.[frameworks]'" in found.stderr
