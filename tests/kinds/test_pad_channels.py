"""Channels of zeros behind those of the input."""

import pytest

from costcalc.kinds.base import ShapeError
from costcalc.kinds.reshaping import PadChannels


def test_it_reads_the_input_and_writes_the_wider_map():
    pad = PadChannels(32)
    assert pad.output_shape(((16, 8, 4),)) == (32, 8, 4)
    events = pad.events(((16, 8, 4),), (32, 8, 4))
    # 16*8*4 and 32*8*4 elements; nothing is computed and nothing learned.
    assert (events.reads, events.writes) == (512, 1024)
    assert sum(events) == 512 + 1024


def test_it_takes_no_channel_away():
    with pytest.raises(ShapeError, match="16 channels cannot be padded to 8"):
        PadChannels(8).output_shape(((16, 8, 4),))
