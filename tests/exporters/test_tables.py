"""Every format has a row for each layer kind, or a reason why not."""

from importlib import import_module
from pathlib import Path

import pytest

from costcalc.exporters import EXPORTERS
from costcalc.kinds import TABLE

pytestmark = pytest.mark.complete

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda row: row.name)
def test_every_kind_has_a_row_or_a_reason(exporter):
    module = import_module(exporter.module)
    # Kinds that become others never occur in a graph.
    kinds = {kind.name for kind in TABLE if not kind.becomes}
    lacking = ", ".join(sorted(kinds - module.KINDS.keys() - module.MISSING.keys()))
    rows = table_of(exporter.module)
    reason = REASONS.get(exporter.name, "a reason in its MISSING")
    assert not lacking, f"{lacking}: a row in {rows} for the {exporter.title}, or {reason}"
    assert set(module.KINDS) | set(module.MISSING) == kinds
    both = ", ".join(sorted(module.KINDS.keys() & module.MISSING.keys()))
    assert not both, f"{both}: not {reason}: the {exporter.title} has it"


REASONS = {"prototxt": "a reason in LACKS of costcalc/formats/caffe.py, which the importer shares"}
"""Where the reasons of a format stand that has them in another file than its rows."""


def table_of(module: str) -> str:
    """The file in which an exporter has its rows."""
    path = module.replace(".", "/")
    return f"{path}/kinds.py" if (ROOT / path).is_dir() else f"{path}.py"


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda row: row.name)
def test_the_files_that_a_message_names_have_the_tables(exporter):
    assert "KINDS: Mapping" in (ROOT / table_of(exporter.module)).read_text(encoding="utf-8")
    for reason in REASONS.values():
        table, _, path = reason.removeprefix("a reason in ").partition(",")[0].partition(" of ")
        assert f"{table}: Mapping" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda row: row.name)
def test_a_reason_is_one_clause_to_follow_a_colon(exporter):
    for kind, reason in import_module(exporter.module).MISSING.items():
        assert reason, kind
        assert reason.isprintable(), kind
        assert not reason.endswith("."), kind
