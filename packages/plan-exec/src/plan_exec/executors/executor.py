"""What the dispatcher asks of an executor. Requests and results are bytes; nothing else crosses."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from plan_contracts import ErrorPayload, ExecutorCapabilities, Placement


class Attempt(NamedTuple):
    """One try at a task."""

    task: str
    number: int
    """From 1."""


@dataclass(frozen=True, kw_only=True)
class Completion:
    """The end of an attempt: an answer, or the reason why there is none."""

    attempt: Attempt
    answer: bytes | None = None
    error: ErrorPayload | None = None


@dataclass(frozen=True, kw_only=True)
class ExecutorLost:
    """An executor is gone with everything that it ran, and can run nothing more."""

    executor: Placement
    error: ErrorPayload


class Completions(Protocol):
    """Where executors say what has ended; the dispatcher sleeps on it. Safe to use from any thread."""

    def put(self, message: Completion | ExecutorLost) -> None:
        """Say it."""
        ...


class Executor(Protocol):
    """Runs up to `slots` attempts at once. Called by the dispatcher's thread only.

    A worker that dies is replaced, and its attempt completes with a transient error. Where no worker can be had any
    more, the executor says once that it is lost.
    """

    @property
    def slots(self) -> int:
        """Attempts that may run at once; fewer than at first while an abandoned one holds a slot."""
        ...

    def capabilities(self) -> ExecutorCapabilities:
        """Say what it can do with a task."""
        ...

    def start(self, completions: Completions) -> None:
        """Get ready; completions will be put there.

        Raises
        ------
        PlanError
            When it cannot run tasks here.
        """
        ...

    def submit(self, attempt: Attempt, request: bytes) -> None:
        """Run an attempt; there is a free slot. Its completion is put exactly once."""
        ...

    def cancel(self, attempt: Attempt) -> None:
        """Give up a submitted attempt, whose completion nobody waits for any more.

        An executor that can kill a task ends it, and its slot is free. Another one retires the slot until the attempt
        comes back by itself, and puts its completion then.
        """
        ...

    def spill(self, uri: str) -> None:
        """Drop the copy in memory of a result, which no attempt reads; whoever reads it later reads its file."""
        ...

    def release(self, uri: str) -> None:
        """Forget a result that was handed on in memory."""
        ...

    def stop(self, *, at_once: bool) -> None:
        """End every worker: idle ones, or with `at_once` those in the middle of a task too, where that can be done."""
        ...
