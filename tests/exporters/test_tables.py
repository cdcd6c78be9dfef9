"""Every format has a row for each layer kind, or a reason why not."""

from importlib import import_module

import pytest

from costcalc.exporters import EXPORTERS
from costcalc.kinds import TABLE

pytestmark = pytest.mark.complete


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda row: row.name)
def test_every_kind_has_a_row_or_a_reason(exporter):
    module = import_module(exporter.module)
    # Kinds that become others never occur in a graph.
    kinds = {kind.name for kind in TABLE if not kind.becomes}
    lacking = kinds - module.KINDS.keys() - module.MISSING.keys()
    where = f"a row, or a reason in MISSING, in {exporter.module} for {exporter.title}"
    assert not lacking, f"{', '.join(sorted(lacking))}: {where}"
    assert set(module.KINDS) | set(module.MISSING) == kinds
    assert not set(module.KINDS) & set(module.MISSING)


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda row: row.name)
def test_a_reason_is_one_clause_to_follow_a_colon(exporter):
    for kind, reason in import_module(exporter.module).MISSING.items():
        assert reason, kind
        assert reason.isprintable(), kind
        assert not reason.endswith("."), kind
