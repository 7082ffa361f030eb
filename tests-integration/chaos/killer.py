"""What kills workers."""

import os
import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path

QUERY_ENGINE = "/datafusion/"
"""In the path of the library that a worker has loaded when it can run tasks."""


class Killer(threading.Thread):
    """Kills one worker about every second, until it is told to stop.

    Parameters
    ----------
    workers
        Gives the processes that may run a task at the moment.
    dice
        Chooses among them, and the moment.
    """

    def __init__(self, workers: Callable[[], list[int]], dice: random.Random) -> None:
        super().__init__(daemon=True)
        self._workers = workers
        self._dice = dice
        self._told_to_stop = threading.Event()
        self.killed = 0
        self.killed_early = 0
        """Workers that had not loaded the query engine yet."""

    def run(self) -> None:
        """Kill until told to stop."""
        while not self._told_to_stop.wait(self._dice.uniform(0.5, 1.5)):
            if workers := self._workers():
                self._kill(self._dice.choice(workers))

    def stop(self) -> None:
        """Kill no more."""
        self._told_to_stop.set()
        self.join()

    def _kill(self, pid: int) -> None:
        early = not has_loaded(pid, QUERY_ENGINE)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.killed += 1
        self.killed_early += early


class SeenBefore:
    """Gives the workers that were there at the last look, too: they have started.

    Parameters
    ----------
    workers
        Gives all workers.
    """

    def __init__(self, workers: Callable[[], list[int]]) -> None:
        self._workers = workers
        self._before: set[int] = set()

    def __call__(self) -> list[int]:
        """Look again."""
        now = self._workers()
        started = [pid for pid in now if pid in self._before]
        self._before = set(now)
        return started


def has_loaded(pid: int, library: str) -> bool:
    """Say whether a process has a library in its memory whose path has this part."""
    try:
        return library in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    except OSError:  # it has ended
        return False
