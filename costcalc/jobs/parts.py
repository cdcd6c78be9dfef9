"""A folder of Parquet files, the parts of one result, each written whole or not at all.

    folder/_costcalc.json         what the parts are of, and whether all are there
    folder/part-0000000.parquet   the rows of the first unit, and facts about them
    folder/.part-0000000...       a part that is being written, or was when its writer was lost

A part that is there is done: whatever interrupts the work, and however often a unit is
done, none is lost and none is there twice.  Readers of Parquet skip files whose names
begin with ``_`` or ``.``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NoReturn
from uuid import uuid4

from costcalc.errors import Mark, reason, refuse
from costcalc.records import NamedTuple
from costcalc.render.stream import Columns, read_facts, write_parquet

MANIFEST = "_costcalc.json"
"""The file that says what the parts are of."""

_LONGEST = 2**20
"""Characters of a manifest that are read; it has a few hundred."""

_PARTIAL = re.compile(r"\.part-\d+\.parquet\.[0-9a-f]{32}")


class PartFolder(NamedTuple):
    """Where the parts of a result are, as any process that sees the folder knows it."""

    path: str
    """Absolute, for the workers."""
    of: str
    """A digest of everything that determines the rows and their parts."""

    def begin(self, about: Mapping[str, Any]) -> None:
        """Makes the folder, or checks that it holds parts of the same.

        Args:
            about: what the parts are of, for people.

        Raises:
            SpecError: it holds something else, or cannot be written.
        """
        with _readable(self.path):
            os.makedirs(self.path, exist_ok=True)
            manifest = self._manifest()
            if manifest is not None:
                if manifest.get("of") != self.of:
                    self._refuse_other(about, manifest.get("about"))
                return
            with os.scandir(self.path) as entries:
                if any(True for _ in entries):
                    message = f"is not empty, and has no {MANIFEST}"
                    refuse(Mark(self.path), message, "a new folder, or one that was begun")
            self._write_manifest({"of": self.of, "about": about, "is_complete": False})

    def end(self, about: Mapping[str, Any], totals: Mapping[str, Any]) -> None:
        """States that all parts are there, and removes what lost writers left.

        Raises:
            SpecError: the folder cannot be written.
        """
        with _readable(self.path):
            with os.scandir(self.path) as entries:
                left = [entry.path for entry in entries if _PARTIAL.fullmatch(entry.name)]
            for path in left:
                _removed(path)
            stated = {"of": self.of, "about": about, "is_complete": True}
            self._write_manifest({**stated, **totals})

    def facts(self, number: int) -> Mapping[str, Any] | None:
        """What a part says of its rows; None if it is not there, or not whole.

        Raises:
            SpecError: pyarrow is not installed, or the part cannot be read.
        """
        path = self._part(number)
        if not os.path.exists(path):
            return None
        with _readable(path):
            facts = read_facts(path)
        return facts if facts is not None and facts.get("of") == self.of else None

    def write(
        self,
        number: int,
        kinds: Mapping[str, str],
        batches: Iterable[Columns],
        facts: Mapping[str, Any],
    ) -> None:
        """Writes a part; the arguments are those of :func:`.stream.write_parquet`.

        Raises:
            SpecError: it cannot be written; or this process does not see the folder.
        """
        path = self._part(number)
        partial = os.path.join(self.path, f".{os.path.basename(path)}.{uuid4().hex}")
        with _readable(self.path):
            manifest = self._manifest()
            if manifest is None or manifest.get("of") != self.of:
                refuse(
                    Mark(self.path),
                    "a worker does not see this folder",
                    "a folder that all workers share, under one path",
                )
            try:
                write_parquet(partial, kinds, batches, {"of": self.of, **facts})
                _put(partial, path)
            finally:
                _removed(partial)

    def _refuse_other(self, wanted: Mapping[str, Any], found: Any) -> NoReturn:
        found = found if isinstance(found, dict) else {}
        different = [name for name in wanted if wanted[name] != found.get(name)]
        refuse(
            Mark(self.path),
            "holds the parts of something else",
            "; ".join(f"{name}: {_shown(wanted[name])}" for name in different)
            or "parts of the network as it is now",
            "; ".join(f"{name}: {_shown(found.get(name))}" for name in different)
            or "parts of the network as it was, or of other values of the same parameters",
            hint="a new folder",
        )

    def _part(self, number: int) -> str:
        return os.path.join(self.path, f"part-{number:07}.parquet")

    def _manifest(self) -> dict[str, Any] | None:
        try:
            with open(os.path.join(self.path, MANIFEST), encoding="utf-8") as file:
                return dict(json.loads(file.read(_LONGEST)))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, RecursionError):
            refuse(Mark(os.path.join(self.path, MANIFEST)), "is no manifest of parts")

    def _write_manifest(self, manifest: Mapping[str, Any]) -> None:
        partial = os.path.join(self.path, f".{MANIFEST}.{uuid4().hex}")
        try:
            with open(partial, "x", encoding="utf-8") as file:
                json.dump(manifest, file, indent=1)
                file.write("\n")
            _put(partial, os.path.join(self.path, MANIFEST))
        finally:
            _removed(partial)


@contextmanager
def _readable(path: str) -> Iterator[None]:
    """Refuses with the path where the file system raises an error.

    Raises:
        SpecError: there was one.
    """
    try:
        yield
    except OSError as error:
        refuse(
            Mark(path),
            f"cannot be written: {reason(error)}",
            hint="the same command again, once it can be: parts that are there are kept",
        )


def _put(partial: str, path: str) -> None:
    """Moves a file that is complete, and on the disk, to its place."""
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(partial, path)


def _removed(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " × ".join(f"{size} {name}" for name, size in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "none")
