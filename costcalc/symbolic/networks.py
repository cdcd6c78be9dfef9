"""The costs of whole networks in closed form: polynomials in alpha and the resolution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, NoReturn

from costcalc.advice import advice, option
from costcalc.arena.plan import named_planner
from costcalc.costs.count import count
from costcalc.costs.rules import UNITS, Convention
from costcalc.errors import Problems, did_you_mean, refuse
from costcalc.escaping import latex
from costcalc.formulas.algebra import is_whole
from costcalc.graph.expand import expand
from costcalc.graph.parameters import resolve
from costcalc.render.answer import FORMAT_VERSION
from costcalc.render.formatting import counted, exact, number, percent_text, ratio, rounded
from costcalc.render.page import Column, Equations, Page, Row, Table
from costcalc.reporting.phrases import at_settings, total_notes
from costcalc.spec import limits
from costcalc.spec.document import Document
from costcalc.spec.library import NameOrPath
from costcalc.storing.network import refuse_other_settings, storage_or_default
from costcalc.storing.schedule import peak_of
from costcalc.symbolic.domain import Domain, Extent, domain, in_parameters
from costcalc.symbolic.equations_answer import EquationsAnswer
from costcalc.symbolic.formula import (
    ASCII,
    LATEX,
    UNICODE,
    Name,
    Node,
    Style,
    prose,
    spellings,
    written,
)
from costcalc.symbolic.notation import ALPHA, title
from costcalc.symbolic.polynomial import Polynomial, Rational, polynomial_tree
from costcalc.symbolic.polynomial_number import (
    NoClosedFormError,
    PolynomialContext,
    Refine,
    Variable,
)
from costcalc.symbolic.repeats import occurrences


class ClosedTotal(NamedTuple):
    """A network's total in closed form, and its value at the chosen settings."""

    polynomial: Polynomial
    names: tuple[Name, ...]
    value: Rational
    """The value of the closed form at the chosen settings."""
    reported: int
    """The total of ``costcalc report`` at those settings."""

    @property
    def formula(self) -> Node:
        """The closed form, collected by the powers of its variables."""
        return polynomial_tree(self.polynomial, self.names)

    @property
    def error(self) -> Fraction:
        """The closed form's relative error against the reported total."""
        difference = Fraction(self.value - self.reported)
        return difference / self.reported if self.reported else Fraction(0)

    @property
    def expression(self) -> Any:
        """The closed form as a SymPy expression."""
        import sympy

        from costcalc.symbolic.expressions import symbol

        symbols = [symbol(name) for name in self.names]
        terms = []
        for powers, value in self.polynomial.ordered():
            factors = [base**n for base, n in zip(symbols, powers, strict=True)]
            terms.append(sympy.Mul(sympy.Rational(value.numerator, value.denominator), *factors))
        return sympy.Add(*terms)


