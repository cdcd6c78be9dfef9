"""Scripts that need frameworks: no tests."""

collect_ignore_glob = ["*.py"]
