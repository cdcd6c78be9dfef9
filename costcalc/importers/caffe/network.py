"""The structure of a Caffe network: the layers of its test phase, in order.

A layer is ``layer { type: "Convolution" }``, or ``layers { type: CONVOLUTION }`` in
files from before 2014; both are read into the same form.
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Mark, Problems, Refusal, did_you_mean
from costcalc.formats.prototxt import Message, Scalar
from costcalc.importers.caffe.fields import Fields
from costcalc.records import NamedTuple

OLD_TYPES: Mapping[str, str] = {
    "ABSVAL": "AbsVal",
    "ACCURACY": "Accuracy",
    "ARGMAX": "ArgMax",
    "BNLL": "BNLL",
    "CONCAT": "Concat",
    "CONTRASTIVE_LOSS": "ContrastiveLoss",
    "CONVOLUTION": "Convolution",
    "DATA": "Data",
    "DECONVOLUTION": "Deconvolution",
    "DROPOUT": "Dropout",
    "DUMMY_DATA": "DummyData",
    "ELTWISE": "Eltwise",
    "EUCLIDEAN_LOSS": "EuclideanLoss",
    "EXP": "Exp",
    "FLATTEN": "Flatten",
    "HDF5_DATA": "HDF5Data",
    "HINGE_LOSS": "HingeLoss",
    "IMAGE_DATA": "ImageData",
    "INFOGAIN_LOSS": "InfogainLoss",
    "INNER_PRODUCT": "InnerProduct",
    "LRN": "LRN",
    "MEMORY_DATA": "MemoryData",
    "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss",
    "MVN": "MVN",
    "POOLING": "Pooling",
    "POWER": "Power",
    "RELU": "ReLU",
    "SIGMOID": "Sigmoid",
    "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss",
    "SILENCE": "Silence",
    "SLICE": "Slice",
    "SOFTMAX": "Softmax",
    "SOFTMAX_LOSS": "SoftmaxWithLoss",
    "SPLIT": "Split",
    "TANH": "TanH",
    "WINDOW_DATA": "WindowData",
}
"""The type in ``layer`` of each type in ``layers``."""


class CaffeLayer(NamedTuple):
    """A layer of the test phase."""

    name: str
    type: str
    bottoms: tuple[Scalar, ...]
    """Its input blobs."""
    tops: tuple[Scalar, ...]
    """Its output blobs; one that is also a bottom is computed in place."""
    params: tuple[str, ...]
    """The names of its learnable blobs, in order; '' for one without a name."""
    fields: Fields
    mark: Mark

    @property
    def origin(self) -> str:
        """The layer, for messages."""
        return f"layer '{self.name}' ({self.type})"


class CaffeNetwork(NamedTuple):
    """A network: its name, its own fields, and its layers."""

    name: str
    fields: Fields
    layers: tuple[CaffeLayer, ...]


def network(message: Message, problems: Problems) -> CaffeNetwork:
    """The network of a message; problems of layers are added to ``problems``.

    Raises:
        Refusal: the message is not a network.
    """
    fields = Fields(message)
    layers = []
    for is_old in (False, True):
        for index, entry in enumerate(fields.messages("layers" if is_old else "layer")):
            try:
                layer = _layer(entry, index, is_old)
            except Refusal as error:
                problems.add(error.mark, f"layer {index + 1}: {error.message}", error.expected)
                continue
            if _is_in_test_phase(layer.fields, problems):
                layers.append(layer)
    if not layers and not problems:
        known = ("name", "input", "layer", "layers")
        names = [name.text for name, _ in message.entries]
        if "base_lr" in names:
            raise Refusal(
                "the settings of a training, not a network",
                "the file that its 'net' or 'train_net' names",
                mark=message.mark,
            )
        hint = next((did_you_mean(name, known) for name in names if name not in known), "")
        raise Refusal(
            "not a Caffe network", "layer { ... }, once or more", hint=hint, mark=message.mark
        )
    return CaffeNetwork(fields.text("name"), fields, tuple(layers))


def _layer(message: Message, index: int, is_old: bool) -> CaffeLayer:
    fields = Fields(message)
    if is_old and "layer" in fields:
        raise Refusal(
            "a layer inside layers is in a format that Caffe itself no longer reads",
            'layer { name: "..." type: "..." }',
            mark=message.mark,
        )
    type_ = fields.text("type")
    if is_old:
        type_ = OLD_TYPES.get(type_, type_)
    if not type_:
        raise Refusal("'type' is missing", 'type: "Convolution"', mark=message.mark)
    return CaffeLayer(
        fields.text("name") or f"{type_.lower()}{index + 1}",
        type_,
        tuple(fields.scalars("bottom")),
        tuple(fields.scalars("top")),
        _param_names(fields, is_old),
        fields,
        message.mark,
    )


def _param_names(fields: Fields, is_old: bool) -> tuple[str, ...]:
    if is_old:
        return tuple(name.text for name in fields.scalars("param"))
    return tuple(Fields(param).text("name") for param in fields.messages("param"))


def _is_in_test_phase(fields: Fields, problems: Problems) -> bool:
    """Whether Caffe's test phase, at level 0 and without stages, includes the layer."""
    try:
        phase = fields.word("phase", ("TRAIN", "TEST"), "TEST")
        included = [_applies(Fields(rule)) for rule in fields.messages("include")]
        excluded = [_applies(Fields(rule)) for rule in fields.messages("exclude")]
    except Refusal as error:
        problems.add(error.mark, error.message, error.expected, error.found, error.hint)
        return False
    return phase == "TEST" and (any(included) or not included) and not any(excluded)


def _applies(rule: Fields) -> bool:
    """Whether an ``include`` or ``exclude`` rule applies to the test phase."""
    return (
        rule.word("phase", ("TRAIN", "TEST"), "TEST") == "TEST"
        and rule.number("min_level", 0) <= 0
        and rule.number("max_level", 0) >= 0
        and not rule.scalars("stage")
    )
