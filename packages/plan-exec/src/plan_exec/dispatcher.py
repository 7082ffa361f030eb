"""The dispatch loop: starts what is ready in schedule order, sleeps until something ends or falls due, and never polls.

Each completion costs O(log n): a heap per executor holds the ready tasks, counters hold what the others wait for. There
is no barrier between generations, and nothing is handed to an executor before it has a free slot, so the order is kept
to the end, and no executor waits for another.
"""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from plan_contracts import (
    ErrorPayload,
    Placement,
    PlanError,
    RetryPolicy,
    ScanWork,
    TaskLimits,
    TaskOutcome,
    TaskResult,
    encode_msgpack,
)
from plan_exec.announcer import Announcer
from plan_exec.answers import read_answer
from plan_exec.endings import Endings
from plan_exec.executors.executor import Attempt, Completion, ExecutorLost
from plan_exec.frontier import Frontier
from plan_exec.handoff import completed_inputs, key_of, ready_to_send
from plan_exec.inbox import Inbox, Interruption
from plan_exec.interruptions import Interruptions
from plan_exec.lane import Lane
from plan_exec.lost_attempts import every_slot_closed, of_task, timed_out
from plan_exec.memory_budget import MemoryBudget
from plan_exec.publishing import Publishing
from plan_exec.retention import Retention
from plan_exec.retries import MEMORY_EXHAUSTED, may_retry, retry_delay
from plan_exec.scan_units import expand
from plan_exec.task_state import UNIT_MARK, TaskState
from plan_exec.timers import Timers

GRACE_SECONDS = 3.0
"""After an interruption, the time that running tasks have to end by themselves."""


