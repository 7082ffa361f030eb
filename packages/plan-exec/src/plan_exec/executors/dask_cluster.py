"""Joining a Dask cluster, or starting one on this machine: the only module that knows Dask's libraries."""

import logging
import os
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, cast

from plan_contracts import DaskSettings, byte_size
from plan_exec.errors import ClusterNotSecure, ClusterUnreachable, WorkerStartFailed
from plan_exec.executors.cluster_address import host_of, is_loopback

CONNECT_SECONDS = 10.0
"""Longest wait for a scheduler to answer."""

WORKERS_SECONDS = 30.0
"""Longest wait for the first worker of a cluster."""

CLOSE_SECONDS = 3.0
"""Longest wait for a scheduler or worker to say goodbye."""

_LOOPBACK = "127.0.0.1"
_LOGGERS = ("distributed", "distributed.client", "distributed.core", "distributed.scheduler", "distributed.nanny")


class DaskLoop(Protocol):
    """The event loop of a client, which runs in a thread of its own."""

    def add_callback(self, callback: Callable[..., object], *args: object) -> None:
        """Call a function, or start a coroutine function, in the loop's thread; may be called from any thread."""
        ...


class _SchedulerDoor(Protocol):
    """The scheduler's remote calls."""

    async def ncores(self, *, workers: None) -> Mapping[str, int]: ...


class DaskFuture(Protocol):
    """A task that was handed to the scheduler."""

    key: str

    def result(self, timeout: float) -> bytes:
        """Wait for the result."""
        ...

    def release(self) -> None:
        """Let the scheduler forget it."""
        ...


class DaskClient(Protocol):
    """As much of `distributed.Client` as is used."""

    loop: DaskLoop
    status: str

    scheduler: _SchedulerDoor

    def submit(self, func: Callable[..., bytes], *args: object, **options: object) -> DaskFuture:
        """Hand a function and its arguments to the scheduler."""
        ...

    def gather(self, futures: DaskFuture, *, direct: bool | None, asynchronous: bool) -> Coroutine[None, None, bytes]:
        """Wait for a result, in the loop."""
        ...

    def run(self, function: Callable[..., object], *args: object, **options: object) -> Mapping[str, object]:
        """Call a function in every worker; give what it gave, or raised, by the worker's address."""
        ...

    def wait_for_workers(self, n_workers: int, timeout: float) -> None:
        """Wait for workers."""
        ...

    def nthreads(self) -> Mapping[str, int]:
        """Give the threads of each worker by its address."""
        ...

    def close(self, timeout: float) -> None:
        """Leave the cluster."""
        ...


class _Nanny(Protocol):
    """The watcher of a worker process of a local cluster."""

    auto_restart: bool
    pid: int | None
    worker_address: str | None


class _WorkerState(Protocol):
    address: str


class _TaskState(Protocol):
    processing_on: _WorkerState | None


class _Scheduler(Protocol):
    tasks: Mapping[str, _TaskState]


class _LocalCluster(Protocol):
    workers: Mapping[object, _Nanny]
    scheduler: _Scheduler

    def close(self, timeout: float) -> None: ...


@dataclass(frozen=True)
class DaskCluster:
    """A cluster that this process has joined."""

    client: DaskClient
    local: _LocalCluster | None
    """The cluster, where this process has started it."""

    @property
    def is_local(self) -> bool:
        """Whether this process has started it."""
        return self.local is not None

    @property
    def is_lost(self) -> bool:
        """Whether the scheduler no longer answers."""
        return self.client.status != "running"

    async def threads(self) -> int:
        """Count the threads of all workers, in the client's loop."""
        return sum((await self.client.scheduler.ncores(workers=None)).values())

    def end_worker_of(self, key: str) -> None:
        """End the process that runs a task, which is replaced; only of a local cluster."""
        task = self.local.scheduler.tasks.get(key) if self.local is not None else None
        worker = task.processing_on if task is not None else None
        if self.local is None or worker is None:
            return
        for nanny in self.local.workers.values():
            if nanny.worker_address == worker.address and nanny.pid is not None:
                _kill(nanny.pid)

    def close(self, *, at_once: bool) -> None:
        """Leave the cluster; end a local one, with `at_once` also where a task runs."""
        if self.local is not None and at_once:
            for nanny in self.local.workers.values():
                nanny.auto_restart = False
                if nanny.pid is not None:
                    _kill(nanny.pid)
        with suppress(Exception):  # the scheduler may be gone, which is no news at the end
            self.client.close(timeout=CLOSE_SECONDS)
        if self.local is not None:
            with suppress(Exception):
                self.local.close(timeout=CLOSE_SECONDS)


