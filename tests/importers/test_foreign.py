"""Files of formats that costcalc does not read are named for what they are."""

import gzip
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from costcalc.cli import main
from costcalc.importers import IMPORTERS, SUFFIXES, importer
from costcalc.importers.foreign import FORMATS

HEADS = [(row, place, text) for row in FORMATS for place, text in row.magic]

MEMBERS = {
    "net/code/__torch__.py": "TorchScript",
    "net/data.pkl": "checkpoint of PyTorch",
    "archive_format": "torch.export",
    "conv1.npy": "NumPy",
    "saved_model.pb": "SavedModel",
    "pose.tflite": "MediaPipe",
    "config.json": "Keras",
    "notes.txt": "an archive",
}
"""A member of a zip archive, and what the archive is then called."""

FILES = {
    "saved_model.pb": "SavedModel",
    "Manifest.json": "Core ML",
    "model-00001-of-00002.safetensors": "Hugging Face",
    "pytorch_model.bin": "Hugging Face",
    "model_index.json": "diffusers",
}
"""A file of a folder, and what the folder is then called."""

TEXTS = {
    '{"model_type": "bert", "architectures": ["BertModel"]}': "Hugging Face",
    '{"architecture": "resnet50", "pretrained_cfg": {}}': "timm",
    '{"format": "graph-model", "modelTopology": {"node": [], "library": {}}}': "TensorFlow.js",
    '{"irVersion": "8", "graph": {}}': "ONNX model as text",
    '{"nodes": [], "arg_nodes": [], "heads": []}': "MXNet",
    '{"metadata": {}, "weight_map": {}}': "safetensors",
    '{"_class_name": "UNet2DModel", "_diffusers_version": "0.30"}': "diffusers",
}
"""JSON texts, and what they are called."""


def refused(path: Path | str, command: str = "report") -> str:
    """The message, of what it is and what to do instead, and nothing else."""
    result = CliRunner().invoke(main, [command, str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert len(lines) == 2, result.stderr
    assert lines[1].startswith("    try ")
    return result.stderr


@pytest.mark.parametrize(("row", "place", "text"), HEADS, ids=[repr(text) for *_, text in HEADS])
@pytest.mark.parametrize("name", ["model", "model.onnx", "model.dat"])
def test_a_file_is_known_by_its_first_bytes(tmp_path, row, place, text, name):
    path = tmp_path / name
    path.write_bytes(b"\0" * place + text + b"\0" * 100)
    message = refused(path)
    assert row.title in message
    assert row.instead in message


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("name", ["model.pt", "model.onnx", "model"])
def test_a_zip_archive_is_known_by_its_members(tmp_path, member, name):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, b"")
    if MEMBERS[member] == "an archive" and name == "model.pt":
        assert "a checkpoint of PyTorch" in refused(path)  # the suffix tells more
    elif MEMBERS[member] == "TorchScript" and name == "model.pt":
        assert importer(str(path)).title == "PyTorch module"  # which reads it
    else:
        assert MEMBERS[member] in refused(path)


@pytest.mark.parametrize("file", FILES)
def test_a_folder_is_known_by_its_files(tmp_path, file):
    for name in (file, "config.json"):
        (tmp_path / name).touch()
    assert FILES[file] in refused(tmp_path)


def test_a_folder_of_keras_holds_the_file_to_read(tmp_path):
    (tmp_path / "config.json").touch()
    message = CliRunner().invoke(main, ["report", str(tmp_path)]).stderr
    assert message.splitlines()[-1].split() == ["try", str(tmp_path / "config.json")]


def test_a_folder_with_a_model_names_it(tmp_path):
    for name in ("README.md", "package.json", "net.onnx", "weights.txt"):
        (tmp_path / name).touch()
    message = CliRunner().invoke(main, ["report", str(tmp_path)]).stderr
    assert message.splitlines()[-1].split() == ["try", str(tmp_path / "net.onnx")]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_compressed_model_is_an_archive_whatever_its_name(tmp_path, suffix):
    path = tmp_path / f"net{suffix}"
    path.write_bytes(gzip.compress(b"model"))
    assert "is an archive" in refused(path)


@pytest.mark.parametrize("text", TEXTS)
def test_a_json_text_is_known_by_its_keys(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    assert TEXTS[text] in refused(path)


@pytest.mark.parametrize("suffix", [suffix for row in FORMATS for suffix in row.suffixes])
@pytest.mark.parametrize("command", ["report", "check"])
def test_a_file_is_known_by_its_name(tmp_path, suffix, command):
    path = tmp_path / f"net{suffix}"
    path.touch()
    row = next(row for row in FORMATS if suffix in row.suffixes)
    assert row.title in refused(path, command)


def test_no_suffix_means_two_things():
    suffixes = [suffix for row in (*FORMATS, *IMPORTERS) for suffix in row.suffixes]
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.parametrize("cut", [4, 30, 60, -1, -20])
def test_an_archive_that_is_damaged_is_an_archive(tmp_path, cut):
    path = tmp_path / "model"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/code/__torch__.py", b"")
    path.write_bytes(path.read_bytes()[:cut])
    refused(path)


def test_suffixes_are_read_in_any_case(tmp_path):
    assert importer("NET.ONNX") == importer("net.onnx")
    path = tmp_path / "NET.H5"
    path.touch()
    assert "HDF5" in refused(path)
    path = tmp_path / "NET.KERAS"
    path.write_bytes(b"PK")
    assert "Keras archive" in CliRunner().invoke(main, ["report", str(path)]).stderr
