"""Turns layers as measured in frameworks into steps of a spec, or says why no spec has them."""

import json
from pathlib import Path

DATA = Path(__file__).parent.parent / "data" / "judges"

CONVENTIONS = {
    "torchinfo": "torchinfo-1.8.0",
    "calflops-macs": "calflops",
    "deepspeed-macs": "deepspeed",
}
"""Readings that are reproduced under another name."""

KINDS = {
    "conv": "conv",
    "conv-transposed": "transposed_conv",
    "linear": "fc",
    "batch-norm": "batch_norm",
    "layer-norm": "layer_norm",
    "group-norm": "group_norm",
    "instance-norm": "instance_norm",
    "local-response-norm": "lrn",
    "relu": "relu",
    "relu6": "relu6",
    "leaky-relu": "leaky_relu",
    "prelu": "prelu",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "hard-sigmoid": "h_sigmoid",
    "hard-swish": "h_swish",
    "silu": "swish",
    "gelu": "gelu",
    "softmax": "softmax",
    "log-softmax": "log_softmax",
    "gelu-tanh": "gelu_tanh",
    "elu": "elu",
    "selu": "selu",
    "celu": "celu",
    "softplus": "softplus",
    "softsign": "softsign",
    "mish": "mish",
    "log-sigmoid": "log_sigmoid",
    "hard-tanh": "hard_tanh",
    "rms-norm": "rms_norm",
    "matmul": "matmul",
    "attention": "attention",
    "embedding": "embedding",
    "max-pool": "max_pool",
    "avg-pool": "avg_pool",
    "adaptive-max-pool": "adaptive_max_pool",
    "adaptive-avg-pool": "adaptive_avg_pool",
    "mean": "mean",
    "sum": "sum",
    "reduce-max": "reduce_max",
    "reduce-min": "reduce_min",
    "argmax": "argmax",
    "product": "product",
    "variance": "variance",
    "l2-norm": "l2_norm",
    "add": "add",
    "multiply": "multiply",
    "subtract": "subtract",
    "divide": "divide",
    "minimum": "minimum",
    "maximum": "maximum",
    "power": "power",
    "compare": "compare",
    "clip": "clip",
    **{name: name for name in ("exp", "log", "sqrt", "rsqrt", "reciprocal", "erf", "sin", "cos")},
    **{name: name for name in ("abs", "neg", "square", "floor", "ceil", "round", "sign")},
    "logical_not": "logical_not",
    "cat": "concat",
    "chunk": "split",
    "split": "slice",
    "channel-shuffle": "channel_shuffle",
    "flatten": "flatten",
    "pad": "zero_pad",
    "upsample": "upsample",
    "dropout": "dropout",
    "identity": "identity",
    "stochastic-depth": "identity",
    "permute": "transpose",
    "reshape": "reshape",
    "roll": "rearrange",
    "repeat": "rearrange",
    "pixel-shuffle": "rearrange",
}
"""Kinds of the measured layers, as specs name them."""

NAMES = {
    "out_channels": "out",
    "out_features": "out",
    "kernel_size": "kernel",
    "output_size": "size",
    "elementwise_affine": "affine",
    "num_groups": "groups",
    "scale_factor": "scale",
    "chunks": "parts",
    "split_size_or_sections": "stop",
}
"""Attributes whose name in a spec is different."""

IMPLIED = {"in_channels", "in_features", "num_features", "num_channels", "normalized_shape"} | {
    "dim", "dims", "keepdim", "inplace", "start_dim", "training", "padding_mode",
    "num_parameters", "approximate", "other", "min", "max", "p", "mode", "shifts",
    "upscale_factor", "shape",
}  # fmt: skip
"""Attributes that follow from the input, or do not affect costs."""


class NotInSpec(Exception):
    """A layer that no spec can express; the text says why."""


