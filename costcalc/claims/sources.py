"""Collects what ``costcalc check`` is to check: files, folders, papers, networks."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import chain

from costcalc import metrics
from costcalc.advice import Advice, advice
from costcalc.claims import reader
from costcalc.claims.claim import (
    Claim,
    ClaimedNetwork,
    ClaimsFile,
    PaperTable,
    Quantity,
    Subject,
)
from costcalc.claims.measure import title
from costcalc.claims.networks import Networks
from costcalc.errors import CostcalcError, Mark, Problem, Problems, SpecError, did_you_mean, refuse
from costcalc.importers import importer, refuse_foreign
from costcalc.reporting.printed import Figure, parse
from costcalc.spec import library
from costcalc.spec.numbers import ExpressionError

_SUFFIXES = (".yaml", ".yml")
_ARXIV = re.compile(r"arxiv:|https?://arxiv\.org/(?:abs|pdf)/", re.IGNORECASE)
"""What people write before the number of a paper."""
_BOUNDS = "bounds of the command line"
"""The title of the table of bounds."""

_FOLDER = Advice(
    "costcalc check FOLDER, which includes its subfolders",
    "costcalc.check(folder), which includes its subfolders",
)
_SHIPPED = Advice(
    "costcalc check --shipped, for the papers whose figures ship",
    "costcalc.check(shipped=True), for the papers whose figures ship",
)


def collect(
    paths: Sequence[str | ClaimedNetwork],
    networks: Networks,
    bounds: Sequence[tuple[str, Figure]] = (),
    *,
    shipped: bool = False,
) -> list[ClaimsFile]:
    """The claims of the named files, folders, papers and networks, and of those that ship.

    Without paths, and without ``shipped``, those of the current folder, but not of its
    subfolders.  Bounds apply to every named network and to every spec in a folder.

    Raises:
        SpecError: with the problems of every file and every unknown name; or there are
            bounds, and no network is named.
    """
    groups = [partial(_named, path, bounds, networks) for path in paths]
    if shipped:
        groups.append(partial(_of_papers, papers().values(), networks))
    if not groups:
        groups.append(partial(_named, None, bounds, networks))
    files: dict[str, ClaimsFile] = {}
    problems: list[Problem] = []
    for group in groups:
        try:
            for file in group():
                place = os.path.realpath(file.path)
                files[place] = _merged(files[place], file) if place in files else file
        except CostcalcError as error:
            problems += error.problems
    if problems:
        raise SpecError(list(dict.fromkeys(problems)))
    if bounds and not any(
        table.title == _BOUNDS for file in files.values() for table in file.tables
    ):
        message = "a bound needs a network, and none is named"
        refuse(None, message, hint=_bounded("mynet.yaml"))
    return list(files.values())


def find_claim(id_: str, files: Sequence[ClaimsFile]) -> tuple[Claim, tuple[Claim, ...]]:
    """The claim of an id, and the others of its column.

    Raises:
        SpecError: there is no such claim.
    """
    found = {
        claim.id: (claim, table)
        for file in files
        for table in file.tables
        for claim in table.claims
    }
    if id_ not in found:
        expected = Advice(
            "one that check lists: --format json", "one that check() lists: .to_json()"
        )
        refuse(None, f"there is no claim '{id_}'", expected, hint=did_you_mean(id_, found))
    claim, table = found[id_]
    others = (other for other in table.claims if other.column == claim.column and other != claim)
    return claim, tuple(others)


def _named(
    path: str | ClaimedNetwork | None, bounds: Sequence[tuple[str, Figure]], networks: Networks
) -> list[ClaimsFile]:
    """The claims that one argument means, with the bounds on its networks; None: this folder's."""
    if bounds and path is not None and not _is_own_file(path):
        return [_bound(path, None, bounds, networks)]
    if path is None:
        files = _in_folder(os.curdir, networks, is_deep=False)
    else:
        files = _files(path if isinstance(path, str) else networks.document(path).file, networks)
    if not bounds:
        return files
    return [_bound(file.path, file, bounds, networks) if file.spec else file for file in files]


def _bounded(path: str) -> Advice:
    """How to check a network against a bound."""
    return Advice(
        f"costcalc check {path} --max-params 5M", f'costcalc.check("{path}", max_params="5M")'
    )


