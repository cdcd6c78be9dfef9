"""Names that stand for a spec at some settings."""

from pathlib import Path

import pytest

from costcalc import pipeline
from costcalc.errors import SpecError
from costcalc.spec import library


def test_a_name_brings_its_settings():
    assert pipeline.graph("vgg11", {}).parameters["configuration"] == "A"
    assert pipeline.graph("vgg_c.yaml", {}).parameters["configuration"] == "C"


def test_settings_of_the_reference_come_on_top():
    parameters = pipeline.graph("vgg11@res=64,classes=10", {"res": 96}).parameters
    assert (parameters["configuration"], parameters["classes"], parameters["res"]) == ("A", 10, 96)
    assert pipeline.graph("vgg11@configuration=B", {}).parameters["configuration"] == "B"


def test_a_file_of_that_name_wins_and_the_shipped_spec_is_the_target(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = "name: mine\ninput: [3]\nlayers: [{fc: 2}]\n"
    (tmp_path / "vgg.yaml").write_text(spec)
    assert pipeline.graph("vgg", {}).name == "mine"
    assert pipeline.graph("vgg11", {}).name == "VGG-A"
    (tmp_path / "vgg11.yaml").write_text(spec)
    assert pipeline.graph("vgg11", {}).name == "mine"


def test_every_name_resolves_to_a_shipped_spec_and_known_settings():
    for name in library.aliases():
        reference = library.reference(name)
        assert reference.network != name
        document = pipeline.load(reference.network)
        assert reference.settings.keys() <= {"alpha", "res"} | document.parameters.keys()


def test_no_name_hides_a_spec():
    specs = {path.stem for path in Path(library.shipped_folder()).glob("*.yaml")}
    assert not specs & library.aliases().keys()
    assert "names" not in library.shipped()


def test_an_unknown_name_is_refused_with_a_hint():
    with pytest.raises(SpecError, match="did you mean 'mobilenet_v2'") as error:
        pipeline.graph("mobilenet_w2", {})
    assert "there is no network 'mobilenet_w2'" in str(error.value)
    with pytest.raises(SpecError, match="there is no network 'names'"):
        pipeline.graph("names", {})
