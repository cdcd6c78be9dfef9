"""The table of named formulas, which ``costcalc formula`` writes besides networks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from costcalc.advice import advice, listed_by
from costcalc.errors import refuse, suggested
from costcalc.formulas import blocks, convolution, dense, normalisation, recurrent, reductions
from costcalc.formulas.algebra import product
from costcalc.spec import library
from costcalc.symbolic.notation import MOBILENET_V1, MOBILENET_V2, Notation, Sizes

Metric = Callable[[Sizes], Any]


class NamedFormula(NamedTuple):
    """A named formula; its counts are functions of sizes in any algebra."""

    name: str
    title: str
    counts: Mapping[str, Metric]
    """``params`` and ``mult_adds``, or else events, by name."""
    source: str
    notation: Notation = MOBILENET_V1
    is_factored: bool = False
    """Whether the paper writes it as one product rather than as a sum of products."""
    aliases: tuple[str, ...] = ()


def _costs(params: Metric, mult_adds: Metric) -> Mapping[str, Metric]:
    return {"params": params, "mult_adds": mult_adds}


def _map(s: Sizes) -> Any:
    return s.M * product(s.output)


def _window(s: Sizes) -> Any:
    return reductions.pooled_elements(s.kernel, s.M, s.output)


def _normalising(statistics: Metric) -> Mapping[str, Metric]:
    """The counts of a norm that computes ``statistics`` means and variances."""
    return {
        "norm_params": lambda s: normalisation.norm_params(s.M),
        "multiplications": lambda s: normalisation.centring_multiplications(_map(s))
        + normalisation.scale_and_shift(_map(s)),
        "additions": lambda s: normalisation.centring_additions(_map(s), statistics(s))
        + normalisation.scale_and_shift(_map(s)),
        "divisions": lambda s: normalisation.centring_divisions(statistics(s)),
    }


TABLE = (
    NamedFormula(
        "conv",
        "standard convolution",
        _costs(
            lambda s: convolution.conv_weights(s.kernel, s.M, s.N),
            lambda s: convolution.conv_mult_adds(s.kernel, s.M, s.N, s.output),
        ),
        "MobileNetV1 (arXiv 1704.04861), section 3.1, equation (2)",
        aliases=("convolution", "conv2d"),
    ),
    NamedFormula(
        "gconv",
        "grouped convolution",
        _costs(
            lambda s: convolution.conv_weights(s.kernel, s.M, s.N, s.g),
            lambda s: convolution.conv_mult_adds(s.kernel, s.M, s.N, s.output, s.g),
        ),
        "ResNeXt (arXiv 1611.05431), section 3.2; symbols of MobileNetV1",
        aliases=("grouped", "grouped_conv", "group_conv"),
    ),
    NamedFormula(
        "dwconv",
        "depthwise convolution",
        _costs(
            lambda s: convolution.depthwise_weights(s.kernel, s.M),
            lambda s: convolution.depthwise_mult_adds(s.kernel, s.M, s.output),
        ),
        "MobileNetV1 (arXiv 1704.04861), section 3.1, equation (4)",
        aliases=("depthwise", "depthwise_conv"),
    ),
    NamedFormula(
        "pwconv",
        "pointwise convolution",
        _costs(
            lambda s: convolution.conv_weights(blocks.POINTWISE, s.M, s.N),
            lambda s: convolution.conv_mult_adds(blocks.POINTWISE, s.M, s.N, s.output),
        ),
        "MobileNetV1 (arXiv 1704.04861), section 3.1, second term of equation (5)",
        aliases=("pointwise",),
    ),
    NamedFormula(
        "separable",
        "depthwise separable convolution",
        _costs(
            lambda s: blocks.separable_weights(s.kernel, s.M, s.N),
            lambda s: blocks.separable_mult_adds(s.kernel, s.M, s.N, s.output),
        ),
        "MobileNetV1 (arXiv 1704.04861), section 3.1, equation (5)",
        aliases=("separable_conv",),
    ),
    NamedFormula(
        "bottleneck",
        "inverted residual with linear bottleneck, stride 1",
        _costs(
            lambda s: blocks.bottleneck_weights(s.kernel, s.M, s.N, s.t),
            lambda s: blocks.bottleneck_mult_adds(s.kernel, s.M, s.N, s.t, s.output),
        ),
        "MobileNetV2 (arXiv 1801.04381), section 3.3",
        MOBILENET_V2,
        is_factored=True,
        aliases=("inverted_residual", "mbconv"),
    ),
    NamedFormula(
        "residual",
        "residual block of two convolutions, stride 1",
        _costs(
            lambda s: blocks.residual_weights(s.kernel, s.M, s.N),
            lambda s: blocks.residual_mult_adds(s.kernel, s.M, s.N, s.output),
        ),
        "ResNet (arXiv 1512.03385), figure 5; symbols of MobileNetV1",
        aliases=("basic_block", "residual_block"),
    ),
    NamedFormula(
        "transposed_conv",
        "transposed convolution; the map is its input",
        _costs(
            lambda s: convolution.conv_weights(s.kernel, s.M, s.N),
            lambda s: convolution.transposed_conv_mult_adds(s.kernel, s.M, s.N, s.output),
        ),
        "Dumoulin and Visin (arXiv 1603.07285), chapter 4; symbols of MobileNetV1",
        aliases=("deconv", "conv_transpose"),
    ),
    NamedFormula(
        "fc",
        "fully connected layer",
        _costs(
            lambda s: dense.fc_weights(s.M, s.N),
            lambda s: dense.fc_mult_adds(s.M, s.N),
        ),
        "MobileNetV1 (arXiv 1704.04861), Table 1, row FC",
        aliases=("linear", "dense", "fully_connected"),
    ),
    NamedFormula(
        "lstm",
        "one step of an LSTM cell of N hidden units",
        _costs(
            lambda s: recurrent.lstm_weights(s.M, s.N),
            lambda s: recurrent.lstm_mult_adds(s.M, s.N),
        ),
        'Gers, Schmidhuber and Cummins, "Learning to Forget" (2000)',
        aliases=("lstm_cell",),
    ),
    NamedFormula(
        "max_pool",
        "maximum over a window",
        {"comparisons": lambda s: reductions.folds(_window(s), _map(s))},
        "one comparison less than elements in each window",
        is_factored=True,
        aliases=("maxpool",),
    ),
    NamedFormula(
        "avg_pool",
        "mean over a window",
        {
            "additions": lambda s: reductions.folds(_window(s), _map(s)),
            "divisions": _map,
        },
        "one addition less than elements in each window, then a division",
        is_factored=True,
        aliases=("avgpool", "average_pool"),
    ),
    NamedFormula(
        "batch_norm",
        "batch normalisation at inference",
        {
            "norm_params": lambda s: normalisation.norm_params(s.M),
            "buffers": lambda s: normalisation.batch_norm_buffers(s.M),
            "multiplications": lambda s: normalisation.scale_and_shift(_map(s)),
            "additions": lambda s: normalisation.scale_and_shift(_map(s)),
        },
        "Ioffe and Szegedy (arXiv 1502.03167), algorithm 2",
        aliases=("bn", "batchnorm"),
    ),
    NamedFormula(
        "layer_norm",
        "layer normalisation over the channels of each position",
        _normalising(lambda s: product(s.output)),
        "Ba, Kiros and Hinton (arXiv 1607.06450), section 3",
        aliases=("layernorm",),
    ),
    NamedFormula(
        "group_norm",
        "normalisation of g groups of channels over the map",
        _normalising(lambda s: s.g),
        "Wu and He (arXiv 1803.08494), section 3",
        aliases=("groupnorm",),
    ),
    NamedFormula(
        "instance_norm",
        "normalisation of each channel over the map",
        _normalising(lambda s: s.M),
        "Ulyanov, Vedaldi and Lempitsky (arXiv 1607.08022), section 2",
        aliases=("instancenorm",),
    ),
)

FORMULAS: Mapping[str, NamedFormula] = {
    name: entry for entry in TABLE for name in (entry.name, *entry.aliases)
}
"""The named formulas by name and by alias."""


def refuse_unknown_name(name: str) -> None:
    """Refuses an unknown name; a file of that name is left to its reader.

    Raises:
        SpecError: there is no such file.
    """
    if os.path.exists(name):
        return
    library.refuse_missing_file(name)
    from costcalc.kinds.lookup import kind_of, similar

    kind = kind_of(name)
    names = (kind.name, *kind.aliases) if kind else ()
    if names and not FORMULAS.keys() & set(names):
        refuse(
            None,
            f"there is no formula of '{names[0]}'",
            expected="a layer with params, a pool, or a network",
            hint=f"costcalc kinds {names[0]}, which shows what it counts",
        )
    layers = ", ".join(entry.name for entry in TABLE)
    meant = next((word for word in names if word in FORMULAS), name)
    refuse(
        None,
        f"there is no layer and no network '{name}'",
        expected=advice(
            "a layer ({}), the path of a spec, or a name that {}", layers, listed_by("networks")
        ),
        hint=suggested(similar(meant, [*FORMULAS, *library.shipped()]))
        or "costcalc kinds, which lists every kind of layer with what it counts",
    )
