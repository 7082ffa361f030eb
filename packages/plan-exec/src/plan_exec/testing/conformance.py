"""The suite that every executor must pass: subclass it, say how yours is made, and let pytest collect it.

The first half drives the executor itself; the second half lets the dispatcher run whole plans on it.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import ClassVar

import pytest

from plan_contracts import (
    ExecutionMode,
    ExecutionPolicy,
    ExecutionReport,
    ExecutorConfig,
    ExecutorKind,
    ResultStatus,
    RetryPolicy,
    TaskFinished,
    TaskResult,
    TaskStarted,
    TaskStatus,
    decode_msgpack,
    encode_msgpack,
)
from plan_contracts.testing import FakeClock, RecordingSink
from plan_exec.execution import execute_plan
from plan_exec.executors.executor import Attempt, Completion, Executor, ExecutorLost
from plan_exec.testing.scenarios import Scenario, scenario
from plan_exec.testing.scripted_runtime import SCRIPTED, calls_of

PATIENCE_SECONDS = 60.0
"""Longest wait for something that must happen."""

WIDE = "a -> b -> c; a -> d; e -> f; g; h -> i -> j -> k; l -> n; m -> n"


class Inbox:
    """What an executor puts completions into, outside a dispatcher."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Completion | ExecutorLost] = SimpleQueue()

    def put(self, message: Completion | ExecutorLost) -> None:
        """Take a message."""
        self._queue.put(message)

    def completion(self) -> Completion:
        """Wait for a completion."""
        message = self._queue.get(timeout=PATIENCE_SECONDS)
        assert isinstance(message, Completion), message
        return message

    def is_quiet(self, seconds: float = 0.3) -> bool:
        """Whether nothing more comes."""
        try:
            self._queue.get(timeout=seconds)
        except Empty:
            return True
        return False


