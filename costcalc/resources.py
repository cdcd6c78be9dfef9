"""Questions about bytes, seconds and training, one function each.

The others are in :mod:`.questions`.

A layer graph under a storage is a schedule, from which the answers follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from costcalc.advice import advice, option
from costcalc.errors import refuse
from costcalc.graph.budgets import budget
from costcalc.graph.whole_numbers import whole_number
from costcalc.opening import AnyNetwork, exact, exact_value, opened
from costcalc.spec.library import NameOrPath
from costcalc.spec.numbers import ExpressionError, measure

if TYPE_CHECKING:
    from costcalc.gradients.training import TrainingCost
    from costcalc.performance.devices import DeviceFigures, Devices
    from costcalc.performance.energy import EventEnergy
    from costcalc.performance.fits import Fits, FitsAll
    from costcalc.performance.latency import Calibration, Latency
    from costcalc.performance.running import Run
    from costcalc.storing.memory import Memory
    from costcalc.storing.storages import StorageRules, Storages

ORDERS = ("file", "best")
"""Orders of the steps."""


def memory(
    network: AnyNetwork,
    *,
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    order: str = "file",
    patches: int | None = None,
    **settings: Any,
) -> Memory:
    """What a network needs in flash and RAM, step by step.

    Args:
        network: as for :func:`report`.
        storage: the name of a storage, or the path of its file; by default that of the
            network's own file, or else ``"fp32"``.
        planner: the planner of the arena; by default the storage's.
        batch: how many inputs are run at once.
        order: ``"file"``, or ``"best"`` for the order of the steps with the lowest bound.
        patches: run the first layers in that many pieces along each axis of their output;
            every stage that can be cut is tried.
        settings: as for :func:`report`.

    Returns:
        Bytes as exact integers.

    Raises:
        CostcalcError: the network, a setting, the storage or the planner is wrong.

    >>> answer = memory("mobilenet_v2", storage="mcunet")
    >>> answer.peak, answer.weight_bytes  # 112 * 112 * (16 + 96)
    (1404928, 3541984)
    """
    from costcalc.storing.memory import memory as answer

    if order not in ORDERS:
        refuse(None, f"there is no order '{order}'", "one of " + ", ".join(ORDERS))
    if patches is not None:
        patches = whole_number("patches", patches)
    batch = whole_number("batch", batch)
    graph = opened(network, exact(settings)).graph()
    return answer(graph, storage, planner, batch, order == "best", patches)


def latency(
    network: AnyNetwork,
    device: NameOrPath,
    *,
    dtype: str | None = None,
    storage: NameOrPath | None = None,
    cores: int | None = None,
    batch: int = 1,
    fused: bool = False,
    measured: str | Fraction | float | None = None,
    calibrate: str | None = None,
    energy: str | None = None,
    fast_memory: int | str | None = None,
    **settings: Any,
) -> Latency:
    """How fast a network can be on a device: a bound, two estimates, what limits each step.

    Args:
        network: as for :func:`report`.
        device: the name of a device, or the path of its file.
        dtype: what is multiplied, ``"int8"``, ``"fp16"`` or ``"fp32"``; by default that of
            the storage, or else int8 on microcontrollers and fp32 elsewhere.
        storage: the name of a storage, or the path of its file; by default that of the dtype.
        cores: how many cores work; by default all.
        batch: how many inputs are run at once; all times are those of the batch.
        fused: whether sums, and pointwise convolutions after depthwise ones, are part of the
            step before them.
        measured: a measured time, ``"34.1ms"``, or a number of seconds.
        calibrate: a network that was measured on the device, ``"mobilenet_v1=34.1ms"``.
        energy: an event model to compare designs by, ``"horowitz-45nm"`` or ``"eyeriss-65nm"``.
        fast_memory: cut products to fit a fast memory, ``"32KiB"`` or a number of bytes, and
            let them move what the bounds of Hong and Kung and of Chen et al. say; by default
            every operand is read once.
        settings: as for :func:`report`.

    Returns:
        Seconds as exact fractions.

    Raises:
        CostcalcError: the network, a setting, the device or the storage is wrong, or the
            device lacks a figure.

    >>> answer = latency("mobilenet_v1", "stm32f746", alpha=0.25, res=96)
    >>> answer.bound * 864_000_000  # by computing: 2 * 7745152 operations
    Fraction(15490304, 1)
    """
    from costcalc.metrics import amount
    from costcalc.performance.latency import latency as answer
    from costcalc.performance.running import run

    size = budget(option("fast_memory"), amount(fast_memory), is_bytes=True)
    fast = None if size is None else max(int(size), 1)
    setting = run(device, dtype, storage, cores, batch, fused, fast)
    graph = opened(network, exact(settings)).graph()
    time = None if measured is None else duration("measured", measured)
    reference = None if calibrate is None else _calibration(calibrate, setting)
    events = None if energy is None else _events(energy)
    return answer(graph, setting, time, reference, events)


def fits(
    network: AnyNetwork,
    device: NameOrPath | None = None,
    *,
    max_ms: float | Fraction | str | None = None,
    dtype: str | None = None,
    storage: NameOrPath | None = None,
    planner: str | None = None,
    cores: int | None = None,
    batch: int = 1,
    **settings: Any,
) -> Fits | FitsAll:
    """Whether a network fits a device: flash, RAM and the bound, each with its margin.

    Args:
        network: as for :func:`report`.
        device: the name of a device, or the path of its file; without it, every one that ships.
        max_ms: the most milliseconds that the bound may have, ``100`` or ``"100"``.
        dtype: as for :func:`latency`.
        storage: as for :func:`latency`.
        planner: the planner of RAM; by default the storage's.
        cores: as for :func:`latency`.
        batch: as for :func:`latency`.
        settings: as for :func:`report`.

    Returns:
        The checks; ``fits`` says whether all hold.  If one does not, ``fitting`` has the largest
        smaller alpha and res that fit, None where none does; that of a check has those at which
        it alone holds.

    Raises:
        CostcalcError: as for :func:`latency`, or there is no such planner.

    >>> fits("mobilenet_v1", "stm32f746", max_ms=100, alpha=0.25, res=96).fits
    True
    """
    from costcalc.metrics import limits
    from costcalc.performance import files
    from costcalc.performance.fits import everywhere
    from costcalc.performance.fits import fits as answer
    from costcalc.performance.running import run
    from costcalc.solving.fitting import with_fitting

    most = limits({"bound_ms": max_ms}).get("bound_ms")
    opened_network = opened(network, exact(settings))
    graph = opened_network.graph()

    def fit(name: NameOrPath, count: int | None = None) -> Fits:
        return answer(graph, run(name, dtype, storage, count, batch), planner, most)

    if device is None:
        if cores is not None:
            refuse(None, advice("{} needs a device", option("cores", str(cores))))
        return everywhere(graph, fit, files.available())
    return with_fitting(fit(device, cores), opened_network)


def duration(name: str, value: str | Fraction | float) -> Fraction:
    """A time above zero in seconds, from ``34.1ms`` or a number of seconds.

    Raises:
        SpecError: it is none.
    """
    seconds = None
    if isinstance(value, str):
        try:
            quantity = measure(value.strip(), "s")
            seconds = None if quantity is None else quantity.value
        except ExpressionError as error:
            refuse(None, advice("{}: {}", option(name), error.message), error.expected)
    elif not isinstance(value, bool):
        seconds = Fraction(exact_value(value))
    if seconds is None or seconds <= 0:
        expected = "a number with its unit, above zero: 34.1ms, 0.5 s, 850us"
        refuse(None, advice("{} is no time", option(name, str(value))), expected)
    return seconds


def _calibration(text: str, run: Run) -> Calibration:
    """A network and its measured time, ``mobilenet_v1@alpha=0.5=34.1ms``.

    Raises:
        SpecError: it is not both, or the network is wrong.
    """
    from costcalc.claims.measured import spread
    from costcalc.performance.latency import calibration

    network, equals, time = text.rpartition("=")
    if not equals or not network:
        message = advice("{}: a network and its time are needed", option("calibrate", text))
        refuse(None, message, "NETWORK=34.1ms")
    seconds = duration("calibrate", time)
    graph = opened(network).graph()
    return calibration(network, graph, run, seconds, spread(run.device))


def _events(name: str) -> EventEnergy:
    """An event model, and how far it was from a board.

    Raises:
        SpecError: there is no such model.
    """
    from costcalc.performance.energy import MEASURED, named_model
    from costcalc.performance.latency import event_energy
    from costcalc.performance.running import run

    return event_energy(named_model(name), opened(MEASURED.network).graph(), run(MEASURED.device))


def storages(name: NameOrPath | None = None) -> Storages | StorageRules:
    """The storages that ship, or one.

    Raises:
        StorageError: there is no such storage, or it is wrong.

    >>> storages("tflm").storage.planner
    'tflm'
    """
    from costcalc.storing import files
    from costcalc.storing.storages import StorageRules, Storages

    if name is not None:
        return StorageRules(files.load(name))
    return Storages(tuple(map(files.load, files.available())))


def devices(name: NameOrPath | None = None, *, search: str = "") -> Devices | DeviceFigures:
    """The devices that ship, or one.

    Args:
        name: the name of a device, or the path of its file.
        search: words that must all occur in a device's name, title, class, processor or source.

    Raises:
        DeviceError: there is no such device, or it is wrong.

    >>> devices("stm32f746").device.peak("int8")  # 216 MHz * 2 * 2
    Fraction(864000000, 1)
    """
    from costcalc.performance import files
    from costcalc.performance.devices import DeviceFigures, listed

    if name is None:
        return listed(map(files.load, files.available()), search)
    if search:
        refuse(None, "a search lists devices, a name shows one", "one of the two")
    return DeviceFigures(files.load(name))


def training(
    network: AnyNetwork,
    *,
    batch: int = 1,
    optimizer: str = "sgd",
    dtype: str = "fp32",
    keeps: str = "pytorch",
    mode: str = "train",
    checkpoint: int | None = None,
    freeze: str | Sequence[str] = (),
    update: str = "all",
    last: int | None = None,
    zero: int = 0,
    ranks: int = 1,
    **settings: Any,
) -> TrainingCost:
    """What one step of training a network costs: mult-adds, and bytes.

    Args:
        network: as for :func:`report`.
        batch: how many inputs are trained on at once, on each rank.
        optimizer: the name of an optimizer: ``"sgd"``, ``"momentum"``, ``"adam"``, ...
        dtype: ``"fp32"``, ``"mixed"`` or ``"bf16"``.
        keeps: ``"pytorch"`` for the activations that PyTorch keeps, ``"minimal"`` for the
            least that the gradients need.
        mode: ``"train"``, or ``"eval"`` for norms by running statistics, without dropout.
        checkpoint: keep the inputs of every so many lines alone, and run these again.
        freeze: patterns of the names of layers whose params stay as they are.
        update: ``"all"``, or ``"biases"`` for biases and shifts of norms alone.
        last: only the last so many layers with params are updated.
        zero: the stage of ZeRO, 1 to 3; 0 without.
        ranks: the devices among which ZeRO divides.
        settings: as for :func:`report`.

    Returns:
        Mult-adds of one input and bytes of the batch, as exact integers.

    Raises:
        CostcalcError: the network, a setting or an argument is wrong.

    >>> answer = training("mobilenet_v1", optimizer="adam")
    >>> answer.forward, answer.backward  # 2 F, without the gradient of the image
    (568740352, 1126642688)
    """
    from costcalc.gradients.training import Training
    from costcalc.gradients.training import training as answer
    from costcalc.gradients.updates import Update

    patterns: Any = freeze if isinstance(freeze, list | tuple) else [freeze]
    if last is not None:
        last = whole_number("last", last)
    if checkpoint is not None:
        checkpoint = whole_number("checkpoint", checkpoint)
    how = Training(
        whole_number("batch", batch),
        optimizer,
        dtype,
        keeps,
        mode,
        checkpoint,
        Update(tuple(patterns), update, last),
        whole_number("zero", zero),
        whole_number("ranks", ranks),
    )
    return answer(opened(network, exact(settings)).graph(), how)
