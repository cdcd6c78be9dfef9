"""Closed forms of whole networks, compared with the report at many settings."""

import subprocess
import sys
from fractions import Fraction

import pytest
import sympy

import costcalc
from costcalc.errors import SpecError
from costcalc.symbolic.formula import ASCII, UNICODE, written


def closed_form(network, settings=None, variables=()):
    return costcalc.formula(network, at=settings, variables=variables)


def texts(network, **settings):
    form = closed_form(network, settings)
    return tuple(written(total.formula) for total in form.totals.values())


def exact_for(form):
    return [extent.multiples(UNICODE) for extent in form.domain.extents]


def totals(network, **settings):
    reported = costcalc.report(network, **settings).totals
    return {"params": reported.params, "mult_adds": reported.mult_adds}


def test_mobilenet_v1():
    # params: 13 pointwise layers, 32*64 + 64*128 + ... + 1024*1024 = 3139584, go with
    # alpha^2; stem 3*9*32, depthwise 9*4960 and classifier 1024*1000 with alpha:
    # 864 + 44640 + 1024000 = 1069504.
    assert texts("mobilenet_v1") == (
        "3139584·α² + 1069504·α",
        "10752·α²·r² + 562.5·α·r² + 1024000·α",
    )
    form = closed_form("mobilenet_v1")
    assert exact_for(form) == ["32·α whole", "r a multiple of 32"]
    assert form.is_exact


def test_vgg16():
    # Convolutions 3*3*(3*64) = 1728 with alpha, the others with alpha^2; the first
    # fully connected layer sees 512 * (r/32)^2 = r^2/2 inputs: 4096/2 = 2048.
    assert texts("vgg16") == (
        "2048·α²·r² + 31485952·α² + 4097728·α",
        "306176·α²·r² + 16777216·α² + 1728·α·r² + 4096000·α",
    )


def test_mobilenet_v2_is_exact_only_at_some_settings():
    form = closed_form("mobilenet_v2")
    assert exact_for(form) == ["α = 1", "r a multiple of 32"]
    assert form.domain.assumptions(UNICODE, form.values) == ["α ≤ 1"]
    assert form.is_exact
    thin = closed_form("mobilenet_v2", {"alpha": Fraction(3, 4)})
    assert thin.domain.assumptions(ASCII, thin.values) == ["0.5 <= alpha <= 1"]
    assert not thin.is_exact
    assert not thin.domain.holds(thin.values)
    wide = closed_form("mobilenet_v2", {"alpha": Fraction(7, 5)})
    assert wide.domain.assumptions(UNICODE, wide.values) == ["α ≥ 1"]


@pytest.mark.parametrize("alpha", [Fraction(7, 20), Fraction(3, 4), Fraction(7, 5)])
def test_the_stated_error_is_the_difference_from_the_report(alpha):
    form = closed_form("mobilenet_v2", {"alpha": alpha, "res": 192})
    reported = totals("mobilenet_v2", alpha=alpha, res=192)
    for metric, total in form.totals.items():
        assert total.reported == reported[metric]
        by_sympy = total.expression.subs(
            {
                sympy.Symbol("alpha", positive=True): sympy.Rational(alpha),
                sympy.Symbol("res", positive=True): 192,
            }
        )
        assert Fraction(int(by_sympy.p), int(by_sympy.q)) == total.value
        assert total.error == Fraction(total.value - reported[metric]) / reported[metric] != 0


@pytest.mark.parametrize(
    ("network", "alphas", "resolutions"),
    [
        ("mobilenet_v1", ["1/32", "5/32", "0.25", "0.5", "0.75", 1, 2], [32, 64, 160, 224, 320]),
        ("vgg16", ["1/64", "0.5", 1, "1.25"], [32, 96, 224]),
        ("googlenet", ["1/8", "0.5", 1, "1.5"], [64, 96, 224, 256]),
        ("mobilenet_v2", [1], [32, 64, 128, 224]),
    ],
)
def test_closed_forms_are_exact_on_their_domain(network, alphas, resolutions):
    form = closed_form(network)
    for alpha in map(Fraction, alphas):
        for res in resolutions:
            assert form.domain.holds((alpha, res))
            reported = totals(network, alpha=alpha, res=res)
            for metric, total in form.totals.items():
                assert total.polynomial((alpha, res)) == reported[metric], (alpha, res)


