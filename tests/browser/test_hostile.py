"""Names come from files that nobody vouches for: on a page they are text, and nothing else."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path

import pytest
import yaml

from costcalc.escaping import printable
from tests.browser.conftest import Opening
from tests.browser.expected import shown
from tests.browser.reader import Reader

NAMES = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "<!--<script>",
    "</style><style>*{display:none}</style>",
    "'\"><svg onload=alert(3)>",
    "&lt;b&gt; &amp; &#x27;",
    "${alert(4)}`{{7*7}}",
    "javascript:alert(5)",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "data",
    "controls",
    "totals",
    "innerHTML",
    "line\u2028separator\u2029s",
    "\u202eright to left\u202c",
    "=cmd|' /C calc'!A0",
    "\\href{javascript:alert(6)}{x}\\input{/etc/passwd}",
    "$(touch /tmp/never); `id` && echo 'x'",
    "a]]>b%s%n",
    "日本語 é",
    "x" * 300,
]
"""Names that break out of HTML, scripts, tables, shells or what reads them."""


CONTROLS = ["\x1b[2J\x07bell", "a\tb"]
"""Characters that a spec refuses, and a model's names may have."""


def caffe(path: Path, names: list[str]) -> Path:
    """A model whose layers have those names."""
    layers, bottom = [], '"data"'
    for word in (json.dumps(name, ensure_ascii=False) for name in names):
        layers.append(
            f'layer {{ name: {word} type: "Convolution" bottom: {bottom} top: {word}\n'
            "  convolution_param { num_output: 8 kernel_size: 3 pad: 1 } }\n"
        )
        bottom = word
    head = 'name: "<script>alert(7)</script>"\ninput: "data"\ninput_dim: 1\ninput_dim: 3\n'
    path.write_text(f"{head}input_dim: 8\ninput_dim: 8\n" + "".join(layers), encoding="utf-8")
    return path


def is_harmless(reader: Reader) -> bool:
    """Whether the page has no elements but its own; its policy and dialogs are watched anyway."""
    script = """() => document.scripts.length === 2 && document.images.length === 0
      && document.querySelectorAll('style').length === 1 && document.links.length === 0
      && [...document.querySelectorAll('*')].every((element) =>
        [...element.attributes].every(({name}) => !/^(on|style$)/.test(name)
          || element.getAttribute('style')?.startsWith('--share')))"""
    return bool(reader.page.evaluate(script))


def test_names_of_layers(page: Opening, tmp_path: Path) -> None:
    model = caffe(tmp_path / "<b>.prototxt", [*NAMES, *CONTROLS])
    reader = page(model)
    assert is_harmless(reader)
    assert reader.page.locator("h1").inner_text() == "<script>alert(7)</script>"
    for row in reader.page.locator(".layers tbody tr:not(.why, .sum)").all():
        row.click()
    for box in reader.page.locator(".graph [role=button]").all():
        box.click()
    reader.click("Params")
    for word in ("<img", "__proto__", "constructor", "toString"):
        reader.page.get_by_label("Find layers").fill(word)
        reader.settle()
        assert any(word in row[1] for row in reader.layers())
    assert is_harmless(reader)


def test_names_in_copies(page: Opening, tmp_path: Path) -> None:
    reader = page(caffe(tmp_path / "it's a $(model) <b>.prototxt", [*NAMES, *CONTROLS]))
    words = shlex.split(reader.copied("command"))
    assert words[:2] == ["costcalc", "report"] and Path(words[2]).name.startswith("it's a $(model)")
    (claim,) = yaml.safe_load(reader.copied("claim"))["claims"]
    assert claim["network"].startswith(words[2])
    _, *rows = csv.reader(io.StringIO(reader.copied("CSV")))
    assert len(rows) == len(NAMES + CONTROLS)
    assert not any(cell[:1] in {"=", "+", "-", "@"} for row in rows for cell in row)
    latex = reader.copied("LaTeX")
    assert "\\href" not in latex and "\\input" not in latex


def spec(path: Path, word: str) -> Path:
    """A spec that says a word wherever it may say one."""
    path.write_text(
        yaml.safe_dump(
            {
                "name": word,
                "source": {"paper": word, "table": word},
                "input": [3, "res", "res"],
                "parameters": {
                    "res": {"default": 32, "doc": word},
                    "mode": {"choices": [word, "other"], "default": word, "doc": word},
                },
                "layers": [{"conv": {"out": "8 if mode == 'other' else 16", "kernel": 3}}],
            },
            allow_unicode=True,
        ),
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("word", NAMES, ids=range(len(NAMES)))
def test_words_of_specs(page: Opening, tmp_path: Path, word: str) -> None:
    reader = page(spec(tmp_path / "odd.yaml", word))
    assert is_harmless(reader)
    assert reader.page.locator("h1").text_content() == printable(word)
    assert reader.control("mode").evaluate("(select) => select.selectedOptions[0].value") == word
    reader.control("mode").select_option(index=1)
    reader.settle()
    before = shown(reader)
    colleague = page(spec(tmp_path / "odd.yaml", word), hash=reader.hash)
    assert shown(colleague) == before and is_harmless(colleague)
    reader.control("mode").select_option(index=0)
    reader.settle()
    assert shown(reader) != before
    assert reader.copied("command") and is_harmless(reader)
