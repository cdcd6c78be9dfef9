"""Where specs are found: at a path, or among those that ship with costcalc."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TextIO, TypeAlias
from weakref import WeakKeyDictionary

from costcalc.advice import Advice, advice, listed_by, sweep_for
from costcalc.errors import Mark, Problem, Problems, SpecError, did_you_mean, refuse
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.stored import read_stored
from costcalc.spec.tree import MapNode, Node, Scalar

NameOrPath: TypeAlias = "str | os.PathLike[str]"
"""What ships, by its name, or one's own file, by its path."""

FindBlocks = Callable[[str], tuple[str, bytes] | None]
"""The file and text of a library of blocks, by its name."""

_SUFFIXES = ("", ".yaml", ".yml")
STDIN = "<stdin>"
"""The path of a spec on standard input, as messages show it."""

_STDIN = (STDIN, "-", "/dev/stdin", "/dev/fd/0")
_OPEN_FILE = re.compile(r"/dev/fd/\d+|/proc/self/fd/\d+")
"""What a shell passes for the output of another command: ``costcalc report <(make_spec)``."""

_FILE = re.compile(r"[^.]+\.[a-z]{2,8}")
"""A name with the suffix of a file; ``torchvision.models.alexnet`` is a module's."""

_NAMES = "names.yaml"
"""Names of shipped networks that are another network's spec at some settings."""
_ELSEWHERE = "a model's own file, or torch:torchvision.models:NAME for a network of torchvision"
"""Where a network may be that neither ships nor resembles one that does."""

_BETWEEN = frozenset({"vs", "vs.", "versus", "and", "with", "to", "against", "or"})
"""Words that people write between networks."""

SETTING = r"[A-Za-z_][\w./-]*"
"""The pattern of valid names of settings: a parameter, or the path of a gated block."""


class Reference(NamedTuple):
    """A network as named on the command line."""

    network: str
    settings: Mapping[str, str]
    """What it states after the ``@``."""
    defaults: Mapping[str, str] = MappingProxyType({})
    """The settings of a name that stands for a spec at some settings."""


def reference(text: str) -> Reference:
    """``mobilenet_v1@alpha=0.5,res=160`` as a network and its settings.

    An existing path wins, whatever it contains.  A name of :func:`aliases` is
    replaced by the spec that it stands for, whose settings become defaults.

    Raises:
        SpecError: a setting is not ``name=value``, or is set twice.
    """
    network, at, tail = divided(text)
    if not at or os.path.exists(text):
        network, at, tail = text, "", ""
    settings = parse_settings(tail, text) if at else {}
    named = shipped_reference(_bare(network), aliases()) if _existing(network) is None else None
    return Reference(network, settings) if named is None else named._replace(settings=settings)


def shipped_reference(name: str, names: Mapping[str, str]) -> Reference | None:
    """The spec that ships under a name; None if there is none.

    Args:
        name: the name of a spec, or one of ``names``.
        names: those of :func:`aliases`; their settings become defaults.
    """
    spec, at, tail = names.get(name, name).partition("@")
    path = _shipped_file(spec)
    if path is None:
        return None
    return Reference(path, {}, parse_settings(tail, name) if at else {})


def divided(text: str) -> tuple[str, str, str]:
    """A reference before and after the ``@`` of its settings, whose values may have more of them.

    >>> divided("ofa_proxyless@device=tx2_gpu16@35ms")
    ('ofa_proxyless', '@', 'device=tx2_gpu16@35ms')
    """
    places = [at.start() for at in re.finditer(rf"@(?=\s*{SETTING}\s*=)", text)]
    if not places:
        return text.rpartition("@")
    return text[: places[-1]], "@", text[places[-1] + 1 :]


def is_standard_input(network: str) -> bool:
    """Whether a reference names a spec on standard input."""
    return network.partition("@")[0] in _STDIN


def locate(network: str) -> str:
    """The path of a network's spec.

    Raises:
        SpecError: there is no such spec.
    """
    path = _existing(network)
    if path is not None:
        return path
    if os.path.isdir(network):
        command = f"costcalc check {network}", f'costcalc.check("{network}")'
        hint = advice("{}, for every spec in it", Advice(*command))
        refuse(None, f"'{network}' is a folder", expected="a spec, which is a file", hint=hint)
    if os.path.exists(network):
        refuse(None, f"'{network}' is not a file to read", expected="a regular file")
    refuse_missing_file(network)
    refuse(
        None,
        f"there is no network '{network}'",
        expected=advice("the path of a spec, or a name that {}", listed_by("networks")),
        hint=_meant(network) or hint_of_network(_bare(network)) or _ELSEWHERE,
    )


