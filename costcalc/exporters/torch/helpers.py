"""Functions that generated code calls, as code to stand above it."""

from __future__ import annotations

from collections.abc import Mapping

HELPERS: Mapping[str, str] = {
    "without": '''
def without(module: nn.Module, name: str) -> nn.Module:
    """The module, without one of its parameters."""
    module.register_parameter(name, None)
    return module
''',
    "tied": '''
def tied(module: nn.Module, owner: nn.Module) -> nn.Module:
    """The module, with the params of another."""
    holders = ([m for m in each.modules() if m._parameters] for each in (module, owner))
    for mine, other in zip(*holders, strict=True):
        for name, parameter in other.named_parameters(recurse=False):
            setattr(mine, name, parameter)
    return module
''',
    "borrowing": '''
def borrowing(module: nn.Module, *names: str) -> nn.Module:
    """The module, with buffers for the parameters that another module owns."""
    for name in names:
        tensor = getattr(module, name).detach()
        delattr(module, name)
        module.register_buffer(name, tensor)
    return module
''',
}
"""The text of each helper by its name."""
