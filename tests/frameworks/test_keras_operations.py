"""The operations of ``keras.ops``: shapes as Keras states them, and those that are not read."""

import importlib
import inspect
import pkgutil

import keras
import numpy
import pytest

from costcalc import opening
from costcalc.importers.keras.layers.operations import TABLE
from costcalc.importers.keras.layers.unread import OPERATIONS

ops = keras.ops
source = importlib.import_module("keras.src.ops")

MAP, TOKENS = (6, 8, 4), (5, 4)

OF_ONE = {
    "Any": ops.any, "All": ops.all, "Amax": ops.amax, "Amin": ops.amin, "Average": ops.average,
    "Argmin": ops.argmin, "Argmax": ops.argmax, "CountNonzero": ops.count_nonzero, "Std": ops.std,
    "Var": ops.var, "Mean": ops.mean, "Sum": ops.sum, "Prod": ops.prod, "Logsumexp": ops.logsumexp,
}  # fmt: skip
"""Reductions along an axis."""

EXAMPLES = {
    **{name: (lambda x, f=f: f(x, axis=1), [MAP]) for name, f in OF_ONE.items()},
    "Mean of channels": (lambda x: ops.mean(x, axis=-1), [MAP]),
    "Std kept": (lambda x: ops.std(x, axis=(1, 2), keepdims=True), [MAP]),
    "Einsum": (lambda x, y: ops.einsum("btc,bsc->bts", x, y), [(5, 4), (6, 4)]),
    "Einsum of three": (
        lambda x, y, z: ops.einsum("btc,bsc,bsd->btd", x, y, z),
        [TOKENS, TOKENS, (5, 7)],
    ),
    "Stack": (lambda x, y: ops.stack([x, y], axis=1), [TOKENS, TOKENS]),
    "Stack last": (lambda x, y: ops.stack([x, y], axis=-1), [TOKENS, TOKENS]),
    "Unstack": (lambda x: ops.add(*ops.unstack(x, axis=1)[:2]), [TOKENS]),
    "Cumsum": (lambda x: ops.cumsum(x, axis=1), [TOKENS]),
    "Cumprod": (lambda x: ops.cumprod(x, axis=-1), [TOKENS]),
    "Repeat": (lambda x: ops.repeat(x, 3, axis=1), [TOKENS]),
    "Tile": (lambda x: ops.tile(x, (1, 2, 3)), [TOKENS]),
    "Flip": (lambda x: ops.flip(x, axis=1), [TOKENS]),
    "Roll": (lambda x: ops.roll(x, 2, axis=1), [TOKENS]),
    "Pad": (lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))), [MAP]),
    "Pad reflected": (
        lambda x: ops.pad(x, ((0, 0), (1, 2), (2, 1), (0, 0)), mode="reflect"),
        [MAP],
    ),
    "Swapaxes": (lambda x: ops.swapaxes(x, 1, 3), [MAP]),
    "Moveaxis": (lambda x: ops.moveaxis(x, 3, 1), [MAP]),
    "Moveaxis of two": (lambda x: ops.moveaxis(x, (1, 2), (2, 3)), [MAP]),
    "BroadcastTo": (lambda x: ops.broadcast_to(x, (1, 3, 5, 4)), [TOKENS]),
    "Take": (lambda x: ops.take(x, [0, 2], axis=1), [TOKENS]),
    "Take one": (lambda x: ops.take(x, 2, axis=-1), [TOKENS]),
    "TakeAlongAxis": (
        lambda x, y: ops.take_along_axis(x, ops.cast(y, "int32"), axis=1),
        [TOKENS, (2, 4)],
    ),
    "Sort": (lambda x: ops.sort(x, axis=1), [TOKENS]),
    "Argsort": (lambda x: ops.argsort(x, axis=-1), [TOKENS]),
    "TopK": (lambda x: ops.top_k(x, 2)[0], [TOKENS]),
    "Glu": (lambda x: ops.glu(x, axis=-1), [TOKENS]),
    "OneHot": (lambda x: ops.one_hot(ops.cast(x, "int32"), 7), [(5,)]),
    "DotProductAttention": (ops.dot_product_attention, [(5, 2, 4), (6, 2, 4), (6, 2, 4)]),
    "Grouped attention": (ops.dot_product_attention, [(5, 4, 3), (6, 2, 3), (6, 2, 3)]),
    "Resize": (lambda x: ops.image.resize(x, (7, 9)), [MAP]),
    "DepthToSpace": (lambda x: ops.depth_to_space(x, 2), [MAP]),
    "SpaceToDepth": (lambda x: ops.space_to_depth(x, 2), [MAP]),
    "RFFT": (lambda x: ops.rfft(x)[0], [(3, 16)]),
    "RFFT of a length": (lambda x: ops.rfft(x, 32)[1], [(3, 16)]),
    "Split": (lambda x: ops.concatenate(ops.split(x, [1, 3], axis=1)[1:], axis=1), [TOKENS]),
    "Normalize": (lambda x: ops.normalize(x, axis=1), [TOKENS]),
    "Norm": (lambda x: ops.norm(x, axis=1), [TOKENS]),
    "OnesLike": (lambda x: ops.add(x, ops.ones_like(x)), [TOKENS]),
    "Tril": (lambda x: ops.add(x, ops.tril(x)), [TOKENS]),
    "Logaddexp": (ops.logaddexp, [TOKENS, TOKENS]),
    "Arctan2": (ops.arctan2, [TOKENS, TOKENS]),
    "Mod": (ops.mod, [TOKENS, TOKENS]),
    "Stored positions": (lambda x: x + numpy.ones((1, *TOKENS), "float32"), [TOKENS]),
    "Stored channels": (lambda x: ops.multiply(x, numpy.ones(4, "float32")), [TOKENS]),
    "Log1p": (ops.log1p, [TOKENS]),
    "Tan": (ops.tan, [TOKENS]),
    "Moments": (lambda x: ops.moments(x, axes=[1])[1], [MAP]),
    "Ptp": (lambda x: ops.ptp(x, axis=1), [MAP]),
    "Diff": (lambda x: ops.diff(x, axis=1), [TOKENS]),
    "Hstack": (lambda x, y: ops.hstack([x, y]), [TOKENS, (7, 4)]),
    "TanhShrink": (ops.tanh_shrink, [TOKENS]),
    "Nansum": (lambda x: ops.nansum(x, axis=-1), [TOKENS]),
    "MaxPool": (lambda x: ops.max_pool(x, 2), [MAP]),
    "AveragePool": (lambda x: ops.average_pool(x, 3, strides=2, padding="same"), [MAP]),
    "BitwiseAnd": (
        lambda x, y: ops.bitwise_and(ops.cast(x, "int32"), ops.cast(y, "int32")),
        [TOKENS] * 2,
    ),
}


