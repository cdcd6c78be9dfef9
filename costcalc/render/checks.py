"""What was checked for machines: JSON, JUnit's XML, GitHub's annotations."""

from __future__ import annotations

import os
from typing import Any

from costcalc.claims.check import Checked, CheckedFile
from costcalc.claims.claim import Claim
from costcalc.claims.page import source
from costcalc.claims.verdict import Result
from costcalc.render.json import dumps, number
from costcalc.reporting.figures import printable
from costcalc.reporting.report import FORMAT_VERSION


def json(checked: Checked) -> str:
    """Every claim as an object, and how many have each verdict."""
    claims = [_object(file, result) for file, result in _all(checked)]
    undetermined = [
        {
            "id": each.id,
            "source": source(file.file, each.table),
            "printed": each.printed,
            "reason": each.reason,
        }
        for file in checked.files
        for each in file.file.undetermined
    ]
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "claims": claims,
            "undetermined": undetermined,
            "summary": checked.summary,
        }
    )


def junit(checked: Checked) -> str:
    """A test suite for each file, a test case for each claim."""
    from xml.sax.saxutils import escape, quoteattr  # loads urllib, which nothing else needs

    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<testsuites>"]
    for file in checked.files:
        results = [result for table in file.tables for result in table.results]
        failures = sum(not result.holds for result in results)
        name = quoteattr(printable(file.file.title))
        lines.append(f'  <testsuite name={name} tests="{len(results)}" failures="{failures}">')
        for result in results:
            claim = result.claim
            attributes = (
                f"name={quoteattr(printable(title(claim)))} classname={name} "
                f'file={quoteattr(printable(claim.mark.file))} line="{claim.mark.line}"'
            )
            if result.holds:
                lines.append(f"    <testcase {attributes}/>")
                continue
            message = printable(failure(result))
            lines += [
                f"    <testcase {attributes}>",
                f"      <failure message={quoteattr(message)}>{escape(message)}</failure>",
                "    </testcase>",
            ]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def github(checked: Checked) -> str:
    """An annotation for each claim that does not hold, at its line."""
    return "".join(_annotation(result) for _, result in _all(checked) if not result.holds)


def title(claim: Claim) -> str:
    """A claim in a few words: ``Table 6, 0.5 MobileNet-224, Mult-Adds``."""
    return ", ".join(filter(None, (claim.table, claim.row, claim.column)))


def failure(result: Result) -> str:
    """What is printed, what is computed, and the best explanation."""
    claim = result.claim
    said = "claims" if claim.figure.bound else "prints"
    words = f"{title(claim)}: {said} {claim.figure.text}, computed {result.shown}"
    return f"{words}; {result.explanation}" if result.explanation else words


def _annotation(result: Result) -> str:
    mark = result.claim.mark
    place = {"file": _from_here(mark.file), "line": mark.line or 1, "col": mark.column or 1}
    title_ = {"title": f"costcalc: {result.claim.id}"}
    properties = ",".join(
        f"{name}={_escaped(str(value), ',:')}" for name, value in {**place, **title_}.items()
    )
    return f"::error {properties}::{_escaped(failure(result))}\n"


def _from_here(file: str) -> str:
    """The path as a workflow knows it: from the folder that it runs in, where it is below."""
    path = os.path.relpath(file)
    return file if path.startswith(os.pardir) else path


def _escaped(text: str, more: str = "") -> str:
    """Text as workflow commands have it: per cent, line ends and separators escaped."""
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _all(checked: Checked) -> list[tuple[CheckedFile, Result]]:
    return [
        (file, result)
        for file in checked.files
        for table in file.tables
        for result in table.results
    ]


def _object(file: CheckedFile, result: Result) -> dict[str, Any]:
    claim = result.claim
    computed = result.computed
    return {
        "id": claim.id,
        "source": source(file.file, claim.table),
        "network": " + ".join(network.name for network in claim.quantity.subject.networks),
        "parameters": {name: number(value) for name, value in result.parameters.items()},
        "metric": claim.quantity.metric,
        "printed": claim.figure.text,
        "computed": computed.numerator if computed.denominator == 1 else float(computed),
        "verdict": result.verdict,
        "explanation": result.explanation,
        "row": claim.row,
        "file": claim.mark.file,
        "line": claim.mark.line,
    }
