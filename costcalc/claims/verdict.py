"""Whether a printed figure holds, and how."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal, NamedTuple, get_args

from costcalc.claims.claim import Claim, Erratum
from costcalc.claims.measure import METRICS, Part, measure, parts
from costcalc.claims.networks import Networks
from costcalc.claims.readings import explain
from costcalc.errors import CostcalcError, refuse
from costcalc.metrics import TIMES, Measured
from costcalc.render.formatting import scaled, share
from costcalc.reporting.printed import Figure
from costcalc.spec.document import Expression
from costcalc.spec.numbers import ExpressionError

Verdict = Literal[
    "exact",
    "rounded",
    "truncated",
    "tolerance",
    "convention",
    "erratum",
    "unexplained",
    "mismatch",
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""Every verdict, from the best to the one that fails; a bound that holds is ``exact``."""

_UNEXPLAINED = "no reading explains it; the recomputed value is pinned"

COSTLY = 3
"""The number of layers that the explanation of an exceeded bound names."""


class Result(NamedTuple):
    """A claim, recomputed."""

    claim: Claim
    computed: Fraction
    parameters: Mapping[str, Any]
    """The parameters of the claim's first network at its settings."""
    verdict: Verdict
    explanation: str = ""

    @property
    def holds(self) -> bool:
        """Whether the claim holds."""
        return self.verdict != "mismatch"

    @property
    def is_unexplained(self) -> bool:
        """Whether nothing gives the printed figure, as is documented."""
        return self.verdict == "unexplained"

    @property
    def shown(self) -> str:
        """The computed value in the printed figure's unit."""
        return self.claim.figure.show(self.computed)

    @property
    def summary(self) -> str:
        """The printed and the computed value, and the explanation."""
        claim = self.claim
        verb = "claims" if claim.figure.bound else "prints"
        words = f"{claim.title}: {verb} {claim.figure.text}, computed {self.shown}"
        return f"{words}; {self.explanation}" if self.explanation else words


def judge(claim: Claim, networks: Networks) -> Result:
    """The claim's verdict.

    Raises:
        CostcalcError: the claim's subject is wrong; every problem has a place.
    """
    try:
        return _judged(claim, networks)
    except ExpressionError as error:
        refuse(claim.mark, error.message, expected=error.expected)
    except CostcalcError as error:
        placed = [problem._replace(mark=problem.mark or claim.mark) for problem in error.problems]
        raise type(error)(placed) from None


def _judged(claim: Claim, networks: Networks) -> Result:
    computed = measure(claim.quantity, networks)
    graph = networks.graph(claim.quantity.subject.networks[0])

    def result(verdict: Verdict, *explanation: str) -> Result:
        words = "; ".join(filter(None, (*explanation, claim.note)))
        return Result(claim, computed, graph.parameters, verdict, words)

    if claim.unexplained is not None:
        problem = _moved(claim, claim.unexplained, computed)
        return result("mismatch", problem) if problem else result("unexplained", _UNEXPLAINED)
    if claim.erratum is not None:
        problem = _refuted(claim, claim.erratum, computed, networks)
        return result("mismatch", problem) if problem else result("erratum", claim.erratum.why)
    counting = _counting(claim, computed, networks)
    fit = claim.figure.fit(computed)
    to_digits = f"to {_digits(claim.figure.digits)}" if claim.figure.digits else ""
    if fit is not None and (claim.gives or claim.quotient):
        return result("mismatch", "the figure reproduces without 'gives' or 'quotient'")
    if fit is not None and counting:
        return result("convention", counting, "truncated" if fit == "truncated" else "", to_digits)
    if fit is not None:
        return result("exact" if fit == "within" else fit, to_digits)
    if _agrees(claim, computed):
        return result("tolerance", claim.about, counting)
    if claim.quotient is not None or claim.gives is not None:
        value, words = _as_printed(claim, computed)
        plain = f"recomputed, {claim.figure.show(computed)}"
        if claim.figure.fit(value) is None:
            return result("mismatch", f"{words} is {claim.figure.show(value)}", plain)
        return result("convention", words, to_digits, plain)._replace(computed=value)
    if claim.figure.bound:
        words = _costliest(claim, networks) or "correct the network, or the bound"
        return result("mismatch", words)
    is_largest = METRICS[claim.quantity.metric][0].join is not sum
    layers = _costliest(claim, networks) if is_largest else ""
    return result("mismatch", explain(claim, computed, networks), layers)


def _as_printed(claim: Claim, computed: Fraction) -> tuple[Fraction, str]:
    """What a paper's own arithmetic gives, and in words how."""
    if claim.gives is not None:
        return _arithmetic(claim.gives, computed), claim.gives.text
    assert claim.quotient is not None
    above, below = claim.quotient
    value = above.number * above.scale / (below.number * below.scale)
    return value, f"the quotient of the printed {above.text} and {below.text}"


def _digits(number: int) -> str:
    return "1 digit" if number == 1 else f"{number} digits"


def _counting(claim: Claim, computed: Fraction, networks: Networks) -> str:
    """How the paper counts, in words; without its convention if 'paper' gives the same value."""
    own = claim.quantity.counting
    if own.convention != "paper":
        plain = own._replace(convention="paper")
        if measure(claim.quantity._replace(counting=plain), networks) == computed:
            return plain.words
    return own.words


