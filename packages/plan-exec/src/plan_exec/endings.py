"""Making tasks final: what they gave is published or reused, what hangs on a failure is skipped, everybody is told."""

from plan_contracts import ErrorPayload, PlanError, TaskMetrics, TaskOutcome, TaskResult, TaskStatus
from plan_exec.announcer import Announcer, TaskEnd
from plan_exec.frontier import Frontier
from plan_exec.memory_budget import MemoryBudget
from plan_exec.publishing import Publishing
from plan_exec.retention import Retention
from plan_exec.scan_units import joined_metrics
from plan_exec.task_state import ScanBlock, TaskState


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
            return error.payload()
        self._retention.keep(state, result)
        return None

    def discard(self, state: TaskState, result: TaskResult) -> None:
        """Remove what an attempt left that came to nothing, in memory and on disk."""
        self._retention.discard(state, result)
        self._publisher.discard(result)

    def succeeded(self, state: TaskState, result: TaskResult | None) -> TaskState | None:
        """End a task or unit whose result was accepted; give the task that is done by it."""
        if state.unit is not None:
            return self._finish_unit(state, TaskStatus.SUCCEEDED, result=result)
        self._finish(state, TaskStatus.SUCCEEDED, result=result)
        return state

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

    def reused_unit(self, unit: TaskState) -> TaskState | None:
        """End a unit whose result was kept in an earlier run, and give the task that is done by it."""
        self._retention.read_from_cache(unit)
        return self._finish_unit(unit, TaskStatus.REUSED)

    def failed(self, state: TaskState, error: ErrorPayload, result: TaskResult | None = None) -> None:
        """End a task that failed, and skip everything below it; a scan has failed when its last unit is final."""
        if state.unit is not None:
            self._finish_unit(state, TaskStatus.FAILED, result=result, error=error)
            return
        self._finish(state, TaskStatus.FAILED, result=result, error=error)
        self._skip_below(state, state.task.name)

    def skipped(self, state: TaskState, cause: str | None) -> None:
        """End a task that will not run any more, and everything below it."""
        if state.unit is not None:
            self._finish_unit(state, TaskStatus.SKIPPED, cause=cause)
            return
        self._finish(state, TaskStatus.SKIPPED, cause=cause)
        self._skip_below(state, cause)

    def end_the_rest(self, cause: str | None) -> None:
        """Skip what never ran; what paused between two attempts has failed."""
        for state in list(self._frontier.unfinished()):
            if state.final:
                continue
            self._retention.forget(state)
            error = state.interrupted_by
            if error is not None:
                self.failed(state, error)
            else:
                self._finish(state, TaskStatus.SKIPPED, cause=cause)

    def _skip_below(self, state: TaskState, cause: str | None) -> None:
        for consumer in self._frontier.below(state):
            self._finish(consumer, TaskStatus.SKIPPED, cause=cause)

    def _finish_unit(
        self,
        unit: TaskState,
        status: TaskStatus,
        *,
        result: TaskResult | None = None,
        error: ErrorPayload | None = None,
        cause: str | None = None,
    ) -> TaskState | None:
        """End a unit; with the last one end its scan, and give it if it is done."""
        block = unit.block
        if block is None or unit.final:
            return None
        unit.final = True
        self._budget.withdraw(unit)
        metrics, worker = (result.metrics, result.worker) if result is not None else (None, None)
        done = status in (TaskStatus.SUCCEEDED, TaskStatus.REUSED)
        _, temp = self._publisher.records(unit) if done else ((), ())
        end = TaskEnd(status=status, temp=temp, worker=worker, metrics=metrics, error=error)
        self._announcer.unit_finished(unit, end)
        block.open -= 1
        block.error = block.error or error
        block.cause = block.cause or cause
        block.built += status is TaskStatus.SUCCEEDED
        if done and metrics is not None:
            block.metrics.append(metrics)
        return self._end_scan(block) if block.open == 0 and not block.whole.final else None

    def _end_scan(self, block: ScanBlock) -> TaskState | None:
        """End a scan whose units are all final."""
        whole = block.whole
        if block.error is not None:
            self._retention.forget(whole)
            self.failed(whole, block.error)
            return None
        if block.cause is not None:
            self._retention.forget(whole)
            self.skipped(whole, block.cause)
            return None
        self._publisher.collect(block)
        status = TaskStatus.SUCCEEDED if block.built else TaskStatus.REUSED
        self._finish(whole, status, metrics=joined_metrics(block.metrics))
        return whole

    def _finish(
        self,
        state: TaskState,
        status: TaskStatus,
        *,
        result: TaskResult | None = None,
        metrics: TaskMetrics | None = None,
        error: ErrorPayload | None = None,
        cause: str | None = None,
    ) -> None:
        state.final = True
        self._budget.withdraw(state)
        done = status in (TaskStatus.SUCCEEDED, TaskStatus.REUSED)
        outputs, temp = self._publisher.records(state) if done else ((), ())
        end = TaskEnd(
            status=status,
            outputs=outputs,
            temp=temp,
            worker=result.worker if result is not None else None,
            metrics=result.metrics if result is not None else metrics,
            checks=result.checks if result is not None else (),
            error=error,
            cause=cause,
        )
        self.outcomes[state.task.name] = self._announcer.finished(state, end)
        self._retention.consumer_is_final(state)
        for unread in self._frontier.no_longer_read(state):
            self._publisher.release(unread)
