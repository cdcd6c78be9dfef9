"""Two ways to the same figure, which must agree about any network."""

from __future__ import annotations

import html
import itertools
import json
import re
import warnings
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import yaml

import costcalc
from costcalc import opening
from costcalc.errors import CostcalcError
from costcalc.exporters import EXPORTERS
from costcalc.render import formats
from tests.drawing.draws import Draws
from tests.exporters.test_round_trips import counted

Answer = TypeVar("Answer")

ALPHAS = (Fraction(1, 4), Fraction(1, 2), 1, Fraction(7, 5), 2)
SIDES = (16, (24, 16), 33)
LENGTHS = (16, 33, 32)


class Disagreement(Exception):
    """Two ways to a figure end in different ones."""


def agree(what: str, one: object, other: object) -> None:
    """Checks that two figures are equal.

    Raises:
        Disagreement: they are not.
    """
    if one != other:
        raise Disagreement(f"{what}: {one} and {other}")


def answer(ask: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer | None:
    """The answer to a question; None if it is refused."""
    try:
        return ask(*arguments, **named)
    except CostcalcError:
        return None


def parts(network: str) -> None:
    """The layers and the types of a report add up to its totals, however they are asked for."""
    opened = costcalc.load(network)
    report = opened.report()
    data = json.loads(report.to_json())
    for metric in ("params", "mult_adds"):
        total = getattr(report.totals, metric)
        agree(f"{metric} of the layers", sum(getattr(row, metric) for row in report.layers), total)
        agree(f"{metric} of the types", sum(row[metric] for row in data["types"]), total)
        agree(f"{metric} in JSON", data["totals"][metric], total)
    agree("totals without a report", opened.totals(), report.totals)
    agree("another reading", costcalc.report(network).totals, report.totals)


def texts(network: str) -> None:
    """Every format of a report has the same totals."""
    report = costcalc.report(network)
    totals = [report.totals.mult_adds, report.totals.params]
    data = json.loads(report.to_json())
    agree("JSON", [data["totals"]["mult_adds"], data["totals"]["params"]], totals)
    for row in formats():
        if not row.takes or row.name in ("json", "csv"):
            continue
        found = _totals(report.rendered(row.name))
        if found:  # a single row needs no total
            agree(f"totals in {row.name}", found, {tuple(totals)})
    lines = report.rendered("csv").splitlines()
    names = lines[0].split(",")
    cells = [line.rsplit(",", 4)[1:] for line in lines[1:]]
    if names[-4:] == ["mult_adds", "mult_adds_percent", "params", "params_percent"]:
        agree("mult-adds in CSV", sum(int(row[0] or 0) for row in cells), totals[0])
        agree("params in CSV", sum(int(row[2] or 0) for row in cells), totals[1])


_CELL = re.compile(r"<[^>]*>|[|&*\\]|\$")


def _totals(text: str) -> set[tuple[int, ...]]:
    """The figures of every line that begins with Total."""
    found = set()
    for line in re.split(r"\n|</tr>", text):
        words = html.unescape(_CELL.sub(" ", line)).split()
        if words[:1] == ["Total"] and len(words) >= 3:
            numbers = [int(word.replace(",", "")) for word in words[1:] if _is_whole(word)]
            found.add(tuple(numbers[-2:]))
    return found


def _is_whole(word: str) -> bool:
    return re.fullmatch(r"\d{1,3}(,\d{3})*", word) is not None


def swept(network: str) -> None:
    """Each cell of a sweep is the report at its settings; a cell without a row is refused."""
    opened = costcalc.load(network)
    axes: dict[str, tuple[Any, ...]] = {"alpha": ALPHAS}
    if "res" in opened.document.parameters:
        axes["res"] = SIDES
    axes |= itertools.islice(others(opened).items(), 2)
    sweep = answer(opened.sweep, at=axes)
    rows = answer(lambda: list(sweep.rows())) if sweep is not None else None
    found = {tuple(row.settings.values()): (row.params, row.mult_adds) for row in rows or ()}
    for values in itertools.product(*axes.values()):
        totals = answer(opened.totals, **dict(zip(axes, values, strict=True)))
        agree(f"the cell {values}", found.get(values), totals)


def others(opened: costcalc.Network) -> dict[str, tuple[Any, ...]]:
    """Values to try for the network's own parameters: its choices, or its number and the next."""
    tried: dict[str, tuple[Any, ...]] = {}
    for name, value in opened.report().parameters.items():
        parameter = opened.document.parameters.get(name)
        if name in ("alpha", "res", "classes") or parameter is None:
            continue
        if parameter.choices:
            tried[name] = tuple(parameter.choices)[:3]
        elif isinstance(value, int) and not isinstance(value, bool):
            tried[name] = (value, value + 1)
    return tried


def closed(network: str) -> None:
    """A closed form is the report wherever it says that it is exact."""
    opened = costcalc.load(network)
    tried = {"alpha": ALPHAS, **others(opened)}
    numbers = [name for name, values in tried.items() if isinstance(values[0], int)]
    for variables in ([], numbers[:2], numbers[2:4]):
        form = answer(opened.formula, variables=variables)
        if form is None:
            continue
        for total in form.totals.values():
            if form.domain.holds(form.values):
                agree("the closed form at the settings", total.value, total.reported)
        names = [extent.name.name for extent in form.domain.extents]
        for values in itertools.product(*(tried.get(name, LENGTHS) for name in names)):
            if not form.domain.holds(values):
                continue
            settings = _settings(dict(zip(names, values, strict=True)))
            totals = answer(opened.totals, **settings)
            if totals is None:
                raise Disagreement(f"the closed form holds at {settings}, which are refused")
            for metric, total in form.totals.items():
                counted = getattr(totals, metric)
                agree(f"{metric} at {settings}", total.polynomial(values), counted)


def _settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name, those of ``res[0]``, ``res[1]`` as one resolution."""
    sides = tuple(value for name, value in values.items() if name.startswith("res["))
    others = {name: value for name, value in values.items() if not name.startswith("res[")}
    return {**others, "res": sides} if sides else others


def explained(network: str) -> None:
    """What explains a layer comes to its row of the report."""
    opened = costcalc.load(network)
    report = opened.report()
    for row in report.layers[:4]:
        explanation = answer(opened.explain, row.name)
        if explanation is None:
            raise Disagreement(f"layer '{row.name}' is reported, and not explained")
        for metric in ("params", "mult_adds"):
            agree(f"{metric} of '{row.name}'", explanation.total(metric), getattr(row, metric))


def solved(network: str) -> None:
    """What is solved for is the largest value within the budget, by trying all."""
    opened = costcalc.load(network)
    totals = {alpha: answer(opened.totals, alpha=alpha) for alpha in ALPHAS}
    if None in totals.values():
        return
    budget = max(totals[1].params, 1)
    best = max((alpha for alpha in ALPHAS if totals[alpha].params <= budget), default=None)
    solution = answer(opened.solve, "alpha", max_params=budget, values=ALPHAS)
    if solution is not None:  # a network without widths has nothing to solve
        agree("the largest alpha", solution.best and solution.best.value, best)


def budgeted(network: str) -> None:
    """A budget of exactly the totals holds, and one less does not."""
    totals = costcalc.totals(network)
    for metric, option in (("params", "max_params"), ("mult_adds", "max_mult_adds")):
        total = getattr(totals, metric)
        if total > 1:
            agree("a budget that holds", costcalc.check(network, **{option: total}).holds, True)
            agree("one that fails", costcalc.check(network, **{option: total - 1}).holds, False)


def unchanged(network: str) -> None:
    """A network compared with itself differs in nothing."""
    agree("changes", list(costcalc.diff(network, network).changes), [])
    comparison = costcalc.compare(network, network)
    one, other = comparison.entries
    agree("the report", one.report.totals, other.report.totals)


def converted(network: str) -> None:
    """Conventions that are reconciled count what they report; a MAC is two flops."""
    opened = costcalc.load(network)
    for name in ("paper", "torch", "fvcore"):
        macs = answer(opened.totals, convention=name, unit="macs")
        flops = answer(opened.totals, convention=name, unit="flops")
        agree(f"{name} in flops", flops, macs and (macs.params, 2 * macs.mult_adds))
    reconciled = answer(opened.reconcile, "paper", "torch")
    for row in reconciled.counts if reconciled else ():
        own = opened.totals(convention=row.convention.name)
        agree(row.convention.name, (row.params, row.mult_adds), (own.params, own.mult_adds))


def imported(network: str) -> None:
    """A model as a spec counts as the model does, at any width.

    A block states a width that follows from another as a formula, which rounds what is
    rounded already, and shapes by what they have in common; so such a spec is compared at
    whole multipliers only, and may refuse those.  A spec may take widths at which a model
    that states its shapes in numbers does not exist.
    """
    model = costcalc.load(network)
    for is_flat, alphas in ((False, (1, 2)), (True, ALPHAS)):
        text = answer(model.to_spec, flat=is_flat)
        if text is None:
            continue  # a spec cannot express it
        Path("imported.yaml").write_text(text, encoding="utf-8")
        spec = costcalc.load("imported.yaml")
        agree("at no settings", spec.totals(), model.totals())
        for alpha in alphas:
            one, other = answer(spec.totals, alpha=alpha), answer(model.totals, alpha=alpha)
            if other is not None and (one is not None or is_flat):
                agree(f"at alpha {alpha}, {'flat' if is_flat else 'in blocks'}", one, other)


def exported(to: str) -> Callable[[str], None]:
    """A network that is written as a model and read back counts as it did."""

    def check(network: str) -> None:
        graph = opening.opened(network).graph()
        model = answer(costcalc.export, network, to)
        if model is None:
            return  # the format cannot express it
        suffix = next(row.suffix for row in EXPORTERS if row.name == to)
        Path(f"exported{suffix}").write_bytes(bytes(model))
        try:
            back = opening.opened(f"exported{suffix}").graph()
        except CostcalcError as error:
            if "no output depends on the network's input" in str(error):
                return  # its layers are views, which leave nothing in the file
            raise Disagreement(f"the file that is written is refused: {error}") from None
        agree("(macs, params)", counted(back), counted(graph))
        outputs = [back.shape_of(index) or (1,) for index in back.outputs]
        if (output := graph.shape_of(graph.outputs[-1]) or (1,)) not in outputs:
            raise Disagreement(f"output {output}, and {outputs} of the file")

    return check


def reimported(network: str) -> None:
    """A network that is written as an ONNX file is imported as a spec of the same counts."""
    model = answer(costcalc.export, network, "onnx")
    if model is None:
        return  # the format cannot express it
    Path("exported.onnx").write_bytes(bytes(model))
    if answer(costcalc.totals, "exported.onnx") is not None:
        imported("exported.onnx")


def rewritten(network: str) -> None:
    """A spec counts the same with its numbers as parameters, and its layers in a block."""
    spec = json.loads(Path(network).read_text(encoding="utf-8"))
    parameters: dict[str, int] = {}

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: named(item) for key, item in value.items()}
        if isinstance(value, list):
            return [named(item) for item in value]
        if isinstance(value, bool) or not isinstance(value, int) or len(parameters) > 200:
            return value
        name = f"p{len(parameters)}"
        parameters[name] = value
        return name

    forms = {
        "with parameters": {**named(spec), "parameters": parameters},
        "in a block": {
            "input": spec["input"],
            "blocks": {"all": {"layers": spec["layers"]}},
            "layers": ["all"],
        },
        "in a sequence": {**spec, "layers": [{"sequence": spec["layers"]}]},
        "in YAML": spec,
    }
    expected = _layers(network)
    for what, form in forms.items():
        text = json.dumps(form) if what != "in YAML" else yaml.safe_dump(form, sort_keys=False)
        Path("rewritten.yaml").write_text(text, encoding="utf-8")
        agree(f"layers {what}", _layers("rewritten.yaml"), expected)


def _layers(network: str) -> list[tuple[Any, ...]]:
    """What a report says of each layer but its name."""
    rows = costcalc.report(network).layers
    return [(row.kind, row.output, row.params, row.mult_adds) for row in rows]


ABOUT_ANY: Mapping[str, Callable[[str], None]] = {
    "parts": parts,
    "texts": texts,
    "swept": swept,
    "closed": closed,
    "explained": explained,
    "solved": solved,
    "budgeted": budgeted,
    "unchanged": unchanged,
    "converted": converted,
}
"""What holds of any network, by name."""

ABOUT_SPECS = {
    **ABOUT_ANY,
    "onnx": exported("onnx"),
    "prototxt": exported("prototxt"),
    "reimported": reimported,
}

ABOUT_NETWORKS = {**ABOUT_SPECS, "rewritten": rewritten}

ABOUT_MODELS = {**ABOUT_ANY, "imported": imported}


def check(name: str, network: str) -> None:
    """Checks that an agreement holds of a network, unless its report is refused.

    Raises:
        Disagreement: it does not.
    """
    warnings.simplefilter("ignore", costcalc.CostcalcWarning)  # the command line shows it
    if answer(costcalc.report, network) is not None:
        {**ABOUT_NETWORKS, **ABOUT_MODELS}[name](network)


def of_network(draws: Draws) -> str:
    """The name of an agreement about a spec that is written as JSON."""
    return draws.of(*ABOUT_NETWORKS, "onnx", "prototxt", "reimported", "rewritten")


def of_spec(draws: Draws) -> str:
    """The name of an agreement about a spec; often, that it is written and read back."""
    return draws.of(*ABOUT_SPECS, "onnx", "prototxt", "reimported")


def of_model(draws: Draws) -> str:
    """The name of an agreement about a model; half of the time, that it is imported as it is."""
    return draws.of(*ABOUT_ANY, *["imported"] * len(ABOUT_ANY))
