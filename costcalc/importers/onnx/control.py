"""If, Loop and Scan: the graph that is chosen, or a graph as often as it runs.

A body is read once and its nodes are added for every run, so that sizes may change from
one to the next.  Its initializers and Constant nodes are the same tensors in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any, NoReturn, Protocol

from costcalc.advice import set_option
from costcalc.errors import Refusal
from costcalc.formats.onnx_schema import TensorProto
from costcalc.importers.builder import dims_text
from costcalc.importers.onnx.context import OpView, UnknownNumbers
from costcalc.importers.onnx.inline import Inliner, Subgraph
from costcalc.importers.onnx.tensors import STATE, OnnxNode, TensorInfo, Tensors, positive_axis
from costcalc.spec import limits

RUNS = 10_000
"""The most runs of all graphs of Loops and Scans in a file together."""

_NO_LIMIT = 2**31 - 1
"""The least number of runs with which exporters say that a value alone ends a loop."""

WHILE = 1000
"""The most runs of a loop without a limit, whose condition is known to hold."""

THEN, ELSE = "then", "else"
"""The branches of an If, as settings name them."""


class Choices:
    """What the values of tensors decide while a network runs, and settings decide here.

    Attributes:
        taken: the choices that mattered, by the names of their nodes.
        undecided: the nodes for which no setting was given.
        ran: how often graphs ran.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.taken: dict[str, Any] = {}
        self.undecided: list[str] = []
        self.ran = 0

    def branch(self, node: OnnxNode) -> str:
        """The branch of an If.

        Raises:
            Refusal: the setting is no branch.
        """
        name = node.shown_name
        given = self.given.get(name)
        if given is None and name not in self.undecided:
            self.undecided.append(name)
        branch = {None: THEN, True: THEN, False: ELSE}.get(given, given)
        if branch not in (THEN, ELSE):
            raise Refusal(f"has no branch '{given}'", f"{THEN} or {ELSE}")
        self.taken[name] = branch
        return str(branch)

    def runs(self, node: OnnxNode) -> int | None:
        """How often a Loop runs; None if no setting says so.

        Raises:
            Refusal: the setting is no number of runs.
        """
        name = node.shown_name
        given: object = self.given.get(name)
        if given is None:
            return None
        if isinstance(given, bool) or not isinstance(given, int) or not 0 < given <= limits.STEPS:
            raise Refusal(f"cannot run {given} times", f"a number from 1 to {limits.STEPS:,}")
        self.taken[name] = given
        return given


class Runner(Protocol):
    """Shape inference, as control operators use it."""

    inliner: Inliner
    tensors: Tensors
    lost: set[str]
    choices: Choices
    notes: dict[str, None]

    def view(self, node: OnnxNode) -> OpView:
        """A node with its attributes and inputs."""

    def store(self, tensors: Iterable[TensorProto]) -> None:
        """Add initializers."""

    def run(self, nodes: Iterable[OnnxNode]) -> None:
        """Infer the outputs of nodes."""

    def rename(self, node: OnnxNode, name: str, new: str) -> None:
        """Give a tensor another name."""

    def substitute(
        self,
        node: OnnxNode,
        operator: str,
        inputs: tuple[str, ...],
        *outputs: str,
        **attributes: Any,
    ) -> None:
        """Process a node of another operator in place of a node, or as a part of it."""


