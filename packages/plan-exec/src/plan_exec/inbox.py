"""What wakes the dispatcher, and its sense of time: a queue to sleep on until something ends or falls due."""

from queue import Empty, SimpleQueue
from time import monotonic
from typing import Protocol

from plan_exec.executors.executor import Completion, ExecutorLost

LOOK_SECONDS = 0.1
"""Longest sleep at a stretch: Python calls handlers of signals in the main thread, which a signal does not wake that
comes in the moment before it falls asleep, or to another thread."""


class Interruption:
    """The user wants the run to end."""


Message = Completion | ExecutorLost | Interruption


class Inbox(Protocol):
    """Takes messages from any thread, and gives them to one."""

    def now(self) -> float:
        """Give seconds that never go backwards; `get` waits by the same clock."""
        ...

    def put(self, message: Message) -> None:
        """Wake the dispatcher."""
        ...

    def get(self, timeout: float | None) -> Message | None:
        """Sleep until there is a message, at most as many seconds; none where it was woken by anything else."""
        ...


class QueueInbox:
    """A queue that may be put to from threads and signal handlers alike."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Message] = SimpleQueue()

    def now(self) -> float:
        """Give the machine's monotonic time."""
        return monotonic()

    def put(self, message: Message) -> None:
        """Wake the dispatcher."""
        self._queue.put(message)

    def get(self, timeout: float | None) -> Message | None:
        """Sleep until there is a message, the time is over, or it is time to look for signals."""
        try:
            return self._queue.get(timeout=LOOK_SECONDS if timeout is None else min(timeout, LOOK_SECONDS))
        except Empty:
            return None
