"""The page about memory names everything that a storage and the command know."""

import re
from pathlib import Path

import pytest

from costcalc.arena import optimum, order, plan
from costcalc.arena.plan import PLANNERS
from costcalc.storing import files
from costcalc.storing.storage import KEPT, ROLES, UNITS

PAGE = (Path(__file__).parent.parent.parent / "docs" / "memory.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", [*PLANNERS, *files.KEYS, *ROLES, *KEPT, *UNITS])
def test_every_word_of_a_storage_is_explained(word):
    assert f"`{word}`" in PAGE


def test_the_limits_are_those_of_the_code():
    assert f"at most {optimum.BUFFERS} tensors" in re.sub(r"\s+", " ", PAGE)
    assert f"within {optimum.PLACEMENTS:,} placements" in re.sub(r"\s+", " ", PAGE)
    assert f"after looking at {order.LOOKS:,} steps" in re.sub(r"\s+", " ", PAGE)
    assert f"Beyond {plan.CONFLICTS:,} conflicts" in re.sub(r"\s+", " ", PAGE)


@pytest.mark.parametrize("planner", PLANNERS)
def test_planners_with_addresses_are_marked(planner):
    (row,) = re.findall(rf"^\| `{planner}` \|.*\| (\w*) ?\|$", PAGE, re.MULTILINE)
    assert (row == "yes") == PLANNERS[planner].has_addresses
