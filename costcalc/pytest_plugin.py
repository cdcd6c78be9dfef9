"""Claims as tests: ``pytest claims.yaml``, or every claim that ``pytest --costcalc`` finds.

pytest loads this plugin wherever costcalc is installed; it does nothing, and imports
nothing else of costcalc, without ``--costcalc`` or a YAML file on the command line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from costcalc.claims.claim import Claim
    from costcalc.claims.networks import Networks

_SUFFIXES = (".yaml", ".yml")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--costcalc``."""
    parser.getgroup("costcalc").addoption(
        "--costcalc",
        action="store_true",
        help="collect the claims of all claims files and specs, not only of files that are named",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collects a YAML file that is named, or any with ``--costcalc``."""
    if file_path.suffix not in _SUFFIXES:
        return None
    if parent.config.getoption("costcalc") or parent.session.isinitpath(file_path):
        file: ClaimsModule = ClaimsModule.from_parent(parent, path=file_path)
        return file
    return None


class ClaimsModule(pytest.File):
    """A claims file, or a spec with claims; other YAML files have no tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yields an item for each claim."""
        from costcalc.claims.networks import Networks
        from costcalc.claims.reader import read
        from costcalc.escaping import printable

        networks = Networks()
        file = read(str(self.path), networks, is_named=self.session.isinitpath(self.path))
        if file is None:
            return
        for claim in file.claims:
            words = (claim.id, file.place(claim.table), claim.row, claim.column, claim.figure.text)
            # In brackets, like a test's parameters: elsewhere pytest shows '.' as '::'.
            name = printable(f"claim[{', '.join(filter(None, words))}]")
            yield ClaimItem.from_parent(self, name=name, claim=claim, networks=networks)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The problems of the file, without a traceback."""
        from costcalc.errors import CostcalcError

        if isinstance(excinfo.value, CostcalcError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class ClaimItem(pytest.Item):
    """One printed figure."""

    def __init__(self, *, claim: Claim, networks: Networks, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.claim = claim
        self.networks = networks
        # JUnit's XML: by itself, pytest leaves lines out, or counts them from 0.
        self.user_properties += [("file", claim.location.file), ("line", claim.location.line)]

    def runtest(self) -> None:
        """Fails if the claim does not hold."""
        from costcalc.claims.verdict import judge

        result = judge(self.claim, self.networks)
        if not result.holds:
            raise ClaimDoesNotHold(result.summary)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The printed and the computed figure and the reason, without a traceback."""
        from costcalc.errors import CostcalcError

        if isinstance(excinfo.value, ClaimDoesNotHold | CostcalcError):
            return f"{self.claim.location}: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The claim's file, line and name."""
        return self.path, max(self.claim.mark.line - 1, 0), self.name


class ClaimDoesNotHold(Exception):
    """A claim's figure is not what the network costs."""
