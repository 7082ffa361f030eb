"""When tasks start: in the order of the plan, as soon as a slot is free, and without barriers."""

import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
from executing import PARALLEL, PROCESSES, SERIAL, THREADS, WAYS, run

from plan_contracts import ExecutionStarted, TaskFinished, TaskOutcome, TaskRouting, TaskScheduling, TaskStarted
from plan_contracts.testing import RecordingSink
from plan_exec.testing import calls_of, scenario

WIDE = "a -> b -> c; a -> d; e -> f; g; h -> i -> j -> k; l, m -> n"


class Started:
    """Remembers the order in which tasks were started."""

    def __init__(self) -> None:
        self.tasks: list[str] = []

    def task_started(self, task: str) -> None:
        """Remember it."""
        self.tasks.append(task)

    def task_finished(self, outcome: TaskOutcome) -> None:
        """Ignore it."""


@pytest.mark.timeout(60)
def test_serial_runs_exactly_in_schedule_order(tmp_path: Path) -> None:
    costs = {name: float((7 * index) % 5) for index, name in enumerate("abcdefghijklmn")}
    planned = scenario(WIDE, tmp_path, costs=costs)

    run(planned, SERIAL)

    calls = calls_of(tmp_path)
    assert [call.task for call in calls] == list(planned.schedule.ordered_tasks)
    assert {call.pid for call in calls} == {os.getpid()}
    for before, after in pairwise(calls):
        assert before.ended is not None
        assert before.ended <= after.started


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", PARALLEL)
def test_parallel_with_one_slot_starts_in_schedule_order(way: str, tmp_path: Path) -> None:
    planned = scenario(WIDE, tmp_path, costs={"h": 0.1, "l": 9.0, "g": 3.0})
    started = Started()

    run(planned, way, slots=1, progress=started)

    assert started.tasks == list(planned.schedule.ordered_tasks)
    assert [call.task for call in calls_of(tmp_path)] == started.tasks


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", PARALLEL)
def test_parallel_long_task_does_not_hold_back_an_independent_chain(way: str, tmp_path: Path) -> None:
    # `long` ends only after the last task of the chain has started: a barrier between generations would never end.
    planned = scenario("long -> after; one -> two -> three -> four", tmp_path, scripts={"long": "await four"})

    run(planned, way)

    ended = {call.task: call.ended for call in calls_of(tmp_path)}
    started = {call.task: call.started for call in calls_of(tmp_path)}
    assert ended["long"] is not None
    assert started["four"] <= ended["long"] <= started["after"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", PARALLEL)
def test_parallel_fills_every_slot(way: str, tmp_path: Path) -> None:
    # The first three hold their slots until the fourth has started, which it can in no slot but its own.
    scripts = dict.fromkeys("abc", "await d")
    planned = scenario("a; b; c; d; e; f", tmp_path, scripts=scripts, costs=dict.fromkeys("abcd", 2.0))

    report = run(planned, way, slots=4)

    assert {outcome.status.value for outcome in report.outcomes} == {"succeeded"}
    workers = {(call.pid, call.thread) for call in calls_of(tmp_path)}
    assert len(workers) == 4


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", PARALLEL)
def test_parallel_starts_the_most_urgent_of_the_ready_tasks(way: str, tmp_path: Path) -> None:
    # `gate` keeps one slot until `first` has run on the other; then the dearest of the waiting tasks must come.
    names = [f"t{index}" for index in range(6)]
    costs = {"gate": 99.0, "first": 50.0, **{name: 1.0 + index for index, name in enumerate(names)}}
    planned = scenario(";".join(["gate", "first", *names]), tmp_path, scripts={"gate": "await t0"}, costs=costs)
    started = Started()

    run(planned, way, progress=started)

    assert started.tasks == ["gate", "first", *reversed(names)]


@pytest.mark.timeout(60)
def test_processes_are_warm_and_apart_from_this_one(tmp_path: Path) -> None:
    planned = scenario(";".join(f"t{index:02d}" for index in range(20)), tmp_path)

    run(planned, PROCESSES)

    pids = {call.pid for call in calls_of(tmp_path)}
    assert len(pids) <= 2
    assert os.getpid() not in pids


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_execute_waiting_uses_no_processor(way: str, tmp_path: Path) -> None:
    planned = scenario("a -> b", tmp_path, scripts={"a": "sleep 0.5", "b": "sleep 0.5"})
    run(scenario("warm", tmp_path / "warm"), way)  # imports and the server of forks cost once

    before = time.process_time()
    run(planned, way)
    used = time.process_time() - before

    assert used < 0.5  # of the one second that it waits; a loop that polls without sleeping would use all of it


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_execute_events_tell_each_tasks_life_in_order(way: str, tmp_path: Path) -> None:
    sink = RecordingSink()

    planned = scenario("a -> b; c -> d", tmp_path, scripts={"c": "fail"}, costs={"a": 2.5})
    run(planned, way, sink=sink)

    events = sink.events
    assert isinstance(events[0], ExecutionStarted)
    for name in ("a", "b", "c"):
        mine = [event for event in events[1:] if f'"{name}"' in repr(event) or f"task='{name}'" in repr(event)]
        kinds = [type(event) for event in mine if getattr(event, "task", name) == name]
        assert kinds == [TaskRouting, TaskScheduling, TaskStarted, TaskFinished]
    decisions = {event.decision.task: event.decision for event in sink.of_type(TaskScheduling)}
    assert decisions["b"].waited_for == "a"
    assert decisions["a"].ready_beside == 1
    schedule = planned.schedule
    for name, decision in decisions.items():
        assert decision.rank == schedule.ordered_tasks.index(name)
        assert decision.bottom_level_cost == schedule.bottom_level_costs[name]
        assert decision.slack == schedule.slack_by_task[name]
        assert decision.ready_at_unix_ms <= decision.started_at_unix_ms
    ends = {event.task: event for event in sink.of_type(TaskFinished)}
    assert {name: end.predicted_seconds for name, end in ends.items()} == schedule.task_costs
    assert {name: (end.attempts, end.cause) for name, end in ends.items()} == {
        "a": (1, None),
        "b": (1, None),
        "c": (1, None),
        "d": (0, "c"),
    }
    assert {name for name, end in ends.items() if end.worker} == {"a", "b", "c"}
    assert {event.decision.executor.value for event in sink.of_type(TaskRouting)} == {
        {SERIAL: "inline", THREADS: "threadpool", PROCESSES: "multiprocessing"}[way]
    }
