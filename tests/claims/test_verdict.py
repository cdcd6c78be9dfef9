"""Verdicts, and the explanations of mismatches, on networks small enough to count by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import costcalc
from costcalc.claims.check import check
from costcalc.claims.networks import Networks
from costcalc.claims.sources import collect
from costcalc.claims.verdict import Result
from costcalc.errors import SpecError

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
# params 432 + 4608 + 32000 = 37040, with biases 37040 + 16 + 32 + 1000 = 38088
# mult-adds 6912 + 73728 + 32000 = 112640


def judged(folder: Path, claims: str) -> list[Result]:
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    path = folder / "claims.yaml"
    path.write_text(claims, encoding="utf-8")
    networks = Networks()
    return list(check(collect([str(path)], networks), networks).results)


def one(folder: Path, claim: str) -> Result:
    (result,) = judged(folder, f"network: small.yaml\nclaims:\n  - {{{claim}}}\n")
    return result


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ('params: "37,040"', "exact"),
        ("params: 37 K", "rounded"),
        ("mult_adds: 112 K", "truncated"),
        ("mult_adds: 113 K", "rounded"),
        ("mult_adds: 114 K", "mismatch"),
        ('params: "<= 37040"', "exact"),
        ('params: "<= 37039"', "mismatch"),
        ('params: "< 37040"', "mismatch"),
        ("mult_adds: 100 K, about: some 100 thousand", "tolerance"),
        ("mult_adds: 200 K, about: some 200 thousand", "mismatch"),
        ("params: 38088", "mismatch"),
        ("params: 38088, convention: paper-with-bias", "convention"),
        ("mult_adds: 80640, without: fc", "convention"),
        ("mult_adds: 225280, times: 2", "convention"),
        ("mult_adds: 112640, convention: paper-with-norm", "exact"),  # no norm: nothing to add
        ("only: fc, params_share: 86.39 %", "rounded"),  # 32000 / 37040 = 0.86393
        ("only: fc, params_share: 86.4 %", "rounded"),
        ("only: Conv 3x3, layer_count: 2", "exact"),
        ("layer_count: 3", "exact"),
        ("only: conv1, neurons: 256", "exact"),  # 16*4*4
        ("input_neurons: 192", "exact"),  # 3*8*8
        (
            "side: 4, storage: mobilenet_v2-table3, peak_bytes: 1024",
            "exact",
        ),  # 32*4*4 values of 2 bytes
        ("only: conv2, map_side: 4", "exact"),
        ("at: res=16, mult_adds: 354560", "exact"),  # (432 + 4608)*8*8 + 32000
        ("over: small.yaml@res=16, mult_adds_ratio: 0.32 x", "rounded"),  # 112640 / 354560
        ("at: res=16, over: small.yaml, mult_adds_difference: 241920", "exact"),
        ("only: fc, over: {only: conv2}, params_ratio: 6.9 x", "rounded"),  # 32000 / 4608 = 6.94
        ("only: fc, over: {only: conv2}, params_increase: 594 %", "rounded"),
        ("network: [small.yaml, small.yaml@res=16], params: 74080", "exact"),
    ],
)
def test_each_verdict(tmp_path: Path, claim: str, verdict: str) -> None:
    assert one(tmp_path, claim).verdict == verdict


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("params: 38088", "under convention paper-with-bias"),
        ("mult_adds: 80640", "without the fully connected layers"),
        ("mult_adds: 112640, without: fc", "with the fully connected layers"),
        ("mult_adds: 225280", "in FLOPs"),
        ("mult_adds: 56320", "in MACs"),
        ("params: 36.2 K", "in Ki, 1024 for 1000"),  # 37040 / 1024 = 36.17
        ("params: 37 M", "in K"),
        ("params: 37808", "at classes = 1024"),  # 37040 + 24*32
        ("mult_adds: 351 K, at: res=32", "no reading"),
        ("params: 40 K", "if the zeros at its end were no digits"),
        ("mult_adds: 121640", "as 112640, two digits transposed"),
        # 2*432*... : without the first stride, 5040*8*8 + 32000
        ("mult_adds: 354560", "with stride 1 on line 6 of the spec"),
    ],
)
def test_a_mismatch_names_a_reading_that_fits(tmp_path: Path, claim: str, words: str) -> None:
    result = one(tmp_path, claim)
    assert result.verdict == "mismatch"
    assert words in result.explanation


def test_another_resolution_is_tried(tmp_path: Path) -> None:
    # At 96 x 96 maps of 48 x 48: 5040*48*48 + 32000
    result = one(tmp_path, "mult_adds: 11644160")
    assert (result.verdict, "at res = 96" in result.explanation) == ("mismatch", True)


def test_another_choice_of_a_parameter_is_tried() -> None:
    networks = Networks()
    text = "network: mobilenet_v1\nmult_adds: 307 M\n"
    (result,) = _of(text, networks)
    assert "shallow = true" in result.explanation


def test_the_first_expansion_is_tried() -> None:
    # 32*32*112*112 = 12845056 more than the 300774272 of MobileNetV2.
    (result,) = _of("network: mobilenet_v2\nmult_adds: 313619328\n", Networks())
    assert "with a first expansion" in result.explanation


def test_a_stride_on_another_layer_is_tried_in_spite_of_printed_shapes() -> None:
    # MobileNetV1 with the stride that its Table 1 prints for the last depthwise layer.
    (result,) = _of("network: mobilenet_v1\nmult_adds: 533 M\n", Networks())
    assert "with stride 2 on line" in result.explanation


SPACE = """
name: space
input: [3, 8, 8]
parameters: {d: 2, k1: 3, k2: 3}
space: {d: [1, 2], k1: [3, 5, 7], k2: [3, 5, 7]}
layers:
  - conv: {out: 4, kernel: k1}
  - conv: {out: 4, kernel: k2, when: d > 1}
