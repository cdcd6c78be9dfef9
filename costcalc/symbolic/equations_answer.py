"""The base of answers that a notebook shows as equations."""

from __future__ import annotations

from costcalc.render.answer import Answer
from costcalc.render.page import Equations


class EquationsAnswer(Answer):
    """An answer that consists of equations."""

    __slots__ = ()

    def equations(self) -> Equations:
        """The equations, one line each."""
        raise NotImplementedError

    @property
    def latex(self) -> str:
        """The equations as the lines of a LaTeX ``align`` environment."""
        return " \\\\\n".join(self.equations().lines)

    def _repr_latex_(self) -> str:
        return f"$\\begin{{aligned}}\n{self.latex}\n\\end{{aligned}}$"

    def _repr_html_(self) -> None:
        """None, so that a notebook shows the LaTeX."""
