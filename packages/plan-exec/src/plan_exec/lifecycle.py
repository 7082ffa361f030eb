"""What the dispatcher tells Hamilton's lifecycle adapters, without importing Hamilton before there is one."""

from typing import Protocol

from plan_contracts import ErrorPayload, TaskOutcome


class Lifecycle(Protocol):
    """Is told of each task before and after it runs, in the driver's thread."""

    def before(self, task: str) -> None:
        """A task is about to be handed to its executor."""
        ...

    def after(self, outcome: TaskOutcome) -> None:
        """A task that was handed to its executor is final."""
        ...

    def before_unit(self, task: str, unit: str) -> None:
        """A unit of a scan that runs is about to be handed to its executor."""
        ...

    def after_unit(self, task: str, unit: str, error: ErrorPayload | None) -> None:
        """A unit that was handed to its executor is final; with an error it failed."""
        ...
