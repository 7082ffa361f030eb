"""One executor, the tasks that are ready for it, and the attempts that it runs."""

import heapq
from collections.abc import Callable
from functools import cached_property

from plan_contracts import Placement
from plan_exec.executors.executor import Attempt, Executor
from plan_exec.task_state import TaskState


class Lane:
    """A heap of ready tasks in schedule order beside the executor that they wait for.

    Priority is kept here: the executor is given no more than it has free slots, so each one runs the most urgent of
    its tasks whatever the others do.

    Parameters
    ----------
    placement
        Which executor it is.
    make
        Makes the executor; called when its first task is to run.
    """

    def __init__(self, placement: Placement, make: Callable[[], Executor]) -> None:
        self.placement = placement
        self._make = make
        self._ready: list[tuple[int, TaskState]] = []
        self.running: dict[Attempt, TaskState] = {}
        self.lost_by: str | None = None
        """The task with which the executor was lost."""

    @cached_property
    def executor(self) -> Executor:
        """What runs the tasks."""
        return self._make()

    def push(self, state: TaskState) -> None:
        """Queue a ready task."""
        heapq.heappush(self._ready, (state.index, state))

    def pop(self) -> TaskState:
        """Take the most urgent ready task."""
        return heapq.heappop(self._ready)[1]

    @property
    def ready_count(self) -> int:
        """Tasks that wait for a slot."""
        return len(self._ready)

    @property
    def next_rank(self) -> int | None:
        """Place in the schedule of the most urgent ready task."""
        return self._ready[0][0] if self._ready else None

    @property
    def may_start(self) -> bool:
        """Whether there is a ready task and a free slot."""
        return bool(self._ready) and len(self.running) < self.executor.slots

    @property
    def is_stuck(self) -> bool:
        """Whether tasks wait for slots that are all held by attempts that were given up."""
        return bool(self._ready) and not self.running and self.executor.slots == 0

    def drain(self) -> list[TaskState]:
        """Take everything that waits, the most urgent first."""
        waiting = [state for _, state in sorted(self._ready)]
        self._ready.clear()
        return waiting
