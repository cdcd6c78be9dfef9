"""Opens a network: turns a reference, a module or a document into a document with settings.

    a name, a path, "mobilenet_v1@alpha=0.5", an nn.Module, a Document  --opened-->  OpenNetwork

Every question takes an open network, or what is derived from one; only this module opens
the files of networks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from types import MappingProxyType
from typing import Any, NoReturn, Protocol, TypeAlias

from costcalc import importers
from costcalc.advice import advice, option, set_option
from costcalc.errors import Problems, refuse
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.graph.parameters import CHANNELS
from costcalc.graph.settings import from_python, setting
from costcalc.importers.model import SCALAR
from costcalc.records import NamedTuple
from costcalc.spec import library, numbers
from costcalc.spec.document import Document
from costcalc.spec.library import NameOrPath
from costcalc.spec.numbers import ExpressionError

_NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})


class OpenNetwork(NamedTuple):
    """An open network: its document, its settings, and the name it was opened by."""

    document: Document
    settings: Mapping[str, Any] = _NO_SETTINGS
    """Exact values that its reference carries, or that it was opened with."""
    name: str = ""
    """The reference it was opened by; empty for a module or a document."""

    @property
    def label(self) -> str:
        """Its name, or else its document's title."""
        return self.name or self.document.title.text

    def at(self, settings: Mapping[str, Any]) -> OpenNetwork:
        """The network with these settings added; they win over its own."""
        return OpenNetwork(self.document, {**self.settings, **settings}, self.name)

    def graph(self) -> LayerGraph:
        """Its layers at its settings.

        Raises:
            SpecError: a setting or a shape is wrong.
        """
        return expand(self.document, self.settings)


class Module(Protocol):
    """An ``nn.Module``, as type checkers see it where PyTorch is not installed."""

    def named_modules(self) -> Any:
        """Submodules by name."""

    def state_dict(self) -> Any:
        """Parameters and buffers by name."""


AnyNetwork: TypeAlias = "NameOrPath | Document | OpenNetwork | Module"
"""Everything that :func:`opened` accepts."""


def opened(
    network: AnyNetwork,
    settings: Mapping[str, Any] = _NO_SETTINGS,
    beside: str | None = None,
    *,
    is_one_of_several: bool = False,
) -> OpenNetwork:
    """Opens a network at settings.

    Args:
        network: a reference, which may carry settings, ``mobilenet_v1@alpha=0.5``; a path;
            an ``nn.Module``; a document; or an open network.
        settings: exact values, which override those of an open network or of a name such
            as ``vgg11``; those for reading a model are consumed by its importer.
        beside: look for a spec's block libraries next to this path instead of its own.
        is_one_of_several: whether the settings are for several networks: then they are
            defaults, which the network's own settings override.

    Raises:
        SpecError: there is no such network, the network or a setting is wrong, or a
            single network is set to a value other than its reference states.
    """
    own = stated(network, is_one_of_several)
    sized = [settings, own] if is_one_of_several else [{**own, **settings}]
    for values in sized:
        _refuse_two_sizes(values.get(importers.INPUT), values.get("res"))
    if is_one_of_several:
        if importers.INPUT in own:
            settings = {name: settings[name] for name in settings if name != "res"}
        settings = {**settings, **own}
    else:
        refuse_contradictions(network, own, {name: (settings[name],) for name in settings})
    if isinstance(network, OpenNetwork):
        return network.at(settings)
    if isinstance(network, Document):
        return OpenNetwork(network, dict(settings))
    if isinstance(network, str | os.PathLike):
        text = os.fspath(network)
        reference = library.reference(text)
        all_settings = {**carried(reference), **settings}
        return opened_at(reference.network, all_settings, beside)._replace(name=text)
    if _is_module(network):
        return _of_module(network, settings)
    refuse_value(network)


def opened_for(
    parameters: Collection[str], network: AnyNetwork, settings: Mapping[str, Any]
) -> OpenNetwork:
    """Opens a network to solve for some parameters, of which it keeps no values of its own.

    Raises:
        SpecError: as for :func:`opened`, or the settings or the reference set a parameter.
    """
    for parameter in parameters:
        if parameter in settings or parameter in stated(network, is_one_of_several=False):
            refuse(None, f"'{parameter}' is both solved for and set", "one of the two")
    document, own, name = opened(network, settings)
    return OpenNetwork(document, {key: own[key] for key in own if key not in parameters}, name)


def stated(network: AnyNetwork, is_one_of_several: bool) -> Mapping[str, Any]:
    """The settings of a network that others cannot override.

    One of several keeps all that it has; a single network those that its reference writes.

    Raises:
        SpecError: a setting is wrong.
    """
    if isinstance(network, OpenNetwork):
        return network.settings if is_one_of_several else _NO_SETTINGS
    if not isinstance(network, str | os.PathLike):
        return _NO_SETTINGS
    reference = library.reference(os.fspath(network))
    return carried(reference) if is_one_of_several else of_texts(reference.settings)


