"""How a caller follows an execution."""

from typing import Protocol

from plan_contracts import TaskOutcome


class ProgressListener(Protocol):
    """Hears what happens, in the driver's thread; must return at once."""

    def task_started(self, task: str) -> None:
        """A task was handed to an executor."""
        ...

    def task_finished(self, outcome: TaskOutcome) -> None:
        """A task is final."""
        ...


class NoListener:
    """Hears nothing."""

    def task_started(self, task: str) -> None:
        """Ignore it."""

    def task_finished(self, outcome: TaskOutcome) -> None:
        """Ignore it."""
