"""What ``costcalc check`` is asked for: files, folders, a paper's name, a network's, everything."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from fractions import Fraction

from costcalc.claims import reader
from costcalc.claims.claim import (
    Claim,
    ClaimedNetwork,
    ClaimsFile,
    Counting,
    PaperTable,
    Quantity,
    Subject,
)
from costcalc.claims.measure import title
from costcalc.claims.networks import Networks
from costcalc.errors import CostcalcError, Mark, Problem, Problems, SpecError, did_you_mean, refuse
from costcalc.importers import importer
from costcalc.reporting.printed import Figure, parse
from costcalc.spec import library
from costcalc.spec.numbers import ExpressionError

_SUFFIXES = (".yaml", ".yml")


def collect(paths: Sequence[str | ClaimedNetwork], networks: Networks) -> list[ClaimsFile]:
    """The claims of everything that is named; of all that ship where nothing is.

    Raises:
        SpecError: with the problems of every file, or of a name that means nothing.
    """
    files: dict[str, ClaimsFile] = {}
    problems: list[Problem] = []
    for path in paths or (shipped_folder(),):
        try:
            for file in _found(_place_of(path, networks), networks):
                place = os.path.realpath(file.path)
                files[place] = _joined(files[place], file) if place in files else file
        except CostcalcError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return list(files.values())


def bounded(
    paths: Sequence[str | ClaimedNetwork], bounds: Sequence[tuple[str, Figure]], networks: Networks
) -> list[ClaimsFile]:
    """Bounds that the command line sets on networks, and what their specs claim themselves.

    A folder stands for the specs in it; its claims files are checked beside them.

    Raises:
        SpecError: no network is named, or a name means none.
    """
    files: list[ClaimsFile] = []
    bound = 0
    for path in paths:
        claims_files: Sequence[ClaimsFile | None] = [None]
        if isinstance(path, str) and os.path.exists(path) and importer(path) is None:
            claims_files = _found(path, networks)
        for own in claims_files:
            if own is not None and own.spec is None:
                files.append(own)
                continue
            bound += 1
            files.append(_bound(own.path if own else path, own, bounds, networks))
    if not bound:
        message = "a bound holds for a network, and none is named"
        refuse(None, message, hint="costcalc check mynet.yaml --max-params 5M")
    return files


def _bound(
    path: str | ClaimedNetwork,
    own: ClaimsFile | None,
    bounds: Sequence[tuple[str, Figure]],
    networks: Networks,
) -> ClaimsFile:
    """The bounds of one network, then what its spec claims itself."""
    network = networks.named(path) if isinstance(path, str) else path
    path = path if isinstance(path, str) else network.name
    claims = tuple(
        Claim(
            id=f"{path}:{metric}",
            mark=Mark(network.path),
            table="",
            row=path,
            column=title(metric),
            figure=figure,
            quantity=Quantity(metric, Subject((network,)), Counting(networks.convention)),
        )
        for metric, figure in bounds
    )
    heads = tuple(claim.column for claim in claims)
    table = PaperTable("", "bounds of the command line", heads, claims)
    return ClaimsFile(path, path, {}, (table, *(own.tables if own else ())))


def bounds(limits: Mapping[str, float | Fraction | str | None]) -> list[tuple[str, Figure]]:
    """Bounds on networks as figures, by metric; None means no bound.

    Raises:
        SpecError: one is not a number with a unit.
    """
    found = []
    problems = Problems()
    for metric, most in limits.items():
        if most is None:
            continue
        text = f"{most:.0f}" if isinstance(most, float) and most.is_integer() else str(most)
        try:
            found.append((metric, parse(f"<= {text}")))
        except ExpressionError:
            option = f"--max-{metric.replace('_', '-')}"
            problems.add(None, f"{option} {text} is not a bound", "a number, as in 600M or 5M")
    problems.raise_any()
    return found


def _place_of(path: str | ClaimedNetwork, networks: Networks) -> str:
    """What is read for the claims of a subject: of an open network, its spec."""
    return path if isinstance(path, str) else networks.document(path).file


def shipped_folder() -> str:
    """The folder of the claims that ship, beside the specs."""
    return os.path.join(library.shipped_folder(), "claims")


def papers() -> dict[str, str]:
    """The papers whose figures ship, each name with its file."""
    folder = shipped_folder()
    return {
        file.removesuffix(".yaml"): os.path.join(folder, file)
        for file in sorted(os.listdir(folder))
        if file.endswith(".yaml")
    }


def _found(path: str, networks: Networks) -> list[ClaimsFile]:
    """The claims files that one word of the command line means."""
    if os.path.isdir(path):
        inside = _read(_inside(path), networks)
        if not inside:
            message = "no claims and no specs are in this folder"
            hint = "a file that ends in .yaml, with 'claims:' or 'layers:'"
            refuse(Mark(path), message, expected=hint)
        return inside
    if importer(path) is not None:
        message = f"'{path}' is a model, and makes no claims itself"
        hint = f"costcalc check {path} --max-params 5M, or a claims file that names it"
        refuse(None, message, expected="claims", hint=hint)
    if os.path.isfile(path):
        file = reader.read(path, networks)
        if file is None:
            refuse(
                Mark(path),
                "this is neither a claims file nor a spec",
                expected="'tables:' or 'claims:', or 'layers:'",
            )
        return [file]
    shipped = papers()
    if path in shipped:
        return _read([shipped[path]], networks)
    files = _read(list(shipped.values()), networks)
    of_paper = [file for file in files if path and path in (file.title, file.source.get("arxiv"))]
    return of_paper or _about(path, files, shipped, networks)


def _joined(one: ClaimsFile, other: ClaimsFile) -> ClaimsFile:
    """What two words of the command line mean of one file, in the order of its lines."""
    tables: dict[tuple[str, str], PaperTable] = {}
    for table in (*one.tables, *other.tables):
        known = tables.get((table.table, table.title), table)
        claims = {claim.id: claim for claim in (*known.claims, *table.claims)}
        in_order = tuple(sorted(claims.values(), key=_place))
        tables[table.table, table.title] = known._replace(claims=in_order)
    return one._replace(
        tables=tuple(
            sorted(
                tables.values(), key=lambda table: min(map(_place, table.claims), default=(0, 0))
            )
        ),
        undetermined=one.undetermined or other.undetermined,
    )


def _place(claim: Claim) -> tuple[int, int]:
    return claim.mark.line, claim.mark.column


def _read(paths: Sequence[str], networks: Networks) -> list[ClaimsFile]:
    """The files that make claims, or are specs and could."""
    found = (reader.read(path, networks) for path in paths)
    return [file for file in found if file is not None]


def _about(
    path: str, files: list[ClaimsFile], shipped: dict[str, str], networks: Networks
) -> list[ClaimsFile]:
    """What all papers print about one network."""
    if path not in library.shipped():
        known = [*shipped, *library.shipped()]
        refuse(
            None,
            f"there is nothing to check called '{path}'",
            expected="a path, or one of the papers " + ", ".join(shipped),
            hint=did_you_mean(path, known),
        )
    network = networks.named(path)
    kept = []
    for file in files:
        tables = []
        for table in file.tables:
            claims = tuple(claim for claim in table.claims if _speaks_of(claim, network))
            if claims:
                tables.append(table._replace(claims=claims))
        if tables:
            kept.append(file._replace(tables=tuple(tables), undetermined=()))
    return kept


def _speaks_of(claim: Claim, network: ClaimedNetwork) -> bool:
    asked = set(network.settings)
    return any(
        each.path == network.path and asked <= set(each.settings)
        for each in claim.quantity.subject.networks
    )


def _inside(folder: str) -> list[str]:
    """The YAML files in a folder, hidden ones and libraries of blocks aside."""
    paths = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name != "blocks")
        named = (name for name in sorted(files) if name[0] != "." and name.endswith(_SUFFIXES))
        paths += [os.path.join(parent, name) for name in named]
    return paths
