"""NASNet-A mobile, which torchvision and timm do not publish."""


def test_params_of_the_mobile_network_are_those_that_keras_documents(counts):
    found = counts("nasnetamobile")
    # Keras documents 5,326,716 params of which 36,738 are not trained: the running mean
    # and variance, as many as there are scales and shifts.
    assert found.norm_params == 36_738
    assert found.weights + found.biases + found.norm_params == 5_326_716 - 36_738


def test_mult_adds_of_the_mobile_network_are_table_3s(counts):
    assert round(counts("nasnetamobile").macs / 10**6) == 564


def test_one_normal_cell_more_in_each_stage(counts):
    weights = macs = 0
    for c, side in ((44, 28), (88, 14), (176, 7)):
        # Both inputs are squeezed from 6c channels; figure 4 has five separable
        # convolutions, each applied twice: a k x k filter per channel, then c x c.
        cell = 2 * 6 * c * c + sum(2 * (k * k * c + c * c) for k in (5, 3, 5, 3, 3))
        weights += cell
        macs += cell * side * side
    four, five = counts("nasnet@n=4"), counts("nasnet@n=5")
    assert five.weights - four.weights == weights
    assert five.macs - four.macs == macs