def _moved(claim: Claim, pinned: Figure, computed: Fraction) -> str:
    """Why a figure is not the misprint that is claimed; empty if it is."""
    if _agrees(claim, computed):
        return "the figure reproduces as it is printed"
    if pinned.fit(computed) not in ("exact", "rounded"):
        return f"the claim pins {pinned.text} as the computed value"
    return ""


def _refuted(claim: Claim, erratum: Erratum, computed: Fraction, networks: Networks) -> str:
    """Why an erratum is not accepted; empty if it is."""
    problem = _moved(claim, erratum.computed, computed)
    if problem:
        return problem
    if erratum.reads is not None:
        if erratum.reads.fit(computed) is None:
            return f"the erratum reads {erratum.reads.text}, which does not reproduce either"
        return ""
    if erratum.counts is not None:
        other = measure(erratum.counts, networks)
    else:
        assert erratum.gives is not None  # the reader requires one of the three
        other = _arithmetic(erratum.gives, computed)
    if not _agrees(claim, other):
        shown = claim.figure.show(other)
        return f"the erratum's explanation gives {shown}, which is not what is printed"
    return ""


def _agrees(claim: Claim, value: Fraction) -> bool:
    """Whether the printed digits agree; without the trailing zeros of an approximate figure."""
    if claim.figure.fit(value) is not None:
        return True
    return bool(claim.about) and claim.figure.fit(value, claim.figure.round_step) is not None


def _arithmetic(gives: Expression, computed: Fraction) -> Fraction:
    try:
        value = gives.evaluate({"computed": computed})
    except (ZeroDivisionError, TypeError):
        value = None
    if not isinstance(value, int | Fraction) or isinstance(value, bool):
        refuse(gives.mark, "'gives' must be arithmetic", found=f"'{gives.text}'")
    return Fraction(value)


def _costliest(claim: Claim, networks: Networks) -> str:
    """The layers that contribute most to a figure; empty if it is not about layers one by one."""
    quantity = claim.quantity
    metric, relation = METRICS[quantity.metric]
    if relation is not None:
        return ""
    selected = parts(quantity.subject, quantity.counting, networks)
    if metric.name == "peak_bytes":
        return "; ".join(_at_peak(part, claim) for part in selected)
    if metric.name in TIMES:
        return "; ".join(map(_most_computed, selected))
    if metric.shares is None:
        return ""
    costs = [share for part in selected for share in metric.shares(part)]
    top = sorted(costs, key=lambda cost: -cost[0])[:COSTLY]
    if metric.join is not sum:
        words = [f"{name} {claim.figure.show(Fraction(value))}" for value, name in top]
        return f"the largest are {', '.join(words)}"
    total = sum(value for value, _ in costs)
    show = claim.figure.show if metric.is_bytes else scaled
    words = [f"{name} {show(value)} ({share(value, total)} %)" for value, name in top]
    storage = f"under {selected[0].measured.stored.storage.name}, " if metric.is_bytes else ""
    return f"{storage}most is spent on {', '.join(words)}: thin these, or raise the bound"


def _most_computed(part: Part) -> str:
    """The device, and the steps to thin there."""
    network = part.measured
    steps = sorted(network.computed, key=lambda step: -step[0])[:COSTLY]
    total = sum(operations for operations, _ in network.computed)
    words = [f"{name} {scaled(most)} ({share(most, total)} %)" for most, name in steps if most]
    where = f"on {network.run.device.name}, under {network.stored[0].name}, "
    return f"{where}most operations are those of {', '.join(words)}: thin these, or raise the bound"


def _at_peak(part: Part, claim: Claim) -> str:
    """The step of the peak, and the tensors to shrink there."""
    network = part.measured
    step, tensors = network.at_peak()
    if not tensors:
        return ""
    shown = ", ".join(
        f"{tensor.name} {claim.figure.show(Fraction(tensor.bytes))}" for tensor in tensors[:COSTLY]
    )
    show = claim.figure.show
    where = f"the peak is in {step}, with {shown}" if step else f"the largest are {shown}"
    if network.is_fragmented:
        plan, bound = Fraction(network.planned.peak), Fraction(network.planned.bound)
        where = (
            f"the plan needs {show(plan)}, {show(plan - bound)} of it fragmentation; "
            f"the most alive at once is {show(bound)}, in {step}, with {shown}"
        )
    if not claim.figure.bound:
        return f"{_under(network)}{where}"
    fitting = [
        f"{how} fits, with {show(Fraction(peak))}"
        for how, peak in network.smaller_peaks()
        if claim.figure.fit(Fraction(peak)) is not None
    ]
    mend = ": " + "; ".join([*fitting, "shrink these, or raise the bound"])
    return f"{_under(network)}{where}{mend}"


def _under(network: Measured) -> str:
    """The storage, and the planner if it is not the storage's."""
    storage, planner = network.stored.storage, network.planned.planner
    planner = "" if planner == storage.planner else f" with planner {planner}"
    return f"under {storage.name}{planner}, "
