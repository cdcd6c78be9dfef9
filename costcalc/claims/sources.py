"""Collects what ``costcalc check`` is to check: files, folders, papers, networks, everything."""

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
    """The claims of the named files, folders, papers and networks; of all that ship by default.

    Raises:
        SpecError: with the problems of every file and every unknown name.
    """
    files: dict[str, ClaimsFile] = {}
    problems: list[Problem] = []
    for path in paths or (shipped_folder(),):
        try:
            own = path if isinstance(path, str) else networks.document(path).file
            for file in _files(own, networks):
                place = os.path.realpath(file.path)
                files[place] = _merged(files[place], file) if place in files else file
        except CostcalcError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return list(files.values())


def bounded(
    paths: Sequence[str | ClaimedNetwork], bounds: Sequence[tuple[str, Figure]], networks: Networks
) -> list[ClaimsFile]:
    """The bounds of the command line on the named networks, and their specs' own claims.

    A folder means the specs in it; its claims files are checked as well.

    Raises:
        SpecError: no network is named, or a name is unknown.
    """
    files: list[ClaimsFile] = []
    count = 0
    for path in paths:
        claims_files: Sequence[ClaimsFile | None] = [None]
        if isinstance(path, str) and os.path.exists(path) and importer(path) is None:
            claims_files = _files(path, networks)
        for own in claims_files:
            if own is not None and own.spec is None:
                files.append(own)
                continue
            count += 1
            files.append(_bound(own.path if own else path, own, bounds, networks))
    if not count:
        message = "a bound needs a network, and none is named"
        refuse(None, message, hint="costcalc check mynet.yaml --max-params 5M")
    return files


def _bound(
    path: str | ClaimedNetwork,
    own: ClaimsFile | None,
    bounds: Sequence[tuple[str, Figure]],
    networks: Networks,
) -> ClaimsFile:
    """The bounds on a network, followed by its spec's own claims."""
    network = networks.named(path) if isinstance(path, str) else path
    path = path if isinstance(path, str) else network.name
    claims = [
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
    ]
    table = PaperTable.of("", "bounds of the command line", claims)
    return ClaimsFile(path, path, {}, (table, *(own.tables if own else ())))


def bounds(limits: Mapping[str, float | Fraction | str | None]) -> list[tuple[str, Figure]]:
    """Bounds as figures, by metric; None means no bound.

    Raises:
        SpecError: one is not a number with a unit.
    """
    figures = []
    problems = Problems()
    for metric, limit in limits.items():
        if limit is None:
            continue
        text = f"{limit:.0f}" if isinstance(limit, float) and limit.is_integer() else str(limit)
        try:
            figures.append((metric, parse(f"<= {text}")))
        except ExpressionError:
            option = f"--max-{metric.replace('_', '-')}"
            problems.add(None, f"{option} {text} is not a bound", "a number, as in 600M or 5M")
    problems.raise_any()
    return figures


def shipped_folder() -> str:
    """The folder of the claims that ship."""
    return os.path.join(library.shipped_folder(), "claims")


def papers() -> dict[str, str]:
    """The files of the papers whose figures ship, by name."""
    folder = shipped_folder()
    return {
        file.removesuffix(".yaml"): os.path.join(folder, file)
        for file in sorted(os.listdir(folder))
        if file.endswith(".yaml")
    }


def _files(path: str, networks: Networks) -> list[ClaimsFile]:
    """The claims files that an argument of the command line means."""
    if os.path.isdir(path):
        inside = _read(_yaml_files(path), networks)
        if not inside:
            message = "this folder contains no claims and no specs"
            expected = "a file that ends in .yaml, with 'claims:' or 'layers:'"
            refuse(Mark(path), message, expected=expected)
        return inside
    if importer(path) is not None:
        message = f"'{path}' is a model, which has no claims of its own"
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


def _merged(one: ClaimsFile, other: ClaimsFile) -> ClaimsFile:
    """The claims that two arguments select from the same file, in the order of its lines."""
    tables: dict[tuple[str, str], PaperTable] = {}
    for table in (*one.tables, *other.tables):
        first = tables.get((table.table, table.title), table)
        claims = {claim.id: claim for claim in (*first.claims, *table.claims)}
        in_order = tuple(sorted(claims.values(), key=_place))
        tables[table.table, table.title] = first._replace(claims=in_order)
    in_file = sorted(
        tables.values(), key=lambda table: min(map(_place, table.claims), default=(0, 0))
    )
    return one._replace(
        tables=tuple(in_file),
        undetermined=one.undetermined or other.undetermined,
    )


def _place(claim: Claim) -> tuple[int, int]:
    return claim.mark.line, claim.mark.column


def _read(paths: Sequence[str], networks: Networks) -> list[ClaimsFile]:
    """The claims files and specs among the files."""
    files = (reader.read(path, networks) for path in paths)
    return [file for file in files if file is not None]


def _about(
    path: str, files: list[ClaimsFile], shipped: dict[str, str], networks: Networks
) -> list[ClaimsFile]:
    """The claims of all papers about a network."""
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
            claims = tuple(claim for claim in table.claims if _is_about(claim, network))
            if claims:
                tables.append(table._replace(claims=claims))
        if tables:
            kept.append(file._replace(tables=tuple(tables), undetermined=()))
    return kept


def _is_about(claim: Claim, network: ClaimedNetwork) -> bool:
    settings = set(network.settings)
    return any(
        claimed.path == network.path and settings <= set(claimed.settings)
        for claimed in claim.quantity.subject.networks
    )


def _yaml_files(folder: str) -> list[str]:
    """The YAML files in a folder, except hidden ones and libraries of blocks."""
    paths = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name != "blocks")
        named = (name for name in sorted(files) if name[0] != "." and name.endswith(_SUFFIXES))
        paths += [os.path.join(parent, name) for name in named]
    return paths
