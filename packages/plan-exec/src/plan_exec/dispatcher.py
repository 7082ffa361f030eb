"""The dispatch loop: starts what is ready in schedule order, sleeps until something ends, and never polls.

Each completion costs O(log n): a heap holds the ready tasks, counters hold what the others wait for. There is no
barrier between generations, and nothing is handed to an executor before it has a free slot, so the order is kept to
the end.
"""

import heapq
from collections import deque
from collections.abc import Callable, Mapping
from functools import cached_property
from queue import Empty
from time import monotonic

from plan_contracts import (
    CheckRecord,
    CheckResult,
    Clock,
    Committer,
    DocumentRefused,
    Envelope,
    ErrorPayload,
    EventSink,
    PlanError,
    ResultStatus,
    RoutingDecision,
    SchedulingDecision,
    TaskFinished,
    TaskLimits,
    TaskMetrics,
    TaskOutcome,
    TaskResult,
    TaskRouting,
    TaskScheduling,
    TaskStarted,
    TaskStatus,
    decode_msgpack,
    encode_msgpack,
)
from plan_exec.errors import AnswerUnreadable
from plan_exec.executors.executor import Completion, Completions, Executor
from plan_exec.handoff import completed_inputs, key_of, ready_to_send
from plan_exec.lifecycle import Lifecycle
from plan_exec.progress import ProgressListener
from plan_exec.publishing import Publisher
from plan_exec.task_state import TaskState

GRACE_SECONDS = 3.0
"""After an interruption, the time that running tasks have to end by themselves."""


