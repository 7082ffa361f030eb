"""Running tasks on a Ray cluster, with results handed on by file."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from math import ceil
from time import monotonic

from plan_contracts import ExecutorCapabilities, Placement, RaySettings
from plan_exec.errors import ClusterUnreachable, WorkerDied
from plan_exec.executors.cluster_calls import THREAD_NAMES, ClusterCalls
from plan_exec.executors.cluster_run import ClusterRun, completion_of, cores_of
from plan_exec.executors.cluster_worker import function_of
from plan_exec.executors.executor import Attempt, Completion, Completions, ExecutorLost
from plan_exec.executors.process_end import process_ends_after
from plan_exec.executors.ray_cluster import (
    RayCluster,
    accepts_connections,
    head_of,
    join_ray,
    join_seconds,
    may_join_again,
)
from plan_exec.executors.ray_library import RayFunction, RayRef
from plan_exec.executors.ray_local import LOCAL_START_SECONDS, start_local_ray
from plan_exec.executors.waiting_threads import WaitingThreads
from plan_exec.interruptions import take_signals_back
from plan_exec.limits import cores_per_task

HELLO_SECONDS = 60.0
"""Longest time in which a worker starts the runtime."""

NO_CORES_SECONDS = 30.0
"""A cluster that has had no cores for so long, or has not said how many, is lost."""

DEAF_SECONDS = 15.0
"""How much longer this process may take to notice that a join takes too long, before it is ended."""

_WATCH_SECONDS = 2.0

_LET_GO_SECONDS = 1.2
"""Longest wait for the threads that wait for tasks whose processes were ended."""


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
        self._calls = ClusterCalls("Ray", settings.address, head="head")
        # A future of Ray's would take the interpreter's lock in the one thread that speaks to all of the cluster.
        self._waiting = WaitingThreads(f"{THREAD_NAMES}ray")
        self._cluster: RayCluster | None = None
        self._function: RayFunction | None = None
        self._completions: Completions | None = None
        self._running: set[Attempt] = set()
        self._refs: dict[Attempt, RayRef] = {}
        self._stopped = threading.Event()
        self._heard = monotonic()
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
        ExecutorGone
            When it is lost meanwhile.
        WorkerStartFailed, ScratchUnreachable
            When a worker cannot run tasks.
        """
        self._completions = completions
        self._calls.start()
        try:
            threading.Thread(target=self._watch, name="plan-exec-ray-watch", daemon=True).start()
            self._join()
            take_signals_back()
            self._run.open()
            shares: list[int] = []
            cores, greetings = self._calls.result(self._greet, HELLO_SECONDS)
            for node, said in greetings.items():
                most = min(self._slots, cores.get(node, 1))
                shares.append(cores_per_task(cores_of(node, self._first_said(said)), most))
            self._cores_per_task = min(shares, default=1)
        except BaseException:
            self.stop(at_once=True)
            raise

    def submit(self, attempt: Attempt, request: bytes) -> None:
        """Hand a task to Ray, which has a free core for it."""
        self._running.add(attempt)
        self._waiting.post(partial(self._run_attempt, attempt, request))

    def cancel(self, attempt: Attempt) -> None:
        """End the process that runs the attempt."""
        self._running.discard(attempt)
        self._calls.post(lambda: self._end_process(attempt))

    def spill(self, uri: str) -> None:
        """Nothing is handed on in memory between processes."""

    def release(self, uri: str) -> None:
        """Nothing is handed on in memory between processes."""

    def stop(self, *, at_once: bool) -> None:
        """Leave the cluster; Ray ends the workers of this process, also in the middle of a task."""
        self._stopped.set()
        self._running.clear()
        self._calls.end(self._leave, at_once=at_once)
        self._run.close()

    def _join(self) -> None:
        """Join within some time; once more where a client server did not manage to start a process for this one."""
        try:
            self._join_once()
        except ClusterUnreachable as error:
            if not may_join_again(error):
                raise
            self._join_once()

    def _join_once(self) -> None:
        """Join within some time, also where Ray holds the interpreter's lock while it waits for a raylet."""
        address = self._settings.address
        seconds = LOCAL_START_SECONDS if address is None else join_seconds(address)
        with process_ends_after(seconds + DEAF_SECONDS, self._calls.ends_the_process()):
            self._calls.result(self._enter, seconds)

    def _enter(self) -> None:
        address = self._settings.address
        self._cluster = join_ray(self._settings, address) if address is not None else start_local_ray(self._slots)
        self._hear()

    def _joined(self) -> RayCluster:
        if self._cluster is None:
            raise AssertionError("an executor is started before it is given tasks")
        return self._cluster

    def _greet(self) -> tuple[Mapping[str, int], Mapping[str, Sequence[Future[bytes]]]]:
        """Let workers start the runtime; give the cores of each machine, and what its workers will say."""
        cluster = self._joined()
        self._function = cluster.function(function_of(self._run.order))
        cores = cluster.cores_by_node
        self._cores = max(1, cluster.cores)
        workers = ceil(self._slots / max(1, len(cores)))  # as many as will run tasks start the runtime side by side
        # Ray tells the head of a function when it is first used: now, not when the first task waits for it.
        refs = cluster.on_each_node(workers, self._function, b"", b"")
        return cores, {node: [ref.future() for ref in there] for node, there in refs.items()}

    def _first_said(self, greetings: Sequence[Future[bytes]]) -> object:
        """Wait for the first greeting; an exception stands for one that did not come."""
        deadline = monotonic() + HELLO_SECONDS
        reason: BaseException = TimeoutError()
        open_ = list(greetings)
        while open_:
            first = self._calls.first_of(open_, deadline - monotonic())
            if first is None:
                return TimeoutError()
            error = first.exception()
            if error is None:
                return first.result()
            reason = error
            open_.remove(first)
        return reason

    def _run_attempt(self, attempt: Attempt, request: bytes) -> None:
        """Hand a task to Ray and wait for its end, unless it was given up before it came to that."""
        if self._function is None or attempt not in self._running:
            return
        try:
            ref = self._function.remote(attempt.task.encode(), request)
            self._refs[attempt] = ref
            if attempt not in self._running:
                self._end_process(attempt)  # it was given up when there was no process to end yet
            said = self._joined().result(ref)
        except Exception as reason:  # noqa: BLE001 - whatever Ray raises, the attempt has an end
            self._fail(attempt, reason)
        else:
            self._complete(completion_of(attempt, said))
        finally:
            self._refs.pop(attempt, None)

    def _end_process(self, attempt: Attempt) -> None:
        ref = self._refs.pop(attempt, None)
        if ref is not None:
            with suppress(Exception):  # the cluster may be gone, and the process with it
                self._joined().end(ref)

    def _leave(self) -> None:
        """Leave the cluster, unless a thread is still in a call of Ray's, which leaving would pull from under it."""
        for attempt in list(self._refs):
            self._end_process(attempt)
        if self._waiting.end(_LET_GO_SECONDS) and self._cluster is not None:
            self._cluster.close()

    def _fail(self, attempt: Attempt, reason: BaseException) -> None:
        message = f"The Ray worker that ran `{attempt.task}` is gone: {type(reason).__name__}"
        mend = "Look for want of memory in the system's log; fewer slots (`--max-tasks`) need less."
        error = WorkerDied(message, subject=attempt.task, suggestion=mend)
        self._complete(Completion(attempt=attempt, error=error.payload()))

    def _complete(self, completion: Completion) -> None:
        """Say the end of an attempt, unless it was killed."""
        with suppress(KeyError):
            self._running.remove(completion.attempt)
            if self._completions is not None:
                self._completions.put(completion)

    def _watch(self) -> None:
        """Look now and then whether there is a head, and ask it for the cores, which a silent one never answers."""
        asked: Future[None] | None = None
        while not self._stopped.wait(_WATCH_SECONDS):
            head = self._cluster.head if self._cluster is not None else head_of(self._settings.address or "")
            if head is not None and not accepts_connections(head):
                self._lose("its head went away")
            elif self._cluster is not None and monotonic() - self._heard > NO_CORES_SECONDS:
                self._lose(f"its head has named no cores for {NO_CORES_SECONDS:.0f} s")
            elif self._cluster is not None and (asked is None or asked.done()):
                asked = self._calls.ask(self._count_cores)

    def _count_cores(self) -> None:
        cores = self._joined().cores
        if cores:
            self._cores = cores
            self._hear()

    def _hear(self) -> None:
        self._heard = monotonic()

    def _lose(self, why: str) -> None:
        """Say once that the cluster is lost."""
        error = self._calls.lose(why) if not self._stopped.is_set() else None
        if error is not None and self._completions is not None:
            self._completions.put(ExecutorLost(executor=Placement.RAY, error=error.payload()))
