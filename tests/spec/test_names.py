"""Names of networks: aliases for a spec at some settings, and titles."""

from pathlib import Path

import pytest

import costcalc
from costcalc import opening
from costcalc.errors import SpecError
from costcalc.spec import library


def test_an_alias_has_settings():
    assert opening.opened("vgg11").graph().parameters["configuration"] == "A"
    assert opening.opened("vgg_c.yaml").graph().parameters["configuration"] == "C"


def test_settings_of_the_reference_override_those_of_the_alias():
    parameters = opening.opened("vgg11@classes=10", {"res": 96}).graph().parameters
    assert (parameters["configuration"], parameters["classes"], parameters["res"]) == ("A", 10, 96)
    assert opening.opened("vgg11@configuration=B").graph().parameters["configuration"] == "B"
    other = opening.opened("vgg11", {"configuration": "B"})
    assert other.graph().parameters["configuration"] == "B"


def test_an_existing_file_wins_but_aliases_lead_to_shipped_specs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = "name: mine\ninput: [3]\nlayers: [{fc: 2}]\n"
    (tmp_path / "vgg.yaml").write_text(spec)
    assert opening.opened("vgg").graph().name == "mine"
    assert opening.opened("vgg11").graph().name == "VGG11"
    (tmp_path / "vgg11.yaml").write_text(spec)
    assert opening.opened("vgg11").graph().name == "mine"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("vgg16", "VGG16"),
        ("vgg11", "VGG11"),
        ("vgg@configuration=A-LRN", "VGG11-LRN"),
        ("vgg_c", "VGG-C"),
        ("vgg19", "VGG19"),
        ("resnet@depth=34", "ResNet-34"),
    ],
)
def test_titles(name, title):
    assert opening.opened(name).graph().name == title


def test_a_title_for_each_value_of_a_parameter(tmp_path):
    spec = tmp_path / "plain.yaml"
    layers = "input: [3, 8, 8]\nparameters: {depth: 18}\nlayers: [conv: {out: 4, kernel: 1}]\n"
    spec.write_text(f"name: {{depth: {{18: 'Small-{{res}}', 34: Large}}}}\n{layers}")
    assert opening.opened(str(spec)).graph().name == "Small-8"
    assert opening.opened(str(spec), {"depth": 34}).graph().name == "Large"
    assert opening.opened(str(spec), {"depth": 50}).graph().name == "plain"
    spec.write_text(f"name: {{dept: {{18: Small}}}}\n{layers}")
    with pytest.raises(SpecError, match=r":1:8: 'dept' is not a parameter; did you mean 'depth'"):
        opening.read_spec(str(spec))
    spec.write_text(f"name: [Small]\n{layers}")
    with pytest.raises(SpecError, match=r":1:7: a name is a line of text"):
        opening.read_spec(str(spec))


def test_every_alias_leads_to_a_shipped_spec_at_valid_settings():
    for name in library.aliases():
        reference = library.reference(name)
        assert reference.network != name
        document = opening.read_spec(reference.network)
        assert reference.settings.keys() <= {"alpha", "res"} | document.parameters.keys()


def test_no_alias_hides_a_spec():
    specs = {path.stem for path in Path(library.shipped_folder()).glob("*.yaml")}
    assert not specs & library.aliases().keys()
    assert "names" not in library.shipped()


def test_an_unknown_name_is_refused_with_a_hint():
    with pytest.raises(SpecError, match="did you mean 'mobilenet_v2'") as error:
        opening.opened("mobilenet_w2").graph()
    assert "there is no network 'mobilenet_w2'" in str(error.value)
    with pytest.raises(SpecError, match="there is no network 'names'"):
        opening.opened("names").graph()


def problem_of(network, **settings):
    with pytest.raises(SpecError) as caught:
        costcalc.report(network, **settings)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("name", ["somenet.yaml", "somenet.yml", "./somenet.yaml", "x/net.yaml"])
def test_what_is_written_as_a_path_is_a_missing_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for problem in (problem_of(name), problem_of(f"{name}@alpha=0.5")):
        assert problem.message.startswith(("there is no file", "there is no folder"))
        assert problem.hint == ""
    (tmp_path / "somenet2.yaml").write_text("input: [3]\nlayers: [{fc: 2}]\n")
    assert problem_of("somenet.yaml").hint == "did you mean 'somenet2.yaml'?"
    assert problem_of("tiger.yaml").hint == ""  # a suffix in common makes no two names alike


def test_the_beginning_of_a_name_leads_to_all_that_begin_so():
    hint = problem_of("mobilenet").hint
    known = [name for name in library.shipped() if name.startswith("mobilenet")]
    assert len(known) > 3
    assert all(f"'{name}'" in hint for name in known)
    assert "alexnet" not in hint


@pytest.mark.parametrize(
    ("network", "settings"),
    [
        ("mobilenet_v1", {"alpha": "0.5,1"}),
        ("mobilenet_v1", {"res": "128:224:32"}),
        ("mobilenet_v1", {"classes": "10,100"}),
        ("resnet", {"depth": "18,34"}),
        ("mobilenet_v1@alpha=0.5,1", {}),
    ],
)
def test_several_values_lead_to_sweep(network, settings):
    assert problem_of(network, **settings).hint == "costcalc.sweep(), for several values"


@pytest.mark.parametrize(
    ("text", "network", "settings"),
    [
        ("my@x=1/net.yaml@alpha=0.5", "my@x=1/net.yaml", "alpha=0.5"),  # the last one counts
        ("net@device=tx2@35ms,res=96", "net", "device=tx2@35ms,res=96"),
        ("net@", "net", ""),
    ],
)
def test_a_reference_is_divided_where_its_settings_begin(text, network, settings):
    assert library.divided(text) == (network, "@", settings)
