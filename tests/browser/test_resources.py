"""The facts of memory and time on a page are those of ``memory`` and ``latency`` at any setting."""

from __future__ import annotations

import random
from urllib.parse import urlencode

import pytest

import costcalc
from costcalc.render.formatting import milliseconds
from costcalc.storing.network import storage_or_default
from tests.browser.conftest import Opening
from tests.browser.expected import random_settings
from tests.browser.reader import Reader

CASES = [
    ("mobilenet_v2", ("fp32", "mcunet"), ("a100-80", "ethos-u55-256")),
    ("ds_cnn_s", ("int4-weights", "fp16"), ("max78000", "edgetpu")),
    ("densenet121", ("tflm", "hello-edge"), ("stm32h743", "rpi4")),
    ("highway", ("tflm", "mcunet"), ("a100-80", "edgetpu")),
    ("skipnet50", ("fp32", "tflm"), ("cortex-m55", "a100-80")),
    ("ssdlite320_mobilenet_v2", ("int8", "fp32"), ("ethos-u55-256", "rpi4")),
    ("deit_tiny_patch16_224", ("tflite-mobile", "mcunet"), ("stm32h743", "rpi4")),
]
"""Chains, dense blocks, recurrent cells, gates, heads and transformers, on chips of each class."""


def facts(reader: Reader, section: str) -> dict[str, str]:
    """The facts of a section by their names."""
    script = "(all) => all.map((one) => [one.dataset.fact, one.textContent])"
    found = reader.page.locator(f"{section}:visible [data-fact]").evaluate_all(script)
    return dict(found)


@pytest.mark.parametrize(("network", "storages", "devices"), CASES)
def test_facts_at_random_settings(
    page: Opening, network: str, storages: tuple[str, ...], devices: tuple[str, ...]
) -> None:
    numbers = random.Random(network)
    reader = page(network, storage=storages, device=devices)
    settings: dict[str, str] = {}
    shown = 0
    for _ in range(4):
        name, device = numbers.choice(storages), numbers.choice(devices)
        reader.follow(urlencode({**settings, "storage": name, "device": device}))
        given = {key: value for key, value in settings.items() if value != ""}
        settings = random_settings(reader.controls, numbers)
        if reader.refusal:
            continue
        memory = costcalc.memory(network, storage=name, **given)
        latency = costcalc.latency(network, device=device, **given)
        amount = storage_or_default(name).amount
        expected = {"flash": amount(memory.weight_bytes), "bound": amount(memory.lower_bound)}
        if memory.plan.offsets is None:
            expected["peak"] = f"{amount(memory.peak)}, planner {memory.planner}"
        assert facts(reader, "div.memory").items() >= expected.items()
        assert (
            facts(reader, "div.times").items()
            >= {
                key: milliseconds(getattr(latency, key)) for key in ("bound", "roofline", "serial")
            }.items()
        )
        shown += 1
    assert shown
