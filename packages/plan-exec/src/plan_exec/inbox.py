"""What wakes the dispatcher, and its sense of time: a queue to sleep on until something ends or falls due."""

from queue import Empty, SimpleQueue
from time import monotonic
from typing import Protocol

from plan_exec.executors.executor import Completion, ExecutorLost


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
        """Sleep until there is a message; none when the time, in seconds, is over first."""
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
        """Sleep until there is a message, or the time is over."""
        try:
            return self._queue.get(timeout=timeout)
        except Empty:
            return None
