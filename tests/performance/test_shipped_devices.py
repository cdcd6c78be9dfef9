"""The devices that ship: their arithmetic done again, and figures that do not change unseen.

The files are read by PyYAML here and the arithmetic is Python's own, on fractions: neither the
package's reader nor its expressions have a part in it.
"""

import ast
import operator
import re
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

import costcalc
from costcalc.performance import files

FOLDER = Path(files.__file__).parent.parent / "devices"

LEFT_OUT = {
    "ndp120": "Syntiant publishes neither a peak nor the width of its processor, only measurements",
}
"""Devices that were looked up and do not ship, with the reason."""

G, T = 10**9, 10**12
KIB, MIB, GIB = 1024, 1024**2, 1024**3

# Peaks in int8, fp16 and fp32, and bandwidths of ram and dram, all multiplied out by hand.
# None: no source states it.
MULTIPLIED_OUT = {
    "a10": ("250", "125", "31.2", None, "600"),
    "a100-40": ("624", "312", "19.5", None, "1555"),
    "a100-80": ("624", "312", "19.5", None, "2039"),
    "agx-orin-64": ("137.5", "42.6", "5.3", None, "204.8"),
    "cortex-m55": ("0.0064", "0.0032", "0.0016", "3.2", None),
    "edgetpu": ("4", None, None, None, "0.5"),
    "esp32s3": ("0.01536", None, None, "7.68", "0.16"),
    "ethos-u55-128": ("0.128", None, None, "4", None),
    "ethos-u55-256": ("0.256", None, None, "4", None),
    "ethos-u65-512": ("1.024", None, None, "16", "3.75"),
    "h100-sxm": ("1979", "989.4", "66.9", None, "3350"),
    "h200-sxm": ("1979", "989.4", "66.9", None, "4800"),
    "jetson-nano": (None, "0.472", "0.2359", None, "25.6"),
    "max78000": ("0.0576", None, None, None, None),
    "nrf5340": ("0.000512", None, "0.000256", "0.512", None),
    "orin-nano-8": ("20.48", "10.24", "1.28", None, "68"),
    "pixel1-big": (None, None, "0.0344", None, "29.8"),
    "pixel4-big": ("0.18176", "0.09088", "0.04544", None, "34.1"),
    "rp2040": ("0.0004", None, None, "1.6", None),
    "rp2350": ("0.0012", None, "0.0006", "1.2", None),
    "rpi4": ("0.1152", None, "0.0576", None, "12.8"),
    "rpi5": ("0.6144", "0.3072", "0.1536", None, "17.1"),
    "stm32f412": ("0.0004", None, "0.0001", "0.4", None),
    "stm32f746": ("0.000864", None, "0.000432", "1.728", None),
    "stm32g0b1": ("0.000064", None, None, "0.256", None),
    "stm32h743": ("0.00192", None, "0.00096", "3.84", None),
    "stm32h7a3": ("0.00112", None, "0.00056", "2.24", None),
    "stm32l4r5": ("0.00048", None, "0.00012", "0.48", None),
    "stm32n6": ("0.6", None, None, None, None),
    "stm32u575": ("0.00064", None, "0.00032", "0.64", None),
    "t4": ("130", "65", "8.1", None, "320"),
    "v100-sxm2": (None, "125", "15.7", None, "900"),
}

SIZES = {
    "a10": (None, None, 24 * G),
    "a100-40": (None, None, 40 * G),
    "a100-80": (None, None, 80 * G),
    "agx-orin-64": (None, None, 64 * G),
    "cortex-m55": (None, None, None),
    "edgetpu": (None, 8 * MIB, None),
    "esp32s3": (8 * MIB, 512 * KIB, 8 * MIB),
    "ethos-u55-128": (None, 4 * MIB, None),
    "ethos-u55-256": (None, 4 * MIB, None),
    "ethos-u65-512": (None, 384 * KIB, None),
    "h100-sxm": (None, None, 80 * G),
    "h200-sxm": (None, None, 141 * G),
    "jetson-nano": (None, None, 4 * G),
    "max78000": (442_000, 512 * KIB, None),
    "nrf5340": (MIB, 512 * KIB, None),
    "orin-nano-8": (None, None, 8 * G),
    "pixel1-big": (None, None, 4 * G),
    "pixel4-big": (None, None, 6 * G),
    "rp2040": (2 * MIB, 264 * KIB, None),
    "rp2350": (4 * MIB, 520 * KIB, None),
    "rpi4": (None, None, 4 * GIB),
    "rpi5": (None, None, 8 * GIB),
    "stm32f412": (MIB, 256 * KIB, None),
    "stm32f746": (MIB, 320 * KIB, None),
    "stm32g0b1": (512 * KIB, 144 * KIB, None),
    "stm32h743": (2 * MIB, MIB, None),
    "stm32h7a3": (2 * MIB, 1376 * KIB, None),
    "stm32l4r5": (2 * MIB, 640 * KIB, None),
    "stm32n6": (128 * MIB, 4_200_000, 32 * MIB),
    "stm32u575": (2 * MIB, 786 * KIB, None),
    "t4": (None, None, 16 * G),
    "v100-sxm2": (None, None, 16 * G),
}
"""Bytes of flash, ram and dram."""

