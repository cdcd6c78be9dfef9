"""Where specs are: a path, or the name of one that ships with costcalc."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from costcalc.errors import Mark, Problem, SpecError, did_you_mean
from costcalc.spec import limits
from costcalc.spec.reader import FindBlocks

_SUFFIXES = ("", ".yaml", ".yml")
_SETTING = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*")


class Reference(NamedTuple):
    """A network as the command line names it."""

    network: str
    settings: Mapping[str, str]


def reference(text: str) -> Reference:
    """``mobilenet_v1@alpha=0.5,res=160`` as a network and its settings.

    An existing path wins, whatever it contains.

    Raises:
        SpecError: a setting is not ``name=value``.
    """
    network, at, tail = text.rpartition("@")
    if not at or os.path.exists(text):
        return Reference(text, {})
    settings = {}
    for part in tail.split(","):
        match = _SETTING.fullmatch(part)
        if match is None:
            raise _wrong(
                f"'{part}' in '{text}' is not a setting",
                expected="name=value, as in @alpha=0.5,res=160",
            )
        settings[match[1]] = match[2]
    return Reference(network, settings)


def locate(network: str) -> str:
    """The path of a network's spec.

    Raises:
        SpecError: there is none.
    """
    for suffix in _SUFFIXES:
        if os.path.isfile(network + suffix):
            return network + suffix
    name = network.removesuffix(".yaml")
    shipped_path = os.path.join(shipped_folder(), f"{name}.yaml")
    if re.fullmatch(r"[\w\-.]+", name) and os.path.isfile(shipped_path):
        return shipped_path
    if os.path.isdir(network):
        raise _wrong(f"'{network}' is a folder", expected="a spec, which is a file")
    raise _wrong(
        f"there is no network '{network}'",
        expected="the path of a spec, or one of " + ", ".join(shipped()),
        hint=did_you_mean(name, shipped()),
    )


def shipped() -> list[str]:
    """The names of the networks that ship with costcalc."""
    files = os.listdir(shipped_folder())
    return sorted(file[: -len(".yaml")] for file in files if file.endswith(".yaml"))


def shipped_folder() -> str:
    """The folder of the shipped specs: inside the package, or beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "specs")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "specs")


def read_bytes(path: str, shown: str) -> bytes:
    """The file's bytes, no more of them than a spec may have.

    Raises:
        SpecError: the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read(limits.FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError([Problem(Mark(shown), f"cannot be read: {reason}")]) from None


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


def _wrong(message: str, expected: str = "", hint: str = "") -> SpecError:
    return SpecError([Problem(None, message, expected=expected, hint=hint)])
