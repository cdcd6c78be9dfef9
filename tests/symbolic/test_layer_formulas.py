"""Named formulas in the papers' symbols."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from costcalc.errors import SpecError
from costcalc.symbolic.catalogue import FORMULAS, TABLE
from costcalc.symbolic.formula import ASCII, LATEX, written
from costcalc.symbolic.layers import layer_formula

SIZES = st.integers(1, 60)


def lines(name, over=None, multipliers=(), style=None, **settings):
    formula = layer_formula(name, over, multipliers, settings)
    return {
        count.metric: written(count.formula, style) if style else written(count.formula)
        for count in formula.counts
    }


@pytest.mark.parametrize(
    ("name", "params", "mult_adds"),
    [
        # MobileNetV1, equations (2), (4) and (5).
        ("conv", "D_K²·M·N", "D_K²·M·N·D_F²"),
        ("dwconv", "D_K²·M", "D_K²·M·D_F²"),
        ("pwconv", "M·N", "M·N·D_F²"),
        ("separable", "D_K²·M + M·N", "D_K²·M·D_F² + M·N·D_F²"),
        ("gconv", "D_K²·M·N/g", "D_K²·M·N·D_F²/g"),
        ("fc", "M·N", "M·N"),
        # MobileNetV2, section 3.3.
        ("bottleneck", "d′·t·(d′ + k² + d″)", "h·w·d′·t·(d′ + k² + d″)"),
    ],
)
def test_formulas_are_written_as_in_the_papers(name, params, mult_adds):
    assert lines(name) == {"params": params, "mult_adds": mult_adds}


def test_multipliers_are_placed_as_in_the_paper():
    # MobileNetV1, equation (7).
    assert lines("separable", multipliers=("alpha", "rho")) == {
        "params": "D_K²·αM + αM·αN",
        "mult_adds": "D_K²·αM·(ρD_F)² + αM·αN·(ρD_F)²",
    }
    assert lines("conv", multipliers=("alpha",))["mult_adds"] == "D_K²·αM·αN·D_F²"


def test_ratios_are_simplified():
    both = {"params", "mult_adds"}
    assert lines("separable", "conv") == dict.fromkeys(both, "1/N + 1/D_K²")
    assert lines("gconv", "conv") == dict.fromkeys(both, "1/g")
    assert lines("dwconv", "conv") == dict.fromkeys(both, "1/N")
    assert lines("conv", "separable") == dict.fromkeys(both, "D_K²·N/(D_K² + N)")
    assert lines("separable", "conv", ("alpha", "rho")) == dict.fromkeys(both, "1/(αN) + 1/D_K²")
    assert lines("conv", "conv") == dict.fromkeys(both, "1")


def test_a_ratio_with_numbers_has_a_value():
    params, mult_adds = layer_formula("separable", "conv", (), {"D_K": 3, "M": 16, "N": 32}).counts
    # 3*3*16 + 16*32 = 656 over 3*3*16*32 = 4608
    assert params.compared == (656, 4608)
    assert params.value == Fraction(656, 4608) == Fraction(1, 32) + Fraction(1, 9)
    # D_F is open, but leaves the ratio.
    assert mult_adds.value == params.value
    assert mult_adds.compared is None


def test_symbols_without_a_number_stay_symbols():
    formula = layer_formula("conv", None, (), {"D_K": 3, "M": 16})
    assert [written(count.result) for count in formula.counts] == ["144·N", "144·N·D_F²"]
    thin = layer_formula("conv", None, (), {"alpha": Fraction(1, 2)})
    assert written(thin.counts[0].result) == "D_K²·M·N/4"


def test_ascii_and_latex():
    assert lines("bottleneck", style=ASCII)["mult_adds"] == "h*w*d'*t*(d' + k^2 + d'')"
    assert lines("separable", "conv", style=ASCII)["params"] == "1/N + 1/D_K^2"
    assert lines("separable", "conv", style=LATEX)["params"] == r"\frac{1}{N} + \frac{1}{D_K^{2}}"
    assert lines("separable", multipliers=("alpha", "rho"), style=LATEX)["mult_adds"] == (
        r"D_K^{2} \, \alpha M \, \left(\rho D_F\right)^{2}"
        r" + \alpha M \, \alpha N \, \left(\rho D_F\right)^{2}"
    )


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)
def test_latex_is_balanced(entry):
    latex = layer_formula(entry.name).latex
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert not set("·²′″αρ") & set(latex)


@given(kernel=SIZES, M=SIZES, N=SIZES, side=SIZES)
def test_the_separable_ratio_is_an_identity(kernel, M, N, side):
    sizes = {"D_K": kernel, "M": M, "N": N, "D_F": side}
    for count in layer_formula("separable", "conv", (), sizes).counts:
        assert count.value == Fraction(1, N) + Fraction(1, kernel**2)
        assert Fraction(*count.compared) == count.value


def test_every_alias_names_its_formula():
    for name, entry in FORMULAS.items():
        assert layer_formula(name).name == entry.name
    assert len(FORMULAS) == sum(1 + len(entry.aliases) for entry in TABLE)


def test_pooling_and_norms_count_events():
    # (3*3 - 1) comparisons for each of 64 * 56 * 56 windows = 8 * 200704
    pool = layer_formula("max_pool", None, (), {"D_K": 3, "M": 64, "D_F": 56})
    assert [(count.metric, count.value) for count in pool.counts] == [("comparisons", 1605632)]
    assert pool.params == pool.mult_adds == 0
    norm = layer_formula("batch_norm", None, (), {"M": 32, "D_F": 2})
    # 2*32 learned, 2*32 stored; 32*2*2 multiplications and additions
    assert {count.metric: count.value for count in norm.counts} == {
        "norm_params": 64,
        "buffers": 64,
        "multiplications": 128,
        "additions": 128,
    }


def test_norms_that_compute_their_statistics():
    # 3 additions an element to centre it, 1 to shift it; an epsilon for each variance.
    assert lines("layer_norm")["additions"] == "4·M·D_F² + D_F²"
    assert lines("group_norm")["additions"] == "4·M·D_F² + g"
    assert lines("instance_norm")["additions"] == "4·M·D_F² + M"
    # Squared and scaled, and scaled once more by gamma.
    assert lines("layer_norm")["multiplications"] == "3·M·D_F²"


def problems(*arguments):
    with pytest.raises(SpecError) as caught:
        layer_formula(*arguments)
    return str(caught.value)


def test_mistakes_are_reported():
    assert "did you mean 'separable'?" in problems("seperable")
    assert "did you mean 'D_K'?" in problems("conv", None, (), {"DK": 3})
    assert "M cannot be 0" in problems("conv", None, (), {"M": 0})
    assert "M cannot be -3" in problems("conv", None, (), {"M": -3})
    assert "M cannot be 1/2" in problems("conv", None, (), {"M": Fraction(1, 2)})
    assert "D_K has no symbol" not in problems("fc", None, (), {"D_K": 3})
    assert "fc has no symbol 'D_K'" in problems("fc", None, (), {"D_K": 3})
    assert "16 input channels cannot be split into 3 groups" in problems(
        "gconv", None, (), {"g": 3, "M": 16}
    )
    assert "'beta' is not a multiplier" in problems("conv", None, ("beta",))
    assert "count different things" in problems("max_pool", "conv")
    assert "alpha times M is 56/5" in problems(
        "conv", None, (), {"alpha": Fraction(7, 20), "M": 32}
    )
    both = problems("conv", None, (), {"M": 0, "N": "x"})
    assert "M cannot be 0" in both and "N cannot be 'x'" in both


def test_text_is_never_evaluated():
    assert "M cannot be '__import__('os').getpid()'" in problems(
        "conv", None, (), {"M": "__import__('os').getpid()"}
    )
    assert "has no symbol" in problems("conv", None, (), {"__import__('os')": 3})


def test_expressions_are_sympy_expressions():
    formula = layer_formula("bottleneck", None, ("alpha",))
    d1, d2, k, t, h, w, alpha = (
        sympy.Symbol(name, positive=True) for name in ("d'", "d''", "k", "t", "h", "w", "alpha")
    )
    a, b = alpha * d1, alpha * d2
    assert sympy.expand(formula.mult_adds - h * w * a * t * (a + k**2 + b)) == 0
