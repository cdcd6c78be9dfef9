"""What a program holds: branches, refusals, and settings where nothing is recorded."""

from fractions import Fraction
from itertools import product
from types import MappingProxyType

import pytest

from costcalc.errors import refuse
from costcalc.formulas import algebra
from costcalc.spec.numbers import exact
from costcalc.tape.number import TapeNumber
from costcalc.tape.program import UNSAID, Program, Refused
from costcalc.tape.tape import Parameter
from costcalc.tape.writer import Writer

ALPHA = Parameter("alpha", Fraction(1, 20), 2, False)
RES = Parameter("res", 32, 512, True)
DEPTH = Parameter("depth", 1, 40, True)

ALPHAS = tuple(Fraction(step, 20) for step in range(1, 41))
SIDES = tuple(range(32, 513, 32))


def value(program, settings):
    """The first number that a program has at some settings."""
    (number,) = program.at(settings).result
    numbers = tuple(settings[parameter.name] for parameter in program.tape.parameters)
    is_plain = not isinstance(number, TapeNumber)
    return number if is_plain else program.player.value(number.node, numbers)


def test_settings_outside_the_bounds_are_not_recorded():
    program = Program(lambda at: (at["alpha"] * at["res"],), [ALPHA, RES])
    program.record({"alpha": 1, "res": 224})
    assert value(program, {"alpha": Fraction(7, 20), "res": 33}) == Fraction(7 * 33, 20)
    for alpha, res in ((0, 224), (Fraction(41, 20), 224), (1, 31), (1, Fraction(225, 2))):
        assert program.at({"alpha": alpha, "res": res}) is None
        with pytest.raises(ValueError, match="out of its bounds"):
            program.record({"alpha": alpha, "res": res})


def test_the_other_side_of_a_comparison_is_not_recorded():
    def larger(at):
        return (at["res"] * 2 if at["res"] > 100 else at["res"] * 3,)

    program = Program(larger, [RES])
    program.record({"res": 224})
    assert value(program, {"res": 101}) == 202
    assert program.at({"res": 100}) is None
    program.record({"res": 50})
    assert value(program, {"res": 100}) == 300
    assert len(program.leaves) == 2


def test_choices_have_trees_of_their_own():
    program = Program(lambda at: (at["res"] * (2 if at["head"] == "wide" else 1),), [RES], ["head"])
    program.record({"res": 224, "head": "wide"})
    assert program.at({"res": 224, "head": "slim"}) is None
    program.record({"res": 224, "head": "slim"})
    assert value(program, {"res": 32, "head": "wide"}) == 64
    assert value(program, {"res": 32, "head": "slim"}) == 32


def test_choices_that_are_fixed_keep_what_is_recorded():
    program = Program(lambda at: (at["res"] * at["scale"] + at["more"],), [RES], ["scale", "more"])
    program.record({"res": 224, "scale": 2, "more": 1})
    program.fix({"scale": 2})
    assert program.choices == ("more",)
    assert value(program, {"res": 32, "more": 1}) == 65
    assert program.at({"res": 32, "more": 3}) is None
    program.record({"res": 224, "more": 3})
    assert value(program, {"res": 32, "more": 3}) == 67


def test_a_number_of_repeats_has_a_branch_for_each_value():
    def layers(at):
        return (sum((at["res"] * i for i in range(int(at["depth"]))), 0),)

    program = Program(layers, [RES, DEPTH])
    for depth in (5, 2, 7, 5):
        program.record({"res": 224, "depth": depth})
    assert len(program.leaves) == 3
    assert program.settled == {"depth"}
    for depth in (2, 5, 7):
        settings = {"res": 40, "depth": depth}
        assert value(program, settings) == 40 * sum(range(depth))
    assert program.at({"res": 224, "depth": 6}) is None


def test_a_number_that_an_outcome_settled_has_no_other_branch():
    def layers(at):
        if at["depth"] == 3:
            return (int(at["depth"]) * at["res"] + int(at["more"]),)
        return (0,)

    program = Program(layers, [RES, DEPTH, Parameter("more", 1, 9, True)])
    for more in (5, 7):
        program.record({"res": 224, "depth": 3, "more": more})
    for more in (5, 7):
        assert value(program, {"res": 32, "depth": 3, "more": more}) == 96 + more
    assert program.settled == {"depth", "more"}


