"""Inception-v3's auxiliary classifier, which torchvision keeps for training."""


def test_inception_v3_with_its_auxiliary_classifier(counts):
    alone, both = counts("inception_v3"), counts("inception_v3@aux=true")
    # torchvision 0.29.1, aux_logits=True: 27,161,264 params.
    assert both[:3] == (27_123_040, 2_000, 36_224)
    assert sum(both[:3]) == 27_161_264
    # Over 5 x 5 maps 768 -> 128, then 5 x 5 to one position 128 -> 768, then 768 x 1000.
    assert both.macs - alone.macs == 768 * 128 * 25 + 128 * 25 * 768 + 768 * 1000
