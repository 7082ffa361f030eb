"""Threads that wait for what runs elsewhere, and are left behind where that never ends.

Those of `concurrent.futures` would be waited for at the interpreter's end, however long that takes.
"""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic


class WaitingThreads:
    """Make calls that wait, side by side; a thread is started whenever all are waiting.

    Parameters
    ----------
    name
        How the names of the threads begin.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[Thread] = []
        self._free = 0
        self._lock = Lock()

    def post(self, call: Callable[[], None]) -> None:
        """Make a call at once; it is to raise nothing."""
        with self._lock:
            if self._free:
                self._free -= 1
            else:
                thread = Thread(target=self._make, name=f"{self._name}-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
        self._queue.put(call)

    def end(self, seconds: float) -> bool:
        """Let each thread end after its call, and say whether all did within some time."""
        for _ in self._threads:
            self._queue.put(None)
        deadline = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _make(self) -> None:
        while (call := self._queue.get()) is not None:
            call()
            with self._lock:
                self._free += 1
