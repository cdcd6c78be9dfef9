"""Every layer that Keras ships is read as Keras builds it, or has a reason why not."""

import inspect
import json

import keras
import pytest

import costcalc
from costcalc.errors import SpecError
from costcalc.importers.keras.layers.reshaping import IDLE
from costcalc.importers.keras.layers.unread import REASONS
from tests.importers.keras.written import graph, layer, sequential

layers = keras.layers

CLASSES = {
    found.__name__: found
    for found in vars(layers).values()
    if inspect.isclass(found) and issubclass(found, layers.Layer)
}
"""Every layer, by its own name: ``MaxPool2D`` is ``MaxPooling2D``."""

MAP, SIGNAL, VIDEO, TOKENS, IDS = (8, 12, 6), (24, 6), (6, 8, 10, 4), (7, 10), (5,)
"""Inputs, channels last."""

RANKED = {1: SIGNAL, 2: MAP, 3: VIDEO}


def built(*shapes, calls=(), **config):
    """An example: the shapes of its inputs, its settings and those of its call."""
    return list(shapes), config, dict(calls)


def windows(rank):
    """The layers that exist once for each number of spatial axes."""
    shape, filters = RANKED[rank], {"filters": 5, "kernel_size": 3}
    yield f"Conv{rank}D", built(shape, **filters, groups=2, padding="same")
    yield f"Conv{rank}DTranspose", built(shape, **filters, strides=2, padding="same")
    if rank < 3:
        yield f"DepthwiseConv{rank}D", built(shape, kernel_size=3, depth_multiplier=2)
        yield f"SeparableConv{rank}D", built(shape, **filters, depth_multiplier=2)
    for word in ("Max", "Average"):
        yield f"{word}Pooling{rank}D", built(shape, pool_size=2)
        yield f"Global{word}Pooling{rank}D", built(shape)
        yield f"Adaptive{word}Pooling{rank}D", built(shape, output_size=3)
    yield f"ZeroPadding{rank}D", built(shape, padding=2)
    yield f"Cropping{rank}D", built(shape, cropping=1)
    yield f"UpSampling{rank}D", built(shape, size=2)
    yield f"SpatialDropout{rank}D", built(shape, rate=0.5)


