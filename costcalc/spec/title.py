"""A network's name: the same always, or one for each value of a parameter.

name: DenseNet-{depth}
name: {configuration: {A: VGG11, B: VGG13}}
"""

from __future__ import annotations

from collections.abc import Collection

from costcalc.errors import Problems, did_you_mean
from costcalc.spec import library
from costcalc.spec.document import Title
from costcalc.spec.tree import Choice, Node, Scalar, given
from costcalc.spec.values import as_choice, literal


def read_title(
    node: Node | None, file: str, parameters: Collection[str], problems: Problems
) -> Title:
    """The network's name in a spec, or else the name of the file."""
    node, stem = given(node), _stem(file)
    if node is None:
        return Title(stem)
    if isinstance(node, Scalar):
        return Title(node.text or stem)
    choice = as_choice(node)
    if choice is None:
        problems.add(
            node.mark,
            "a name is a line of text",
            expected="a line, or {parameter: {value: the name there}}",
            found=str(node),
        )
        return Title(stem)
    return _chosen(choice, stem, parameters, problems)


def _chosen(choice: Choice, stem: str, parameters: Collection[str], problems: Problems) -> Title:
    parameter = choice.parameter
    if parameter.text not in parameters:
        problems.add(
            parameter.mark,
            f"{parameter} is not a parameter",
            expected="the name of a parameter",
            hint=did_you_mean(parameter.text, parameters),
        )
    cases = tuple((literal(value), name.text) for value, name in choice.cases)
    return Title(stem, parameter.text, cases)


def _stem(file: str) -> str:
    if file == library.STDIN:
        return "stdin"
    name = file.replace("\\", "/").rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
    # A file name may contain bytes that are not text.
    return name.encode("utf-8", "replace").decode("utf-8")