def refuse_contradictions(
    network: AnyNetwork, own: Mapping[str, Any], settings: Mapping[str, Sequence[Any]]
) -> None:
    """Refuses values of settings other than the one that a reference states.

    Raises:
        SpecError: a value contradicts the reference.
    """
    problems = Problems()
    for name, value in own.items():
        others = [other for other in settings.get(name, ()) if other != value]
        if others:
            first = f"{numbers.exact(value)} in '{network}'"
            problems.note(library.set_twice(name, first, numbers.exact(others[0])))
    problems.raise_any()


def stated_in_grid(
    network: AnyNetwork, grid: Mapping[str, Sequence[Any]], is_one_of_several: bool
) -> Mapping[str, Any]:
    """The settings of a network, as :func:`stated`, that take the place of a grid's values.

    Raises:
        SpecError: as for :func:`stated`, or a single network or the grid contradicts itself.
    """
    own = stated(network, is_one_of_several)
    if not is_one_of_several:
        refuse_contradictions(network, own, grid)
        grid = {**grid, **{name: (value,) for name, value in own.items()}}
    for input, res in product(grid.get(importers.INPUT, ()), grid.get("res", ())):
        _refuse_two_sizes(input, res)
    sides = _sides(own.get(importers.INPUT))
    return {"res": sides[0] if len({*sides}) == 1 else sides, **own} if sides else own


def _sides(input: Any) -> tuple[Any, ...]:
    """The spatial sides of an input's shape; empty if it has none."""
    return input[1:] if isinstance(input, tuple) else ()


def _refuse_two_sizes(input: Any, res: Any) -> None:
    """Refuses a resolution other than the sides of the input's shape.

    Raises:
        SpecError: both are set, and they differ.
    """
    sides = _sides(input)
    if res is None or not sides:
        return
    if sides != (res if isinstance(res, tuple) else (res,) * len(sides)):
        refuse(
            None,
            "the size of the input is set twice",
            expected="input or res",
            found=f"input = {numbers.exact(input)} and res = {numbers.exact(res)}",
        )


def opened_at(path: str, settings: Mapping[str, Any], beside: str | None = None) -> OpenNetwork:
    """Opens a spec or a model by a path or a name that carries no settings.

    Raises:
        SpecError: there is no such network, or the network or a setting is wrong.
    """
    if importers.importer(path) is not None:
        return OpenNetwork(*importers.import_model(path, settings), path)
    if path.endswith(".py"):
        from costcalc.importers.torch.candidates import refuse_file

        refuse_file(path)
    parameters = dict(settings)
    parameters.pop(importers.ALLOW_UNKNOWN, None)
    if any(f"{name}:".startswith(importers.NAMED_INPUT) for name in parameters):
        refuse(
            None,
            f"'{path}' is a spec, and a spec states its own input",
            expected=advice(
                "{} only for models: ONNX, PyTorch, Keras, TFLite, Caffe", option("input")
            ),
            hint=advice(
                "use {}, and {} for images of one channel; "
                "or model.onnx@input=3x224x224 for one network of several",
                option("res"),
                set_option(CHANNELS, "1"),
            ),
        )
    shapes = [name for name in parameters if name.startswith(importers.shape_of(""))]
    if shapes:
        refuse(
            None,
            f"'{path}' is a spec, and a spec states all shapes",
            expected=advice("{} only for models", option("shape")),
            hint=f"model.onnx@{shapes[0]}=8x7x7, for one network of several",
        )
    importers.refuse_foreign(path)
    return OpenNetwork(read_spec(path, beside), parameters, path)


def read_spec(network: str, beside: str | None = None) -> Document:
    """Reads a spec by its path, or by its name if it ships.

    Its block libraries are found next to it, or next to ``beside``, the path that
    it is a version of.

    Raises:
        SpecError: there is no such spec, or it is wrong.
    """
    path = library.locate(network)
    # Imported here: a framework's model does not need the spec reader.
    from costcalc.spec.finder import network_finder
    from costcalc.spec.reader import read

    place = beside or path
    return read(
        library.read_bytes(path, path),
        path,
        library.block_finder(place),
        network_finder(place),
    )


def is_network(network: str) -> bool:
    """Whether a reference names an existing spec, or a model."""
    reference = library.reference(network)
    return importers.importer(reference.network) is not None or library.is_network(network)


def carried(reference: library.Reference) -> dict[str, Any]:
    """The settings that a reference carries, those of its name included, as exact values.

    Raises:
        SpecError: a value is missing, or a number is out of range.
    """
    return of_texts({**reference.defaults, **reference.settings})


