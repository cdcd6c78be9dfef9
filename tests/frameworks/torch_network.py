"""A spec's data as a PyTorch network: its steps, branches, repeats, names and shared params."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from costcalc.kinds import KINDS
from tests.frameworks.torch_layers import MAKERS
from tests.frameworks.torch_tensors import JOINS, Shape

REFUSALS = (RuntimeError, ValueError, IndexError)
"""What PyTorch raises at sizes that do not fit."""


class Row(NamedTuple):
    """One layer: what it gives, what it stores, what it multiplies."""

    kind: str
    output: tuple[int, ...]
    params: int
    macs: int


def measured(spec: Mapping[str, Any], device: str = "meta") -> list[Row]:
    """The layers of a network in the order in which they run, as PyTorch runs them.

    Raises:
        RuntimeError, ValueError, IndexError: PyTorch refuses a layer.
    """
    with torch.no_grad():
        network = TorchNetwork(spec, device)
        with FlopCounterMode(display=False) as counter:
            rows: list[Row] = []
            seen: set[nn.Parameter] = set()

            def watch(kind: str, module: nn.Module, output: Tensor) -> None:
                flops = int(counter.get_total_flops()) - 2 * sum(row.macs for row in rows)
                learned = set(module.parameters()) - seen
                seen.update(learned)
                params = sum(parameter.numel() for parameter in learned)
                rows.append(Row(kind, tuple(output.shape[1:]), params, flops // 2))

            network.watch = watch
            network(torch.empty(1, *spec["input"], device=device))
    return rows


class TorchNetwork(nn.Module):
    """The network of a spec's data; its first run makes the modules, each for what it reads."""

    def __init__(
        self,
        spec: Mapping[str, Any],
        device: str = "meta",
        above: Mapping[str, Shape] | None = None,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.device = device
        self.above = above or {}
        """Shapes of layers above that the steps may name."""
        self.made = nn.ModuleDict()
        self.first: dict[tuple[str, str], nn.Module] = {}
        self.watch: Callable[[str, nn.Module, Tensor], None] | None = None
        self.output = tuple(self(torch.empty(1, *spec["input"], device=device)).shape[1:])

    def forward(self, x: Tensor) -> Tensor:
        named = {name: x.new_empty(1, *shape) for name, shape in self.above.items()}
        return self.steps(self.spec["layers"], x, "", named)

    def steps(self, steps: Sequence[Any], x: Tensor, path: str, named: dict[str, Tensor]) -> Tensor:
        """Steps one after another; a step with a ``from`` reads those that it names."""
        for index, written in enumerate(steps):
            kind, arguments = step(written)
            name = arguments.pop("name", None)
            sources = [named[each] for each in arguments.pop("from", [])] or [x]
            repeat = arguments.pop("repeat", 1)
            first_only = arguments.pop("first_only", None)
            for time in range(repeat):
                x = self.step(kind, arguments, sources, f"{path}{index}_{time}_")
                sources = [x]
                arguments.pop(first_only, None)
            if name is not None:
                named[name] = x
        return x

    def step(
        self, kind: str, arguments: Mapping[str, Any], sources: list[Tensor], path: str
    ) -> Tensor:
        if kind == "sequence":
            return self.steps(arguments["layers"], sources[0], path, {})
        if kind == "residual":
            shortcut = arguments.get("shortcut", [])
            branches = [shortcut, arguments["layers"]]
            total = self.run("add", path, JOINS["add"], self.branches(branches, sources[0], path))
            return self.then(arguments.get("act"), total, f"{path}act")
        if kind in JOINS:
            branches = list(arguments["branches"].values()) if "branches" in arguments else []
            if branches:
                sources = self.branches(branches, sources[0], path)
            arguments = {key: arguments[key] for key in arguments if key != "branches"}
            act = arguments.pop("act", None)
            joined = self.run(kind, path, partial(JOINS[kind], **arguments), sources)
            return self.then(act, joined, f"{path}act")
        return self.layer(kind, dict(arguments), sources[0], path)

    def branches(self, branches: Sequence[Any], x: Tensor, path: str) -> list[Tensor]:
        return [self.steps(each, x, f"{path}{index}_", {}) for index, each in enumerate(branches)]

    def layer(self, kind: str, arguments: dict[str, Any], x: Tensor, path: str) -> Tensor:
        """A layer, then the norm and the activation that its line names."""
        norm, act = arguments.pop("norm", None), arguments.pop("act", None)
        word = arguments.pop("shares", None)
        if norm is not None:
            arguments.setdefault("bias", False)
        make = partial(MAKERS[kind], tuple(x.shape[1:]), **arguments)
        x = self.run(kind, path, make, [x], word)
        if norm is not None:
            kind = f"{norm}_norm"
            make = partial(MAKERS[kind], tuple(x.shape[1:]))
            x = self.run(kind, f"{path}norm", make, [x], word)
        return self.then(act, x, f"{path}act")

    def then(self, act: str | None, x: Tensor, path: str) -> Tensor:
        return (
            x if act is None else self.run(act, path, partial(MAKERS[act], tuple(x.shape[1:])), [x])
        )

    def run(
        self,
        kind: str,
        path: str,
        make: Callable[[], nn.Module],
        given: Sequence[Tensor],
        word: str | None = None,
    ) -> Tensor:
        """A module; all of a kind that say one word have the first one's parameters."""
        if path not in self.made:
            self.made[path] = make().to(self.device).eval()
            if word is not None:
                share(self.made[path], self.first.setdefault((kind, word), self.made[path]))
        module = self.made[path]
        x: Tensor = module(*given)
        if 0 in x.shape:
            raise ValueError(f"{kind} leaves nothing")
        if self.watch is not None:
            self.watch(kind, module, x)
        return x


def share(module: nn.Module, first: nn.Module) -> None:
    """Give a module the parameters of another of its kind, whatever stands around them."""
    owners = [[m for m in each.modules() if m._parameters] for each in (module, first)]
    for own, other in zip(*owners, strict=True):
        own._parameters = other._parameters


def step(written: Any) -> tuple[str, dict[str, Any]]:
    """The kind of a step and its arguments, which a spec may shorten."""
    if isinstance(written, str):
        return written, {}
    ((kind, arguments),) = written.items()
    if kind in JOINS and isinstance(arguments, list):
        arguments = {"branches": dict(enumerate(arguments))}
    if isinstance(arguments, Mapping):
        return kind, dict(arguments)
    return kind, {KINDS[kind].main: arguments}
