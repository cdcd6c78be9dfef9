"""What an editor shows in a spec: completion, meanings, and marks under what is misspelt."""

import os
from pathlib import Path

import pytest

import costcalc
from costcalc.kinds import KINDS
from costcalc.spec import library
from tests.editor.language_server import LanguageServer

SPECS = Path(library.shipped_folder())
HEAD = "# yaml-language-server: $schema=spec.json\ninput: [3, 32, 32]\n"
AT = "|"
"""The place of the cursor."""


@pytest.fixture(scope="module")
def server():
    running = LanguageServer([os.environ["YAML_LANGUAGE_SERVER"], "--stdio"])
    yield running
    running.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("specs")
    (made / "spec.json").write_text(costcalc.schema("spec").to_json(), encoding="utf-8")
    return made


@pytest.fixture
def written(folder, request):
    """Writes a spec; its path, and the line and the character of the cursor."""

    def write(text):
        whole = HEAD + text
        before, _, after = whole.partition(AT)
        path = folder / f"{abs(hash(request.node.name))}.yaml"
        path.write_text(before + after, encoding="utf-8")
        return path, before.count("\n"), len(before.rpartition("\n")[2])

    return write


def marked(server, path):
    """The words that the server marks in a file, with what it says of each."""
    lines = path.read_text(encoding="utf-8").split("\n")
    marks = {}
    for problem in server.open(path):
        start, end = problem["range"]["start"], problem["range"]["end"]
        word = lines[start["line"]][start["character"] : end["character"]]
        marks[word] = problem["message"]
    return marks


RIGHT = {
    "kinds": "layers:\n  - conv: {out: 8, kernel: 3, norm: batch, act: relu}\n  - relu\n",
    "own blocks": "blocks: {b: {layers: [relu]}}\nlayers:\n  - b\n  - b: {repeat: 2}\n",
    "blocks that ship": "use: [fire]\nlayers:\n  - fire: {s1x1: 4, e1x1: 8, e3x3: 8}\n",
    "arithmetic": "parameters: {n: 2}\nlayers:\n  - fc: {out: 8 * n, when: n > 1, repeat: n}\n",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_what_is_right_has_no_mark(text, server, written):
    path, _, _ = written(text)
    costcalc.report(path)
    assert marked(server, path) == {}


WRONG = {
    "conw": "layers:\n  - conw: {out: 8, kernel: 3}\n",
    "kernl": "layers:\n  - conv: {out: 8, kernl: 3}\n",
    "strid": "layers:\n  - residual:\n      layers:\n        - conv: {out: 8, strid: 3}\n",
    "paramters": "paramters: {n: 2}\nlayers: [relu]\n",
    "s1x2": "use: [fire]\nlayers:\n  - fire: {s1x2: 4}\n",
    "outt": "blocks:\n  b: {layers: [conv: {outt: 3}]}\nlayers: [b]\n",
    "rellu": "layers:\n  - rellu\n",
    "groupps": "layers:\n  - add: [[conv: {out: 3, groupps: 3}], []]\n",
    "brnches": "layers:\n  - concat: {brnches: [[relu], []]}\n",
    "widht": "layers:\n  - conv: {out: 3, kernel: 3}\ndefaults: {conv: {widht: 3}}\n",
    "-8": "layers:\n  - conv: {out: -8, kernel: 3}\n",
}


@pytest.mark.parametrize(("word", "text"), WRONG.items(), ids=WRONG)
def test_the_misspelt_word_alone_is_marked(word, text, server, written):
    path, _, _ = written(text)
    with pytest.raises(costcalc.SpecError):
        costcalc.report(path)
    assert {*marked(server, path)} == {word}


def test_layer_kinds_are_completed_with_what_they_do(server, written):
    path, *place = written("layers:\n  - |\n")
    server.open(path)
    items = server.completions(path, *place)
    assert {*KINDS, "sequence", "residual", "table"} <= {*items}
    assert "convolution" in items["conv"]["documentation"]
    assert items["conv"]["insertText"].startswith("conv:")
    assert "conv" not in items["conv"]["insertText"].removeprefix("conv:"), "not conv: conv"


@pytest.mark.parametrize(
    ("text", "some"),
    [
        ("layers:\n  - conv:\n      |\n", {"out", "kernel", "stride", "norm", "act", "repeat"}),
        ("layers:\n  - conv:\n      out: 3\n      act: |\n", {"relu", "swish", "none"}),
        ("layers:\n  - upsample:\n      mode: |\n", {"nearest", "bilinear"}),
        ("use: [fire]\nlayers:\n  - fire:\n      |\n", {"s1x1", "e3x3", "name"}),
        ("use: [fire]\nlayers:\n  - |\n", {"fire", "conv"}),
        ("layers:\n  - add:\n      branches:\n        - - |\n", {"conv", "add"}),
        ("layers:\n  - add:\n      |\n", {"branches", "broadcast", "act", "name"}),
        ("layers: [relu]\ndefaults:\n  conv:\n    |\n", {"kernel", "norm"}),
        ("layers: [relu]\nfamily: |\n", {"mobile", "residual"}),
        ("layers: [relu]\n|\n", {"parameters", "blocks", "source"}),
    ],
)
def test_what_may_stand_there_is_completed(text, some, server, written):
    path, *place = written(text)
    server.open(path)
    assert some <= {*server.completions(path, *place)}


def test_an_argument_shows_its_meaning(server, written):
    path, *place = written("layers:\n  - conv: {out: 8, ker|nel: 3}\n")
    server.open(path)
    shown = server.at("textDocument/hover", path, *place)["contents"]["value"]
    assert "a whole number above zero, or one for each spatial axis" in shown


REFERRING = {
    "blocks": ("outt", "blocks:\n  b: {layers: [{residual: {layers: [conv: {outt: 3}]}}]}\n"),
    "claims": ("widht", "claims: []\nnetworks: {n: {input: [3], layers: [fc: {widht: 3}]}}\n"),
}


@pytest.mark.parametrize(("word", "text"), REFERRING.values(), ids=REFERRING)
def test_stored_schemas_take_the_layers_from_that_of_a_spec(word, text, server, request, tmp_path):
    path = tmp_path / "x.yaml"
    name = request.node.callspec.id
    path.write_text(f"# yaml-language-server: $schema={SPECS}/schemas/{name}.json\n{text}")
    assert {*marked(server, path)} == {word}


@pytest.mark.parametrize("name", ["mobilenet_v2", "vgg", "blocks/fire", "claims/mobilenet_v1"])
def test_files_that_ship_name_their_schema(name, server, tmp_path):
    shipped = SPECS / f"{name}.yaml"
    assert marked(server, shipped) == {}
    # With a mistake, which shows that the schema was found.
    text = shipped.read_text(encoding="utf-8") + "misspelt: 1\n"
    head, _, rest = text.partition("\n")
    schema = (shipped.parent / head.partition("=")[2]).resolve()
    broken = tmp_path / shipped.name
    broken.write_text(f"# yaml-language-server: $schema={schema}\n{rest}", encoding="utf-8")
    assert {*marked(server, broken)} == {"misspelt"}
