"""What each existing counter reports for a PyTorch module, as exact integers.

Every counter is one row of ``COUNTERS``: how it is called, in which unit it
answers, and a function that reads its answer.  Several of them patch
``torch.nn.functional`` or leave attributes on the modules they visit, so
``read_all`` takes every reading in a process of its own.
"""

import contextlib
import importlib.metadata
import io
import multiprocessing
import re
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """One answer of one counter: ``value`` in the counter's own unit."""

    value: int
    params: int | None = None


@dataclass(frozen=True)
class Counter:
    """A counter as people call it."""

    distribution: str
    packages: tuple[str, ...]
    unit: str
    call: str
    read: Callable[[nn.Module, Shape], Reading]

    def description(self) -> dict[str, str]:
        """The row of the counter in a fixture's ``tools`` table."""
        return {
            "package": self.distribution,
            "version": importlib.metadata.version(self.distribution),
            "call": self.call,
            "unit": self.unit,
        }


@dataclass(frozen=True)
class Task:
    """One reading to take: ``counter`` of ``build()`` with one input of ``shape``."""

    counter: str
    build: Callable[[], nn.Module]
    shape: Shape


def whole(number: Any) -> int:
    """The same number as an int; a fraction is an error, never rounded away."""
    integer = int(number)
    if integer != number:
        raise ValueError(f"not a whole number: {number!r}")
    return integer


def read_fvcore(model: nn.Module, shape: Shape) -> Reading:
    """fvcore, with the rules it ships."""
    from fvcore.nn import FlopCountAnalysis, parameter_count

    analysis = FlopCountAnalysis(model, torch.zeros(shape))
    return Reading(whole(analysis.total()), parameter_count(model)[""])


def read_thop(model: nn.Module, shape: Shape) -> Reading:
    """thop (pytorch-OpCounter), with the rules it ships."""
    import thop

    macs, params = thop.profile(model, inputs=(torch.zeros(shape),), verbose=False)
    return Reading(whole(macs), whole(params))


def read_ptflops(model: nn.Module, shape: Shape, backend: str) -> Reading:
    """ptflops, with one of its two backends."""
    from ptflops import get_model_complexity_info

    macs, params = get_model_complexity_info(
        model,
        shape,
        input_constructor=torch.zeros,
        as_strings=False,
        print_per_layer_stat=False,
        backend=backend,
    )
    if macs is None:
        raise RuntimeError("ptflops gave up and returned None")
    return Reading(whole(macs), whole(params))


def read_ptflops_pytorch(model: nn.Module, shape: Shape) -> Reading:
    """ptflops by hooks on modules and patched functions (its default)."""
    return read_ptflops(model, shape, "pytorch")


def read_ptflops_aten(model: nn.Module, shape: Shape) -> Reading:
    """ptflops by torch's dispatched operators."""
    return read_ptflops(model, shape, "aten")


def read_torchinfo(model: nn.Module, shape: Shape) -> Reading:
    """torchinfo, whose mult-adds come from parameters and output shapes."""
    from torchinfo import summary

    statistics = summary(model, input_size=shape, mode="eval", device="cpu", verbose=0)
    return Reading(whole(statistics.total_mult_adds), statistics.total_params)


def read_torch(model: nn.Module, shape: Shape) -> Reading:
    """torch's own counter, two FLOPs for a multiply-accumulate."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as mode:
        model(torch.zeros(shape))
    return Reading(whole(mode.get_total_flops()))


def read_torchprofile(model: nn.Module, shape: Shape) -> Reading:
    """torchprofile, from a traced graph."""
    from torchprofile import profile_macs

    return Reading(whole(profile_macs(model, torch.zeros(shape))))


def calflops_answer(model: nn.Module, shape: Shape) -> tuple[int, int, int]:
    """FLOPs, MACs and parameters from one call of calflops."""
    from calflops import calculate_flops

    flops, macs, params = calculate_flops(
        model, input_shape=shape, print_results=False, output_as_string=False
    )
    return whole(flops), whole(macs), whole(params)


def read_calflops_flops(model: nn.Module, shape: Shape) -> Reading:
    """The FLOPs of calflops."""
    flops, _, params = calflops_answer(model, shape)
    return Reading(flops, params)


def read_calflops_macs(model: nn.Module, shape: Shape) -> Reading:
    """The MACs of calflops."""
    _, macs, params = calflops_answer(model, shape)
    return Reading(macs, params)


def deepspeed_answer(model: nn.Module, shape: Shape) -> tuple[int, int, int]:
    """FLOPs, MACs and parameters from one call of DeepSpeed's profiler."""
    from deepspeed.profiling.flops_profiler import get_model_profile

    flops, macs, params = get_model_profile(
        model, input_shape=shape, print_profile=False, as_string=False, warm_up=0
    )
    return whole(flops), whole(macs), whole(params)


def read_deepspeed_flops(model: nn.Module, shape: Shape) -> Reading:
    """The FLOPs of DeepSpeed's profiler."""
    flops, _, params = deepspeed_answer(model, shape)
    return Reading(flops, params)


def read_deepspeed_macs(model: nn.Module, shape: Shape) -> Reading:
    """The MACs of DeepSpeed's profiler."""
    _, macs, params = deepspeed_answer(model, shape)
    return Reading(macs, params)


def make_vectors_distinct(model: nn.Module) -> None:
    """Randomise 1-D parameters and buffers.

    The ONNX exporter merges equal initializers, so a freshly built network,
    whose batch norms are all zeros and ones, would lose parameters.
    """
    torch.manual_seed(0)
    for tensor in [*model.parameters(), *model.buffers()]:
        if tensor.ndim == 1:
            tensor.data.uniform_(0.5, 1.5)


