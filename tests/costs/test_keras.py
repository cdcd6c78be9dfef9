"""Total params as in Keras' model.summary().

Keras was not run.  The totals are those that the pages of Keras Applications list,
entered by hand; each is held to what torchvision, or timm where torchvision lacks the
network, learns of it, and the two running statistics of every channel of a batch norm.
"""

import pytest

import costcalc


@pytest.mark.parametrize(
    ("network", "learned", "normalised", "params"),
    [
        ("mobilenet_v1", 4_231_976, 10_944, 4_253_864),  # timm
        ("mobilenet_v2", 3_504_872, 17_056, 3_538_984),
        ("vgg16", 138_357_544, 0, 138_357_544),
        ("vgg19", 143_667_240, 0, 143_667_240),
        ("densenet121", 7_978_856, 41_824, 8_062_504),
        ("densenet169", 14_149_480, 79_200, 14_307_880),
        ("densenet201", 20_013_928, 114_528, 20_242_984),
        ("xception", 22_855_952, 27_264, 22_910_480),  # timm
        ("nasnetamobile", 5_289_978, 18_369, 5_326_716),  # the PyTorch port that timm took over
        ("nasnetalarge", 88_753_150, 98_334, 88_949_818),  # timm
    ],
)
def test_totals_that_keras_published(network, learned, normalised, params):
    assert learned + 2 * normalised == params
    assert costcalc.report(network, convention="keras").totals.params == params
    assert costcalc.report(network, convention="paper-with-norm").totals.params == learned