@pytest.mark.parametrize("network", ["mobilenet_v1", "googlenet", "vgg16"])
def test_every_resolution_has_a_closed_form(network):
    for res in (97, 128, 150, 229):
        form = closed_form(network, {"res": res})
        modulus = form.domain.extents[1].step
        assert exact_for(form)[1].endswith(
            f"≡ {res % modulus} (mod {modulus})" if res % modulus else f"multiple of {modulus}"
        )
        for other in (res, res + modulus, res + 3 * modulus):
            assert form.domain.holds((1, other))
            reported = totals(network, res=other)
            for metric, total in form.totals.items():
                assert total.polynomial((1, other)) == reported[metric]


def test_the_modulus_is_the_smallest():
    """MobileNetV1's form does not hold at 16 more: 32 is needed."""
    total = closed_form("mobilenet_v1").totals["mult_adds"]
    assert total.polynomial((1, 240)) != totals("mobilenet_v1", res=240)["mult_adds"]


def test_outside_its_domain_the_form_differs_from_the_report():
    form = closed_form("mobilenet_v1")
    assert not form.domain.holds((Fraction(7, 20), 224))
    reported = totals("mobilenet_v1", alpha="0.35")
    assert form.totals["params"].polynomial((Fraction(7, 20), 224)) != reported["params"]


def test_a_lower_bound_is_stated_if_smaller_inputs_fail():
    """Of 3, 35, 67, ..., AlexNet's last pool needs at least 67."""
    form = closed_form("alexnet")
    assert form.domain.assumptions(UNICODE, form.values) == ["r ≥ 67"]
    with pytest.raises(SpecError):
        costcalc.report("alexnet", res=35)


def test_other_parameters_stay_symbols_on_request():
    form = closed_form("mobilenet_v1", variables=("alpha", "res", "classes"))
    assert written(form.totals["params"].formula) == ("3139584·α² + 1024·α·classes + 45504·α")
    assert (
        form.totals["params"].polynomial((1, 224, 10))
        == totals("mobilenet_v1", classes=10)["params"]
    )
    assert texts("mobilenet_v1", classes=10)[0] == "3139584·α² + 55744·α"  # 45504 + 10240


def test_height_and_width_are_separate_symbols():
    form = closed_form("mobilenet_v1", {"res": (192, 96)})
    assert [name.text for name in form.names] == ["α", "h", "w"]
    assert written(form.totals["mult_adds"].formula) == ("10752·α²·h·w + 562.5·α·h·w + 1024000·α")


def test_a_network_reference_carries_its_settings():
    assert (
        closed_form("mobilenet_v1@classes=10").totals["params"].reported
        == (totals("mobilenet_v1", classes=10)["params"])
    )


def spec(tmp_path, text):
    path = tmp_path / "net.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_condition_on_the_width_multiplier(tmp_path):
    """The condition on alpha is stated, and the form differs where it does not hold."""
    network = spec(
        tmp_path,
        "name: N\ninput: [3, res, res]\nparameters: {res: 8}\nlayers:\n"
        "  - conv: {out: 'fixed(64) if alpha > 2 else 16 * alpha', kernel: 1}\n",
    )
    narrow, wide = closed_form(network), closed_form(network, {"alpha": 3})
    assert written(narrow.totals["params"].formula) == "48·α"
    assert narrow.domain.assumptions(UNICODE, narrow.values) == ["α ≤ 2"]
    assert written(wide.totals["params"].formula) == "192"
    assert wide.domain.assumptions(UNICODE, wide.values) == ["α > 2"]
    assert not narrow.domain.holds((3, 8)) and not wide.domain.holds((2, 8))


def test_a_cost_that_is_not_a_polynomial_is_refused(tmp_path):
    network = spec(
        tmp_path,
        "name: N\ninput: [3, res, res]\nparameters: {res: 8}\nlayers:\n"
        "  - conv: {out: 'ceil(64 / alpha)', kernel: 1}\n",
    )
    with pytest.raises(SpecError, match="not a polynomial in alpha"):
        closed_form(network)


@pytest.mark.parametrize("name", ["colour", "alpha=1", "__import__('os')"])
def test_unknown_symbols_are_refused(name):
    with pytest.raises(SpecError, match="cannot stay a symbol"):
        closed_form("mobilenet_v1", variables=(name,))


def test_only_values_that_the_multiples_allow_are_excluded(tmp_path):
    """A special case at one resolution is stated only if the multiples allow that resolution."""
    network = spec(
        tmp_path,
        "name: N\ninput: [3, res, res]\nparameters: {res: 8}\nlayers:\n"
        "  - conv: {out: 'fixed(8) if res == 4 else 16 * alpha', kernel: 1, stride: 2}\n",
    )
    form = closed_form(network)
    assert form.domain.assumptions(UNICODE, form.values) == ["r ≠ 4"]
    assert not form.domain.holds((1, 4)) and form.domain.holds((1, 6))
    odd = closed_form(network, {"res": 9})  # 4 is no odd number
    assert odd.domain.assumptions(UNICODE, odd.values) == []


