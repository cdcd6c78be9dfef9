"""Layer graphs as text for other tools, and as files if Graphviz is installed."""

import os
import re
import stat

import pytest
from click.testing import CliRunner

from costcalc import opening
from costcalc.cli import main
from costcalc.costs.convention import load
from costcalc.costs.count import count
from costcalc.pictures.diagram import diagram

SPEC = """
name: 'Net "one" <b>'
input: [3, res, res]
parameters: {alpha: 1, res: 8}
layers:
  - conv: {name: a, out: 4, kernel: 3, norm: batch, act: relu}
  - residual:
      layers:
        - conv: {name: b, out: 4, kernel: 1}
  - fc: {name: head, out: 10}
"""


def drawn_of(net):
    graph = opening.opened(net).graph()
    return diagram(graph, count(graph, load("paper")))


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    return str(path)


def run(*arguments):
    return CliRunner().invoke(main, ["graph", *arguments])


def test_arrows_have_the_shapes_of_tensors(net):
    drawn = drawn_of(net)
    titles = {node.id: node.title for node in drawn.nodes}
    assert [(titles[edge.source], titles[edge.target], edge.shape) for edge in drawn.edges] == [
        ("input", "a", "8×8×3"),
        ("a", "b", "8×8×4"),
        # The sum reads the branch's input and its output.
        ("a", "add1", "8×8×4"),
        ("b", "add1", "8×8×4"),
        ("add1", "head", "8×8×4"),
    ]


def test_an_operation_of_many_layers_is_one_box(tmp_path):
    path = tmp_path / "net.yaml"
    unit = "sequence: {name: unit, layers: [pointwise: 4, sequence: [relu, pointwise: 4]]}"
    path.write_text(f"input: [3, 8, 8]\nlayers:\n  - {unit}\n  - fc: 10\n")
    graph = opening.opened(str(path)).graph()
    costs = count(graph, load("paper"))
    folded = graph._replace(folded=frozenset({"unit"}))
    assert len(diagram(graph, costs).nodes) == len(diagram(folded, costs, depth=9).nodes) == 5
    assert [node.title for node in diagram(folded, costs).nodes] == ["input", "unit", "fc1"]


def test_a_norm_and_an_activation_are_in_the_box_of_their_layer(net):
    drawn = drawn_of(net)
    first = next(node for node in drawn.nodes if node.title == "a")
    # 3*3*3*4 = 108 weights at 8*8 positions.
    assert first.lines == ("Conv 3x3 + Batch Norm + ReLU", "6.91 K mult-adds", "108 params")
    assert first.shade == 1


def test_mermaid(net):
    lines = run(net).stdout.splitlines()
    assert lines[3] == "flowchart TD"
    assert '    input["input"]' in lines
    assert "    input -->|8×8×3| n0" in lines
    assert any(line.startswith("    style n0 fill:#084594,color:#fff") for line in lines)


def test_dot(net):
    text = run(net, "--format", "dot").stdout
    assert text.startswith("digraph network {") and text.endswith("}\n")
    assert 'label="Net \\"one\\" <b>"' in text
    assert '  input -> n0 [label=" 8×8×3"];' in text


def test_every_arrow_ends_at_a_box():
    for network in ("mobilenet_v2", "googlenet"):
        text = run(network).stdout
        boxes = set(re.findall(r"^    (\w+)\[", text, re.MULTILINE))
        arrows = re.findall(r"^    (\w+) -->\|[^|]*\| (\w+)$", text, re.MULTILINE)
        assert boxes == {end for arrow in arrows for end in arrow}


