"""What a page holds of a network is what the report, memory and latency say, at any setting."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

import costcalc
from costcalc.costs.convention import load_convention
from costcalc.errors import CostcalcError
from costcalc.opening import opened
from costcalc.performance.running import run
from costcalc.render.page import Dimensions, text
from costcalc.tape.number import TapeNumber
from costcalc.tape.program import Refused
from costcalc.webpage.controls import given
from costcalc.webpage.model import GATED, Measures, model

NETWORKS = ["mobilenet_v2", "squeezenet", "shufflenet_v1", "resnet20_cifar", "skipnet50"]


def settings_of(controls, numbers):
    """A value for each control: steps of the slider, and others between them."""
    settings = {}
    for control in controls:
        value = numbers.choice(control.values)
        if not control.is_choice and numbers.random() < 0.5:
            low, high = Fraction(control.low), Fraction(control.high)
            below = 1 if control.is_whole else numbers.choice([7, 20, 997])
            value = Fraction(numbers.randint(-(-low * below // 1), high * below // 1), below)
            value = value.numerator if value.denominator == 1 else value
        settings[control.name] = value
    return settings


class Replayed:
    """The numbers of a structure at some settings."""

    def __init__(self, network, settings):
        program = network.program
        leaf = program.at(settings)
        self.result = None if leaf is None else leaf.result
        numbers = tuple(settings[parameter.name] for parameter in program.tape.parameters)
        self.value = lambda cell: (
            program.player.value(cell.node, numbers) if isinstance(cell, TapeNumber) else cell
        )

    def size(self, shape, suffix=""):
        return "" if shape is None else text(Dimensions(tuple(map(self.value, shape)), suffix))

    def costs(self, counts):
        return [text(self.value(count)) for count in counts]


def random_replays(network, count=12):
    numbers = random.Random(15)
    for _ in range(count):
        settings = settings_of(network.controls, numbers)
        yield settings, Replayed(network, settings)


def columns(table, *keys):
    places = [[column.key for column in table.columns].index(key) for key in keys]
    return [[text(row.cells[place]) for place in places] for row in table.rows]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_tables_are_those_of_the_report(name):
    conventions = ("paper", "torch")[: 1 if name == "skipnet50" else 2]  # torch has no lstm
    measures = Measures(tuple(load_convention(each, None) for each in conventions))
    network = model(opened(name, {}), measures)
    assert network.is_whole
    held = 0
    for settings, here in random_replays(network):
        own = {**network.network.settings, **given(settings)}
        usual = {"implementation": "paper"} if "implementation" not in own else {}
        for index, convention in enumerate(conventions):
            try:
                report = costcalc.report(
                    network.network.document, convention=convention, **_known(network, usual), **own
                )
            except CostcalcError:
                assert here.result is None or isinstance(here.result, Refused)
                continue
            if here.result is None:  # between the steps of a slider, where nothing is recorded
                continue
            held += 1
            layers, types = report.page().tables[:2]
            rows = here.result.rows
            assert [
                [row.title, row.path, here.size(row.filter, row.suffix) if row.filter else ""]
                + [here.size(row.input), here.size(row.output)]
                + (here.costs(row.counts[index]) if row.counts else ["", ""])
                for row in rows
            ] == columns(
                layers, "type_stride", "name", "filter", "input", "output", "mult_adds", "params"
            )
            assert [row.depth for row in rows] == [row.depth for row in layers.rows]
            assert [row.is_sum for row in rows] == [row.is_sum for row in layers.rows]
            shown = [
                [row.type, text(row.layers[index]), *here.costs(row.counts[index])]
                for row in here.result.types
                if row.layers[index]
            ]
            assert sorted(shown) == sorted(columns(types, "type", "layers", "mult_adds", "params"))
            assert tuple(map(here.value, here.result.totals[index])) == report.totals[::-1]
            notes = tuple(note for note in here.result.notes[index] if note != GATED)
            assert notes == report.page().notes[: len(notes)]
            assert (GATED in here.result.notes[index]) == (report.gating is not None)
    assert held >= 12, "most settings have a network"


def _known(network, settings):
    names = network.network.document.parameters
    return {name: value for name, value in settings.items() if name in names}


@pytest.mark.parametrize("name", ["mobilenet_v2", "squeezenet"])
def test_bytes_and_seconds_are_those_of_memory_and_latency(name):
    storages, devices = ("int8", "mobilenet_v2-table3", "tflm"), ("stm32f746", "rpi4")
    paper = (load_convention("paper", None),)
    measures = Measures(paper, storages, tuple(map(run, devices)))
    network = model(opened(name, {}), measures)
    held = 0
    for settings, here in random_replays(network, 6):
        if here.result is None or isinstance(here.result, Refused):
            continue
        held += 1
        for steps, storage in zip(here.result.memory, storages, strict=True):
            memory = costcalc.memory(name, storage=storage, **settings)
            assert steps.names == tuple(step.name for step in memory.schedule.steps)
            assert tuple(map(here.value, steps.alive)) == memory.alive
            assert here.value(steps.flash) == memory.weight_bytes
            assert here.value(steps.bound) == memory.lower_bound
            assert (steps.peak is None) == (storage == "tflm")
            if steps.peak is not None:
                assert here.value(steps.peak) == memory.peak
        for times, device in zip(here.result.times, devices, strict=True):
            latency = costcalc.latency(name, device, **settings)
            assert here.value(times.bound) == latency.bound
            assert here.value(times.roofline) == latency.roofline
            assert here.value(times.serial) == latency.serial
            assert [tuple(map(here.value, step[2:])) for step in times.steps] == [
                (step.operations, step.bytes, step.seconds) for step in latency.steps
            ]
    assert held >= 3


def test_a_number_that_is_too_large_to_begin_with_is_refused_with_its_place(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text(
        "input: [3, res, res]\nlayers: [{conv: {out: 'min(((res**8)**8)**8, 9)', kernel: 1}}]\n"
    )
    with pytest.raises(CostcalcError, match=r"large.yaml:2:23: .*the number grows too large"):
        costcalc.page(path, res=32)


CHOICES = """\
input: [3, 32, 32]
parameters:
  small: {choices: [1, 2, 3], default: 2}
  large: {choices: [1, 2, 3, 4, 5, 6, 7, 8, 9], default: 1}
  depth: 40
  wide: {choices: [8, 12], default: 8}
