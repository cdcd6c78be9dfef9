"""The base of all answers: printing, notebook display, JSON and data frames."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

from costcalc.errors import did_you_mean, refuse
from costcalc.render import formats
from costcalc.render.page import Page, raw

FORMAT_VERSION = 1
"""Version of the JSON formats; a renamed key raises it."""


class Answer:
    """An answer defines its tables and its data; every format renders one of these two."""

    __slots__ = ()

    question: ClassVar[str] = ""
    """The question answered, if it has formats of its own."""

    def page(self) -> Page:
        """The answer for people: tables, rendered in every text format."""
        raise NotImplementedError

    def data(self) -> dict[str, Any]:
        """The answer for scripts: the object of ``--format json``."""
        raise NotImplementedError

    def caveats(self) -> tuple[str, ...]:
        """What must stand wherever its totals do; the command says it beside a CSV, too."""
        return ()

    def rendered(self, format: str = "table", *arrangement: Any) -> str:
        """The answer as text in a format; ``arrangement`` is passed to :meth:`page`.

        Raises:
            SpecError: the answer has no such format.
        """
        rows = {row.name: row for row in formats(self.question) if row.takes}
        row = rows.get(format)
        if row is None:
            hint = did_you_mean(format, rows)
            refuse(None, f"there is no format '{format}'", "one of " + ", ".join(rows), hint=hint)
        module = import_module(row.module)
        if row.takes == "page":
            text: str = module.page(self.page(*arrangement))
        elif row.takes == "data":
            text = module.data(self.data())
        else:
            text = module.answer(self)
        return text

    def columns(self) -> dict[str, list[Any]]:
        """The columns of the CSV by key; rows that sum others are left out."""
        table = self.page().scripted
        rows = [row.cells for row in table.rows if not row.is_sum]
        return {
            column.key: [None if cells[index] is None else raw(cells[index]) for cells in rows]
            for index, column in enumerate(table.columns)
        }

    def to_json(self) -> str:
        """The text of ``--format json``."""
        return self.rendered("json")

    def to_dataframe(self) -> Any:
        """The columns as a pandas DataFrame, or as a pyarrow Table if only that is installed.

        Raises:
            SpecError: neither is installed.
        """
        columns = self.columns()
        try:
            import pandas
        except ImportError:
            pass
        else:
            return pandas.DataFrame(columns)
        try:
            import pyarrow
        except ImportError:
            refuse(
                None,
                "a DataFrame needs the package 'pandas' or 'pyarrow', and neither is installed",
                hint="pip install pandas; columns() returns the same as plain lists",
            )
        return pyarrow.table(columns)

    def __str__(self) -> str:
        """The command's table, as written to a pipe."""
        return self.rendered().removesuffix("\n")

    def __repr__(self) -> str:
        """One line for a prompt; the fields themselves may be thousands of layers."""
        network = getattr(self, "network", "")
        what = f" of {network}" if isinstance(network, str) and network else ""
        return f"<{type(self).__name__}{what}; print() shows its tables>"

    def _repr_html_(self) -> str | None:
        """The display of a notebook."""
        from costcalc.render.html import fragment

        return fragment(self.page())