def test_drawn_by_graphviz_if_installed(net, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\ncat > /dev/null\nprintf 'drawn %s' \"$1\"\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    output = tmp_path / "net.svg"
    assert run(net, "-o", str(output)).exit_code == 0
    assert output.read_text() == "drawn -Tsvg"


def test_without_graphviz_the_message_tells_what_to_do(net, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run(net, "-o", str(tmp_path / "net.svg"))
    assert result.exit_code == 2
    assert "apt install graphviz" in result.stderr and ".mmd" in result.stderr
    assert not (tmp_path / "net.svg").exists()


def test_a_graphviz_that_fails_leaves_no_file(net, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    result = run(net, "-o", str(tmp_path / "net.pdf"))
    assert result.exit_code == 2 and "broken" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "net.yaml"]


def test_an_unknown_suffix(net, tmp_path):
    result = run(net, "-o", str(tmp_path / "net.gif"))
    assert result.exit_code == 2 and ".svg" in result.stderr


NESTED = """
input: [8, 8, 8]
blocks:
  unit:
    parameters: {c: width, s: 1}
    layers:
      - conv: {name: a, out: c, kernel: 1}
      - conv: {name: b, out: c, kernel: 3, stride: s}
layers:
  - conv: {name: stem, out: 8, kernel: 1}
  - unit: {name: u1, c: 8}
  - unit: {name: u2, c: 16}
  - unit: {name: u3, c: 16, s: 2}
  - unit: {name: u4, c: 16}
  - unit: {name: u5, c: 16, from: u3}
  - add: {name: join, from: [u4, u5]}
"""


def test_blocks_fold_and_like_ones_in_a_row_are_one_box(tmp_path):
    path = tmp_path / "nested.yaml"
    path.write_text(NESTED)
    graph = opening.opened(str(path)).graph()
    whole = diagram(graph, count(graph, load("paper")))
    assert len(whole.nodes) == 13, "the input, the stem, ten convolutions and the sum"
    folded = diagram(graph, count(graph, load("paper")), 1)
    # u1 to u3 read maps of 8 x 8; u4 and u5 read the same map, and are no row.
    assert [(node.title, node.is_folded) for node in folded.nodes] == [
        ("input", False),
        ("stem", False),
        ("u1 to u3", True),
        ("u4", True),
        ("u5", True),
        ("join", False),
    ]
    # u1: (8*8 + 9*8*8) * 64 = 40,960; u2: (8*16 + 9*16*16) * 64 = 155,648;
    # u3: 16*16 * 64 + 9*16*16 * 16 = 53,248. Params: 640 + 2,432 + 2,560 = 5,632.
    assert folded.nodes[2].lines == ("3 × unit, 2 layers", "250 K mult-adds", "5.63 K params")
    titles = {node.id: node.title for node in folded.nodes}
    assert [(titles[edge.source], titles[edge.target], edge.shape) for edge in folded.edges] == [
        ("input", "stem", "8×8×8"),
        ("stem", "u1 to u3", "8×8×8"),
        ("u1 to u3", "u4", "4×4×16"),
        ("u1 to u3", "u5", "4×4×16"),
        ("u4", "join", "4×4×16"),
        ("u5", "join", "4×4×16"),
    ]


@pytest.mark.parametrize("network", ["resnet152", "densenet121", "mobilenet_v2", "googlenet"])
def test_a_network_of_many_blocks_fits_a_page(network):
    graph = opening.opened(network).graph()
    costs = count(graph, load("paper"))
    folded, whole = diagram(graph, costs, 1), diagram(graph, costs)
    assert len(folded.nodes) < 30 < len(whole.nodes)
    ends = {end for edge in folded.edges for end in (edge.source, edge.target)}
    assert ends == {node.id for node in folded.nodes}


def test_a_depth_beyond_all_blocks_changes_nothing():
    assert run("mobilenet_v2", "--depth", "9").stdout == run("mobilenet_v2").stdout


def test_folded_blocks_look_different():
    assert '[["bottleneck1<br>bottleneck, 2 layers' in run("mobilenet_v2", "--depth", "1").stdout
    text = run("mobilenet_v2", "--depth", "1", "--format", "dot").stdout
    assert text.count("peripheries=2") == 12
