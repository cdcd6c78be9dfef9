"""Somebody who reads a page in a browser: what they do, and what they then see."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Waits until what an event asked for is drawn."""

PRINTING = "() => void dispatchEvent(new Event('beforeprint'))"
"""Has what is out of sight drawn at once, as before it is printed."""


class Control(NamedTuple):
    """What a reader moves, as the page has it."""

    name: str
    kind: str
    values: list[str]
    default: str


class Reader:
    """A reader of one file.

    Attributes:
        complaints: what the browser said: errors, warnings, breaches of the page's policy.
        requests: the addresses that the page asked for.
    """

    def __init__(
        self,
        browser: Any,
        path: Path,
        hash: str = "",
        *,
        width: int = 1280,
        height: int = 900,
        has_javascript: bool = True,
        is_dark: bool = False,
    ) -> None:
        self.path = path
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._context = browser.new_context(
            viewport={"width": width, "height": height},
            java_script_enabled=has_javascript,
            color_scheme="dark" if is_dark else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        self.page = self._context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url.partition("#")[0]))
        self.page.on("dialog", self._dialog)
        self.has_javascript = has_javascript
        self.open(hash)

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def close(self) -> None:
        """Closes the file."""
        self._context.close()

    def open(self, hash: str = "") -> None:
        """Opens the file anew, as by a link."""
        self.page.goto("about:blank")
        self.requests[:] = [url for url in self.requests if url != "about:blank"]
        self.page.goto(self.path.as_uri() + (f"#{hash}" if hash else ""))
        self.settle()

    def settle(self) -> None:
        """Waits until what was done is drawn."""
        if self.has_javascript:
            self.page.evaluate(FRAMES)
            self.page.evaluate(PRINTING)

    # What they do

    def control(self, name: str) -> Any:
        """The field or the select of that name."""
        return self.page.get_by_label(name, exact=True).and_(
            self.page.locator("input:not([type=range]), select")
        )

    def slider(self, name: str) -> Any:
        """The slider of that name."""
        return self.page.get_by_role("slider", name=name, exact=True)

    def move(self, name: str, text: str) -> None:
        """Types a value, or chooses it."""
        control = self.control(name)
        if control.evaluate("(element) => element.tagName") == "SELECT":
            values = control.evaluate("(element) => [...element.options].map((one) => one.value)")
            control.select_option(index=values.index(text))
        else:
            control.fill(text)
            control.dispatch_event("change")
        self.settle()

    def follow(self, hash: str) -> None:
        """Follows a link to the page that is open, at other settings."""
        self.page.evaluate("(hash) => { location.hash = hash; }", hash)
        self.settle()

    def press(self, *keys: str) -> None:
        """Presses keys, one after another, wherever the keyboard is."""
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def click(self, name: str) -> None:
        """Presses a button."""
        self.page.get_by_role("button", name=name, exact=True).click()
        self.settle()

    def copied(self, name: str) -> str:
        """What a button of the copies gives."""
        self.click(name)
        return str(self.page.evaluate("() => navigator.clipboard.readText()"))

    # What they see

    @property
    def hash(self) -> str:
        """The settings in the address."""
        return str(self.page.evaluate("() => location.hash.slice(1)"))

    @property
    def data(self) -> Any:
        """The page's data."""
        return json.loads(self.page.locator("#data").text_content())

    @property
    def controls(self) -> list[Control]:
        """The settings that can be moved."""
        names = Control._fields
        settings = [each for each in self.data["controls"] if "chooses" not in each]
        return [Control(*(each[name] for name in names)) for each in settings]

    def cells(self, rows: str) -> list[list[str]]:
        """The visible texts of tables' rows, cell by cell."""
        script = "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim()))"
        found = self.page.locator(f"{rows}:visible").evaluate_all(script)
        return [[re.sub(r"[\s\xa0]+", " ", text) for text in row] for row in found]

    def layers(self) -> list[list[str]]:
        """The rows of the table of layers."""
        return self.cells(".layers tbody tr:not(.why)")

    def types(self) -> list[list[str]]:
        """The rows of the table of types of layer."""
        return self.cells(".types tbody tr")

    def totals(self) -> list[list[str]]:
        """Mult-adds and params, exact, of each network."""
        script = (
            "(rows) => rows.map((row) => [...row.cells].slice(2, 4)"
            ".map((cell) => cell.children[1].textContent))"
        )
        return list(self.page.locator("#totals tbody tr").evaluate_all(script))

    def compared(self) -> list[list[list[str]]]:
        """The rows of the tables of networks side by side."""
        tables = self.page.locator("#comparison table").count()
        places = range(1, tables + 1)
        return [self.cells(f"#comparison .scroll:nth-of-type({at}) tbody tr") for at in places]

    @property
    def refusal(self) -> str:
        """Why there is nothing to show; empty if there is something."""
        box = self.page.locator("#refusal")
        return str(box.inner_text()) if box.is_visible() else ""
