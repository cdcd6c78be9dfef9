"""Formulas as MathML, which browsers draw without a library.

A formula is printed once, with its symbols.  Each symbol carries its name in ``data-symbol``,
so that a page can put the numbers of a layer in their place: a number never needs parentheses
where a symbol needs none.
"""

from __future__ import annotations

from costcalc.escaping import html
from costcalc.symbolic.formula import UNICODE, Name, Node, written


def mathml(node: Node) -> str:
    """The formula as a ``math`` element.

    >>> mathml(Name("D_K", "D_K", "D_K", "D_K"))
    '<math><msub data-symbol="D_K"><mi>D</mi><mi>K</mi></msub></math>'
    """
    return f"<math>{written(node, MATHML)}</math>"


def _name(name: Name) -> str:
    """A symbol; a product such as αM has several letters, of which none stands alone."""
    if name.is_product:
        return "<mo>⁢</mo>".join(_letter(part, "") for part in name.latex.split(" "))
    attribute = f' data-symbol="{html(name.name)}"'
    if name.latex.startswith(r"\mathit{"):  # a parameter of a spec: a word, not a letter
        return f"<mi{attribute}>{html(name.text)}</mi>"
    return _letter(name.latex, attribute)


def _letter(latex: str, attribute: str) -> str:
    stem, _, index = latex.partition("_")
    letter = _letters(stem)
    if not index:
        return f"<mi{attribute}>{letter}</mi>"
    return f"<msub{attribute}><mi>{letter}</mi>{_index(index.strip('{}'))}</msub>"


def _index(text: str) -> str:
    element = "mn" if text.isdecimal() else "mi"
    return f"<{element}>{_letters(text)}</{element}>"


def _letters(latex: str) -> str:
    return html(_GREEK.get(latex, latex.replace("''", "″").replace("'", "′")))


_GREEK = {r"\alpha": "α", r"\rho": "ρ"}

MATHML = UNICODE._replace(
    name=_name,
    number=lambda text: f"<mn>{text}</mn>",
    signs={"+": "<mo>+</mo>", "-": "<mo>−</mo>", "negative": '<mo form="prefix">−</mo>'},
    times=lambda left, right: "<mo>·</mo>",
    power=lambda base, n: f"<msup>{base}<mn>{n}</mn></msup>",
    quotient=lambda above, below: f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>",
    stacked=True,
    parentheses=("<mrow><mo>(</mo>", "<mo>)</mo></mrow>"),
    calls={
        "floor": ("<mrow><mo>⌊</mo>", "", "<mo>⌋</mo></mrow>"),
        "ceil": ("<mrow><mo>⌈</mo>", "", "<mo>⌉</mo></mrow>"),
        "max": ("<mrow><mi>max</mi><mo>(</mo>", "<mo>,</mo>", "<mo>)</mo></mrow>"),
        "min": ("<mrow><mi>min</mi><mo>(</mo>", "<mo>,</mo>", "<mo>)</mo></mrow>"),
        "less": ("<mrow><mo>[</mo>", "<mo>&lt;</mo>", "<mo>]</mo></mrow>"),
    },
)
