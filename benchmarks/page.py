"""How long an interactive page takes to make and to redraw, and how large it is.

    pip install -e '.[browser]'
    python benchmarks/page.py [NETWORK...]

Making is a whole command, start-up included, beside a report of the same network: the promise is
three times as long.  Redrawing is what a step of the first slider takes the processor in Chromium,
with the layout that follows: the promise is a frame, 16.7 ms.  MobileNetV2's page has 60 kB at
most, and 20 kB zipped.  Without Playwright and Chromium, only making is measured.
"""

from __future__ import annotations

import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 9

STEPS = 25
"""Steps of the slider that are measured."""

REDRAW = """(step) => new Promise((done) => {
  const slider = document.querySelector('input[type=range]');
  slider.value = step % (slider.max - 1) + 1;
  slider.dispatchEvent(new Event('input'));
  // The page draws in the callback before this one.
  requestAnimationFrame(() => { document.body.getBoundingClientRect(); done(); });
})"""


def seconds(commands: dict[str, list[str]]) -> dict[str, float]:
    """The median time of each command, one after another so that a busy machine is fair."""
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    times: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(RUNS + 1):
        for name, words in commands.items():
            begun = time.perf_counter()
            command = [sys.executable, "-m", "costcalc", *words]
            subprocess.run(command, check=True, capture_output=True, env=environment)
            if run:
                times[name].append(time.perf_counter() - begun)
    return {name: statistics.median(taken) for name, taken in times.items()}


def redrawing(page: Path) -> list[float] | None:
    """Milliseconds of script, style and layout of each step; None without a browser."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if chromium is None:
        return None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.goto(page.as_uri())
        devtools = opened.context.new_cdp_session(opened)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

        def spent() -> float:
            metrics = devtools.send("Performance.getMetrics")["metrics"]
            values = {metric["name"]: metric["value"] for metric in metrics}
            names = ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration")
            return sum(1000 * values[name] for name in names)

        times = []
        for step in range(STEPS):
            before = spent()
            opened.evaluate(REDRAW, step)
            times.append(spent() - before)
        browser.close()
    return times


def main() -> None:
    """Measures and prints."""
    for network in sys.argv[1:] or ["mobilenet_v2", "resnet50", "googlenet"]:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder, "page.html")
            commands = {
                "report": ["report", network],
                "page": ["page", network, "-o", str(page)],
            }
            taken = seconds(commands)
            text = page.read_bytes()
            times = redrawing(page)
        ratio = taken["page"] / taken["report"]
        print(
            f"{network:<16} {1000 * taken['page']:5.0f} ms, {ratio:.2f} times a report; "
            f"{len(text) / 1000:.0f} kB, {len(gzip.compress(text, 9)) / 1000:.1f} kB zipped"
        )
        if times:
            times.sort()
            print(
                f"{'':<16} redrawn in {statistics.median(times):.1f} ms, "
                f"95 of 100 times in {times[len(times) * 95 // 100]:.1f} ms"
            )


if __name__ == "__main__":
    main()