def test_a_refusal_has_the_numbers_of_its_settings():
    def fits(at):
        side = algebra.ceil_div(at["res"], 3)
        if side < 40:
            refuse(None, f"{side:,} is too small", expected=f"{at['res'] * 100:,} at least")
        return (side,)

    program = Program(fits, [RES])
    program.record({"res": 33})
    (leaf,) = program.leaves
    assert isinstance(leaf.result, Refused)
    for res in (32, 33, 117):
        assert program.at({"res": res}) is leaf
        message = program.message(leaf.result, {"res": res})
        assert message == f"{-(-res // 3)} is too small\n    expected {res * 100:,} at least"
    assert program.at({"res": 118}) is None
    assert Writer(program).text(leaf.result.message)[1] == " is too small\n    expected "


def test_a_refusal_is_told_without_a_hint_that_plain_numbers_alone_have():
    def never(at):
        is_plain = not isinstance(at["res"], TapeNumber)
        refuse(None, f"{at['res']} is too large", hint="try 32" if is_plain else "")

    program = Program(never, [RES])
    refused = program.record({"res": 224}).result
    assert program.message(refused, {"res": 192}) == "192 is too large"


def test_a_number_that_is_not_whole_is_no_count():
    program = Program(lambda at: (int(at["alpha"]),), [ALPHA])
    with pytest.raises(TypeError, match="not a whole number"):
        program.record({"alpha": Fraction(3, 2)})
    program.record({"alpha": 1})
    assert value(program, {"alpha": 1}) == 1


def test_settings_at_which_a_comparison_grows_too_large_are_not_recorded():
    def power(at):
        number = at["alpha"]
        for _ in range(9):
            number = number * number
        return (1 if number < 3 else 2,)

    program = Program(power, [ALPHA])
    program.record({"alpha": 1})
    assert value(program, {"alpha": Fraction(1, 2)}) == 1
    assert program.at({"alpha": Fraction(19, 20)}) is None


def test_a_refusal_has_fractions_as_they_are_written():
    def never(at):
        refuse(None, f"nothing at {exact(at['alpha'])}")

    program = Program(never, [ALPHA])
    refused = program.record({"alpha": Fraction(7, 20)}).result
    assert program.message(refused, {"alpha": Fraction(7, 20)}) == "nothing at 0.35"
    assert program.message(refused, {"alpha": Fraction(1, 3)}) == "nothing at 1/3"


def test_a_number_in_another_format_has_a_branch_for_each_value():
    def named(at):
        if at["res"] > 300:
            refuse(None, f"{at['res']:>5} is too large")
        return (f"Conv {at['res']:05}",)

    program = Program(named, [RES])
    for res in (224, 448):
        program.record({"res": res})
    assert program.at({"res": 224}).result == ("Conv 00224",)
    refused = program.at({"res": 448}).result
    assert program.message(refused, {"res": 448}) == "  448 is too large"
    assert program.at({"res": 225}) is program.at({"res": 449}) is None


def test_a_refusal_whose_text_looks_like_a_mark_has_no_other_numbers():
    def never(at):
        refuse(None, f"'⟦0⟧', '⟦99⟧' are not {at['res']}")

    program = Program(never, [RES])
    assert program.record({"res": 224}).result is UNSAID
    assert program.at({"res": 192}).result is UNSAID


def test_a_refusal_that_is_cut_short_has_no_half_numbers():
    def never(at):
        refuse(None, "a" * 999 + f"{at['res']}" + "b" * 2000)

    program = Program(never, [RES])
    assert program.record({"res": 224}).result is UNSAID


def test_a_name_that_looks_like_a_mark_is_left_as_it_is():
    program = Program(lambda at: (f"⟦0⟧ and ⟦99⟧ {at['res'] % 2}",), [RES])
    program.record({"res": 224})
    assert program.at({"res": 224}).result == ("⟦0⟧ and ⟦99⟧ 0",)
    assert program.at({"res": 33}) is None


def test_a_name_with_a_number_has_a_branch_for_each_value():
    program = Program(lambda at: (f"Conv {at['res']}",), [RES])
    program.record({"res": 224})
    program.record({"res": 32})
    assert program.at({"res": 224}).result == ("Conv 224",)
    assert program.at({"res": 32}).result == ("Conv 32",)
    assert program.at({"res": 33}) is None


@pytest.mark.parametrize(
    "hold",
    [
        lambda name: [name],
        lambda name: {name},
        lambda name: frozenset({name}),
        lambda name: {name: 1},
        lambda name: {1: name},
        lambda name: MappingProxyType({1: (name,)}),
        lambda name: ({1: [name]},) * 2,
    ],
)
def test_a_name_is_found_in_what_holds_it(hold):
    program = Program(lambda at: (hold(f"Conv {at['res']}"),), [RES])
    program.record({"res": 224})
    assert program.at({"res": 224}).result == (hold("Conv 224"),)
    assert program.at({"res": 33}) is None