def choose(runner: Runner, node: OnnxNode) -> None:
    """If: the branch that its condition takes, or a setting where that is a value."""
    condition = runner.view(node).input(0).values
    if condition is None:
        branch = runner.choices.branch(node)
    else:
        branch = THEN if condition[:1] == (True,) else ELSE
    value = node.attributes.get(f"{branch}_branch")
    if not isinstance(value, Subgraph):
        raise Refusal("has no graph for the branch that it takes")
    graph, nodes = runner.inliner.subgraph(value, node.name)
    runner.store(graph.initializers)
    runner.run(nodes)
    outputs = [own.name for own in graph.outputs]
    if not runner.lost.isdisjoint(outputs):
        if condition is None and node.shown_name in runner.choices.undecided:
            # In the order of problems, it stands behind what is wrong with the branch.
            hint = set_option(node.shown_name, ELSE if branch == THEN else THEN)
            raise Refusal(f"its branch '{branch}' cannot be read", "a branch", hint=hint)
        runner.lost.update(node.outputs)
        return
    for output, own in zip(node.outputs, outputs, strict=False):
        if own not in runner.tensors:
            raise Refusal(f"takes '{own}' from its branch, which does not compute it")
        runner.rename(node, own, output)


class _Body:
    """The graph of a Loop or a Scan, run after run."""

    def __init__(
        self, runner: Runner, node: OnnxNode, inputs: int, outputs: int, attribute: str = "body"
    ) -> None:
        """Read it; ``inputs`` and ``outputs`` are how many it must have.

        Raises:
            Refusal: it has others.
        """
        self.runner, self.node = runner, node
        value = node.attributes.get(attribute)
        if not isinstance(value, Subgraph):
            raise Refusal("has no graph to run")
        self.value = value
        self.label = f"{next(filter(None, node.outputs))}#{attribute}"
        self.count = 0
        graph = runner.inliner.parsed(value)
        if (len(graph.inputs), len(graph.outputs)) != (inputs, outputs):
            raise Refusal(
                "has a graph of other inputs and outputs than its own",
                expected=f"{inputs} and {outputs}",
                found=f"{len(graph.inputs)} and {len(graph.outputs)}",
            )

    def once(self, arguments: Sequence[str]) -> list[str] | None:
        """Add the nodes of a run; return its outputs, or None after a problem."""
        runner = self.runner
        runner.choices.ran += 1
        if runner.choices.ran > RUNS:
            _refuse_runs()
        graph, nodes = runner.inliner.run_of(
            self.value, self.node.shown_name, self.label, self.count, arguments
        )
        if not self.count:
            runner.store(graph.initializers)
        self.count += 1
        runner.run(
            node
            for node in nodes
            if node.operator != "Constant" or node.outputs[0] not in runner.tensors
        )
        outputs = [output.name for output in graph.outputs]
        if not runner.lost.isdisjoint(outputs):
            runner.lost.update(self.node.outputs)
            return None
        for name in outputs:
            if name not in runner.tensors:
                raise Refusal(f"takes '{name}' from its graph, which does not compute it")
        return outputs

    def state(self, index: int) -> str:
        """The input of the node that a state starts from.

        A stored state is computed with in every run alike, the first included.
        """
        name = self.node.inputs[index]
        info = self.runner.tensors[name]
        is_vector = prod(info.shape) > 1
        if not info.is_static or not is_vector or any(type(n) is int for n in info.values or ()):
            return name
        state = f"{self.label}#{index}/state"
        self.runner.substitute(self.node, STATE, (name,), state)
        return state

    def number(self, value: int | bool) -> str:
        """A constant of this run."""
        name = f"{self.label}#{self.count}/{value}"
        self.runner.tensors[name] = TensorInfo((), values=(value,), is_static=True)
        return name

    def stack(self, names: Sequence[str], axis: int, output: str) -> None:
        """Put tensors of all runs side by side along a new axis, as an output of the node."""
        runner, node = self.runner, self.node
        if not output:
            return
        if not names:
            raise Refusal("does not run, and has no tensor to return")
        rank = len(runner.tensors[names[0]].shape) + 1
        axis = positive_axis(axis, rank)
        parts = [f"{output}#{index}/part" for index in range(len(names))]
        for name, part in zip(names, parts, strict=True):
            runner.substitute(node, "Unsqueeze", (name,), part, axes=(axis,))
        runner.substitute(node, "Concat", tuple(parts), output, axis=axis)


