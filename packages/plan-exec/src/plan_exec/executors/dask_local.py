"""A Dask cluster of this run's own: a scheduler in this process, and worker processes on this machine."""

import logging
import os
import signal
from collections.abc import MutableMapping
from contextlib import ExitStack, suppress
from typing import Protocol, cast

from plan_contracts import DaskSettings, byte_size
from plan_exec.errors import WorkerStartFailed
from plan_exec.executors.cluster_calls import in_short
from plan_exec.executors.dask_client import DaskClient
from plan_exec.executors.dask_cluster import CLOSE_SECONDS, CONNECT_SECONDS, DaskCluster, quieten_dask

LOCAL_START_SECONDS = 120.0
"""Longest time that all processes of a local cluster may take to start."""

_LOOPBACK = "127.0.0.1"


class _Status(Protocol):
    name: str


class _Nanny(Protocol):
    """The watcher of a worker process."""

    auto_restart: bool
    pid: int | None
    status: _Status
    worker_address: str | None


class _WorkerState(Protocol):
    address: str


class _TaskState(Protocol):
    processing_on: _WorkerState | None


class _Scheduler(Protocol):
    tasks: MutableMapping[str, _TaskState]


class _Started(Protocol):
    """As much of `distributed.LocalCluster` as is used."""

    workers: MutableMapping[object, _Nanny]
    scheduler: _Scheduler

    def scale(self, n: int) -> None: ...

    def close(self, timeout: float) -> None: ...


class LocalDaskCluster(DaskCluster):
    """A cluster that this process has started.

    Parameters
    ----------
    client
        Speaks to its scheduler.
    started
        The cluster.
    slots
        Worker processes that it is to have.
    settings_of_dask
        What ends with it: Dask's settings while it runs.
    """

    is_local = True

    def __init__(self, client: DaskClient, started: _Started, slots: int, settings_of_dask: ExitStack) -> None:
        super().__init__(client)
        self._started = started
        self._slots = slots
        self._settings_of_dask = settings_of_dask

    async def threads(self) -> int:
        """Count the threads of all workers, and start others for those that ended while they started."""
        given_up = [name for name, nanny in self._started.workers.items() if nanny.status.name in {"closed", "failed"}]
        for name in given_up:  # Dask itself replaces only workers that had started
            del self._started.workers[name]
        if given_up:
            self._started.scale(self._slots)
        return await super().threads()

    def end_worker_of(self, key: str) -> None:
        """End the process that runs a task, which is replaced."""
        task = self._started.scheduler.tasks.get(key)
        worker = task.processing_on if task is not None else None
        for nanny in list(self._started.workers.values()):
            if worker is not None and nanny.worker_address == worker.address and nanny.pid is not None:
                _kill(nanny.pid)

    def end_workers(self) -> None:
        """End every worker, also in the middle of a task."""
        for nanny in list(self._started.workers.values()):
            nanny.auto_restart = False
            if nanny.pid is not None:
                _kill(nanny.pid)

    def close(self) -> None:
        """End the cluster."""
        super().close()
        with suppress(Exception):
            self._started.close(timeout=CLOSE_SECONDS)
        self._settings_of_dask.close()


def start_local_dask(settings: DaskSettings, slots: int, runtime: str) -> LocalDaskCluster:
    """Start a scheduler in this process and one worker process for each slot, all on the loopback interface.

    Parameters
    ----------
    settings
        Gives the memory of each worker.
    slots
        Worker processes.
    runtime
        `module:attribute` of the runtime, which workers have imported before they start.

    Raises
    ------
    WorkerStartFailed
        When a process does not start.
    """
    import distributed
    from dask import config

    from plan_exec.executors.dask_preload import START_METHOD, import_before_workers, start_before_workers

    quieten_dask()
    with ExitStack() as stack:
        stack.enter_context(config.set(START_METHOD))
        import_before_workers(["plan_exec.executors.forked_workers", runtime.partition(":")[0]])
        start_before_workers()
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
            message = f"The local Dask cluster did not start: {in_short(reason)}"
            raise WorkerStartFailed(message, subject="dask") from reason
        return LocalDaskCluster(cast(DaskClient, client), cast(_Started, started), slots, stack.pop_all())


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
