"""The address holds what a reader sees: whoever opens it sees the same."""

from __future__ import annotations

import random
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.browser.conftest import Opening
from tests.browser.expected import random_settings, shown
from tests.browser.reader import Reader


@pytest.mark.parametrize("network", ["mobilenet_v2", "mobilenet_v3_small", "resnet50"])
def test_a_link_opens_what_its_sender_saw(page: Opening, network: str) -> None:
    numbers = random.Random(network)
    reader = page(network, convention=("paper", "torch"))
    for _ in range(3):
        settings = random_settings(reader.controls, numbers)
        for name, value in settings.items():
            reader.move(name, value)
        reader.move("convention", numbers.choice(["paper", "torch"]))
        sort = numbers.choice(["", "mult_adds", "params"])
        reader.page.locator(f"[data-sort='{sort}'] button").click()
        reader.page.get_by_label("Find layers").fill(numbers.choice(["", "1", "conv / s2"]))
        link = reader.copied("link")
        assert link == f"{reader.path.as_uri()}{'#' if reader.hash else ''}{reader.hash}"
        colleague = page(network, convention=("paper", "torch"), hash=reader.hash)
        assert seen(colleague) == seen(reader)


def seen(reader: Reader) -> object:
    """All that the address holds."""
    fields = reader.page.locator("form input, form select, .find").evaluate_all(
        "(fields) => fields.map((field) => field.value)"
    )
    heads = reader.page.locator("[data-sort]").evaluate_all(
        "(heads) => heads.map((head) => head.getAttribute('aria-sort'))"
    )
    return shown(reader), fields, heads, reader.page.locator("#convention").inner_text()


def test_the_address_of_the_paper_s_setting(page: Opening) -> None:
    reader = page("mobilenet_v1")
    reader.move("alpha", "0.5")
    reader.move("res", "160")
    assert reader.hash == "alpha=0.5&res=160"
    reader.move("alpha", "1")
    reader.move("res", "224")
    assert reader.hash == ""


def test_going_back_and_on(page: Opening) -> None:
    reader = page("mobilenet_v1")
    at_first = shown(reader)
    reader.follow("alpha=0.5")
    moved = shown(reader)
    assert moved != at_first
    reader.page.go_back()
    reader.settle()
    assert shown(reader) == at_first and reader.control("alpha").input_value() == "1"
    reader.page.go_forward()
    reader.settle()
    assert shown(reader) == moved and reader.control("alpha").input_value() == "0.5"


HOSTILE = [
    *("alpha=half", "alpha=", "alpha", "alpha=-1&res=9e9", "alpha=1/0", "alpha=0.5.5", "=&&=", "%"),
    *("res=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", "implementation=nothing", "convention=none"),
    *("network=0", "network=99", "network=-1", "network=1.5", "network=__proto__", "sort=toString"),
    *("__proto__=1", "constructor=2", "javascript:alert(1)", "alpha=" + "9" * 10_000, "%E0%A4%A"),
    *(
        "find=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "unknown=1&alpha=0x10",
        "alpha=%00",
        "alpha=1e999",
    ),
]


@pytest.mark.parametrize("hash", HOSTILE)
def test_an_address_that_means_nothing(page: Opening, hash: str) -> None:
    """What is no value is said, and leaves its control as the page opens; nothing else happens."""
    reader = page("mobilenet_v2", hash=hash)
    if "find" not in hash:
        assert shown(reader) == shown(page("mobilenet_v2"))
        assert problems(reader)


def problems(reader: Reader) -> list[str]:
    """What the page says is wrong with its address."""
    return [text for text in reader.page.locator("form .problem").all_inner_texts() if text]


def test_each_refused_value_is_said_where_it_belongs(page: Opening) -> None:
    reader = page("mobilenet_v2", convention=("paper", "torch"), hash="res=160")
    reader.follow("alpha=half&implementation=nosuch&convention=mine&sort=name&colour=red")
    alpha = reader.control("alpha")
    assert alpha.input_value() == "half" and alpha.get_attribute("aria-invalid") == "true"
    assert problems(reader) == [
        "a number, such as 0.35 or 7/20, from 0.05 to 2",
        "“nosuch” is none of these",
        "“mine” is none of these",
        "This page has nothing for sort=name&colour=red in its address.",
    ]
    assert reader.control("convention").input_value() == "paper"
    assert shown(reader) == shown(page("mobilenet_v2"))
    reader.follow("res=160")
    assert problems(reader) == [] and reader.control("alpha").input_value() == "1"


def test_parameters_with_the_names_of_the_page_s_own_words(page: Opening, tmp_path: Path) -> None:
    words = ["convention", "network", "sort", "find", "storage", "device", "unit", "data"]
    parameters = "".join(f"  {word}: {{default: {n}, doc: a}}\n" for n, word in enumerate(words, 2))
    spec = tmp_path / "words.yaml"
    spec.write_text(
        f"name: Words\ninput: [3, 8, 8]\nparameters:\n{parameters}"
        f"layers:\n  - conv: {{out: {' + '.join(words)}, kernel: 3}}\n"
    )
    reader = page(spec, convention=("paper", "torch"))
    for index, control in enumerate(reader.controls):
        if control.name in words:
            field = reader.page.locator(f"#control{index}")
            field.fill(control.values[-1])
            field.dispatch_event("change")
    reader.settle()
    colleague = page(spec, convention=("paper", "torch"), hash=reader.hash)
    assert seen(colleague) == seen(reader)
    assert shown(reader) != shown(page(spec, convention=("paper", "torch")))


def test_values_with_the_characters_of_an_address(page: Opening, tmp_path: Path) -> None:
    values = ["a&b=c", "50%", "x#y", "a+b c", "é/½", "%41"]
    spec = tmp_path / "choices.yaml"
    spec.write_text(
        "name: Choices\ninput: [3, 8, 8]\nparameters:\n"
        f"  mode: {{choices: {values!r}, default: '50%', doc: a choice}}\n"
        "layers:\n  - conv: {out: 8 if mode == 'a&b=c' else 16, kernel: 3}\n"
    )
    for value in values:
        reader = page(spec)
        reader.move("mode", value)
        colleague = page(spec, hash=reader.hash)
        assert colleague.control("mode").input_value() == value
        assert shown(colleague) == shown(reader)
        assert page(spec, hash=f"mode={quote(value)}").control("mode").input_value() == value
