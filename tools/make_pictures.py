"""Makes the pictures of the documentation: what costcalc prints to a terminal, and what it draws.

    python tools/make_pictures.py

A test holds that the terminal shows what is printed today.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

import costcalc
from costcalc.cli.plot import command as plot
from costcalc.render.terminal import console_page

IMAGES = Path(__file__).parents[1] / "docs" / "images"
WIDTH = 124

SIX = ("mobilenet_v1", "mobilenet_v2", "squeezenet", "googlenet", "alexnet", "vgg16")
DRAWN = {
    "layers.png": ("layers", "mobilenet_v1"),
    "types.png": ("types", *SIX),
    "accuracy.png": ("accuracy", "alexnet", "googlenet", "vgg16", "--family", "mobile"),
    "memory.png": ("memory", "mobilenet_v2", "--storage", "tflm"),
    "roofline-rpi4.png": ("roofline", "mobilenet_v1", "--device", "rpi4"),
    "roofline-t4.png": ("roofline", "mobilenet_v1", "--device", "t4", "--dtype", "fp16"),
    "latency.png": ("latency", "mobilenet_v1", "--device", "rpi4"),
    "bounds.png": ("accuracy", "mobilenet_v1", "mobilenet_v2", "--device", "pixel1-big"),
    "sweep.png": (
        *("sweep", "mobilenet_v1", "--alpha", "0.25:1:0.05", "--res", "96:256:8"),
        *("--max-mult-adds", "100M", "--max-params", "2M"),
    ),
}
"""The arguments of ``costcalc plot`` for each picture that it draws."""


def main() -> None:
    """Writes the pictures."""
    IMAGES.mkdir(exist_ok=True)
    command = "costcalc report mobilenet_v1 --alpha 0.5 --res 160"
    (IMAGES / "report.svg").write_text(picture(command, report()), encoding="utf-8")
    for name, arguments in DRAWN.items():
        plot.main([*arguments, "-o", str(IMAGES / name)], standalone_mode=False)


def report() -> str:
    """What the command of the report's picture prints, colours included."""
    page = costcalc.report("mobilenet_v1@alpha=0.5,res=160").page()
    terminal = Console(
        file=io.StringIO(), width=WIDTH, force_terminal=True, color_system="standard", _environ={}
    )
    return console_page(page, terminal)


def picture(command: str, printed: str) -> str:
    """A terminal with a command's output, as SVG that needs no font from elsewhere."""
    console = Console(
        file=io.StringIO(), width=WIDTH, force_terminal=True, record=True, _environ={}
    )
    console.print(Text.from_ansi(printed), end="")
    svg = console.export_svg(title=command, theme=MONOKAI, unique_id="costcalc")
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    main()
