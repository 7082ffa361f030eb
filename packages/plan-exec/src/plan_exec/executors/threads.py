"""Running tasks on threads of this process, with results handed on in memory."""

import threading
from queue import SimpleQueue

from plan_contracts import ExecutorCapabilities, Placement
from plan_exec.executors.answers import answer
from plan_exec.executors.executor import Completions
from plan_exec.limits import worker_limits
from plan_exec.runtime_import import import_runtime

JOIN_SECONDS = 5.0
"""Longest wait for a thread that should end; one in the middle of a task ends with the process."""


class ThreadExecutor:
    """Threads that share one runtime. A task that runs cannot be ended.

    Also one task at a time runs on a thread of its own, because a query does not hear of signals: the dispatcher's
    thread waits for it, and is there when the user interrupts.
    """

    def __init__(
        self, runtime: str, slots: int, scratch_uri: str, *, placement: Placement = Placement.THREADPOOL
    ) -> None:
        self._slots = slots
        self._placement = placement
        self._runtime = import_runtime(runtime)
        self._scratch = scratch_uri
        self._jobs: SimpleQueue[tuple[str, bytes] | None] = SimpleQueue()
        self._completions = Completions()
        self._threads: list[threading.Thread] = []

    @property
    def slots(self) -> int:
        """Tasks that may run at once."""
        return self._slots

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
        self._completions = completions
        limits = worker_limits("threads", slots=self._slots, shares_memory=True, scratch_uri=self._scratch)
        self._runtime.start(limits)
        for index in range(self._slots):
            thread = threading.Thread(target=self._work, name=f"plan-exec-{index}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def submit(self, task: str, request: bytes) -> None:
        """Hand a task to an idle thread."""
        self._jobs.put((task, request))

    def release(self, uri: str) -> None:
        """Forget a result."""
        self._runtime.release(uri)

    def stop(self, *, at_once: bool) -> None:
        """End the threads; with `at_once` do not wait for those in the middle of a task."""
        for _ in self._threads:
            self._jobs.put(None)
        if not at_once:
            for thread in self._threads:
                thread.join(JOIN_SECONDS)
            self._runtime.stop()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._completions.put(answer(self._runtime, *job))
