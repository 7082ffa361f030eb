"""Executors in simulated time: one thread, seeded durations and failures, and a record of who ran when."""

import heapq
import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from plan_contracts import (
    ErrorPayload,
    ExecutionMode,
    ExecutionPolicy,
    ExecutorCapabilities,
    ExecutorChoice,
    ExecutorConfig,
    ExecutorKind,
    Placement,
    ResultStatus,
    TaskMetrics,
    TaskOutcome,
    TaskRequest,
    TaskResult,
    decode_msgpack,
    encode_msgpack,
)
from plan_contracts.testing import RecordingSink
from plan_exec.announcer import Announcer
from plan_exec.choice import slots_of
from plan_exec.dispatcher import Dispatcher
from plan_exec.executors.executor import Attempt, Completion, Completions, ExecutorLost
from plan_exec.inbox import Message
from plan_exec.interruptions import Interruptions
from plan_exec.lane import Lane
from plan_exec.limits import memory_share, task_limits
from plan_exec.memory_budget import MemoryBudget
from plan_exec.progress import NoListener
from plan_exec.publishing import Publisher
from plan_exec.retention import Retention
from plan_exec.task_states import task_states
from plan_exec.testing import Scenario, scenario

DEADLOCK = "the dispatcher sleeps, and nothing will ever wake it"
GONE = ErrorPayload(code="executor_gone", stage="testing", message="the executor is gone")


class SimulatedTime:
    """An inbox and a clock whose time goes on when the dispatcher sleeps."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._coming: list[tuple[float, int, Message]] = []

    def now(self) -> float:
        """Give the seconds since the start."""
        return self._now

    def unix_ms(self) -> int:
        """Give the same in whole milliseconds."""
        return round(self._now * 1000)

    def monotonic(self) -> float:
        """Give the seconds since the start."""
        return self._now

    def put(self, message: Message) -> None:
        """Deliver at once."""
        self.at(self._now, message)

    def at(self, when: float, message: Message) -> None:
        """Deliver at a time."""
        heapq.heappush(self._coming, (when, next(self._order), message))

    def get(self, timeout: float | None) -> Message | None:
        """Go on to the next message, or to the end of the time."""
        until = None if timeout is None else self._now + timeout
        if self._coming and (until is None or self._coming[0][0] <= until):
            self._now, _, message = heapq.heappop(self._coming)
            return message
        assert until is not None, DEADLOCK
        self._now = until
        return None


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One attempt, from its start to its end or to when it was given up."""

    attempt: Attempt
    started: float
    ended: float
    slots: int


@dataclass(kw_only=True)
class SimulatedExecutor:
    """Runs attempts for as long as it is told, without threads."""

    placement: Placement
    time: SimulatedTime
    slots: int
    seconds: Callable[[Attempt], float]
    error: Callable[[Attempt], ErrorPayload | None]
    can_kill: bool = True
    gone_at: float = math.inf
    ran: list[Ran] = field(default_factory=list[Ran])
    running: dict[Attempt, float] = field(default_factory=dict[Attempt, float])
    requests: dict[Attempt, TaskRequest] = field(default_factory=dict[Attempt, TaskRequest])
    widths: Mapping[str, int] = field(default_factory=dict[str, int])
    lost: bool = False
    """Whether the dispatcher was told that it is gone."""

    def capabilities(self) -> ExecutorCapabilities:
        """Say what it can do."""
        return ExecutorCapabilities(
            kind=self.placement,
            can_kill_task=self.can_kill,
            can_limit_memory=False,
            shares_memory=False,
            survives_worker_death=True,
        )

    def start(self, completions: Completions) -> None:
        """Do nothing."""

    def submit(self, attempt: Attempt, request: bytes) -> None:
        """Run an attempt; more than there are slots for, or one after the loss, is a fault of the dispatcher."""
        assert not self.lost, f"{attempt} comes after the loss of its executor"
        width = self.widths.get(attempt.task, 1)
        busy = sum(self.widths.get(each.task, 1) for each in self.running)
        assert busy + width <= self.slots, f"{attempt} comes while {sorted(self.running)} run"
        now, seconds = self.time.now(), self.seconds(attempt)
        self.running[attempt] = now
        self.requests[attempt] = decode_msgpack(request, TaskRequest)
        self.ran.append(Ran(attempt=attempt, started=now, ended=now + seconds, slots=width))
        if now + seconds < self.gone_at:
            self.time.at(now + seconds, _Ended(attempt=attempt, answer=self._answer(attempt), executor=self))

    def cancel(self, attempt: Attempt) -> None:
        """End an attempt, or close its slot."""
        if self.can_kill:
            self._ended_early(attempt)
        else:
            self.slots -= 1
            self.ran = [replace_end(each, self.time.now()) if each.attempt == attempt else each for each in self.ran]
            self.running.pop(attempt)

    def spill(self, uri: str) -> None:
        """Do nothing."""

    def release(self, uri: str) -> None:
        """Do nothing."""

    def stop(self, *, at_once: bool) -> None:
        """Do nothing."""

    def _ended_early(self, attempt: Attempt) -> None:
        self.running.pop(attempt)
        self.ran = [replace_end(each, self.time.now()) if each.attempt == attempt else each for each in self.ran]

    def _answer(self, attempt: Attempt) -> bytes:
        error = self.error(attempt)
        result = TaskResult(
            run_id="scenario",
            task=attempt.task,
            attempt=attempt.number,
            status=ResultStatus.FAILED if error is not None else ResultStatus.SUCCEEDED,
            error=error,
            metrics=TaskMetrics(wall_seconds=self.seconds(attempt)),
            worker="simulated",
        )
        return encode_msgpack(result)