"""


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        # Three networks of one layer, whatever k2 is, and nine of two.
        ("network_count: 12", "exact"),
        ("network_count: 1.2e1", "exact"),
        ("network_count: 1e1", "rounded"),
        ("network_count: 18", "mismatch"),
        ("at: d=2, network_count: 9", "exact"),
        ("at: d=1, network_count: 3", "exact"),
        ('at: "d=1,k1=5,k2=7", network_count: 1', "exact"),
        ("over: space.yaml@d=1, network_count_ratio: 4 x", "exact"),
    ],
)
def test_the_networks_of_a_space_are_counted(tmp_path: Path, claim: str, verdict: str) -> None:
    (tmp_path / "space.yaml").write_text(SPACE, encoding="utf-8")
    (result,) = judged(tmp_path, f"network: space.yaml\nclaims:\n  - {{{claim}}}\n")
    assert result.verdict == verdict
    assert ("no reading" in result.explanation) == (verdict == "mismatch")


def test_a_spec_without_a_space_has_no_number_of_networks(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="small declares no space") as caught:
        one(tmp_path, "network_count: 12")
    assert "claims.yaml:3:" in str(caught.value)


@pytest.mark.parametrize("part", ["only: conv1", "side: 8", "without: conv1"])
def test_a_space_has_no_layers(tmp_path: Path, part: str) -> None:
    (tmp_path / "space.yaml").write_text(SPACE, encoding="utf-8")
    with pytest.raises(SpecError, match="not of some of their layers"):
        judged(tmp_path, f"network: space.yaml\nclaims:\n  - {{network_count: 12, {part}}}\n")


def test_a_model_is_counted_at_each_input_that_claims_state(tmp_path: Path) -> None:
    model = costcalc.export("mobilenet_v1", "onnx", alpha="0.25", res=32)
    (tmp_path / "m.onnx").write_bytes(bytes(model))
    claims = "claims:\n" + "".join(
        f"  - {{network: m.onnx, at: input=3x{side}x{side}, mult_adds: 1, id: s{side}}}\n"
        for side in (32, 64)
    )
    small, large = (result.computed for result in judged(tmp_path, claims))
    classifier = 256 * 1000  # alone does not have four times the positions at twice the side
    assert large - classifier == 4 * (small - classifier)


def test_a_spec_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    with pytest.raises(SpecError, match="there is no spec"):
        judged(tmp_path / "deep", "network: ../small.yaml\nparams: 5 M\n")
    with pytest.raises(SpecError, match="there is no spec"):
        judged(tmp_path / "deep", f"network: {tmp_path}/small.yaml\nparams: 5 M\n")


def _of(text: str, networks: Networks) -> list[Result]:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "claims.yaml"
        path.write_text(text, encoding="utf-8")
        return list(check(collect([str(path)], networks), networks).results)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("params: {figure: 37 M, erratum: {why: K, computed: 37040, reads: 37 K}}", "erratum"),
        ("params: {figure: 37 M, erratum: {why: K, computed: 37041, reads: 37 K}}", "mismatch"),
        ("params: {figure: 37 M, erratum: {why: K, computed: 37040, reads: 38 K}}", "mismatch"),
        (
            "params: {figure: 5040, erratum: {why: fc, computed: 37040, counts: {without: fc}}}",
            "erratum",
        ),
        (
            "params: {figure: 5041, erratum: {why: fc, computed: 37040, counts: {without: fc}}}",
            "mismatch",
        ),
        (
            "params: {figure: 74080, erratum: {why: 2, computed: 37040, gives: 2 * computed}}",
            "erratum",
        ),
        (
            "params: {figure: 37040, erratum: {why: 2, computed: 37040, gives: computed}}",
            "mismatch",
        ),
    ],
)
def test_an_erratum_pins_the_value_and_reproduces_the_figure(
    tmp_path: Path, claim: str, verdict: str
) -> None:
    assert one(tmp_path, claim).verdict == verdict


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("params: {figure: 50 K, unexplained: 37040}", "unexplained"),
        ("params: {figure: 50 K, unexplained: 37041}", "mismatch"),
        ("params: {figure: 37 K, unexplained: 37040}", "mismatch"),  # it reproduces after all
    ],
)
def test_an_unexplained_figure_pins_the_value(tmp_path: Path, claim: str, verdict: str) -> None:
    assert one(tmp_path, claim).verdict == verdict


@pytest.mark.parametrize(
    ("claims", "verdict", "words"),
    [
        # 37,040 and 38,088 params, 112,640 mult-adds; printed with too few digits for 3.0
        (
            "- {id: a, mult_adds: 110 K, digits: 2}\n- {id: b, params: 37 K}\n"
            "- {id: c, mult_adds_ratio: 2.97 x, over: small.yaml, quotient: [a, b]}",
            "convention",
            "the quotient of the printed 110 K and 37 K; recomputed, 1.0000 x",
        ),
        (
            "- {id: a, mult_adds: 110 K, digits: 2}\n- {id: b, params: 37 K}\n"
            "- {id: c, mult_adds_ratio: 2.9 x, over: small.yaml, quotient: [b, a]}",
            "mismatch",
            "the quotient of the printed 37 K and 110 K is 0.336 x",
        ),
        (
            "- {id: a, mult_adds: 110 K, digits: 2}\n"
            "- {id: c, params_ratio: 1 x, over: small.yaml, quotient: [a, a]}",
            "mismatch",
            "reproduces without",
        ),
        (
            "- {params: 38 K, gives: ceil(computed / 1000) * 1000, note: rounded up}",
            "convention",
            "recomputed, 37.04 K; rounded up",
        ),
        ("- {params: 39 K, gives: computed + 1000, note: one K more}", "mismatch", "38.04 K"),
        ("- {params: 37 K, gives: computed + 1000, note: one K more}", "mismatch", "without"),
        ("- {params: 74080, convention: twice.yaml}", "convention", "twice"),
    ],
)
def test_a_paper_may_count_by_its_own_figures_arithmetic_or_convention(
    tmp_path: Path, claims: str, verdict: str, words: str
) -> None:
    (tmp_path / "twice.yaml").write_text(
        "name: twice\ntitle: twice\nsource: none\nextends: paper\n"
        "params: {convolution: 2 * weights, dense: 2 * weights}\n",
        encoding="utf-8",
    )
    result = judged(tmp_path, f"network: small.yaml\nclaims:\n{claims}\n")[-1]
    assert result.verdict == verdict
    assert words in result.explanation


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("{id: c, params_ratio: 5 x, over: small.yaml, quotient: [c, d]}", "has the id 'd'"),
        ("{id: c, params_ratio: 5 x, over: small.yaml, quotient: [c]}", "two printed figures"),
        ("{id: c, params_ratio: 5 x, over: small.yaml, quotient: c}", "two printed figures"),
        ("{params: 38 K, gives: computed + 1000}", "needs a 'note'"),
        ("{params: 38 K, gives: 38000, note: x}", "arithmetic with 'computed'"),
        ("{params: 38 K, gives: computed + q, note: x}", "'q'"),
        ("{params: 38 K, convention: ../twice.yaml}", "a path inside this folder"),
    ],
)
def test_a_wrong_quotient_arithmetic_or_convention_is_refused(
    tmp_path: Path, claim: str, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        judged(tmp_path, f"network: small.yaml\nclaims: [{claim}]\n")


@pytest.mark.parametrize(
    ("claim", "verdict", "explanation"),
    [
        ("params: {figure: 37000, digits: 2}", "rounded", "to 2 digits"),
        ("params: {figure: 37100, digits: 3}", "mismatch", ""),
        ("params: {figure: 40 K, digits: 1}", "rounded", "to 1 digit"),
        ("params: {figure: 30 K, digits: 1}", "truncated", "to 1 digit"),
        ("params: {figure: 0.040 M, digits: 1}", "rounded", "to 1 digit"),
        ("params: {figure: 20 K, digits: 1}", "mismatch", ""),
        ("params: {figure: 74000, times: 2, digits: 2}", "mismatch", ""),
        ("mult_adds: {figure: 230 K, times: 2, digits: 2}", "convention", "to 2 digits"),
    ],
)
def test_digits_say_which_zeros_are_none(
    tmp_path: Path, claim: str, verdict: str, explanation: str
) -> None:
    # 37,040 params, of which the zeros at the end of a figure may say nothing.
    result = one(tmp_path, claim)
    assert result.verdict == verdict
    assert explanation in result.explanation


@pytest.mark.parametrize(
    ("figure", "digits", "expected"),
    [
        ("37000", 1, "2 to 4"),
        ("37000", 5, "2 to 4"),
        ("37.0 K", 1, "2"),
        ("37 K", 2, "its last one is no zero"),
        ("37000", 0, "above zero"),
    ],
)
def test_digits_are_at_least_those_that_are_no_zeros(
    tmp_path: Path, figure: str, digits: int, expected: str
) -> None:
    with pytest.raises(SpecError, match="digits") as caught:
        one(tmp_path, f"params: {{figure: {figure}, digits: {digits}}}")
    assert expected in str(caught.value)


def test_an_exceeded_bound_names_the_most_expensive_layers(tmp_path: Path) -> None:
    explanation = one(tmp_path, 'params: "<= 10K"').explanation
    assert explanation.startswith("most is spent on fc1 32.0 K (86.39 %), conv2 4.61 K (12.44 %)")


@pytest.mark.parametrize(
    ("claims", "messages"),
    [
        ("network: nope\nparams: 5 M\n", ["1:10: there is no network 'nope'"]),
        ("network: ../small.yaml\nparams: 5 M\n", ["there is no spec '../small.yaml'"]),
        ("network: small.yaml\nparams: 5 Q\n", ["2:9: unknown unit 'Q'"]),
        ("claims: [{params: 5 M}]\n", ["does not name its network"]),
        ("claims: [{network: [], params: 5 M}]\n", ["does not name its network"]),
        ("network: small.yaml\nclaims: [{parms: 5 M}]\n", ["has no 'parms'", "'params'?"]),
        ("network: small.yaml\nclaims: [{only: fcc, params: 5}]\n", ["no layer of small is 'fcc'"]),
        ("network: small.yaml\nclaims: [{at: rez=3, params: 5}]\n", ["has no parameter 'rez'"]),
        ("network: small.yaml\nclaims: [{at: res, params: 5}]\n", ["is not a setting"]),
        ("network: small.yaml\nclaims: [{convention: papper, params: 5}]\n", ["'papper'"]),
        ("network: small.yaml\nclaims: [{params_ratio: 5 x}]\n", ["compares two things"]),
        (
            "network: small.yaml\nclaims: [{id: a, params: 5}, {id: a, params: 6}]\n",
            ["the id 'a' is used twice", "first on line 2"],
        ),
        (
            "network: small.yaml\nparams: {figure: 5, erratum: {why: x, computed: 5}}\n",
            ["an erratum needs a reason, the computed value and one way to the printed one"],
        ),
        (
            "network: small.yaml\ntables: [{table: T, columns: [row, params], rows: [[a]]}]\n",
            ["one cell for each column"],
        ),
        ("network: small.yaml\nparams: 5 Q\nmult_adds: M\n", ["2:9", "3:12"]),
    ],
)
def test_mistakes_are_reported_with_their_places(
    tmp_path: Path, claims: str, messages: list[str]
) -> None:
    with pytest.raises(SpecError) as caught:
        judged(tmp_path, claims)
    for message in messages:
        assert message in str(caught.value)
