"""Caffe's layers that costcalc does not read, and why."""

from __future__ import annotations

from collections.abc import Mapping

_CHOICE = "which images it keeps depends on their values"

REASONS: Mapping[str, str] = {
    "Recurrent": "it is the base of LSTM and RNN",
    "BatchReindex": _CHOICE,
    "Filter": _CHOICE,
    "HDF5Output": "it writes a file",
    "Im2col": "it copies windows, as a step of a convolution",
}
"""By type; the tables of rules, measures and data layers have all others of Caffe 1.0."""
