"""Random networks as a spec's data, drawn step by step for the shapes that arrive.

What a step makes of a shape is asked of a judge. A careful network leaves out
what the judge refuses; a careless one ends with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from tests.drawing.draws import ACTIVATIONS, REDUCTIONS, UNARY, Draws, Shape, Whole

Step = Any
Judge = Callable[[Shape, Step, Mapping[str, Shape]], Shape | None]
"""The shape after a step on a shape, with shapes by name above it; None where it is refused."""

LONGEST = {0: 1, 1: 80, 2: 33, 3: 11}
"""The longest side of an input of so many spatial axes."""
LARGE = 20_000
"""Elements from which a map is not enlarged."""


def network(whole: Whole, after: Judge) -> dict[str, Any]:
    """A network of up to a dozen steps on a vector, or a map of one to three axes."""
    rank = (2, 2, 2, 2, 1, 1, 3, 3, 0)[whole(0, 8)]
    shape = (whole(1, 12), *(whole(1, LONGEST[rank]) for _ in range(rank)))
    drawing = Drawing(whole, is_careful=whole(1, 10) < 10, after=after)
    steps, _ = drawing.steps(shape, whole(1, 12))
    return {"input": list(shape), "layers": steps}


class Drawing(Draws):
    """Draws steps, and asks a judge what they make of a shape."""

    def __init__(self, whole: Whole, is_careful: bool, after: Judge) -> None:
        super().__init__(whole, is_careful)
        self.after = after

    def steps(self, shape: Shape, count: int, depth: int = 0) -> tuple[list[Step], Shape]:
        """Steps one after another, and the shape that they leave."""
        steps: list[Step] = []
        named: dict[str, Shape] = {}
        for _ in range(count):
            step, name = self.maybe_named(self.step(shape, named, depth))
            given = self.after(shape, step, named)
            if given is None and self.is_careful:
                continue
            steps.append(step)
            if given is None:
                self.is_over = True
                break
            shape = given
            if name:
                named[name] = given
        return steps or ["identity"], shape

    def maybe_named(self, step: Step) -> tuple[Step, str]:
        """A step that others may read, now and then."""
        if isinstance(step, str) or not self.chance(3):
            return step, ""
        ((kind, arguments),) = step.items()
        if not isinstance(arguments, dict):
            return step, ""
        name = self.word()
        return {kind: {"name": name, **arguments}}, name

    def step(self, shape: Shape, named: Mapping[str, Shape], depth: int) -> Step:
        """Any step that suits the number of axes."""
        if len(named) > 1 and self.chance(5):
            return self.of_names(named)
        if depth < 2 and self.chance(4):
            nested = (
                self.sequence, self.residual, self.concat, self.product, self.excited, self.tokens,
            )  # fmt: skip
            return self.of(*nested)(shape, depth)
        if not shape:
            return {"reshape": [1]}
        on_maps = (
            self.conv, self.conv, self.conv, self.depthwise, self.pointwise, self.transposed_conv,
            self.pool, self.pool, self.adaptive_pool, self.upsample, self.norm, self.norm,
        )  # fmt: skip
        anywhere = (
            self.activation, self.moved, self.fc, self.along_axes, self.laid_out, self.zero_pad,
        )  # fmt: skip
        seldom = (self.reduced, self.stored, self.norm)
        if self.chance(8):
            return self.of(*seldom)(shape)
        return self.of(*anywhere, *(on_maps if 1 < len(shape) < 5 else ()))(shape)

    # Layers -----------------------------------------------------------------------

    def conv(self, shape: Shape) -> Step:
        groups = self.groups(shape) if self.chance(3) else 1
        out = groups * self.upto(40 // groups) if self.is_careful else self.upto(40)
        step = {"out": out, **self.window(shape)}
        if groups > 1:
            step["groups"] = groups
        if self.chance(8):
            step |= {"repeat": self.upto(3)} | (
                {"first_only": "stride"} if "stride" in step else {}
            )
        elif self.chance(8) and out == shape[0]:
            step |= {"repeat": 2, "shares": self.word()}
        return {"conv": step | self.finish()}

    def depthwise(self, shape: Shape) -> Step:
        step = self.window(shape)
        if self.chance(3):
            step["multiplier"] = self.upto(3)
        return {"depthwise": step | self.finish()}

    def pointwise(self, shape: Shape) -> Step:
        groups = self.groups(shape) if self.chance(3) else 1
        step = {"out": groups * self.upto(40 // groups)}
        if groups > 1:
            step["groups"] = groups
        if self.chance(4):
            step["stride"] = self.sizes(shape, 3)
        return {"pointwise": step | self.finish()}

    def transposed_conv(self, shape: Shape) -> Step:
        groups = self.groups(shape) if self.chance(3) else 1
        small = prod(shape) < LARGE
        step = {"out": groups * self.upto(16 // groups), "kernel": self.sizes(shape, 4)}
        if groups > 1:
            step["groups"] = groups
        if small and self.chance(2):
            step["stride"] = self.sizes(shape, 3)
        if self.chance(4):
            step["dilation"] = self.sizes(shape, 2)
        if self.chance(2):
            step["padding"] = self.padding(shape, 2)
            if self.chance(3):
                step["output_padding"] = self.upto(2)
        return {"transposed_conv": step | self.finish()}

    def fc(self, shape: Shape) -> Step:
        step: dict[str, Any] = {"out": self.upto(30)}
        if len(shape) > 1 and self.chance(2):
            step["per_position"] = True
            if self.chance(2):
                step["axis"] = self.axis(shape)
        if self.chance(4):
            step["bias"] = False
        return {"fc": self.of(step, step["out"]) if len(step) == 1 else step}

    def pool(self, shape: Shape) -> Step:
        kind = self.of("max_pool", "avg_pool")
        step = self.window(shape)
        if kind == "avg_pool":
            step.pop("dilation", None)
        padding = step.get("padding", 0)
        if not isinstance(padding, str) and not self.paired(padding):
            if padding and (self.is_careful or self.chance(2)):
                kernels = self.listed(step["kernel"], len(shape) - 1)
                step["padding"] = [self.upto(kernel // 2, 0) for kernel in kernels]
            if self.chance(2):
                step["ceil_mode"] = True
        is_short = set(step) == {"kernel"} and isinstance(step["kernel"], int)
        return {kind: step["kernel"] if is_short else step}

    def adaptive_pool(self, shape: Shape) -> Step:
        kind = self.of(
            "adaptive_max_pool", "adaptive_avg_pool", "global_max_pool", "global_avg_pool"
        )
        return kind if kind.startswith("global") else {kind: {"size": self.sizes(shape, 8)}}

    def norm(self, shape: Shape) -> Step:
        on_maps = ("batch_norm", "group_norm", "instance_norm", "lrn")
        kind = self.of("layer_norm", "rms_norm", *(on_maps if 1 < len(shape) < 5 else ()))
        if kind == "lrn":
            return self.of(kind, {kind: self.upto(7)})
        step: dict[str, Any] = {"groups": self.groups(shape)} if kind == "group_norm" else {}
        if kind in ("layer_norm", "rms_norm") and self.chance(2):
            step["axes"] = self.axes(shape)
        if self.chance(3):
            step["affine"] = self.of(True, False)
        if kind == "layer_norm" and self.chance(3):
            step["bias"] = self.of(True, False)
        return {kind: step} if step else kind

    def activation(self, shape: Shape) -> Step:
        kind = self.of(*ACTIVATIONS, *UNARY, "prelu", "prelu", "prelu")
        if kind != "prelu":
            return kind
        step: dict[str, Any] = {"shared": True} if self.chance(3) else {}
        if self.chance(3):
            step["axis"] = self.axis(shape)
        return {kind: step} if step else kind

    def along_axes(self, shape: Shape) -> Step:
        """What works along an axis, often the channels'."""
        kind = self.of("softmax", "log_softmax", "split", "slice")
        axis = self.axis(shape)
        side = shape[axis] if -len(shape) <= axis < len(shape) else 2
        step: dict[str, Any] = {"axis": axis}
        if kind == "split":
            parts = self.groups((side,))
            step |= {"parts": parts, "part": self.upto(parts)}
        if kind == "slice":
            stop = self.upto(side if self.is_careful else side + 2)
            step |= {"stop": stop, "start": self.upto(stop - 1, 0), "step": self.upto(3)}
        return {kind: step}

    def laid_out(self, shape: Shape) -> Step:
        """Another order of the axes, or another shape of the same elements."""
        if self.chance(2):
            return {"transpose": self.order(shape)}
        factors, left = [], prod(shape)
        for _ in range(self.upto(3, 0)):
            factors.append(self.of(*(n for n in range(1, 13) if left % n == 0)))
            left //= factors[-1]
        to = [*factors, left]
        if self.chance(2):
            to[self.whole(0, len(to) - 1)] = -1
        if not self.is_careful and self.chance(2):
            to = [*to, self.upto(3)]
        return {"reshape": to}

    def reduced(self, shape: Shape) -> Step:
        step: dict[str, Any] = {"keep": True} if self.chance(2) else {}
        if not self.chance(4):
            step["axes"] = self.axes(shape)
        kind = self.of(*REDUCTIONS)
        return {kind: step} if step else kind

    def stored(self, shape: Shape) -> Step:
        """Something of the network's own, added or looked up."""
        if prod(shape) < 200 and self.chance(3):
            return {"embedding": {"rows": self.upto(50), "out": self.upto(8)}}
        first, second = self.word(), self.word()
        kept = [side if self.chance(2) else 1 for side in shape]
        layers = [
            {"identity": {"name": first}},
            {self.of("learned", "constant"): {"shape": kept, "name": second}},
            {"add": {"from": [first, second], "broadcast": True}},
        ]
        return {"sequence": {"layers": layers}}

    def moved(self, shape: Shape) -> Step:
        """A step that only moves channels, or nothing."""
        kind = self.of("split", "slice", "channel_shuffle", "pad_channels", "flatten", "dropout")
        channels = shape[0]
        if kind == "split":
            parts = self.groups(shape)
            return {kind: {"parts": parts, "part": self.upto(parts)}}
        if kind == "slice":
            stop = self.upto(channels if self.is_careful else channels + 2)
            return {kind: {"stop": stop, "start": self.upto(stop - 1, 0)}}
        if kind == "channel_shuffle":
            return {kind: self.groups(shape)} if len(shape) > 1 else "identity"
        if kind == "pad_channels":
            return {kind: channels + self.upto(8, 0 if self.is_careful else -2)}
        return kind

    def upsample(self, shape: Shape) -> Step:
        if prod(shape) >= LARGE:
            return "identity"
        by = self.of("scale", "size")
        step = {by: self.sizes(shape, 3 if by == "scale" else 12)}
        if self.chance(2):
            step["mode"] = self.of("nearest", "bilinear")
        return {"upsample": step}

    def zero_pad(self, shape: Shape) -> Step:
        if prod(shape) >= LARGE or len(shape) > 4:
            return "identity"
        if len(shape) > 1 and self.chance(2):
            rank = len(shape) - 1
            padding: Any = self.of(self.sizes(shape, 3, 0), self.pairs(rank, 3))
            mode = self.of("zero", "zero", "reflect", "replicate", "circular")
            return {"zero_pad": {"padding": padding, "mode": mode}}
        return {"zero_pad": {"padding": self.pairs(len(shape), 2), "axis": 0}}

    # Steps that hold steps --------------------------------------------------------

    def sequence(self, shape: Shape, depth: int) -> Step:
        steps, _ = self.steps(shape, self.upto(3), depth + 1)
        return {"sequence": {"layers": steps, "repeat": self.upto(3)}}

    def residual(self, shape: Shape, depth: int) -> Step:
        layers, given = self.steps(shape, self.upto(3), depth + 1)
        if self.is_over or self.chance(2):
            step: dict[str, Any] = {"layers": [*layers, *self.fitting(given, shape)]}
        else:
            step = {"shortcut": self.fitting(shape, given), "layers": layers}
        if self.chance(2):
            step["act"] = self.of(*ACTIVATIONS)
        return {"residual": step}

    def concat(self, shape: Shape, depth: int) -> Step:
        branches, goal = [], shape
        for index in range(self.upto(3, 2)):
            steps, given = self.steps(shape, self.upto(2), depth + 1)
            if index == 0:
                goal = given
            if len(given) != len(goal) or given[1:] != goal[1:]:
                steps = [*steps, *self.fitting(given, goal)]
            branches.append(steps)
        step: dict[str, Any] = {
            "branches": {f"branch-{index}": steps for index, steps in enumerate(branches)}
        }
        if self.chance(4):
            step["act"] = self.of(*ACTIVATIONS)
        return {"concat": step}

    def product(self, shape: Shape, depth: int) -> Step:
        steps, given = self.steps(shape, self.upto(2), depth + 1)
        return {"multiply": [[], [*steps, *self.fitting(given, shape)]]}

    def excited(self, shape: Shape, depth: int) -> Step:
        """Squeeze and excitation (arXiv 1709.01507)."""
        if len(shape) not in (1, 2, 3, 4):
            return self.product(shape, depth)
        few = max(shape[0] // 4, 1)
        if len(shape) == 1:
            gate = [{"fc": few}, "relu", {"fc": shape[0]}, "sigmoid"]
        else:
            gate = [
                "global_avg_pool",
                {"pointwise": {"out": few, "act": "relu"}},
                {"pointwise": {"out": shape[0], "act": self.of("sigmoid", "h_sigmoid")}},
            ]
        return {"multiply": [[], gate]}

    def tokens(self, shape: Shape, depth: int) -> Step:
        """A transformer's layer (arXiv 1706.03762) over the positions of a map."""
        if len(shape) < 2:
            return {"fc": {"out": self.upto(12)}}
        heads, wide = self.upto(3), self.upto(6)
        there, back, split = [1, 0], [1, 0, 2], [-1, heads, wide]
        q, k, v, x = (self.word() for _ in range(4))
        across = {"per_position": True, "axis": -1}

        def projected(name: str) -> list[Step]:
            fc = {"fc": {"from": [x], "out": heads * wide, "bias": self.chance(2), **across}}
            return [fc, {"reshape": split}, {"transpose": {"axes": back, "name": name}}]

        if self.chance(2):
            meet: list[Step] = [{"attention": {"from": [q, k, v]}}]
        else:
            meet = [
                {"transpose": {"axes": [0, 2, 1], "from": [k]}},
                {"identity": {"name": f"{k}t"}},
                {"matmul": {"from": [q, f"{k}t"], "name": f"{q}k"}},
                {"scale": {"from": [f"{q}k"]}},
                {"softmax": {"axis": -1, "name": f"{q}s"}},
                {"matmul": {"from": [f"{q}s", v]}},
            ]
        layers = [
            {"reshape": [shape[0], -1]},
            {"transpose": there},
            {self.of("layer_norm", "rms_norm"): {"axes": [-1], "name": x}},
            *projected(q),
            *projected(k),
            *projected(v),
            *meet,
            {"transpose": back},
            {"reshape": [prod(shape[1:]), -1]},
            {"fc": {"out": shape[0], **across}},
            {"transpose": there},
            {"reshape": list(shape)},
        ]
        return {"sequence": {"layers": layers}}

    def of_names(self, named: Mapping[str, Shape]) -> Step:
        """A join of layers above, by their names."""
        names = sorted(named)
        first = self.of(*names)
        pairs = ("subtract", "divide", "power", "compare", "matmul")
        several = ("add", "multiply", "concat", "minimum", "maximum")
        kind = self.of(*several, *pairs, "where")
        count = 2 if kind == "where" else 1 if kind in pairs else self.upto(2)
        fitting = [each for each in names if self.joins(kind, named[first], named[each])]
        choices = fitting if self.is_careful and fitting else names
        step: dict[str, Any] = {"from": [first, *(self.of(*choices) for _ in range(count))]}
        if kind == "add" and self.chance(3):
            step["broadcast"] = True
        if kind == "concat" and named[first] and self.chance(3):
            step["axis"] = self.axis(named[first])
        return {kind: step}

    def fitting(self, given: Shape, goal: Shape) -> list[Step]:
        """Steps that make one shape of another; careless ones may leave them out."""
        if not self.is_careful and self.chance(2):
            return []
        if given == goal:
            return []
        if len(given) != len(goal) or not 1 < len(goal) < 5:
            return [{"fc": {"out": prod(goal)}}, {"reshape": list(goal)}]
        pooled = {"adaptive_avg_pool": {"size": list(goal[1:])}}
        steps: list[Step] = [pooled] if given[1:] != goal[1:] else []
        return [*steps, {"pointwise": {"out": goal[0]}}] if given[0] != goal[0] else steps

    @staticmethod
    def joins(kind: str, first: Shape, other: Shape) -> bool:
        if kind == "matmul":
            return len(first) == len(other) > 1 and first[-1] == other[-2]
        if kind == "concat":
            return len(first) == len(other) and first[1:] == other[1:]
        return first == other