class ExecutorConformance:
    """What holds for an executor, whatever runs its tasks."""

    kind: ClassVar[ExecutorKind] = ExecutorKind.MULTIPROCESSING
    """The kind of executor in whose place it stands."""
    most_slots: ClassVar[int] = 2
    """Slots that it can be made with."""
    graphs: ClassVar[int] = 4
    """Random graphs that are run on it."""

    def make(self, runtime: str, slots: int, scratch_uri: str) -> Executor:
        """Make the executor; every subclass says how."""
        raise NotImplementedError

    @pytest.fixture
    def inbox(self) -> Inbox:
        """Give a fresh queue of completions."""
        return Inbox()

    @pytest.fixture
    def given(self, tmp_path: Path) -> Scenario:
        """Give a plan whose tasks do one thing each, and are as independent as the executor's slots."""
        scripts = {
            "fails": "fail",
            "raises": "raise",
            "garbles": "garbage",
            "exits": "exit 3",
            "dies": "kill",
            "sleeps": "sleep 600",
            "waits": "await other",
            "naps": "sleep 0.3",
        }
        return scenario(";".join(["works", "other", *scripts]), tmp_path, scripts=scripts)

    @pytest.fixture
    def executor(self, given: Scenario, inbox: Inbox) -> Iterator[Executor]:
        """Give the executor, started."""
        made = self.make(SCRIPTED, self.most_slots, given.committer.stage_uri())
        made.start(inbox)
        yield made
        made.stop(at_once=True)

    @staticmethod
    def submit(executor: Executor, given: Scenario, task: str, number: int = 1) -> Attempt:
        """Hand over one attempt."""
        attempt = Attempt(task, number)
        executor.submit(attempt, encode_msgpack(given.requests[task]))
        return attempt

    @staticmethod
    def result(completion: Completion) -> TaskResult:
        """Read the result that a completion carries."""
        assert completion.answer is not None, completion.error
        return decode_msgpack(completion.answer, TaskResult)

    # The executor itself

    @pytest.mark.timeout(120)
    def test_executor_has_no_more_slots_than_it_was_made_with(self, executor: Executor) -> None:
        assert 1 <= executor.slots <= self.most_slots

    @pytest.mark.timeout(120)
    def test_executor_completes_every_attempt_once(self, executor: Executor, given: Scenario, inbox: Inbox) -> None:
        expected: list[Attempt] = []
        completed: list[Attempt] = []
        for number in range(1, 21):
            if len(expected) - len(completed) == executor.slots:
                completed.append(inbox.completion().attempt)
            expected.append(self.submit(executor, given, "works", number))
        while len(completed) < len(expected):
            completed.append(inbox.completion().attempt)

        assert Counter(completed) == Counter(expected)
        assert inbox.is_quiet()

    @pytest.mark.timeout(120)
    def test_executor_runs_as_many_at_once_as_it_has_slots(
        self, executor: Executor, given: Scenario, inbox: Inbox
    ) -> None:
        if self.most_slots < 2:
            pytest.skip("it has one slot")
        self.submit(executor, given, "waits")  # ends only when `other` has started beside it
        self.submit(executor, given, "other")

        assert {inbox.completion().attempt.task for _ in range(2)} == {"waits", "other"}

    @pytest.mark.timeout(120)
    def test_executor_gives_results_of_tasks_that_work_and_that_fail(
        self, executor: Executor, given: Scenario, inbox: Inbox
    ) -> None:
        self.submit(executor, given, "works")
        worked = self.result(inbox.completion())
        self.submit(executor, given, "fails")
        failed = self.result(inbox.completion())

        assert worked.status is ResultStatus.SUCCEEDED
        assert Path(worked.outputs[0].ref.uri).exists()
        assert failed.status is ResultStatus.FAILED

    @pytest.mark.timeout(120)
    def test_executor_hands_on_garbage_as_it_came(self, executor: Executor, given: Scenario, inbox: Inbox) -> None:
        self.submit(executor, given, "garbles")

        assert inbox.completion().answer == b"\xc1 not a document"

    @pytest.mark.timeout(120)
    def test_executor_outlives_a_runtime_that_raises(self, executor: Executor, given: Scenario, inbox: Inbox) -> None:
        self.submit(executor, given, "raises")
        raised = inbox.completion().error
        self.submit(executor, given, "works")

        assert raised is not None
        assert raised.code == "runtime_raised"
        assert "told to raise" in raised.message
        assert self.result(inbox.completion()).status is ResultStatus.SUCCEEDED

    @pytest.mark.timeout(120)
    @pytest.mark.parametrize("task", ["exits", "dies"])
    def test_executor_outlives_the_end_of_a_worker(
        self, task: str, executor: Executor, given: Scenario, inbox: Inbox
    ) -> None:
        if task == "dies" and executor.capabilities().shares_memory:
            pytest.skip("the worker is this process")
        attempt = self.submit(executor, given, task)
        ended = inbox.completion()
        self.submit(executor, given, "works")

        assert ended.attempt == attempt
        assert ended.error is not None
        assert ended.error.code in {"worker_died", "runtime_raised"}
        assert ended.error.transient or ended.error.code == "runtime_raised"
        assert self.result(inbox.completion()).status is ResultStatus.SUCCEEDED

    @pytest.mark.timeout(120)
    def test_executor_cancelled_attempt_ends_or_keeps_its_slot(
        self, executor: Executor, given: Scenario, inbox: Inbox, tmp_path: Path
    ) -> None:
        kills = executor.capabilities().can_kill_task
        task = "sleeps" if kills else "naps"
        before = executor.slots
        attempt = self.submit(executor, given, task)
        self._wait_for_start(tmp_path, task)
        executor.cancel(attempt)

        if kills:  # a completion may come all the same; nobody waits for it
            assert executor.slots >= 1
            self.submit(executor, given, "works")
            ended = [inbox.completion().attempt]
            if ended == [attempt]:
                ended.append(inbox.completion().attempt)
            assert ended[-1].task == "works"
        else:
            assert executor.slots >= before - 1
            assert inbox.completion().attempt == attempt
            assert executor.slots >= before

    @pytest.mark.timeout(120)
    def test_executor_ignores_the_release_of_an_unknown_result(
        self, executor: Executor, given: Scenario, inbox: Inbox
    ) -> None:
        executor.release("mem://nobody/nothing")
        self.submit(executor, given, "works")

        assert self.result(inbox.completion()).status is ResultStatus.SUCCEEDED

    @pytest.mark.timeout(120)
    def test_executor_stops_at_once_in_the_middle_of_a_task(
        self, executor: Executor, given: Scenario, tmp_path: Path
    ) -> None:
        if executor.capabilities().shares_memory:
            pytest.skip("a thread in the middle of a task cannot be ended")
        task = "sleeps" if executor.capabilities().can_kill_task else "naps"
        self.submit(executor, given, task)
        self._wait_for_start(tmp_path, task)

        executor.stop(at_once=True)

        if executor.capabilities().can_kill_task:
            assert self._is_gone(calls_of(tmp_path)[0].pid)

    # Whole plans on it

    def run(
        self, given: Scenario, slots: int | None = None, *, sink: RecordingSink | None = None, attempts: int = 1
    ) -> ExecutionReport:
        """Execute a plan on the executor."""
        return execute_plan(
            given.schedule,
            given.requests,
            given.tasks,
            SCRIPTED,
            sink if sink is not None else RecordingSink(),
            given.committer,
            FakeClock(),
            ExecutionMode.PLAN_PARALLEL,
            ExecutorConfig(kind=self.kind, max_tasks=slots or self.most_slots),
            policy=ExecutionPolicy(retries=RetryPolicy(max_attempts=attempts, base_seconds=0.01)),
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
            self._wait_for_start(tmp_path, "b")
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        report = self.run(planned)

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
                serial.tasks,
                SCRIPTED,
                RecordingSink(),
                serial.committer,
                FakeClock(),
                ExecutionMode.DETERMINISTIC_SERIAL,
            )

            below = _below(edges, set(scripts))
            expected = {
                name: "skipped" if name in below else "failed" if name in scripts else "succeeded"
                for name in planned.schedule.ordered_tasks
            }
            assert {outcome.task: outcome.status.value for outcome in report.outcomes} == expected, text
            assert _digests(planned) == _digests(serial), text
            assert not [call.missing for call in calls_of(planned.folder) if call.missing]

    @staticmethod
    def _wait_for_start(folder: Path, task: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not any(call.task == task for call in calls_of(folder)):
            assert time.monotonic() < deadline, f"{task} did not start"
            time.sleep(0.01)

    @staticmethod
    def _is_gone(pid: int) -> bool:
        """Wait for the end of a process; a zombie has ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                os.kill(pid, 0)
                if (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
                    return True
            except ProcessLookupError:
                return True
            except FileNotFoundError:  # not on Linux, or gone since
                pass
            time.sleep(0.02)
        return False


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
