"""Layers as frameworks write them, to steps of a spec; what no spec can say, and why."""

import json
from pathlib import Path

DATA = Path(__file__).parent.parent / "data" / "judges"

CONVENTIONS = {
    "torchinfo": "torchinfo-1.8.0",
    "calflops-macs": "calflops",
    "deepspeed-macs": "deepspeed",
}
"""The readings that another name reproduces."""

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
    "max-pool": "max_pool",
    "avg-pool": "avg_pool",
    "adaptive-max-pool": "adaptive_max_pool",
    "adaptive-avg-pool": "adaptive_avg_pool",
    "mean": "global_avg_pool",
    "add": "add",
    "multiply": "multiply",
    "cat": "concat",
    "chunk": "split",
    "split": "slice",
    "channel-shuffle": "channel_shuffle",
    "flatten": "flatten",
    "pad": "zero_pad",
    "upsample": "upsample",
    "dropout": "dropout",
    "identity": "identity",
}
"""What a spec calls the kinds of the measured layers."""

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
"""What a spec calls their attributes, where it has another word."""

IMPLIED = {"in_channels", "in_features", "num_features", "num_channels", "normalized_shape"} | {
    "dim", "keepdim", "inplace", "start_dim", "training", "padding_mode", "num_parameters",
}  # fmt: skip
"""Attributes that follow from the input, or that no cost depends on."""


class NotInSpec(Exception):
    """A layer that no spec can express; the text says why."""


def step(row):
    """The step that writes a row of ``layers.json``, and the input's shape, channels first.

    Raises:
        NotInSpec: the language has no word for it.
    """
    kind, attributes = KINDS.get(row["kind"]), dict(row["attributes"])
    if kind is None:
        raise NotInSpec("no such kind of layer")
    _refuse(row, attributes)
    shape = row["input"][1:]
    if kind in ("fc", "layer_norm"):
        shape = [shape[-1], *shape[:-1]]
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
        arguments["per_position"] = len(shape) > 1
    if kind == "prelu":
        arguments["shared"] = attributes.get("num_parameters") == 1
    if kind == "zero_pad":
        left, right, top, bottom = arguments.pop("pad", None) or arguments["padding"]
        arguments["padding"] = [[top, bottom], [left, right]]
    if row["operands"]:
        arguments["from"] = [_operand(operand, row) for operand in row["operands"]]
    return kind, arguments, shape


def _operand(operand, row):
    """A tensor of the operand's shape: the input, or one pixel of it."""
    return "input" if operand == row["input"] else "pixel"


def _refuse(row, attributes):
    reasons = {
        "a batch of several images": row["input"][0] != 1,
        "padding that is given as a word": isinstance(attributes.get("padding"), str),
        "padding with other values than zeros": "circular" in row["variant"]
        or row["variant"] == "reflection",
        "work in place": row["kind"] == "leaky-relu" and "in place" in row["variant"],
        "a norm without running statistics": "without running" in row["variant"],
        "a layer norm without a bias": row["variant"] == "over rows no bias",
        "a layer norm over other axes": row["variant"].startswith("over all"),
        "an operation with a constant": "scalar" in row["variant"],
        "bicubic interpolation": "bicubic" in row["variant"],
        "interpolation of aligned corners": "aligned" in row["variant"],
        "a subclass of the module": row["variant"].startswith("Upsampling"),
        "a shuffle as a module of its own": row["implementation"] == "torch.nn.ChannelShuffle",
    }
    for reason, holds in reasons.items():
        if holds:
            raise NotInSpec(reason)


def _is_function(implementation):
    """Whether tools that replace functions see the call; operators and torch.relu they do not."""
    if implementation.startswith("torch.nn.functional."):
        return True
    name = implementation.rpartition(".")[2]
    return not implementation.startswith("operator.") and name in ("add", "mul")


def layers():
    """Every measured layer, and the readings' names in the order of its numbers."""
    data = json.loads((DATA / "layers.json").read_text())
    return list(data["tools"]), data["layers"]