def loop(runner: Runner, node: OnnxNode) -> None:
    """Loop: its graph, run a known number of times or until its condition is known to fail."""
    op = runner.view(node)
    count = max(len(node.inputs) - 2, 0)
    most, is_said = _most_runs(runner, op)
    running = (op.input(1).values or None) if op.has(1) else (True,)
    scans = len(node.outputs) - count
    if scans < 0:
        raise Refusal("has fewer outputs than it carries", f"{count} or more")
    body = _Body(runner, node, 2 + count, 1 + len(node.outputs))
    carried = [body.state(2 + index) for index in range(count)]
    collected: list[list[str]] = [[] for _ in range(scans)]
    is_bound = running is None
    if most is not None and most > RUNS:
        _refuse_runs()
    while (most is None or body.count < most) and (running is None or running[0]):
        if most is None and (running is None or body.count == WHILE):
            raise UnknownNumbers(
                op.node.inputs[0] if op.has(0) else "",
                "runs until a value says so",
                expected="a number of runs",
                hint=set_option(node.shown_name, "10"),
            )
        start = op.node.inputs[1] if running is None and not body.count else body.number(True)
        outputs = body.once([body.number(body.count), start, *carried])
        if outputs is None:
            return
        condition, *rest = outputs
        running = runner.tensors[condition].values or None
        is_bound |= running is None
        carried = rest[: len(carried)]
        for tensors, name in zip(collected, rest[len(carried) :], strict=True):
            tensors.append(name)
    if is_bound and not is_said:
        where = f"Node '{node.shown_name}' ({node.operator})"
        runner.notes[f"{where} may stop earlier, by a value: all {body.count} runs count."] = None
    for name, output in zip(carried, node.outputs, strict=False):
        if output:
            runner.rename(node, name, output)
    for tensors, output in zip(collected, node.outputs[len(carried) :], strict=True):
        body.stack(tensors, 0, output)


def _most_runs(runner: Runner, op: OpView) -> tuple[int | None, bool]:
    """The most runs of a Loop, and whether a setting says so; None if nothing does."""
    said = runner.choices.runs(op.node)
    if said is not None:
        return said, True
    if not op.has(0):
        return None, False
    (most, *_) = op.input(0).values or (math.inf,)
    if limits.STEPS < most < _NO_LIMIT:
        _refuse_runs()
    # The largest whole number stands for no limit.
    return (int(most) if -math.inf < most <= limits.STEPS else None), False


def scan(runner: Runner, node: OnnxNode) -> None:
    """Scan: its graph, run for every place along an axis of some inputs."""
    op = runner.view(node)
    if node.version < 9:
        raise Refusal("scans each image of a batch, as in opset 8", "opset 9 or later")
    scanned = op.integer("num_scan_inputs", 0, lowest=1)
    states = len(node.inputs) - scanned
    if states < 0:
        raise Refusal("scans more inputs than it has", f"at most {len(node.inputs)}")
    shapes = [op.shape(states + index) for index in range(scanned)]
    axes = [
        positive_axis(axis, len(shape))
        for axis, shape in zip(_each(op, "scan_input_axes", scanned), shapes, strict=True)
    ]
    lengths = {shape[axis] for axis, shape in zip(axes, shapes, strict=True)}
    if len(lengths) > 1:
        found = " and ".join(map(dims_text, shapes))
        raise Refusal("scans inputs of different lengths", "one length", found)
    (length,) = lengths
    if length > RUNS:
        _refuse_runs()
    outputs = len(node.outputs) - states
    body = _Body(runner, node, len(node.inputs), len(node.outputs))
    backwards = _each(op, "scan_input_directions", scanned)
    carried = [body.state(index) for index in range(states)]
    collected: list[list[str]] = [[] for _ in range(max(outputs, 0))]
    for step in range(length):
        elements = [
            _element(body, node.inputs[states + index], axis, length - 1 - step if back else step)
            for index, (axis, back) in enumerate(zip(axes, backwards, strict=True))
        ]
        results = body.once([*carried, *elements])
        if results is None:
            return
        carried = results[:states]
        for tensors, name in zip(collected, results[states:], strict=True):
            tensors.append(name)
    for name, output in zip(carried, node.outputs, strict=False):
        if output:
            runner.rename(node, name, output)
    out_axes = _each(op, "scan_output_axes", outputs)
    for tensors, axis, output in zip(collected, out_axes, node.outputs[states:], strict=True):
        body.stack(tensors, axis, output)


