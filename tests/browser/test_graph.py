"""The layer graph of a page: what its boxes say, how they open, by mouse and by keyboard."""

import pytest

import costcalc
from costcalc.render.formatting import scaled

FIGURES = ".graph figure"
BOXES = "g[role=button]"


def labels(reader):
    """What each box says, level by level."""
    script = (
        "(figures, boxes) => figures.map((figure) => [...figure.querySelectorAll(boxes)]"
        ".map((box) => box.getAttribute('aria-label')))"
    )
    return reader.page.locator(FIGURES).evaluate_all(script, BOXES)


def captions(reader):
    return reader.page.locator(f"{FIGURES} figcaption").all_inner_texts()


def box(reader, name):
    return reader.page.locator(f'{BOXES}[aria-label^="{name}, "]').last


def chosen(reader):
    """The boxes that are marked, by their names."""
    found = reader.page.locator(f"{FIGURES} .chosen").evaluate_all(
        "(boxes) => boxes.map((box) => box.getAttribute('aria-label'))"
    )
    return [label.split(",")[0] for label in found]


def expected(report, name, type_):
    """What the box of a layer or a block says of a report."""
    inside = [
        layer for layer in report.layers if layer.name == name or layer.name.startswith(f"{name}/")
    ]
    cost = sum(layer.mult_adds for layer in inside)
    output = "×".join(map(str, (*inside[-1].output[1:], inside[-1].output[0])))
    costs = f"{type_} · {scaled(cost)}" if cost else type_
    return f"{name.split('/')[-1]}, {costs}, {output}"


@pytest.mark.parametrize("settings", [{}, {"alpha": "0.5", "res": "160"}, {"alpha": "7/5"}])
def test_boxes_say_what_the_report_says(page, settings):
    reader = page("mobilenet_v2")
    for name, text in settings.items():
        reader.move(name, text)
    box(reader, "bottleneck3").click()
    reader.settle()
    report = costcalc.report("mobilenet_v2", **settings)
    outside, inside = labels(reader)
    names = ["conv1", *(f"bottleneck{n}" for n in range(1, 18))]
    assert outside[:18] == [
        expected(report, name, "Conv 3x3" if name == "conv1" else "bottleneck") for name in names
    ]
    assert inside == [
        expected(report, "bottleneck3/expand", "Conv 1x1"),
        expected(report, "bottleneck3/dw", "Conv DW 3x3"),
        expected(report, "bottleneck3/project", "Conv 1x1"),
        expected(report, "bottleneck3/add1", "Add"),
    ]


def test_an_open_block_follows_the_settings(page):
    reader = page("mobilenet_v2")
    box(reader, "bottleneck3").click()
    reader.move("alpha", "0.5")
    report = costcalc.report("mobilenet_v2", alpha="0.5")
    assert labels(reader)[1][0] == expected(report, "bottleneck3/expand", "Conv 1x1")


def test_equal_blocks_open_with_their_own_numbers(page):
    reader = page("mobilenet_v2")
    report = costcalc.report("mobilenet_v2")
    for block in ("bottleneck6", "bottleneck16"):
        box(reader, block).click()
        assert captions(reader) == ["MobileNetV2", block]
        assert labels(reader)[1][0] == expected(report, f"{block}/expand", "Conv 1x1")


def test_shades_are_roots_of_shares_of_the_largest(page):
    reader = page("mobilenet_v2", hash="alpha=0.5")
    report = costcalc.report("mobilenet_v2", alpha="0.5")
    costs = [
        sum(layer.mult_adds for layer in report.layers if layer.name.startswith(f"bottleneck{n}/"))
        for n in range(1, 18)
    ]
    shown = reader.page.locator(f"{BOXES} rect").evaluate_all(
        "(boxes) => boxes.map((box) => Number(box.getAttribute('fill-opacity')))"
    )
    rest = [layer.mult_adds for layer in report.layers if "/" not in layer.name]
    most = max(*costs, *rest)
    for opacity, cost in zip(shown[1:18], costs, strict=True):
        assert opacity == pytest.approx((cost / most) ** 0.5, abs=0.006)


def test_a_run_of_equal_blocks_opens_into_them_and_each_into_its_layers(page):
    reader = page("densenet121")
    box(reader, "dense1_1 … dense1_6").click()
    box(reader, "dense1_2").click()
    box(reader, "preactivated2").click()
    assert captions(reader)[1:] == ["dense1_1 … dense1_6", "dense1_2", "preactivated2"]
    report = costcalc.report("densenet121")
    assert labels(reader)[3][2] == expected(report, "dense1_2/preactivated2/conv1", "Conv 3x3")
    box(reader, "dense1_1 … dense1_6").click()  # closes it, and what is in it
    assert len(captions(reader)) == 1