EXAMPLES = {
    **{name: example for rank in RANKED for name, example in windows(rank)},
    **{name: built(MAP) for name in ("ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "Identity")},
    **{
        name: built(MAP, MAP)
        for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
    },
    **{name: built(MAP, rate=0.5) for name in ("Dropout", "AlphaDropout", "GaussianDropout")},
    "Conv1D": built(SIGNAL, filters=4, kernel_size=3, groups=2, padding="causal"),
    "Conv2D": built(MAP, filters=4, kernel_size=(3, 5), groups=2, activation="gelu"),
    "Conv3D": built(VIDEO, filters=4, kernel_size=3, groups=2),
    "Activation": built(MAP, activation="silu"),
    "ActivityRegularization": built(MAP, l2=0.1),
    "AdditiveAttention": built(TOKENS, (5, 10)),
    "Attention": built(TOKENS, (5, 10), use_scale=True),
    "BatchNormalization": built(MAP),
    "CenterCrop": built(MAP, height=4, width=6),
    "Dense": built(MAP, units=7, activation="relu"),
    "Dot": built(TOKENS, TOKENS, axes=1),
    "EinsumDense": built(TOKENS, equation="abc,cde->abde", output_shape=(7, 3, 4), bias_axes="de"),
    "Embedding": built(IDS, input_dim=20, output_dim=6),
    "Flatten": built(MAP),
    "GaussianNoise": built(MAP, stddev=0.1),
    "GroupNormalization": built(MAP, groups=3),
    "GroupedQueryAttention": built(
        TOKENS, (5, 10), head_dim=4, num_query_heads=6, num_key_value_heads=2
    ),
    "InputLayer": built(MAP),
    "Bidirectional": built(TOKENS, layer=layers.GRU(4, return_sequences=True)),
    "ConvLSTM1D": built((5, 8, 3), filters=4, kernel_size=3),
    "ConvLSTM2D": built((5, 8, 9, 3), filters=4, kernel_size=3, strides=2, padding="same"),
    "ConvLSTM3D": built((5, 6, 7, 8, 3), filters=4, kernel_size=2, return_sequences=True),
    "GRU": built(TOKENS, units=4),
    "GRUCell": built((10,), (4,), units=4),
    "LSTM": built(TOKENS, units=4, return_sequences=True),
    "LSTMCell": built((10,), (4,), (4,), units=4),
    "RNN": built(TOKENS, cell=layers.LSTMCell(4)),
    "SimpleRNN": built(TOKENS, units=4, use_bias=False),
    "SimpleRNNCell": built((10,), (4,), units=4),
    "StackedRNNCells": built(
        (10,), (4,), (4,), (3,), cells=[layers.LSTMCell(4), layers.GRUCell(3)]
    ),
    "LayerNormalization": built(MAP),
    "Masking": built(TOKENS),
    "MelSpectrogram": built((1000,), fft_length=128, sequence_stride=50, num_mel_bins=16),
    "MultiHeadAttention": built(TOKENS, (5, 10), num_heads=3, key_dim=4, value_dim=5),
    "Normalization": built(MAP),
    "Permute": built(MAP, dims=(3, 1, 2)),
    "RMSNormalization": built(MAP),
    "RandomCrop": built(MAP, height=8, width=12),
    "RepeatVector": built((9,), n=4),
    "Rescaling": built(MAP, scale=0.5, offset=1.0),
    "Reshape": built(MAP, target_shape=(16, -1)),
    "Resizing": built(MAP, height=5, width=7),
    "ReversibleEmbedding": built(IDS, input_dim=20, output_dim=6),
    "STFTSpectrogram": built((200, 2), frame_length=50, frame_step=20, window=None),
    "SpectralNormalization": built(MAP, layer=layers.Conv2D(4, 3)),
    "TimeDistributed": built(VIDEO, layer=layers.Conv2D(4, 3)),
    "UnitNormalization": built(MAP),
}
"""An example of each layer that is read."""

IN_TRAINING = {
    "RandomBrightness": {"factor": 0.2},
    "RandomColorJitter": {},
    "RandomContrast": {"factor": 0.2},
    "RandomErasing": {},
    "RandomGrayscale": {},
    "RandomHue": {"factor": 0.2},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.2},
    "RandomSaturation": {"factor": 0.2},
    "RandomSharpness": {"factor": 0.2},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
    "RandomColorDegeneration": {"factor": 0.2},
    "MaxNumBoundingBoxes": {"max_number": 3},
}
"""The settings of layers that act in training alone; the others need none."""

IMAGE = (8, 8, 3)

STATES = {"SpectralNormalization": 4, "Normalization": 1}
"""What a layer keeps to learn by: a number for each filter; how many batches it was adapted to."""


def built_by_keras(name):
    """A model of one layer."""
    shapes, config, call = EXAMPLES[name]
    is_lookup = name in ("Embedding", "ReversibleEmbedding")
    inputs = [keras.Input(shape, dtype="int32" if is_lookup else None) for shape in shapes]
    if name == "InputLayer":
        outputs = layers.Identity()(inputs[0])
    elif name.endswith("QueryAttention") or name == "MultiHeadAttention":
        outputs = CLASSES[name](**config)(*inputs, **call)
    elif name.endswith(("Cell", "Cells")):
        first, *states = inputs
        if name == "StackedRNNCells":
            states = [states[:2], states[2]]
        output, _ = CLASSES[name](**config)(first, states)
        return keras.Model(inputs, output)
    else:
        outputs = CLASSES[name](**config)(inputs if len(inputs) > 1 else inputs[0], **call)
    return keras.Model(inputs, outputs)


def test_every_layer_has_an_example_or_a_reason():
    idle = {name for name in IDLE if name not in EXAMPLES}
    assert CLASSES.keys() == EXAMPLES.keys() | REASONS.keys() | (idle - {"StopGradient"})
    assert not EXAMPLES.keys() & REASONS.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_params_and_shapes_are_those_of_keras(name, tmp_path):
    model = built_by_keras(name)
    path = tmp_path / "model.json"
    path.write_text(model.to_json())
    report = costcalc.report(path, convention="keras")
    assert report.totals.params == model.count_params() - STATES.get(name, 0)
    *sides, channels = model.output_shape[1:]
    assert report.layers[-1].output in {(channels, *sides), (*sides, channels)}


@pytest.mark.parametrize("name", sorted(set(IDLE) - EXAMPLES.keys() - {"StopGradient"}))
def test_layers_that_act_in_training_alone_return_their_input(name, tmp_path):
    idle = CLASSES[name](**IN_TRAINING.get(name, {}))
    image = keras.ops.reshape(keras.ops.arange(192, dtype="float32"), (1, *IMAGE))
    assert keras.ops.all(idle(image, training=False) == image)
    entry = layer(name, **json.loads(json.dumps(idle.get_config(), default=str)))
    found = graph(tmp_path, sequential(IMAGE, entry))
    assert [each.kind.name for each in found.layers] == ["identity"]


def test_a_layer_without_a_rule_says_why(tmp_path):
    path = tmp_path / "model.json"
    model = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x)])
    path.write_text(model.to_json())
    with pytest.raises(SpecError, match=r"\(Lambda\): .*: its work is code"):
        costcalc.report(path)
