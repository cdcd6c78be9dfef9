"""Files of formats that costcalc does not read: what they are, and what to do instead."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from costcalc.advice import Advice, advice, set_option
from costcalc.errors import refuse
from costcalc.formats.archive import member_names
from costcalc.records import NamedTuple

_HEAD = 512
"""The bytes at the beginning of a file that tell its format."""

_LISTED = 10_000
"""The most files of a folder to look at."""


_ARCHITECTURES = ("config.json", "model.json")
"""Names of JSON texts that may be a Keras architecture."""


class ForeignFormat(NamedTuple):
    """A format that costcalc does not read, and how its files are recognised."""

    title: str
    """What a file of it is: ``a Keras model in HDF5``."""
    instead: str
    """What to do instead."""
    suffixes: tuple[str, ...] = ()
    """The suffixes of its files, or their whole names."""
    magic: tuple[tuple[int, bytes], ...] = ()
    """Bytes at places of a file, any of which tells the format."""
    holds: re.Pattern[str] | None = None
    """A pattern of names: a zip archive, or a folder, with such a file is of the format."""
    keys: tuple[frozenset[str], ...] = ()
    """Keys of a JSON text, any group of which tells the format."""
    is_read_as: str = ""
    """The suffix with which costcalc does read it; '' for all others."""


def _in_python(call: str) -> Advice:
    return Advice(f"in Python, {call}", call)


_EXPORT = (
    "torch:package.module:name, the code of the network; "
    "or export the model to ONNX first: torch.onnx.export"
)
_SOURCE = "the model that it was converted from: ONNX, PyTorch, Keras, TFLite or Caffe"
_TF2ONNX = "the .onnx file that tf2onnx writes of it, or the .tflite file of TensorFlow's converter"

_TORCHSCRIPT = "a TorchScript archive under another name"

_ARCHIVE = ForeignFormat(
    "an archive",
    "unpack it, and read the model in it",
    (".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"),
    magic=((0, b"\x1f\x8b"), (0, b"7z\xbc\xaf"), (257, b"ustar")),
)

_ZIP = _ARCHIVE._replace(suffixes=(".zip",), magic=((0, b"PK\x03\x04"),))

FORMATS: Sequence[ForeignFormat] = (
    ForeignFormat(
        "a pointer of Git LFS in place of the file",
        "git lfs pull",
        magic=((0, b"version https://git-lfs"),),
    ),
    ForeignFormat(
        "a web page",
        "the file itself, downloaded from its raw address",
        (".html", ".htm"),
        magic=((0, b"<!DOCTYPE html"), (0, b"<!doctype html"), (0, b"<html")),
    ),
    ForeignFormat(
        "a Keras model, or its weights, in HDF5",
        "save it as .keras, or its architecture: model.to_json()",
        (".h5", ".hdf5"),
        magic=((0, b"\x89HDF\r\n\x1a\n"),),
    ),
    ForeignFormat(
        _TORCHSCRIPT,
        "a name that ends in .pt",
        (".ptl", ".torchscript"),
        holds=re.compile(r".+/code/.+"),
    ),
    ForeignFormat(
        "a program saved by torch.export",
        _EXPORT,
        (".pt2",),
        holds=re.compile(
            r"(.+/)?(archive_format|serialized_exported_program\.json|models/.+\.json)"
        ),
    ),
    ForeignFormat(
        "a checkpoint of PyTorch: weights without the network's code",
        _EXPORT,
        (".pt", ".pth", ".pth.tar", ".ckpt", ".bin"),
        magic=((0, b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."),),
        holds=re.compile(r"[^/]+/data\.pkl"),
    ),
    ForeignFormat(
        "weights in safetensors, without the network's code",
        _EXPORT,
        (".safetensors",),
        magic=((8, b'{"__metadata__"'),),
        keys=(frozenset(["weight_map"]),),
    ),
    ForeignFormat(
        "a pickle, which is code and is never run by costcalc",
        _EXPORT,
        (".pkl", ".pickle", ".joblib"),
        magic=((0, b"\x80\x04\x95"), (0, b"\x80\x05\x95")),
    ),
    ForeignFormat(
        "arrays of NumPy: weights without the network's code",
        _EXPORT,
        (".npz", ".npy"),
        magic=((0, b"\x93NUMPY"),),
        holds=re.compile(r".+\.npy"),
    ),
    ForeignFormat(
        "weights in GGUF, without the network's code",
        "torch:package.module:name, the code of the network, as in transformers",
        (".gguf", ".ggml"),
        magic=((0, b"GGUF"),),
    ),
    ForeignFormat("weights of Flax, without the network's code", _SOURCE, (".msgpack",)),
    ForeignFormat(
        "an ONNX model as text",
        _in_python('onnx.save(onnx.load(FILE), "net.onnx")'),
        (".onnxtxt", ".onnxtext", ".onnxjson"),
        magic=((0, b"ir_version:"), (0, b"<\n   ir_version:")),
        keys=(frozenset(["irVersion", "graph"]), frozenset(["ir_version", "graph"])),
    ),
    ForeignFormat(
        "a SavedModel of TensorFlow",
        _TF2ONNX,
        ("saved_model.pb", "saved_model.pbtxt"),
        holds=re.compile(r"saved_model\.pb(txt)?"),
    ),
    ForeignFormat(
        "a graph of TensorFlow",
        _TF2ONNX,
        (".pb", ".pbtxt"),
    ),
    ForeignFormat(
        "a checkpoint of TensorFlow",
        _TF2ONNX,
        (".meta", ".index", ".data-00000-of-00001"),
    ),
    ForeignFormat(
        "a graph model of TensorFlow.js",
        "the SavedModel or the Keras model that it was converted from",
        keys=(frozenset(["node"]),),
    ),
    ForeignFormat(
        "a Core ML model",
        _SOURCE,
        (".mlmodel", ".mlpackage", ".mlmodelc"),
        holds=re.compile(r"Manifest\.json|model\.mil"),
    ),
    ForeignFormat(
        "an OpenVINO model",
        _SOURCE,
        (".xml",),
        magic=((0, b'<?xml version="1.0"?>\n<net '), (0, b"<net ")),
    ),
    ForeignFormat("an ncnn network", _SOURCE, (".param",), magic=((0, b"7767517"),)),
    ForeignFormat(
        "a Darknet network", "its PyTorch or ONNX version", (".cfg", ".weights"), ((0, b"[net]"),)
    ),
    ForeignFormat(
        "the weights of a Caffe network", "the .prototxt that belongs to it", (".caffemodel",)
    ),
    ForeignFormat(
        "a diffusers pipeline, or its configuration",
        _in_python("costcalc.from_torch(CLASS.from_config(CLASS.load_config(FOLDER)), args=...)"),
        holds=re.compile(r"model_index\.json"),
        keys=(frozenset(["_diffusers_version"]),),
    ),
    ForeignFormat(
        "the configuration of a timm model",
        advice(
            "torch:timm:create_model with {}, which is its 'architecture'",
            set_option("model_name", "NAME"),
        ),
        keys=(frozenset(["architecture", "pretrained_cfg"]),),
    ),
    ForeignFormat(
        "a Hugging Face model, or its configuration",
        _in_python(
            "costcalc.from_torch(AutoModel.from_config(AutoConfig.from_pretrained(FOLDER)), "
            "kwargs=...)"
        ),
        holds=re.compile(
            r"pytorch_model.*\.bin(\.index\.json)?|model.*\.safetensors(\.index\.json)?"
        ),
        keys=(frozenset(["model_type"]), frozenset(["transformers_version"])),
    ),
    ForeignFormat(
        "an MXNet network",
        _SOURCE,
        (".params",),
        keys=(frozenset(["nodes", "arg_nodes", "heads"]),),
    ),
    ForeignFormat(
        "a Paddle model",
        "the .onnx file that paddle2onnx writes of it",
        (".pdmodel", ".pdiparams", ".pdparams"),
        keys=(frozenset(["base_code", "program"]),),
    ),
    ForeignFormat("a TensorRT engine", _SOURCE, (".engine", ".plan", ".trt")),
    ForeignFormat(
        "a model in onnxruntime's own format",
        "the .onnx file that it was made from",
        (".ort",),
        magic=((4, b"ORTM"),),
    ),
    ForeignFormat("an ExecuTorch program", _EXPORT, (".pte",), magic=((4, b"ET12"),)),
    ForeignFormat(
        "a model compiled for one runtime",
        _SOURCE,
        (".mnn", ".rknn", ".dlc", ".hef", ".kmodel", ".om", ".tmfile", ".blob", ".xmodel"),
    ),
    ForeignFormat("a model of Lua Torch", _SOURCE, (".t7",)),
    ForeignFormat("a MATLAB file", _SOURCE, (".mat",), magic=((0, b"MATLAB 5.0 MAT-file"),)),
    ForeignFormat(
        "a MediaPipe bundle",
        "unzip it, and read the .tflite files in it",
        (".task",),
        holds=re.compile(r".+\.tflite"),
    ),
    ForeignFormat(
        "a notebook",
        "the class in a Python file of its own: torch:module:Class",
        (".ipynb",),
        keys=(frozenset(["cells", "nbformat"]),),
    ),
    ForeignFormat(
        "a document or a picture",
        "a spec: the paper's table as YAML",
        (".pdf", ".png", ".jpg", ".jpeg", ".svg"),
        magic=((0, b"%PDF-"), (0, b"\x89PNG"), (0, b"\xff\xd8\xff")),
    ),
    _ARCHIVE,
    ForeignFormat(
        "a TFLite model under another name",
        "a name that ends in .tflite",
        magic=((4, b"TFL3"),),
        is_read_as=".tflite",
    ),
    ForeignFormat(
        "a Keras model under another name",
        "a name that ends in .keras",
        holds=re.compile(r"config\.json"),
        is_read_as=".keras",
    ),
    _ZIP,
)
"""A format that is a special case of another comes before it."""


def refuse_file(path: str, suffixes: tuple[str, ...]) -> None:
    """Refuses a file, or a folder, of a format that costcalc does not read.

    A folder is refused for the first model in it, a file of one of ``suffixes``.

    Raises:
        SpecError: it is of one of :data:`FORMATS`, by its content or its name.
    """
    row = _by_content(path)
    if row in (None, _ARCHIVE, _ZIP):
        row = _by_name(path) or row
    if row is not None:
        _refuse(path, row)
    names = _names(path)
    models = [name for name in names if name.lower().endswith(suffixes)]
    for name in (*models, *(name for name in _ARCHITECTURES if name in names)):
        refuse(None, f"'{path}' is a folder", "a file", hint=os.path.join(path, name))


def is_torchscript(path: str) -> bool:
    """Whether a file is a TorchScript archive."""
    row = _by_content(path)
    return row is not None and row.title == _TORCHSCRIPT


def refuse_content(path: str) -> None:
    """Refuses a file whose name is that of a model, but whose content is another format's.

    Raises:
        SpecError: it is of one of :data:`FORMATS`, by its content.
    """
    row = _by_content(path)
    if row is not None and not path.lower().endswith(row.suffixes):
        _refuse(path, row)


def refuse_json(value: Any, path: str) -> None:
    """Refuses a JSON text of a format that costcalc does not read.

    Raises:
        SpecError: it is of one of :data:`FORMATS`, by its keys.
    """
    if isinstance(value, dict):
        for row in FORMATS:
            if any(keys <= value.keys() for keys in row.keys):
                _refuse(path, row)


def _refuse(path: str, row: ForeignFormat) -> None:
    refuse(None, f"'{path}' is {row.title}", hint=row.instead)


def _by_content(path: str) -> ForeignFormat | None:
    try:
        if os.path.isdir(path):
            head, names = b"", _names(path)
        elif os.path.isfile(path):
            with open(path, "rb") as file:
                head = file.read(_HEAD)
            names = member_names(path) if head.startswith(b"PK\x03\x04") else []
        else:
            return None
    except OSError:
        return None
    for row in FORMATS:
        if row.is_read_as and path.lower().endswith(row.is_read_as):
            return None
        if any(head.startswith(text, place) for place, text in row.magic):
            return row
        pattern = row.holds if head or not row.is_read_as else None
        if pattern is not None and any(pattern.fullmatch(name) for name in names):
            return row
    return None


def _names(folder: str) -> list[str]:
    """The names in a folder, in their order; none of anything else."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in islice(entries, _LISTED))
    except OSError:
        return []


def _by_name(path: str) -> ForeignFormat | None:
    name = path.lower().rstrip("/")
    return next((row for row in FORMATS if name.endswith(row.suffixes)), None)
