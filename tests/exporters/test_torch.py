"""PyTorch code as text; tests/frameworks runs it."""

import ast
import builtins
import keyword
import re

import pytest
from click.testing import CliRunner

from costcalc import opening
from costcalc.cli import main
from costcalc.costs.convention import load
from costcalc.costs.count import count
from costcalc.errors import SpecError
from costcalc.exporters.torch import write
from costcalc.exporters.torch.code import WIDTH
from costcalc.exporters.torch.kinds import MISSING
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.spec.reader import read
from tests.exporters.every_kind import specs


def unfold(spec: str) -> LayerGraph:
    return expand(read(spec.encode(), "small.yaml", lambda name: None), {})


def exported(layers: str, before: str = "input: [3, 8, 8]") -> str:
    return write(unfold(f"name: Small\n{before}\nlayers:\n{layers}"))


RESIDUAL = """
name: Residual net
source: {paper: A paper, table: Table 1}
input: [3, 32, 32]
defaults:
  conv: {norm: batch, act: relu}
blocks:
  bottleneck:
    parameters: {t: 4, c: width, s: 1, k: 3, se: false}
    layers:
      - residual:
          only_if: s == 1 and in == c
          layers:
            - pointwise: {name: expand, out: t * in, when: t != 1}
            - depthwise: {name: dw, kernel: k, stride: s}
            - excite: {squeeze: in, when: se}
            - pointwise: {name: project, out: c, act: none}
  excite:
    parameters: {squeeze: width, c: in}
    layers:
      - multiply:
          - []
          - - global_avg_pool
            - pointwise: {name: squeeze, out: squeeze, norm: none}
            - pointwise: {name: weigh, out: c, norm: none, act: sigmoid}
layers:
  - conv: {name: stem, out: 8, kernel: 3, stride: 2}
  - table:
      layer: bottleneck
      columns: [name, t, c, s, k, se, repeat]
      first_only: [s]
      rows:
        - [stage1_, 1, 8, 1, 3, false, 1]
        - [stage2_, 4, 16, 2, 5, true, 4]
        - [stage3_, 4, 24, 2, 3, false, 2]
  - global_avg_pool
  - dropout: 0.2
  - fc: 10
"""

GRAPH = """
name: Graph of cells
input: [5, 9, 9]
blocks:
  cell:
    inputs: [near, far]
    parameters: {c: width}
    layers:
      - pointwise: {name: n, from: near, out: c}
      - pointwise: {name: f, from: far, out: c}
      - concat:
          branches:
            1x1: [pointwise: {out: c, act: relu}]
            3x3: [pointwise: {out: c // 2, act: relu}, conv: {out: c, kernel: 3, act: relu}]
      - pointwise: {name: both, out: c}
      - add: {from: [n, both]}
  gated:
    parameters: {c: width}
    layers:
      - residual:
          layers:
            - sequence:
                gate: [global_avg_pool, lstm: {hidden: 3, shares: gate}]
                layers: [conv: {out: c, kernel: 3}]
layers:
  - conv: {name: first, out: 8, kernel: 3}
  - cell: {name: one, from: [first, input], c: 8}
  - cell: {name: two, from: [one, first], c: 16}
  - gated: {c: 16}
  - gated: {name: last, c: 16}
  - split: {name: left, parts: 2, part: 1}
  - split: {name: right, parts: 2, part: 2, from: last}
  - multiply: {from: [left, right]}
  - slice: {stop: 4}
"""


def test_a_network_of_blocks(golden):
    golden("torch_residual.txt", write(unfold(RESIDUAL)))


def test_a_network_of_cells(golden):
    golden("torch_cells.txt", write(unfold(GRAPH)))


