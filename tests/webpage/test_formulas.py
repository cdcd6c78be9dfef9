"""The formulas of a page: those of ``--explain``, each worked out once for all its layers."""

from fractions import Fraction

import pytest

import costcalc
from costcalc.costs.convention import load
from costcalc.costs.count import count
from costcalc.graph.expand import expand
from costcalc.graph.layouts import channel_axes
from costcalc.opening import opened
from costcalc.symbolic.formula import ASCII, written
from costcalc.tape.number import TapeNumber
from costcalc.tape.program import Program
from costcalc.tape.tape import Parameter
from costcalc.webpage.formulas import FormulaBook, FormulaSheet
from tests.collection import conventions
from tests.exporters.every_kind import together
from tests.symbolic.test_explain import is_defined


def compared(explained, expected):
    """What a page and ``--explain`` both say of a layer."""
    assert explained.name == expected.name
    assert explained.type == expected.type
    assert explained.remark == expected.remark
    assert [(symbol, value) for symbol, value in explained.symbols] == list(expected.symbols)
    for step, other in zip(explained.steps, expected.steps, strict=True):
        assert (step.metric, step.rule, step.value) == (other.metric, other.rule, other.value)
        assert step.formula == other.formula, expected.name


@pytest.mark.parametrize("convention", conventions())
def test_a_book_has_the_formulas_of_explain_for_every_kind(convention, tmp_path):
    rules = load(convention)
    path = tmp_path / "every.yaml"
    path.write_text(together(lambda kind: is_defined(kind, rules)), encoding="utf-8")
    network = opened(str(path), {})
    graph = expand(network.document, network.settings)
    explained = FormulaBook(rules).explained(graph, count(graph, rules), channel_axes(graph))
    expected = costcalc.explain(str(path), "every", convention=convention).layers
    counted = [layer for layer in expected if not layer.is_free and layer.steps]
    assert list(explained) == [layer.name for layer in counted]
    for layer in counted:
        compared(explained[layer.name], layer)


def replayed(network, settings, convention):
    """Each layer's symbols and results on a tape, at settings other than those recorded."""
    found = opened(network, {})
    rules = load(convention)
    book = FormulaBook(rules)

    def recorded(chosen):
        graph = expand(found.document, {**found.settings, **chosen})
        return book.explained(graph, count(graph, rules), channel_axes(graph))

    parameters = [
        Parameter("alpha", Fraction(1, 4), 2, False),
        Parameter("res", 64, 512, True),
    ]
    program = Program(recorded, parameters)
    program.record({"alpha": 1, "res": 224})
    leaf = program.record(settings)
    numbers = tuple(settings[parameter.name] for parameter in parameters)

    def value(number):
        is_open = isinstance(number, TapeNumber)
        return program.player.value(number.node, numbers) if is_open else number

    return leaf.result, value


@pytest.mark.parametrize("network", ["mobilenet_v2", "googlenet", "efficientnet_b0", "densenet121"])
@pytest.mark.parametrize("convention", ["paper", "paper-with-bias"])
@pytest.mark.parametrize(
    "settings", [{"alpha": Fraction(1, 2), "res": 160}, {"alpha": Fraction(7, 5), "res": 96}]
)
def test_at_other_settings_it_is_what_explain_says_there(network, convention, settings):
    layers, value = replayed(network, settings, convention)
    expected = {
        layer.name: layer
        for layer in costcalc.report(network, **settings, convention=convention).layers
    }
    assert layers
    for name, layer in layers.items():
        for step in layer.counted:
            assert value(step.value) == getattr(expected[name], step.metric)
            values = {symbol.name.name: value(number) for symbol, number in layer.symbols}
            numbers = written(step._replace(values=values).numbers, ASCII).replace("^", "**")
            assert eval(numbers, {"floor": lambda x: x.__floor__()}) == value(step.value), numbers


def test_equal_layers_are_worked_out_once(monkeypatch):
    asked = []
    worked_out = FormulaBook._worked_out

    def noted(book, layer, *more):
        asked.append(layer.name)
        return worked_out(book, layer, *more)

    monkeypatch.setattr(FormulaBook, "_worked_out", noted)
    found = opened("mobilenet_v2", {})
    rules = load("paper")
    book = FormulaBook(rules)
    for alpha in (1, Fraction(1, 2)):
        graph = expand(found.document, {**found.settings, "alpha": alpha})
        explained = book.explained(graph, count(graph, rules), channel_axes(graph))
    assert len(explained) == 53
    # Convolutions of 3x3, depthwise with either stride, and of 1x1 behind an activation or
    # not; the last one is on a map of 1x1.
    assert asked[:3] == ["conv1", "bottleneck1/dw", "bottleneck1/project"]
    assert asked[-1] == "conv2"
    assert len(asked) < 9


def test_a_formula_that_depends_on_values_is_worked_out_for_each(monkeypatch):
    monkeypatch.setattr(FormulaBook, "_worked_out", lambda *_: None)
    found = opened("mobilenet_v2", {})
    rules = load("paper")
    graph = expand(found.document, found.settings)
    explained = FormulaBook(rules).explained(graph, count(graph, rules), channel_axes(graph))
    for layer in costcalc.explain("mobilenet_v2", "bottleneck2").layers:
        if not layer.is_free:
            compared(explained[layer.name], layer)


def test_a_sheet_prints_each_formula_once():
    layers, _ = replayed("mobilenet_v2", {"alpha": 1, "res": 224}, "paper")
    sheet = FormulaSheet()
    uses = [use for layer in layers.values() for use in sheet.uses(layer)]
    assert len(uses) == 2 * 53
    assert len(sheet.formulas) == 8
    assert {use.formula for use in uses} == set(range(len(sheet.formulas)))
    for use in uses:
        assert len(use.values) == len(sheet.formulas[use.formula].symbols)


@pytest.mark.parametrize("network", ["swin_tiny_patch4_window7_224", "efficientformer_l1"])
def test_attention_with_a_mask_has_a_formula(network):
    layers, _ = replayed(network, {"alpha": 1, "res": 224}, "paper")
    counted = {layer.name for layer in costcalc.report(network).layers if not layer.is_free}
    assert set(layers) == counted
