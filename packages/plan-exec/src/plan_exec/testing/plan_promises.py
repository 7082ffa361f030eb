"""What a plan can rely on, whatever executor its tasks run on."""

import os
import random
import signal
import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest

from plan_contracts import (
    ExecutionMode,
    ExecutionPolicy,
    ExecutionReport,
    ExecutorConfig,
    ResultSpilled,
    RetryPolicy,
    TaskFinished,
    TaskStarted,
    TaskStatus,
)
from plan_contracts.testing import FakeClock, RecordingSink
from plan_exec.execution import execute_plan
from plan_exec.testing.executor_under_test import ExecutorUnderTest
from plan_exec.testing.scenarios import Scenario, scenario
from plan_exec.testing.scripted_runtime import SCRIPTED, calls_of

WIDE = "a -> b -> c; a -> d; e -> f; g; h -> i -> j -> k; l -> n; m -> n"


class PlanPromises(ExecutorUnderTest):
    """Lets the dispatcher run whole plans on the executor."""

    graphs: ClassVar[int] = 4
    """Random graphs that are run on it."""

    def run(
        self,
        given: Scenario,
        slots: int | None = None,
        *,
        sink: RecordingSink | None = None,
        attempts: int = 1,
        retain_bytes: int | None = None,
    ) -> ExecutionReport:
        """Execute a plan on the executor."""
        return execute_plan(
            given.schedule,
            given.requests,
            SCRIPTED,
            sink if sink is not None else RecordingSink(),
            given.committer,
            FakeClock(),
            ExecutionMode.PLAN_PARALLEL,
            ExecutorConfig(kind=self.kind, max_tasks=slots or self.most_slots),
            tasks=given.tasks,
            policy=ExecutionPolicy(
                retries=RetryPolicy(max_attempts=attempts, base_seconds=0.01), retain_bytes=retain_bytes
            ),
            executors={self.kind: self.make},
        )

    @pytest.mark.timeout(120)
    def test_plan_with_one_slot_runs_in_schedule_order(self, tmp_path: Path) -> None:
        planned = scenario(WIDE, tmp_path, costs={"h": 0.1, "l": 9.0, "g": 3.0})

        self.run(planned, 1)

        calls = calls_of(tmp_path)
        assert [call.task for call in calls] == list(planned.schedule.ordered_tasks)
        for before, after in pairwise(calls):
            assert before.ended is not None
            assert before.ended <= after.started

    @pytest.mark.timeout(120)
    def test_plan_never_runs_more_at_once_than_there_are_slots(self, tmp_path: Path) -> None:
        names = [f"t{index}" for index in range(10)]
        self.run(scenario(";".join(names), tmp_path, scripts=dict.fromkeys(names, "sleep 0.05")))

        calls = calls_of(tmp_path)
        beside = [sum(1 for other in calls if other.started <= call.started < (other.ended or 0.0)) for call in calls]
        assert len(calls) == len(names)
        assert max(beside) <= self.most_slots

    @pytest.mark.timeout(120)
    def test_plan_has_an_end_and_events_for_every_task(self, tmp_path: Path) -> None:
        sink = RecordingSink()
        report = self.run(scenario("a -> b -> c; a -> d; e", tmp_path, scripts={"b": "raise"}), sink=sink)

        assert {outcome.task: outcome.status.value for outcome in report.outcomes} == {
            "a": "succeeded",
            "b": "failed",
            "c": "skipped",
            "d": "succeeded",
            "e": "succeeded",
        }
        assert sorted(event.task for event in sink.of_type(TaskStarted)) == ["a", "b", "d", "e"]
        assert sorted(event.task for event in sink.of_type(TaskFinished)) == ["a", "b", "c", "d", "e"]

    @pytest.mark.timeout(120)
    def test_plan_whose_results_do_not_fit_into_memory_finds_each_of_them_all_the_same(self, tmp_path: Path) -> None:
        shares_memory = self.make(SCRIPTED, 1, str(tmp_path)).capabilities().shares_memory
        names = [f"t{index}" for index in range(8)]
        sink = RecordingSink()
        text = ";".join(f"{name} -> r{name} -> all; {name} -> all" for name in names)
        planned = scenario(text, tmp_path, scripts=dict.fromkeys(names, "give 1000"))

        report = self.run(planned, sink=sink, retain_bytes=5000)

        assert {outcome.status for outcome in report.outcomes} == {TaskStatus.SUCCEEDED}
        calls = calls_of(tmp_path)
        assert not [call.missing for call in calls if call.missing]
        in_memory = {name for call in calls for name, uri in call.inputs.items() if not Path(uri).is_absolute()}
        assert bool(in_memory) is shares_memory
        spilled = [event.task for event in sink.of_type(ResultSpilled)]
        assert bool(spilled) is shares_memory
        (last,) = [call for call in calls if call.task == "all"]
        assert all(Path(last.inputs[name]).is_absolute() for name in spilled)

    @pytest.mark.timeout(120)
    def test_plan_survives_the_death_of_workers(self, tmp_path: Path) -> None:
        probe = self.make(SCRIPTED, 1, str(tmp_path)).capabilities()
        if probe.shares_memory or not probe.survives_worker_death:
            pytest.skip("a worker is not replaced")
        scripts = {"a": "first kill", "d": "first kill"}
        planned = scenario("a -> b -> c; d -> c", tmp_path, scripts=scripts)

        report = self.run(planned, attempts=3)

        assert {outcome.status for outcome in report.outcomes} == {TaskStatus.SUCCEEDED}
        assert Counter(call.task for call in calls_of(tmp_path)) == {"a": 2, "b": 1, "c": 1, "d": 2}

    @pytest.mark.timeout(120)
    def test_plan_is_interrupted_within_seconds(self, tmp_path: Path) -> None:
        probe = self.make(SCRIPTED, 1, str(tmp_path)).capabilities()
        if probe.shares_memory:
            pytest.skip("a thread in the middle of a task cannot be ended")
        planned = scenario("a -> b -> c", tmp_path, scripts={"b": "sleep 10"})

        def interrupt() -> None:
            self.wait_for_start(tmp_path, "b")
            os.kill(os.getpid(), signal.SIGINT)

        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
        try:
            threading.Thread(target=interrupt, daemon=True).start()
            report = self.run(planned)
        finally:
            signal.signal(signal.SIGINT, before)

        assert report.interrupted
        assert {call.task: call.ended for call in calls_of(tmp_path)}["b"] is None  # it was not waited for
        assert [outcome.status.value for outcome in report.outcomes][0::2] == ["succeeded", "skipped"]
        assert report.outcomes[1].status in {TaskStatus.SKIPPED, TaskStatus.FAILED}

    @pytest.mark.timeout(300)
    def test_plan_of_random_graph_with_failures_skips_what_is_below_them_and_has_the_bytes_of_a_serial_run(
        self, tmp_path: Path
    ) -> None:
        for seed in range(self.graphs):
            text, edges, scripts = _random_graph(seed)
            planned = scenario(text, tmp_path / f"{seed}", scripts=scripts)
            serial = scenario(text, tmp_path / f"{seed}-serial", scripts=scripts)

            report = self.run(planned)
            execute_plan(
                serial.schedule,
                serial.requests,
                SCRIPTED,
                RecordingSink(),
                serial.committer,
                FakeClock(),
                ExecutionMode.DETERMINISTIC_SERIAL,
                tasks=serial.tasks,
            )

            below = _below(edges, set(scripts))
            expected = {
                name: "skipped" if name in below else "failed" if name in scripts else "succeeded"
                for name in planned.schedule.ordered_tasks
            }
            assert {outcome.task: outcome.status.value for outcome in report.outcomes} == expected, text
            assert _digests(planned) == _digests(serial), text
            assert not [call.missing for call in calls_of(planned.folder) if call.missing]


def _random_graph(seed: int) -> tuple[str, list[tuple[str, str]], dict[str, str]]:
    """Give a graph of a dozen tasks as text and as edges, and what some of its tasks do instead of working."""
    chance = random.Random(seed)
    names = [f"t{index:02d}" for index in range(12)]
    edges = [(names[one], names[two]) for two in range(12) for one in range(two) if chance.random() < 0.2]
    scripts = {name: chance.choice(["fail", "raise", "garbage", "lie"]) for name in chance.sample(names, 2)}
    return ";".join([*names, *(f"{one} -> {two}" for one, two in edges)]), edges, scripts


def _below(edges: list[tuple[str, str]], failing: set[str]) -> set[str]:
    """Give everything that a failing task reaches."""
    reached: set[str] = set()
    while more := {two for one, two in edges if one in failing | reached} - reached:
        reached |= more
    return reached


def _digests(given: Scenario) -> dict[str, str]:
    return {record.name: record.sha256 for record in given.committer.current()}