def _is_own_file(path: str | ClaimedNetwork) -> bool:
    """Whether an argument is the path of a folder, a spec or a claims file: not of a model."""
    if not isinstance(path, str) or importer(path) is not None:
        return False
    return os.path.exists(path) or library.is_standard_input(path)


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
            quantity=Quantity(metric, Subject((network,)), networks.default),
        )
        for metric, figure in bounds
    ]
    table = PaperTable.of("", _BOUNDS, claims)
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
            most = metrics.limit(metric, text)
        except SpecError as error:
            for problem in error.problems:
                problems.note(problem)
            continue
        figure = Figure(f"<= {text}", "<=", Fraction(most or 0), 0, "")
        try:
            parsed = parse(f"<= {text.strip()}")
        except ExpressionError:  # no way to print a figure, such as 1e10 or 1/3
            parsed = figure
        is_same = parsed.number * parsed.scale == most  # 512 B is 512 bytes, not billions
        figures.append((metric, parsed if is_same else figure))
    problems.raise_any()
    return figures


def shipped_folder() -> str:
    """The folder of the claims that ship."""
    return os.path.join(library.shipped_folder(), "claims")


def papers() -> dict[str, tuple[str, ...]]:
    """The files of the papers whose figures ship, by name: claims, and specs with variants."""
    folder = shipped_folder()
    files = {
        name.removesuffix(".yaml"): (os.path.join(folder, name),)
        for name in os.listdir(folder)
        if name.endswith(".yaml")
    }
    for spec in library.specs_with_variants():
        name = os.path.basename(spec).removesuffix(".yaml")
        files[name] = (*files.get(name, ()), spec)
    return dict(sorted(files.items()))


def _files(path: str, networks: Networks) -> list[ClaimsFile]:
    """The claims files that an argument of the command line means."""
    if os.path.isdir(path):
        return _in_folder(path, networks, is_deep=True)
    if importer(path) is not None:
        message = f"'{path}' is a model, which has no claims of its own"
        hint = advice("{}, or a claims file that names it", _bounded(path))
        refuse(None, message, expected="claims", hint=hint)
    if library.is_standard_input(path):
        path = library.STDIN
    if os.path.isfile(path) or path == library.STDIN:
        refuse_foreign(path)
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
        return _of_papers([shipped[path]], networks)
    files = _of_papers(shipped.values(), networks)
    name = _ARXIV.sub("", path)
    of_paper = [file for file in files if name and name in (file.title, file.source.get("arxiv"))]
    return of_paper or _about(path, files, shipped, networks)


def _in_folder(folder: str, networks: Networks, *, is_deep: bool) -> list[ClaimsFile]:
    """The claims files and specs in a folder, and in its subfolders if ``is_deep``.

    Raises:
        SpecError: one of them is wrong, or there are none.
    """
    files = _read(_yaml_files(folder, is_deep), networks, is_named=False)
    if not files:
        refuse(
            Mark(folder) if is_deep else None,
            f"{'this' if is_deep else 'the current'} folder contains no claims and no specs",
            expected="a file that ends in .yaml, with 'claims:' or 'layers:'",
            hint=_SHIPPED if is_deep else advice("{}; or {}", _FOLDER, _SHIPPED),
        )
    return files


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


def _read(paths: Sequence[str], networks: Networks, *, is_named: bool = True) -> list[ClaimsFile]:
    """The claims files and specs among the files.

    Raises:
        SpecError: with the problems of every file.
    """
    files = []
    problems: list[Problem] = []
    for path in paths:
        try:
            file = reader.read(path, networks, is_named=is_named)
        except CostcalcError as error:
            problems += error.problems
        else:
            files += [file] if file is not None else []
    if problems:
        raise SpecError(problems)
    return files


def _of_papers(papers: Iterable[Sequence[str]], networks: Networks) -> list[ClaimsFile]:
    """The figures of papers; a spec whose variants print none has none.

    Raises:
        SpecError: with the problems of every file.
    """
    files = _read([*chain(*papers)], networks)
    return [file for file in files if file.tables or file.undetermined]


def _about(
    path: str, files: list[ClaimsFile], shipped: Collection[str], networks: Networks
) -> list[ClaimsFile]:
    """The claims of all papers about a network."""
    if path not in library.shipped():
        library.refuse_missing_file(path)
        known = [*shipped, *library.shipped(), *(file.title for file in files)]
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


def _yaml_files(folder: str, is_deep: bool) -> list[str]:
    """The YAML files in a folder, except hidden ones and libraries of blocks."""
    paths = []
    for parent, folders, files in os.walk(folder):
        named = (name for name in sorted(files) if name[0] != "." and name.endswith(_SUFFIXES))
        paths += [os.path.normpath(os.path.join(parent, name)) for name in named]
        inside = sorted(name for name in folders if name[0] != "." and name != "blocks")
        folders[:] = inside if is_deep else []
    return paths
