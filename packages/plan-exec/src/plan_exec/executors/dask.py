"""Running tasks on a Dask cluster, with results handed on by file."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic

from plan_contracts import DaskSettings, ExecutorCapabilities, Placement
from plan_exec.errors import WorkerDied, WorkerStartFailed
from plan_exec.executors.cluster_address import host_of
from plan_exec.executors.cluster_calls import ClusterCalls
from plan_exec.executors.cluster_run import ClusterRun, completion_of, cores_of
from plan_exec.executors.cluster_worker import greet, run_encoded, stop_runtime
from plan_exec.executors.dask_client import DaskFuture
from plan_exec.executors.dask_cluster import JOIN_SECONDS, DaskCluster, join_dask, lost_its_worker
from plan_exec.executors.dask_local import LOCAL_START_SECONDS, start_local_dask
from plan_exec.executors.executor import Attempt, Completion, Completions, ExecutorLost
from plan_exec.limits import cores_per_task

HELLO_SECONDS = 60.0
"""Longest time in which a worker starts the runtime."""

GREETINGS = 10
"""Workers that may die one after the other while they start the runtime."""

NO_WORKER_SECONDS = 30.0
"""A cluster that has had no worker for so long, or has not said how many, is lost."""

_WATCH_SECONDS = 2.0


class DaskExecutor:
    """Tasks on a cluster's workers; never more are handed to its scheduler than can run at once.

    A local cluster has one worker process for each slot. Of another cluster it uses as many threads as there are
    slots, at most as many as it has.

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

    def __init__(self, runtime: str, slots: int, scratch_uri: str, settings: DaskSettings) -> None:
        self._slots = slots
        self._threads = slots
        self._runtime = runtime
        self._settings = settings
        self._run = ClusterRun("dask", runtime, scratch_uri)
        self._cluster: DaskCluster | None = None
        self._completions: Completions | None = None
        self._running: set[Attempt] = set()
        self._abandoned: set[Attempt] = set()
        self._stopped = False
        self._calls = ClusterCalls("Dask", settings.address, head="scheduler")
        self._cores_per_task: int | None = None

    @property
    def slots(self) -> int:
        """Attempts that may run at once: no more than the cluster had threads a moment ago."""
        return min(self._slots, self._threads) - len(self._abandoned)

    def capabilities(self) -> ExecutorCapabilities:
        """Say what it can do with a task: end it only where it owns the worker."""
        local = self._settings.address is None
        return ExecutorCapabilities(
            kind=Placement.DASK,
            can_kill_task=local,
            can_limit_memory=local and self._settings.worker_memory is not None,
            shares_memory=False,
            survives_worker_death=True,
            cores_per_task=self._cores_per_task,
        )

    def start(self, completions: Completions) -> None:
        """Join the cluster, and let every worker start the runtime.

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
            own = self._settings.address is None
            self._calls.result(self._join, LOCAL_START_SECONDS if own else JOIN_SECONDS)
            self._run.open()
            cores = self._greet()
            threads = self._calls.result(self._joined().client.nthreads, HELLO_SECONDS)
            self._threads = max(1, sum(threads.values()))
            self._cores_per_task = self._share(cores, threads)
        except BaseException:
            self.stop(at_once=True)
            raise

    def submit(self, attempt: Attempt, request: bytes) -> None:
        """Hand a task to the scheduler, which has a free thread for it."""
        self._running.add(attempt)
        self._calls.post(lambda: self._hand_over(attempt, request))

    def cancel(self, attempt: Attempt) -> None:
        """End the worker of a local cluster; on another one, leave the thread until it comes back."""
        if attempt not in self._running:
            return
        if self._joined().is_local:
            self._running.discard(attempt)
            self._calls.post(lambda: self._end_worker(attempt))
        else:
            self._abandoned.add(attempt)

    def spill(self, uri: str) -> None:
        """Nothing is handed on in memory between processes."""

    def release(self, uri: str) -> None:
        """Nothing is handed on in memory between processes."""

    def stop(self, *, at_once: bool) -> None:
        """Leave the cluster; tasks that run on one that is not ours run to their end there."""
        self._stopped = True
        self._running.clear()
        if at_once and self._cluster is not None:
            self._cluster.end_workers()
        self._calls.end(lambda: self._leave(at_once=at_once), at_once=at_once)
        self._run.close()

    def _join(self) -> None:
        address = self._settings.address
        if address is None:
            self._cluster = start_local_dask(self._settings, self._slots, self._runtime)
        else:
            self._cluster = join_dask(self._settings, address)
        self._cluster.client.loop.add_callback(self._watch)

    def _joined(self) -> DaskCluster:
        if self._cluster is None:
            raise AssertionError("an executor is started before it is given tasks")
        return self._cluster

    def _leave(self, *, at_once: bool) -> None:
        if self._cluster is None:
            return
        if not at_once and not self._calls.cluster_is_lost:
            with suppress(Exception):  # the scheduler may be gone, which is no news at the end
                self._cluster.client.run(stop_runtime, self._run.order, on_error="ignore")
        self._cluster.close()

    def _greet(self) -> dict[str, int]:
        """Let every worker start the runtime; give the cores that each may use."""
        client = self._joined().client
        asked = self._calls.ask(lambda: client.run(greet, self._run.order, on_error="return"))
        said = self._calls.first_of([asked], HELLO_SECONDS)
        if said is None:
            message = f"Not every worker of the Dask cluster started the runtime within {HELLO_SECONDS:.0f} s"
            mend = "Look which worker is silent: its scheduler knows when each was last seen."
            raise WorkerStartFailed(message, subject="dask", suggestion=mend)
        hellos = {worker: hello for worker, hello in said.result().items() if not isinstance(hello, OSError)}
        hellos["scheduler"] = self._calls.result(self._first_answer, 2 * HELLO_SECONDS)
        return {worker: cores_of(worker, hello) for worker, hello in hellos.items()}

    def _hand_over(self, attempt: Attempt, request: bytes) -> None:
        """Hand a task to the scheduler, unless it was given up before it came to that."""
        if attempt not in self._running:
            return
        client = self._joined().client
        try:
            future = client.submit(
                run_encoded,
                self._run.order,
                attempt.task,
                request,
                key=self._key(attempt),
                pure=False,
                retries=0,
            )
            client.loop.add_callback(self._collect, attempt, future)
        except Exception as reason:  # noqa: BLE001 - whatever Dask raises, the attempt has an end
            self._end(attempt, _failed(attempt, reason))

    def _end_worker(self, attempt: Attempt) -> None:
        self._joined().end_worker_of(self._key(attempt))

    def _key(self, attempt: Attempt) -> str:
        return f"{self._run.name}-{attempt.task}-{attempt.number}"

    def _first_answer(self) -> object:
        """Send a greeting along the way of tasks, which leads through the scheduler; again when its worker dies."""
        client = self._joined().client
        reason: Exception | None = None
        for number in range(GREETINGS):
            key = f"{self._run.name}-hello-{number}"
            future = client.submit(greet, self._run.order, key=key, pure=False, retries=0)
            try:
                return future.result(timeout=HELLO_SECONDS)
            except Exception as failed:  # noqa: BLE001 - whatever Dask raises, the caller says that nobody greeted
                reason = failed
                if not lost_its_worker(failed):
                    break
            finally:
                future.release()
        return reason

    async def _collect(self, attempt: Attempt, future: DaskFuture) -> None:
        """Wait for the end of an attempt; runs in the client's loop."""
        cluster = self._joined()
        try:
            answered = await cluster.client.gather(future, direct=cluster.is_local, asynchronous=True)
        except Exception as reason:  # noqa: BLE001 - whatever Dask raises, the attempt has an end
            if cluster.is_lost:
                self._lose("its scheduler went away")
            else:
                self._end(attempt, _failed(attempt, reason))
        else:
            self._end(attempt, completion_of(attempt, answered))
        future.release()

    def _end(self, attempt: Attempt, completion: Completion) -> None:
        """Say that an attempt has ended, unless it was killed."""
        with suppress(KeyError):
            self._running.remove(attempt)
            self._abandoned.discard(attempt)
            if self._completions is not None:
                self._completions.put(completion)

    async def _watch(self) -> None:
        """Look now and then whether there is a cluster left; tasks without a worker would wait for ever."""
        cluster, heard = self._joined(), monotonic()
        while not self._stopped:
            with suppress(OSError, TimeoutError):  # a scheduler that went away shows in `is_lost`
                if threads := await asyncio.wait_for(cluster.threads(), NO_WORKER_SECONDS):
                    heard, self._threads = monotonic(), threads
            if cluster.is_lost:
                self._lose("its scheduler went away")
            elif monotonic() - heard > NO_WORKER_SECONDS:
                self._lose(f"its scheduler has named no worker for {NO_WORKER_SECONDS:.0f} s")
            await asyncio.sleep(_WATCH_SECONDS)

    def _lose(self, why: str) -> None:
        """Say once that the cluster is lost."""
        error = self._calls.lose(why) if not self._stopped else None
        if error is not None and self._completions is not None:
            self._completions.put(ExecutorLost(executor=Placement.DASK, error=error.payload()))

    def _share(self, cores: Mapping[str, int], threads: Mapping[str, int]) -> int:
        """Give the cores that a task may keep busy on the machine where it gets the fewest."""
        tasks: Counter[str] = Counter()
        for worker, count in threads.items():
            tasks[host_of(worker)] += count
        shares = (
            cores_per_task(count, min(tasks[host_of(worker)], self._slots))
            for worker, count in cores.items()
            if worker in threads
        )
        return min(shares, default=1)


def _failed(attempt: Attempt, reason: Exception) -> Completion:
    """Give the end of an attempt that has no answer."""
    if lost_its_worker(reason):
        message = f"The Dask worker that ran `{attempt.task}` is gone, and the task with it"
    else:
        message = f"Dask could not run `{attempt.task}`: {type(reason).__name__}: {reason}"
    mend = "Look at the worker's log, and for want of memory in the system's; fewer slots need less."
    return Completion(attempt=attempt, error=WorkerDied(message, subject=attempt.task, suggestion=mend).payload())
