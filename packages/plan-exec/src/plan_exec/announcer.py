"""Telling what happens to tasks: to the event sink, to Hamilton's adapters, and to whoever follows the run."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from plan_contracts import (
    CheckRecord,
    CheckResult,
    Clock,
    ErrorPayload,
    EventSink,
    OutputRecord,
    ResultSpilled,
    RoutingDecision,
    ScanUnitFinished,
    SchedulingDecision,
    TaskFinished,
    TaskMetrics,
    TaskOutcome,
    TaskRetried,
    TaskRouting,
    TaskScheduling,
    TaskStarted,
    TaskStatus,
)
from plan_exec.lifecycle import Lifecycle
from plan_exec.progress import ProgressListener
from plan_exec.task_state import TaskState


@dataclass(frozen=True, kw_only=True)
class TaskEnd:
    """How a task became final."""

    status: TaskStatus
    outputs: tuple[OutputRecord, ...] = ()
    temp: tuple[OutputRecord, ...] = ()
    worker: str | None = None
    """Who ran the last attempt; none when it gave no result."""
    metrics: TaskMetrics | None = None
    """What the last attempt used; none when it gave no result."""
    checks: tuple[CheckResult, ...] = ()
    """What its checks have found."""
    error: ErrorPayload | None = None
    cause: str | None = None


class Announcer:
    """Emits every event of a task's life, in the dispatcher's thread.

    Parameters
    ----------
    sink, listener
        Who is told.
    clock
        The time in events.
    lifecycle
        Makes what has hooks to be called; called when the first task is to run.
    """

    def __init__(
        self, sink: EventSink, listener: ProgressListener, clock: Clock, lifecycle: Callable[[], Lifecycle]
    ) -> None:
        self._sink = sink
        self._listener = listener
        self._clock = clock
        self._make_lifecycle = lifecycle

    @cached_property
    def _lifecycle(self) -> Lifecycle:
        return self._make_lifecycle()

    def ready(self, state: TaskState) -> None:
        """Remember since when a task could run."""
        state.ready_at = self._clock.unix_ms()

    def started(
        self, state: TaskState, route: RoutingDecision, *, ready_beside: int, in_memory: tuple[str, ...] = ()
    ) -> None:
        """Tell of an attempt; of the routing, and to the adapters, with the first one only.

        The first attempt at a unit is that of its scan too.
        """
        whole, now = state.whole, self._clock.unix_ms()
        first = whole.attempts == 0 or (state is whole and state.attempts == 1)
        whole.attempts = max(whole.attempts, state.attempts)
        decision = SchedulingDecision(
            task=state.task.name,
            unit=state.unit,
            rank=state.index,
            bottom_level_cost=state.bottom_level,
            slack=state.slack,
            executor=route.executor,
            ready_at_unix_ms=state.ready_at,
            started_at_unix_ms=now,
            waited_for=state.waited_for,
            ready_beside=ready_beside,
            in_memory=in_memory,
        )
        if first:
            whole.started_at = now
            self._sink.emit(TaskRouting(decision=route))
        self._sink.emit(TaskScheduling(decision=decision))
        self._sink.emit(
            TaskStarted(task=state.task.name, unit=state.unit, attempt=state.attempts, executor=route.executor)
        )
        if first:
            self._listener.task_started(state.task.name)
            self._lifecycle.before(state.task.name)
        if state.unit is not None and state.attempts == 1:
            self._lifecycle.before_unit(state.task.name, state.unit)

    def retried(self, state: TaskState, delay_seconds: float, error: ErrorPayload, worker: str | None) -> None:
        """Tell of an attempt that failed and will be followed by another."""
        self._sink.emit(
            TaskRetried(
                task=state.task.name,
                unit=state.unit,
                attempt=state.attempts,
                delay_seconds=delay_seconds,
                error=error,
                worker=worker,
            )
        )

    def spilled(self, state: TaskState, view: str, size: int, next_reader: TaskState) -> None:
        """Tell of a result that left the memory to make room."""
        self._sink.emit(
            ResultSpilled(
                task=state.task.name,
                view=view,
                bytes=size,
                next_reader=next_reader.task.name,
                next_rank=next_reader.index,
            )
        )

    def unit_finished(self, state: TaskState, end: TaskEnd) -> None:
        """Tell that a unit of a scan is final."""
        key = state.unit or ""
        self._sink.emit(
            ScanUnitFinished(
                task=state.task.name,
                unit=key,
                status=end.status,
                attempts=state.attempts,
                worker=end.worker,
                metrics=end.metrics,
                temp=end.temp,
                error=end.error,
            )
        )
        if state.attempts:
            self._lifecycle.after_unit(state.task.name, key, end.error)

    def finished(self, state: TaskState, end: TaskEnd) -> TaskOutcome:
        """Tell that a task is final, and give its outcome."""
        metrics, checks = end.metrics, end.checks
        done = end.status in (TaskStatus.SUCCEEDED, TaskStatus.REUSED)
        passed = CheckRecord(subject=state.checked, build_key=state.build_key) if done and state.checked else None
        outcome = TaskOutcome(
            task=state.task.name,
            status=end.status,
            started_at_unix_ms=state.started_at or None,
            ended_at_unix_ms=self._clock.unix_ms(),
            seconds=metrics.wall_seconds if metrics is not None else None,
            attempts=state.attempts,
            metrics=metrics,
            outputs=end.outputs,
            temp=end.temp,
            checks=checks,
            error=end.error,
            cause=end.cause,
        )
        if state.attempts:
            self._lifecycle.after(outcome)
        self._sink.emit(
            TaskFinished(
                task=outcome.task,
                status=outcome.status,
                attempts=outcome.attempts,
                definition=state.task.definition,
                predicted_seconds=state.cost,
                actual_seconds=outcome.seconds,
                worker=end.worker,
                metrics=metrics,
                outputs=outcome.outputs,
                temp=outcome.temp,
                checks=checks,
                passed=passed,
                error=outcome.error,
                cause=outcome.cause,
                tags=state.task.tags,
            )
        )
        self._listener.task_finished(outcome)
        return outcome