def step(row):
    """The step for a row of ``layers.json``, and the input's shape, channels first.

    Raises:
        NotInSpec: the language has no word for it.
    """
    kind, attributes = KINDS.get(row["kind"]), dict(row["attributes"])
    if kind is None:
        raise NotInSpec("no such kind of layer")
    _refuse(row, attributes)
    if "scalar" in row["variant"]:
        kind = {"multiply": "scale", "add": "shift"}[kind]
    if kind == "mean" and row["attributes"]["dim"] == [2, 3]:
        kind = "global_avg_pool"
    shape = row["input"][1:]
    arguments = {
        NAMES.get(key, key): value for key, value in attributes.items() if key not in IMPLIED
    }
    if row["functional"]:
        arguments["functional"] = True if _is_function(row["implementation"]) else "operator"
    if kind in ("conv", "transposed_conv"):
        arguments.setdefault("padding", 0)
        arguments.setdefault("out", row["output"][1])
        arguments.setdefault("kernel", 3)
    if kind == "fc":
        arguments.setdefault("out", 10)
        if len(shape) > 1:
            arguments.update(per_position=True, axis=-1)
    arguments.update(_axes(kind, row, attributes))
    if kind == "prelu":
        arguments["shared"] = attributes.get("num_parameters") == 1
    if kind == "zero_pad":
        pads = arguments.pop("pad", None) or arguments["padding"]
        left, right, top, bottom = [pads] * 4 if isinstance(pads, int) else pads
        arguments["padding"] = [[top, bottom], [left, right]]
        arguments["mode"] = {"reflection": "reflect"}.get(row["variant"], "zero")
        if row["variant"] == "circular":
            arguments["mode"] = "circular"
    if kind == "upsample":
        arguments["mode"] = attributes["mode"]
    if row["operands"]:
        arguments["from"] = [_operand(operand, row) for operand in row["operands"]]
    return kind, arguments, shape


def _axes(kind, row, attributes):
    """Axes and shapes as a spec has them, without the batch."""
    dim = attributes.get("dim")
    if kind in ("softmax", "log_softmax", "concat", "split"):
        return {"axis": dim - (dim > 0)}
    if kind in ("layer_norm", "rms_norm"):
        sides = attributes["normalized_shape"]
        found = {"axes": [*range(-1 if isinstance(sides, int) else -len(sides), 0)]}
        return found
    if isinstance(dim, int) and kind not in ("slice", "global_avg_pool"):
        return {"axes": [dim], "keep": attributes.get("keepdim", False)}
    if kind == "transpose":
        return {"axes": [axis - 1 for axis in attributes["dims"][1:]]}
    if kind in ("reshape", "rearrange"):
        return {"shape": row["output"][1:]}
    return {}


def _operand(operand, row):
    """The input, or a constant of the operand's shape."""
    return "input" if operand == row["input"] else operand[1:]


def _refuse(row, attributes):
    reasons = {
        "a batch of several images": row["input"][0] != 1,
        "padding that is given as a word": isinstance(attributes.get("padding"), str),
        "padding with other values than zeros": row["kind"] == "conv"
        and "circular" in row["variant"],
        "work in place": row["kind"] == "leaky-relu" and "in place" in row["variant"],
        "a norm without running statistics": "without running" in row["variant"],
        "interpolation of aligned corners": "aligned" in row["variant"],
        "a subclass of the module": row["variant"].startswith("Upsampling"),
        "a shuffle as a module of its own": row["implementation"] == "torch.nn.ChannelShuffle",
    }
    for reason, holds in reasons.items():
        if holds:
            raise NotInSpec(reason)


def _is_function(implementation):
    """Whether tools that patch functions see the call, unlike operators and torch.relu."""
    if implementation.startswith("torch.nn.functional."):
        return True
    name = implementation.rpartition(".")[2]
    return not implementation.startswith("operator.") and name in ("add", "mul", "matmul")


def layers():
    """Every measured layer, and the names of the readings in the order of its numbers."""
    data = json.loads((DATA / "layers.json").read_text())
    return list(data["tools"]), data["layers"]
