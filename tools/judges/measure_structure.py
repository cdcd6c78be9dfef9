"""Write how torchvision's networks are put together: which modules, which functions.

    python measure_structure.py --output structure.json

Counters that hook modules miss what a network does with functions and
operators, so both are listed: every type of leaf module, and every torch
function called outside leaf modules together with the block that calls it.  An
operator stands under the method behind it: ``x + y`` is ``torch.Tensor.add``,
``x += y`` is ``torch.Tensor.add_``.
"""

# PyTorch is not installed where types are checked.
# mypy: allow-subclassing-any

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision
from measure_tools import NETWORKS, RESOLUTIONS, Network, build
from torch import nn
from torch.overrides import TorchFunctionMode, resolve_name


@dataclass
class Tally:
    """Calls of one thing, and the elements that went in and came out."""

    calls: int = 0
    input_elements: int = 0
    output_elements: int = 0

    def add(self, given: Any, made: Any) -> None:
        """Count one call."""
        self.calls += 1
        self.input_elements += elements(given)
        self.output_elements += elements(made)


def elements(value: Any) -> int:
    """Elements of the first tensor of a value, as counters look at it."""
    if isinstance(value, torch.Tensor):
        return int(value.numel())
    if isinstance(value, (tuple, list)):
        return next((elements(item) for item in value if elements(item)), 0)
    return 0


class FunctionLog(TorchFunctionMode):
    """Tallies the torch functions that a network calls outside its leaf modules."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.active: list[nn.Module] = []
        self.modules: dict[str, Tally] = defaultdict(Tally)
        self.functions: dict[tuple[str, str], Tally] = defaultdict(Tally)
        for module in model.modules():
            module.register_forward_pre_hook(self.enter)
            module.register_forward_hook(self.leave)

    def enter(self, module: nn.Module, given: tuple[Any, ...]) -> None:
        self.active.append(module)

    def leave(self, module: nn.Module, given: tuple[Any, ...], made: Any) -> None:
        self.active.pop()
        if not any(True for _ in module.children()):
            self.modules[type(module).__name__].add(given, made)

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function, and tally it if it makes elements outside a leaf."""
        made = function(*args, **(kwargs or {}))
        outside_leaves = self.active and any(True for _ in self.active[-1].children())
        if outside_leaves and elements(made):
            caller = type(self.active[-1]).__name__
            name = resolve_name(function) or function.__name__
            self.functions[name, caller].add(args, made)
        return made


def structure(network: Network, resolution: int) -> dict[str, Any]:
    """The census of one network at one resolution."""
    with torch.device("meta"), torch.no_grad():
        model = build(network.model, network.arguments).eval()
        image = torch.empty(1, 3, resolution, resolution)
        with FunctionLog(model) as log:
            model(image)
    return {
        "model": network.model,
        "arguments": network.arguments,
        "resolution": resolution,
        "modules": {name: asdict(tally) for name, tally in sorted(log.modules.items())},
        "functions": [
            {"function": name, "inside": caller} | asdict(tally)
            for (name, caller), tally in sorted(log.functions.items())
        ],
    }


def main() -> None:
    """Parse the command line, look, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("structure.json"))
    options = parser.parse_args()
    models = [structure(network, resolution) for network in NETWORKS for resolution in RESOLUTIONS]
    fixture = {"torchvision": torchvision.__version__.split("+")[0], "models": models}
    options.output.write_text(json.dumps(fixture, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
