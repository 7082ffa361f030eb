"""Write, audit, publish: what a check holds back, and when it is published, in every way of running tasks."""

from pathlib import Path

import pytest
from executing import SERIAL, WAYS, named, outcome_of, run, statuses

from plan_contracts import TaskFinished, TaskStatus
from plan_contracts.testing import RecordingSink
from plan_exec.testing import Scenario, calls_of, scenario

CHECKED = "a -> check-a -> b; a -> b"


def _checked(folder: Path, script: str = "", *, temp: bool = False) -> Scenario:
    """Make `b` wait for a check of `a`, which does what the script says."""
    checks = {"check-a": "a"}
    return scenario(CHECKED, folder, scripts={"check-a": script}, checks=checks, temp=("a",) if temp else ())


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_check_that_passes_publishes_what_it_held_back_before_its_consumers_start(way: str, tmp_path: Path) -> None:
    planned, sink = _checked(tmp_path), RecordingSink()
    report = run(planned, way, sink=sink)
    assert named(report, TaskStatus.SUCCEEDED) == {"a", "check-a", "b"}
    assert planned.committer.published == ["a", "b"]
    assert planned.committer.verified == ["a", "b"]
    assert [record.name for record in outcome_of(report, "check-a").outputs] == ["a"]
    assert outcome_of(report, "a").outputs == ()
    assert all(call.missing == () for call in calls_of(tmp_path))
    finished = {event.task: event for event in sink.of_type(TaskFinished)}
    passed = finished["check-a"].passed
    assert passed is not None
    assert planned.committer.passed() == (passed,)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_check_that_fails_leaves_the_old_output_and_skips_the_consumers(way: str, tmp_path: Path) -> None:
    planned = _checked(tmp_path)
    run(planned, way)
    before = planned.committer.current()
    report = run(_checked(tmp_path, "fail"), way, committer=planned.committer, full=True)
    assert statuses(report) == {"a": "succeeded", "check-a": "failed", "b": "skipped"}
    assert outcome_of(report, "b").cause == "check-a"
    assert planned.committer.current() == before
    assert all(outcome.outputs == () for outcome in report.outcomes)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_check_of_the_same_content_is_not_run_again(way: str, tmp_path: Path) -> None:
    planned = _checked(tmp_path / "1")
    run(planned, way)
    report = run(_checked(tmp_path / "2"), way, committer=planned.committer)
    assert named(report, TaskStatus.REUSED) == {"a", "check-a", "b"}
    assert calls_of(tmp_path / "2") == []


def test_check_that_never_passed_is_run_although_its_subject_is_reused(tmp_path: Path) -> None:
    plain = scenario("a -> b", tmp_path / "0")
    run(plain, SERIAL)
    report = run(_checked(tmp_path / "1", "fail"), SERIAL, committer=plain.committer)
    assert statuses(report) == {"a": "reused", "check-a": "failed", "b": "skipped"}
    assert [call.task for call in calls_of(tmp_path / "1")] == ["check-a"]


def test_staged_result_of_equal_bytes_is_published_by_the_verdict_it_already_has(tmp_path: Path) -> None:
    planned = _checked(tmp_path)
    run(planned, SERIAL)
    (tmp_path / "store" / "outputs" / "a.parquet").unlink()
    report = run(_checked(tmp_path), SERIAL, committer=planned.committer)
    assert statuses(report) == {"a": "succeeded", "check-a": "reused", "b": "reused"}
    assert [record.name for record in outcome_of(report, "check-a").outputs] == ["a"]
    assert (tmp_path / "store" / "outputs" / "a.parquet").exists()


def test_staged_result_that_cannot_be_published_by_an_old_verdict_fails_the_check(tmp_path: Path) -> None:
    planned = _checked(tmp_path)
    run(planned, SERIAL)
    output = tmp_path / "store" / "outputs" / "a.parquet"
    output.unlink()
    output.mkdir()
    report = run(_checked(tmp_path), SERIAL, committer=planned.committer)
    assert statuses(report) == {"a": "succeeded", "check-a": "failed", "b": "skipped"}


def test_temporary_result_is_kept_once_its_check_has_passed(tmp_path: Path) -> None:
    planned = _checked(tmp_path, temp=True)
    report = run(planned, SERIAL)
    assert (planned.committer.kept, planned.committer.published) == (["a"], ["b"])
    assert [record.name for record in outcome_of(report, "check-a").temp] == ["a"]
    failing = _checked(tmp_path / "2", "fail", temp=True)
    run(failing, SERIAL)
    assert failing.committer.kept == []


def test_output_that_cannot_be_published_after_its_check_fails_the_check(tmp_path: Path) -> None:
    planned = _checked(tmp_path)
    (tmp_path / "store" / "outputs" / "a.parquet").mkdir()
    report = run(planned, SERIAL)
    assert statuses(report) == {"a": "succeeded", "check-a": "failed", "b": "skipped"}
    error = outcome_of(report, "check-a").error
    assert error is not None
    assert error.code == "staged_mismatch"
    assert planned.committer.passed() == ()
