"""Saved queries: each answers its question over runs whose answers are known."""

from datetime import UTC
from pathlib import Path

import pytest
from msgspec.structs import replace
from recording import BEGINNING, SIGNATURES, draft, finished, run_id, schedule

from plan_contracts import Placement, SchedulingDecision, TaskFinished, TaskScheduling, TaskStatus
from plan_contracts.testing import FakeClock
from plan_store import SAVED_QUERIES, PlanStore, QueryRefused, RunUnknown, StoreDamaged

WEEK_MS = 7 * 86_400 * 1000


def took(task: str, seconds: float, *, attempts: int = 1, status: TaskStatus = TaskStatus.SUCCEEDED) -> TaskFinished:
    """Give the end of a task that was predicted to take half a second."""
    return replace(finished(task, status=status), actual_seconds=seconds, attempts=attempts, tags=("mart", task))


@pytest.fixture
def store(tmp_path: Path) -> PlanStore:
    """Give a store with three runs, a week apart."""
    runs = {
        1: [took("a", 1.0), took("b", 0.2)],
        2: [took("a", 2.0), took("b", 0.2, attempts=2), took("c", 0.1, status=TaskStatus.FAILED)],
        3: [took("a", 2.1), took("b", 0.3), took("c", 0.1)],
    }
    for number, ends in runs.items():
        store = PlanStore.open(tmp_path, clock=FakeClock(BEGINNING + number * WEEK_MS))
        with store.begin_run(draft(number)) as writer:
            writer.set_signatures(SIGNATURES)
            writer.put_schedule(replace(schedule("a", "b", "c"), critical_path_tasks=("c", "a")))
            decision = SchedulingDecision(
                task="a",
                rank=0,
                bottom_level_cost=1.0,
                slack=0.0,
                ready_at_unix_ms=BEGINNING,
                started_at_unix_ms=BEGINNING + 250,
                ready_beside=0,
                executor=Placement.INLINE,
            )
            later = replace(decision, unit="0001", started_at_unix_ms=BEGINNING + 500)
            for made in (later, decision):
                writer.emit(TaskScheduling(decision=made))
            for end in ends:
                writer.emit(end)
            writer.put_manifest(draft(number))
    return PlanStore.open(tmp_path, clock=FakeClock(BEGINNING), read_only=True)


def test_slowest_tasks_come_first(store: PlanStore) -> None:
    assert store.ask("slowest-tasks").column("task").to_pylist() == ["a", "b", "c"]
    assert store.ask("slowest-tasks", run=run_id(1)).column("actual_seconds").to_pylist() == [1.0, 0.2]


def test_regressions_compare_each_task_with_the_time_before(store: PlanStore) -> None:
    (found,) = store.ask("regressions").to_pylist()
    assert (found["task"], found["seconds_before"], found["seconds"]) == ("b", 0.2, 0.3)
    assert found["run_before"] == run_id(2)


def test_regressions_compare_two_given_runs(store: PlanStore) -> None:
    rows = store.ask("regressions", run=run_id(3), before=run_id(1)).to_pylist()
    assert [(row["task"], row["seconds_before"], row["seconds"]) for row in rows] == [("a", 1.0, 2.1), ("b", 0.2, 0.3)]


def test_predicted_against_actual_gives_the_largest_difference_first(store: PlanStore) -> None:
    rows = store.ask("predicted-against-actual", run=run_id(2)).to_pylist()
    assert [row["task"] for row in rows] == ["a", "c", "b"]
    assert rows[0]["ratio"] == 4.0


def test_critical_path_gives_its_steps_in_order_with_waiting_and_share(store: PlanStore) -> None:
    rows = store.ask("critical-path").to_pylist()
    assert [(row["step"], row["task"]) for row in rows] == [(1, "c"), (2, "a")]
    assert rows[1]["seconds_waited"] == 0.25
    assert rows[0]["share"] + rows[1]["share"] == pytest.approx(1.0)
    assert rows[1]["share"] == pytest.approx(2.1 / 2.2)


def test_flaky_tasks_are_those_that_were_retried_or_failed_once(store: PlanStore) -> None:
    rows = store.ask("flaky-tasks").to_pylist()
    assert {row["task"]: (row["failed"], row["with_retries"], row["most_attempts"]) for row in rows} == {
        "b": (0, 1, 2),
        "c": (1, 0, 1),
    }


def test_tag_costs_are_summed_per_week_and_tag(store: PlanStore) -> None:
    rows = store.ask("tag-costs").to_pylist()
    assert len({row["week"] for row in rows}) == 3
    newest = [row for row in rows if row["week"] == rows[0]["week"]]
    assert [(row["tag"], row["tasks"]) for row in newest] == [("mart", 3), ("a", 1), ("b", 1), ("c", 1)]
    assert newest[0]["seconds"] == pytest.approx(2.5)


def test_tag_costs_of_tasks_without_tags_are_summed_too(tmp_path: Path) -> None:
    store = PlanStore.open(tmp_path, clock=FakeClock(BEGINNING))
    with store.begin_run(draft(1)) as writer:
        writer.emit(replace(took("a", 1.0), tags=()))
        writer.emit(replace(took("b", 0.5), tags=("mart",)))
        writer.put_manifest(draft(1))
    rows = store.ask("tag-costs").to_pylist()
    assert [(str(row["week"]), row["tag"], row["seconds"]) for row in rows] == [
        ("2025-12-29", "(untagged)", 1.0),
        ("2025-12-29", "mart", 0.5),
    ]


@pytest.mark.parametrize("name", ["slowest-tasks", "predicted-against-actual", "critical-path"])
def test_saved_query_of_one_run_reads_nothing_of_others(name: str, store: PlanStore, tmp_path: Path) -> None:
    expected = store.ask(name).to_pylist()
    for path in (tmp_path / "events").rglob("*.parquet"):
        if run_id(3) not in path.name:
            path.chmod(0o644)
            path.write_bytes(b"damaged")
    assert store.ask(name).to_pylist() == expected
    with pytest.raises(StoreDamaged):
        store.ask("flaky-tasks")


@pytest.mark.parametrize("name", [query.name for query in SAVED_QUERIES])
def test_saved_query_reads_on_after_compaction(name: str, store: PlanStore, tmp_path: Path) -> None:
    before = store.ask(name).to_pylist()
    PlanStore.open(tmp_path, clock=FakeClock(BEGINNING)).compact()
    assert store.ask(name).to_pylist() == before


def test_saved_query_that_is_unknown_is_refused_with_the_names(store: PlanStore) -> None:
    with pytest.raises(QueryRefused, match="slowest-tasks"):
        store.ask("slow")
    with pytest.raises(RunUnknown):
        store.ask("slowest-tasks", run="1999")


def test_events_have_their_time_as_a_timestamp(store: PlanStore) -> None:
    (first,) = store.sql("select min(event_time) as first from events").to_pylist()
    assert first["first"].replace(tzinfo=UTC).timestamp() * 1000 == BEGINNING + WEEK_MS
    weeks = store.sql("select distinct date_trunc('week', event_time) as week from events").num_rows
    assert weeks == 3