def of_texts(texts: Mapping[str, str]) -> dict[str, Any]:
    """Settings written as text, as exact values.

    Raises:
        SpecError: naming every setting without a value or with a number out of range.
    """
    problems = Problems()
    values = {}
    for name, text in texts.items():
        try:
            values[name] = setting(text)
        except ExpressionError as error:
            found = f"'{text}'" if text.strip() else ""
            problems.add(None, f"{name}: {error.message}", error.expected, found)
    problems.raise_any()
    return values


def exact(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings passed from Python, as exact values.

    Raises:
        SpecError: a value has a type that no parameter can have, or is out of range.
    """
    alpha = settings.get("alpha")
    if isinstance(alpha, list | tuple) or getattr(alpha, "shape", ()) != ():
        refuse(
            None,
            "alpha takes one value here",
            expected="a number above zero",
            found=" ".join(str(alpha).split()),
            hint="costcalc.sweep(network, alpha=[0.5, 1]), for several",
        )
    flat = dict(settings)
    if isinstance(flat.get(importers.SHAPE), Mapping):
        named = flat.pop(importers.SHAPE)
        flat |= {importers.shape_of(str(name)): shape for name, shape in named.items()}
    if isinstance(flat.get(importers.INPUT), Mapping):
        named = flat.pop(importers.INPUT)
        flat |= {f"{importers.NAMED_INPUT}{name}": _input(value) for name, value in named.items()}
    return {name: exact_value(value) for name, value in flat.items()}


def _input(value: Any) -> Any:
    """A named input, as a setting has it: ``(128,)`` or, with a type of numbers, ``128:int64``."""
    is_typed = isinstance(value, tuple | list) and len(value) == 2
    if not is_typed or not isinstance(value[0], tuple | list):
        return value
    sides, dtype = value
    shape = "x".join(map(str, sides)) or SCALAR
    return f"{shape}:{str(dtype).rpartition('.')[2]}"


def exact_value(value: Any) -> Any:
    """A value passed from Python, as an exact value.

    Raises:
        SpecError: it has a type that no parameter can have, or is out of range.
    """
    try:
        return from_python(value)
    except ExpressionError as error:
        refuse(None, error.message, expected=error.expected)


def names_in(given: NameOrPath | Iterable[NameOrPath | Iterable[NameOrPath]]) -> tuple[str, ...]:
    """Names or paths given one by one, in lists, or in text with commas between them.

    Raises:
        SpecError: something else is given.

    >>> names_in(["paper,thop", ["torch"]])
    ('paper', 'thop', 'torch')
    """
    if isinstance(given, str):
        return tuple(name.strip() for name in given.split(","))
    if isinstance(given, os.PathLike):
        return (os.fspath(given),)
    if not isinstance(given, Iterable):
        refuse(None, f"{given!r} is not a name", expected="text, or a list of texts")
    return tuple(name for part in given for name in names_in(part))


def _is_module(network: object) -> bool:
    """Whether it is an ``nn.Module``, which it cannot be before PyTorch is imported."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(network, torch.nn.Module)


def _of_module(module: Any, settings: Mapping[str, Any]) -> OpenNetwork:
    from costcalc.importers.torch import read_module

    read = partial(read_module, module)
    return OpenNetwork(*importers.import_with(read, settings))


def of_call(
    module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], settings: Mapping[str, Any]
) -> OpenNetwork:
    """Opens an ``nn.Module`` by one call of it.

    Raises:
        SpecError: it does not take these arguments, does not run on them, or uses an unknown
            operation.
    """
    from costcalc.importers.torch import read_call

    read = partial(read_call, module, args, kwargs)
    return OpenNetwork(*importers.import_with(read, settings))


def refuse_value(
    network: object,
    expected: str = "a name, a path, an nn.Module, or the result of costcalc.load",
) -> NoReturn:
    """Refuses a Python value that is not a network.

    Raises:
        SpecError: always.
    """
    kind, hint = type(network).__name__, ""
    if isinstance(network, type):
        message = f"{network.__name__} is a class, not an instance"
        refuse(None, message, expected, hint=f"pass {network.__name__}(...), with its arguments")
    if isinstance(network, str):
        refuse(None, f"{network!r} is a name", expected, hint=f"costcalc.load({network!r})")
    if isinstance(network, list | tuple | set):
        hint = "one at a time; compare(*networks) and sweep(*networks) take several"
    elif isinstance(network, Mapping) and all(hasattr(part, "shape") for part in network.values()):
        hint = "the module itself: its weights alone do not say how they are used"
    elif isinstance(network, Mapping):
        hint = "write the spec to a YAML file, and pass its path"
    refuse(None, f"a value of type {kind} is not a network", expected, hint=hint)
