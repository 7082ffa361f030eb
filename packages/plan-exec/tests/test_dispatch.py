"""What starts when, over several executors in simulated time: in order, without idle slots, the same each time."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from random import Random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulating import Simulated, simulate

from plan_contracts import (
    ErrorPayload,
    ExecutionPolicy,
    ExecutorConfig,
    ExecutorKind,
    Placement,
    RetryPolicy,
    RoutingRules,
    TaskPolicy,
    TaskRetried,
    TaskScheduling,
    TaskStatus,
)
from plan_exec.executors.executor import Attempt

TRANSIENT = ErrorPayload(code="scripted", stage="testing", message="try again", transient=True)
FINAL = ErrorPayload(code="scripted", stage="testing", message="never again")


def graph_of(seed: int) -> tuple[str, dict[str, float]]:
    """Give a random graph of up to 40 tasks, and costs on both sides of the threshold of 1 s."""
    random = Random(seed)
    names = [f"t{index:02d}" for index in range(random.randint(1, 40))]
    edges = [
        f"{names[before]} -> {names[after]}"
        for after in range(len(names))
        for before in range(after)
        if random.random() < 0.08
    ]
    return ";".join([*names, *edges]), {name: random.choice([0.1, 0.5, 1.0, 3.0]) for name in names}


def seconds_of(seed: int, attempt: Attempt) -> float:
    """Give how long an attempt really takes, in whole milliseconds; costs are wrong by up to ten times."""
    return Random(f"{seed}/{attempt.task}/{attempt.number}").randint(10, 5000) / 1000


def error_of(seed: int, attempt: Attempt) -> ErrorPayload | None:
    """Fail one attempt in five, half of them for good."""
    return Random(f"error {seed}/{attempt.task}/{attempt.number}").choice([None] * 8 + [TRANSIENT, FINAL])


def run_seed(
    seed: int,
    config: ExecutorConfig | None = None,
    policy: ExecutionPolicy | None = None,
    losses: Mapping[Placement, float] | None = None,
) -> Simulated:
    """Run a random graph with random durations and failures."""
    text, costs = graph_of(seed)
    with tempfile.TemporaryDirectory() as folder:
        return simulate(
            text,
            Path(folder),
            seconds=lambda attempt: seconds_of(seed, attempt),
            error=lambda attempt: error_of(seed, attempt),
            costs=costs,
            config=config,
            policy=policy or ExecutionPolicy(),
            losses=losses,
        )


def waits(ran: Simulated) -> dict[Attempt, tuple[Placement, int, int, int]]:
    """Give executor, rank, and the milliseconds at which each attempt was ready and was started."""
    attempts: dict[str, int] = {}
    found: dict[Attempt, tuple[Placement, int, int, int]] = {}
    for event in ran.sink.of_type(TaskScheduling):
        decision = event.decision
        attempts[decision.task] = attempts.get(decision.task, 0) + 1
        found[Attempt(decision.task, attempts[decision.task])] = (
            decision.executor,
            decision.rank,
            decision.ready_at_unix_ms,
            decision.started_at_unix_ms,
        )
    return found


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_dispatch_two_executors_of_one_slot_never_idle_while_they_have_ready_work(seed: int) -> None:
    ran = run_seed(seed)

    for placement, _, ready_at, started_at in waits(ran).values():
        busy = sum(
            max(0, min(round(each.ended * 1000), started_at) - max(round(each.started * 1000), ready_at))
            for each in ran.executors[placement].ran
        )
        assert busy == started_at - ready_at


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_dispatch_starts_the_most_urgent_of_what_is_ready_for_an_executor(seed: int) -> None:
    found = waits(run_seed(seed))

    for placement, rank, _, started_at in found.values():
        passed_over = [
            other
            for other, (where, its_rank, its_ready_at, its_started_at) in found.items()
            if where is placement and its_rank < rank and its_ready_at < started_at < its_started_at
        ]
        assert passed_over == []


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_dispatch_with_retries_ends_as_the_graph_says(seed: int) -> None:
    ran = run_seed(seed)
    graph: nx.DiGraph[str] = nx.DiGraph(ran.scenario.tasks.edges)
    graph.add_nodes_from(ran.scenario.schedule.ordered_tasks)

    def fails(task: str) -> bool:
        for number in range(1, RetryPolicy().max_attempts + 1):
            error = error_of(seed, Attempt(task, number))
            if error is None:
                return False
            if not error.transient:
                return True
        return True

    failing = {task for task in graph if fails(task)}
    below = {each for task in failing for each in nx.descendants(graph, task)}  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType] - a decorated function
    ended = {name: outcome.status for name, outcome in ran.outcomes.items()}
    assert {name for name, status in ended.items() if status is TaskStatus.SKIPPED} == below
    assert {name for name, status in ended.items() if status is TaskStatus.FAILED} == failing - below
    retried = [(event.task, event.attempt) for event in ran.sink.of_type(TaskRetried)]
    assert len(set(retried)) == len(retried)
    for name, outcome in ran.outcomes.items():
        started = sum(attempt.task == name for executor in ran.executors.values() for attempt in executor.requests)
        assert outcome.attempts == started


def test_dispatch_same_seed_gives_the_same_events() -> None:
    first, second = run_seed(11), run_seed(11)

    assert first.sink.events == second.sink.events
    assert len(first.sink.of_type(TaskRetried)) > 0


def test_dispatch_full_executor_does_not_hold_back_the_other(tmp_path: Path) -> None:
    # `far` is full with one long task; the near one has its own, less urgent work.
    text = "far1; far2; near1 -> near2 -> near3"
    costs = {"far1": 100.0, "far2": 90.0, "near1": 0.1, "near2": 0.1, "near3": 0.1}

    ran = simulate(text, tmp_path, costs=costs, seconds=lambda attempt: costs[attempt.task])

    near = [(each.attempt.task, each.started) for each in ran.executors[Placement.THREADPOOL].ran]
    assert near == [("near1", 0.0), ("near2", 0.1), ("near3", 0.2)]
    assert ran.seconds == 190.0


def test_dispatch_pause_holds_no_slot(tmp_path: Path) -> None:
    policy = ExecutionPolicy(retries=RetryPolicy(base_seconds=10.0, jitter=0.0))
    failing = {Attempt("a", 1), Attempt("a", 2)}

    ran = simulate(
        "a -> below; b; c",
        tmp_path,
        costs={"a": 0.9, "b": 0.5, "c": 0.4, "below": 0.1},
        seconds=lambda attempt: 1.0,
        error=lambda attempt: TRANSIENT if attempt in failing else None,
        policy=policy,
    )

    starts = [(each.attempt.task, each.started) for each in ran.executors[Placement.THREADPOOL].ran]
    assert starts == [("a", 0.0), ("b", 1.0), ("c", 2.0), ("a", 11.0), ("a", 32.0), ("below", 33.0)]
    assert ran.outcomes["a"].attempts == 3


@pytest.mark.parametrize("timeouts", [False, True], ids=["final", "retried"])
def test_dispatch_attempt_over_its_time_is_ended(timeouts: bool, tmp_path: Path) -> None:
    policy = ExecutionPolicy(
        retries=RetryPolicy(base_seconds=0.0, timeouts=timeouts), views={"a": TaskPolicy(timeout_seconds=5.0)}
    )

    ran = simulate(
        "a -> below; b",
        tmp_path,
        costs={"a": 0.9, "b": 0.5, "below": 0.1},
        seconds=lambda attempt: 60.0 if attempt == ("a", 1) else 1.0,
        policy=policy,
    )

    assert ran.outcomes["b"].status is TaskStatus.SUCCEEDED
    assert ran.outcomes["a"].status is (TaskStatus.SUCCEEDED if timeouts else TaskStatus.FAILED)
    assert ran.outcomes["below"].status is (TaskStatus.SUCCEEDED if timeouts else TaskStatus.SKIPPED)
    first = ran.executors[Placement.THREADPOOL].ran[0]
    assert (first.attempt, first.ended) == (("a", 1), 5.0)


def test_dispatch_slot_that_is_closed_is_not_used_until_it_comes_back(tmp_path: Path) -> None:
    config = ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=2)
    policy = ExecutionPolicy(views={"a": TaskPolicy(timeout_seconds=5.0)})

    ran = simulate(
        "a; b1; b2; b3",
        tmp_path,
        costs={"a": 9.0},
        seconds=lambda attempt: 60.0 if attempt.task == "a" else 4.0,
        policy=policy,
        config=config,
        can_kill=False,
    )

    starts = {each.attempt.task: each.started for each in ran.executors[Placement.THREADPOOL].ran}
    assert starts == {"a": 0.0, "b1": 0.0, "b2": 4.0, "b3": 8.0}
    assert ran.outcomes["a"].error is not None
    assert ran.outcomes["a"].error.code == "task_timed_out"
    assert "its slot is closed" in ran.outcomes["a"].error.message
    assert {ran.outcomes[name].status for name in ("b1", "b2", "b3")} == {TaskStatus.SUCCEEDED}


def test_dispatch_executor_without_open_slots_ends_its_tasks_and_not_the_others(tmp_path: Path) -> None:
    policy = ExecutionPolicy(views={"a": TaskPolicy(timeout_seconds=5.0)})

    ran = simulate(
        "a; b -> c; later; last; far",
        tmp_path,
        costs={"a": 0.9, "b": 0.2, "c": 0.1, "later": 0.2, "last": 0.1, "far": 8.0},
        seconds=lambda attempt: 60.0 if attempt.task == "a" else 20.0,
        policy=policy,
        can_kill=False,
    )

    assert ran.outcomes["far"].status is TaskStatus.SUCCEEDED
    error = ran.outcomes["b"].error
    assert error is not None
    assert error.code == "executor_gone"
    assert "`b`" in error.message
    assert {name: ran.outcomes[name].cause for name in ("c", "later", "last")} == dict.fromkeys(
        ("c", "later", "last"), "b"
    )


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.floats(0.0, 60.0))
def test_dispatch_executor_that_goes_away_at_any_moment_ends_its_tasks_and_not_the_others(
    seed: int, when: float
) -> None:
    whole, ran = run_seed(seed), run_seed(seed, losses={Placement.MULTIPROCESSING: when})

    graph: nx.DiGraph[str] = nx.DiGraph(ran.scenario.tasks.edges)
    graph.add_nodes_from(ran.scenario.schedule.ordered_tasks)
    there = {task for task, cost in graph_of(seed)[1].items() if cost >= 1.0}
    below = {each for task in there for each in nx.descendants(graph, task)}  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType] - a decorated function
    assert ran.outcomes.keys() == whole.outcomes.keys()
    differs = {name for name in ran.outcomes if ran.outcomes[name].status is not whole.outcomes[name].status}
    assert differs <= there | below
    assert {name for name in differs if ran.outcomes[name].status is TaskStatus.FAILED} <= there


def test_dispatch_executor_that_goes_away_while_its_only_task_pauses_fails_the_task_at_once(tmp_path: Path) -> None:
    ran = simulate(
        "far -> below",
        tmp_path,
        costs={"far": 8.0, "below": 8.0},
        seconds=lambda _: 1.0,
        error=lambda _: TRANSIENT,
        policy=ExecutionPolicy(retries=RetryPolicy(base_seconds=10.0, jitter=0.0)),
        losses={Placement.MULTIPROCESSING: 2.0},
    )

    error = ran.outcomes["far"].error
    assert error is not None
    assert error.code == "executor_gone"
    assert ran.outcomes["below"].cause == "far"
    assert ran.seconds == 2.0


def test_dispatch_executor_that_goes_away_before_its_first_task_is_ready_fails_it_when_it_is(tmp_path: Path) -> None:
    ran = simulate(
        "near -> far1; near -> far2; near -> next",
        tmp_path,
        costs={"near": 0.5, "far1": 8.0, "far2": 4.0, "next": 0.1},
        seconds=lambda _: 1.0,
        losses={Placement.MULTIPROCESSING: 0.5},
    )

    error = ran.outcomes["far1"].error
    assert error is not None
    assert error.code == "executor_gone"
    assert ran.outcomes["far2"].cause == "far1"
    assert ran.outcomes["next"].status is TaskStatus.SUCCEEDED


def test_dispatch_task_that_fails_while_the_run_stops_is_not_announced_to_be_tried_again(tmp_path: Path) -> None:
    ran = simulate(
        "a; b",
        tmp_path,
        costs={"a": 9.0, "b": 0.5},
        seconds=lambda attempt: 1.0 if attempt.task == "a" else 2.0,
        error=lambda attempt: FINAL if attempt.task == "a" else TRANSIENT,
        fail_fast=True,
    )

    assert {name: outcome.status for name, outcome in ran.outcomes.items()} == dict.fromkeys("ab", TaskStatus.FAILED)
    assert not ran.sink.of_type(TaskRetried)


WIDE = ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=4)


def test_dispatch_wide_task_waits_for_its_slots_and_is_not_passed_over_for_ever(tmp_path: Path) -> None:
    # `wide` is the second most urgent and needs every slot; a hundred small ones could keep it waiting.
    small = [f"s{index:03d}" for index in range(100)]
    costs = {"first": 50.0, "wide": 40.0, **dict.fromkeys(small, 1.0)}
    policy = ExecutionPolicy(views={"wide": TaskPolicy(slots=4)})

    ran = simulate(
        ";".join(costs), tmp_path, costs=costs, config=WIDE, policy=policy, seconds=lambda attempt: costs[attempt.task]
    )

    ran_in_order = ran.executors[Placement.THREADPOOL].ran
    starts = [each.attempt.task for each in ran_in_order]
    assert starts[0] == "first"
    assert [each.started for each in ran_in_order[:4]] == [0.0] * 4  # the slots that it leaves free are used meanwhile
    assert starts.index("wide") <= 10
    assert {outcome.status for outcome in ran.outcomes.values()} == {TaskStatus.SUCCEEDED}


def test_dispatch_task_that_waits_for_memory_is_not_passed_over_for_ever_by_another_executor(tmp_path: Path) -> None:
    # The second executor always has one of its two slots at work, so that the memory is never free by itself.
    small = [f"s{index:03d}" for index in range(60)]
    policy = ExecutionPolicy(
        memory_bytes=1000,
        routing=RoutingRules(views={"big": ExecutorKind.THREADPOOL}),
        views={"big": TaskPolicy(memory_bytes=900), **{name: TaskPolicy(memory_bytes=300) for name in small}},
    )

    ran = simulate(
        "; ".join(["s001 -> big", *small]),
        tmp_path,
        costs={"big": 40.0, **dict.fromkeys(small, 1.0), "s000": 99.0, "s001": 98.0},
        config=ExecutorConfig(
            kind=ExecutorKind.THREADPOOL,
            max_tasks=1,
            remote_kind=ExecutorKind.MULTIPROCESSING,
            remote_max_tasks=2,
        ),
        policy=policy,
        seconds=lambda attempt: 1.5 if attempt.task == "s000" else 1.0,
    )

    (big,) = ran.executors[Placement.THREADPOOL].ran
    before = [each for each in ran.executors[Placement.MULTIPROCESSING].ran if each.started < big.started]
    assert len(before) <= 12
    assert {outcome.status for outcome in ran.outcomes.values()} == {TaskStatus.SUCCEEDED}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_dispatch_memory_of_running_tasks_stays_in_the_budget_and_everybody_runs(seed: int) -> None:
    text, costs = graph_of(seed)
    random = Random(seed)
    wishes = {name: random.choice([None, 100, 400, 900, 1000]) for name in costs}
    policy = ExecutionPolicy(
        memory_bytes=1000,
        views={name: TaskPolicy(memory_bytes=wish) for name, wish in wishes.items() if wish is not None},
    )
    with tempfile.TemporaryDirectory() as folder:
        ran = simulate(
            text,
            Path(folder),
            costs=costs,
            policy=policy,
            config=WIDE,
            seconds=lambda attempt: seconds_of(seed, attempt),
        )

    assert {outcome.status for outcome in ran.outcomes.values()} == {TaskStatus.SUCCEEDED}
    executor = ran.executors[Placement.THREADPOOL]
    given = {attempt: request.limits.memory_bytes or 0 for attempt, request in executor.requests.items()}
    assert all(given[attempt] == (wishes[attempt.task] or 250) for attempt in given)
    for each in executor.ran:
        beside = [other for other in executor.ran if other.started <= each.started < other.ended]
        assert sum(given[other.attempt] for other in beside) <= 1000


def test_dispatch_task_out_of_memory_is_tried_once_more_with_less(tmp_path: Path) -> None:
    exhausted = ErrorPayload(code="memory_exhausted", stage="engine", message="too little")

    ran = simulate(
        "a; b", tmp_path, seconds=lambda attempt: 1.0, error=lambda attempt: None if attempt == ("b", 2) else exhausted
    )

    requests = {
        attempt: request.limits for executor in ran.executors.values() for attempt, request in executor.requests.items()
    }
    assert ran.outcomes["b"].status is TaskStatus.SUCCEEDED
    assert ran.outcomes["a"].status is TaskStatus.FAILED
    assert {attempt: limits.frugal for attempt, limits in requests.items()} == {
        Attempt("a", 1): False,
        Attempt("a", 2): True,
        Attempt("b", 1): False,
        Attempt("b", 2): True,
    }
    assert requests[Attempt("b", 2)].target_partitions == 1
