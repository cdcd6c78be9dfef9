"""Bytes and times that a page shows are those of ``memory`` and ``latency`` at any setting."""

from fractions import Fraction

import pytest

import costcalc
from costcalc.graph.expand import expand
from costcalc.opening import opened
from costcalc.performance.running import run
from costcalc.tape.number import TapeNumber
from costcalc.tape.program import Program
from costcalc.tape.tape import Parameter
from costcalc.webpage.resources import in_memory, in_time

SETTINGS = (
    {"alpha": 1, "res": 224},
    {"alpha": Fraction(1, 2), "res": 160},
    {"alpha": Fraction(7, 20), "res": 96},
)
NETWORKS = ["mobilenet_v2", "deit_tiny_patch16_224"]


class Recorded:
    """Something of a network on a tape, and its numbers at some settings."""

    def __init__(self, network, function):
        found = opened(network, {})

        def recorded(chosen):
            graph = expand(found.document, {**found.settings, **chosen})
            return function(graph)

        parameters = [
            Parameter("alpha", Fraction(1, 4), 2, False),
            Parameter("res", 64, 512, True),
        ]
        self.program = Program(recorded, parameters)

    def at(self, settings):
        result = self.program.record(settings).result
        numbers = (settings["alpha"], settings["res"])

        def value(number):
            if isinstance(number, tuple):
                return tuple(map(value, number))
            is_open = isinstance(number, TapeNumber)
            return self.program.player.value(number.node, numbers) if is_open else number

        return result, value


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("storage", ["fp32", "int8", "tflm"])
def test_bytes_are_those_of_memory(network, storage):
    recorded = Recorded(network, lambda graph: in_memory(graph, storage))
    for settings in SETTINGS if network != NETWORKS[1] else SETTINGS[:1]:
        steps, value = recorded.at(settings)
        memory = costcalc.memory(network, storage=storage, **settings)
        assert steps.names == tuple(step.name for step in memory.schedule.steps)
        assert value(steps.alive) == memory.alive
        assert value(steps.flash) == memory.weight_bytes
        assert value(steps.bound) == memory.lower_bound
        assert steps.planner == memory.planner
        if memory.plan.offsets is None:
            assert value(steps.peak) == memory.peak
        else:
            assert steps.peak is None
        assert steps.storage == storage


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("device", ["stm32h743", "ethos-u55-256", "max78000"])
def test_times_are_those_of_latency(network, device):
    on = run(device)
    recorded = Recorded(network, lambda graph: in_time(graph, on))
    for settings in SETTINGS if network != NETWORKS[1] else SETTINGS[:1]:
        steps, value = recorded.at(settings)
        latency = costcalc.latency(network, device=device, **settings)
        for step, other in zip(steps.steps, latency.steps, strict=True):
            assert step.name == other.name
            assert value(step.operations) == other.operations
            assert value(step.bytes) == other.bytes
            assert value(step.seconds) == other.seconds
        assert value(steps.bound) == latency.bound
        assert value(steps.roofline) == latency.roofline
        assert value(steps.serial) == latency.serial


def test_each_step_begins_with_its_layer():
    steps, _ = Recorded("googlenet", lambda graph: in_time(graph, run("stm32h743"))).at(SETTINGS[0])
    layers = {layer.name for layer in costcalc.report("googlenet").layers}
    for step in steps.steps:
        assert step.layer == step.name
        assert step.layer in layers