DIGESTS = {
    "a10": "48f98178bf105c49",
    "a100-40": "cf9c7d7220e14992",
    "a100-80": "8815d064208cd7c0",
    "agx-orin-64": "511a4b0303a03afc",
    "cortex-m55": "349985e629714ba6",
    "edgetpu": "af1a377deb956684",
    "esp32s3": "f49ac614449c8511",
    "ethos-u55-128": "bf3537f3fda4119d",
    "ethos-u55-256": "5a5614665429ff58",
    "ethos-u65-512": "ab0cd751365ffd88",
    "h100-sxm": "2b5d8ed6e3d40e7d",
    "h200-sxm": "642c688e89393c39",
    "jetson-nano": "1b197ba4e89c7522",
    "max78000": "6390a0178c60654e",
    "nrf5340": "9e0c0a3ba305eeb5",
    "orin-nano-8": "47e49a872267a13b",
    "pixel1-big": "a6f967963d1b79f1",
    "pixel4-big": "f1c4e178ec7d2f60",
    "rp2040": "3efc8c0123961cfa",
    "rp2350": "66f21f1b641b90ad",
    "rpi4": "dec77ecd923d311d",
    "rpi5": "a30f6e3f86ffe12f",
    "stm32f412": "0c5ffb1ff140d534",
    "stm32f746": "f8a381d04f900e56",
    "stm32g0b1": "c22b4fd26587fe44",
    "stm32h743": "ddc9f97a6a0285e5",
    "stm32h7a3": "b8d5ce6b789f1ebc",
    "stm32l4r5": "59747d7b44a20368",
    "stm32n6": "e6bf1d5c1aea8f03",
    "stm32u575": "b496bca6d3d7966e",
    "t4": "10abdde973cae4ac",
    "v100-sxm2": "7f5dadb8d9fd85f6",
}

PREFIXES = {"": 1, "m": Fraction(1, 1000), "k": 1000, "M": 10**6, "G": G, "T": T}
UNIT = re.compile(
    r"([0-9,]+)(\.[0-9]+)? (?:([mkMGT]?)(?:Hz|B|B/s|OP/s|OPS|FLOP/s|FLOPS|W)|([KMG])iB)"
)
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def names():
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def document(name):
    # Every scalar as its text, so that no float comes in between.
    return yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)


def printed(text):
    """A figure as its number, the unit of its last digit, and the scale of its prefix."""
    whole, decimals, prefix, binary = UNIT.fullmatch(text).groups()
    number = Fraction(whole.replace(",", "") + (decimals or ""))
    step = Fraction(1, 10 ** (len(decimals or ".") - 1))
    scale = 1024 ** (" KMG".index(binary)) if binary else PREFIXES[prefix]
    return number, step, Fraction(scale)


def value(text, scope):
    """Arithmetic by Python's parser and operators, on fractions."""

    def of(node):
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](of(node.left), of(node.right))
        if isinstance(node, ast.Name):
            return scope[node.id]
        assert isinstance(node, ast.Constant)
        number = Fraction(ast.get_source_segment(text, node))
        return int(number) if number.denominator == 1 else number

    return Fraction(of(ast.parse(text, mode="eval").body))


def figures(node, path=()):
    """The mappings with a figure, wherever they are, with their paths."""
    if isinstance(node, dict):
        if "figure" in node:
            yield " ".join(path), node
        for key, below in node.items():
            yield from figures(below, (*path, key))


