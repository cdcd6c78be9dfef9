"""The reverse question: which convention and settings give a quoted number."""

import pytest

import costcalc


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
    result = search("mobilenet_v2", "314193217")
    assert not result.matches
    assert (result.nearest[0].convention, result.nearest[0].value) == ("fvcore", 314_193_216)


def test_only_the_requested_conventions_and_settings_are_searched():
    assert not search("mobilenet_v2", "327.5M", "paper", "fvcore").matches
    result = search("mobilenet_v2", "327550720", implementation="paper")
    assert first(result) == ("thop", "mult_adds", "")
    result = search("mobilenet_v2", "392456192", res=224)
    assert not [match for match in result.matches if "256" in match.words]


def test_variants_are_searched():
    # VGG19: 19,632,062,464 mult-adds
    assert first(search("vgg", "19632062464")) == ("paper", "mult_adds", "configuration = E")
