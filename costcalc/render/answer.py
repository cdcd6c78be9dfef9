"""What every answer can do: print itself, show itself in a notebook, and be taken apart."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

from costcalc.errors import did_you_mean, refuse
from costcalc.render import formats
from costcalc.render.page import Page, raw

FORMAT_VERSION = 1
"""Version of the JSON formats; a renamed key raises it."""


class Answer:
    """An answer knows its tables and its data; everything else is a rendering of these two."""

    __slots__ = ()

    question: ClassVar[str] = ""
    """What was asked, where answers to that have formats of their own."""

    def page(self) -> Page:
        """The answer as people read it: tables, in every text format."""
        raise NotImplementedError

    def data(self) -> dict[str, Any]:
        """The answer as scripts read it: the object of ``--format json``."""
        raise NotImplementedError

    def rendered(self, format: str = "table", *arrangement: Any) -> str:
        """The answer as text in a format; its page may be arranged in more ways than one.

        Raises:
            SpecError: there is no such format for it.
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
        """The columns of CSV by their keys; sums of rows are left out."""
        table = self.page().scripted
        rows = [row.cells for row in table.rows if not row.is_sum]
        return {
            column.key: [None if cells[index] is None else raw(cells[index]) for cells in rows]
            for index, column in enumerate(table.columns)
        }

    def to_json(self) -> str:
        """The answer as JSON text, in the shape of the command's ``--format json``."""
        return self.rendered("json")

    def to_dataframe(self) -> Any:
        """The columns as a DataFrame of pandas, or a Table of pyarrow where that is installed.

        Raises:
            SpecError: neither of them is installed.
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
                hint="pip install pandas; columns() gives the same as plain lists",
            )
        return pyarrow.table(columns)

    def __str__(self) -> str:
        """The command's table, as a pipe gets it."""
        return self.rendered().removesuffix("\n")

    def _repr_html_(self) -> str | None:
        """What a notebook shows."""
        from costcalc.render.html import fragment

        return fragment(self.page())
