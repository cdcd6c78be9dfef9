"""Models as people build them in Keras: masks, several inputs, models of their own class."""

import keras
import pytest

import costcalc
from costcalc.errors import SpecError

layers = keras.layers


class Trained(keras.Model):
    """A functional model with a training step of its own."""

    def train_step(self, data):
        return super().train_step(data)


def tokens(width=6):
    ids = keras.Input((5,), dtype="int32")
    return ids, layers.Embedding(20, width, mask_zero=True)(ids)


def masked(*made):
    ids, x = tokens()
    for layer in made:
        x = layer(x)
    return keras.Model(ids, x)


def masked_attention(attention):
    queries, q = tokens()
    values, v = tokens()
    masks = [keras.ops.not_equal(queries, 0), keras.ops.not_equal(values, 0)]
    return keras.Model([queries, values], attention([q, v], mask=masks))


def scores():
    x, y = keras.Input((5, 8)), keras.Input((5, 8))
    attention = layers.MultiHeadAttention(2, 4)
    attended, found = attention(x, y, return_attention_scores=True)
    return keras.Model([x, y], [layers.Dense(3)(attended), layers.Dense(2)(found)])


def of_its_own_class():
    x = keras.Input((8,))
    inner = Trained(x, layers.Dense(4)(x))
    return Trained(x, layers.Dense(2)(inner(x)))


def inner(name):
    x = keras.Input((8,))
    return keras.Model(x, layers.Dense(8)(x), name=name)


def called_twice():
    model, x = inner("twice"), keras.Input((8,))
    return keras.Model(x, model(model(x)))


def called_twice_inside():
    model, x = called_twice(), keras.Input((3, 8))
    return keras.Model(x, layers.TimeDistributed(model)(x))


def read_and_returned():
    model, x = inner("encoder"), keras.Input((8,))
    hidden = model(x)
    return keras.Model(x, [hidden, layers.Dense(3)(hidden), model(layers.ReLU()(hidden))])


def used_elsewhere():
    model, x = inner("shared"), keras.Input((8,))
    model(keras.Input((8,)))
    return keras.Model(x, [layers.Dense(3)(model(model(x)))])


def of_two_numbers():
    user, item = (keras.Input((), dtype="int32") for _ in range(2))
    vectors = [layers.Embedding(9, 4)(user), layers.Embedding(7, 4)(item)]
    return keras.Model([user, item], layers.Dot(1, normalize=True)(vectors))


def one_layer(layer, *shape):
    return keras.Sequential([keras.Input(shape), layer])


MODELS = {
    **{
        f"masked {cell.__name__}": lambda cell=cell: masked(
            cell(4, return_sequences=True), layers.Dropout(0.1), layers.Bidirectional(cell(3))
        )
        for cell in (layers.LSTM, layers.GRU, layers.SimpleRNN)
    },
    "masked cells": lambda: masked(layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])),
    "masked steps": lambda: masked(
        layers.TimeDistributed(layers.Dense(4)), layers.GlobalAveragePooling1D()
    ),
    "masked attention": lambda: masked_attention(layers.Attention()),
    "masked sums": lambda: masked_attention(layers.AdditiveAttention()),
    "scores of attention": scores,
    "a class of its own": of_its_own_class,
    "single numbers": of_two_numbers,
    "called twice": called_twice,
    "called twice inside": called_twice_inside,
    "read and returned": read_and_returned,
    "used elsewhere": used_elsewhere,
    "groups without a scale": lambda: one_layer(layers.GroupNormalization(3, scale=False), 4, 5, 6),
    "groups without a center": lambda: one_layer(
        layers.GroupNormalization(-1, center=False), 4, 5, 6
    ),
}


def written(model, folder):
    path = folder / "model.json"
    path.write_text(model.to_json())
    return path


@pytest.mark.parametrize("name", MODELS)
def test_params_and_outputs_are_those_of_keras(name, tmp_path):
    model = MODELS[name]()
    report = costcalc.report(written(model, tmp_path), convention="keras")
    assert report.totals.params == model.count_params()
    outputs = {layer.output for layer in report.layers}
    for *sides, last in (output.shape[1:] or (1,) for output in model.outputs):
        assert (last, *sides) in outputs


def kinds(model, tmp_path):
    return [layer.kind for layer in costcalc.report(written(model, tmp_path)).layers]


def test_masks_of_attention_and_means_are_arithmetic(tmp_path):
    """Keras puts numbers of its own where a mask is false: of values, then of queries."""
    assert kinds(MODELS["masked attention"](), tmp_path).count("where") == 2
    assert kinds(MODELS["masked steps"](), tmp_path).count("where") == 1


def test_a_model_of_another_class_is_noted(tmp_path):
    text = str(costcalc.report(written(of_its_own_class(), tmp_path)))
    assert ">Trained' is read as the layers in the file, without its code." in text


@pytest.mark.filterwarnings("ignore:.*lambda")
def test_an_activation_that_is_code_is_named(tmp_path):
    path = written(one_layer(layers.Dense(3, activation=lambda x: x * x), 4), tmp_path)
    with pytest.raises(SpecError, match="activation 'Lambda': its work is code that the"):
        costcalc.report(path)
    report = costcalc.report(path, allow_unknown=True)
    assert (report.totals.mult_adds, [*report.uncounted]) == (12, ["Lambda"])


@pytest.mark.filterwarnings("ignore:.*lambda")
def test_code_at_every_step_is_one_layer(tmp_path):
    made = layers.TimeDistributed(layers.Lambda(lambda x: x))
    model = keras.Sequential([keras.Input((5, 4)), made, layers.Dense(3)])
    path = written(model, tmp_path)
    with pytest.raises(
        SpecError, match=r"its layer 'lambda\w*' \(Lambda\): its work is code"
    ) as caught:
        costcalc.report(path)
    assert len(str(caught.value).splitlines()) == 2
    assert costcalc.report(path, allow_unknown=True).totals.mult_adds == 5 * 4 * 3