@dataclass(frozen=True, kw_only=True)
class _Ended(Completion):
    """A completion that frees its executor's slot when it is delivered."""

    executor: SimulatedExecutor


def replace_end(ran: Ran, ended: float) -> Ran:
    """Give a record with another end."""
    return Ran(attempt=ran.attempt, started=ran.started, ended=min(ran.ended, ended), slots=ran.slots)


@dataclass(frozen=True, kw_only=True)
class _Lost(ExecutorLost):
    """The loss of an executor, to which nothing is submitted once it is delivered."""

    simulated: SimulatedExecutor


class _Time(SimulatedTime):
    """Frees slots as completions are delivered, as a real executor does."""

    def get(self, timeout: float | None) -> Message | None:
        message = super().get(timeout)
        if isinstance(message, _Ended):
            message.executor.running.pop(message.attempt, None)
        if isinstance(message, _Lost):
            message.simulated.lost = True
        return message


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """A run in simulated time."""

    outcomes: dict[str, TaskOutcome]
    executors: dict[Placement, SimulatedExecutor]
    sink: RecordingSink
    scenario: Scenario
    seconds: float


class NoAdapters:
    """Hears nothing."""

    def before(self, task: str) -> None:
        """Ignore it."""

    def after(self, outcome: TaskOutcome) -> None:
        """Ignore it."""

    def before_unit(self, task: str, unit: str) -> None:
        """Ignore it."""

    def after_unit(self, task: str, unit: str, error: ErrorPayload | None) -> None:
        """Ignore it."""


def no_error(attempt: Attempt) -> ErrorPayload | None:
    """Fail never."""
    return None


def simulate(
    text: str,
    folder: Path,
    *,
    seconds: Callable[[Attempt], float],
    costs: Mapping[str, float] | None = None,
    error: Callable[[Attempt], ErrorPayload | None] = no_error,
    policy: ExecutionPolicy = ExecutionPolicy(),
    config: ExecutorConfig | None = None,
    can_kill: bool = True,
    fail_fast: bool = False,
    losses: Mapping[Placement, float] | None = None,
) -> Simulated:
    """Dispatch a graph over two executors of simulated time, or those of a configuration; some go away at a time."""
    made = scenario(text, folder, costs=costs)
    planned = Scenario(
        schedule=made.schedule,
        requests={name: replace(request, inputs=(), outputs=()) for name, request in made.requests.items()},
        tasks=replace(made.tasks, tasks=tuple(replace(task, outputs=()) for task in made.tasks.tasks)),
        committer=made.committer,
        folder=folder,
    )
    remote = ExecutorConfig(
        kind=ExecutorKind.THREADPOOL, max_tasks=1, remote_kind=ExecutorKind.MULTIPROCESSING, remote_max_tasks=1
    )
    used = config or remote
    choice = ExecutorChoice(
        mode=ExecutionMode.PLAN_PARALLEL_REMOTE if used.remote_kind else ExecutionMode.PLAN_PARALLEL,
        config=used,
        reason="as simulated",
    )
    states = task_states(planned.schedule, planned.requests, planned.tasks, choice, policy)
    widths = {name: state.policy.slots or 1 for name, state in states.items()}
    time, sink, slots = _Time(), RecordingSink(), slots_of(choice)
    executors = {
        placement: SimulatedExecutor(
            placement=placement,
            time=time,
            slots=count,
            seconds=seconds,
            error=error,
            can_kill=can_kill,
            widths=widths,
        )
        for placement, count in slots.items()
    }
    for placement, when in (losses or {}).items():
        executors[placement].gone_at = when
        time.at(when, _Lost(executor=placement, error=GONE, simulated=executors[placement]))
    budget = MemoryBudget(policy.memory_bytes, memory_share(policy, sum(slots.values())))
    announcer = Announcer(sink, NoListener(), time, NoAdapters)
    dispatcher = Dispatcher(
        states,
        {placement: Lane(placement, lambda made=made: made) for placement, made in executors.items()},
        publisher=Publisher(planned.committer, states),
        retention=Retention(states, 0, slots, lambda placement: executors[placement], announcer),
        announcer=announcer,
        inbox=time,
        interruptions=Interruptions(time),
        budget=budget,
        limits=lambda state: task_limits(state, policy, budget.need(state), sum(slots.values())),
        retries=policy.retries,
        full=True,
        fail_fast=fail_fast,
    )
    dispatcher.reuse()
    outcomes = dispatcher.run()
    return Simulated(outcomes=outcomes, executors=executors, sink=sink, scenario=planned, seconds=time.now())