def classes():
    """Every operation that Keras ships, by its class."""
    for module in pkgutil.iter_modules(source.__path__):
        if module.name.endswith("_test") or module.name in ("operation", "function"):
            continue
        found = importlib.import_module(f"keras.src.ops.{module.name}")
        for name, value in vars(found).items():
            is_own = inspect.isclass(value) and value.__module__ == found.__name__
            if is_own and issubclass(value, keras.Operation):
                yield name


@pytest.mark.parametrize("name", EXAMPLES)
def test_shapes_are_those_of_keras(name, tmp_path):
    function, shapes = EXAMPLES[name]
    inputs = [keras.Input(shape) for shape in shapes]
    model = keras.Model(inputs, function(*inputs))
    path = tmp_path / "net.json"
    path.write_text(model.to_json())
    graph = opening.opened(str(path)).graph()
    dims = model.output_shape[1:] or (1,)
    assert graph.layers[-1].output == (*dims[-1:], *dims[:-1])


def test_every_operation_is_read_or_has_a_reason():
    shipped = {*classes()}
    reasons = {name for names in OPERATIONS.values() for name in names}
    assert sorted(shipped - TABLE.keys() - reasons) == []
    assert sorted(reasons & TABLE.keys()) == []
    assert sorted(reasons - shipped) == []


def test_a_reshape_may_name_the_batch_by_its_shape(tmp_path):
    """Keras states no size of its output."""
    x = keras.Input(TOKENS)
    path = tmp_path / "net.json"
    path.write_text(keras.Model(x, ops.reshape(x, (ops.shape(x)[0], -1))).to_json())
    assert opening.opened(str(path)).graph().layers[-1].output == (20,)