@dataclass(frozen=True, repr=False)
class ClosedForm(EquationsAnswer):
    """A network's costs as polynomials in its parameters, and where they are exact."""

    network: str
    source: Mapping[str, str]
    convention: str
    unit: str
    """The title of the unit that mult-adds are counted in."""
    parameters: Mapping[str, Any]
    """The value of every parameter at the chosen settings."""
    names: tuple[Name, ...]
    """The parameters that stay symbols."""
    values: tuple[Rational, ...]
    """Their values at the chosen settings."""
    totals: Mapping[str, ClosedTotal]
    domain: Domain
    uncounted: Mapping[str, Sequence[str]]
    """The names of the layers that costcalc cannot count, by the model's name for the operation."""
    guessed: Sequence[str]
    """The names of the layers that are counted at guessed shapes."""
    notes: tuple[str, ...]
    """What the model says of its totals."""
    kinds: frozenset[str]
    """The names of its layer kinds."""
    storage: str = ""
    """The storage of the bytes, if there are any."""
    planner: str = ""
    """The planner of the peak, if there is one."""
    batch: int = 1
    """How many inputs are run at once, in bytes."""
    peak_step: str = ""
    """The step whose bytes are the peak."""
    is_bound: bool = False
    """Whether the planner gives addresses, so that the peak is its lower bound."""

    @property
    def params(self) -> Any:
        """Params as a SymPy expression."""
        return self.totals["params"].expression

    @property
    def mult_adds(self) -> Any:
        """Mult-adds as a SymPy expression."""
        return self.totals["mult_adds"].expression

    @property
    def is_exact(self) -> bool:
        """Whether both closed forms equal the reported totals at the chosen settings."""
        return all(total.value == total.reported for total in self.totals.values())

    def caveats(self) -> tuple[str, ...]:
        """What the totals leave out, guess or choose."""
        return total_notes(self.uncounted, guessed=self.guessed, notes=self.notes)

    def title(self, metric: str) -> str:
        """A metric's name for people; mult-adds in the convention's unit."""
        return title(metric, self.unit)

    def equations(self) -> Equations:
        """The closed form of each total."""
        return Equations(
            tuple(
                rf"\text{{{self.title(metric)}}} &= {written(total.formula, LATEX)}"
                for metric, total in self.totals.items()
            )
        )

    def page(self) -> Page:
        """The closed forms, where they are exact, and their values at the chosen settings."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """The JSON object described in docs/formulas.md."""
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "convention": self.convention,
            "unit": self.unit,
            "parameters": {name: number(value) for name, value in self.parameters.items()},
            "symbols": [_extent_data(extent) for extent in self.domain.extents],
            **(self._facts_of_bytes() if self.storage else {}),
            "assumes": self.domain.assumptions(ASCII, self.values),
            "exact": self.is_exact,
            **({"uncounted": self.uncounted} if self.uncounted else {}),
            **({"guessed": list(self.guessed)} if self.guessed else {}),
            **({"notes": list(self.notes)} if self.notes else {}),
            **{metric: _total_data(total) for metric, total in self.totals.items()},
        }

    def _facts_of_bytes(self) -> dict[str, Any]:
        return {
            "storage": self.storage,
            "planner": self.planner,
            "batch": self.batch,
            "peak_step": self.peak_step,
        }


_NAMES = {
    "alpha": ALPHA.name,
    "res": Name("res", "r", "r", "r"),
}
_SIDES = (
    Name("res[0]", "h", "h", "h"),
    Name("res[1]", "w", "w", "w"),
    Name("res[2]", "d", "d", "d"),
)
DEFAULT = ("alpha", "res")
"""The parameters that stay symbols by default, unless the spec names others."""


def closed_form(
    document: Document,
    settings: Mapping[str, Any],
    convention: Convention,
    variables: tuple[str, ...] = (),
    how: tuple[NameOrPath | None, str | None, int] | None = None,
) -> ClosedForm:
    """A network's params and mult-adds as polynomials in its parameters.

    Under a storage, also the bytes of what is stored and those of the planner's peak:
    without addresses, so that a planner with addresses gives the bound.

    Args:
        document: the network.
        settings: the settings to expand the network at; they decide every comparison.
        convention: how its costs are counted.
        variables: the parameters that stay symbols; by default those that the spec names, or
            ``alpha`` and ``res``.
        how: a storage's name or path, a planner and a batch, if bytes are wanted; None for
            ``fp32``, and for the storage's planner.

    Raises:
        CostcalcError: a setting or the storage is wrong, the convention lacks a rule, or the costs
            are not polynomials.
    """
    problems = Problems()
    resolved = resolve(document, settings, problems)
    problems.raise_any()
    chosen = _variables(document, resolved.values, variables)
    storage, planner, batch = how or (None, None, 1)
    kept = storage_or_default(storage) if how is not None else None
    if kept is not None and storage is None and document.schedule is not None:
        refuse_other_settings(document.titled(resolved.values))
    planner = planner or (kept.planner if kept is not None else "")
    is_bound = kept is not None and named_planner(planner).has_addresses
    while True:
        context = PolynomialContext(tuple(variable for variable, _ in chosen))
        symbols = [context.symbol(index) for index in range(len(chosen))]
        try:
            graph = expand(document, {**settings, **_symbolic(context, symbols)})
            costs = count(graph, convention)
            times = occurrences(graph.repeats, costs, context, are_all_fixed=kept is not None)
            sums = {
                metric: sum(n * getattr(cost, metric) for n, cost in zip(times, costs, strict=True))
                for metric in ("params", "mult_adds")
            }
            peak = ""
            if kept is not None:
                memory = peak_of(graph, kept, planner, batch)
                sums |= {"weight_bytes": memory.weight_bytes, "peak_bytes": memory.peak_bytes}
                peak = memory.step
            break
        except Refine as refinement:
            variable, name = chosen[refinement.variable]
            variable = variable._replace(modulus=variable.modulus * refinement.factor)
            chosen[refinement.variable] = (variable, name)
            if variable.modulus > limits.SIZE:
                _refuse_closed_form(document.titled(resolved.values), chosen)
        except NoClosedFormError:
            _refuse_closed_form(document.titled(resolved.values), chosen)
    names = tuple(name for _, name in chosen)
    values = tuple(variable.value for variable, _ in chosen)
    return ClosedForm(
        network=graph.name,
        source=graph.source,
        convention=convention.name,
        unit=UNITS[convention.unit].title,
        parameters={**resolved.values, **resolved.channels},
        names=names,
        values=values,
        totals={metric: _total(context, total, names, values) for metric, total in sums.items()},
        domain=domain(context, names),
        uncounted=graph.uncounted,
        guessed=graph.guessed_names(is_scaled=any(each.name == "alpha" for each in names)),
        notes=graph.notes,
        kinds=frozenset(layer.kind.name for layer in graph.layers),
        storage=kept.name if kept is not None else "",
        peak_step=peak,
        planner=planner,
        batch=batch,
        is_bound=is_bound,
    )


def _total(
    context: PolynomialContext, total: Any, names: tuple[Name, ...], values: tuple[Rational, ...]
) -> ClosedTotal:
    reported, counters = context.parts(total)
    polynomial = in_parameters(counters, context.variables)
    return ClosedTotal(polynomial, names, polynomial(values), int(reported))


def _variables(
    document: Document, values: Mapping[str, Any], requested: tuple[str, ...]
) -> list[tuple[Variable, Name]]:
    """The variables of the closed form; a height and a width count as two.

    Raises:
        SpecError: a requested parameter is not a number.
    """
    problems = Problems()
    variables: list[tuple[Variable, Name]] = []
    for parameter in dict.fromkeys(requested or document.symbols or DEFAULT):
        value = values.get(parameter)
        if parameter in document.sized_by:
            if requested:
                problems.add(
                    None,
                    f"'{parameter}' cannot stay a symbol in {document.titled(values)}, "
                    "whose sizes were read at a single value of it",
                    expected=option("variables", "alpha"),
                    hint="costcalc import writes a spec, in which it can vary",
                )
        elif isinstance(value, tuple):
            for side, name in zip(value, _SIDES, strict=False):
                variables.append((Variable(name.name, side, True), name))
        elif value is None and parameter in values and not requested:
            continue
        elif isinstance(value, bool) or not isinstance(value, int | Fraction) or value <= 0:
            problems.add(
                None,
                f"'{parameter}' cannot stay a symbol in {document.titled(values)}",
                expected="parameters that are positive numbers, among " + ", ".join(values),
                found="no such parameter" if parameter not in values else f"{parameter} = {value}",
                hint=did_you_mean(parameter, values) if parameter not in values else "",
            )
        else:
            name = _NAMES.get(parameter, _name(parameter))
            is_size = parameter != "alpha" and bool(is_whole(value))
            variables.append((Variable(parameter, value, is_size), name))
    problems.raise_any()
    return variables


def _symbolic(context: PolynomialContext, symbols: list[Any]) -> dict[str, Any]:
    """Settings with symbols instead of numbers."""
    settings: dict[str, Any] = {}
    for variable, symbol in zip(context.variables, symbols, strict=True):
        name, bracket, _ = variable.name.partition("[")
        settings[name] = (*settings.get(name, ()), symbol) if bracket else symbol
    return settings


def _name(parameter: str) -> Name:
    return Name(parameter, parameter, parameter, r"\mathit{" + latex(parameter) + "}")


def _refuse_closed_form(network: str, chosen: list[tuple[Variable, Name]]) -> NoReturn:
    names = ", ".join(f"{name.ascii} (near {exact(variable.value)})" for variable, name in chosen)
    refuse(
        None,
        f"the costs of {network} are not a polynomial in {names}",
        expected="sizes that are sums, products and roundings of its parameters",
        hint=advice("keep fewer parameters as symbols, as in {}", option("variables", "alpha")),
    )


def _page(form: ClosedForm) -> Page:
    assumptions = form.domain.assumptions(ASCII, form.values)
    latex: list[str | Equations] = [*_exactness(form, ASCII)]
    latex += [f"Assumes {assumption}." for assumption in assumptions]
    latex += [*form.caveats(), form.equations()]
    text = prose(lambda style: _paragraphs(form, style), latex, _headline(form, ASCII))
    return Page(_headline(form, UNICODE), (), (), listing=_table(form), prose=text)


def _headline(form: ClosedForm, style: Style) -> str:
    symbols = " and ".join(
        style.name(name) if style.name(name) == name.name else f"{style.name(name)} ({name.name})"
        for name, is_used in zip(form.names, _are_used(form), strict=True)
        if is_used
    )
    form_in = f"in closed form in {symbols}" if symbols else "in closed form"
    storage = f", storage {form.storage}, planner {form.planner}" if form.storage else ""
    batch = f", batch {counted(form.batch)}" if form.batch != 1 else ""
    return f"{form.network} {form_in}, convention {form.convention}{storage}{batch}"


def _are_used(form: ClosedForm) -> list[bool]:
    """Whether each symbol occurs in a total."""
    terms = [powers for total in form.totals.values() for powers in total.polynomial.terms]
    return [any(powers[index] for powers in terms) for index in range(len(form.names))]


def _paragraphs(form: ClosedForm, style: Style) -> Iterator[str]:
    width = max(len(form.title(metric)) for metric in form.totals)
    yield "\n".join(
        f"  {form.title(metric):<{width}}  {written(total.formula, style)}"
        for metric, total in form.totals.items()
    )
    lines = _exactness(form, style)
    assumptions = form.domain.assumptions(style, form.values)
    if assumptions:
        lines.append(f"Assumes {', '.join(assumptions)}.")
    if form.peak_step:
        lines.append(f"The peak is that of {form.peak_step} wherever this holds.")
    if form.is_bound:
        lines.append("It is without addresses, the lower bound of every plan.")
    yield "\n".join(lines)
    lines = [at_settings(form.parameters, form.kinds) or "Reported:"]
    for metric, total in form.totals.items():
        lines.append(f"  {form.title(metric):<{width}}  {_compared(total)}")
    yield "\n".join([*lines, *form.caveats()])
    source = ", ".join(form.source[key] for key in ("paper", "table") if key in form.source)
    if source:
        yield f"Source: {source}"


def _table(form: ClosedForm) -> Table:
    """One row per total, for scripts."""
    columns = tuple(Column(key, key) for key in ("metric", "formula", "value", "reported"))
    rows = tuple(
        Row((metric, written(total.formula, ASCII), ratio(total.value), total.reported))
        for metric, total in form.totals.items()
    )
    return Table("Totals", columns, rows)


def _exactness(form: ClosedForm, style: Style) -> list[str]:
    if form.domain.is_empty:
        return ["Sizes are rounded: an approximation near these settings."]
    extents = [
        extent
        for extent, is_used in zip(form.domain.extents, _are_used(form), strict=True)
        if is_used
    ]
    parts = [extent.multiples(style) for extent in extents]
    where = " and ".join(part for part in parts if part)
    lines = [f"Exact for {where}." if where else "Exact where its assumptions hold."]
    if not where and not form.domain.assumptions(style, form.values):
        lines = ["Exact at all settings."]
    if form.domain._replace(extents=tuple(extents)).is_rounded:
        lines.append("Elsewhere sizes are rounded, and it is an approximation.")
    return lines


def _compared(total: ClosedTotal) -> str:
    """``4,209,088, as reported``, or how far off the closed form is."""
    if total.value == total.reported:
        return f"{counted(total.reported)}, as reported"
    percent = percent_text(abs(total.error))
    side = "more" if total.error > 0 else "less"
    value = counted(int(rounded(Fraction(total.value), 0)))
    return f"about {value}, {percent} {side} than the {counted(total.reported)} reported"


def _extent_data(extent: Extent) -> dict[str, Any]:
    return {
        "name": extent.name.name,
        "symbol": extent.name.text,
        "multiple_of": ratio(extent.step),
        "residue": extent.residue,
        "lowest": ratio(extent.lowest),
        "highest": ratio(extent.highest),
        "exact_for": extent.multiples(UNICODE),
    }


def _total_data(total: ClosedTotal) -> dict[str, Any]:
    return {
        **spellings(total.formula),
        "terms": [
            {
                "coefficient": ratio(value),
                "powers": {name.name: n for name, n in zip(total.names, powers, strict=True) if n},
            }
            for powers, value in total.polynomial.ordered()
        ],
        "value": ratio(total.value),
        "reported": total.reported,
        "error_percent": float(100 * total.error),
    }
