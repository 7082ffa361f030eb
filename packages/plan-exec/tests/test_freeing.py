"""What a run frees before it ends: files that nobody will read, as soon as that is certain, and no sooner."""

from pathlib import Path

import pytest
from executing import AT_ONCE, SERIAL, THREADS, WAYS, run, statuses
from msgspec.structs import replace

from plan_contracts import PublishedOutput, TaskPolicy
from plan_contracts.testing import MemoryCommitter
from plan_exec.testing import calls_of, scenario


class NotingCommitter(MemoryCommitter):
    """Notes how many attempts had started when a result was released."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "store")
        self.folder = folder
        self.attempts_before: dict[str, list[tuple[str, int]]] = {}

    def release(self, output: PublishedOutput) -> None:
        """Take note of it."""
        super().release(output)
        self.attempts_before[output.record.name] = [(call.task, call.attempt) for call in calls_of(self.folder)]


def staged_files(folder: Path) -> list[str]:
    """Name what is left where results are staged."""
    return sorted(path.name for path in (folder / "store" / "staging").iterdir())


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_result_is_released_when_its_last_reader_is_final_retries_included(way: str, tmp_path: Path) -> None:
    planned = scenario("a -> b -> d; a -> c; a -> e", tmp_path, scripts={"c": "twice blink", "e": "fail"}, temp={"a"})
    committer = NotingCommitter(tmp_path)

    report = run(planned, way, slots=1, committer=committer)

    assert statuses(report) == {"a": "succeeded", "b": "succeeded", "c": "succeeded", "d": "succeeded", "e": "failed"}
    assert sorted(committer.released) == ["a", "b", "c", "d"]
    before = committer.attempts_before["a"]
    assert {("b", 1), ("c", 3), ("e", 1)} <= set(before)
    assert set(committer.attempts_before["b"]) >= {("d", 1)}


@pytest.mark.timeout(120)
def test_scan_is_released_unit_by_unit_after_its_last_reader(tmp_path: Path) -> None:
    planned = scenario("d -> v -> w", tmp_path, scans={"d": 3})
    committer = NotingCommitter(tmp_path)

    run(planned, SERIAL, committer=committer)

    assert committer.released == ["d", "d", "d", "w", "v"]
    assert ("w", 1) not in committer.attempts_before["d"]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_held_back_result_whose_check_fails_leaves_no_file(way: str, tmp_path: Path) -> None:
    text, checks = "a -> check-a -> b; a -> b", {"check-a": "a"}
    planned = scenario(text, tmp_path, scripts={"check-a": "fail"}, checks=checks)

    report = run(planned, way)

    assert statuses(report) == {"a": "succeeded", "check-a": "failed", "b": "skipped"}
    assert staged_files(tmp_path) == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_refused_result_leaves_no_file(way: str, tmp_path: Path) -> None:
    report = run(scenario("a -> b; c", tmp_path, scripts={"a": "lie"}), way)

    assert statuses(report) == {"a": "failed", "b": "skipped", "c": "succeeded"}
    assert staged_files(tmp_path) == []


@pytest.mark.timeout(120)
def test_attempt_that_comes_back_after_it_was_given_up_leaves_no_file(tmp_path: Path) -> None:
    policy = replace(AT_ONCE, views={"late": TaskPolicy(timeout_seconds=0.2)})
    scripts = {"late": "sleep 1", "long": "sleep 3"}

    report = run(scenario("late -> below; long", tmp_path, scripts=scripts), THREADS, policy=policy)

    assert statuses(report) == {"late": "failed", "below": "skipped", "long": "succeeded"}
    assert {call.task for call in calls_of(tmp_path) if call.ended is not None} == {"late", "long"}
    assert staged_files(tmp_path) == []
