"""Running tasks on threads of this process, with results handed on in memory."""

import threading
from queue import SimpleQueue

from plan_contracts import ExecutionPolicy, ExecutorCapabilities, Placement, WorkerLimits, WorkerRuntime
from plan_exec.errors import ExecutorGone
from plan_exec.executors.executor import Attempt, Completion, Completions, ExecutorLost
from plan_exec.executors.run_request import run_request
from plan_exec.limits import retained_bytes

JOIN_SECONDS = 5.0
"""Longest wait for a thread that should end; one in the middle of a task ends with the process."""

PATIENCE_SECONDS = 20.0
"""Longest wait for a sign of life of the runtime, once a task that was given up runs on in it."""

_PAUSE_SECONDS = 1.0


class ThreadExecutor:
    """Threads that share one runtime. A task that runs cannot be ended: when it is given up, its slot is closed.

    Such a task may also hold what the runtime itself works with, and no other would ever end. So as long as one runs
    on, the runtime is asked for signs of life, and the executor is lost when none comes.

    Also one task at a time runs on a thread of its own, because a query does not hear of signals: the dispatcher's
    thread waits for it, and is there when the user interrupts.
    """

    def __init__(
        self,
        runtime: WorkerRuntime,
        slots: int,
        scratch_uri: str,
        *,
        placement: Placement = Placement.THREADPOOL,
        retain_bytes: int | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._slots = slots
        self._placement = placement
        self._runtime = runtime
        self._scratch = scratch_uri
        self._retain_bytes = retain_bytes if retain_bytes is not None else retained_bytes(ExecutionPolicy())
        self._jobs: SimpleQueue[tuple[Attempt, bytes] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._submitted: set[Attempt] = set()
        self._given_up: set[Attempt] = set()
        self._patience = patience_seconds
        self._completions: Completions | None = None
        self._watched = False
        self._stopped = threading.Event()

    @property
    def slots(self) -> int:
        """Tasks that may run at once; a thread that runs one which was given up does not count."""
        return self._slots - len(self._given_up)

    def capabilities(self) -> ExecutorCapabilities:
        """Say what it can do with a task."""
        return ExecutorCapabilities(
            kind=self._placement,
            can_kill_task=False,
            can_limit_memory=False,
            shares_memory=True,
            survives_worker_death=False,
        )

    def start(self, completions: Completions) -> None:
        """Start runtime and threads."""
        self._runtime.start(
            WorkerLimits(
                worker="threads", slots=self._slots, retain_bytes=self._retain_bytes, scratch_uri=self._scratch
            )
        )
        self._completions = completions
        for index in range(self._slots):
            thread = threading.Thread(
                target=self._work, args=(completions,), name=f"plan-exec-thread-{index}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def submit(self, attempt: Attempt, request: bytes) -> None:
        """Hand an attempt to an idle thread."""
        with self._lock:
            self._submitted.add(attempt)
        self._jobs.put((attempt, request))

    def cancel(self, attempt: Attempt) -> None:
        """Close the slot of an attempt until it comes back."""
        with self._lock:
            if attempt in self._submitted:
                self._given_up.add(attempt)
            watch = bool(self._given_up) and not self._watched
            self._watched = self._watched or watch
        if watch and self._completions is not None:
            threading.Thread(
                target=self._watch, args=(self._completions,), name="plan-exec-signs-of-life", daemon=True
            ).start()

    def spill(self, uri: str) -> None:
        """Drop the copy in memory of a result."""
        self._runtime.spill(uri)

    def release(self, uri: str) -> None:
        """Forget a result."""
        self._runtime.release(uri)

    def stop(self, *, at_once: bool) -> None:
        """End the threads; do not wait for those in the middle of a task that was given up, or `at_once` of any."""
        self._stopped.set()
        for _ in self._threads:
            self._jobs.put(None)
        if not at_once and not self._given_up:
            for thread in self._threads:
                thread.join(JOIN_SECONDS)
            self._runtime.stop()

    def _work(self, completions: Completions) -> None:
        while (job := self._jobs.get()) is not None:
            attempt, request = job
            answer, error = run_request(self._runtime, attempt.task, request)
            with self._lock:
                self._submitted.discard(attempt)
                self._given_up.discard(attempt)
            completions.put(Completion(attempt=attempt, answer=answer, error=error))

    def _watch(self, completions: Completions) -> None:
        """Ask the runtime for a sign of life again and again, until all that was given up has come back."""
        while not self._stopped.is_set():
            sign = threading.Event()
            threading.Thread(target=self._probe, args=(sign,), name="plan-exec-probe", daemon=True).start()
            if not sign.wait(self._patience):
                completions.put(ExecutorLost(executor=self._placement, error=self._starved().payload()))
                return
            self._stopped.wait(_PAUSE_SECONDS)
            with self._lock:
                self._watched = bool(self._given_up)
                if not self._watched:
                    return

    def _probe(self, sign: threading.Event) -> None:
        self._runtime.probe()
        sign.set()

    def _starved(self) -> ExecutorGone:
        with self._lock:
            held_by = ", ".join(sorted({f"`{attempt.task}`" for attempt in self._given_up}))
        message = (
            f"What tasks work with there is held by {held_by}, which took too long and cannot be ended on a thread"
        )
        mend = "Run tasks with a timeout in worker processes (`--executor multiprocessing`), where they can be ended."
        return ExecutorGone(message, subject=self._placement.value, suggestion=mend)
