"""TFLite's tables against the classes that LiteRT generates from its schema, id by id."""

import inspect
import re

import pytest
from ai_edge_litert import schema_py_generated as judge

from costcalc.formats import tflite_schema as schema
from costcalc.formats.flatbuffers import Table, Union


def members(class_):
    """The names of an enumeration by their numbers."""
    return {value: name for name, value in vars(class_).items() if not name.startswith("_")}


def test_codes():
    assert members(judge.TensorType) == {v: k for k, v in schema.CODES.items()}
    assert members(judge.BuiltinOperator) == {v: k for k, v in schema.OPERATOR_CODES.items()}
    assert members(judge.Padding) == {row.value: row.name for row in schema.Padding}
    activations = {row.value: row.name for row in schema.Activation}
    assert activations.items() <= members(judge.ActivationFunctionType).items()


def test_types_of_options():
    names = members(judge.BuiltinOptions)
    assert {number: names[number] for number in schema.OPTIONS} == {
        number: table.name for number, table in schema.OPTIONS.items()
    }


FIELD = re.compile(
    r"def (?P<name>\w+)\(self(?:, j)?\):\s+o = .*?Offset\((?P<offset>\d+)\)"
    r"(?P<body>.*?)(?=\n    # |\n    def |\Z)",
    re.DOTALL,
)
"""A getter: a field of id n is at the offset 4 + 2 n of a table's vtable."""

LETTERS = {
    "Bool": "?", "Int8": "b", "Uint8": "B", "Int32": "i", "Uint32": "I", "Int64": "q",
    "Uint64": "Q", "Float32": "f",
}  # fmt: skip


def fields(name):
    """The fields of LiteRT's table by id: name, letter in :mod:`struct`, and default."""
    found = {}
    for getter in FIELD.finditer(inspect.getsource(getattr(judge, name))):
        number = re.search(r"number_types\.(\w+)Flags, [oa]", getter["body"])
        default = re.findall(r"return (\S+)\s*$", getter["body"].strip())
        id_ = (int(getter["offset"]) - 4) // 2
        found.setdefault(
            id_, (getter["name"].lower(), LETTERS[number[1]] if number else "", default)
        )
    return found


OTHER_NAMES = {
    "activation": "fusedactivationfunction",
    "body": "bodysubgraphindex",
    "code": "opcodeindex",
    "cond": "condsubgraphindex",
    "count": "valuescount",
    "custom": "customcode",
    "details": "detailstype",
    "dilation_d": "dilationdfactor",
    "dilation_h": "dilationhfactor",
    "dilation_w": "dilationwfactor",
    "dims": "squeezedims",
    "else": "elsesubgraphindex",
    "init": "initsubgraphindex",
    "kernel_h": "filterheight",
    "kernel_w": "filterwidth",
    "maxima": "max",
    "minima": "min",
    "multiplier": "depthmultiplier",
    "new_code": "builtincode",
    "old_code": "deprecatedbuiltincode",
    "options": "builtinoptionstype",
    "parts": "numsplits",
    "signature": "shapesignature",
    "then": "thensubgraphindex",
    ("QuantizationParameters", "axis"): "quantizeddimension",
    ("QuantizationParameters", "scales"): "scale",
    ("QuantizationParameters", "zero_points"): "zeropoint",
    ("UnpackOptions", "count"): "num",
}
"""Fields that costcalc names otherwise, in every table or in one."""


def tables():
    """Every table that costcalc reads."""
    found = [value for value in vars(schema).values() if isinstance(value, Table)]
    return [*found, *schema.OPTIONS.values()]


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_fields(table):
    theirs = fields(table.name)
    for id_, field in {**table._fields, **table._unions}.items():
        name, letter, default = theirs[id_]
        other = OTHER_NAMES.get(field.name, field.name.replace("_", ""))
        assert name == OTHER_NAMES.get((table.name, field.name), other), id_
        if isinstance(field, Union):
            assert theirs[id_ + 1][0] == name.removesuffix("type")
        elif field.type.letter:
            assert letter == field.type.letter, field.name
            said = {"False": False, "True": True}.get(default[-1], default[-1])
            assert float(said) == float(field.absent), field.name
