"""Total params as model.summary() prints them, from the pages of Keras Applications and READMEs."""

import pytest

from costcalc import pipeline


@pytest.mark.parametrize(
    ("network", "params"),
    [
        ("mobilenet_v1", 4_253_864),
        ("mobilenet_v2", 3_538_984),
        ("vgg16", 138_357_544),
        ("vgg19", 143_667_240),
        ("densenet121", 8_062_504),
        ("densenet169", 14_307_880),
        ("densenet201", 20_242_984),
        ("xception", 22_910_480),
        ("nasnetamobile", 5_326_716),
        ("nasnetalarge", 88_949_818),
    ],
)
def test_totals_that_keras_published(network, params):
    assert pipeline.report(network, {}, "keras").totals.params == params
