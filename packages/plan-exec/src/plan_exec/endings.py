"""Making tasks final: what they gave is published or reused, what hangs on a failure is skipped, everybody is told."""

from plan_contracts import ErrorPayload, PlanError, TaskOutcome, TaskResult, TaskStatus
from plan_exec.announcer import Announcer, TaskEnd
from plan_exec.frontier import Frontier
from plan_exec.memory_budget import MemoryBudget
from plan_exec.publishing import Publishing
from plan_exec.retention import Retention
from plan_exec.task_state import TaskState


class Endings:
    """Ends each task exactly once.

    Parameters
    ----------
    frontier
        Who hangs on whom.
    publisher
        Publishes what tasks give, and knows what need not be made again.
    retention
        Forgets results in memory.
    announcer
        Tells what happens.
    budget
        Promises nothing to tasks that are final.
    """

    def __init__(
        self,
        frontier: Frontier,
        publisher: Publishing,
        retention: Retention,
        announcer: Announcer,
        budget: MemoryBudget,
    ) -> None:
        self._frontier = frontier
        self._publisher = publisher
        self._retention = retention
        self._announcer = announcer
        self._budget = budget
        self.outcomes: dict[str, TaskOutcome] = {}
        """The outcome of each task that is final, by name."""

    def accept(self, state: TaskState, result: TaskResult) -> ErrorPayload | None:
        """Publish a result, or hold it back for a check; give the reason if that cannot be."""
        try:
            self._publisher.accept(state, result)
        except PlanError as error:
            self._retention.discard(state, result)
            return error.payload()
        self._retention.forget_unread(state)
        return None

    def discard(self, state: TaskState, result: TaskResult) -> None:
        """Forget what an attempt that was given up keeps in memory."""
        self._retention.discard(state, result)

    def succeeded(self, state: TaskState, result: TaskResult | None) -> None:
        """End a task whose result was accepted."""
        self._finish(state, TaskStatus.SUCCEEDED, result=result)

    def reused(self, state: TaskState) -> bool:
        """End a task that need not run, and say whether it is such.

        Raises
        ------
        PlanError
            When what a check held back cannot be published.
        """
        if not self._publisher.reuse(state):
            return False
        self._finish(state, TaskStatus.REUSED)
        return True

    def failed(self, state: TaskState, error: ErrorPayload, result: TaskResult | None = None) -> None:
        """End a task that failed, and skip everything below it."""
        self._finish(state, TaskStatus.FAILED, result=result, error=error)
        self._skip_below(state, state.task.name)

    def skipped(self, state: TaskState, cause: str | None) -> None:
        """End a task that will not run any more, and everything below it."""
        self._finish(state, TaskStatus.SKIPPED, cause=cause)
        self._skip_below(state, cause)

    def end_the_rest(self, cause: str | None) -> None:
        """Skip what never ran; what paused between two attempts has failed."""
        for state in list(self._frontier.unfinished()):
            if state.final:
                continue
            if state.last_error is not None:
                self.failed(state, state.last_error)
            else:
                self._finish(state, TaskStatus.SKIPPED, cause=cause)

    def _skip_below(self, state: TaskState, cause: str | None) -> None:
        for consumer in self._frontier.below(state):
            self._finish(consumer, TaskStatus.SKIPPED, cause=cause)

    def _finish(
        self,
        state: TaskState,
        status: TaskStatus,
        *,
        result: TaskResult | None = None,
        error: ErrorPayload | None = None,
        cause: str | None = None,
    ) -> None:
        state.final = True
        self._budget.withdraw(state)
        done = status in (TaskStatus.SUCCEEDED, TaskStatus.REUSED)
        outputs, temp = self._publisher.records(state) if done else ((), ())
        end = TaskEnd(status=status, outputs=outputs, temp=temp, result=result, error=error, cause=cause)
        self.outcomes[state.task.name] = self._announcer.finished(state, end)
        self._retention.consumer_is_final(state)
