"""Models at a small width multiplier, in every format: their first layer loses its channels.

A norm or an activation comes in as part of the line of the layer that it reads, which
then does not exist.
"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main

SPEC = """\
input: [3, 8, 8]
layers:
  - conv: {out: 2, kernel: 3, norm: NORM, act: relu6}
  - conv: {out: 8, kernel: 1, bias: false, norm: NORM}
  - global_avg_pool
  - fc: 10
"""


def keras_layer(class_name: str, name: str, **config) -> dict:
    return {"class_name": class_name, "config": {"name": name, **config}}


KERAS = {
    "class_name": "Sequential",
    "config": {
        "name": "small",
        "layers": [
            keras_layer("InputLayer", "image", batch_shape=[None, 8, 8, 3], dtype="float32"),
            keras_layer(
                "Conv2D", "conv", filters=2, kernel_size=[3, 3], padding="same", use_bias=False
            ),
            keras_layer("BatchNormalization", "norm", axis=-1, center=True, scale=True),
            keras_layer("Activation", "act", activation="relu6"),
            keras_layer("Conv2D", "wide", filters=8, kernel_size=[1, 1], use_bias=False),
            keras_layer("BatchNormalization", "norm2", axis=-1, center=True, scale=True),
            keras_layer("GlobalAveragePooling2D", "pool"),
            keras_layer("Dense", "classes", units=10),
        ],
    },
}


@pytest.fixture(params=["onnx", "prototxt", "json"])
def model(request, tmp_path: Path) -> str:
    path = tmp_path / f"net.{request.param}"
    if request.param == "json":
        path.write_text(json.dumps(KERAS))
        return str(path)
    spec = tmp_path / "net.yaml"
    spec.write_text(SPEC.replace("NORM", "instance" if request.param == "prototxt" else "batch"))
    result = CliRunner().invoke(main, ["export", str(spec), "-o", str(path)])
    assert result.exit_code == 0, result.output
    return str(path)


def test_a_layer_without_channels_is_an_error(model):
    with pytest.raises(costcalc.SpecError) as error:
        costcalc.report(model, alpha="1/4")
    assert "'2' has no channels left at alpha = 0.25" in str(error.value)


def test_smaller_and_wider_models_are_counted(model):
    # 9 * 3 to the first convolution, 1 * 1 to the second, at 8 * 8; then 10 classes.
    for alpha, first, second in (("1/2", 1, 4), ("1", 2, 8), ("3", 6, 24)):
        params = 27 * first + first * second + 10 * second
        mult_adds = 64 * (27 * first + first * second) + 10 * second
        assert costcalc.report(model, alpha=alpha).totals == (params, mult_adds)
