"""A Caffe network as its prototxt describes it: the layers of the test phase, in order.

Layers are ``layer { type: "Convolution" }``, or ``layers { type: CONVOLUTION }``
in files from before 2014; both come out the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
"""The types of ``layers``, and what ``layer`` calls them."""


class CaffeLayer(NamedTuple):
    """A layer of the test phase."""

    name: str
    type: str
    bottoms: tuple[Scalar, ...]
    """The blobs that it reads."""
    tops: tuple[Scalar, ...]
    """The blobs that it gives; one that it reads too is computed in place."""
    params: tuple[str, ...]
    """Names of its learned blobs, in their order; '' for one without."""
    fields: Fields
    mark: Mark

    @property
    def origin(self) -> str:
        """The layer, as messages name it."""
        return f"layer '{self.name}' ({self.type})"


class CaffeNetwork(NamedTuple):
    """A network's name, its own fields, and its layers."""

    name: str
    fields: Fields
    layers: tuple[CaffeLayer, ...]


def network(message: Message, problems: Problems) -> CaffeNetwork:
    """The network of a message; what is wrong with a layer goes to ``problems``.

    Raises:
        Refusal: it is the message of no network.
    """
    fields = Fields(message)
    found = []
    for old in (False, True):
        for index, each in enumerate(fields.messages("layers" if old else "layer")):
            try:
                layer = _layer(each, index, old)
            except Refusal as error:
                problems.add(error.mark, f"layer {index + 1}: {error.message}", error.expected)
                continue
            if _is_in_test_phase(layer.fields, problems):
                found.append(layer)
    if not found and not problems:
        known = ("name", "input", "layer", "layers")
        names = [name.text for name in fields_of(message)]
        hint = next((did_you_mean(name, known) for name in names if name not in known), "")
        raise Refusal(
            "not a Caffe network", "layer { ... }, once or more", hint=hint, mark=message.mark
        )
    return CaffeNetwork(fields.text("name"), fields, tuple(found))


def fields_of(message: Message) -> Iterator[Scalar]:
    """The names of a message's fields."""
    return (name for name, _ in message.entries)


def _layer(message: Message, index: int, is_old: bool) -> CaffeLayer:
    fields = Fields(message)
    if is_old and "layer" in fields:
        raise Refusal(
            "a layer inside layers is of a format that Caffe itself no longer reads",
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
        return tuple(each.text for each in fields.scalars("param"))
    return tuple(Fields(each).text("name") for each in fields.messages("param"))


def _is_in_test_phase(fields: Fields, problems: Problems) -> bool:
    """Whether Caffe's test phase, at level 0 and without stages, has the layer."""
    try:
        phase = fields.word("phase", ("TRAIN", "TEST"), "TEST")
        included = [_holds(Fields(each)) for each in fields.messages("include")]
        excluded = [_holds(Fields(each)) for each in fields.messages("exclude")]
    except Refusal as error:
        problems.add(error.mark, error.message, error.expected, error.found, error.hint)
        return False
    return phase == "TEST" and (any(included) or not included) and not any(excluded)


def _holds(rule: Fields) -> bool:
    """Whether a rule of ``include`` or ``exclude`` holds in the test phase."""
    return (
        rule.word("phase", ("TRAIN", "TEST"), "TEST") == "TEST"
        and rule.number("min_level", 0) <= 0
        and rule.number("max_level", 0) >= 0
        and not rule.scalars("stage")
    )