def _each(op: OpView, name: str, count: int) -> tuple[int, ...]:
    """A whole number for each scanned tensor, 0 by default."""
    return op.sizes(name, count, 0, lowest=-limits.AXES) if count > 0 else ()


def _element(body: _Body, name: str, axis: int, place: int) -> str:
    """One place along the axis of a scanned input."""
    element = f"{body.label}#{body.count}/{name}"
    index = body.number(place)
    body.runner.substitute(body.node, "Gather", (name, index), element, axis=axis)
    return element


def flex_attention(runner: Runner, node: OnnxNode) -> None:
    """FlexAttention: attention whose scores and whose probabilities a graph may change."""
    op = runner.view(node)
    q, k, v = (op.shape(index) for index in range(3))
    shapes = f"{dims_text(q)}, {dims_text(k)} and {dims_text(v)}"
    if not len(q) == len(k) == len(v) == 4 or not k[1] or q[1] % k[1]:
        raise Refusal("does not attend to heads", "(images, heads, n, width)", shapes)
    if len(node.outputs) != 1:
        raise Refusal(f"has {len(node.outputs)} outputs", "one")
    (output,) = node.outputs
    if not {"score_mod", "prob_mod"} & node.attributes.keys():
        runner.substitute(node, "Attention", node.inputs[:3], output)
        return

    def add(operator: str, *inputs: str, to: str, **attributes: Any) -> str:
        name = f"{output}#{to}"
        runner.substitute(node, operator, inputs, name, **attributes)
        return name

    def changed(x: str, attribute: str) -> str | None:
        if attribute not in node.attributes:
            return x
        outputs = _Body(runner, node, 1, 1, attribute).once([x])
        return None if outputs is None else outputs[0]

    keys = _shared(runner, node, node.inputs[1], q[1], "keys")
    values = _shared(runner, node, node.inputs[2], q[1], "values")
    turned = add("Transpose", keys, to="turned", perm=(0, 1, 3, 2))
    products = add("MatMul", node.inputs[0], turned, to="products")
    scale = f"{output}#scale"
    runner.tensors[scale] = TensorInfo((), values=(0.5,), is_static=True)
    scores = changed(add("Mul", products, scale, to="scores"), "score_mod")
    if scores is None:
        return
    probabilities = changed(add("Softmax", scores, to="probabilities", axis=3), "prob_mod")
    if probabilities is not None:
        runner.substitute(node, "MatMul", (probabilities, values), output)


def _shared(runner: Runner, node: OnnxNode, name: str, heads: int, to: str) -> str:
    """Keys or values, repeated for each head of the queries."""
    images, own, n, width = runner.tensors[name].shape
    if own == heads:
        return name
    apart, wide, new = (f"{node.outputs[0]}#{to}{step}" for step in range(3))
    size = f"{wide}/shape"
    numbers = (images, own, heads // own, n, width)
    runner.tensors[size] = TensorInfo((5,), values=numbers, is_static=True)
    runner.substitute(node, "Unsqueeze", (name,), apart, axes=(2,))
    runner.substitute(node, "Expand", (apart, size), wide)
    runner.substitute(node, "Reshape", (wide,), new, shape=(images, heads, n, width))
    return new


def _refuse_runs() -> NoReturn:
    raise Refusal("runs its graph too often to be followed", f"at most {RUNS:,} runs in a file")


CONTROL = {
    "If": choose,
    "Loop": loop,
    "Scan": scan,
    "ai.onnx.preview.FlexAttention": flex_attention,
}
"""What each control operator does to shape inference."""
