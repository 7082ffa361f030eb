"""What an executor promises to whoever drives it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from plan_contracts import ResultStatus, TaskResult, decode_msgpack, encode_msgpack
from plan_exec.executors.executor import Attempt, Completion, Executor
from plan_exec.testing.executor_under_test import ExecutorUnderTest, Inbox
from plan_exec.testing.scenarios import Scenario, scenario
from plan_exec.testing.scripted_runtime import SCRIPTED, calls_of


class ExecutorPromises(ExecutorUnderTest):
    """Drives the executor itself."""

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
        self.wait_for_start(tmp_path, task)
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
        self.wait_for_start(tmp_path, task)

        executor.stop(at_once=True)

        if executor.capabilities().can_kill_task:
            assert self.is_gone(calls_of(tmp_path)[0].pid)