def derived():
    for name in names():
        for path, node in figures(document(name)):
            if "arithmetic" in node:
                yield pytest.param(name, node, id=f"{name}: {path}")


@pytest.mark.parametrize(("name", "node"), list(derived()))
def test_the_arithmetic_of_a_figure_gives_its_digits(name, node):
    device = document(name)
    clock = device["clock"]
    scope = {"cores": int(device.get("cores", 1))}
    if isinstance(clock, dict):
        number, _, scale = printed(clock["figure"])
        scope["clock"] = number * scale
    number, step, scale = printed(node["figure"])
    exact = value(node["arithmetic"], scope) / scale
    rounded = (exact / step + Fraction(1, 2)) // 1 * step
    truncated = exact // step * step
    assert number in (rounded, truncated), float(exact)


def test_every_device_of_the_list_ships_or_has_a_reason():
    assert set(names()) == set(MULTIPLIED_OUT) == set(SIZES) == set(DIGESTS)
    assert not set(names()) & set(LEFT_OUT)


@pytest.mark.parametrize("name", names())
def test_figures_multiplied_out_by_hand(name):
    device = files.load(name)
    *peaks, ram, dram = [text and Fraction(text) for text in MULTIPLIED_OUT[name]]
    for dtype, peak in zip(("int8", "fp16", "fp32"), peaks, strict=True):
        assert device.peak(dtype) == (peak and peak * T), dtype
    for memory, bandwidth in ((device.ram, ram), (device.dram, dram)):
        stated = memory.bandwidth if memory is not None else None
        assert (stated and stated.value) == (bandwidth and bandwidth * G)
    memories = (device.flash, device.ram, device.dram)
    stated = [memory.size if memory is not None else None for memory in memories]
    assert tuple(size and size.value for size in stated) == SIZES[name]


@pytest.mark.parametrize("name", names())
def test_a_device_has_its_files_name_and_every_figure_a_source(name):
    device = files.load(name)
    assert device.name == name
    assert device.peaks
    for title, figure in device.figures:
        assert figure is None or (figure.source and figure.text), title


@pytest.mark.parametrize("name", names())
def test_sparse_figures_are_twice_the_dense_ones(name):
    device = files.load(name)
    for dtype, figure in device.sparse.items():
        # Printed figures are rounded: 989.4 and 1,979, 20.48 and 40.
        assert float(figure.value / device.peak(dtype)) == pytest.approx(2, rel=0.03)


def test_power_is_stated_where_it_was_measured_or_printed():
    stated = {name for name in names() if files.load(name).power is not None}
    assert stated == {"edgetpu", "stm32h7a3", "stm32l4r5", "stm32u575"}
    # MLPerf Tiny's medians in microwatts, of ad, kws, ic and vww.
    medians = {
        "stm32h7a3": (122018.550, 122250.455, 121792.766, 125359.248),
        "stm32l4r5": (42822.890, 44999.537, 34967.895, 47260.084),
        "stm32u575": (25169.172, 26225.824, 26589.829, 27029.006),
    }
    for name, microwatts in medians.items():
        mean = sum(microwatts) / 4 / 1e6
        assert float(files.load(name).power.value) == pytest.approx(mean, abs=5.1e-5), name


def digest(device):
    """A digest of a device's figures with what backs them, but not of its prose."""
    figures = [
        (name, figure and (str(figure.value), figure.arithmetic, figure.source))
        for name, figure in device.figures
    ]
    memories = [(name, memory.is_on_chip) for name, memory in device.memories.items()]
    facts = (device.device_class, device.cores, figures, memories, sorted(device.lanes.items()))
    return sha256(repr(facts).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", names())
def test_the_figures_of_a_shipped_device_are_frozen(name):
    """Bounds that people quoted follow from them: a figure changes with a reason, entered here."""
    assert digest(files.load(name)) == DIGESTS.get(name)


def test_the_guide_lists_the_devices_that_ship():
    """After a change: the table of ``costcalc devices --format markdown``."""
    page = (FOLDER.parent.parent / "docs" / "devices.md").read_text(encoding="utf-8")
    table = costcalc.devices().rendered("markdown").split("\n\n")
    (rows,) = [part for part in table if part.startswith("|")]
    assert rows in page