def test_a_graph_by_keyboard(page):
    reader = page("googlenet")
    first = reader.page.locator(BOXES).first
    first.focus()
    reader.press(*["ArrowDown"] * 7)
    focused = "() => document.activeElement.getAttribute('aria-label')"
    assert reader.page.evaluate(focused).startswith("3a, inception · ")
    reader.press("Enter")
    assert captions(reader) == ["GoogLeNet", "3a"]
    assert box(reader, "3a").get_attribute("aria-expanded") == "true"
    reader.page.locator(FIGURES).last.locator("[tabindex='0']").focus()
    reader.press("ArrowRight", "ArrowRight")
    assert reader.page.evaluate(focused).startswith("3x3/conv1, Conv 3x3 · ")
    reader.press("Escape")
    assert captions(reader) == ["GoogLeNet"]
    assert reader.page.evaluate(focused).startswith("3a, inception · ")
    assert box(reader, "3a").get_attribute("aria-expanded") == "false"
    tabs = reader.page.locator(f"{FIGURES} [tabindex='0']")
    assert tabs.count() == 1  # one stop for the whole level


def test_a_row_of_the_table_shows_its_box_and_stays_where_it_is(page):
    reader = page("mobilenet_v2")
    row = reader.page.locator(".layers tbody tr:not(.why)", has_text="bottleneck16/dw")
    row.scroll_into_view_if_needed()
    before = row.bounding_box()["y"]
    row.click()
    reader.settle()
    assert row.bounding_box()["y"] == pytest.approx(before, abs=1)
    assert chosen(reader) == ["bottleneck16", "dw"]


def test_another_structure_has_another_graph(page):
    reader = page("mobilenet_v2")
    last = labels(reader)[0][-1]
    assert last.startswith("conv2, Conv 1x1 · ")
    reader.move("implementation", "torchvision")
    assert labels(reader)[0][-1] == "fc1, Fully Connected · 1.28 M, 1000"


@pytest.mark.parametrize("name", ["mobilenet_v2", "googlenet", "densenet121"])
def test_words_stay_in_their_boxes_and_boxes_in_the_picture(page, name):
    reader = page(name)
    script = """(boxes) => boxes.flatMap((box) => {
      const around = box.ownerSVGElement.viewBox.baseVal;
      const rect = box.querySelector("rect").getBBox();
      const within = (part, whole) => part.x >= whole.x && part.y >= whole.y
        && part.x + part.width <= whole.x + whole.width
        && part.y + part.height <= whole.y + whole.height;
      const words = [...box.querySelectorAll("text")].map((text) => text.getBBox());
      const isBus = words.length < 3;
      return [within(rect, around), ...words.map((word, index) =>
        within(word, index === words.length - 1 ? around : rect)), isBus || words.length === 3];
    })"""
    inside = reader.page.locator(f"{FIGURES} {BOXES}").evaluate_all(script)
    assert all(inside)
    assert len(inside) > 40


def test_a_block_has_a_second_edge(page):
    reader = page("mobilenet_v2")
    edges = reader.page.locator(f"{FIGURES} {BOXES}").evaluate_all(
        "(boxes) => boxes.map((box) => [box.hasAttribute('aria-expanded'), "
        "box.querySelector('path') !== null])"
    )
    assert edges == [[opens, opens] for opens in [False, *[True] * 17, False, False, False]]


def test_a_long_name_is_shortened_and_said_whole(page, tmp_path):
    spec = tmp_path / "long.yaml"
    name = "a_layer_" + "of_many_words_" * 8 + "end"
    spec.write_text(
        f"name: Long\ninput: 3x32x32\nlayers:\n"
        f"  - conv: {{name: {name}, out: 8, kernel: 3}}\n  - conv: {{out: 8, kernel: 1}}\n"
    )
    reader = page(str(spec))
    first = reader.page.locator(f"{FIGURES} {BOXES}").first
    shown = first.locator("text").first.text_content()
    assert shown.startswith("a_layer_of")
    assert shown.endswith("words_end")
    assert "…" in shown
    assert first.locator("title").text_content() == f"{name}: Conv 3x3"
    assert first.get_attribute("aria-label").endswith(f", {name}: Conv 3x3")


def test_without_javascript_it_says_so(page):
    reader = page("mobilenet_v2", reading={"has_javascript": False})
    assert reader.page.locator(".graph").inner_text() == "The graph is drawn by JavaScript."
    assert reader.page.locator(BOXES).count() == 0
    assert "JavaScript" not in page("mobilenet_v2").page.locator(".graph").text_content()