def read_onnx_tool(model: nn.Module, shape: Shape, training: torch.onnx.TrainingMode) -> Reading:
    """onnx-tool, on a file made by the TorchScript exporter."""
    import onnx_tool

    make_vectors_distinct(model)
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "model.onnx"))
        torch.onnx.export(model, (torch.zeros(shape),), file, dynamo=False, training=training)
        graph = onnx_tool.loadmodel(file).graph
    graph.graph_reorder_nodes()
    graph.shape_infer()
    graph.profile(exclude_ops=onnx_tool.NoMacsOps)
    if not graph.valid_profile:
        raise RuntimeError("onnx-tool could not infer the shapes")
    return Reading(whole(graph.macs[0]), whole(graph.params))


def read_onnx_tool_folded(model: nn.Module, shape: Shape) -> Reading:
    """onnx-tool, batch norms folded into the convolutions before them."""
    return read_onnx_tool(model, shape, torch.onnx.TrainingMode.EVAL)


def read_onnx_tool_kept(model: nn.Module, shape: Shape) -> Reading:
    """onnx-tool, batch norms kept as nodes."""
    return read_onnx_tool(model, shape, torch.onnx.TrainingMode.PRESERVE)


_CALFLOPS = "calflops.calculate_flops(model, input_shape=shape, output_as_string=False)"
_DEEPSPEED = (
    "deepspeed.profiling.flops_profiler.get_model_profile("
    "model, input_shape=shape, as_string=False)"
)
_PTFLOPS = (
    "ptflops.get_model_complexity_info(model, shape, input_constructor=torch.zeros, "
    "as_strings=False, print_per_layer_stat=False, backend={backend!r}) -> macs"
)
_ONNX_TOOL = (
    "torch.onnx.export(model, input, file, dynamo=False, training={training}); "
    "onnx_tool.model_profile(file) -> total MACs"
)

COUNTERS: dict[str, Counter] = {
    "fvcore": Counter(
        "fvcore",
        ("fvcore.nn",),
        "macs",
        "fvcore.nn.FlopCountAnalysis(model, input).total()",
        read_fvcore,
    ),
    "thop": Counter(
        "thop",
        ("thop",),
        "macs",
        "thop.profile(model, inputs=(input,)) -> total_ops",
        read_thop,
    ),
    "ptflops": Counter(
        "ptflops",
        ("ptflops",),
        "macs",
        _PTFLOPS.format(backend="pytorch"),
        read_ptflops_pytorch,
    ),
    "ptflops-aten": Counter(
        "ptflops",
        ("ptflops",),
        "macs",
        _PTFLOPS.format(backend="aten"),
        read_ptflops_aten,
    ),
    "torchinfo": Counter(
        "torchinfo",
        ("torchinfo",),
        "macs",
        "torchinfo.summary(model, input_size=shape, mode='eval').total_mult_adds",
        read_torchinfo,
    ),
    "torch": Counter(
        "torch",
        ("torch.utils.flop_counter",),
        "flops",
        "torch.utils.flop_counter.FlopCounterMode().get_total_flops()",
        read_torch,
    ),
    "torchprofile": Counter(
        "torchprofile",
        ("torchprofile",),
        "macs",
        "torchprofile.profile_macs(model, input)",
        read_torchprofile,
    ),
    "calflops-flops": Counter(
        "calflops", ("calflops",), "flops", f"{_CALFLOPS} -> flops", read_calflops_flops
    ),
    "calflops-macs": Counter(
        "calflops", ("calflops",), "macs", f"{_CALFLOPS} -> macs", read_calflops_macs
    ),
    "deepspeed-flops": Counter(
        "deepspeed",
        ("deepspeed.profiling.flops_profiler",),
        "flops",
        f"{_DEEPSPEED} -> flops",
        read_deepspeed_flops,
    ),
    "deepspeed-macs": Counter(
        "deepspeed",
        ("deepspeed.profiling.flops_profiler",),
        "macs",
        f"{_DEEPSPEED} -> macs",
        read_deepspeed_macs,
    ),
    "onnx-tool": Counter(
        "onnx-tool",
        ("onnx", "onnx_tool", "torch.onnx"),
        "macs",
        _ONNX_TOOL.format(training="TrainingMode.EVAL"),
        read_onnx_tool_folded,
    ),
    "onnx-tool-bn-kept": Counter(
        "onnx-tool",
        ("onnx", "onnx_tool", "torch.onnx"),
        "macs",
        _ONNX_TOOL.format(training="TrainingMode.PRESERVE"),
        read_onnx_tool_kept,
    ),
}


def first_sentence(problem: BaseException) -> str:
    """A problem in one line, without the advice and the context that follow it."""
    text = re.split(r"\n|\. |  \[", str(problem).strip())[0]
    return f"{type(problem).__name__}: {text}"


def take(task: Task) -> dict[str, Any]:
    """One reading, as the row of a fixture; a counter that fails says so in ``error``."""
    torch.set_num_threads(1)
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            return asdict(COUNTERS[task.counter].read(task.build().eval(), task.shape))
    except (Exception, SystemExit) as problem:
        return {"value": None, "params": None, "error": first_sentence(problem)}


def read_all(tasks: Sequence[Task], processes: int) -> Iterable[dict[str, Any]]:
    """All readings in the order of ``tasks``, each taken in a fresh process."""
    names = {task.counter for task in tasks}
    packages = {package for name in names for package in COUNTERS[name].packages}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torchvision", "counters", *sorted(packages)])
    with context.Pool(processes, maxtasksperchild=1) as pool:
        yield from pool.imap(take, tasks, chunksize=1)
