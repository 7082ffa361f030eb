"""What the tests of an executor stand on: how it is made, what it completes into, and what it leaves in the system."""

import os
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import ClassVar

from plan_contracts import ExecutorKind
from plan_exec.executors.executor import Completion, Executor, ExecutorLost
from plan_exec.testing.scripted_runtime import calls_of

PATIENCE_SECONDS = 60.0
"""Longest wait for something that must happen."""


class Inbox:
    """What an executor puts completions into, outside a dispatcher."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Completion | ExecutorLost] = SimpleQueue()

    def put(self, message: Completion | ExecutorLost) -> None:
        """Take a message."""
        self._queue.put(message)

    def completion(self) -> Completion:
        """Wait for a completion."""
        message = self._queue.get(timeout=PATIENCE_SECONDS)
        assert isinstance(message, Completion), message
        return message

    def is_quiet(self, seconds: float = 0.3) -> bool:
        """Whether nothing more comes."""
        try:
            self._queue.get(timeout=seconds)
        except Empty:
            return True
        return False


class ExecutorUnderTest:
    """How the executor is made; every subclass says it."""

    kind: ClassVar[ExecutorKind] = ExecutorKind.MULTIPROCESSING
    """The kind of executor in whose place it stands."""
    most_slots: ClassVar[int] = 2
    """Slots that it can be made with."""

    def make(self, runtime: str, slots: int, scratch_uri: str) -> Executor:
        """Make the executor; every subclass says how."""
        raise NotImplementedError

    @staticmethod
    def wait_for_start(folder: Path, task: str) -> None:
        """Wait until a task of the project below a folder has started."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not any(call.task == task for call in calls_of(folder)):
            assert time.monotonic() < deadline, f"{task} did not start"
            time.sleep(0.01)

    @staticmethod
    def is_gone(pid: int) -> bool:
        """Wait for the end of a process; a zombie has ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                os.kill(pid, 0)
                if (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
                    return True
            except ProcessLookupError:
                return True
            except FileNotFoundError:  # not on Linux, or gone since
                pass
            time.sleep(0.02)
        return False