@pytest.mark.parametrize("name", specs())
def test_every_kind_is_python_or_an_error(name):
    graph = unfold(specs()[name])
    if any(layer.kind.name in MISSING for layer in graph.layers):
        with pytest.raises(SpecError, match="cannot be written for PyTorch"):
            write(graph)
    elif name == "zero_pad: {padding: [[0, 1], [1, 0], [2, 2]], axis: 0, mode: replicate}":
        with pytest.raises(SpecError, match="'replicate' PyTorch pads only the spatial axes"):
            write(graph)
    else:
        checked(write(graph))


@pytest.mark.parametrize(
    "name",
    ["mobilenet_v3", "nasnet", "skipnet101", "densenet121", "shufflenet_v1", "resnet110_cifar"],
)
def test_a_shipped_network_is_valid_python_and_reproducible(name):
    graph = opening.opened(name).graph()
    code = write(graph)
    checked(code)
    assert code == write(opening.opened(name).graph())
    # 110 layers of three stages are loops.
    assert len(code.splitlines()) < 300


def checked(code: str) -> ast.Module:
    """The code's syntax tree, which imports only PyTorch and uses only names that it defines."""
    tree = ast.parse(code)
    assert max(map(len, code.splitlines())) <= WIDTH
    assert code.endswith("\n") and not re.search(r"[ \t]\n|\n\n\n\n", code)
    imports = [
        ast.unparse(each)
        for each in tree.body
        if not isinstance(each, ast.ClassDef | ast.FunctionDef)
    ]
    assert set(imports) <= {
        "import torch",
        "import torch.nn.functional as F",
        "from torch import nn",
    }
    known = {"torch", "F", "nn", "self", *dir(builtins)}
    nodes = list(ast.walk(tree))
    known |= {each.name for each in nodes if isinstance(each, ast.ClassDef | ast.FunctionDef)}
    known |= {each.arg for each in nodes if isinstance(each, ast.arg)}
    known |= {
        each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }
    used = {each.id for each in nodes if isinstance(each, ast.Name)}
    assert used <= known
    # No layer replaces an attribute of nn.Module.
    stored = {
        each.attr
        for each in nodes
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)
    }
    assert stored.isdisjoint({"forward", "train", "training", "eval", "parameters", "type", "half"})
    assert not any(keyword.iskeyword(name) or name.startswith("_") for name in stored)
    return tree


HOSTILE = r"""
name: "x\"\"\"\nimport os\nos.remove('y') \\"
source: {"a\"\"\"b": "c\nd", e: "\\"}
input: [3, 8, 8]
blocks:
  class:
    parameters: {lambda: width, def: 1}
    layers: [conv: {out: lambda, kernel: def, name: import, norm: batch}, sigmoid: {name: train}]
  torch:
    layers: [relu: {name: forward}, tanh: {name: __init__}, gelu: {name: '1'}, gelu: {name: x}]
layers:
  - class: {name: nn, lambda: 4}
  - class: {name: self, lambda: 8, def: 3}
  - torch: {name: F}
  - torch: {name: super}
  - concat: {name: None, branches: {1x1: [], a-b.c: [relu], a_b_c: [tanh: {name: half}]}}
  - conv: {name: return, out: 4, kernel: 1}
  - conv: {name: features, out: 4, kernel: 1, from: nn}
  - relu: {name: type}
"""


def test_names_and_titles_cannot_inject_code():
    tree = checked(write(unfold(HOSTILE)))
    network = [each for each in tree.body if isinstance(each, ast.ClassDef)][-1]
    assert network.name == "XImportOsOsRemove"
    doc = ast.get_docstring(network) or ""
    assert doc.startswith(
        r"""x\"\"\"\nimport os\nos.remove('y') \\.""".replace(r"\"", '"').replace("\\\\", "\\")
    )