def test_names_are_compared_as_they_are_printed():
    def types(at):
        names = {}
        for kernel in (3, at["kernel"]):
            name = f"Conv {kernel}"
            names[name] = names.get(name, 0) + at["res"]
        return tuple(names.items())

    program = Program(types, [RES, Parameter("kernel", 1, 9, True)])
    for kernel in (5, 3, 7):
        program.record({"res": 224, "kernel": kernel})
    assert program.settled == {"kernel"}
    for kernel in (5, 3, 7):
        names = [name for name, _ in program.at({"res": 32, "kernel": kernel}).result]
        assert names == (["Conv 3"] if kernel == 3 else ["Conv 3", f"Conv {kernel}"])


def test_a_name_that_another_leads_to():
    def named(at):
        first, other = f"Conv {at['kernel']}", f"at {at['res']}"
        return (other if first == "Conv 3" else first,)

    program = Program(named, [RES, Parameter("kernel", 1, 9, True)])
    program.record({"res": 224, "kernel": 3})
    program.record({"res": 224, "kernel": 5})
    assert program.at({"res": 224, "kernel": 3}).result == ("at 224",)
    assert program.at({"res": 192, "kernel": 3}) is None
    assert program.at({"res": 192, "kernel": 5}).result == ("Conv 5",)


def test_a_name_after_others_that_are_left_out():
    def named(at):
        title = f"at {at['res']}"
        return (f"Conv {at['kernel']}" if at["res"] > 100 else at["res"] if title else 0,)

    program = Program(named, [RES, Parameter("kernel", 1, 9, True)])
    for res, kernel in ((50, 3), (224, 3), (192, 5), (60, 7)):
        program.record({"res": res, "kernel": kernel})
    assert program.at({"res": 160, "kernel": 3}).result == ("Conv 3",)
    assert program.at({"res": 160, "kernel": 4}) is None
    assert value(program, {"res": 70, "kernel": 5}) == 70
    assert program.at({"res": 192, "kernel": 5}).result == ("Conv 5",)


def test_a_number_that_is_printed_and_left_out_has_no_branch():
    def named(at):
        title = f"at {at['res']}"
        return (at["res"] if title else 0,)

    program = Program(named, [RES])
    program.record({"res": 224})
    assert value(program, {"res": 33}) == 33


def test_exploring_records_all_that_the_axes_reach():
    def structure(at):
        width = algebra.round_to_multiple(at["alpha"] * 24)
        side = algebra.ceil_div(at["res"], 32)
        if width * side < 24:
            refuse(None, f"{width} x {side}")
        return (width if width > side else side, "wide" if width == 24 else "other")

    program = Program(structure, [ALPHA, RES])
    assert program.explore({"alpha": ALPHAS, "res": SIDES})
    assert len(program.leaves) == 4  # a width of 24 is above every side of at most 16
    for alpha, res in product(ALPHAS, SIDES):
        settings = {"alpha": alpha, "res": res}
        leaf = program.at(settings)
        width, side = algebra.round_to_multiple(alpha * 24), -(-res // 32)
        if isinstance(leaf.result, Refused):
            assert width * side < 24
            assert program.message(leaf.result, settings) == f"{width} x {side}"
        else:
            number, word = leaf.result
            found = program.player.value(number.node, (alpha, res))
            assert (found, word) == (max(width, side), "wide" if width == 24 else "other")


def test_exploring_ends_at_a_limit():
    program = Program(lambda at: (int(at["depth"]) * at["res"],), [RES, DEPTH])
    axes = {"res": SIDES, "depth": range(1, 41)}
    program.most = 40
    assert program.explore(axes)
    fewer = Program(program.function, [RES, DEPTH])
    fewer.most = 39
    assert not fewer.explore(axes)
    assert len(fewer.leaves) == 39


def test_exploring_ends_where_a_comparison_has_too_many_values():
    names = "abcdefg"
    parameters = [Parameter(name, 1, 10, True) for name in names]

    def function(at):
        return (1 if sum(at[name] for name in names) < 35 else 2,)

    program = Program(function, parameters)
    assert not program.explore(dict.fromkeys(names, range(1, 11)))
    assert program.explore(dict.fromkeys(names, (1, 10)))


def test_exploring_ends_where_a_number_grows_too_large():
    def power(at):
        number = at["res"]
        for _ in range(8):
            number = number * number
        return (1 if number < 10**600 else 2,)

    program = Program(power, [RES])
    assert not program.explore({"res": SIDES})


def test_a_function_that_is_none_of_its_settings_is_found_out():
    runs = []

    def forgetful(at):
        runs.append(at)
        return (1,) if at["res"] > 100 * len(runs) else (2,)

    program = Program(forgetful, [RES])
    program.record({"res": 50})
    with pytest.raises(AssertionError, match="another way"):
        program.record({"res": 250})