class Dispatcher:
    """Runs the tasks of one schedule, each on the executor that it is routed to.

    Parameters
    ----------
    states
        Every scheduled task, in schedule order.
    lanes
        The executors, by where they run.
    publisher
        Publishes what tasks give, and knows what need not be made again.
    retention
        Knows which results are in memory, and which of them leave it.
    announcer
        Tells what happens.
    inbox
        What wakes the dispatcher.
    interruptions
        Puts the user's interrupts there.
    budget
        Admits tasks by memory.
    limits
        Gives the limits of a task.
    retries
        How long tasks pause before they are tried again.
    full
        Whether nothing is reused.
    fail_fast
        Whether the first failure stops new work.
    """

    def __init__(
        self,
        states: Mapping[str, TaskState],
        lanes: Mapping[Placement, Lane],
        *,
        publisher: Publishing,
        retention: Retention,
        announcer: Announcer,
        inbox: Inbox,
        interruptions: Interruptions,
        budget: MemoryBudget,
        limits: Callable[[TaskState], TaskLimits],
        retries: RetryPolicy,
        full: bool,
        fail_fast: bool,
    ) -> None:
        self._states = states
        self._lanes = lanes
        self._frontier = Frontier(states)
        self._announcer = announcer
        self._inbox = inbox
        self._interruptions = interruptions
        self._budget = budget
        self._publisher = publisher
        self._retention = retention
        self._endings = Endings(self._frontier, publisher, retention, announcer, budget)
        self._limits = limits
        self._retries = retries
        self._full = full
        self._fail_fast = fail_fast
        self._owners = {view: state.task.name for state in states.values() for view in state.task.outputs}
        self._timers: Timers[Attempt | TaskState] = Timers()
        self._pausing: dict[str, TaskState] = {}
        self._stopped_by: str | None = None
        self._deadline: float | None = None
        self._ended_by_itself = False
        self.interrupted = False

    def reuse(self) -> bool:
        """Settle every task whose output need not be built again, and say whether none is left.

        An interruption counts as one that comes before the first task: what is left is skipped.
        """
        self._make_ready(self._frontier.roots())
        if self._interruptions.count:
            self._end_unstarted()
        return not self._anything_ready

    @property
    def outcomes(self) -> dict[str, TaskOutcome]:
        """The outcome of each task that is final, by name."""
        return self._endings.outcomes

    def run(self) -> dict[str, TaskOutcome]:
        """Run everything that `reuse` has left and that can be run.

        Returns
        -------
        dict
            An outcome for each task, by name.

        Raises
        ------
        PlanError
            When an executor cannot start, or the sink or committer cannot go on.
        """
        if not self._anything_ready:
            return self._endings.outcomes
        with ExitStack() as started:
            try:
                for lane in self._used_lanes():
                    started.callback(self._stop, lane)
                    with self._interruptions.raised():
                        lane.executor.start(self._inbox)
                self._loop()
                self._ended_by_itself = not self._anything_running
            except KeyboardInterrupt:
                self.interrupted = True
        self._endings.end_the_rest(self._stopped_by)
        return self._endings.outcomes

    def _end_unstarted(self) -> None:
        """End a run that was interrupted before its first task."""
        self.interrupted = True
        for lane in self._lanes.values():
            lane.drain()
        self._endings.end_the_rest(self._stopped_by)

    def _stop(self, lane: Lane) -> None:
        lane.executor.stop(at_once=not self._ended_by_itself)

    @property
    def _anything_ready(self) -> bool:
        return any(lane.ready_count for lane in self._lanes.values())

    @property
    def _anything_running(self) -> bool:
        return any(lane.running for lane in self._lanes.values())

    def _used_lanes(self) -> list[Lane]:
        """Give the executors that at least one unfinished task goes to."""
        used = {state.route.executor for state in self._frontier.unfinished()}
        return [lane for placement, lane in self._lanes.items() if placement in used]

    def _lane(self, state: TaskState) -> Lane:
        return self._lanes[state.route.executor]

    def _named(self, attempt: Attempt) -> TaskState:
        """Give the task or unit that an attempt is at."""
        task, mark, unit = attempt.task.partition(UNIT_MARK)
        state = self._states[task]
        return state.block.units[unit] if mark and state.block is not None else state

    def _loop(self) -> None:
        """Start, sleep, take what ended; until nothing runs and nothing pauses, or the grace period is over."""
        self._start_ready()
        while self._anything_running or (self._pausing and not self._stopping):
            now = self._inbox.now()
            if self._deadline is not None and now >= self._deadline:
                return
            due = [each for each in (self._timers.next_due(), self._deadline) if each is not None]
            message = self._inbox.get(max(0.0, min(due) - now) if due else None)
            match message:
                case Completion():
                    self._take(message)
                case ExecutorLost():
                    self._lose(self._lanes[message.executor], message.error)
                case Interruption():
                    self._interrupt()
                case None:
                    pass
            self._take_due()
            self._start_ready()

    @property
    def _stopping(self) -> bool:
        return self.interrupted or self._stopped_by is not None

    def _interrupt(self) -> None:
        """Start nothing more, and take what still ends within the grace period; the second time there is none."""
        grace = 0.0 if self.interrupted else GRACE_SECONDS
        self.interrupted = True
        self._deadline = self._inbox.now() + grace

    def _make_ready(self, states: list[TaskState]) -> None:
        """Queue tasks whose producers are done; those that can be reused are final at once, and so on downstream."""
        pending = deque(states)
        while pending and not self._interruptions.count:
            state = pending.popleft()
            self._announcer.ready(state)
            state.request = completed_inputs(state, self._states, self._owners)
            state.build_key = key_of(state.request)
            if isinstance(state.request.work, ScanWork):
                pending.extend(self._expand(state, state.request.work))
                continue
            try:
                reused = not self._full and not state.task.volatile and self._endings.reused(state)
            except PlanError as error:
                self._fail(state, error.payload())
                continue
            if reused:
                pending.extend(self._frontier.unblocked(state))
            else:
                self._queue(state)

    def _expand(self, scan: TaskState, work: ScanWork) -> list[TaskState]:
        """Queue the units of a scan, but for those whose results were kept; give who is unblocked when none is left."""
        unblocked: list[TaskState] = []
        for unit in expand(scan, work).units.values():
            self._announcer.ready(unit)
            if not self._full and self._publisher.reuse(unit):
                done = self._endings.reused_unit(unit)
                unblocked.extend(self._frontier.unblocked(done) if done is not None else ())
            else:
                self._queue(unit)
        return unblocked

    def _queue(self, state: TaskState) -> None:
        """Let a task wait for its executor; where that is gone, it waits in vain."""
        lane = self._lane(state)
        if state.block is not None and state.block.error is not None:
            self._endings.skipped(state, state.task.name)
        elif lane.lost is None:
            lane.push(state)
        elif lane.lost_by is None:
            self._fail_without_executor(lane, lane.lost, state)
        elif state.last_error is not None:
            self._endings.failed(state, state.last_error)
        else:
            self._endings.skipped(state, lane.lost_by)

    def _start_ready(self) -> None:
        if self._stopping or (self._pausing and Placement.INLINE in self._lanes):
            return  # in line, a task that pauses holds up the ones after it, as the schedule's order wants it
        for lane in self._lanes.values():
            while lane.may_start and (state := lane.take(self._budget)) is not None:
                self._start(lane, state)
            if lane.is_stuck:
                self._lose(lane, every_slot_closed(lane.placement))

    def _start(self, lane: Lane, state: TaskState) -> None:
        state.attempts += 1
        attempt = Attempt(state.name, state.attempts)
        keep = lane.executor.capabilities().shares_memory and self._retention.is_wanted(state)
        in_memory = self._retention.begin(attempt, state)
        limits = self._limits(state)
        self._announcer.started(state, state.route, ready_beside=lane.ready_count, in_memory=tuple(in_memory))
        lane.begin(attempt, state)
        self._budget.take(state)
        lane.executor.submit(attempt, encode_msgpack(ready_to_send(state, limits, in_memory=in_memory, keep=keep)))
        if limits.timeout_seconds is not None:
            self._timers.add(self._inbox.now() + limits.timeout_seconds, attempt)

    def _end(self, lane: Lane, attempt: Attempt) -> TaskState | None:
        """Free what an attempt had; none when it was given up before."""
        state = lane.end(attempt)
        if state is not None:
            self._budget.give_back(state)
        return state

    def _take(self, completion: Completion) -> None:
        """Take the end of an attempt; one that was given up has only freed its slot."""
        named = self._named(completion.attempt)
        lane = self._lane(named)
        state = self._end(lane, completion.attempt)
        if state is None:
            result, _ = read_answer(named, completion)
            if result is not None:
                self._endings.discard(named, result)
            self._retention.end(completion.attempt)
            return
        if self._may_overlap(lane, state):
            self._start_ready()
        self._complete(state, completion)
        self._retention.end(completion.attempt)
        self._retention.make_room()

    def _may_overlap(self, lane: Lane, state: TaskState) -> bool:
        """Whether the free slot can be filled before the result of this task is verified and published.

        Not when a consumer that it is about to unblock comes first, nor when its failure is to stop everything.
        """
        rank = lane.next_rank
        if rank is None or lane.executor.slots == 1 or self._fail_fast:
            return False
        unblocked = (each.index for each in self._frontier.about_to_unblock(state) if self._lane(each) is lane)
        return rank < min(unblocked, default=len(self._states))

    def _complete(self, state: TaskState, completion: Completion) -> None:
        result, error = read_answer(state, completion)
        if result is not None and error is None:
            error = self._endings.accept(state, result)
        if error is not None:
            if result is not None:
                self._endings.discard(state, result)
            self._fail(state, error, result)
            return
        done = self._endings.succeeded(state, result)
        if done is not None:
            self._make_ready(self._frontier.unblocked(done))

    def _fail(self, state: TaskState, error: ErrorPayload, result: TaskResult | None = None) -> None:
        """Try a task again after a pause, if that may help; else it has failed, and nothing below it can run."""
        most = state.policy.max_attempts or 1
        may = may_retry(self._retries, error, state.attempts, most) or self._may_save_memory(state, error)
        if may and not self._stopping:
            delay = retry_delay(self._retries, state.request.run_id, state.name, state.attempts)
            self._announcer.retried(state, delay, error, result.worker if result is not None else None)
            state.last_error = error
            self._pausing[state.name] = state
            self._timers.add(self._inbox.now() + delay, state)
            return
        self._endings.failed(state, error, result)
        if state.block is not None:
            for unit in self._lane(state).withdraw(state.block):
                self._endings.skipped(unit, state.task.name)
        if self._fail_fast:
            self._stopped_by = self._stopped_by or state.task.name

    @staticmethod
    def _may_save_memory(state: TaskState, error: ErrorPayload) -> bool:
        """Say whether a task that ran out of memory gets its one attempt with less of it."""
        if error.code != MEMORY_EXHAUSTED or state.frugal:
            return False
        state.frugal = True
        return True

    def _take_due(self) -> None:
        """Queue tasks whose pause is over, and give up attempts that took too long."""
        for due in self._timers.pop_due(self._inbox.now()):
            if isinstance(due, Attempt):
                self._give_up(due)
            elif self._pausing.pop(due.name, None) is not None:
                self._announcer.ready(due)
                self._queue(due)

    def _give_up(self, attempt: Attempt) -> None:
        state = self._named(attempt)
        lane = self._lane(state)
        if self._end(lane, attempt) is None:
            return
        lane.executor.cancel(attempt)
        killed = lane.executor.capabilities().can_kill_task
        self._fail(state, timed_out(state, killed=killed))

    def _lose(self, lane: Lane, error: ErrorPayload) -> None:
        """End what an executor that is gone was running or was to run again, and skip what waits for it, also later."""
        lane.lost = error
        attempts = list(lane.running)
        running = [state for attempt in attempts if (state := self._end(lane, attempt))]
        pausing = [state for state in self._pausing.values() if self._lane(state) is lane]
        for state in pausing:
            del self._pausing[state.name]
        for state in (*running, *pausing):
            self._fail_without_executor(lane, error, state)
        for attempt in attempts:
            self._retention.end(attempt)
        for state in lane.drain():
            if not state.final:
                self._queue(state)

    def _fail_without_executor(self, lane: Lane, error: ErrorPayload, state: TaskState) -> None:
        lane.lost_by = lane.lost_by or state.task.name
        self._endings.failed(state, of_task(error, state.name))
