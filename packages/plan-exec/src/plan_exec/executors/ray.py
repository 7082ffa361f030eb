"""Running tasks on a Ray cluster, with results handed on by file."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, as_completed
from contextlib import suppress
from math import ceil
from time import monotonic

from plan_contracts import ExecutorCapabilities, Placement, RaySettings
from plan_exec.errors import ExecutorGone, WorkerDied
from plan_exec.executors.cluster_run import ClusterRun, completion_of, cores_of
from plan_exec.executors.cluster_worker import run_encoded
from plan_exec.executors.executor import Attempt, Completion, Completions, ExecutorLost
from plan_exec.executors.ray_cluster import RayCluster, join_ray
from plan_exec.executors.ray_library import RayFunction, RayRef
from plan_exec.executors.ray_local import start_local_ray
from plan_exec.limits import cores_per_task

HELLO_SECONDS = 60.0
"""Longest time in which a worker starts the runtime."""

NO_CORES_SECONDS = 30.0
"""A cluster that has had no cores for so long is lost."""

_WATCH_SECONDS = 2.0


class RayExecutor:
    """Tasks in a cluster's worker processes; never more are handed to Ray than there are slots.

    A local cluster has a core for each slot. Of another one it uses as many cores as there are slots, at most as many
    as it has.

    Parameters
    ----------
    runtime
        `module:attribute` of the runtime.
    slots
        Tasks that may run at once.
    scratch_uri
        Where results are staged.
    settings
        Where the cluster is.
    """

    def __init__(self, runtime: str, slots: int, scratch_uri: str, settings: RaySettings) -> None:
        self._slots = slots
        self._cores = slots
        self._settings = settings
        self._run = ClusterRun("ray", runtime, scratch_uri)
        self._cluster: RayCluster | None = None
        self._function: RayFunction | None = None
        self._completions: Completions | None = None
        self._running: dict[Attempt, RayRef] = {}
        self._stopped = threading.Event()
        self._cores_per_task: int | None = None

    @property
    def slots(self) -> int:
        """Attempts that may run at once: no more than the cluster had cores a moment ago."""
        return min(self._slots, self._cores)

    def capabilities(self) -> ExecutorCapabilities:
        """Say what it can do with a task."""
        return ExecutorCapabilities(
            kind=Placement.RAY,
            can_kill_task=True,
            can_limit_memory=False,
            shares_memory=False,
            survives_worker_death=True,
            cores_per_task=self._cores_per_task,
        )

    def start(self, completions: Completions) -> None:
        """Join the cluster, let workers of each machine start the runtime, and wait for the first of each.

        Raises
        ------
        ClusterNotSecure, ClusterUnreachable
            When the cluster cannot be joined.
        WorkerStartFailed, ScratchUnreachable
            When a worker cannot run tasks.
        """
        self._completions = completions
        address = self._settings.address
        self._cluster = join_ray(self._settings, address) if address is not None else start_local_ray(self._slots)
        try:
            self._run.open()
            function = self._cluster.function(run_encoded)
            shares: list[int] = []
            cores = self._cluster.cores_by_node
            workers = ceil(self._slots / max(1, len(cores)))  # as many as will run tasks start the runtime side by side
            # Ray tells the head of a function when it is first used: now, not when the dispatcher cannot wait for it.
            for node, refs in self._cluster.on_each_node(workers, function, self._run.order, "", 0, b"").items():
                shares.append(cores_per_task(cores_of(node, _first_said(refs)), min(self._slots, cores.get(node, 1))))
            self._cores = max(1, self._cluster.cores)
            self._cores_per_task = min(shares, default=1)
            self._function = function
        except BaseException:
            self.stop(at_once=True)
            raise
        for watch in (self._watch_head, self._watch_cores):  # each in its own: asking for cores waits for a lost head
            threading.Thread(target=watch, args=(self._cluster,), name="plan-exec-ray", daemon=True).start()

    def submit(self, attempt: Attempt, request: bytes) -> None:
        """Hand a task to Ray, which has a free core for it."""
        if self._function is None:
            raise AssertionError("an executor is started before it is given tasks")
        ref = self._function.remote(self._run.order, attempt.task, attempt.number, request)
        self._running[attempt] = ref
        ref.future().add_done_callback(lambda future: self._end(attempt, future))

    def cancel(self, attempt: Attempt) -> None:
        """End the process that runs the attempt."""
        ref = self._running.pop(attempt, None)
        if ref is not None and self._cluster is not None:
            self._cluster.end(ref)

    def release(self, uri: str) -> None:
        """Nothing is handed on in memory between processes."""

    def stop(self, *, at_once: bool) -> None:
        """Leave the cluster; Ray ends the workers of this process, also in the middle of a task."""
        cluster, self._cluster = self._cluster, None
        self._stopped.set()
        running, self._running = self._running, {}
        if cluster is not None:
            for ref in running.values():
                cluster.end(ref)
            cluster.close()
        self._run.close()

    def _end(self, attempt: Attempt, future: Future[bytes]) -> None:
        """Say that an attempt has ended, unless it was killed; runs in a thread of Ray's."""
        if self._running.pop(attempt, None) is None or self._completions is None:
            return
        reason = future.exception()
        if reason is None:
            self._completions.put(completion_of(attempt, future.result()))
            return
        message = f"The Ray worker that ran `{attempt.task}` is gone: {type(reason).__name__}"
        mend = "Look for want of memory in the system's log; fewer slots (`--max-tasks`) need less."
        error = WorkerDied(message, subject=attempt.task, suggestion=mend)
        self._completions.put(Completion(attempt=attempt, error=error.payload()))

    def _watch_head(self, cluster: RayCluster) -> None:
        """Look now and then whether there is a head; Ray itself waits a minute for it, then ends this process."""
        while not self._stopped.wait(_WATCH_SECONDS):
            if cluster.is_lost:
                self._lose("its head went away")

    def _watch_cores(self, cluster: RayCluster) -> None:
        """Look now and then how many cores there are."""
        had_cores = monotonic()
        while not self._stopped.wait(_WATCH_SECONDS):
            cores = 0
            with suppress(Exception):  # what Ray raises once the cluster is lost, or left
                cores = cluster.cores
            if cores:
                had_cores, self._cores = monotonic(), cores
            elif monotonic() - had_cores > NO_CORES_SECONDS:
                self._lose(f"it has had no cores for {NO_CORES_SECONDS:.0f} s")

    def _lose(self, why: str) -> None:
        """Say once that the cluster is lost."""
        if self._completions is not None and not self._stopped.is_set():
            self._stopped.set()
            where = f" at `{self._settings.address}`" if self._settings.address is not None else ""
            mend = "Look at the logs of its head; then build again: what was finished is reused."
            error = ExecutorGone(f"The Ray cluster{where} is lost: {why}", subject="ray", suggestion=mend)
            self._completions.put(ExecutorLost(executor=Placement.RAY, error=error.payload()))


def _first_said(refs: Sequence[RayRef]) -> object:
    """Wait for the first greeting; an exception stands for one that did not come."""
    reason: Exception = TimeoutError()
    try:
        for future in as_completed([ref.future() for ref in refs], timeout=HELLO_SECONDS):
            error = future.exception()
            if error is None:
                return future.result()
            reason = error if isinstance(error, Exception) else reason
    except TimeoutError as late:
        return late
    return reason
