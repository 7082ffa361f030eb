"""What the dispatcher asks of an executor. Requests and results are bytes; nothing else crosses."""

from dataclasses import dataclass
from queue import SimpleQueue
from typing import Protocol

from plan_contracts import ErrorPayload, ExecutorCapabilities


@dataclass(frozen=True, kw_only=True)
class Completion:
    """The end of an attempt: an answer, or the reason why there is none."""

    task: str
    answer: bytes | None = None
    error: ErrorPayload | None = None
    worker_died: bool = False
    """Whether the worker is gone, and with it what else it was to do."""


Completions = SimpleQueue[Completion]
"""Where executors put completions; the dispatcher sleeps on it."""


class Executor(Protocol):
    """Runs up to `slots` tasks at once. Called by the dispatcher's thread only."""

    @property
    def slots(self) -> int:
        """Tasks that may run at once."""
        ...

    def capabilities(self) -> ExecutorCapabilities:
        """Say what it can do with a task."""
        ...

    def start(self, completions: Completions) -> None:
        """Get ready; completions will be put into the queue.

        Raises
        ------
        PlanError
            When it cannot run tasks here.
        """
        ...

    def submit(self, task: str, request: bytes) -> None:
        """Run a task; there is a free slot. Its completion is put into the queue exactly once."""
        ...

    def release(self, uri: str) -> None:
        """Forget a result that was handed on in memory."""
        ...

    def stop(self, *, at_once: bool) -> None:
        """End every worker: idle ones, or with `at_once` those in the middle of a task too, where that can be done."""
        ...
