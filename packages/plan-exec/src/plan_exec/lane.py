"""One executor, the tasks that are ready for it, and the attempts that it runs."""

import heapq
from collections.abc import Callable
from functools import cached_property

from plan_contracts import ErrorPayload, Placement
from plan_exec.executors.executor import Attempt, Executor
from plan_exec.memory_budget import MOST_PASSED_OVER, MemoryBudget
from plan_exec.task_state import ScanBlock, TaskState

LOOK_AHEAD = 16
"""Ready tasks that are looked at for one that fits."""


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
        self._ready: list[tuple[int, int, TaskState]] = []
        self.running: dict[Attempt, TaskState] = {}
        self._used_slots = 0
        self.lost: ErrorPayload | None = None
        """Why there is no executor any more."""
        self.lost_by: str | None = None
        """The first task that came to nothing by that."""

    @cached_property
    def executor(self) -> Executor:
        """What runs the tasks."""
        return self._make()

    def push(self, state: TaskState) -> None:
        """Queue a ready task."""
        heapq.heappush(self._ready, (state.index, state.part, state))

    def take(self, budget: MemoryBudget) -> TaskState | None:
        """Take the most urgent ready task that slots and memory suffice for.

        A task that needs more than is free is passed over by smaller ones, but only so often: after that its executor,
        and the memory of the machine, wait for it.
        """
        passed_over: list[tuple[int, int, TaskState]] = []
        found: TaskState | None = None
        while self._ready and found is None and len(passed_over) < LOOK_AHEAD:
            entry = heapq.heappop(self._ready)
            state = entry[-1]
            if self._has_slots(state) and budget.has_room(state):
                found = state
            else:
                passed_over.append(entry)
                if self._has_slots(state):
                    budget.refuse(state)
                if state.passed_over >= MOST_PASSED_OVER:
                    break
        for each in passed_over:
            each[-1].passed_over += found is not None and not self._has_slots(each[-1])
            heapq.heappush(self._ready, each)
        return found

    def begin(self, attempt: Attempt, state: TaskState) -> None:
        """Count an attempt as running."""
        self.running[attempt] = state
        self._used_slots += self._slots_of(state)

    def end(self, attempt: Attempt) -> TaskState | None:
        """Count an attempt as running no more, and give its task; none when it did not run."""
        state = self.running.pop(attempt, None)
        if state is not None:
            self._used_slots -= self._slots_of(state)
        return state

    def _slots_of(self, state: TaskState) -> int:
        return state.policy.slots or 1

    def _has_slots(self, state: TaskState) -> bool:
        slots = self.executor.slots
        return self._used_slots + min(self._slots_of(state), slots) <= slots and slots > 0

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
        return bool(self._ready) and self._used_slots < self.executor.slots

    @property
    def is_stuck(self) -> bool:
        """Whether tasks wait for slots that are all held by attempts that were given up."""
        return bool(self._ready) and not self.running and self.executor.slots == 0

    def drain(self) -> list[TaskState]:
        """Take everything that waits, the most urgent first."""
        waiting = [entry[-1] for entry in sorted(self._ready)]
        self._ready.clear()
        return waiting

    def withdraw(self, block: ScanBlock) -> list[TaskState]:
        """Take the units of a scan that wait, the others left in their order."""
        units = [entry[-1] for entry in self._ready if entry[-1].block is block]
        self._ready = [entry for entry in self._ready if entry[-1].block is not block]
        heapq.heapify(self._ready)
        return units
