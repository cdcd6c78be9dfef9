"""Highway networks by arithmetic from sections 2 and 3 of the paper."""

import pytest

import costcalc


def test_a_highway_layer_of_50_has_as_many_params_as_a_plain_one_of_71(counts):
    for network, params in (
        ("highway@depth=10", 2 * (50 * 50 + 50)),  # H and T: 5100
        ("highway@depth=10,carry=own", 3 * (50 * 50 + 50)),  # and C
        ("highway@depth=10,type=plain", 71 * 71 + 71),  # 5112
    ):
        ten, eleven = counts(network), counts(network.replace("10", "11"))
        assert sum(eleven[:2]) - sum(ten[:2]) == params


@pytest.mark.parametrize(("maps", "printed"), [(16, 39), (32, 151)])
def test_convolutional_networks_of_table_1(counts, maps, printed):
    plain = 9 * maps + maps
    highway = 2 * (9 * maps * maps + maps)
    classifier = 3 * 3 * maps * 10 + 10
    found = counts(f"highway_conv@maps={maps}")
    assert found.weights + found.biases == plain + 8 * highway + classifier
    assert round((found.weights + found.biases) / 1000) == printed


def test_the_transform_gate_is_the_cost_of_not_transforming():
    gating = costcalc.report("highway", depth=10, execute=0.5).gating
    first_and_last = 28 * 28 * 50 + 50 * 10
    assert gating.gates == 9 * 50 * 50
    assert gating.minimum == first_and_last + 9 * 50 * 50
    assert gating.expected == first_and_last + 9 * 50 * 50 + 9 * 50 * 50 // 2
    assert gating.maximum == first_and_last + 2 * 9 * 50 * 50
