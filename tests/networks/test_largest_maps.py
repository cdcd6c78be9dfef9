"""MobileNetV2's Table 3 row by row: the largest map at each resolution, 16 bits a value."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import costcalc
from costcalc.claims.check import check
from costcalc.claims.networks import Networks
from costcalc.claims.sources import collect

SIDES = (112, 56, 28, 14, 7, 1)

CHANNELS = {
    # Channels of the largest map at each side, from the papers' own tables of layers.
    "V1": (64, 128, 256, 512, 1024, 1024),
    "V2": (16, 24, 32, 96, 320, 1280),
    "Shuffle": (48, 120, 480, 960, 1920, 1920),
}
OTHER_SETTINGS = (32, 48, 400, 800, 1600, 1920)
"""Those of g = 2 that the paper has under g = 3, with 32 channels in the first convolution."""
PRINTED = {
    # What the paper prints: its channels, and the kB.
    "V1": ((64, 1600), (128, 800), (256, 400), (512, 200), (None, 199), (1024, 2)),
    "V2": ((16, 400), (32, 200), (64, 100), (160, 62), (None, 32), (1280, 2)),
    "Shuffle": ((32, 800), (48, 300), (400, 600), (800, 310), (1600, 156), (1600, 3)),
}


@pytest.fixture(scope="module")
def claimed() -> dict[str, Any]:
    networks = Networks()
    results = check(collect((), networks, shipped=True), networks).results
    return {result.claim.id: result for result in results if result.claim.id.startswith("v2.T3.")}


@pytest.mark.parametrize("network", CHANNELS)
def test_claims_are_channels_times_positions_times_two_bytes(
    network: str, claimed: dict[str, Any]
) -> None:
    counted = {**CHANNELS, "Shuffle": OTHER_SETTINGS}[network]
    for side, channels, (_, kilobytes) in zip(SIDES, counted, PRINTED[network], strict=True):
        result = claimed[f"v2.T3.{network}.{side}²"]
        exact = channels * side * side * 2
        is_rounded_up = kilobytes == 32
        assert result.computed == (-(-exact // 1000) * 1000 if is_rounded_up else exact)
        assert result.claim.figure.text == f"{kilobytes} KB"


@pytest.mark.parametrize("network", PRINTED)
def test_the_papers_own_channels_are_what_it_prints(network: str) -> None:
    """By rounding down to one, two or three digits; 199 and 32 are of no number of channels."""
    for side, (channels, kilobytes) in zip(SIDES, PRINTED[network], strict=True):
        if channels is not None:
            exact = Fraction(channels * side * side * 2, 1000)
            steps = (1, 10, 100)
            assert kilobytes in [int(exact // step) * step for step in steps], (side, exact)


@pytest.mark.parametrize(
    ("network", "spec", "end", "without"),
    [
        ("V1", "mobilenet_v1", "", ()),
        # A bottleneck's inner maps are never whole: the paper counts what it writes at its end.
        ("V2", "mobilenet_v2", "/project", (1,)),
        ("Shuffle", "shufflenet_v1@scale=2", "", ()),
    ],
)
def test_the_largest_of_the_outputs_that_a_report_lists(
    network: str, spec: str, end: str, without: tuple[int, ...]
) -> None:
    largest: dict[int, int] = {}
    for layer in costcalc.report(spec).data()["layers"]:
        channels, *sides = layer["output"]
        if len(sides) == 2 and layer["name"].endswith(end):
            largest[sides[0]] = max(largest.get(sides[0], 0), channels)
    channels_of = dict(zip(SIDES, CHANNELS[network], strict=True))
    assert largest == {side: channels_of[side] for side in SIDES if side not in without}