def hint_of_network(name: str) -> str:
    """Which shipped networks a name may mean: one like it, or how to list those it is part of.

    >>> hint_of_network("mobilnet_v1")
    "did you mean 'mobilenet_v1'?"
    >>> hint_of_network("mobile")
    'costcalc networks --family mobile, for a family'
    """
    from costcalc.spec.family import FAMILIES

    word, names = name.lower(), shipped()
    if word in FAMILIES:
        return _listing("family", word, "a family")
    begin = [other for other in names if other.startswith(word)]
    if not begin and any(word in other for other in names):
        return _listing("search", name, "the networks with it in their names")
    return did_you_mean(word, begin or names)


def _listing(argument: str, word: str, what: str) -> Advice:
    command = f"costcalc networks --{argument} {word}", f'costcalc.networks({argument}="{word}")'
    return advice("{}, for {}", Advice(*command), what)


def refuse_missing_file(path: str) -> None:
    """Refuses what is written as the path of a spec, with a similar file in its folder.

    Raises:
        SpecError: it has the suffix of a file, or a folder.
    """
    folder, name = os.path.split(path)
    if not folder and not _FILE.fullmatch(name):
        return
    if folder and not os.path.isdir(folder):
        hint = "download the file: costcalc reads what is on this machine" if "://" in path else ""
        refuse(None, f"there is no folder '{folder}'", "the path of a spec", path, hint)
    try:
        files = os.listdir(folder or ".")
    except OSError:
        files = []
    # Names are compared without their suffixes, which would make any two similar.
    suffixes = {*_SUFFIXES[1:], os.path.splitext(name)[1]}
    specs = {os.path.splitext(file)[0]: file for file in files if file.endswith(tuple(suffixes))}
    hint = did_you_mean(os.path.splitext(name)[0], specs, specs.__getitem__)
    refuse(None, f"there is no file '{path}'", expected="the path of a spec", hint=hint)


def _meant(name: str) -> str:
    """What a name that is not a network's may mean: a layer, or a module."""
    from costcalc.kinds.lookup import kind_of

    if name.lower() in _BETWEEN:
        return f"without '{name}': costcalc compare takes networks one after another"
    kind = kind_of(name)
    if kind is not None:
        return f"costcalc kinds {kind.name}, for a layer"
    if re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){2,}", name):
        module, _, function = name.rpartition(".")
        return f"torch:{module}:{function}, for a PyTorch module"
    return ""


def is_network(text: str) -> bool:
    """Whether a reference leads to an existing spec."""
    return _existing(reference(text).network) is not None


def shipped() -> list[str]:
    """The names of the networks that ship with costcalc, including the aliases."""
    specs = (file for file in os.listdir(shipped_folder()) if file.endswith(".yaml"))
    return sorted({_bare(file) for file in specs if file != _NAMES} | aliases().keys())


def aliases() -> dict[str, str]:
    """Names that stand for a shipped spec at some settings: ``vgg11`` for ``vgg@configuration=A``.

    They are those of the file of names, and those of the rows of variants.

    Raises:
        SpecError: the file of names, or a spec, is malformed.
    """
    path = shipped_path(_bare(_NAMES))
    data = read_bytes(path, path)
    root = _stored(path, data) or named_variants(data, path)
    names = root.entries if isinstance(root, MapNode) else ()
    return {name.text: target.text for name, target in names if isinstance(target, Scalar)}


def named_variants(data: bytes, path: str) -> MapNode:
    """The names of a file, and those of the variants of all specs beside it.

    Raises:
        SpecError: one of the files is malformed.
    """
    from costcalc.spec.nodes import parse
    from costcalc.spec.variants import read_variants

    problems = Problems()
    root = parse(data, path, problems)
    names = [*root.entries] if isinstance(root, MapNode) else []
    for spec, text in specs_with_variants().items():
        top = parse(text, spec, problems)
        table = top.get("variants") if isinstance(top, MapNode) else None
        variants = read_variants(table, problems)
        for name, settings in variants.named() if variants is not None else ():
            target = f"{_bare(os.path.basename(spec))}@{settings}"
            names.append((Scalar(name.text, False, root.mark), Scalar(target, False, root.mark)))
    problems.raise_any()
    return MapNode(tuple(names), root.mark)


def specs_with_variants() -> dict[str, bytes]:
    """The shipped specs that have a table of variants: their texts, by path."""
    folder = shipped_folder()
    specs = (os.path.join(folder, file) for file in sorted(os.listdir(folder)))
    texts = {path: read_bytes(path, path) for path in specs if path.endswith(".yaml")}
    return {path: text for path, text in texts.items() if b"\nvariants:" in text}


