"""Energy: a device's power for as long as a network needs."""

from __future__ import annotations

from fractions import Fraction

from costcalc.errors import DeviceError, refuse
from costcalc.performance.device import Device


def power(device: Device) -> Fraction:
    """Watts while a device runs a network.

    Raises:
        DeviceError: no source states them.
    """
    if device.power is None:
        refuse(
            None,
            f"no source states the power of {device.name}",
            expected="a device with a power; only then energy follows from time",
            error=DeviceError,
        )
    return device.power.value