layers:
  - conv: {out: "wide * small * large", kernel: 1, repeat: depth}
  - fc: {out: 10}
"""


def totals(network, settings):
    settings = {**network.defaults, **settings}
    here = Replayed(network, settings)
    report = costcalc.report(network.network.document, **settings)
    return tuple(map(here.value, here.result.totals[0])), report.totals[::-1]


def test_a_page_goes_without_what_would_make_it_large(tmp_path):
    path = tmp_path / "choices.yaml"
    path.write_text(CHOICES)
    held = model(opened(path, {}), Measures((load_convention("paper", None),)))
    assert [control.name for control in held.controls] == ["alpha", "res", "small", "wide"]
    left = {fixed.name: (fixed.value, fixed.reason) for fixed in held.fixed}
    why = "not moved, to keep the page small: --set {} moves it"
    assert left["large"] == (1, why.format("large=1,2"))
    assert left["depth"] == (40, why.format("depth=1,2"))
    for small in (1, 2, 3):
        shown, reported = totals(held, {"small": small, "wide": 12})
        assert shown == reported


def test_a_page_has_what_it_is_asked_for_however_large_that_makes_it(tmp_path):
    path = tmp_path / "choices.yaml"
    path.write_text(CHOICES)
    ranges = {"large": [1, 9], "depth": [1, 39, 40]}
    held = model(opened(path, {}), Measures((load_convention("paper", None),)), ranges=ranges)
    # With these, nothing is left for a choice that follows.
    assert [control.name for control in held.controls[2:]] == ["small", "large", "depth"]
    assert [fixed.name for fixed in held.fixed] == ["wide"]
    for large, depth in ((9, 39), (1, 1)):
        shown, reported = totals(held, {"large": large, "depth": depth})
        assert shown == reported


def test_sliders_of_numbers_do_not_make_a_page_large(tmp_path):
    path = tmp_path / "deep.yaml"
    path.write_text(
        "input: [3, res, res]\nparameters: {res: 32, only: {choices: [3], default: 3}}\n"
        "layers: [{conv: {out: 8, kernel: 1, repeat: 300}}]\n"
    )
    held = model(opened(path, {}), Measures((load_convention("paper", None),)))
    assert [control.name for control in held.controls] == ["alpha", "res", "only"]


def test_a_network_that_opens_without_layers_has_a_page(tmp_path):
    path = tmp_path / "none.yaml"
    path.write_text(
        "input: [3, res, res]\nparameters: {res: 8, n: 0}\n"
        "layers: [{conv: {out: 3, kernel: 1, repeat: n}}]\n"
    )
    held = model(opened(path, {}), Measures((load_convention("paper", None),)))
    assert held.is_whole
    for n in held.controls[-1].values:
        shown, reported = totals(held, {"n": n, "res": 9})
        assert shown == reported
    assert "<h1>none</h1>" in costcalc.page(path).html