def _existing(network: str) -> str | None:
    """The path of an existing spec: the given one, or one that ships."""
    if network in _STDIN:
        return STDIN
    if _OPEN_FILE.fullmatch(network) and os.path.exists(network):
        return network
    for suffix in _SUFFIXES:
        if os.path.isfile(network + suffix):
            return network + suffix
    return _shipped_file(_bare(network))


def _shipped_file(name: str) -> str | None:
    """The path of a shipped spec; None if there is none of that name."""
    path = shipped_path(name)
    is_name = re.fullmatch(r"[\w\-.]+", name) and f"{name}.yaml" != _NAMES
    return path if is_name and os.path.isfile(path) else None


def shipped_path(name: str) -> str:
    """The path of a shipped spec of that name, if there is one."""
    return os.path.join(shipped_folder(), f"{name}.yaml")


def _bare(network: str) -> str:
    return network.removesuffix(".yaml")


def parse_settings(tail: str, text: str) -> dict[str, str]:
    """The settings after the ``@`` of ``text``.

    Raises:
        SpecError: one is not ``name=value``, or is set twice.
    """
    settings: dict[str, str] = {}
    for part in tail.split(","):
        name, equals, value = (side.strip() for side in part.partition("="))
        if not equals or not re.fullmatch(SETTING, name.removeprefix("input:")) or "\n" in value:
            is_list = bool(settings) and not equals and part.strip() != ""
            refuse(
                None,
                f"'{part}' in '{text}' is not a setting",
                expected="name=value, as in @alpha=0.5,res=160",
                hint=sweep_for("several values") if is_list else "",
            )
        if settings.setdefault(name, value) != value:
            raise SpecError([set_twice(name, settings[name], f"{value} in '{text}'")])
    return settings


def set_twice(name: str, first: str, second: str) -> Problem:
    """The problem of two values for one setting, each with where it is set."""
    return Problem(
        None, f"'{name}' is set twice", expected="one value", found=f"{first} and {second}"
    )


def shipped_folder() -> str:
    """The folder of the shipped specs: inside the package, or beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "specs")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "specs")


def read_bytes(path: str, shown: str) -> bytes:
    """The bytes of a file, or of standard input, up to the size limit of a spec.

    Raises:
        SpecError: the file cannot be read.
    """
    if path == STDIN:
        return _standard_input()
    try:
        if not stat.S_ISREG(os.stat(path).st_mode) and not _OPEN_FILE.fullmatch(path):
            refuse(None, f"'{shown}' is not a file to read", expected="a regular file")
        with open(path, "rb") as file:
            return file.read(limits.FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        refuse(Mark(shown), f"cannot be read: {reason}")


def _standard_input() -> bytes:
    """The bytes of standard input, which can be read only once."""
    stream = sys.stdin
    if stream not in _READ:
        _READ[stream] = stream.buffer.read(limits.FILE_BYTES + 1)
    return _READ[stream]


_READ: WeakKeyDictionary[TextIO, bytes] = WeakKeyDictionary()


def read_shipped(path: str, problems: Problems) -> Node:
    """The nodes of a YAML file that ships, as they are stored beside it if they are."""
    data = read_bytes(path, path)
    root = _stored(path, data)
    if root is not None:
        return root
    # The YAML reader takes time to load, and models of frameworks do not need it.
    from costcalc.spec.nodes import parse

    return parse(data, path, problems)


def _stored(path: str, data: bytes) -> Node | None:
    """The nodes of a YAML file that are stored beside it; None if it has changed since."""
    stored = path.removesuffix(".yaml") + ".json"
    if not os.path.isfile(stored):
        return None
    return read_stored(read_bytes(stored, stored), data, path)


@cache
def shipped_blocks() -> Mapping[str, str]:
    """The library of each shipped block, for hints; of several, the first by alphabet."""
    from costcalc.spec.nodes import parse

    folder = os.path.join(shipped_folder(), "blocks")
    blocks: dict[str, str] = {}
    for file in sorted(os.listdir(folder)):
        path = os.path.join(folder, file)
        root = parse(read_bytes(path, path), path, Problems())
        own = root.get("blocks") if isinstance(root, MapNode) else None
        for key, _ in own.entries if isinstance(own, MapNode) else ():
            blocks.setdefault(key.text, _bare(file))
    return MappingProxyType(blocks)


def block_finder(spec: str) -> FindBlocks:
    """Finds libraries of blocks in ``blocks/`` beside a spec, then among the shipped ones."""

    def find(name: str) -> tuple[str, bytes] | None:
        for folder in (os.path.dirname(os.path.abspath(spec)), shipped_folder()):
            path = os.path.join(folder, "blocks", f"{name}.yaml")
            inside = os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)
            if inside and os.path.isfile(path):
                return os.path.relpath(path) if folder != shipped_folder() else path, read_bytes(
                    path, path
                )
        return None

    return find
