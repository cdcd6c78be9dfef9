"""Modules that PyTorch lacks, as code to stand above the network's own."""

from __future__ import annotations

from collections.abc import Mapping

HELPERS: Mapping[str, str] = {
    "OneBiasLSTMCell": '''
class OneBiasLSTMCell(nn.LSTMCell):
    """A cell with one bias vector for each gate, instead of two that are added."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.register_parameter("bias_hh", None)
''',
}
"""The text of each helper by its name."""
