"""Where the units of some work are done: this process, others of this machine, or a cluster.

    function × units --Engine--> results, one for each unit

Processes and clusters are Dask's, which gives a unit to another worker when one is lost.
"""

from __future__ import annotations

import operator
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from multiprocessing import resource_tracker
from threading import Thread, current_thread, main_thread
from typing import Any, NoReturn, Protocol, TypeVar

from costcalc.advice import advice, option
from costcalc.errors import refuse
from costcalc.records import NamedTuple

ADDRESS = "the address that 'dask scheduler' prints, such as tcp://10.0.0.1:8786"

ANSWER = 10
"""Seconds within which a scheduler answers."""

PATIENCE = 60
"""Seconds that work waits for a worker if there is none."""

AHEAD = 4
"""Units handed out for each thread of the workers, so that none waits for the next."""

T = TypeVar("T")
R = TypeVar("R")


class Engine(Protocol):
    """Does the units of some work."""

    def results(
        self, function: Callable[[T], R], units: Iterable[T], *, in_order: bool = True
    ) -> Iterator[R]:
        """What the function returns for each unit, each once.

        Args:
            function: called with a unit, in whichever process.
            units: read as they are handed out, never all at once.
            in_order: whether results come in the order of the units, or as they are done.
        """


class ThisProcess(NamedTuple):
    """One unit after another, in this process."""

    def results(
        self, function: Callable[[T], R], units: Iterable[T], *, in_order: bool = True
    ) -> Iterator[R]:
        """See :meth:`Engine.results`."""
        return map(function, units)


class Workers(NamedTuple):
    """Dask's workers: local processes, or those of a cluster."""

    processes: int = 0
    """How many there are on this machine; 0 for those of a cluster."""
    scheduler: str = ""
    """The address of the cluster's scheduler."""
    patience: float = PATIENCE
    """Seconds that work waits for a worker if there is none."""

    def results(
        self, function: Callable[[T], R], units: Iterable[T], *, in_order: bool = True
    ) -> Iterator[R]:
        """See :meth:`Engine.results`; a unit whose worker is lost is done by another.

        Raises:
            CostcalcError: Dask is not installed; no scheduler or no worker answers; workers
                have another version, or are lost again and again; or the function's own.
        """
        with self._client() as client:
            yield from _Submission(self, client, function).results(units, in_order)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """A client of the workers; those of this machine end with it."""
        try:
            from distributed.utils import silence_logging_cmgr
        except ImportError:
            refuse(
                None,
                "other processes need the package 'dask', which is not installed",
                hint="pip install 'costcalc[dask]'",
            )
        with silence_logging_cmgr(_NO_LOGS):
            if self.scheduler:
                with self._connected(self.scheduler) as client:
                    yield client
                return
            with _interrupts_held_back() as arrived:
                cluster = _started(self.processes)
            with cluster, self._connected(cluster) as client:
                for number in arrived:
                    signal.raise_signal(number)
                yield client

    def _connected(self, where: Any) -> Any:
        """A client of a scheduler, which has a few seconds to answer.

        Raises:
            SpecError: it does not.
        """
        from queue import Empty, SimpleQueue

        # A thread of its own, which is left behind: a server that is not Dask's, such as a
        # scheduler's dashboard, may keep a client waiting for ever.
        answer: SimpleQueue[Any] = SimpleQueue()
        Thread(target=lambda: answer.put(_client_or_error(where)), daemon=True).start()
        try:
            client = answer.get(timeout=2 * ANSWER)
        except Empty:
            client = TimeoutError(f"no answer that is Dask's within {2 * ANSWER} s")
        if not isinstance(client, Exception):
            return client
        refuse(
            None,
            f"no scheduler answers at '{self.scheduler}'",
            ADDRESS,
            found=str(client).partition("\n")[0],
        )


def _started(processes: int) -> Any:
    from distributed import LocalCluster

    try:
        return LocalCluster(
            n_workers=processes,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=_NO_LOGS,
        )
    except RuntimeError as error:
        refuse(
            None,
            f"{processes} processes cannot be started on this machine",
            found=str(error).partition("\n")[0],
            hint=option("jobs", "1"),
        )