class Dispatcher:
    """Runs the tasks of one schedule on one executor.

    Parameters
    ----------
    states
        Every scheduled task, in schedule order.
    routes
        Where each task runs.
    executor
        Makes what runs them; called when the first task is to run.
    sink, committer, clock, listener
        Where events go, who publishes, what time it is, and who is told.
    lifecycle
        Makes what has hooks to be called; called when the first task is to run.
    limits
        Gives the limits of a task for a number of slots.
    full
        Whether nothing is reused.
    fail_fast
        Whether the first failure stops new work.
    """

    def __init__(
        self,
        states: Mapping[str, TaskState],
        routes: Mapping[str, RoutingDecision],
        executor: Callable[[], Executor],
        *,
        sink: EventSink,
        committer: Committer,
        clock: Clock,
        listener: ProgressListener,
        lifecycle: Callable[[], Lifecycle],
        limits: Callable[[TaskState, int], TaskLimits],
        full: bool,
        fail_fast: bool,
    ) -> None:
        self._states = states
        self._routes = routes
        self._make_executor = executor
        self._sink = sink
        self._publisher = Publisher(committer, states)
        self._clock = clock
        self._listener = listener
        self._make_lifecycle = lifecycle
        self._limits = limits
        self._full = full
        self._fail_fast = fail_fast
        self._owners = {view: state.task.name for state in states.values() for view in state.task.outputs}
        self._completions = Completions()
        self._ready: list[tuple[int, str]] = []
        self._running: dict[str, TaskState] = {}
        self._outcomes: dict[str, TaskOutcome] = {}
        self._stopped_by: str | None = None
        self.interrupted = False

    @cached_property
    def _executor(self) -> Executor:
        return self._make_executor()

    @cached_property
    def _lifecycle(self) -> Lifecycle:
        return self._make_lifecycle()

    def reuse(self) -> bool:
        """Settle every task whose output need not be built again, and say whether none is left.

        An interruption counts as one that comes before the first task: what is left is skipped.
        """
        try:
            self._make_ready([state for state in self._states.values() if state.waiting_for == 0])
        except KeyboardInterrupt:
            self.interrupted = True
            self._ready.clear()
            self._skip_the_rest()
        return not self._ready

    @property
    def outcomes(self) -> dict[str, TaskOutcome]:
        """The outcome of each task that is final, by name."""
        return self._outcomes

    def run(self) -> dict[str, TaskOutcome]:
        """Run everything that `reuse` has left and that can be run.

        Returns
        -------
        dict
            An outcome for each task, by name.

        Raises
        ------
        PlanError
            When the executor cannot start, or the sink or committer cannot go on.
        """
        if not self._ready:
            return self._outcomes
        executor = self._executor
        clean = False
        try:
            executor.start(self._completions)
            self._loop()
            clean = True
        except KeyboardInterrupt:
            self._interrupt()
        finally:
            executor.stop(at_once=not clean)
        self._skip_the_rest()
        return self._outcomes

    def _loop(self) -> None:
        self._start_ready()
        while self._running:
            completion = self._completions.get()
            state = self._running.pop(completion.task)
            if self._may_overlap(state):
                self._start_ready()
            self._complete(state, completion)
            self._start_ready()

    def _may_overlap(self, state: TaskState) -> bool:
        """Whether the free slot can be filled before the result of this task is verified and published.

        Not when a consumer that it is about to unblock comes first, nor when its failure is to stop everything.
        """
        if not self._ready or self._executor.slots == 1 or self._fail_fast:
            return False
        consumers = (self._states[name] for name in state.consumers)
        unblocked = (each.index for each in consumers if each.waiting_for == 1 and not each.final)
        return self._ready[0][0] < min(unblocked, default=len(self._states))

    def _make_ready(self, states: list[TaskState]) -> None:
        """Queue tasks whose producers are done; those that can be reused are final at once, and so on downstream."""
        pending = deque(states)
        while pending:
            state = pending.popleft()
            state.ready_at = self._clock.unix_ms()
            state.request = completed_inputs(state, self._states, self._owners)
            state.build_key = key_of(state.request)
            try:
                reused = not self._full and not state.task.volatile and self._publisher.reuse(state)
            except PlanError as error:
                self._fail(state, error.payload())
                continue
            if reused:
                self._finish(state, TaskStatus.REUSED)
                pending.extend(self._unblocked(state))
            else:
                heapq.heappush(self._ready, (state.index, state.task.name))

    def _start_ready(self) -> None:
        while self._ready and len(self._running) < self._executor.slots and self._stopped_by is None:
            _, name = heapq.heappop(self._ready)
            self._start(self._states[name])

    def _start(self, state: TaskState) -> None:
        name, route = state.task.name, self._routes[state.task.name]
        state.started_at = self._clock.unix_ms()
        decision = SchedulingDecision(
            task=name,
            rank=state.index,
            bottom_level_cost=state.bottom_level,
            slack=state.slack,
            executor=route.executor,
            ready_at_unix_ms=state.ready_at,
            started_at_unix_ms=state.started_at,
            waited_for=state.waited_for,
            ready_beside=len(self._ready),
        )
        self._emit(TaskRouting(decision=route))
        self._emit(TaskScheduling(decision=decision))
        self._emit(TaskStarted(task=name, attempt=1, executor=route.executor))
        self._listener.task_started(name)
        self._lifecycle.before(name)
        in_memory = self._executor.capabilities().shares_memory
        request = ready_to_send(state.request, self._limits(state, self._executor.slots), in_memory=in_memory)
        self._running[name] = state
        self._executor.submit(name, encode_msgpack(request))

    def _complete(self, state: TaskState, completion: Completion) -> None:
        result, error = self._read(state, completion)
        if result is not None and error is None:
            error = self._publish(state, result)
        metrics, checks = (result.metrics, result.checks) if result is not None else (None, ())
        if error is None:
            self._finish(state, TaskStatus.SUCCEEDED, metrics=metrics, checks=checks)
            self._make_ready(self._unblocked(state))
            return
        self._fail(state, error, metrics=metrics, checks=checks)
        if completion.worker_died:
            self._stopped_by = self._stopped_by or state.task.name

    def _fail(
        self,
        state: TaskState,
        error: ErrorPayload,
        *,
        metrics: TaskMetrics | None = None,
        checks: tuple[CheckResult, ...] = (),
    ) -> None:
        """Make a task final that failed, and everything below it."""
        self._finish(state, TaskStatus.FAILED, metrics=metrics, checks=checks, error=error)
        self._skip_consumers(state)
        if self._fail_fast:
            self._stopped_by = self._stopped_by or state.task.name

    def _read(self, state: TaskState, completion: Completion) -> tuple[TaskResult | None, ErrorPayload | None]:
        """Decode an answer; give the result, and the error where there is one."""
        if completion.answer is None:
            return None, completion.error
        name = state.task.name
        try:
            result = decode_msgpack(completion.answer, TaskResult)
        except DocumentRefused as reason:
            message = f"The runtime's answer to `{name}` is not a result: {reason.message}"
            return None, AnswerUnreadable(message, subject=name).payload()
        asked, given = set(state.task.outputs), {output.view for output in result.outputs}
        if result.task != name or (result.status is ResultStatus.SUCCEEDED and asked != given):
            message = f"The runtime's answer to `{name}` is about `{result.task}` with the outputs {sorted(given)}"
            return None, AnswerUnreadable(message, subject=name).payload()
        if result.status is ResultStatus.FAILED and result.error is None:
            return result, AnswerUnreadable(
                f"The runtime says that `{name}` failed, and not why", subject=name
            ).payload()
        return result, result.error

    def _publish(self, state: TaskState, result: TaskResult) -> ErrorPayload | None:
        try:
            self._publisher.accept(state, result)
        except PlanError as error:
            return error.payload()
        if state.waiting_consumers == 0:
            self._forget(state)
        return None

    def _unblocked(self, state: TaskState) -> list[TaskState]:
        """Give the consumers whose last missing producer is this one."""
        unblocked: list[TaskState] = []
        for name in state.consumers:
            consumer = self._states[name]
            consumer.waiting_for -= 1
            if consumer.waiting_for == 0 and not consumer.final:
                consumer.waited_for = state.task.name
                unblocked.append(consumer)
        return unblocked

    def _skip_consumers(self, failed: TaskState) -> None:
        """Make everything below a failed task final."""
        pending = deque(failed.consumers)
        while pending:
            consumer = self._states[pending.popleft()]
            if not consumer.final:
                self._finish(consumer, TaskStatus.SKIPPED, cause=failed.task.name)
                pending.extend(consumer.consumers)

    def _finish(
        self,
        state: TaskState,
        status: TaskStatus,
        *,
        metrics: TaskMetrics | None = None,
        checks: tuple[CheckResult, ...] = (),
        error: ErrorPayload | None = None,
        cause: str | None = None,
    ) -> None:
        """Record that a task is final, and forget results in memory that it was the last to need."""
        state.final = True
        name = state.task.name
        done = status in (TaskStatus.SUCCEEDED, TaskStatus.REUSED)
        outputs, temp = self._publisher.records(state) if done else ((), ())
        passed = CheckRecord(subject=state.checked, build_key=state.build_key) if done and state.checked else None
        outcome = TaskOutcome(
            task=name,
            status=status,
            started_at_unix_ms=state.started_at or None,
            ended_at_unix_ms=self._clock.unix_ms(),
            seconds=metrics.wall_seconds if metrics is not None else None,
            metrics=metrics,
            outputs=outputs,
            temp=temp,
            checks=checks,
            error=error,
            cause=cause,
        )
        self._outcomes[name] = outcome
        if state.started_at:
            self._lifecycle.after(outcome)
        self._emit(
            TaskFinished(
                task=name,
                status=status,
                attempts=1 if state.started_at else 0,
                definition=state.task.definition,
                predicted_seconds=state.cost,
                actual_seconds=outcome.seconds,
                metrics=metrics,
                outputs=outputs,
                temp=temp,
                checks=checks,
                passed=passed,
                error=error,
                cause=cause,
            )
        )
        self._listener.task_finished(outcome)
        for producer in state.producers:
            self._consumer_is_final(self._states[producer])

    def _consumer_is_final(self, producer: TaskState) -> None:
        producer.waiting_consumers -= 1
        if producer.waiting_consumers == 0:
            self._forget(producer)

    def _forget(self, state: TaskState) -> None:
        for ref in state.in_memory.values():
            self._executor.release(ref.uri)
        state.in_memory.clear()

    def _emit(self, event: Envelope) -> None:
        self._sink.emit(event)

    def _interrupt(self) -> None:
        """Start nothing more, and take what still ends within the grace period."""
        self.interrupted = True
        deadline = monotonic() + GRACE_SECONDS
        while self._running and (left := deadline - monotonic()) > 0:
            try:
                completion = self._completions.get(timeout=left)
            except Empty:
                break
            self._complete(self._running.pop(completion.task), completion)

    def _skip_the_rest(self) -> None:
        for state in self._states.values():
            if not state.final:
                self._finish(state, TaskStatus.SKIPPED, cause=self._stopped_by)
