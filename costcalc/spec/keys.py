"""Unknown keys of mappings."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from costcalc.errors import Problems, did_you_mean
from costcalc.spec.tree import Scalar


def refuse_others(
    keys: Iterable[Scalar], allowed: Collection[str], phrase: str, problems: Problems
) -> None:
    """Notes every key that is not allowed; the message begins with ``phrase``: "a spec has no"."""
    for key in keys:
        if key.text not in allowed:
            problems.add(
                key.mark,
                f"{phrase} '{key.text}'",
                expected="one of " + ", ".join(allowed),
                hint=did_you_mean(key.text, allowed),
            )
