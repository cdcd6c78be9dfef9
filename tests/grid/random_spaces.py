"""Random specs with choices, for tests that any space of networks has to pass."""

from fractions import Fraction
from random import Random

from costcalc.spec.reader import read

BLOCKS = """
blocks:
  mb:
    parameters: {t: 2, k: 3, c: width, s: 1}
    layers:
      - residual:
          only_if: s == 1 and in == c
          layers:
            - pointwise: {out: t * in, act: relu}
            - depthwise: {kernel: k, stride: s}
            - pointwise: {out: c, act: none}
  wide:
    parameters: {c: width, n: 1}
    layers:
      - concat:
          branches:
            - - conv: {out: c, kernel: 1}
            - - conv: {out: c, kernel: 1, bias: true}
              - conv: {out: c, kernel: 3, repeat: n}
            - []
  two:
    inputs: [a, b]
    parameters: {c: width}
    layers:
      - conv: {from: a, out: c, kernel: 1, name: left}
      - conv: {from: b, out: c, kernel: 1, name: right}
      - concat: {from: [left, right]}
  outer:
    parameters: {c: width}
    layers:
      - conv: {out: c, kernel: shared_k}
      - wide: {c: c, n: 2}
"""


class RandomSpace:
    """A spec, and the values of the parameters that vary.

    Attributes:
        text: the spec.
        axes: by parameter.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.axes: dict[str, list] = {}
        self.layers: list[str] = []
        self.named: list[str] = []
        self.parameters = ["shared_k: 3"]
        if self.chance(0.3):
            self.axes["shared_k"] = [1, 3, 5]
        count = self.random.randint(3, 9)
        self.layers.append(f"- conv: {{out: {self.width()}, kernel: 3, stride: 2}}")
        for _ in range(count):
            self.layers += self.random.choice(self.MAKERS)(self)
        tail = self.random.choice(
            [
                ["- global_avg_pool", f"- fc: {self.number('classes', [10, 100])}"],
                ["- global_avg_pool", "- fc: 10", "- softmax"],
                [f"- conv: {{out: {self.width()}, kernel: 1}}", "- global_avg_pool"],
                ["- conv: {out: 12, kernel: 1, bias: true}"],
                [],
            ]
        )
        self.layers += tail
        if self.chance(0.4):
            self.axes["res"] = self.random.choice([[8, 32], [24, 32, 40], [2, 5, 16, 33]])
        if self.chance(0.3):
            self.axes["alpha"] = self.some([Fraction(1, 4), Fraction(1, 2), 1, Fraction(3, 2)])
        if self.chance(0.1):
            self.axes["in"] = [1, 3]
        rounding = self.random.choice(
            ["", "", "width_rounding: {divisible_by: 8}", "width_rounding: nearest"]
        )
        self.text = "\n".join(
            [
                "name: Random",
                "input: [3, res, res]",
                "parameters:",
                "  res: 32",
                *(f"  {row}" for row in self.parameters),
                "defaults: {conv: {norm: batch, act: relu}}",
                rounding,
                BLOCKS,
                "layers:",
                *(f"  {line}" for line in self.layers),
            ]
        )

    @property
    def document(self):
        return read(self.text.encode(), "random.yaml", lambda name: None)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def some(self, values: list) -> list:
        return self.random.sample(values, self.random.randint(1, len(values)))

    def number(self, word: str, values: list, share: float = 0.6):
        """A number, or a parameter that takes several."""
        if not self.chance(share):
            return self.random.choice(values)
        known = [name for name in self.axes if name.startswith(word)]
        if known and self.chance(0.3):
            return self.random.choice(known)
        name = f"{word}{len(self.parameters)}"
        default = self.random.choice(values)
        others = [row.split(":")[0] for row in self.parameters if row.startswith(word)]
        if others and self.chance(0.2):
            self.parameters.append(f"{name}: {self.random.choice(others)}")
        else:
            self.parameters.append(f"{name}: {default}")
        self.axes[name] = self.some(values)
        return name

    def width(self):
        return self.number("w", [8, 12, 16, 20, 24])

    def when(self) -> str:
        if not self.chance(0.35):
            return ""
        return self.random.choice(
            [
                f", when: {self.number('d', [1, 2, 3], 1)} >= 2",
                f", when: {self.number('d', [1, 2, 3], 1)} == 3",
                ", when: in > 12",
                ", when: in == 16 or res > 30",
            ]
        )

    def name(self) -> str:
        self.named.append(f"n{len(self.named)}")
        return f", name: {self.named[-1]}"

    def conv(self):
        name = self.name() if self.chance(0.4) else ""
        extra = self.random.choice(
            ["", ", norm: none", ", bias: true", ", padding: valid", ", repeat: 2"]
        )
        extra = "" if "repeat" in extra and name else extra
        act = self.random.choice(["", ", act: none"])
        kernel = self.number("k", [1, 3, 5])
        stride = self.random.choice([1, 1, 2])
        row = f"out: {self.width()}, kernel: {kernel}, stride: {stride}{extra}{act}"
        return [f"- conv: {{{row}{name}{self.when()}}}"]

    def block(self):
        depth = self.number("d", [1, 2, 3])
        name = self.name() if self.chance(0.2) else ""
        row = f"t: {self.number('t', [1, 2, 3])}, k: {self.number('k', [3, 5])}, c: {self.width()}"
        first = f", s: {self.random.choice([1, 2])}, repeat: {depth}, first_only: [s]"
        return [f"- mb: {{{row}{first if not name else ''}{name}{self.when()}}}"]

    def wide(self):
        return [f"- wide: {{c: {self.width()}, n: {self.number('d', [1, 2, 3])}{self.when()}}}"]

    def outer(self):
        return [f"- outer: {{c: {self.width()}{self.when()}}}"]

    def activation(self):
        kind = self.random.choice(["relu", "sigmoid", "batch_norm", "softmax"])
        return [f"- {kind}: {{{self.when()[2:]}}}"]

    def pool(self):
        return [f"- {self.random.choice(['max_pool', 'avg_pool'])}: {{kernel: 2{self.when()}}}"]

    def skip(self):
        """Features that a later join reads by their name."""
        width = self.width()
        first, last = f"s{len(self.layers)}", f"e{len(self.layers)}"
        inner = self.random.choice([self.activation, self.bottleneck])
        return [
            f"- conv: {{out: {width}, kernel: 1, name: {first}}}",
            *inner(),
            f"- conv: {{out: {width}, kernel: 1, name: {last}}}",
            self.random.choice(
                [f"- add: {{from: [{first}, {last}]}}", f"- concat: {{from: [{first}, {last}]}}"]
            ),
        ]

    def bottleneck(self):
        when = self.when()
        return [f"- conv: {{out: {self.width()}, kernel: {self.number('k', [1, 3])}{when}}}"]

    def pair(self):
        return [f"- two: {{c: {self.width()}}}"]

    def sharing(self):
        word, width = f"p{len(self.layers)}", self.width()
        conv = f"conv: {{out: {width}, kernel: 1, shares: {word}"
        return [
            f"- conv: {{out: {width}, kernel: 1}}",
            f"- {conv}{self.when()}}}",
            *(self.activation() if self.chance(0.5) else ()),
            f"- {conv}}}",
        ]

    def sequence(self):
        inner = [*self.conv(), *self.activation()]
        name = self.random.choice(["", f"name: q{len(self.layers)}", "repeat: 2"])
        when = self.when()[2:]
        options = ", ".join(part for part in (name, when) if part)
        if "repeat" in name:
            inner = [line for line in inner if "name:" not in line] or ["- relu"]
        head = "- sequence:"
        lines = [head, "    layers:", *(f"      {line}" for line in inner)]
        return [*lines, *(f"    {part}" for part in options.split(", ") if part)]

    def words(self):
        name = f"a{len(self.parameters)}"
        self.parameters.append(
            f"{name}: {{default: relu, choices: [relu, none, h_swish, sigmoid]}}"
        )
        self.axes[name] = self.some(["relu", "none", "h_swish", "sigmoid"])
        return [f"- conv: {{out: {self.width()}, kernel: 1, act: {name}}}"]

    MAKERS = (
        conv,
        conv,
        block,
        block,
        wide,
        outer,
        activation,
        pool,
        skip,
        pair,
        sharing,
        sequence,
        words,
    )
