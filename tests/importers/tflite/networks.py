"""The networks of MLPerf Tiny as its int8 files have them, layer by layer, with zeros for weights.

Banbury et al., arXiv 2106.07597; norms are folded into the convolutions.
"""

from math import prod

from tests.importers.tflite.models import Net

CONV, DEPTHWISE = "CONV_2D", "DEPTHWISE_CONV_2D"


class Chain:
    """A network whose layers read one another."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.net = Net()
        self.shape = (1, *shape)
        self.at = self.input = self.net.tensor(self.shape, "INT8", name="input")

    def conv(self, out: int, kernel: tuple[int, int], stride: int = 1, name: str = "") -> None:
        """A convolution with ``same`` padding and a ReLU; a depthwise one if ``out`` is 0."""
        _, height, width, channels = self.shape
        weights = (out, *kernel, channels) if out else (1, *kernel, channels)
        shape = (1, -(-height // stride), -(-width // stride), out or channels)
        options = {"stride_h": stride, "stride_w": stride, "activation": 1}
        if not out:
            options["multiplier"] = 1
        self._layer(CONV if out else DEPTHWISE, weights, shape, name, **options)

    def dense(self, out: int, name: str, activation: int = 0) -> None:
        """A fully connected layer."""
        weights = (out, prod(self.shape))
        self._layer("FULLY_CONNECTED", weights, (1, out), name, activation=activation)

    def pool(self, kernel: tuple[int, int]) -> None:
        """An average pool with windows side by side."""
        (height, width), (_, h, w, channels) = kernel, self.shape
        options = {"stride_h": height, "stride_w": width, "kernel_h": height, "kernel_w": width}
        shape = (1, h // height, w // width, channels)
        self._then("AVERAGE_POOL_2D", shape, "pool", padding=1, **options)

    def classify(self, classes: int) -> bytes:
        """The end of a classifier: a reshape, a fully connected layer and a softmax."""
        sizes = self.net.tensor((2,), "INT32", [1, prod(self.shape)])
        self._then("RESHAPE", (1, prod(self.shape)), "flatten", sizes)
        self.dense(classes, "dense")
        self._then("SOFTMAX", self.shape, "softmax", scale=(1 / 256, -128), beta=1.0)
        return self.bytes()

    def bytes(self) -> bytes:
        """The file."""
        self.net.ends([self.input], [self.at])
        return self.net.bytes()

    def _layer(
        self,
        operator: str,
        weights: tuple[int, ...],
        shape: tuple[int, ...],
        name: str,
        **options: int,
    ) -> None:
        stored = self.net.zeros(weights, "INT8", name=f"{name}/weights")
        bias = self.net.zeros((shape[-1],), "INT32", scale=(1 / 4096, 0), name=f"{name}/bias")
        self._then(operator, shape, name, stored, bias, **options)

    def _then(
        self,
        operator: str,
        shape: tuple[int, ...],
        name: str,
        *others: int,
        scale: tuple[float, int] | None = None,
        **options: float,
    ) -> None:
        output = self.net.tensor(shape, "INT8", scale=scale, name=name)
        self.net.operator(operator, [self.at, *others], [output], **options)
        self.at, self.shape = output, shape


def keyword_spotting() -> bytes:
    """DS-CNN on 49 x 10 features."""
    chain = Chain((49, 10, 1))
    chain.conv(64, (10, 4), 2, "conv")
    for block in range(1, 5):
        chain.conv(0, (3, 3), 1, f"block{block}/depthwise")
        chain.conv(64, (1, 1), 1, f"block{block}/pointwise")
    chain.pool((25, 5))
    return chain.classify(12)


def visual_wake_words() -> bytes:
    """MobileNetV1 at a width of 0.25 on 96 x 96 images."""
    chain = Chain((96, 96, 3))
    chain.conv(8, (3, 3), 2, "conv")
    rows = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5]
    for block, (out, stride) in enumerate([*rows, (256, 2), (256, 1)], 1):
        chain.conv(0, (3, 3), stride, f"block{block}/depthwise")
        chain.conv(out, (1, 1), 1, f"block{block}/pointwise")
    chain.pool((3, 3))
    return chain.classify(2)


def anomaly_detection() -> bytes:
    """An autoencoder of ten matrices."""
    chain = Chain((640,))
    for index, out in enumerate([128] * 4 + [8] + [128] * 4):
        chain.dense(out, f"dense{index}", activation=1)
    chain.dense(640, "dense9")
    return chain.bytes()


NETWORKS = {
    "kws": keyword_spotting,
    "vww": visual_wake_words,
    "ad01": anomaly_detection,
}