def join_dask(settings: DaskSettings, slots: int) -> DaskCluster:
    """Join the cluster at the address, or start one worker process for each slot.

    Raises
    ------
    ClusterNotSecure
        When the address is of another machine and nobody would be asked who they are.
    ClusterUnreachable
        When no scheduler answers, or it has no worker.
    WorkerStartFailed
        When a local cluster does not start.
    """
    import distributed

    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if settings.address is None:
        return _start_local(settings, slots)
    check_dask_address(settings)
    security = distributed.Security(
        require_encryption=settings.address.startswith("tls://"),
        tls_ca_file=settings.tls_ca_file,
        tls_client_cert=settings.tls_cert_file,
        tls_client_key=settings.tls_key_file,
    )
    try:
        connected = distributed.Client(
            settings.address, timeout=CONNECT_SECONDS, security=security, set_as_default=False, heartbeat_interval="5s"
        )
    except (OSError, ValueError) as reason:
        message = f"No Dask scheduler answers at `{settings.address}`: {_words(reason)}"
        mend = "Look whether it runs, and whether address and certificates are those of the scheduler."
        raise ClusterUnreachable(message, subject="dask", suggestion=mend) from reason
    client = cast(DaskClient, connected)  # Dask's methods are typed in part
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError as reason:
        client.close(timeout=CLOSE_SECONDS)
        message = f"The Dask scheduler at `{settings.address}` has no worker after {WORKERS_SECONDS:.0f} s"
        raise ClusterUnreachable(message, subject="dask", suggestion="Start workers for it.") from reason
    return DaskCluster(client, None)


def lost_its_worker(reason: Exception) -> bool:
    """Whether a task has no result because the process that ran it ended."""
    import distributed

    return isinstance(reason, distributed.KilledWorker)


def check_dask_address(settings: DaskSettings) -> None:
    """Refuse an address at which results could be read, and code be run, by whoever reaches it.

    Raises
    ------
    ClusterNotSecure
        When it is of another machine and not `tls://` with certificates.
    ClusterUnreachable
        When it is no address.
    """
    address = settings.address or ""
    scheme, separator, _ = address.partition("://")
    host = host_of(address)
    if not host or (separator and scheme not in ("tcp", "tls")):
        message = f"`{address}` is no address of a Dask scheduler"
        raise ClusterUnreachable(message, subject="dask", suggestion="Write `tls://host:port` or `tcp://host:port`.")
    if scheme == "tls" and separator:
        missing = [name for name in ("tls_ca_file", "tls_cert_file") if getattr(settings, name) is None]
        if missing:
            message = f"`{address}` needs certificates, and `{missing[0]}` is not set"
            mend = "Set `tls_ca_file`, `tls_cert_file` and `tls_key_file` in `[execution.executor.dask]`."
            raise ClusterNotSecure(message, subject=f"execution.executor.dask.{missing[0]}", suggestion=mend)
    elif not is_loopback(host) and not settings.insecure:
        message = f"`{address}` is on another machine, and whoever reaches its scheduler can run code there and here"
        mend = "Use `tls://` with certificates, or set `insecure = true` on a network that you trust."
        raise ClusterNotSecure(message, subject="execution.executor.dask.address", suggestion=mend)


def _start_local(settings: DaskSettings, slots: int) -> DaskCluster:
    """Start a scheduler in this process and worker processes, all on the loopback interface."""
    import distributed

    try:
        started = distributed.LocalCluster(
            n_workers=slots,
            threads_per_worker=1,
            processes=True,
            host=_LOOPBACK,
            dashboard_address=None,  # pyright: ignore[reportArgumentType] - none starts no dashboard
            memory_limit=byte_size(settings.worker_memory) if settings.worker_memory is not None else 0,
            silence_logs=logging.CRITICAL,
            scheduler_kwargs={"allowed_failures": 0},  # the dispatcher decides whether a task is tried again
        )
        client = distributed.Client(started, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, RuntimeError, TimeoutError) as reason:
        message = f"The local Dask cluster did not start: {_words(reason)}"
        raise WorkerStartFailed(message, subject="dask") from reason
    return DaskCluster(cast(DaskClient, client), cast(_LocalCluster, started))


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _words(reason: BaseException) -> str:
    return str(reason).splitlines()[0] if str(reason) else type(reason).__name__
