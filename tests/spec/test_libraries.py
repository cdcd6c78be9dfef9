"""Libraries of blocks that use other libraries."""

import pytest

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.spec.reader import read

LIBRARIES = {
    "outer": "use: [inner]\nblocks: {outer: {layers: [inner, inner]}}",
    "inner": "use: outer\nblocks: {inner: {layers: [relu]}}",
    "lost": "use: [nowhere]\nblocks: {lost: {layers: [relu]}}",
    "more": "name: more\nblocks: {more: {layers: [relu]}}",
    "empty": "use: [inner]",
}
SPEC = "input: [3]\nuse: [{}]\nlayers: [outer]\n"


def layers(*use: str):
    def find(name: str) -> tuple[str, bytes] | None:
        return (f"{name}.yaml", LIBRARIES[name].encode()) if name in LIBRARIES else None

    spec = SPEC.replace("{}", ", ".join(use)).encode()
    return [layer.name for layer in expand(read(spec, "spec.yaml", find), {}).layers]


@pytest.mark.parametrize("use", [["outer"], ["outer", "inner"], ["inner", "outer"]])
def test_a_library_used_twice_is_read_once(use):
    assert layers(*use) == ["outer1/inner1/relu1", "outer1/inner2/relu1"]


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (["outer", "lost"], "lost.yaml:1:7: there is no library of blocks 'nowhere'"),
        (["outer", "more"], "more.yaml:1:1: a library of blocks has no 'name'"),
        (["outer", "empty"], "empty.yaml:1:1: a library of blocks holds 'blocks:'"),
        (["outer", "outer"], "spec.yaml:2:14: library 'outer' is used twice"),
    ],
)
def test_error_messages(use, message):
    with pytest.raises(SpecError, match=message):
        layers(*use)