def test_all_layers_that_pytorch_lacks_are_reported_at_once():
    with pytest.raises(SpecError) as caught:
        exported(
            "  - rearrange: {name: rolled, shape: [3, 8, 8]}\n"
            "  - relu\n"
            "  - uncounted: {name: odd, op: Fft, shape: [3, 8, 8]}\n"
            "  - avg_pool: {kernel: 3, dilation: 2}"
        )
    assert str(caught.value) == (
        "small.yaml:4:5: layer 'rolled' cannot be written for PyTorch: "
        "the graph states the output shape, but not which elements move where\n"
        "    found    'rearrange'\n"
        "small.yaml:6:5: layer 'odd' cannot be written for PyTorch: "
        "costcalc does not know what the operation computes\n"
        "    found    'Fft'\n"
        "small.yaml:7:5: layer 'avg_pool1' cannot be written for PyTorch: "
        "nn.AvgPool has no dilation"
    )


def test_the_command_writes_all_or_nothing(tmp_path):
    spec, target = tmp_path / "odd.yaml", tmp_path / "net.py"
    spec.write_text("input: [3, 8, 8]\nlayers: [rearrange: [3, 8, 8]]\n")
    result = CliRunner().invoke(main, ["export", str(spec), "-o", str(target)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert not target.exists()
    result = CliRunner().invoke(main, ["export", "vgg16", "--alpha", "0.5", "-o", str(target)])
    assert (result.exit_code, result.output) == (0, "")
    assert target.read_text().splitlines()[1] == "from torch import nn"
    printed = CliRunner().invoke(main, ["export", "vgg16@alpha=0.5", "--to", "torch"])
    assert printed.stdout == target.read_text()


def test_the_docstring_has_the_counts_of_the_convention():
    graph = opening.opened("mobilenet_v2", {"alpha": 2}).graph()
    costs = count(graph, load("torch").converted("macs"))
    params, mult_adds = sum(c.params for c in costs), sum(c.mult_adds for c in costs)
    assert f"Params: {params:,}. Mult-adds: {mult_adds:,}." in write(graph)
    assert "Settings: alpha=2, res=224, classes=1000, implementation=paper" in write(graph)


def test_uneven_padding_is_a_module_and_even_padding_an_argument():
    # 8 rows in steps of 2: windows from 0, 2, 4 and 6, the last one row over the end.
    assert "nn.ZeroPad2d((0, 1, 0, 1))" in exported("  - conv: {out: 4, kernel: 3, stride: 2}")
    assert "nn.Conv2d(3, 4, 3, padding=1)" in exported("  - conv: {out: 4, kernel: 3}")
    assert "nn.MaxPool2d(3, stride=2, ceil_mode=True)" in exported(
        "  - max_pool: {kernel: 3, stride: 2, padding: same}"
    )


def test_a_module_used_twice_is_built_once():
    code = exported("  - pointwise: {name: a, out: 3, repeat: 3, shares: w}")
    assert code.count("nn.Conv2d(") == 1
    assert code.count("self.a1(x)") == 3


def test_instances_are_one_class_even_if_two_have_no_step_in_common():
    code = exported(
        "  - unit: {q: false}\n  - unit: {p: false}\n  - unit",
        "input: [8, 8, 8]\nblocks:\n  unit:\n    parameters: {p: true, q: true}\n    layers:\n"
        "      - conv: {name: p, out: 8, kernel: 3, when: p}\n"
        "      - conv: {name: q, out: 8, kernel: 3, when: q}\n",
    )
    assert "self.unit = nn.Sequential(Unit(q=False), Unit(p=False), Unit())" in code


def test_borrowed_params_are_buffers():
    graph = unfold("input: [4]\nlayers: [fc: 2]")
    layer = graph.layers[0]._replace(borrows={"weights": 8})
    code = write(graph._replace(layers=(layer,)))
    assert 'self.fc = borrowing(nn.Linear(4, 2), "weight")' in code
    assert "Params: 2. Mult-adds: 8." in code
    partly = layer._replace(borrows={"weights": 3})
    with pytest.raises(SpecError, match="it shares only some of its weights with another layer"):
        write(graph._replace(layers=(partly,)))
