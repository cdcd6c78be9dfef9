"""Unknown keys of mappings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from costcalc.errors import Problems, did_you_mean
from costcalc.spec.tree import Scalar


def refuse_others(
    keys: Iterable[Scalar],
    allowed: Collection[str],
    phrase: str,
    problems: Problems,
    former: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Notes every key that is not allowed.

    Args:
        keys: the keys of a mapping.
        allowed: the keys that it may have.
        phrase: how the message begins: "a spec has no".
        problems: where problems go.
        former: what has replaced the keys of earlier releases.
    """
    for key in keys:
        if key.text not in allowed:
            problems.add(
                key.mark,
                f"{phrase} '{key.text}'",
                expected="one of " + ", ".join(allowed),
                hint=former.get(key.text) or did_you_mean(key.text, allowed),
            )
