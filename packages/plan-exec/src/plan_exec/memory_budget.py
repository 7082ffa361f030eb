"""Memory that running tasks have set aside: no more together than the run allows, and nobody waits for ever."""

from plan_contracts import Placement
from plan_exec.task_state import TaskState

LOCAL = frozenset({Placement.INLINE, Placement.THREADPOOL, Placement.MULTIPROCESSING})
"""Executors whose tasks share the memory of this machine."""

MOST_PASSED_OVER = 8
"""How often a task may be passed over by less urgent ones that need less, of its executor's slots or of the memory."""


class MemoryBudget:
    """Admits tasks of this machine by what they ask for.

    Parameters
    ----------
    total_bytes
        What all running tasks together may use; none admits everybody.
    share_bytes
        What a task that asks for nothing gets.
    """

    def __init__(self, total_bytes: int | None, share_bytes: int) -> None:
        self._total = total_bytes
        self._share = share_bytes
        self._used = 0
        self._refused: dict[str, TaskState] = {}
        self._promised_to: TaskState | None = None

    def need(self, state: TaskState) -> int | None:
        """Give the bytes that a task may use; none is unbounded."""
        wish = state.policy.memory_bytes
        if wish is not None or self._total is None or state.route.executor not in LOCAL:
            return wish
        return self._share

    def has_room(self, state: TaskState) -> bool:
        """Say whether a task may start now: what it needs is free, and promised to nobody else."""
        if self._total is None or state.route.executor not in LOCAL:
            return True
        if self._promised_to not in (None, state):
            return False
        return self._used + (self.need(state) or 0) <= self._total

    def refuse(self, state: TaskState) -> None:
        """Let a task wait for memory; what becomes free is kept for it once too many less urgent ones have started."""
        self._refused[state.name] = state
        if self._promised_to is None and state.passed_over >= MOST_PASSED_OVER:
            self._promised_to = state

    def take(self, state: TaskState) -> None:
        """Set aside what a task needs."""
        self.withdraw(state)
        if state.route.executor not in LOCAL:
            return
        self._used += self.need(state) or 0
        for waiting in self._refused.values():
            waiting.passed_over += (waiting.index, waiting.part) < (state.index, state.part)

    def give_back(self, state: TaskState) -> None:
        """Free what a task had."""
        if state.route.executor in LOCAL:
            self._used -= self.need(state) or 0

    def withdraw(self, state: TaskState) -> None:
        """Keep nothing for a task any more: it starts, or will not run."""
        self._refused.pop(state.name, None)
        if self._promised_to is state:
            self._promised_to = None
