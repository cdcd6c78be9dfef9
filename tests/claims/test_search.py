"""The reverse question: which convention and settings give a quoted number."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.claims.found import Search
from costcalc.cli import main


@pytest.fixture(autouse=True)
def bounded(monkeypatch):
    """A smaller search than that of the command, which takes seconds."""
    monkeypatch.setattr("costcalc.claims.search.READINGS", 1500)
    monkeypatch.setattr("costcalc.claims.search.NETWORKS", 60)


def search(network, printed, *names, **settings):
    return costcalc.search(network, printed, *names, **settings)


def first(result):
    match = result.matches[0]
    return match.convention, match.metric, match.words


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "printed", "expected"),
    [
        # what the tools print of torchvision's MobileNetV2
        ("mobilenet_v2", "327.5M", ("thop", "mult_adds", "")),
        ("mobilenet_v2", "314.2M", ("fvcore", "mult_adds", "")),
        ("mobilenet_v2", "320.3M", ("ptflops", "mult_adds", "")),
        ("mobilenet_v2", "601548544", ("torch", "mult_adds", "")),
        ("mobilenet_v2", "300774272", ("paper", "mult_adds", "")),
        ("mobilenet_v2", "3504872", ("paper-with-norm", "params", "")),
        ("mobilenet_v2", "3538984", ("keras", "params", "")),
        # without the 1280 * 1000 of the classifier
        ("mobilenet_v2", "299494272", ("paper", "mult_adds", "without the classifier")),
        ("mobilenet_v2", "2223872", ("paper-with-norm", "params", "without the classifier")),
        # four images through ResNet-18
        ("resnet18", "7256293376", ("paper", "mult_adds", "a batch of 4")),
        # 256 is 8/7 of 224: 299,494,272 * 64 / 49 + 1280 * 1000
        ("mobilenet_v2", "392456192", ("paper", "mult_adds", "res = 256")),
        ("vgg16", "30.9G", ("torch", "mult_adds", "")),
    ],
)
def test_a_quoted_number_is_found(network, printed, expected):
    assert first(search(network, printed)) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "printed", "value", "words"),
    [
        # 4,089,238,376 of torchinfo lies nearer to 4.09G, 4,100,300,288 of torchprofile to 4.1G
        ("resnet50", "4.09G", 4_089_184_256, ""),
        ("resnet50", "4.1G", 4_089_184_256, ""),
        ("resnet50", "25.6M", 25_557_032, ""),
        # He et al.'s 3.8 x 10^9: the stride stands on the block's first convolution
        ("resnet50", "3.8G", 3_857_973_248, "stride_on = 1"),
        ("vgg16", "15.5G", 15_470_264_320, ""),
        ("mobilenet_v2", "300.8M", 300_774_272, ""),
    ],
)
def test_the_value_most_conventions_agree_on_comes_first(network, printed, value, words):
    match = search(network, printed).matches[0]
    assert (match.value, match.words) == (value, words)


def test_the_fit_depends_on_the_digits():
    assert search("mobilenet_v2", "327.5M").matches[0].fit == "rounded"
    assert search("mobilenet_v2", "327.4M").matches[0].fit == "truncated"
    assert search("mobilenet_v2", "327486720").matches[0].fit == "exact"


def test_the_nearest_value_is_named_if_nothing_matches():
    result = search("mobilenet_v2", "314193217", "fvcore")
    assert not result.matches
    assert (result.nearest[0].convention, result.nearest[0].value) == ("fvcore", 314_193_216)


def test_only_the_requested_conventions_and_settings_are_searched():
    assert not search("mobilenet_v2", "327486720", "fvcore", res=224).matches
    result = search("mobilenet_v2", "327550720", implementation="paper")
    assert first(result) == ("thop", "mult_adds", "")
    result = search("mobilenet_v2", "392456192", res=224)
    assert not [match for match in result.matches if "256" in match.words]


def test_variants_are_searched():
    # VGG19: 19,632,062,464 mult-adds
    assert first(search("vgg", "19632062464")) == ("paper", "mult_adds", "configuration = E")


SMALL = """
name: small
input: [3, res, res]
parameters: {res: 8, classes: 1000}
layers:
  - conv: {out: 16, kernel: 3, stride: 2, bias: true}   # 3*3*3*16 = 432; 432*4*4 = 6912
  - conv: {out: 32, kernel: 3, bias: true}              # 3*3*16*32 = 4608; 4608*4*4 = 73728
  - global_avg_pool
  - fc: classes                                         # 32*1000 = 32000
