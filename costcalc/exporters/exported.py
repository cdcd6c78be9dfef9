"""The answer to ``costcalc export``: another tool's model."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Exported:
    """A network as another tool's model: text, or bytes in chunks.

    Attributes:
        format: the name of the format.
    """

    def __init__(self, format: str, write: Callable[[], str | Iterable[bytes]]) -> None:
        """Writes the model once, to refuse at once what the format cannot express.

        Raises:
            SpecError: the format cannot express some of the network's layers.
        """
        self.format = format
        self._write = write
        self._first: str | Iterable[bytes] | None = write()

    @property
    def content(self) -> str | Iterable[bytes]:
        """The contents of the model's file; chunks of bytes are written anew for each reader."""
        first = self._first
        if first is None:
            return self._write()
        if not isinstance(first, str):
            self._first = None
        return first

    def __str__(self) -> str:
        content = self._first
        return content if isinstance(content, str) else f"<{self.format}>"

    def __bytes__(self) -> bytes:
        content = self.content
        return content.encode() if isinstance(content, str) else b"".join(content)