@contextmanager
def _interrupts_held_back() -> Iterator[list[int]]:
    """Starts processes that an interrupt from the keyboard leaves to this one to end.

    Yields:
        The signals that arrive in the meantime, to be raised once the processes can be ended.
    """
    arrived: list[int] = []
    if current_thread() is not main_thread() or not hasattr(signal, "pthread_sigmask"):
        yield arrived
        return
    handlers = {
        number: signal.signal(number, lambda number, _: arrived.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    # New threads, and the processes that these start, now and later, inherit the mask; the
    # tracker of resources, which Python starts with the first of them, would lift it.
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield arrived
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _client_or_error(where: Any) -> Any:
    from distributed import Client

    client = Client.__new__(Client)
    try:
        Client.__init__(client, where, timeout=ANSWER, set_as_default=False, name="costcalc")
    except Exception as error:
        client.close(timeout=1)  # or it would be closed when this process ends, with a traceback
        return error
    return client


class _Submission:
    """A function and its units on the workers of a client."""

    def __init__(self, workers: Workers, client: Any, function: Callable[[T], R]) -> None:
        from queue import SimpleQueue
        from uuid import uuid4

        import cloudpickle

        self.workers = workers
        self.client = client
        self.name = f"costcalc-{uuid4().hex}"
        self.done: SimpleQueue[Any] = SimpleQueue()
        self.idle_since: float | None = None
        """When there was no worker any more."""
        self.room, self.asked_again = 0, 0.0
        packed = cloudpickle.dumps(_Packed(cloudpickle.dumps(function)))
        # A task like any other: if its worker is lost, another one unpacks it again.  Only
        # workers need costcalc, as the scheduler sees bytes and functions of other packages.
        self.function = self._submitted("function", cloudpickle.loads, packed)

    def results(self, units: Iterable[T], in_order: bool) -> Iterator[Any]:
        """The results; as many units are under way as keep every worker busy."""
        import cloudpickle

        self._next_done()  # the function
        numbered = enumerate(units)
        begun: dict[str, int] = {}
        held: dict[int, Any] = {}
        turn = 0
        while True:
            for number, unit in islice(numbered, max(0, self._room() - len(begun) - len(held))):
                packed = cloudpickle.dumps(unit)
                future = self._submitted(str(number), operator.call, self.function, packed)
                begun[future.key] = number
            if not begun:
                return
            future = self._next_done()
            number = begun.pop(future.key)
            held[number] = self._result(future)
            del future  # the worker may forget the result
            while held and (not in_order or turn in held):
                yield held.pop(turn if in_order else number)
                turn += 1

    def _submitted(self, name: str, function: Any, *arguments: Any) -> Any:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the function is large
            key = f"{self.name}-{name}"
            future = self.client.submit(function, *arguments, key=key, pure=False)
        future.add_done_callback(self.done.put)
        return future

    def _room(self) -> int:
        """How many units may be under way; workers come and go, so it is asked again."""
        now = time.monotonic()
        if now >= self.asked_again:
            threads: Mapping[str, int] = self._asked(self.client.nthreads)
            self.room, self.asked_again = AHEAD * max(1, sum(threads.values())), now + 1
        return self.room

    def _next_done(self) -> Any:
        """A future that is done.

        Raises:
            CostcalcError: it failed, or there is no worker.
        """
        from queue import Empty

        while True:
            try:
                future = self.done.get(timeout=self.workers.patience / 4)
            except Empty:
                self._check_workers()
                continue
            if future.status != "finished":
                self._result(future)
            return future

    def _result(self, future: Any) -> Any:
        """A future's result, fetched from its worker.

        Raises:
            CostcalcError: the function's own; or its workers, or the scheduler, are lost.
        """
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        while True:
            try:
                return future.result(timeout=self.workers.patience / 4)
            except TimeoutError:
                self._check_workers()
            except KilledWorker:
                refuse(
                    None,
                    "several workers were lost, one after another, over the same settings",
                    "workers that stay until they are done",
                    hint="more memory for each worker",
                )
            except CancelledError:
                self._refuse_disconnected()
            except ModuleNotFoundError as error:
                if (error.name or "").partition(".")[0] != "costcalc":
                    raise
                _refuse_version("none, or one without 'costcalc.jobs'")

    def _check_workers(self) -> None:
        """Checks that there is a worker, or was a short while ago.

        Raises:
            CostcalcError: there is none.
        """
        if self._asked(self.client.nthreads):
            self.idle_since = None
            return
        now = time.monotonic()
        self.idle_since = self.idle_since or now
        if now - self.idle_since < self.workers.patience:
            return
        refuse(
            None,
            f"there has been no worker for {self.workers.patience:g} s",
            "a worker that can be reached",
            hint=f"dask worker {self.workers.scheduler}" if self.workers.scheduler else "",
        )

    def _asked(self, question: Callable[[], Any]) -> Any:
        """What the scheduler answers.

        Raises:
            CostcalcError: it does not.
        """
        try:
            return question()
        except (OSError, ValueError, RuntimeError, AttributeError):  # by how far it has closed
            self._refuse_disconnected()

    def _refuse_disconnected(self) -> NoReturn:
        where = f" at '{self.workers.scheduler}'" if self.workers.scheduler else ""
        refuse(None, f"the scheduler{where} no longer answers")


_NO_LOGS = 60
"""A level above that of every log: what happens to workers is told in one message."""


class _Packed(NamedTuple):
    """A function in bytes that only the same versions can read."""

    function: bytes

    def __reduce__(self) -> Any:
        return _unpacked, (versions(), self.function)


def versions() -> tuple[str, str]:
    """The versions of costcalc and of Python."""
    costcalc = import_module("costcalc")  # which imports every other module
    return costcalc.__version__, f"{sys.version_info.major}.{sys.version_info.minor}"


def _unpacked(written: tuple[str, str], function: bytes) -> Callable[[bytes], Any]:
    """The function of units in bytes, on a worker.

    Raises:
        SpecError: the worker has another version of costcalc or of Python.
    """
    if written != versions():
        _refuse_version("costcalc {} with Python {}".format(*versions()), written)
    import cloudpickle

    unpacked = cloudpickle.loads(function)
    return lambda unit: unpacked(pickle.loads(unit))


def _refuse_version(found: str, wanted: tuple[str, str] | None = None) -> NoReturn:
    refuse(
        None,
        "a worker has another version of costcalc than this process",
        "costcalc {} with Python {}".format(*(wanted or versions())),
        found,
    )


def engine(jobs: int = 1, scheduler: str | None = None) -> Engine:
    """The engine of ``jobs`` processes of this machine, or of a cluster.

    Raises:
        SpecError: both are asked for, or the address of the cluster's scheduler is empty.
    """
    if scheduler is not None and not scheduler.strip():
        refuse(None, advice("{} has no address", option("scheduler")), ADDRESS)
    if scheduler is None:
        return ThisProcess() if jobs == 1 else Workers(processes=jobs)
    if jobs != 1:
        message = advice("{} and {} name different workers", option("jobs"), option("scheduler"))
        refuse(None, message, "one of the two")
    return Workers(scheduler=scheduler)
