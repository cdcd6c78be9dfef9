"""The results of a check as JUnit XML, which CI servers read."""

from __future__ import annotations

from costcalc.claims.check import Checked
from costcalc.escaping import printable


def answer(checked: Checked) -> str:
    """One test suite per file, one test case per claim."""
    from xml.sax.saxutils import escape, quoteattr  # loads urllib, which nothing else uses

    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<testsuites>"]
    for file in checked.files:
        results = [result for table in file.tables for result in table.results]
        failures = sum(not result.holds for result in results)
        name = quoteattr(printable(file.file.title))
        lines.append(f'  <testsuite name={name} tests="{len(results)}" failures="{failures}">')
        for result in results:
            claim = result.claim
            attributes = (
                f"name={quoteattr(printable(f'{claim.id}, {claim.title}'))} classname={name} "
                f'file={quoteattr(printable(claim.location.file))} line="{claim.location.line}"'
            )
            if result.holds:
                lines.append(f"    <testcase {attributes}/>")
                continue
            message = printable(result.summary)
            lines += [
                f"    <testcase {attributes}>",
                f"      <failure message={quoteattr(message)}>{escape(message)}</failure>",
                "    </testcase>",
            ]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])