"""


def readings(folder: Path, *claims: str, of: str = "a") -> Search:
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    path = folder / "claims.yaml"
    rows = "".join(f"  - {{{claim}}}\n" for claim in claims)
    path.write_text(f"network: small.yaml\nclaims:\n{rows}", encoding="utf-8")
    return costcalc.readings(of, str(path))


@pytest.mark.parametrize(
    ("claim", "departures"),
    [
        ("mult_adds: 112640", ()),
        ("mult_adds: 80640", ("without the fully connected layers",)),
        # Two departures: 2 * (6912 + 73728); (432 + 4608) * 8 * 8 without 32,000; with biases,
        # 432 + 4608 + 32 * 1024 and 16 + 32 + 1024 biases.
        (
            "mult_adds: 161280",
            ("without the fully connected layers", "in FLOPs, 2 for each multiply-accumulate"),
        ),
        ("mult_adds: 322560", ("at res = 16", "without the fully connected layers")),
        ("params: 38880", ("at classes = 1024", "under convention paper-with-bias")),
    ],
)
def test_the_readings_of_a_claim_start_with_the_fewest_departures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: str, departures: tuple[str, ...]
) -> None:
    monkeypatch.setattr("costcalc.claims.axes.RESOLUTIONS", (16, 32))
    result = readings(tmp_path, f"id: a, {claim}")
    assert result.matches[0].reading.words == departures
    assert all(match.fit == "exact" for match in result.matches)
    weights = [match.reading.weight for match in result.matches]
    assert weights == sorted(weights)


def test_a_reading_is_held_against_its_column(tmp_path: Path) -> None:
    # 161280 = 2 * 80640, 322560 = 2 * 161280 of the first claim's network at 16 x 16 ... 900.
    others = (
        "id: b, at: res=16, mult_adds: 322560",
        "id: c, at: res=16, mult_adds: 354560",
        "id: d, params: 5 K",
    )
    result = readings(tmp_path, "id: a, mult_adds: 80640", *others)
    assert result.matches[0].words == "without the fully connected layers"
    assert result.matches[0].column == (1, 2)


def test_maps_may_be_halved_without_rounding() -> None:
    # 49 x 10, then 24.5 x 5: 40 * 140 in front, 102,480 weights behind, 196 * 12 at the end.
    result = costcalc.readings("mn.KWS-M.ops")
    assert result.matches[0].words == "with maps halved without rounding"
    assert result.matches[0].value == 2 * (5600 * 490 + 102_480 * 490 // 4 + 2352)
    assert result.matches[0].column == (2, 2)  # S and L; the maps of AD are whole


def test_what_is_not_tried_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = readings(tmp_path, "id: a, mult_adds: 1234567")
    monkeypatch.setattr("costcalc.claims.search.READINGS", 10)
    cut = readings(tmp_path, "id: a, mult_adds: 1234567")
    assert (cut.tried.readings, cut.tried.is_cut) == (10, True)
    assert "which were not tried" in str(cut)
    assert whole.tried.readings > 500
    assert not whole.matches
    assert len(whole.nearest) == 3


def test_chance_agreement_is_what_happens_by_chance(tmp_path: Path) -> None:
    """Over figures that mean nothing, as many readings fit as are said to by chance."""
    fits, expected = 0, 0.0
    for thousands in range(90, 140, 5):
        result = readings(tmp_path, f"id: a, mult_adds: {thousands} K")
        found = {match.value for match in result.matches if "digits" not in match.words}
        fits += len(found)
        expected += float(result.by_chance)
    assert 0.5 < fits / expected < 2


def test_a_search_is_refused_without_its_claim(tmp_path: Path) -> None:
    with pytest.raises(costcalc.SpecError, match="there is no claim 'b'"):
        readings(tmp_path, "id: a, params: 5", of="b")


def test_a_bound_has_no_readings(tmp_path: Path) -> None:
    with pytest.raises(costcalc.SpecError, match="'a' is a bound"):
        readings(tmp_path, 'id: a, params: "<= 5"')
    line = ["check", "--search", "v2.T3.max", "--max-params", "5M"]
    refused = CliRunner().invoke(main, line)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--max-params has no place in a search" in refused.stderr


def test_a_search_counts_by_the_convention_of_the_command(tmp_path: Path) -> None:
    assert readings(tmp_path, "id: a, params: 38088").matches[0].words == ""
    path = str(tmp_path / "claims.yaml")
    plain = costcalc.readings("a", path, convention="paper-with-bias").matches[0]
    assert plain.reading.words == ()


def test_the_command_answers_in_json() -> None:
    line = ["check", "--search", "v1.T12.1.224", "--format", "json"]
    result = CliRunner().invoke(main, line)
    assert result.exit_code == 0
    data = json.loads(result.output)
    assert (data["format_version"], data["id"], data["printed"]) == (1, "v1.T12.1.224", "568 M")
    # 568,740,352 without 1024 * 1000
    assert data["matches"][0]["value"] == 567_716_352
    assert data["matches"][0]["departures"] == []
    assert data["matches"][0]["column"] == {"fit": 5, "of": 5}
    assert data["searched"]["readings"] > 500
    assert CliRunner().invoke(main, ["check", "--search", "nix"]).exit_code == 2
    unexplained = ["check", "--search", "v2.min", "--format", "json"]
    assert CliRunner().invoke(main, unexplained).exit_code in (0, 1)
