"""What several tests of schedules read: networks and storages, written in the test."""

import pytest

from costcalc.opening import opened
from costcalc.storing import files

STORAGE = """\
name: mine
title: for a test
source: written here
bits: {activations: 8, weights: 8}
"""


@pytest.fixture
def network(tmp_path):
    """Opens the graph of a spec's text."""

    def graph(text, **settings):
        path = tmp_path / "net.yaml"
        path.write_text(text)
        return opened(str(path), settings).graph()

    return graph


@pytest.fixture
def storage(tmp_path):
    """Reads a storage of 8 bits everywhere, with some more lines."""

    def read(*lines):
        path = tmp_path / "mine.yaml"
        path.write_text(STORAGE + "".join(f"{line}\n" for line in lines))
        return files.load(str(path))

    return read