@pytest.mark.parametrize(
    ("width", "alpha"), [("in * in * alpha", 1), ("in * (in + alpha)", Fraction(1, 10))]
)
def test_huge_formulas_are_refused(tmp_path, width, alpha):
    network = spec(
        tmp_path,
        "name: N\ninput: [1, 1, 1]\nlayers:\n"
        f"  - conv: {{out: 'floor({width})', kernel: 1, repeat: 100000}}\n",
    )
    with pytest.raises(SpecError, match="not a polynomial"):
        closed_form(network, {"alpha": alpha}, ("alpha",))


def test_nothing_symbolic_is_loaded_by_a_report():
    code = (
        "import sys; import costcalc; costcalc.report('mobilenet_v2');"
        "found = [name for name in sys.modules if name.startswith(('sympy', 'costcalc.symbolic'))];"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_decision_is_stated_once():
    """Repeats of depth, 2 * depth and 3 * depth all depend on the same decision."""
    form = closed_form("efficientnet", variables=("depth",))
    assert form.domain.assumptions(UNICODE, form.values) == ["depth = 1"]


def test_a_parameter_named_twice_is_one():
    assert [name.text for name in closed_form("mobilenet_v1", variables=("res", "res")).names] == [
        "r"
    ]


REPEATS = {
    "layers of one shape": """
  - conv: {out: 8, kernel: 1}
  - conv: {out: 8, kernel: 3, repeat: n}""",
    "a first of its own": "  - conv: {out: 8, kernel: 3, repeat: n, stride: 2, first_only: stride}",
    "shared params": "  - conv: {out: 3, kernel: 3, repeat: n, shares: filters}",
    "some in others": """
  - sequence:
      repeat: n
      layers:
        - conv: {out: 8, kernel: 3}
        - conv: {out: 8, kernel: 1, repeat: n + 1}""",
    "none at one": "  - conv: {out: 3, kernel: 3, repeat: n - 1}",
    "wider each time": "  - conv: {out: in + 2, kernel: 3, repeat: n}",
    "free, and smaller each time": "  - max_pool: {kernel: 2, stride: 2, repeat: n}\n  - fc: 7",
}
FIRST_IS_OTHER = {"a first of its own", "shared params", "some in others", "none at one"}
ONE_BY_ONE = {"wider each time", "free, and smaller each time"}


@pytest.mark.parametrize("at", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", REPEATS)
def test_repeats_of_equal_cost_stay_symbolic(tmp_path, kind, at):
    network = spec(
        tmp_path, f"input: [3, 32, 32]\nparameters: {{n: 3}}\nlayers:\n{REPEATS[kind]}\n"
    )
    form = closed_form(network, {"n": at}, ("n",))
    held = [n for n in range(1, 6) if form.domain.holds((n,))]
    assert at in held
    for n in held:
        values = {name: total.polynomial((n,)) for name, total in form.totals.items()}
        assert values == totals(network, n=n)
    if kind in ONE_BY_ONE:
        assert held == [at]
    elif at > 1 or kind not in FIRST_IS_OTHER:
        assert held == [1, 2, 3, 4, 5]


def test_a_transformer_reads_like_the_papers():
    # An encoder has 4 d^2 weights around its attention and 8 d^2 in its MLP; with n = 197
    # tokens it takes 12 n d^2 + 2 n^2 d.  A patch of 16 x 16 x 3 at 196 places, 1000 classes.
    assert texts("vit") == (
        "12·L·d² + 1768·d",
        f"{12 * 197}·L·d² + {2 * 197**2}·L·d + {768 * 196 + 1000}·d",
    )
    assert closed_form("vit").domain.assumptions(UNICODE, (12, 768)) == []


def test_symbols_of_a_spec_are_its_parameters(tmp_path):
    layers = "parameters: {n: 2}\nlayers: [conv: {out: 4, kernel: 1, repeat: n}]\n"
    with pytest.raises(SpecError, match="'wide' is not a parameter"):
        closed_form(spec(tmp_path, f"input: [4, 8, 8]\nsymbols: [n, wide]\n{layers}"))
    with pytest.raises(SpecError, match="symbols are a list of parameters"):
        closed_form(spec(tmp_path, f"input: [4, 8, 8]\nsymbols: n\n{layers}"))
